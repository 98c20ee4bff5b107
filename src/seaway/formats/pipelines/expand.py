"""A resolved pipeline -> one job per combination of its matrices, and the order of stages as needs. Called by `pipeline show`,
assess and simulate. A matrix that is computed while the pipeline runs stays one job.
"""

from __future__ import annotations

import dataclasses
import itertools

from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary
from seaway.model.pipeline import Job, Matrix, Need, Pipeline, Row, Stage, Unresolved

MAX_JOBS = 2_000


def expand(pipeline: Pipeline) -> Pipeline:
    """Templates are gone, every job stands for one machine's work, every order is an edge."""
    jobs: list[Job] = []
    unresolved = list(pipeline.unresolved)
    names: dict[str, tuple[str, ...]] = {}
    for job in pipeline.jobs:
        if job.template:
            continue
        made = _unrolled(job)
        if len(jobs) + len(made) > MAX_JOBS:
            unresolved.append(Unresolved(job.id, f"its matrix makes more than {MAX_JOBS} jobs", job.span))
            made = [job]
        names[job.id] = tuple(one.id for one in made)
        jobs += made
    linked = tuple(dataclasses.replace(job, needs=_linked(job, names)) for job in with_stage_order(pipeline, jobs))
    return dataclasses.replace(pipeline, jobs=linked, barrier=False, unresolved=tuple(unresolved), index={})


def ordered(pipeline: Pipeline) -> Pipeline:
    """The order of stages as needs, matrices left as they are: what `pipeline show` prints."""
    jobs = [job for job in pipeline.jobs if not job.template]
    made = tuple(with_stage_order(pipeline, jobs))
    return dataclasses.replace(pipeline, jobs=made, barrier=False, index={})


def combinations(matrix: Matrix) -> list[Row]:
    """Every combination in order: axes' product less excludes, then includes (as GitHub defines them), then named ones."""
    axes = [axis for axis in matrix.axes if axis.values]
    product = [
        tuple((axis.name, value) for axis, value in zip(axes, values, strict=True))
        for values in itertools.islice(itertools.product(*(axis.values for axis in axes)), MAX_JOBS + 1)
    ]
    rows = [row for row in product if axes and not any(_fits(row, out) for out in matrix.exclude)]
    original = list(rows)
    for extra in matrix.include:
        keys = {axis.name for axis in axes}
        fitting = [
            index
            for index, row in enumerate(original)
            if all(dict(row).get(name) == value for name, value in extra if name in keys)
        ]
        added = {name for name, _ in extra} - keys
        if fitting and added and any(True for name, _ in extra):
            for index in fitting:
                kept = [(name, value) for name, value in rows[index] if name not in added]
                rows[index] = (*kept, *((name, value) for name, value in extra if name in added))
        elif not fitting or not original:
            rows.append(extra)
    return rows


def _fits(row: Row, pattern: Row) -> bool:
    values = dict(row)
    return all(values.get(name) == value for name, value in pattern)


def _unrolled(job: Job) -> list[Job]:
    rows: list[tuple[str, Row]] = []
    if job.matrix is not None and not job.matrix.computed and not any(axis.computed for axis in job.matrix.axes):
        rows = [(_label(row), row) for row in combinations(job.matrix)] + list(job.matrix.named)
    if rows:
        return [
            dataclasses.replace(job, id=f"{job.id} ({label})", part_of=job.id, values=row, matrix=None)
            for label, row in rows
        ]
    if job.parallel and job.parallel > 1:
        count = job.parallel
        return [
            dataclasses.replace(job, id=f"{job.id} {number}/{count}", part_of=job.id, parallel=None)
            for number in range(1, min(count, MAX_JOBS) + 1)
        ]
    return [job]


def _label(row: Row) -> str:
    return ", ".join(shown(value) for _, value in row)


def shown(text: Text) -> str:
    """A text for people: expressions in brackets."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else f"<{in_words(part)}>" for part in text.parts)


def in_words(expr: Expr) -> str:
    """An expression for people, in neutral words."""
    if isinstance(expr, Literal):
        return str(expr.value) if expr.value not in (None, "") else "''"
    if isinstance(expr, Ref):
        return ".".join([expr.context, *(part if isinstance(part, str) else in_words(part) for part in expr.path)])
    if isinstance(expr, Call):
        return f"{expr.name}({', '.join(in_words(one) for one in expr.args)})"
    if isinstance(expr, Unary):
        inner = in_words(expr.operand)
        return f"{expr.op}({inner})" if isinstance(expr.operand, Binary) else f"{expr.op}{inner}"
    if isinstance(expr, Binary):
        sides = [
            f"({in_words(one)})" if _is_either(one) and expr.op != "||" else in_words(one)
            for one in (expr.left, expr.right)
        ]
        return f" {expr.op} ".join(sides)
    return expr.text


def _is_either(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.op == "||"


def _linked(job: Job, names: dict[str, tuple[str, ...]]) -> tuple[Need, ...] | None:
    """Needs of a job with a matrix become needs of all its combinations."""
    if job.needs is None:
        return None
    found: list[Need] = []
    for need in job.needs:
        found += [dataclasses.replace(need, job=name) for name in names.get(need.job, (need.job,))]
    return tuple(found)


def with_stage_order(pipeline: Pipeline, jobs: list[Job]) -> list[Job]:
    """Jobs that say nothing about their order wait for the stages before theirs, where the system has stages."""
    if not pipeline.stages:
        return [job if job.needs is not None else dataclasses.replace(job, needs=()) for job in jobs]
    members: dict[str, list[Job]] = {stage.name: [] for stage in pipeline.stages}
    for job in jobs:
        members.setdefault(job.stage, []).append(job)
    before = _stages_before(pipeline, members)
    found = []
    for job in jobs:
        awaited = [] if job.needs is not None and pipeline.barrier else before.get(job.stage, [])
        edges = tuple(Need(name) for name in awaited)
        found.append(dataclasses.replace(job, needs=(*edges, *(job.needs or ()))))
    return _behind_barriers(pipeline, jobs, found) if pipeline.barrier else found


def _behind_barriers(pipeline: Pipeline, jobs: list[Job], ordered: list[Job]) -> list[Job]:
    """A job behind a barrier waits for all stages before it; those just before need not have waited for the rest."""
    place = {stage.name: number for number, stage in enumerate(pipeline.stages)}
    known = {job.id: job for job in ordered}
    found = []
    for job, one in zip(jobs, ordered, strict=True):
        waited = _ancestors(one, known) if job.needs is None and place.get(job.stage, 0) > 1 else None
        more = [
            Need(other.id)
            for other in ordered
            if waited is not None and place.get(other.stage, 0) < place[job.stage] and other.id not in waited
        ]
        found.append(dataclasses.replace(one, needs=(*(one.needs or ()), *more)) if more else one)
    return found


def _ancestors(job: Job, known: dict[str, Job]) -> set[str]:
    found: set[str] = set()
    waiting = [need.job for need in job.needs or ()]
    while waiting:
        name = waiting.pop()
        if name not in found and name in known:
            found.add(name)
            waiting += [need.job for need in known[name].needs or ()]
    return found


def files_from(pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    """For each job those whose artifacts it finds in its folder without asking.

    Where stages are barriers (GitLab), a job without needs gets the files of all stages before its own, one with needs
    those of its needs, and `dependencies` says less. Elsewhere only needs count.
    """
    order = {stage.name: number for number, stage in enumerate(pipeline.stages)}
    found: dict[str, tuple[str, ...]] = {}
    for job in pipeline.jobs:
        if pipeline.barrier and job.needs is None:
            own = order.get(job.stage, 0)
            names = [one.id for one in pipeline.jobs if not one.template and order.get(one.stage, 0) < own]
        else:
            names = [need.job for need in job.needs or () if need.artifacts]
        chosen = names if job.dependencies is None else [name for name in job.dependencies if name in pipeline.index]
        found[job.id] = tuple(dict.fromkeys(chosen))
    return found


def _stages_before(pipeline: Pipeline, members: dict[str, list[Job]]) -> dict[str, list[str]]:
    """For each stage the jobs it waits for: those of the nearest earlier stage that has some, or of the stages it names."""
    found: dict[str, list[str]] = {}
    top = [stage for stage in pipeline.stages if not stage.parent]
    for index, stage in enumerate(top):
        if stage.needs is None:
            earlier = next((one for one in reversed(top[:index]) if _jobs_of(one, pipeline.stages, members)), None)
            names = _jobs_of(earlier, pipeline.stages, members) if earlier else []
        else:
            named = {need.job for need in stage.needs}
            names = [job for one in top if one.name in named for job in _jobs_of(one, pipeline.stages, members)]
        for inner in _family(stage, pipeline.stages):
            found[inner.name] = names
    return found


def _family(stage: Stage, stages: tuple[Stage, ...]) -> list[Stage]:
    found = [stage]
    for one in stages:
        if one.parent == stage.name and one is not stage:
            found += _family(one, stages)
    return found


def _jobs_of(stage: Stage, stages: tuple[Stage, ...], members: dict[str, list[Job]]) -> list[str]:
    return [job.id for one in _family(stage, stages) for job in members.get(one.name, [])]


def render_template(text: Text, values: Row) -> Text:
    """The text with this combination's values in place of matrix references."""
    if isinstance(text, str):
        return text
    known = dict(values)
    parts: list[str | Expr] = []
    for part in text.parts:
        if isinstance(part, Ref) and part.context == "matrix" and part.path and part.path[0] in known:
            value = known[str(part.path[0])]
            parts += [value] if isinstance(value, str) else value.parts
        else:
            parts.append(part)
    return "".join(parts) if all(isinstance(part, str) for part in parts) else Template(tuple(parts))  # type: ignore[arg-type]
