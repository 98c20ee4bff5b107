"""Jobs with a matrix that CircleCI cannot multiply -> one job per combination, its values put in. Called by `lower`."""

from __future__ import annotations

import dataclasses
from typing import Any

from seaway.formats.pipelines.circleci.values import joined
from seaway.formats.pipelines.circleci.words import named
from seaway.formats.pipelines.expand import combinations, shown
from seaway.model.expression import Expr, Literal, Ref, Template
from seaway.model.pipeline import Job, Matrix, Need, Row


def unrolled(jobs: list[Job]) -> list[Job]:
    """All jobs; who needs one that became several needs them all."""
    made: dict[str, tuple[str, ...]] = {}
    found: list[Job] = []
    for job in jobs:
        rows = _rows(job.matrix)
        several = [_with_values(job, f"{job.id}-{named(name)}", row) for name, row in rows] if rows else [job]
        made[job.id] = tuple(one.id for one in several)
        found += several
    return [dataclasses.replace(job, needs=_linked(job.needs, made)) for job in found]


def _rows(matrix: Matrix | None) -> list[tuple[str, Row]]:
    """Combinations that are more than a product of lists less some."""
    if matrix is None or matrix.computed or any(axis.computed for axis in matrix.axes):
        return []
    if not matrix.named and not matrix.include:
        return []
    plain = [("-".join(shown(value) for _, value in row), row) for row in combinations(matrix)]
    return [*plain, *matrix.named]


def _linked(needs: tuple[Need, ...] | None, made: dict[str, tuple[str, ...]]) -> tuple[Need, ...] | None:
    if needs is None:
        return None
    return tuple(
        dataclasses.replace(need, job=name) for need in needs for name in made.get(need.job, (need.job,))
    )  # fmt: skip


def _with_values(job: Job, ident: str, row: Row) -> Job:
    found: Job = _filled(dataclasses.replace(job, matrix=None), dict(row))
    return dataclasses.replace(found, id=ident, part_of=job.id)


def _filled(value: Any, row: dict[str, Any]) -> Any:
    """Anything of the model with this combination's values in place of references to the matrix."""
    if isinstance(value, Template):
        pieces: list[str | Expr] = []
        for part in value.parts:
            inner = row.get(axis, "") if (axis := _axis(part)) else part
            if isinstance(inner, Template):
                pieces += inner.parts
            else:
                pieces.append(_filled(inner, row))
        return joined(pieces)
    if axis := _axis(value):
        text = row.get(axis, "")
        return Literal(text if isinstance(text, str) else shown(text))
    if isinstance(value, tuple):
        return tuple(_filled(one, row) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {one.name: _filled(getattr(value, one.name), row) for one in dataclasses.fields(value) if one.init}
        return dataclasses.replace(value, **(changes | ({"index": {}} if "index" in changes else {})))
    return value


def _axis(value: Any) -> str:
    """The axis that a reference names."""
    return str(value.path[0]) if isinstance(value, Ref) and value.context == "matrix" and len(value.path) == 1 else ""
