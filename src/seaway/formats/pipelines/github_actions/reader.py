"""A workflow, or an action's `action.yml` -> model. Called by `parse`."""

from __future__ import annotations

from seaway.errors import ConfigError, Problem
from seaway.formats.pipelines.github_actions import components, jobs, steps, triggers
from seaway.formats.pipelines.github_actions.expressions import template
from seaway.formats.pipelines.github_actions.jobs import Fields, concurrency, defaults, permissions
from seaway.formats.pipelines.github_actions.steps import read_variables, taken
from seaway.formats.pipelines.github_actions.values import parameters
from seaway.formats.yaml.aliases import check_aliases
from seaway.formats.yaml.kept import fields, natives
from seaway.formats.yaml.tree import Node, Tree, get, is_mapping, is_sequence, items, read, string
from seaway.model.pipeline import Job, Native, Parameter, Pipeline, System, Trigger, TriggerKind, Variable

ACTION = "action"  # the trigger's word in the file of an action
COMPOSITE = "composite"  # the one job of a composite action


def read_file(text: str, path: str) -> Pipeline:
    """The file as written. Raises ConfigError for what is neither a workflow nor an action."""
    tree = read(text, path)
    root = tree.documents[0] if tree.documents else None
    if root is None or not is_mapping(root):
        raise ConfigError([Problem(path, 1, 1, "a workflow is a mapping with `on` and `jobs`")])
    check_aliases(tree)
    rest = fields(root)
    if "runs" in rest and "jobs" not in rest:
        return _action(tree, root, rest)
    if "jobs" not in rest or not is_mapping(rest["jobs"][1]):
        place = rest["jobs"][1] if "jobs" in rest else root
        raise tree.problem(place, "this is no workflow: it has no mapping `jobs`")
    return _workflow(tree, root, rest)


def _workflow(tree: Tree, root: Node, rest: Fields) -> Pipeline:
    node = rest.pop("jobs")[1]
    event = rest.pop("on", None) or rest.pop("true", None)
    found, left = triggers.read(tree, event[1] if event else None)
    shell, cwd = defaults(rest)
    return Pipeline(
        System.GITHUB_ACTIONS,
        tree.path,
        template(taken(rest, "name")),
        found,
        asked(found),
        read_variables(tree, rest, "env"),
        permissions(tree, rest),
        concurrency(tree, rest),
        jobs=tuple(jobs.read(tree, name, key, value) for name, key, value in items(node)),
        shell=shell,
        cwd=cwd,
        natives=left + natives(tree, "", rest),
        comment=_head(tree),
        span=tree.span(root),
    )


def asked(found: tuple[Trigger, ...]) -> tuple[Parameter, ...]:
    """The inputs of all triggers, each name once."""
    known: dict[str, Parameter] = {}
    for trigger in found:
        for one in trigger.inputs:
            known.setdefault(one.name, one)
    return tuple(known.values())


def _head(tree: Tree) -> str:
    """The comment at the top of the file."""
    found: list[str] = []
    for line in tree.text.splitlines():
        if not line.startswith("#"):
            break
        found.append(line[1:].strip())
    return "\n".join(found)


def _action(tree: Tree, root: Node, rest: Fields) -> Pipeline:
    """An action: a composite one is one job; of the others the file says only what they are called with."""
    key, node = rest.pop("runs")
    runs = fields(node)
    inputs = rest.pop("inputs", None)
    left: list[Native] = []
    given = parameters(tree, inputs[1], "inputs.", left) if inputs else ()
    name = taken(rest, "name")
    found: tuple[Job, ...] = ()
    listed = runs.get("steps")
    if listed and is_sequence(listed[1]):
        del runs["steps"]
        made = tuple(steps.read(tree, item, f"runs.steps.{at}.") for at, item in enumerate(listed[1].value))
        found = (
            Job(
                COMPOSITE,
                steps=made,
                caches=components.tool_caches(made),
                outputs=_outputs(tree, rest),
                span=tree.span(node, key),
                key_span=tree.span(key),
            ),
        )
    return Pipeline(
        System.GITHUB_ACTIONS,
        tree.path,
        template(name),
        (Trigger(TriggerKind.CALL, ACTION, inputs=given, span=tree.span(inputs[1], inputs[0]) if inputs else None),),
        given,
        jobs=found,
        natives=(*left, *natives(tree, "", rest), *natives(tree, "runs.", runs)),
        comment=_head(tree),
        span=tree.span(root),
    )


def _outputs(tree: Tree, rest: Fields) -> tuple[Variable, ...]:
    """Outputs of a composite action: `{value, description}` each. Others stay in the fields."""
    found = rest.get("outputs")
    entries = items(found[1]) if found else []
    if not entries or any(set(fields(value)) - {"value", "description"} for _, _, value in entries):
        return ()
    del rest["outputs"]
    return tuple(
        Variable(
            name,
            template(string(get(value, "value"))),
            description=string(get(value, "description")),
            span=tree.span(value, key),
        )
        for name, key, value in entries
    )
