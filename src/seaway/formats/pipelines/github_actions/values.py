"""Small values that stand everywhere in a workflow: variables, lines, durations, and what is kept as it is. Called by the readers."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import yaml

from seaway.formats.pipelines.github_actions.expressions import condition, template
from seaway.formats.yaml.kept import data, fields, natives
from seaway.formats.yaml.tree import Node, Tree, is_null, is_true, items, string
from seaway.model.expression import Condition, Expr, Phase, Ref, Template, Text, walk
from seaway.model.pipeline import Native, Parameter, Variable
from seaway.model.span import Span

_MINUTES = re.compile(r"\d{1,7}(?:\.\d+)?\Z")


def variables(tree: Tree, node: Node | None) -> tuple[Variable, ...]:
    """A mapping of names to values, such as `env` and `with`."""
    return tuple(variable(tree, name, key, value) for name, key, value in items(node))


def variable(tree: Tree, name: str, key: Node, value: Node) -> Variable:
    """One of them. A value that is no scalar is kept as JSON."""
    text = template(scalar(value))
    return Variable(name, text, secret=is_secret(text), span=tree.span(value, key))


def scalar(node: Node) -> str:
    """A value as text, whatever it is."""
    return string(node) if isinstance(node, yaml.ScalarNode) else json.dumps(data(node), ensure_ascii=False)


def is_secret(text: Text) -> bool:
    """Whether it takes a secret or the run's token."""
    if isinstance(text, str):
        return False
    return any(_names_secret(one) for part in text.parts if not isinstance(part, str) for one in walk(part))


def _names_secret(expr: Expr) -> bool:
    return isinstance(expr, Ref) and (expr.context == "secret" or expr.path[:2] in {("github", "token"), ("secrets",)})


def lines(text: str) -> tuple[Text, ...]:
    """The lines of a list written as one text, without blank ones. An expression over several lines keeps them together."""
    whole = template(text)
    if isinstance(whole, Template) and any("\n" in line for line in _expressions(text)):
        return (whole,)
    return tuple(template(line.strip()) for line in text.splitlines() if line.strip())


def _expressions(text: str) -> list[str]:
    return [part.split("}}")[0] for part in text.split("${{")[1:]]


def minutes(node: Node | None) -> timedelta | None:
    """`timeout-minutes`, where it is a number."""
    text = string(node)
    return timedelta(minutes=float(text)) if _MINUTES.match(text) else None


def truth(node: Node | None, phase: Phase) -> bool | Condition | None:
    """A truth value or an expression that makes one; None for anything else."""
    known = is_true(node)
    if known is not None:
        return known
    text = string(node)
    return condition(text, phase) if "${{" in text else None


def parameters(tree: Tree, node: Node | None, prefix: str, left: list[Native]) -> tuple[Parameter, ...]:
    """The inputs of `workflow_dispatch`, `workflow_call` and actions; what else stands there goes to `left`."""
    found = []
    for name, key, value in items(node):
        rest = fields(value)
        found.append(_parameter(name, rest, tree.span(value, key)))
        left += natives(tree, f"{prefix}{name}.", rest)
    return tuple(found)


def _parameter(name: str, rest: dict[str, tuple[Node, Node]], span: Span) -> Parameter:
    kind, default, words, options = (_inner(rest, key) for key in ("type", "default", "description", "options"))
    required = is_true(_inner(rest, "required")) is True
    return Parameter(
        name,
        string(kind, "string"),
        None if default is None or is_null(default) else scalar(default),
        string(words),
        required,
        tuple(scalar(option) for option in _sequence(options)),
        span,
    )


def _inner(rest: dict[str, tuple[Node, Node]], name: str) -> Node | None:
    found = rest.pop(name, None)
    return found[1] if found else None


def _sequence(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
