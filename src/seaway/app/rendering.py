"""Charts and kustomizations as a cluster would get them, with helm and kustomize where those are installed. Called by `app.estate`.

What cannot be rendered is an unknown: a chart's templates are then not judged at all, a kustomization's files as they stand.
Nothing outside the repository is read: what refers to the network or leaves the root is not rendered.
"""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from seaway.adapters import _render
from seaway.app import pipelines
from seaway.assess.aside import aside
from seaway.assess.estate import Kind
from seaway.assess.examine import Examination
from seaway.errors import SeawayError
from seaway.formats.infrastructure import rendered
from seaway.formats.infrastructure.helm import Chart, Values
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.infrastructure.kustomize import Kustomization
from seaway.model.finding import Blind
from seaway.model.span import Span

MAX_RENDERED = 60
AT_ONCE = 2
MAX_SECONDS = 30.0  # for all of a repository
_CHART = re.compile(r"Chart(?:[.-]\w+)?\.ya?ml(?:\.\w+)?\Z")
_PRODUCTION = re.compile(r"(?:^|[._/-])(?:prod|production|live)(?:[._-]|\Z)", re.IGNORECASE)


def is_template(place: str, charts: frozenset[str]) -> bool:
    """Whether a file is a template of a chart in one of these folders: no YAML until it is rendered."""
    at = place.find("/templates/")
    while at >= 0:
        if place[:at] in charts:
            return True
        at = place.find("/templates/", at + 1)
    return place.startswith("templates/") and "" in charts


def charts(names: Iterable[str], root: Path) -> frozenset[str]:
    """The folders of charts, and of those whose `Chart.yaml` is made first (`Chart.template.yaml`).

    Also those around the files, where only a part of a chart was asked for.
    """
    names = list(names)
    found = {posixpath.dirname(one) for one in names if _CHART.match(posixpath.basename(one))}
    around = {before for one in names if (before := one.partition("templates/")[0]) != one} - {
        "",
        *(f"{one}/" for one in found),
    }
    found |= {one[:-1] for one in around if one.endswith("/") and (root / one / "Chart.yaml").is_file()}
    return frozenset(found)


@dataclass(slots=True)
class Rendering:
    """`things` and `texts` are those of the estate that is being read; `names`: all files of the repository."""

    root: Path
    names: frozenset[str]
    done: Examination
    things: list[object]
    texts: dict[str, str]
    kinds: dict[str, Kind]
    _count: int = 0
    _began: float = field(default_factory=time.monotonic)

    def all(self) -> None:
        """Puts rendered objects in the place of those that stand in files."""
        self._kustomizations()
        self._charts()

    def _late(self) -> str:
        """Why nothing more is rendered, or ""."""
        self._count += 1
        if self._count > MAX_RENDERED:
            return f"only {MAX_RENDERED} are rendered"
        return f"{MAX_SECONDS:g} s were over" if time.monotonic() - self._began > MAX_SECONDS else ""

    def _blind(self, span: Span, why: str) -> None:
        self.done.unreadable(Blind(span.path, span.line, span.column, why), Kind.KUBERNETES.value)

    # ---- kustomize

    def _kustomizations(self) -> None:
        known = {one.folder: one for one in self.things if isinstance(one, Kustomization)}
        if not known:
            return
        patches = {path for one in known.values() for path in one.patches}
        patches -= {path for one in known.values() for _, path, _ in one.taken}
        self.things[:] = [one for one in self.things if not (isinstance(one, Object) and one.path in patches)]
        taken = {path for one in known.values() for _, path, _ in one.taken}
        plain: dict[str, list[Object]] = {}
        for thing in self.things:
            if isinstance(thing, Object):
                plain.setdefault(thing.path, []).append(thing)
        seen: set[str] = set()
        tops = [one for one in known.values() if one.folder not in taken and not one.component]
        jobs = []
        for top in sorted(tops, key=lambda one: (aside(one.path), one.path)):  # what is shipped first
            files = self._rendered_files(top, known, seen)
            jobs += [(top, files)] if files is not None else []
        for one in known.values():
            if one.folder not in seen and not one.component:
                self._blind(Span(one.path, 1, 1, 1, 1), "this was not rendered: it and others take in each other")
        self._put(jobs, plain)

    def _put(self, jobs: Sequence[tuple[Kustomization, set[str]]], plain: dict[str, list[Object]]) -> None:
        """What is made of the kustomizations takes the place of the objects in their files."""
        root = self.root.resolve().as_posix()
        replaced: set[str] = set()
        made: list[object] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outputs = pool.map(self._output, (top for top, _ in jobs))
            for (top, files), output in zip(jobs, outputs, strict=True):
                why = output if isinstance(output, str) else ""
                try:
                    objects = (
                        rendered.of_kustomize(output[0], top.folder or ".", (output[1].as_posix(), root), plain)
                        if not isinstance(output, str)
                        else []
                    )
                except SeawayError as error:
                    objects, why = [], error.message[:300]
                if why:
                    self._blind(Span(top.path, 1, 1, 1, 1), f"its files were judged as they stand: {why}")
                elif objects:
                    replaced |= files
                    made += objects
        self.things[:] = [one for one in self.things if not (isinstance(one, Object) and one.path in replaced)] + made

    def _output(self, top: Kustomization) -> tuple[str, Path] | str:
        """What the program prints, or why it does not."""
        try:
            return self._late() or _render.kustomization(self.root / top.folder)
        except SeawayError as error:
            return error.message[:300]

    def _rendered_files(self, top: Kustomization, known: dict[str, Kustomization], seen: set[str]) -> set[str] | None:
        """The files that a kustomization is made of; None where they say it all, or it cannot be rendered."""
        reached: dict[str, Kustomization] = {}
        files: set[str] = set()
        why = self._reach(top, known, reached, files)
        seen.update(reached)
        if not why and not any(one.changes for one in reached.values()):
            return None
        if not why and not _render.found("kustomize"):
            why = "neither kustomize nor kubectl is installed"
        if why:
            self._blind(Span(top.path, 1, 1, 1, 1), f"its files were judged as they stand, without its changes: {why}")
            return None
        return files

    def _reach(
        self, one: Kustomization, known: dict[str, Kustomization], reached: dict[str, Kustomization], files: set[str]
    ) -> str:
        """Gathers all that a kustomization is made of; answers why it cannot be rendered, or ""."""
        waiting = [one]
        lacking: list[str] = []
        while waiting:
            now = waiting.pop()
            if now.folder in reached:
                continue
            reached[now.folder] = now
            lacking += [path for path in now.patches if path not in self.names and path not in known]
            for written, path, _ in now.taken:
                if path in known:
                    waiting.append(known[path])
                elif path in self.names:
                    files.add(path)
                else:
                    lacking.append(written)
        return f"{lacking[0]} is not among the files that were read" if lacking else ""

    # ---- helm

    def _charts(self) -> None:
        known = [one for one in self.things if isinstance(one, Chart)]
        folders = {one.folder for one in known}
        for folder in sorted(charts(self.names, self.root) - folders):
            if not self._templates(folder):
                continue
            if not any(
                posixpath.dirname(one) == folder and _CHART.match(posixpath.basename(one)) for one in self.names
            ):
                self._blind(
                    Span(min(self._templates(folder)), 1, 1, 1, 1), f"this is a template of a chart: assess {folder}"
                )
            else:
                made = min(
                    one
                    for one in self.names
                    if posixpath.dirname(one) == folder and _CHART.match(posixpath.basename(one))
                )
                self._blind(
                    Span(made, 1, 1, 1, 1),
                    "the templates of this chart were not looked into: it is made by something first",
                )
        for one in known:
            inside = any(f"{one.folder}/".startswith(f"{other}/charts/" if other else "charts/") for other in folders)
            templates = self._templates(one.folder)
            if one.library or inside or not templates:
                continue
            if not _render.found("helm"):
                why = "the templates of this chart were not looked into: helm is not installed"
                self._blind(Span(one.path, 1, 1, 1, 1), why)
                continue
            for values in self._values(one):
                self._chart(one, values, templates)

    def _templates(self, folder: str) -> dict[str, str]:
        """The texts of a chart's templates, and of the charts in it."""
        found = {}
        begin = f"{folder}/" if folder else ""
        for place in sorted(self.names):
            if place.startswith(begin) and "templates/" in place[len(begin) :] and place.endswith((".yaml", ".yml")):
                try:
                    found[place] = pipelines.text_of(self.root / place)
                except SeawayError:
                    continue
        return found

    def _values(self, chart: Chart) -> Iterator[tuple[str, ...]]:
        """The sets of files of values to render with: those for production, else the chart's own alone."""
        own = [one.path for one in self.things if isinstance(one, Values)]
        beside = [path for path in own if posixpath.dirname(path) == chart.folder and _PRODUCTION.search(path)]
        yield from ((path,) for path in beside) if beside else ((),)

    def _chart(self, one: Chart, values: tuple[str, ...], templates: dict[str, str]) -> None:
        if why := self._late():
            self._blind(Span(one.path, 1, 1, 1, 1), f"this chart was not judged: {why}")
            return
        try:
            output = _render.chart(self.root / one.folder, [self.root / path for path in values])
            made_by = " ".join((one.folder or ".", *values))
            made = rendered.of_helm(output, made_by, one.name, one.folder, templates)
        except SeawayError as error:
            self._blind(Span(one.path, 1, 1, 1, 1), f"this chart was not judged: {error.message[:300]}")
            return
        self.things += made
        for thing in made:
            self.texts[thing.path] = templates[thing.path]
            self.kinds[thing.path] = Kind.KUBERNETES
