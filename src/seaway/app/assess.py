"""The use case of an assessment: find a repository's pipelines, read them, run all rules, try the patches. For `cli.assess`.

Reads files below the repository's root; asks no network. A file that cannot be read is an unknown and ends nothing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from seaway import registry
from seaway.app import changes, estate, pipelines
from seaway.app.forecasts import Store
from seaway.app.memory import uncollected
from seaway.assess import baseline, examine, mend, rules
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Case
from seaway.assess.runs import bottlenecks
from seaway.assess.runs.bottlenecks import Prices
from seaway.errors import ConfigError, SeawayError, UsageError
from seaway.formats.pipelines import detect
from seaway.formats.pipelines.sources import Sources
from seaway.formats.yaml import patch
from seaway.model.bottleneck import Bottleneck
from seaway.model.finding import Assessment, Blind, Persona
from seaway.model.pipeline import Pipeline
from seaway.model.runs import RunHistory
from seaway.model.span import Span

MAX_WALKED = 200_000  # files of a repository that are looked at by name
MAX_PIPELINES = 5_000
UNSEEN_RUNS = "no run history was given: bottlenecks, and rules about what runs did, need --runs FILE"
_SKIPPED = frozenset(
    {"node_modules", "vendor", "vendored", "third_party", "third-party", "bower_components", "site-packages", "__pycache__"}
)  # fmt: skip
_HIDDEN = frozenset({".github", ".gitlab", ".circleci", ".azure-pipelines", ".azuredevops", ".tekton", ".teamcity"})
_NOT_CODE = (".md", ".txt", ".rst", ".adoc", ".html", ".lock", ".png", ".svg")
_SECRETS = frozenset({"plaintext-secret"})  # rules whose places hold what no report may repeat
_ALONE = (
    "github_actions"  # a called workflow is also a workflow; elsewhere a file that others include is a part of them
)


@dataclass(slots=True)
class Assessed:
    """What was found, and the edits of verified patches by path, for `apply`.

    `texts`: what was read, by path; `secrets`: where a secret stands in them, listed or not; `pipelines`: those that were judged.
    """

    assessment: Assessment
    edits: dict[str, list[list[patch.Edit]]]
    root: Path
    texts: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[Span] = ()
    pipelines: Sequence[Pipeline] = ()


@dataclass(slots=True)
class _Read:
    """One pipeline file, the texts it was made of, and the parts that it includes."""

    path: str
    system: str
    pipeline: Pipeline
    texts: dict[str, str]
    parts: set[str] = field(default_factory=set)


@uncollected()
def assess(
    path: Path,
    *,
    today: date,
    persona: Persona = Persona.REGULAR,
    known: frozenset[str] = frozenset(),
    libraries: Mapping[str, Path] | None = None,
    fixes: bool = True,
    runs: RunHistory | None = None,
    prices: Prices | None = None,
    store: Store | None = None,
    happened: Sequence[object] = (),
) -> Assessed:
    """Everything about one file, or about a folder and all below it. Raises UsageError when there is no such path.

    `prices`: of machines. `store`: of forecasts. `happened`: deployments and incidents. `runs`: what the pipelines did; without it the rules that need it are not asked, which is told as an unknown.
    """
    if not path.exists():
        raise UsageError(f"{path} is not there", hint="name a repository, a folder or a pipeline file")
    root = pipelines.root_of(path / "x" if path.is_dir() else path)
    work = _Work(root, dict(libraries or {}))
    done = examine.Examination(rules.rules(), today, persona)
    edits: dict[str, list[list[patch.Edit]]] = {}
    mender = done.mend = mend.Mender(work.reread, edits) if fixes else None
    read, whole = work.whole(path, done)
    if runs is not None:
        whole = estate.with_runs(whole, runs, happened)
    elif read and path.is_dir():
        done.unseen(Blind(".", 1, 1, UNSEEN_RUNS))
    if path.is_dir():
        whole = changes.added(whole, root, done)
    for case in whole.cases:
        done.look(case)
    done.survey(whole)
    if mender is not None:
        done.findings = mender.settled(done.findings, work.lint)
    others = [place for place, kind in whole.kinds.items() if kind is not Kind.RUNS]
    found = examine.assessment(done, str(root), [*read, *others], known)
    slow = _bottlenecks(runs, prices or Prices(), whole) if runs is not None else []
    kept = store.kept(slow, runs) if store is not None and runs is not None else []
    return Assessed(
        replace(found, bottlenecks=tuple(slow), forecasts=tuple(kept)),
        edits,
        root,
        whole.texts,
        [one.span for one in (*done.findings, *done.suppressed) if one.rule in _SECRETS],
        [case.pipeline for case in whole.cases],
    )


def _bottlenecks(given: RunHistory, prices: Prices, whole: Estate) -> list[Bottleneck]:
    """Where the time of the pipelines goes, and what improvements would bring; loads numpy."""
    from seaway.assess.runs import whatif

    (history,) = (one for one in whole.all(RunHistory) if one.path == given.path)
    written = {case.pipeline.path: case.pipeline for case in whole.cases}
    runs = bottlenecks.by_pipeline(history)
    found = bottlenecks.bottlenecks(history, prices)
    return [whatif.foretold(one, runs[one.pipeline], written.get(one.pipeline)) for one in found]


def survey(
    path: Path, done: examine.Examination, runs: RunHistory | None = None, happened: Sequence[object] = ()
) -> Estate:
    """What `assess` reads of a repository, before any rule. Raises UsageError."""
    root = pipelines.root_of(path / "x" if path.is_dir() else path)
    whole = _Work(root, {}).whole(path, done)[1]
    if runs is not None:
        return estate.with_runs(whole, runs, happened)
    return replace(whole, things=[*whole.things, *happened])


def known_findings(path: Path) -> frozenset[str]:
    """The fingerprints of an earlier report. Raises UsageError and ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint="check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8", hint="make it with seaway assess --format json > FILE") from None
    return baseline.fingerprints(text, str(path))


def apply(found: Assessed) -> dict[str, int]:
    """Writes all verified patches that go together, each file at once; path -> how many. Raises UsageError."""
    written: dict[str, int] = {}
    for place, groups in sorted(found.edits.items()):
        file = found.root / place
        raw = file.read_bytes()
        mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
        text = raw.decode("utf-8-sig")
        after, count = mend.combined(text, groups)
        if after == text:
            continue
        try:
            _replace(file, mark + after.encode())
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}", hint="check its permissions") from None
        written[place] = count
    return written


def diffs(found: Assessed) -> str:
    """The same as one patch for `git apply`."""
    made = []
    for place, groups in sorted(found.edits.items()):
        text = (found.root / place).read_bytes().decode("utf-8-sig")
        after, _ = mend.combined(text, groups)
        made.append(patch.diff(text, after, place))
    return "".join(made)


def _replace(file: Path, content: bytes) -> None:
    """Never half a file: beside it, then in its place, with its mode."""
    target = file.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".seaway-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise


@dataclass(slots=True)
class _Work:
    root: Path
    libraries: dict[str, Path]
    names: frozenset[str] = frozenset()

    def whole(self, path: Path, done: examine.Examination) -> tuple[list[str], Estate]:
        """The pipeline files that were read, and the repository: with the pipelines that are no mere parts of others."""
        read: list[_Read] = []
        for place, system in self.files(path, done):
            one = self.read(place, system, done)
            read += [one] if one is not None else []
        parts = set().union(*(one.parts for one in read)) if read else set()
        judged = [one for one in read if one.system == _ALONE or one.path not in parts]
        cases = [Case(one.pipeline, one.texts, self.names) for one in judged]
        found = estate.read(self.root, self.names, cases, done)
        found.whole = path.is_dir() and (path.resolve() == self.root or not (self.root / ".git").exists())
        return [one.path for one in read], found

    def files(self, path: Path, done: examine.Examination) -> Iterator[tuple[str, str]]:
        """(path below the root, system) of every pipeline; the paths of all files are remembered for the rules."""
        if path.is_file():
            place = self._place(path)
            self.names = frozenset({place})
            system = system_of(place)
            if not system and not estate.knows(path, place):
                with suppress(SeawayError):
                    system = detect.by_text(pipelines.text_of(path))
                if not system:
                    known = ", ".join((*registry.formats("pipelines"), *registry.formats("infrastructure")))
                    raise UsageError(f"{path}: no file of a system that is known", hint=f"known: {known}")
            if system:
                yield place, system
            return
        found, whole = self._walked(path)
        self.names = frozenset(found)
        if not whole:
            done.unreadable(Blind(self._place(path), 1, 1, f"only the first {MAX_WALKED} files were looked at"), "")
        matched = [(place, system) for place in found if (system := system_of(place))]
        if len(matched) > MAX_PIPELINES:
            done.unreadable(Blind(matched[MAX_PIPELINES][0], 1, 1, f"only {MAX_PIPELINES} pipelines were read"), "")
        yield from matched[:MAX_PIPELINES]

    def _walked(self, path: Path) -> tuple[list[str], bool]:
        found: list[str] = []
        for folder, inner, names in os.walk(path):
            inner[:] = sorted(
                one for one in inner if one not in _SKIPPED and (not one.startswith(".") or one in _HIDDEN)
            )
            found += [self._place(Path(folder) / name) for name in sorted(names)]
            if len(found) > MAX_WALKED:
                return found[:MAX_WALKED], False
        return found, True

    def _place(self, path: Path) -> str:
        try:
            return path.absolute().relative_to(self.root).as_posix()
        except ValueError:
            try:
                return path.resolve().relative_to(self.root).as_posix()
            except ValueError:
                return path.name

    def read(self, place: str, system: str, done: examine.Examination) -> _Read | None:
        """The file's pipeline with all its texts; None, and an unknown, where that cannot be had."""
        if system not in registry.FORMATS["pipelines"]:
            done.unreadable(Blind(place, 1, 1, f"pipelines of {system} are not read"), system)
            return None
        file = self.root / place
        if file.exists() and not file.is_file():
            done.unreadable(Blind(place, 1, 1, "this is no regular file"), system)
            return None
        try:
            return self.parsed(place, system, {place: pipelines.text_of(file)})
        except ConfigError as error:
            first = error.problems[0]
            where = first.path if first.path and not Path(first.path).is_absolute() else place
            done.unreadable(Blind(where, first.line, first.column, first.message), system)
        except SeawayError as error:
            done.unreadable(Blind(place, 1, 1, error.message), system)
        except Exception as error:  # noqa: BLE001 - one file that a reader trips over does not end the run, and is told
            words = (
                f"the reader failed with {type(error).__name__}, which is a mistake in Seaway: please report the file"
            )
            done.unreadable(Blind(place, 1, 1, words), system)
        return None

    def parsed(self, place: str, system: str, texts: dict[str, str]) -> _Read:
        """The pipeline of a file; `texts`: what stands in place of files, and then all that were read. Raises ConfigError."""
        base = pipelines.sources(self.root, self.libraries)
        given = dict(texts)

        def file(name: str) -> str | None:
            text = given.get(name)
            if text is None:
                text = base.file(name)
            if text is not None:
                texts[name] = text
            return text

        sources = Sources(file, base.library, base.paths)
        pipeline: Pipeline = registry.load_format("pipelines", system).parse(texts[place], place, sources)
        return _Read(place, system, pipeline, texts, set(sources.read) - {place})

    def reread(self, case: Case | Estate, place: str, text: str) -> Case | Estate:
        """The pipeline or the repository again, with another text in one file's place."""
        if isinstance(case, Estate):
            return self._resurveyed(case, place, text)
        own = case.pipeline.path
        texts = {own: case.texts[own]} | {place: text}
        made = self.parsed(own, case.system.value, texts)
        return Case(made.pipeline, made.texts, case.files)

    def _resurveyed(self, whole: Estate, place: str, text: str) -> Estate:
        """A pipeline's text changes every pipeline that it is a part of."""
        if place in whole.kinds:
            return estate.reread(whole, place, text)
        cases = [self.reread(case, place, text) if place in case.texts else case for case in whole.cases]
        kept = [case for case in cases if isinstance(case, Case)]
        return replace(whole, cases=kept, texts={**whole.texts, place: text}, known={})

    def lint(self, changes: Sequence[tuple[str, str, str]]) -> list[str | None]:
        """Actionlint's word on patched workflows, where it is installed: it is asked about all of them at once."""
        from seaway.adapters import _actionlint

        looked = [change for change in changes if "/.github/workflows/" in f"/{change[0]}"]
        if not looked or not _actionlint.found():
            return [""] * len(changes)
        said = _actionlint.complaints({text for _, before, after in looked for text in (before, after)})
        return [
            "" if change not in looked else None if said[change[2]] - said[change[1]] else "actionlint"
            for change in changes
        ]


def system_of(place: str) -> str:
    """The CI system of a path, or "": by the names of `detect`, less what only sounds like one of them."""
    name = place.rpartition("/")[2]
    if name.endswith(_NOT_CODE):
        return ""
    system = detect.by_name(place)
    if system == "seaway":
        return ""
    if name.endswith(("action.yml", "action.yaml")) and "/workflows/" not in place:
        return system if name in {"action.yml", "action.yaml"} or system != _ALONE else ""
    if system == "gitlab_ci" and "/.gitlab/" in f"/{place}" and "ci" not in place.removeprefix(".gitlab/").lower():
        return ""
    return system
