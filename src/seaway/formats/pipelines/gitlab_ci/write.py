"""`model.pipeline.Pipeline` -> `.gitlab-ci.yml`. Called through `gitlab_ci.render`.

A pipeline of GitLab's own comes back as it was read. Of another system's, what GitLab has no word for is a loss; order becomes
`needs`, triggers become `workflow:rules`, set-up components become images.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from seaway.formats.pipelines import commands, limits, outside, starting
from seaway.formats.pipelines.gitlab_ci import write_job, write_rules
from seaway.formats.pipelines.gitlab_ci.orders import Order
from seaway.formats.pipelines.gitlab_ci.read import DEFAULTS, STAGES
from seaway.formats.pipelines.gitlab_ci.write_triggers import workflow
from seaway.formats.pipelines.gitlab_ci.writing import Data, Writing
from seaway.formats.pipelines.given import given
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.matrix_rows import whole_rows
from seaway.formats.pipelines.settled import settled
from seaway.formats.pipelines.shell_names import shell_named
from seaway.formats.yaml.emit import Emitted, Flow, Spaced, emit
from seaway.model.loss import Written
from seaway.model.pipeline import Parameter, Pipeline, System

_BY_ITSELF = frozenset({"GITHUB_TOKEN", "CI"})  # the token of a job has a loss of its own
_RESERVED = frozenset(
    [
        "image",
        "services",
        "stages",
        "types",
        "before_script",
        "after_script",
        "variables",
        "cache",
        "include",
        "default",
        "workflow",
        "spec",
        "pages:deploy",
    ]
)


def render(pipeline: Pipeline) -> Written:
    """The pipeline as GitLab's file, with every loss."""
    losses = Losses()
    commands.told(pipeline, losses, "GitLab")
    if pipeline.system is not System.GITLAB_CI:
        starting.nothing(pipeline, losses)
        pipeline = settled(starting.asked(starting.separated(given(pipeline, losses))), losses)
        outside.tell(pipeline, losses, System.GITLAB_CI, _to_make, known=_BY_ITSELF)
    writing = Writing(
        _named(limits.of_jobs(shell_named(whole_rows(pipeline, variables=False)), losses, "GitLab")), losses
    )
    whole: Data = {}
    header = _header(writing)
    order = Order(writing)
    _global(writing, order, whole)
    written = writing.pipeline
    templates = any(job.extends for job in written.jobs)
    for job in written.jobs:
        if job.template and not templates:
            continue
        whole[job.id] = write_job.job(job, writing, order)
    _native(writing, whole)
    whole = _with_default(whole, [job.id for job in written.jobs])
    made = emit(Spaced(whole), head=written.comment)
    start = emit(Spaced(header)).text + "---\n" if header else ""
    return Written(start + made.text, writing.losses.all(_moved(made, start)))


def _to_make(name: str, secret: bool) -> str:
    kind = "a masked variable" if secret else "a variable"
    return f"add {kind} {name} to the project (Settings, CI/CD, Variables); jobs then have it by itself"


def _with_default(whole: Data, names: list[str]) -> Data:
    """What every job says alike stands in `default` once. Jobs with `trigger` inherit nothing."""
    jobs = [job for name in names if isinstance(job := getattr(whole.get(name), "value", None), dict)]
    jobs = [job for job in jobs if "trigger" not in job]
    if len(jobs) < 2 or "default" in whole or any("extends" in job or "inherit" in job for job in jobs):
        return whole
    shared = {
        key: jobs[0][key] for key in DEFAULTS if key in jobs[0] and all(job.get(key) == jobs[0][key] for job in jobs)
    }
    if not shared:
        return whole
    for job in jobs:
        for key in shared:
            del job[key]
    head = {key: value for key, value in whole.items() if key in {"workflow", "include", "stages", "variables"}}
    rest = {key: value for key, value in whole.items() if key not in head}
    return {**head, "default": shared, **rest}


def _moved(made: Emitted, start: str) -> dict[Any, Any]:
    """The places of marks behind a header."""
    lines, characters = start.count("\n"), len(start)
    return {
        mark: dataclasses.replace(
            span,
            line=span.line + lines,
            end_line=span.end_line + lines,
            start=span.start + characters,
            end=span.end + characters,
        )
        for mark, span in made.places.items()
    }


def _named(pipeline: Pipeline) -> Pipeline:
    """No job has a name that is a key of the file."""
    taken = {job.id: f"{job.id}-job" for job in pipeline.jobs if job.id in _RESERVED or job.id.startswith(".")}
    taken = {} if pipeline.system.value == "gitlab_ci" else taken
    if not taken:
        return pipeline
    jobs = tuple(
        dataclasses.replace(
            job,
            id=taken.get(job.id, job.id).lstrip("."),
            needs=None if job.needs is None else tuple(
                dataclasses.replace(need, job=taken.get(need.job, need.job).lstrip(".")) for need in job.needs
            ),
        )
        for job in pipeline.jobs
    )  # fmt: skip
    return dataclasses.replace(pipeline, jobs=jobs, index={})


def _header(writing: Writing) -> Data:
    """`spec:inputs`, and what else stands before `---`."""
    inputs: Data = {}
    given = list(writing.pipeline.parameters)
    if not writing.own:
        given += [one for trigger in writing.pipeline.triggers for one in trigger.inputs if one not in given]
    for one in given:
        inputs.setdefault(one.name, _parameter(one, writing))
    header: Data = {"spec": {"inputs": inputs}} if inputs else {}
    if writing.own:
        natives = [native for native in writing.pipeline.natives if native.key.startswith("spec.")]
        for native in natives:
            header.setdefault("spec", {})
            writing.natives([native], header)
    elif inputs:
        why = "GitLab puts inputs in when the pipeline is made, not when a job starts"
        writing.losses.approximated(
            "inputs", why, "check what else starts the pipeline: the defaults count then", given[0].span
        )
    return header


def _parameter(one: Parameter, writing: Writing) -> Data:
    made: Data = {}
    if one.description:
        made["description"] = one.description
    if one.type not in {"string", "choice"}:
        made["type"] = one.type if one.type in {"boolean", "number", "array"} else "string"
    if one.options:
        made["options"] = Flow(list(one.options))
    if one.default is not None:
        made["default"] = _typed(one)
    elif not one.required or not writing.own:
        made["default"] = {"boolean": False, "number": 0}.get(one.type, one.options[0] if one.options else "")
    if writing.own and one.required:
        made.pop("default", None)
    return made


def _typed(one: Parameter) -> Any:
    if one.type == "boolean":
        return one.default == "true"
    if one.type == "number" and one.default is not None and one.default.lstrip("-").isdecimal():
        return int(one.default)
    return one.default


def _global(writing: Writing, order: Order, whole: Data) -> None:
    """`workflow`, `stages`, `variables`."""
    found = writing.pipeline
    head: Data = {}
    if found.name:
        head["name"] = writing.text(found.name, "name", found.span)
    if found.rules and writing.own:
        head["rules"] = write_rules.rules(found.rules, writing, "workflow.rules")
    elif not writing.own:
        head.update(workflow(writing))
    if head:
        whole["workflow"] = head
    stages = order.listed()
    if stages and not (writing.own and tuple(stages) == STAGES):
        whole["stages"] = Flow(stages) if sum(map(len, stages)) < 70 else stages
    variables: Data = {}
    for one in found.variables:
        if write_job.outside(one, writing) == one.name or write_job.set_by_gitlab(one, writing):
            continue
        text = writing.text(one.value, one.name, one.span)
        variables[one.name] = {"value": text, "description": one.description} if one.description else text
    if variables:
        whole["variables"] = variables


def _native(writing: Writing, whole: Data) -> None:
    found = writing.pipeline
    natives = (
        [native for native in found.natives if not native.key.startswith("spec.")] if writing.own else found.natives
    )
    writing.natives(natives, whole)
    if writing.own:
        return
    if found.permissions is not None:
        why = "what a job's token may do is set for the project"
        fix = "see Settings, CI/CD, Job token permissions"
        writing.losses.dropped("permissions", why, fix, found.permissions.span)
    if found.concurrency is not None:
        if found.concurrency.cancel is not False:
            whole.setdefault("workflow", {})["auto_cancel"] = {"on_new_commit": "interruptible"}
            for job in found.jobs:
                data = getattr(whole.get(job.id), "value", None)
                if isinstance(data, dict):
                    data.setdefault("interruptible", True)
            why = "GitLab ends older pipelines of the same branch, whatever the group is called"
        else:
            why = "GitLab has no queue of whole pipelines"
        fix = (
            "" if found.concurrency.cancel is not False else "give the jobs that must not overlap one `resource_group`"
        )
        writing.losses.approximated("concurrency", why, fix, found.concurrency.span)
    for post in found.post:
        why = "GitLab has no steps behind a whole pipeline"
        writing.losses.manual(f"post {post.when}", why, "add a job in the stage `.post`", post.span)
    for stage in found.stages:
        writing.natives(stage.natives, {})
        for post in stage.post:
            why = "GitLab has no steps behind a stage"
            writing.losses.manual(
                f"{stage.name}: post {post.when}", why, "add a job that needs the stage's jobs", post.span
            )
