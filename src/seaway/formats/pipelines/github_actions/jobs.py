"""`jobs:` -> model. Called by the reader of workflows."""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.github_actions import components, steps
from seaway.formats.pipelines.github_actions.expressions import template
from seaway.formats.pipelines.github_actions.steps import read_condition, read_tolerance, read_variables, taken
from seaway.formats.pipelines.github_actions.values import minutes, scalar, truth
from seaway.formats.yaml.kept import fields, natives
from seaway.formats.yaml.tree import (
    Node,
    Tree,
    integer,
    is_mapping,
    is_null,
    is_scalar,
    is_sequence,
    is_true,
    items,
    string,
    strings,
)
from seaway.model.expression import Phase, Text
from seaway.model.pipeline import (
    Axis,
    Component,
    Concurrency,
    DeployTarget,
    Image,
    Job,
    Matrix,
    Need,
    Permissions,
    Row,
    Runner,
    Step,
    Variable,
)

Fields = dict[str, tuple[Node, Node]]
_SYSTEMS = {"ubuntu": "linux", "linux": "linux", "windows": "windows", "macos": "macos"}


def read(tree: Tree, name: str, key: Node, node: Node) -> Job:
    """One job."""
    span, key_span = tree.span(node, key), tree.span(key)
    rest = fields(node)
    prefix = f"jobs.{name}."
    if not rest:
        kept = () if is_null(node) else natives(tree, "jobs.", {name: (key, node)})
        return Job(name, natives=kept, span=span, key_span=key_span)
    kept_steps = _steps(tree, rest, prefix)
    calls, inputs = _call(tree, rest)
    shell, cwd = defaults(rest)
    timeout = minutes(rest["timeout-minutes"][1]) if "timeout-minutes" in rest else None
    if timeout is not None:
        del rest["timeout-minutes"]
    return Job(
        name,
        template(taken(rest, "name")),
        needs=_needs(tree, rest),
        condition=read_condition(tree, rest, Phase.QUEUE),
        runner=_runner(tree, rest),
        container=_container(tree, rest, prefix),
        services=_services(tree, rest, prefix),
        matrix=_matrix(tree, rest),
        variables=read_variables(tree, rest, "env"),
        permissions=permissions(tree, rest),
        steps=kept_steps,
        caches=components.tool_caches(kept_steps),
        outputs=read_variables(tree, rest, "outputs"),
        timeout=timeout,
        continue_on_error=read_tolerance(rest, Phase.QUEUE),
        environment=_environment(tree, rest, prefix),
        concurrency=concurrency(tree, rest),
        calls=calls,
        inputs=inputs,
        shell=shell,
        cwd=cwd,
        natives=natives(tree, prefix, rest),
        comment=tree.comment(key, key.start_mark.column) if "#" in tree.text else "",
        span=span,
        key_span=key_span,
    )


def _steps(tree: Tree, rest: Fields, prefix: str) -> tuple[Step, ...]:
    found = rest.get("steps")
    if found is None or not is_sequence(found[1]):
        return ()
    del rest["steps"]
    return tuple(steps.read(tree, item, f"{prefix}steps.{at}.") for at, item in enumerate(found[1].value))


def _call(tree: Tree, rest: Fields) -> tuple[Component | None, tuple[Variable, ...]]:
    """`uses` of a whole workflow, with its inputs and the secrets that it is given one by one."""
    found = rest.get("uses")
    if found is None or not is_scalar(found[1]):
        return None, ()
    del rest["uses"]
    ref = components.component(string(found[1]), tree.span(found[1]))
    given = read_variables(tree, rest, "with")
    secrets = read_variables(tree, rest, "secrets")
    return ref, given + tuple(dataclasses.replace(one, secret=True) for one in secrets)


def defaults(rest: Fields) -> tuple[str, Text]:
    """`defaults.run`: the shell and the folder; other defaults stay in the fields."""
    found = rest.get("defaults")
    inner = fields(found[1]) if found else {}
    run = fields(inner["run"][1]) if set(inner) == {"run"} else {}
    if (
        not run
        or not set(run) <= {"shell", "working-directory"}
        or not all(is_scalar(value) for _, value in run.values())
    ):
        return "", ""
    del rest["defaults"]
    return taken(run, "shell"), template(taken(run, "working-directory"))


def _needs(tree: Tree, rest: Fields) -> tuple[Need, ...] | None:
    found = rest.get("needs")
    if found is None:
        return None
    del rest["needs"]
    node = found[1]
    listed = node.value if is_sequence(node) else [node]
    return tuple(Need(string(item), artifacts=False, span=tree.span(item)) for item in listed if string(item))


def _runner(tree: Tree, rest: Fields) -> Runner:
    found = rest.pop("runs-on", None)
    if found is None:
        return Runner()
    key, node = found
    inner = fields(node)
    group = ""
    if inner:
        group = taken(inner, "group")
        labels = strings(inner["labels"][1]) if "labels" in inner else ()
    else:
        labels = strings(node)
    return Runner(tuple(template(label) for label in labels), group, system_of(labels), span=tree.span(node, key))


def system_of(labels: tuple[str, ...]) -> str:
    """linux, windows or macos, where a label says so."""
    for label in labels:
        if found := _SYSTEMS.get(label.lower().split("-")[0]):
            return found
    return ""


def _container(tree: Tree, rest: Fields, prefix: str) -> Image | None:
    found = rest.get("container")
    if found is None or is_null(found[1]):
        return None
    del rest["container"]
    return _image(tree, "", found, f"{prefix}container.")


def _services(tree: Tree, rest: Fields, prefix: str) -> tuple[Image, ...]:
    found = rest.get("services")
    if found is None or not is_mapping(found[1]):
        return ()
    del rest["services"]
    return tuple(_image(tree, name, (key, value), f"{prefix}services.{name}.") for name, key, value in items(found[1]))


def _image(tree: Tree, alias: str, found: tuple[Node, Node], prefix: str) -> Image:
    key, node = found
    span = tree.span(node, key)
    if not is_mapping(node):
        return Image(template(scalar(node)), alias, span=span)
    rest = fields(node)
    ports = rest.pop("ports", None)
    return Image(
        template(taken(rest, "image")),
        alias,
        env=read_variables(tree, rest, "env"),
        ports=strings(ports[1]) if ports else (),
        options=taken(rest, "options"),
        natives=natives(tree, prefix, rest),
        span=span,
    )


def permissions(tree: Tree, rest: Fields) -> Permissions | None:
    """`permissions`: one word or a list of scopes; `{}` grants nothing."""
    found = rest.get("permissions")
    if found is None:
        return None
    key, node = found
    span = tree.span(node, key)
    if is_mapping(node):
        del rest["permissions"]
        scopes = tuple((name, string(value)) for name, _, value in items(node))
        return Permissions(scopes, "" if scopes else "none", span)
    word = string(node)
    if word in {"read-all", "write-all"}:
        del rest["permissions"]
        return Permissions((), word.removesuffix("-all"), span)
    return None


def concurrency(tree: Tree, rest: Fields) -> Concurrency | None:
    """`concurrency`: a group, and whether a newer run ends the older one. What else stands there stays in the fields."""
    found = rest.get("concurrency")
    if found is None or is_null(found[1]):
        return None
    key, node = found
    span = tree.span(node, key)
    if is_scalar(node):
        del rest["concurrency"]
        return Concurrency(template(string(node)), span=span)
    inner = fields(node)
    group, cancels = inner.pop("group", None), inner.pop("cancel-in-progress", None)
    queue = inner.pop("queue", None)
    cancel = truth(cancels[1], Phase.QUEUE) if cancels else False
    if inner or group is None or cancel is None:
        return None
    del rest["concurrency"]
    return Concurrency(template(string(group[1])), cancel, queue is not None and string(queue[1]) == "max", span)


def _environment(tree: Tree, rest: Fields, prefix: str) -> DeployTarget | None:
    found = rest.get("environment")
    if found is None or is_null(found[1]):
        return None
    key, node = found
    span = tree.span(node, key)
    del rest["environment"]
    if is_scalar(node):
        return DeployTarget(template(string(node)), span=span)
    inner = fields(node)
    name, url = template(taken(inner, "name")), template(taken(inner, "url"))
    return DeployTarget(name, url, natives=natives(tree, f"{prefix}environment.", inner), span=span)


def _matrix(tree: Tree, rest: Fields) -> Matrix | None:
    found = rest.get("strategy")
    if found is None or not is_mapping(found[1]):
        return None
    strategy = fields(found[1])
    given = strategy.pop("matrix", None)
    fast = is_true(strategy["fail-fast"][1]) if "fail-fast" in strategy else None
    most = integer(strategy["max-parallel"][1]) if "max-parallel" in strategy else None
    if fast is not None:
        del strategy["fail-fast"]
    if most is not None:
        del strategy["max-parallel"]
    if strategy or given is None:  # words that are not known, or computed ones: the whole stays as it is
        return None
    del rest["strategy"]
    span = tree.span(found[1], found[0])
    node = given[1]
    if not is_mapping(node):
        return Matrix(max_parallel=most, fail_fast=fast, computed=string(node), span=span)
    axes: list[Axis] = []
    include: tuple[Row, ...] = ()
    exclude: tuple[Row, ...] = ()
    for name, _, value in items(node):
        if name == "include" and is_sequence(value):
            include = _rows(value)
        elif name == "exclude" and is_sequence(value):
            exclude = _rows(value)
        elif is_sequence(value):
            axes.append(Axis(name, tuple(template(scalar(item)) for item in value.value)))
        else:
            axes.append(Axis(name, computed=scalar(value)))
    return Matrix(tuple(axes), include, exclude, (), most, fast, span=span)


def _rows(node: Node) -> tuple[Row, ...]:
    return tuple(tuple((name, template(scalar(value))) for name, _, value in items(item)) for item in node.value)
