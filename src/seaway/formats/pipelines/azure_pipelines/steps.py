"""A job's steps -> the model's. Called by `jobs`; the tasks that mean something neutral are in `tasks`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from seaway.formats.pipelines.azure_pipelines.context import Context, Fields, fields_of
from seaway.formats.pipelines.azure_pipelines.tasks import component, lines, task_work
from seaway.formats.pipelines.azure_pipelines.templates import guard_of
from seaway.formats.yaml.tree import integer, is_mapping, is_scalar, is_sequence, is_true, sequence, string
from seaway.model.expression import Phase, Text
from seaway.model.pipeline import Artifact, Checkout, Component, Opaque, Pin, Retry, Run, Step, Use, Variable, Work

Node: TypeAlias = Any
Reader: TypeAlias = Callable[[Fields, Context], tuple[Work, frozenset[str]]]

_COMMON = frozenset(
    {"displayName", "name", "condition", "continueOnError", "env", "timeoutInMinutes", "retryCountOnTaskFailure"}
)
_SETS = re.compile(r"task\.setvariable\s+([^\]]*)\]", re.IGNORECASE)
_SET_NAME = re.compile(r"variable=([\w.-]+)", re.IGNORECASE)


def read_steps(node: Node | None, context: Context) -> tuple[Step, ...]:
    """All steps of a list, in order; what is no step is an opaque one."""
    if not is_sequence(node):
        return ()
    return tuple(read_step(item, context) for item in sequence(node))


def read_step(node: Node, context: Context) -> Step:
    """One step."""
    fields = fields_of(node)
    guard = guard_of(node)
    kind = next((name for name in fields if name in _READERS), "")  # nearly always the first
    if not kind:
        return Step(
            Opaque(context.raw(node)), condition=context.condition(None, guard, Phase.RUN), span=context.span(node)
        )
    work, used = _READERS[kind](fields, context)
    given = fields.get
    timeout = context.minutes(given("timeoutInMinutes")) if "timeoutInMinutes" in fields else None
    retries = integer(given("retryCountOnTaskFailure")) if "retryCountOnTaskFailure" in fields else None
    name = string(given("name")) if "name" in fields else ""
    if name:
        context.names.steps.add(name.lower())
    env = given("env")
    unknown = fields.keys() - used - _COMMON
    if timeout is None and "timeoutInMinutes" in fields:
        unknown.add("timeoutInMinutes")
    if retries is None and "retryCountOnTaskFailure" in fields:
        unknown.add("retryCountOnTaskFailure")
    if env is not None and not is_mapping(env):
        unknown.add("env")
    condition = given("condition")
    return Step(
        work=work,
        name=string(given("displayName")),
        id=name,
        condition=context.condition(condition, guard, Phase.RUN)
        if condition is not None or guard is not None
        else None,
        env=context.pairs(env, env=True) if env is not None else (),
        timeout=timeout,
        retry=Retry(retries) if retries is not None else None,
        continue_on_error=context.truth(given("continueOnError")),
        natives=context.natives(fields, fields.keys() - unknown) if unknown else (),
        comment=context.comment(node),
        span=context.span(node),
    )


def _script(word: str, shell: str) -> Reader:
    used = frozenset({word, "workingDirectory"})

    def reader(fields: Fields, context: Context) -> tuple[Work, frozenset[str]]:
        script = context.text(fields[word], script=True)
        _remember(script, context)
        cwd = fields.get("workingDirectory")
        return Run(script, shell, context.text(cwd) if cwd is not None else ""), used

    return reader


def _remember(script: Text, context: Context) -> None:
    """Variables that a script sets by printing a command to the agent."""
    for part in (script,) if isinstance(script, str) else script.parts:
        if isinstance(part, str) and "task.setvariable" in part:
            for found in _SETS.findall(part):
                context.names.known.update(name.lower() for name in _SET_NAME.findall(found))


def _task(fields: Fields, context: Context) -> tuple[Work, frozenset[str]]:
    ref = component(string(fields["task"]), context.span(fields["task"]))
    work = task_work(ref, fields.get("inputs"), context)
    if isinstance(work, Run):
        _remember(work.script, context)
    return work, frozenset({"task", "inputs"})


def _checkout(fields: Fields, context: Context) -> tuple[Work, frozenset[str]]:
    where = string(fields["checkout"])
    depth = integer(fields.get("fetchDepth"))
    submodules = string(fields.get("submodules"))
    known = {"checkout", "lfs", "path", "persistCredentials", "submodules"}
    if depth is not None:
        known.add("fetchDepth")
    work = Checkout(
        depth=depth,
        repository="" if where == "self" else where,
        path=_text(fields, "path", context),
        submodules={"false": ""}.get(submodules, submodules),
        lfs=is_true(fields.get("lfs")) is True,
        credentials=is_true(fields.get("persistCredentials")),
    )
    return work, frozenset(known)


def _publish(fields: Fields, context: Context) -> tuple[Work, frozenset[str]]:
    paths = (context.text(fields["publish"]),)
    return Artifact("up", _text(fields, "artifact", context), paths), frozenset({"publish", "artifact"})


def _download(fields: Fields, context: Context) -> tuple[Work, frozenset[str]]:
    source = string(fields["download"])
    inputs = () if source == "current" else (Variable("source", source),)
    patterns = fields.get("patterns")
    paths = lines(context.text(patterns)) if patterns is not None and is_scalar(patterns) else ()
    used = {"download", "artifact"} | ({"patterns"} if paths else set())
    return Artifact("down", _text(fields, "artifact", context), paths, inputs=inputs), frozenset(used)


def _template(fields: Fields, context: Context) -> tuple[Work, frozenset[str]]:
    ref = template_ref(fields["template"], context)
    return Use(ref, context.pairs(fields.get("parameters"))), frozenset({"template", "parameters"})


def template_ref(node: Node, context: Context) -> Component:
    """A template: of this repository, or `path@alias` of another."""
    text = string(node)
    name, _, alias = text.partition("@")
    pin = Pin.NONE if alias and alias != "self" else Pin.LOCAL
    return Component(text, name, alias, pin, context.span(node))


def _text(fields: Fields, key: str, context: Context) -> Text:
    node = fields.get(key)
    return "" if node is None else context.text(node)


_READERS: dict[str, Reader] = {
    "script": _script("script", ""),
    "bash": _script("bash", "bash"),
    "pwsh": _script("pwsh", "pwsh"),
    "powershell": _script("powershell", "powershell"),
    "task": _task,
    "checkout": _checkout,
    "publish": _publish,
    "download": _download,
    "template": _template,
}
