"""Named combinations of a matrix (Azure's), where one leaves out a value that others have: there the variable of that name counts.
Called by writers for systems in which it would be empty.
"""

from __future__ import annotations

import dataclasses

from seaway.model.expression import Ref, Template, Text
from seaway.model.pipeline import Job, Pipeline, Variable


def whole_rows(pipeline: Pipeline, *, variables: bool = True) -> Pipeline:
    """The pipeline with such values written out, and the variables of those names with the combination's values.

    Without `variables`, for a system whose matrices are variables themselves, a job has none of those names.
    """
    jobs = tuple(_whole(job, pipeline.variables, variables=variables) for job in pipeline.jobs)
    if all(new is old for new, old in zip(jobs, pipeline.jobs, strict=True)):
        return pipeline
    return dataclasses.replace(pipeline, jobs=jobs, index={})


def _whole(job: Job, around: tuple[Variable, ...], *, variables: bool) -> Job:
    matrix = job.matrix
    if matrix is None or not matrix.named:
        return job
    asked = {name for _, row in matrix.named for name, _ in row}
    known: dict[str, Text] = {one.name: one.value for one in (*around, *job.variables) if one.name in asked}
    if not known:
        return job
    rows = tuple(
        (name, (*row, *((key, value) for key, value in known.items() if key not in dict(row))))
        for name, row in matrix.named
    )
    others = tuple(one for one in job.variables if one.name not in known)
    own = tuple(Variable(name, Template((Ref("matrix", (name,)),))) for name in known) if variables else ()
    return dataclasses.replace(job, matrix=dataclasses.replace(matrix, named=rows), variables=(*others, *own))


__all__ = ["whole_rows"]
