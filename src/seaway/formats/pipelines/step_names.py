"""Names of steps with values in them: `Test ${{ matrix.python }}`, `Deploy $(version)`. Called by the writers, for other systems.

The model keeps a name as text, for people to read. In another system its marks would be text, or worse, an expression of that one.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

from seaway.formats.pipelines.expand import in_words
from seaway.model.expression import Expr, Ref, Text, parts
from seaway.model.pipeline import Job, Pipeline, Step, System

_MARKS = {System.GITHUB_ACTIONS: "${{", System.AZURE_PIPELINES: "$", System.TEAMCITY: "%"}
Printer = Callable[[Expr], str | None]


def step_name(step: Step, job: Job, pipeline: Pipeline, printer: Printer = lambda _: None) -> str:
    """The name with its values as the target prints them; one that it cannot print stands in plain words."""
    mark = _MARKS.get(pipeline.system)
    if mark is None or mark not in step.name:
        return step.name
    module: Any = importlib.import_module(f"seaway.formats.pipelines.{pipeline.system.value}.expressions")
    text: Text = module.template(step.name)
    known = _known(job, pipeline)
    found = [one if isinstance(one, str) else _meant(one, known) for one in parts(text)]
    values = {Ref("env", (one.name,)): one.value for one in (*pipeline.variables, *job.variables)}
    return "".join(one if isinstance(one, str) else printer(one) or _words(one, values) for one in found)


def named_steps(job: Job, pipeline: Pipeline, printer: Printer = lambda _: None) -> Job:
    """The job with such names throughout."""
    if _MARKS.get(pipeline.system) is None:
        return job
    steps = tuple(_named(step, job, pipeline, printer) for step in job.steps)
    post = tuple(
        dataclasses.replace(one, steps=tuple(_named(step, job, pipeline, printer) for step in one.steps))
        for one in job.post
    )
    return dataclasses.replace(job, steps=steps, post=post)


def _named(step: Step, job: Job, pipeline: Pipeline, printer: Printer) -> Step:
    name = step_name(step, job, pipeline, printer)
    return step if name == step.name else dataclasses.replace(step, name=name)


def _known(job: Job, pipeline: Pipeline) -> dict[str, Ref]:
    """Azure's `$(name)`: a value of the matrix, or a variable of the file."""
    if pipeline.system is not System.AZURE_PIPELINES:
        return {}
    found = {_folded(one.name): Ref("env", (one.name,)) for one in (*pipeline.variables, *job.variables)}
    if job.matrix is not None:
        axes = [axis.name for axis in job.matrix.axes] + [name for _, row in job.matrix.named for name, _ in row]
        found |= {_folded(name): Ref("matrix", (name,)) for name in axes}
    return found


def _meant(expr: Expr, known: dict[str, Ref]) -> Expr:
    if isinstance(expr, Ref) and expr.context in {"var", "native"} and len(expr.path) == 1:
        return known.get(_folded(str(expr.path[0])), expr)
    return expr


def _words(expr: Expr, values: dict[Ref, Text]) -> str:
    value = values.get(expr, "") if isinstance(expr, Ref) else ""
    return value if value and isinstance(value, str) else in_words(expr)


def _folded(name: str) -> str:
    """Azure's names differ neither by case nor, once a shell knows them, by their dots."""
    return name.lower().replace(".", "_")


__all__ = ["named_steps", "step_name"]
