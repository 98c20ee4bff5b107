"""A matrix -> a build configuration for each of its combinations, where settings have no word for a matrix. Called by `write_xml`."""

from __future__ import annotations

import dataclasses
from typing import TypeVar, cast

from seaway.formats.pipelines.expand import combinations, shown
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.teamcity.values import to_id
from seaway.model.expression import Ref
from seaway.model.pipeline import Job, Matrix, Need, Pipeline, Row, Variable

T = TypeVar("T")


def unrolled(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """Every job is one build; what waited for a matrix waits for all of its builds. The axes are parameters."""
    taken = {job.id for job in pipeline.jobs}
    made: dict[str, tuple[Job, ...]] = {}
    for job in pipeline.jobs:
        made[job.id] = _builds(job, taken, losses)
    if all(
        len(jobs) == 1 and jobs[0].matrix is job.matrix for job, jobs in zip(pipeline.jobs, made.values(), strict=True)
    ):
        return pipeline
    ids = {name: tuple(one.id for one in jobs) for name, jobs in made.items()}
    jobs = tuple(_linked(one, ids) for each in made.values() for one in each)
    triggers = tuple(
        dataclasses.replace(
            one,
            jobs=tuple(name for job in one.jobs for name in ids.get(job, (job,))),
            sources=tuple(name for job in one.sources for name in ids.get(job, (job,))[-1:]),
        )
        for one in pipeline.triggers
    )
    return dataclasses.replace(pipeline, jobs=jobs, triggers=triggers, index={})


def _builds(job: Job, taken: set[str], losses: Losses) -> tuple[Job, ...]:
    matrix = job.matrix
    if matrix is None:
        return (job,)
    what = f"{job.id}: matrix"
    if any(axis.computed for axis in matrix.axes):
        losses.dropped(what, "its values are computed", "write a build for each", matrix.span or job.span, mark=job.id)
        return (dataclasses.replace(job, matrix=None),)
    rows = combinations(matrix)
    job = _as_parameters(job, frozenset(name for row in rows for name, _ in row))
    found = []
    for row in rows:
        label = ", ".join(shown(value) for _, value in row)
        name = _free(f"{job.id}_{to_id(label.encode('ascii', 'ignore').decode())}", taken)
        found.append(
            dataclasses.replace(
                job,
                id=name,
                name=f"{shown(job.name) or job.id} ({label})",
                matrix=None,
                variables=(*_values(row), *job.variables),
                natives=tuple(one for one in job.natives if one.key != "features.matrix"),
            )
        )
    losses.approximated(
        what, f"XML has no word for a matrix that is known: {len(found)} build configurations stand for it",
        "make them one by the feature on the server", matrix.span or job.span, mark=found[0].id if found else job.id,
    )  # fmt: skip
    return tuple(found) or (dataclasses.replace(job, matrix=None),)


def _as_parameters(value: T, axes: frozenset[str]) -> T:
    """What read an axis of the matrix reads the parameter of that name."""
    return cast("T", _changed(value, axes))


def _changed(value: object, axes: frozenset[str]) -> object:
    if isinstance(value, Ref) and value.context == "matrix" and value.path[0] in axes and len(value.path) == 1:
        name = str(value.path[0])
        return Ref("env", (name.removeprefix("env."),))
    if isinstance(value, tuple):
        return tuple(_changed(one, axes) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Matrix)):
        named = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.init}
        changed = {name: new for name, old in named.items() if (new := _changed(old, axes)) is not old and new != old}
        return dataclasses.replace(value, **changed) if changed else value
    return value


def _values(row: Row) -> tuple[Variable, ...]:
    return tuple(Variable(name.removeprefix("env."), value, exported=name.startswith("env.")) for name, value in row)


def _free(name: str, taken: set[str]) -> str:
    found, count = name, 2
    while found in taken:
        found, count = f"{name}_{count}", count + 1
    taken.add(found)
    return found


def _linked(job: Job, ids: dict[str, tuple[str, ...]]) -> Job:
    """Needs, files and outputs of a matrix: of all its builds."""
    needs: tuple[Need, ...] | None = None
    if job.needs is not None:
        needs = tuple(
            dataclasses.replace(need, job=name) for need in job.needs for name in ids.get(need.job, (need.job,))
        )
    downs = [
        dataclasses.replace(one, jobs=(name,))
        for one in job.artifacts
        if one.direction == "down"
        for of in one.jobs
        for name in ids.get(of, (of,))
    ]
    rest = [one for one in job.artifacts if one.direction != "down" or not one.jobs]
    natives = tuple(
        dataclasses.replace(one, key=".".join(["dependencies", name, *part])) if name else one
        for one in job.natives
        for name, part in _of_dependency(one.key, ids)
    )
    carried = tuple(name for of in job.dependencies or () for name in ids.get(of, (of,)))
    return dataclasses.replace(job, needs=needs, artifacts=(*downs, *rest), dependencies=carried, natives=natives)


def _of_dependency(key: str, ids: dict[str, tuple[str, ...]]) -> list[tuple[str, list[str]]]:
    block, _, rest = key.partition(".")
    name, _, part = rest.partition(".")
    if block != "dependencies" or name not in ids:
        return [("", [])]
    return [(one, [part] if part else []) for one in ids[name]]
