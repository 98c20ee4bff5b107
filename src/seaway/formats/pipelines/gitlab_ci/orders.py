"""Which jobs wait for which, and whose files they get, in GitLab's terms. Made by `write`, asked by `write_job`.

GitLab: a job with `needs` waits for those jobs and gets their artifacts; one without waits for all earlier stages. A job that
the rules leave out does not exist, so that a need of it must be optional or have the same rules.
"""

from __future__ import annotations

import dataclasses
import posixpath
from typing import Any

from seaway.formats.pipelines.gitlab_ci import write_script
from seaway.formats.pipelines.gitlab_ci.writing import Writing
from seaway.model.expression import Call, Condition, Expr, Literal, Text, both, walk
from seaway.model.pipeline import Artifact, Job, Need, Stage, Variable

_STATUS = {"failure": Call("failure"), "always": Call("always"), "any": Call("always")}


class Order:
    """Of one pipeline that is being written."""

    def __init__(self, writing: Writing) -> None:
        self.writing, self.pipeline = writing, writing.pipeline
        self.stages = {stage.name: stage for stage in self.pipeline.stages}
        self._uploads: dict[Text, list[tuple[Job, Artifact]]] = {}
        for job in self.pipeline.jobs:
            for one in (*job.artifacts, *(step.work for step in job.steps)):
                if isinstance(one, Artifact) and one.direction == "up":
                    self._uploads.setdefault(one.name, []).append((job, one))
        self._explicit = not self.writing.own and (
            not self.stages or any(stage.needs is not None for stage in self.pipeline.stages)
        )

    def listed(self) -> list[str]:
        """`stages`, or nothing where needs alone say the order."""
        if self.writing.own:
            return [stage.name for stage in self.pipeline.stages if stage.name not in {".pre", ".post"}]
        return [stage.name for stage in self.pipeline.stages if not stage.parent]

    def stage(self, job: Job) -> str:
        """The job's stage; inner stages of other systems are part of the outermost."""
        if self.writing.own or not self.stages:
            return job.stage if self.writing.own else ""
        stage = self._top(job)
        return stage.name if stage else ""

    def _top(self, job: Job) -> Stage | None:
        stage = self.stages.get(job.stage)
        for _ in self.stages:
            if stage is None or not stage.parent:
                break
            stage = self.stages.get(stage.parent)
        return stage

    def variables(self, job: Job) -> tuple[Variable, ...]:
        """Those of the stages around a job, outermost first."""
        if self.writing.own:
            return ()
        found: list[Variable] = []
        stage = self.stages.get(job.stage)
        for _ in self.stages:
            if stage is None:
                break
            found[:0] = stage.variables
            stage = self.stages.get(stage.parent) if stage.parent else None
        return tuple(found)

    def needs(self, job: Job) -> tuple[Need, ...] | None:
        """What is written as `needs`; None: nothing, stages decide."""
        if self.writing.own:
            return job.needs
        if not self._explicit and not job.needs and not self._producers(job):
            return None
        direct = list(job.needs or ())
        known = {need.job for need in direct}
        for name in (*self._stages_before(job), *(one.id for one in self._producers(job))):
            if name not in known and name != job.id:
                known.add(name)
                direct.append(Need(name))
        return tuple(self._need(job, need) for need in direct)

    def _need(self, job: Job, need: Need) -> Need:
        """With its files or without; optional where the job it names may be left out and this one not."""
        producer = self.pipeline.job(need.job)
        gives = producer is not None and any(one is producer for found in self._uploads.values() for one, _ in found)
        takes = producer in self._producers(job) or (producer is not None and bool(producer.outputs))
        optional = need.optional or (producer is not None and _static(producer) is not None and not self._inherits(job))
        return Need(need.job, artifacts=takes or not gives, optional=optional)

    def _stages_before(self, job: Job) -> list[str]:
        """The jobs of the stages that this one's stage waits for."""
        top = self._top(job)
        outer = [stage for stage in self.pipeline.stages if not stage.parent]
        if top is None:
            return []
        if top.needs is None:
            index = outer.index(top)
            awaited = {outer[index - 1].name} if index else set()
        else:
            awaited = {need.job for need in top.needs}
        return [one.id for one in self.pipeline.jobs if (stage := self._top(one)) is not None and stage.name in awaited]

    def _producers(self, job: Job) -> list[Job]:
        """The jobs whose artifacts this one downloads."""
        found: list[Job] = []
        for one in (*job.artifacts, *(step.work for step in job.steps)):
            if isinstance(one, Artifact) and one.direction == "down":
                found += [producer for producer, _ in self._sources(job, one) if producer not in found]
        return found

    def _sources(self, job: Job, work: Artifact) -> list[tuple[Job, Artifact]]:
        if work.jobs:
            return [pair for found in self._uploads.values() for pair in found if pair[0].id in work.jobs]
        if work.name:
            return self._uploads.get(work.name, [])
        before = {one.id for one in self._ancestors(job)}
        return [pair for found in self._uploads.values() for pair in found if pair[0].id in before]

    def moves(self, job: Job, work: Artifact) -> list[Any]:
        """Commands that put downloaded files where the source system would have: GitLab leaves them where they were made."""
        found = []
        for _, made in self._sources(job, work):
            if work.layer and work.name:  # a stash of Jenkins comes back where it was made, as here
                continue
            start = _root(made)
            into = work.into if isinstance(work.into, str) else "."
            if not work.name and isinstance(made.name, str):
                into = posixpath.join(into, made.name)
            target = posixpath.normpath(into or ".")
            if start != target:
                made_first = "" if target == "." else f"mkdir -p {target} && "
                found.append(f"{made_first}cp -R {start}/. {target}/")
        if not self._sources(job, work):
            why = "no job of this file makes it"
            self.writing.losses.manual(f"{job.id}: download {work.name}", why, "fetch it in the script", job.span)
        return found

    def condition(self, job: Job) -> Condition | None:
        """The job's own condition, with those of its stage and of the jobs without which it does not run."""
        own = job.condition
        expr: Expr | None = own.expr if own else None
        for need in job.needs or ():
            status = _STATUS.get(need.when)
            if status is not None and status not in tuple(walk(expr)) if expr is not None else status is not None:
                expr = both(expr, status)
        stage = self.stages.get(job.stage)
        if stage is not None and stage.condition is not None:
            expr = both(stage.condition.expr, expr)
        if self._inherits(job):
            for one in self._ancestors(job):
                static = _static(one)
                if static is not None and (expr is None or static not in tuple(walk(expr))):
                    expr = both(expr, static)
        if expr is None:
            return None
        return dataclasses.replace(own, expr=expr) if own else Condition(expr)

    def _inherits(self, job: Job) -> bool:
        """A job that did not run keeps this one from running."""
        if write_script.skips_count(job.condition):
            return False
        return write_script.status(job.condition) == "success" and all(
            need.when == "success" for need in job.needs or ()
        )

    def closure(self, job: Job) -> tuple[Need, ...]:
        """All jobs before this one: `failure()` of other systems asks about each, `when: on_failure` only about needs."""
        direct = {need.job for need in self.needs(job) or ()}
        more = [Need(one.id, artifacts=False) for one in self._ancestors(job) if one.id not in direct]
        return (*(self.needs(job) or ()), *more) if more else ()

    def _ancestors(self, job: Job) -> list[Job]:
        found: dict[str, Job] = {}
        waiting = [need.job for need in job.needs or ()]
        while waiting:
            one = self.pipeline.job(waiting.pop(0))
            if one is not None and one.id not in found and one is not job:
                found[one.id] = one
                waiting += [need.job for need in one.needs or ()]
        return list(found.values())


def _static(job: Job) -> Expr | None:
    """What of a job's condition is decided before anything runs."""
    if job.condition is None:
        return None
    rest = write_script.without_status(job.condition.expr)
    return None if rest == Literal(value=True) else rest


def _root(made: Artifact) -> str:
    """The folder to which an uploaded path is relative: the folder itself, or the nearest common one of several paths."""
    paths = [path for path in made.paths if isinstance(path, str) and not path.startswith("!")]
    starts = []
    for path in paths:
        fixed = path.split("*")[0]
        folder = fixed.endswith("/") or ("*" not in path and "." not in posixpath.basename(path))
        starts.append(posixpath.normpath(fixed if folder else posixpath.dirname(fixed) or "."))
    if not starts:
        return "."
    return starts[0] if len(starts) == 1 else posixpath.commonpath(starts) or "."
