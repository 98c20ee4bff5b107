"""Variables in the names of files, put in where the file itself says their value. Called by the writers, for other systems.

Paths of reports and lock files are plain text in the model, since most systems compute nothing there. GitLab, Azure, Jenkins and
CircleCI do: `$OUT/junit.xml`. Elsewhere that would be the name of a file, so what stays a variable is told.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

from seaway.formats.pipelines import shell
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.unstaged import with_variables
from seaway.model.expression import Expr, Ref, Template, Text
from seaway.model.pipeline import Artifact, Cache, Job, Pipeline, Post, Step, System, Work
from seaway.model.span import Span

_WORKSPACE = Ref("run", ("workspace",))
_DOLLAR = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_WRITTEN = {
    System.GITLAB_CI: _DOLLAR,
    System.CIRCLECI: _DOLLAR,
    System.JENKINS: _DOLLAR,
    System.AZURE_PIPELINES: re.compile(r"\$\(([\w.]+)\)()"),
}
_MAX_DEPTH = 10  # of variables within variables


def settled(pipeline: Pipeline, losses: Losses, *, texts: bool = False) -> Pipeline:
    """The pipeline with such paths as text. `texts`: also those that other systems could compute, for one that computes none."""
    pattern = _WRITTEN.get(pipeline.system)
    if pattern is None and not texts:
        return pipeline
    base = {one.name: one.value for one in pipeline.variables}
    given = {job.id: job for job in with_variables(pipeline, list(pipeline.jobs))}
    jobs = []
    for job in pipeline.jobs:
        known = base | {one.name: one.value for one in given[job.id].variables}
        made = _Paths(known, pattern, _meanings(pipeline.system), losses, texts=texts).job(job)
        jobs.append(job if made == job else made)
    return dataclasses.replace(pipeline, jobs=tuple(jobs), index={})


def _meanings(system: System) -> Mapping[str, Expr | Template]:
    if system is System.AZURE_PIPELINES:
        from seaway.formats.pipelines.azure_pipelines.predefined import MACROS

        return dict(MACROS)
    return shell.predefined(system)


class _Paths:
    def __init__(
        self,
        known: Mapping[str, Text],
        pattern: re.Pattern[str] | None,
        meanings: Mapping[str, Expr | Template],
        losses: Losses,
        *,
        texts: bool,
    ) -> None:
        self._known, self._pattern, self._meanings, self._losses, self._texts = known, pattern, meanings, losses, texts

    def job(self, job: Job) -> Job:
        return dataclasses.replace(
            job,
            artifacts=tuple(self._artifact(one, job.span) for one in job.artifacts),
            caches=tuple(self._cache(one, job.span) for one in job.caches),
            steps=tuple(self._step(one) for one in job.steps),
            post=tuple(Post(one.when, tuple(self._step(step) for step in one.steps), one.span) for one in job.post),
        )

    def _step(self, step: Step) -> Step:
        work: Work = step.work
        if isinstance(work, Artifact):
            work = self._artifact(work, step.span)
        elif isinstance(work, Cache):
            work = self._cache(work, step.span)
        return dataclasses.replace(step, work=work)

    def _artifact(self, one: Artifact, span: Span | None) -> Artifact:
        reports = tuple((kind, self._plain(path, span)) for kind, path in one.reports)
        return dataclasses.replace(
            one,
            reports=reports,
            paths=self._several(one.paths),
            exclude=self._several(one.exclude),
            into=self._text(one.into),
        )

    def _cache(self, one: Cache, span: Span | None) -> Cache:
        files = tuple(self._plain(path, span) for path in one.files)
        return dataclasses.replace(one, files=files, paths=self._several(one.paths))

    def _plain(self, path: str, span: Span | None) -> str:
        if self._pattern is None or "$" not in path:
            return path
        missing: list[str] = []

        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if self._meanings.get(name) == _WORKSPACE:
                return "."
            found = self._value(name)
            if found is None:
                missing.append(match[0])
            return match[0] if found is None else found

        text = self._pattern.sub(value, path)
        for name in missing:
            why = f"{name} is put into the name of a file by the old system, and here it stays as it stands"
            self._losses.manual(f"path {path}", why, "write the name of the file", span)
        return text.removeprefix("./") if text.startswith("./") and not path.startswith("./") else text

    def _value(self, name: str, depth: int = 0) -> str | None:
        """The text that the file gives a variable, with others in it put in."""
        value = self._known.get(name)
        if value is None or depth > _MAX_DEPTH:
            return None
        if isinstance(value, str):
            return value
        found = _filled(value, lambda ref: self._value(str(ref.path[0]), depth + 1) if ref.context == "env" else None)
        return found if isinstance(found, str) else None

    def _several(self, paths: tuple[Text, ...]) -> tuple[Text, ...]:
        return tuple(self._text(one) for one in paths)

    def _text(self, text: Text) -> Text:
        if not self._texts or isinstance(text, str):
            return text

        def value(ref: Ref) -> str | None:
            if ref == _WORKSPACE:
                return "."
            return self._value(str(ref.path[0])) if ref.context == "env" and len(ref.path) == 1 else None

        found = _filled(text, value)
        return found.removeprefix("./") if isinstance(found, str) else found


def _filled(text: Template, value: Callable[[Ref], str | None]) -> Text:
    found: list[str | Expr] = []
    for part in text.parts:
        said = value(part) if isinstance(part, Ref) and part.path and isinstance(part.path[0], str) else None
        piece = part if said is None else said
        if found and isinstance(piece, str) and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    if all(isinstance(one, str) for one in found):
        return "".join(str(one) for one in found)
    return Template(tuple(found))


__all__ = ["settled"]
