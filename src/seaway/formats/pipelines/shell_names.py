"""Variables whose names no shell can say, as `python.version` -> PYTHON_VERSION. Called by writers for systems with shell variables only."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from seaway.formats.pipelines.shell import used
from seaway.model.expression import Ref, Template, parts
from seaway.model.pipeline import Job, Native, Pipeline, Run, System, Variable, steps
from seaway.model.span import Span

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_HOLDERS = frozenset({"env", "variables"})  # outputs and inputs keep their names: no shell says them


def shell_named(pipeline: Pipeline) -> Pipeline:
    """The pipeline with such variables renamed, where they are set and where they are asked for.

    The new name is the one that Azure itself gives to scripts; a name that is taken stays as it is.
    """
    names: set[str] = set()
    _collect(pipeline, names)
    changed = {name: _named(name) for name in sorted(names) if not _PLAIN.fullmatch(name)}
    if pipeline.system is System.AZURE_PIPELINES:  # it gives scripts `version` as VERSION
        read = _read(pipeline)
        changed |= {name: name.upper() for name in sorted(names) if name != name.upper() and name.upper() in read}
    taken = names | {new for new in changed.values() if list(changed.values()).count(new) > 1}
    changed = {old: new for old, new in changed.items() if new not in taken}
    return _renamed(pipeline, changed) if changed else pipeline


def _read(pipeline: Pipeline) -> set[str]:
    """Variables that scripts read."""
    return {
        name
        for _, step in steps(pipeline)
        if isinstance(step.work, Run)
        for part in parts(step.work.script)
        if isinstance(part, str)
        for name in used(part, step.work.shell)
    }


def with_axes(pipeline: Pipeline) -> Pipeline:
    """The pipeline in which a job's scripts find the values of its matrix as variables, as in GitLab and Azure they do."""
    if pipeline.system not in {System.AZURE_PIPELINES, System.GITLAB_CI}:
        return pipeline
    read = _read(pipeline)
    jobs = tuple(_with_axes(job, read, upper=pipeline.system is System.AZURE_PIPELINES) for job in pipeline.jobs)
    return dataclasses.replace(pipeline, jobs=jobs, index={})


def _with_axes(job: Job, read: set[str], *, upper: bool) -> Job:
    if job.matrix is None:
        return job
    axes = [axis.name for axis in job.matrix.axes]
    axes += [name for row in (*job.matrix.include, *(row for _, row in job.matrix.named)) for name, _ in row]
    given = {one.name for one in job.variables}
    own = {_named(name) if upper else name: name for name in axes}
    made = tuple(
        Variable(name, Template((Ref("matrix", (axis,)),)))
        for name, axis in own.items()
        if name in read and name not in given
    )
    return dataclasses.replace(job, variables=(*job.variables, *made)) if made else job


def _named(name: str) -> str:
    found = re.sub(r"\W", "_", name, flags=re.ASCII).upper()
    return f"_{found}" if found[:1].isdigit() else found


def _fields(node: Any) -> list[tuple[str, Any]]:
    if not dataclasses.is_dataclass(node) or isinstance(node, (type, Span, Native)):
        return []
    return [(one.name, getattr(node, one.name)) for one in dataclasses.fields(node) if one.init]


def _collect(node: Any, names: set[str]) -> None:
    for name, value in _fields(node):
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Variable) and name in _HOLDERS:
                names.add(one.name)
            _collect(one, names)


def _renamed(node: Any, names: dict[str, str], holder: str = "") -> Any:
    if isinstance(node, tuple):
        made = tuple(_renamed(one, names, holder) for one in node)
        return made if any(new is not old for new, old in zip(made, node, strict=True)) else node
    if isinstance(node, Ref) and node.context == "env" and len(node.path) == 1 and node.path[0] in names:
        return dataclasses.replace(node, path=(names[str(node.path[0])],))
    changed = {}
    for name, value in _fields(node):
        new = _renamed(value, names, name)
        if new is not value:
            changed[name] = new
    if isinstance(node, Variable) and holder in _HOLDERS and node.name in names:
        changed["name"] = names[node.name]
    return dataclasses.replace(node, **changed) if changed else node


__all__ = ["shell_named", "with_axes"]
