"""Local actions and local reusable workflows, put where they are used. Called by `parse` when it is given sources.

A step that uses `./path` becomes the steps of that composite action; a job that uses `./.github/workflows/x.yml` becomes the jobs
of that workflow, with ids `caller-job`. Inputs stand as values where they were asked for. What cannot be had, or asks for itself,
stays as it is and is named in `unresolved`.
"""

from __future__ import annotations

import dataclasses
import posixpath
from dataclasses import dataclass, field

from seaway.errors import ConfigError
from seaway.formats.pipelines.github_actions.expressions import template
from seaway.formats.pipelines.github_actions.reader import ACTION, COMPOSITE, read_file
from seaway.formats.pipelines.github_actions.substitute import Values, replaced
from seaway.formats.pipelines.sources import MAX_INCLUDE_DEPTH, Sources
from seaway.formats.yaml.kept import restored
from seaway.model.expression import Condition, Expr, Ref, Template, Text, both, refs
from seaway.model.pipeline import Job, Need, Pin, Pipeline, Step, Unresolved, Use, Variable

MAX_JOBS = 1_000
MAX_STEPS = 5_000


def resolve(pipeline: Pipeline, sources: Sources) -> Pipeline:
    """The pipeline with what it uses of its own repository in place. Libraries are named like the repository they stand for."""
    work = _Resolving(sources)
    jobs = work.jobs(pipeline, (pipeline.path,))
    return dataclasses.replace(pipeline, jobs=jobs, unresolved=(*pipeline.unresolved, *work.lost), index={})


@dataclass(slots=True)
class _Resolving:
    sources: Sources
    lost: list[Unresolved] = field(default_factory=list)
    steps_made: int = 0
    jobs_made: int = 0

    def jobs(self, pipeline: Pipeline, way: tuple[str, ...]) -> tuple[Job, ...]:
        """All jobs of a workflow; `way`: the files that led here."""
        made: list[Job] = []
        groups: dict[str, tuple[Job, ...]] = {}
        outputs: dict[str, dict[str, Text]] = {}
        for job in pipeline.jobs:
            found = self._called(job, way) if job.calls is not None else None
            if found is None:
                groups[job.id] = (dataclasses.replace(job, steps=self.steps(job.steps, way)),)
            else:
                groups[job.id], outputs[job.id] = found
            self.jobs_made += len(groups[job.id])
            made += groups[job.id]
        if not outputs:
            return tuple(made)
        ends = {name: _ends(group) for name, group in groups.items()}
        return tuple(_linked(job, ends, outputs) for job in made)

    # Workflows.

    def _called(self, job: Job, way: tuple[str, ...]) -> tuple[tuple[Job, ...], dict[str, Text]] | None:
        """The jobs of a called workflow, and what its outputs are; None where it stays a call."""
        assert job.calls is not None  # noqa: S101 - the caller asked
        called = self._file(job.calls.text, job.calls.pin is Pin.LOCAL, ("",), way, job)
        if called is None:
            return None
        if job.matrix is not None and any(one.matrix is not None for one in called.jobs):
            self._kept(job.calls.text, "both it and its caller have a matrix", job)
            return None
        if self.jobs_made + len(called.jobs) > MAX_JOBS:
            self._kept(job.calls.text, f"that would be more than {MAX_JOBS} jobs", job)
            return None
        inner = self.jobs(called, (*way, called.path))
        ids = {one.id: f"{job.id}-{one.id}" for one in inner}
        secrets = {one.name: one.value for one in job.inputs if one.secret}
        given = Values(_inputs(called, job.inputs), secrets=secrets, jobs=ids)
        found = tuple(self._placed(one, job, ids, given, called) for one in inner)
        return found, {name: given.text(text) for name, text in _workflow_outputs(called).items()}

    def _placed(self, one: Job, caller: Job, ids: dict[str, str], given: Values, called: Pipeline) -> Job:
        """A job of a called workflow in its caller's place."""
        made = replaced(one, given)
        first = not one.needs
        needs = tuple(dataclasses.replace(need, job=ids.get(need.job, need.job)) for need in one.needs or ())
        condition = _condition(caller.condition, made.condition) if first else made.condition
        known = {each.name for each in made.variables}
        return dataclasses.replace(
            made,
            id=ids[one.id],
            name=_joined(caller.name or caller.id, made.name or one.id),
            needs=(caller.needs if first else needs),
            condition=condition,
            matrix=made.matrix or caller.matrix,
            variables=(*(each for each in called.variables if each.name not in known), *made.variables),
            permissions=made.permissions or called.permissions or caller.permissions,
            shell=made.shell or called.shell,
            cwd=made.cwd or called.cwd,
        )

    # Actions.

    def steps(self, steps: tuple[Step, ...], way: tuple[str, ...]) -> tuple[Step, ...]:
        """Steps with those of local actions in place."""
        found: list[Step] = []
        outputs: dict[str, dict[str, Text]] = {}
        for step in steps:
            inner = self._action(step, way) if isinstance(step.work, Use) else None
            if inner is None:
                found.append(step)
            else:
                made, given = inner
                found += made
                outputs[step.id] = given
            self.steps_made += 1
        if not any(outputs.values()):
            return tuple(found)
        values = Values(steps={name: given for name, given in outputs.items() if name})
        return tuple(replaced(step, values) for step in found)

    def _action(self, step: Step, way: tuple[str, ...]) -> tuple[tuple[Step, ...], dict[str, Text]] | None:
        """The steps of a composite action, and what its outputs are."""
        assert isinstance(step.work, Use)  # noqa: S101 - the caller asked
        ref = step.work.ref
        local = ref.pin is Pin.LOCAL
        if not local and ref.text.startswith("docker://"):
            return None
        action = self._file(ref.text, local, ("/action.yml", "/action.yaml"), way, step)
        job = action.job(COMPOSITE) if action is not None else None
        if action is None or job is None:
            return None
        if self.steps_made + len(job.steps) > MAX_STEPS:
            self._kept(ref.text, f"that would be more than {MAX_STEPS} steps", step)
            return None
        inner = self.steps(job.steps, (*way, action.path))
        start = step.id or posixpath.basename(ref.name.rstrip("/")) or "action"
        ids = {one.id: f"{start}-{one.id}" for one in inner if one.id}
        given = Values(_inputs(action, step.work.inputs), steps_named=ids)
        made = tuple(_inlined(replaced(one, given), step, ids) for one in inner)
        return made, {one.name: given.text(one.value) for one in job.outputs}

    # Files.

    def _file(
        self, text: str, local: bool, names: tuple[str, ...], way: tuple[str, ...], node: Job | Step
    ) -> Pipeline | None:
        """The file that is meant, read; None where there is none, with the reason kept for local ones."""
        library, path = ("", text.removeprefix("./")) if local else _of_library(text)
        for name in names:
            place = f"{path.rstrip('/')}{name}" if name else path
            content = self.sources.local(f"/{place}") if local else self.sources.foreign(library, place.lstrip("/"))
            if content is None:
                continue
            known = place if local else f"{library}:{place}"
            if known in way:
                self._kept(text, "it uses itself", node)
                return None
            if len(way) > MAX_INCLUDE_DEPTH:
                self._kept(text, f"more than {MAX_INCLUDE_DEPTH} files use one another", node)
                return None
            try:
                return read_file(content, known)
            except ConfigError as error:
                self._kept(text, str(error).splitlines()[0], node)
                return None
        if local:
            self._kept(text, "there is no such file", node)
        elif isinstance(node, Job):
            self._kept(text, "it is kept in another repository: name its folder by --library", node)
        return None

    def _kept(self, text: str, why: str, node: Job | Step) -> None:
        self.lost.append(Unresolved(text, why, node.span))


def _of_library(text: str) -> tuple[str, str]:
    """`owner/repository/path@v1` -> ("owner/repository", "path")."""
    name = text.partition("@")[0]
    parts = name.split("/")
    return "/".join(parts[:2]), "/".join(parts[2:])


def _inputs(called: Pipeline, given: tuple[Variable, ...]) -> dict[str, Text]:
    """A value for every input: what is given, else its default."""
    found: dict[str, Text] = {}
    for trigger in called.triggers:
        if trigger.kind.value != "call" and trigger.native != ACTION:
            continue
        for one in trigger.inputs:
            found[one.name] = template(one.default) if one.default is not None else ""
    found.update((one.name, one.value) for one in given if not one.secret or one.name in found)
    return found


def _workflow_outputs(called: Pipeline) -> dict[str, Text]:
    """`on.workflow_call.outputs`: name -> its value."""
    kept = next((one for one in called.natives if one.key == "on.workflow_call.outputs"), None)
    data = restored(kept.text) if kept else {}
    if not isinstance(data, dict):
        return {}
    return {name: template(str(one.get("value", ""))) for name, one in data.items() if isinstance(one, dict)}


def _joined(first: Text, second: Text) -> Text:
    pieces = [*_pieces(first), " / ", *_pieces(second)]
    if all(isinstance(one, str) for one in pieces):
        return "".join(str(one) for one in pieces)
    found: list[str | Expr] = []
    for one in pieces:
        if isinstance(one, str) and found and isinstance(found[-1], str):
            found[-1] += one
        else:
            found.append(one)
    return Template(tuple(found))


def _pieces(text: Text) -> tuple[str | Expr, ...]:
    return (text,) if isinstance(text, str) else text.parts


def _ends(jobs: tuple[Job, ...]) -> tuple[str, ...]:
    """Those for which no other of them waits: who waits for the call waits for these."""
    needed = {need.job for job in jobs for need in job.needs or ()}
    return tuple(job.id for job in jobs if job.id not in needed) or tuple(job.id for job in jobs)


def _linked(job: Job, ends: dict[str, tuple[str, ...]], outputs: dict[str, dict[str, Text]]) -> Job:
    """Needs of a call become needs of its last jobs, its outputs what they are made of."""
    needs: dict[str, Need] = {}
    for need in job.needs or ():
        for name in ends.get(need.job, (need.job,)):
            needs.setdefault(name, dataclasses.replace(need, job=name))
    results = {name: ends[name][-1] for name in outputs if ends[name]}
    made = replaced(job, Values(job_outputs=outputs, results=results))
    read = [name for ref in _job_refs(made) if (name := str(ref.path[0])) not in needs]
    needs.update((name, Need(name, artifacts=False)) for name in read if outputs and _is_made(name, ends))
    return dataclasses.replace(made, needs=None if job.needs is None and not needs else tuple(needs.values()))


def _is_made(name: str, ends: dict[str, tuple[str, ...]]) -> bool:
    return any(
        name.startswith(f"{caller}-") and len(group) > 0 for caller, group in ends.items() if caller not in group
    )


def _job_refs(job: Job) -> list[Ref]:
    return [ref for ref in refs(job) if ref.context == "job" and ref.path and isinstance(ref.path[0], str)]


def _condition(outer: Condition | None, inner: Condition | None) -> Condition | None:
    """Both must hold."""
    if outer is None or inner is None:
        return inner if outer is None else outer
    expr = both(outer.expr, inner.expr)
    assert expr is not None  # noqa: S101 - both are there
    return dataclasses.replace(inner, expr=expr, text=f"({outer.text}) && ({inner.text})")


def _inlined(one: Step, user: Step, ids: dict[str, str]) -> Step:
    """A step of an action in the place of the step that uses it."""
    known = {each.name for each in one.env}
    outer = user.condition
    return dataclasses.replace(
        one,
        id=ids.get(one.id, one.id),
        condition=_condition(outer, one.condition),
        env=(*(each for each in user.env if each.name not in known), *one.env),
        continue_on_error=one.continue_on_error or user.continue_on_error,
        timeout=one.timeout or user.timeout,
        comment="\n".join(filter(None, (user.comment, one.comment))),
    )
