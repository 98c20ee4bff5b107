"""A job's steps -> model. Called by the reader of jobs and by that of composite actions."""

from __future__ import annotations

from seaway.formats.pipelines.github_actions import components
from seaway.formats.pipelines.github_actions.expressions import condition, template
from seaway.formats.pipelines.github_actions.values import minutes, truth, variables
from seaway.formats.yaml.kept import fields, natives
from seaway.formats.yaml.tree import Node, Tree, is_mapping, is_scalar, string
from seaway.model.expression import Condition, Phase
from seaway.model.pipeline import Opaque, Run, Step, Variable, Work


def read(tree: Tree, node: Node, prefix: str) -> Step:
    """One step. `prefix`: its path in the file, like `jobs.build.steps.0.`."""
    span = tree.span(node)
    if not is_mapping(node):
        return Step(Opaque(tree.source(node)), span=span)
    rest = fields(node)
    work = _work(tree, rest)
    if work is None:
        return Step(Opaque(tree.source(node)), span=span)
    timeout = minutes(rest["timeout-minutes"][1]) if "timeout-minutes" in rest else None
    if timeout is not None:
        del rest["timeout-minutes"]
    return Step(
        work,
        name=taken(rest, "name"),
        id=taken(rest, "id"),
        condition=read_condition(tree, rest, Phase.RUN),
        env=read_variables(tree, rest, "env"),
        timeout=timeout,
        continue_on_error=read_tolerance(rest, Phase.RUN),
        natives=natives(tree, prefix, rest),
        comment=tree.comment(node, _dash(tree, node)) if "#" in tree.text else "",
        span=span,
    )


def _dash(tree: Tree, node: Node) -> int | None:
    """The column of the `-` before a block item: comments above it stand there."""
    start = node.start_mark.index - node.start_mark.column
    before = tree.text[start : node.start_mark.index]
    return before.index("-") if before.strip() == "-" else None


def _work(tree: Tree, rest: dict[str, tuple[Node, Node]]) -> Work | None:
    if "uses" in rest and is_scalar(rest["uses"][1]):
        node = rest.pop("uses")[1]
        ref = components.component(string(node), tree.span(node))
        return components.work(ref, read_variables(tree, rest, "with"))
    if "run" in rest and is_scalar(rest["run"][1]):
        script = template(string(rest.pop("run")[1]))
        return Run(script, taken(rest, "shell"), template(taken(rest, "working-directory")))
    return None


def taken(rest: dict[str, tuple[Node, Node]], name: str) -> str:
    """A scalar's text, taken out of the fields; anything else stays in."""
    found = rest.get(name)
    if found is None or not is_scalar(found[1]):
        return ""
    del rest[name]
    return string(found[1])


def read_condition(tree: Tree, rest: dict[str, tuple[Node, Node]], phase: Phase) -> Condition | None:
    """`if:`, taken out of the fields."""
    found = rest.get("if")
    if found is None or not is_scalar(found[1]):
        return None
    del rest["if"]
    return condition(string(found[1]), phase, tree.span(found[1]))


def read_variables(tree: Tree, rest: dict[str, tuple[Node, Node]], name: str) -> tuple[Variable, ...]:
    """`env`, `with` and the like, taken out of the fields; an expression that makes the whole mapping stays in."""
    found = rest.get(name)
    if found is None or not is_mapping(found[1]):
        return ()
    del rest[name]
    return variables(tree, found[1])


def read_tolerance(rest: dict[str, tuple[Node, Node]], phase: Phase) -> bool | Condition:
    """`continue-on-error`, taken out of the fields."""
    found = rest.get("continue-on-error")
    value = truth(found[1], phase) if found else None
    if value is None:
        return False
    del rest["continue-on-error"]
    return value
