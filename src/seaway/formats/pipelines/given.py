"""What a system understands by habit, said for the others: a run's parameters of Tekton, GitLab's empty caches, CircleCI's folders.

Called by the writers, for pipelines of other systems.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from seaway.formats.pipelines.losses import Losses
from seaway.formats.yaml.kept import restored
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Ref, Template, Text, Unary, parts, refs
from seaway.model.pipeline import Job, Native, Pipeline, Run, Step, System
from seaway.model.span import Span

Node = TypeVar("Node")
_WORK_FOLDER = Ref("run", ("workspace",))
_PARAMETERS = re.compile(r"\d+\.PipelineRun\.[^:]*:spec\.params")
_ALWAYS = re.compile(r"\d+\.(?:PipelineRun|Pipeline|Task|TaskRun)\.[^:]*:(?:apiVersion|kind)")
_METADATA = re.compile(r"\d+\.(?:PipelineRun|Pipeline)\.[^:]*:metadata")


def given(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """The pipeline with those values in place of its parameters, and without what makes it a document of Kubernetes.

    GitLab's `only`, `except` and `when` are kept for writing them back; where they are a condition, that is all they say.
    """
    if pipeline.system is System.GITLAB_CI:
        jobs = tuple(_without_policies(job) for job in pipeline.jobs)
        return dataclasses.replace(pipeline, jobs=jobs, index={})
    if pipeline.system is System.GITHUB_ACTIONS:
        jobs = tuple(_typed(job) for job in pipeline.jobs)
        kept = tuple(one for one in pipeline.natives if not (one.key.startswith("on.") and one.text == "{}"))
        return dataclasses.replace(pipeline, jobs=jobs, natives=kept, index={})
    if pipeline.system is System.CIRCLECI:
        from seaway.formats.pipelines.circleci.outward import outward

        return outward(pipeline, losses)
    if pipeline.system is not System.TEKTON:
        return pipeline
    values: dict[Ref, Text] = {}
    natives = []
    for one in pipeline.natives:
        if _PARAMETERS.fullmatch(one.key):
            values |= _values(one)
        elif not (_ALWAYS.fullmatch(one.key) or (_METADATA.fullmatch(one.key) and _is_known(one))):
            natives.append(one)
    values |= _workspaces(pipeline, losses)
    natives = [one for one in natives if not one.key.endswith(("spec.workspaces", "pipeline.workspaces"))]
    made: Pipeline = with_values(dataclasses.replace(pipeline, natives=()), values)
    made = dataclasses.replace(made, jobs=tuple(_in_work_folder(job) for job in made.jobs), index={})
    parameters = tuple(one for one in pipeline.parameters if Ref("input", (one.name,)) not in values)
    return dataclasses.replace(made, parameters=parameters, natives=tuple(natives), index={})


def _workspaces(pipeline: Pipeline, losses: Losses) -> dict[Ref, Text]:
    """A workspace's folder -> the work folder that a job of another system has."""
    found: dict[Ref, Text] = {}
    for job in pipeline.jobs:
        for ref in refs(job):
            name = str(ref.path[1]) if ref.context == "native" and ref.path[:1] == ("tekton",) else ""
            if ref in found or not (name.startswith("workspaces.") and name.endswith(".path")):
                continue
            found[ref] = Template((_WORK_FOLDER,))
            why = "tasks share its files; here each job has a folder of its own, with the repository's files only"
            fix = "hand over as artifacts what one job makes for another"
            losses.manual(f"workspace {name.split('.')[1]}", why, fix, job.span)
    return found


def _in_work_folder(job: Job) -> Job:
    """Steps that run in that folder need not say so."""
    natives = tuple(one for one in job.natives if one.key not in {"workspaces", "taskSpec.workspaces"})
    return dataclasses.replace(job, natives=natives, steps=tuple(_without_root(step) for step in job.steps))


def _without_root(step: Step) -> Step:
    work = step.work
    pieces = parts(work.cwd) if isinstance(work, Run) else ()
    if not isinstance(work, Run) or pieces[:1] != (_WORK_FOLDER,):
        return step
    first, *others = pieces[1:] or ("",)
    rest = _joined([first.lstrip("/") if isinstance(first, str) else first, *others])
    return dataclasses.replace(step, work=dataclasses.replace(work, cwd=rest))


def _typed(job: Job) -> Job:
    """GitHub's matrices and inputs hold truth values; elsewhere they are texts, and `false` is one that is not empty."""
    steps = tuple(
        dataclasses.replace(step, condition=_asked(step.condition)) if step.condition is not None else step
        for step in job.steps
    )
    return dataclasses.replace(job, condition=_asked(job.condition), steps=steps)


def _asked(condition: Condition | None) -> Condition | None:
    if condition is None:
        return None
    expr = _not_false(condition.expr)
    return condition if expr == condition.expr else dataclasses.replace(condition, expr=expr)


def _not_false(expr: Expr) -> Expr:
    if isinstance(expr, Ref) and expr.context in {"matrix", "input"}:
        return Binary("&&", Binary("!=", expr, Literal("")), Binary("!=", expr, Literal("false")))
    if isinstance(expr, Unary) and expr.op == "!":
        return Unary("!", _not_false(expr.operand))
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        return Binary(expr.op, _not_false(expr.left), _not_false(expr.right))
    return expr


def _without_policies(job: Job) -> Job:
    caches = tuple(one for one in job.caches if one.paths or one.tool)  # `cache: {}` keeps nothing
    if len(caches) < len(job.caches):
        job = dataclasses.replace(job, caches=caches)
    if job.condition is None and not job.manual:
        return job
    said = {f"{job.id}.{key}" for key in ("only", "except", "when")}
    kept = tuple(one for one in job.natives if one.key not in said)
    return job if len(kept) == len(job.natives) else dataclasses.replace(job, natives=kept)


def _values(one: Native) -> dict[Ref, Text]:
    from seaway.formats.pipelines.tekton.expressions import template

    found = restored(one.text)
    listed = found if isinstance(found, list) else []
    return {
        Ref("input", (str(item.get("name")),)): template(str(item.get("value")))
        for item in listed
        if isinstance(item, dict) and isinstance(item.get("value"), (str, int, float))
    }


def _is_known(one: Native) -> bool:
    """A name, and annotations that are triggers."""
    from seaway.formats.pipelines.tekton.pac import PREFIX, is_whole

    found = restored(one.text)
    if not isinstance(found, dict) or found.keys() - {"name", "generateName", "namespace", "annotations"}:
        return False
    notes = found.get("annotations") or {}
    if not isinstance(notes, dict) or not all(str(name).startswith(PREFIX) for name in notes):
        return False
    return is_whole({str(name).removeprefix(PREFIX): str(text) for name, text in notes.items()})


def with_values(node: Node, values: Mapping[Ref, Text]) -> Node:
    """Anything of the model with values in place of references."""
    made: Node = _replaced(node, values) if values else node
    return made


def _replaced(node: Any, values: Mapping[Ref, Text]) -> Any:
    if isinstance(node, Template):
        return _joined([piece for part in node.parts for piece in _pieces(part, values)])
    if isinstance(node, Ref) and node in values:
        return _expr(values[node])
    if isinstance(node, tuple):
        return tuple(_replaced(one, values) for one in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, (type, Span, Native)):
        changes = {one.name: _replaced(getattr(node, one.name), values) for one in dataclasses.fields(node) if one.init}
        return dataclasses.replace(node, **(changes | ({"index": {}} if "index" in changes else {})))
    return node


def _pieces(part: str | Expr, values: Mapping[Ref, Text]) -> tuple[str | Expr, ...]:
    if isinstance(part, Ref) and part in values:
        return parts(values[part])
    return (part if isinstance(part, str) else _replaced(part, values),)


def _joined(pieces: list[str | Expr]) -> Text:
    found: list[str | Expr] = []
    for one in pieces:
        if isinstance(one, str) and found and isinstance(found[-1], str):
            found[-1] += one
        else:
            found.append(one)
    return "".join(map(str, found)) if all(isinstance(one, str) for one in found) else Template(tuple(found))


def _expr(value: Text) -> Expr:
    pieces = parts(value)
    if all(isinstance(one, str) for one in pieces):
        return Literal("".join(map(str, pieces)))
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        return pieces[0]
    return Call("format", tuple(Literal(one) if isinstance(one, str) else one for one in pieces))


__all__ = ["given", "with_values"]
