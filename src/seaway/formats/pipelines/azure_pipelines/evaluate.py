"""Template expressions, evaluated as far as their values are known. Called by `templates` while it expands a file.

A value is a text, number, truth value or None; a YAML node (a list or a mapping); or, where something is only known when a
run is queued, the rest of the expression. Semantics after Azure's documentation: comparisons ignore case and take the type
of the left side; a text is true unless it is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from seaway.formats.pipelines.azure_pipelines.expressions import parse, template
from seaway.formats.yaml.tree import is_null, is_true, items
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Unary, Unknown

Value: TypeAlias = Any  # str | int | float | bool | None | a yaml node | Expr
_REST = (Literal, Ref, Call, Unary, Binary, Unknown)


@dataclass(slots=True)
class Scope:
    """`parameters`: name in lower case -> value. `open`: more may be given when a run is queued. `loops`: variables of `each`."""

    parameters: dict[str, Value] = field(default_factory=dict)
    open: bool = True
    loops: dict[str, Value] = field(default_factory=dict)

    def within(self, name: str, value: Value) -> Scope:
        """The scope of one turn of a loop."""
        return Scope(self.parameters, self.open, {**self.loops, name.lower(): value})


def is_known(value: Value) -> bool:
    """The value is not the rest of an expression."""
    return not isinstance(value, _REST)


def value_of(node: Any) -> Value:
    """A node as a value: lists and mappings stay nodes."""
    if not isinstance(node, yaml.ScalarNode):
        return node
    text = str(node.value)
    if "${{" in text:
        return _text_with_rest(text)
    if (truth := is_true(node)) is not None and text.lower() in {"true", "false"}:
        return truth
    return "" if is_null(node) else text


def _text_with_rest(text: str) -> Value:
    found = template(text)
    if not isinstance(found, Template):
        return text
    if len(found.parts) == 1 and not isinstance(found.parts[0], str):
        return found.parts[0]
    inner = [part for part in found.parts if not isinstance(part, str)]
    pattern = ""
    for part in found.parts:
        pattern += part if isinstance(part, str) else f"{{{inner.index(part)}}}"
    return Call("format", (Literal(pattern), *inner))


def evaluate_text(text: str, scope: Scope) -> Value:
    """What stands between `${{` and `}}`, evaluated."""
    return evaluate(parse(text), scope)


def evaluate(expr: Expr, scope: Scope) -> Value:
    """The value, or what remains of the expression."""
    if isinstance(expr, Literal):
        return expr.value
    if isinstance(expr, Ref):
        return _ref(expr, scope)
    if isinstance(expr, Unary):
        value = evaluate(expr.operand, scope)
        return Unary(expr.op, value) if not is_known(value) or expr.op != "!" else not truth_of(value)
    if isinstance(expr, Binary):
        return _binary(expr, scope)
    if isinstance(expr, Call):
        return _call(expr, scope)
    return expr


def _ref(ref: Ref, scope: Scope) -> Value:
    path = [part if isinstance(part, str) else evaluate(part, scope) for part in ref.path]
    if ref.context == "input":
        name = str(path[0]).lower()
        if name in scope.parameters:
            return _descend(scope.parameters[name], path[1:], ref)
        return ref if scope.open else None
    if ref.context == "native" and path:
        head = str(path[0]).lower()
        if head in scope.loops:
            return _descend(scope.loops[head], path[1:], ref)
        if head == "parameters" and len(path) == 1:
            return dict(scope.parameters)
    return ref


def _descend(value: Value, path: list[Value], ref: Ref) -> Value:
    for part in path:
        if not is_known(value):
            return ref
        if isinstance(value, Mapping):
            value = value.get(str(part))
        elif isinstance(value, yaml.MappingNode):
            found = next((inner for name, _, inner in items(value) if name.lower() == str(part).lower()), None)
            value = None if found is None else value_of(found)
        elif isinstance(value, yaml.SequenceNode) and str(part).isdecimal() and int(part) < len(value.value):
            value = value_of(value.value[int(part)])
        else:
            return None
    return value


def truth_of(value: Value) -> bool:
    """As Azure casts to a truth value."""
    if isinstance(value, str):
        return value != ""
    return bool(value) if isinstance(value, (bool, int, float)) else value is not None


def shown(value: Value) -> str:
    """As Azure casts to text."""
    if isinstance(value, yaml.ScalarNode):
        value = str(value.value)
    if isinstance(value, bool):
        return "True" if value else "False"
    return "" if value is None else str(value)


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, bool):
        return left == (right.lower() == "true" if isinstance(right, str) else truth_of(right))
    return shown(left).lower() == shown(right).lower()


def rest(value: Value) -> Expr:
    """A known scalar as part of an expression that remains."""
    if not is_known(value):
        return value  # type: ignore[no-any-return]
    return Literal(value) if isinstance(value, (str, bool, int, float)) or value is None else Unknown("a list")


def _binary(expr: Binary, scope: Scope) -> Value:
    left = evaluate(expr.left, scope)
    if expr.op in ("&&", "||"):
        decides = expr.op == "||"
        if is_known(left):
            return decides if truth_of(left) is decides else _as_truth(evaluate(expr.right, scope))
        right = evaluate(expr.right, scope)
        if is_known(right):
            return decides if truth_of(right) is decides else left
        return Binary(expr.op, left, right)
    right = evaluate(expr.right, scope)
    if not (is_known(left) and is_known(right)):
        return Binary(expr.op, rest(left), rest(right))
    if expr.op in ("==", "!="):
        return _same(left, right) is (expr.op == "==")
    try:
        return _ORDER[expr.op](float(shown(left)), float(shown(right)))
    except (KeyError, ValueError):
        return False


def _as_truth(value: Value) -> Value:
    return truth_of(value) if is_known(value) else value


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _call(call: Call, scope: Scope) -> Value:
    args = [evaluate(one, scope) for one in call.args]
    function = _FUNCTIONS.get(call.name.lower())
    if function is None or not all(is_known(one) for one in args):
        return Call(call.name, tuple(rest(one) for one in args))
    try:
        return function(args)
    except (IndexError, TypeError, ValueError):
        return None


def _members(value: Value) -> list[Value]:
    if isinstance(value, yaml.SequenceNode):
        return [value_of(one) for one in value.value]
    if isinstance(value, yaml.MappingNode):
        return [value_of(one) for _, _, one in items(value)]
    return [value]


def _format(args: list[Value]) -> str:
    """`{{` and `}}` are braces, so that what comes out may be a pattern again."""

    def filled(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        index = int(found[1]) + 1
        return shown(args[index]) if index < len(args) else found[0]

    return re.sub(r"\{\{|\}\}|\{(\d{1,4})\}", filled, shown(args[0]))


def _contains_value(args: list[Value]) -> bool:
    return any(_same(one, args[1]) for one in _members(args[0]))


_FUNCTIONS: dict[str, Callable[[list[Value]], Value]] = {
    "contains": lambda args: shown(args[1]).lower() in shown(args[0]).lower(),
    "starts_with": lambda args: shown(args[0]).lower().startswith(shown(args[1]).lower()),
    "ends_with": lambda args: shown(args[0]).lower().endswith(shown(args[1]).lower()),
    "containsvalue": _contains_value,
    "format": _format,
    "join": lambda args: shown(args[1]).join(shown(one) for one in _members(args[0])),
    "coalesce": lambda args: next((one for one in args if one not in (None, "")), ""),
    "lower": lambda args: shown(args[0]).lower(),
    "upper": lambda args: shown(args[0]).upper(),
    "trim": lambda args: shown(args[0]).strip(),
    "replace": lambda args: shown(args[0]).replace(shown(args[1]), shown(args[2])),
    "length": lambda args: len(args[0]) if isinstance(args[0], str) else len(_members(args[0])),
    "iif": lambda args: args[1] if truth_of(args[0]) else args[2],
    "xor": lambda args: truth_of(args[0]) is not truth_of(args[1]),
}
