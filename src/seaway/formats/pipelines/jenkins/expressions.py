"""Groovy expressions <-> the neutral tree. Groovy runs them while the pipeline runs, so their phase is always `run`.

What Groovy can say and the tree cannot becomes `Unknown` with its text, or a `native` reference for a variable of the script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from seaway.formats.groovy import nodes
from seaway.formats.pipelines.jenkins.calls import dotted, listed
from seaway.formats.pipelines.jenkins.predefined import REFERENCES
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary, Unknown, both, either

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "&&", "||"})
_METHODS = {"contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"}
_MAX_CONCATENATION = 200


@dataclass(slots=True)
class Known:
    """Variables of the script that never change (see `constants`). `used`: those whose value stood in for their name."""

    values: dict[str, nodes.Expr] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean here. `text`: the file; `constants`: see `constants`; `folder`: a `dir` is around."""

    text: str
    inputs: frozenset[str] = frozenset()
    env: frozenset[str] = frozenset()
    matrix: frozenset[str] = frozenset()
    constants: Known | None = None
    folder: bool = False

    def with_env(self, names: set[str]) -> Scope:
        """The same with more variables of the environment."""
        return replace(self, env=self.env | names) if names - self.env else self

    def constant(self, name: str) -> nodes.Expr | None:
        """The value that a bare name stands for, where it is known and nothing else has that name."""
        found = self.constants.values.get(name) if self.constants is not None else None
        if found is None or name in self.env or name in self.inputs or name in self.matrix or name in REFERENCES:
            return None
        if self.constants is not None:
            self.constants.used.add(name)
        return found

    def variable(self, name: str) -> Ref:
        """What `env.NAME` means."""
        if name in self.matrix:
            return Ref("matrix", (name,))
        if name in self.env:
            return Ref("env", (name,))
        known = REFERENCES.get(name)
        return known if isinstance(known, Ref) else Ref("env", (name,))

    def name(self, name: str) -> Ref:
        """What a bare name means."""
        if name in self.inputs and name not in self.env:
            return Ref("input", (name,))
        if name in self.env or name in self.matrix or name in REFERENCES:
            return self.variable(name)
        return Ref("native", (name,))


def expression(node: nodes.Expr, scope: Scope) -> Expr:
    """A Groovy expression in neutral words."""
    found = _expression(node, scope)
    return Unknown(source(node, scope.text)) if found is None else found


def source(node: nodes.Node, text: str) -> str:
    """The node's text without the brackets that only group it."""
    found = text[node.start : node.end].strip()
    while found.startswith("(") and found.endswith(")") and _closes_last(found):
        found = found[1:-1].strip()
    return found


def _closes_last(text: str) -> bool:
    depth = 0
    for index, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char in "'\"":
            return False
        if depth == 0:
            return index == len(text) - 1
    return False


def _expression(node: nodes.Expr, scope: Scope) -> Expr | None:
    if isinstance(node, nodes.Constant):
        return Literal(node.value)
    if isinstance(node, nodes.Name):
        value = scope.constant(node.name) if scope.constants is not None else None
        return scope.name(node.name) if value is None else _expression(value, scope)
    if isinstance(node, nodes.Property):
        return _property(node, scope)
    if isinstance(node, nodes.Operation):
        return _operation(node, scope)
    if isinstance(node, nodes.GString):
        return _formatted(node, scope)
    if isinstance(node, nodes.Call):
        return _call(node, scope)
    if isinstance(node, nodes.Index):
        return _index(node, scope)
    return None


def _property(node: nodes.Property, scope: Scope) -> Expr | None:
    name = dotted(node)
    if name is None:
        return None
    value = scope.constant(name) if scope.constants is not None else None
    if value is not None:
        return _expression(value, scope)
    first, _, rest = name.partition(".")
    if first == "env" and "." not in rest:
        return scope.variable(rest)
    if first == "params" and "." not in rest:
        return Ref("input", (rest,))
    return Ref("native", (name,))


def _index(node: nodes.Index, scope: Scope) -> Expr | None:
    if isinstance(node.target, nodes.Name) and len(node.args) == 1 and isinstance(node.args[0], nodes.Constant):
        key = str(node.args[0].value)
        if node.target.name == "env":
            return scope.variable(key)
        if node.target.name == "params":
            return Ref("input", (key,))
    return None


def _operation(node: nodes.Operation, scope: Scope) -> Expr | None:
    op = node.op
    if node.left is None and op == "!" and node.right is not None:
        return Unary("!", expression(node.right, scope))
    if node.left is None or node.right is None:
        return None
    if op in _COMPARISONS:
        return _kind(Binary(op, expression(node.left, scope), expression(node.right, scope)))
    if op in {"=~", "==~"} and isinstance(node.right, nodes.Constant):
        pattern = str(node.right.value)
        return Binary("=~", expression(node.left, scope), Literal(whole(pattern) if op == "==~" else pattern))
    if op == "in" and isinstance(node.right, nodes.Items):
        return _member(expression(node.left, scope), [expression(item, scope) for item in node.right.items])
    return None


def _member(value: Expr, items: list[Expr]) -> Expr | None:
    found: Expr | None = None
    for item in items:
        equal = Binary("==", value, item)
        found = equal if found is None else either(found, equal)
    return found


def whole(pattern: str) -> str:
    """A pattern that must fit the whole text."""
    return f"^(?:{pattern})$" if "|" in pattern else f"^{pattern}$"


def unwhole(pattern: str) -> str | None:
    """The inside of a pattern made by `whole`, else None."""
    if pattern.startswith("^(?:") and pattern.endswith(")$") and "|" in pattern:
        return pattern[4:-2]
    if pattern.startswith("^") and pattern.endswith("$") and not pattern.endswith("\\$") and "|" not in pattern:
        return pattern[1:-1]
    return None


def _kind(expr: Binary) -> Expr:
    """`env.CHANGE_ID != null` asks what started the run."""
    if isinstance(expr.right, Literal) and expr.right.value is None and expr.op in {"==", "!="}:
        kinds = {Ref("event", ("number",)): "pull_request", Ref("git", ("tag",)): "tag"}
        if isinstance(expr.left, Ref) and expr.left in kinds:
            op = "==" if expr.op == "!=" else "!="
            return Binary(op, Ref("event", ("kind",)), Literal(kinds[expr.left]))
    return expr


def _call(node: nodes.Call, scope: Scope) -> Expr | None:
    function = node.function
    if isinstance(function, nodes.Name) and function.name == "fileExists" and len(node.args) == 1 and not node.named:
        return Call("exists", (expression(node.args[0], scope),))
    if isinstance(function, nodes.Name) and function.name == "pwd" and not (node.args or node.named or scope.folder):
        return Ref("run", ("workspace",))
    if node.named or not isinstance(function, nodes.Property) or not isinstance(function.name, str):
        return None
    name = _METHODS.get(function.name)
    if name and len(node.args) == 1:
        return Call(name, (expression(function.target, scope), expression(node.args[0], scope)))
    if function.name in {"toBoolean", "toString"} and not node.args:
        return _expression(function.target, scope)
    return None


def _formatted(node: nodes.GString, scope: Scope) -> Expr:
    text = template(node, scope)
    if isinstance(text, str):
        return Literal(text)
    if len(text.parts) == 1 and not isinstance(text.parts[0], str):
        return text.parts[0]
    values = [part for part in text.parts if not isinstance(part, str)]
    numbers = iter(range(len(values)))
    form = "".join(
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{next(numbers)}}}"
        for part in text.parts
    )
    return Call("format", (Literal(form), *values))


def template(node: nodes.Expr | None, scope: Scope) -> Text:
    """A value as text with expressions in it."""
    parts: list[str | Expr] = []
    if node is not None:
        _collect(node, scope, parts)
    return joined(parts)


def joined(parts: list[str | Expr]) -> Text:
    """Pieces of text as one; neighbouring plain ones are merged."""
    merged: list[str | Expr] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if not merged:
        return ""
    if len(merged) == 1 and isinstance(merged[0], str):
        return merged[0]
    return Template(tuple(merged))


def _collect(node: nodes.Expr, scope: Scope, parts: list[str | Expr]) -> None:
    rights: list[nodes.Expr] = []
    while isinstance(node, nodes.Operation) and node.op == "+" and node.left is not None and node.right is not None:
        rights.append(node.right)
        node = node.left
        if len(rights) > _MAX_CONCATENATION:
            break
    for one in (node, *reversed(rights)):
        if isinstance(one, nodes.GString):
            for part in one.parts:
                if isinstance(part, str):
                    parts.append(part)
                elif part is not None:
                    _value(part, scope, parts)
        elif isinstance(one, nodes.Constant):
            parts.append(_plain(one))
        else:
            _value(one, scope, parts)


def _value(node: nodes.Expr, scope: Scope, parts: list[str | Expr]) -> None:
    """One value within a text; a name that stands for a known value is that."""
    name = node.name if isinstance(node, nodes.Name) else dotted(node) if isinstance(node, nodes.Property) else None
    known = scope.constant(name) if name is not None and scope.constants is not None else None
    if known is None:
        parts.append(expression(node, scope))
    else:
        _collect(known, scope, parts)


def _plain(node: nodes.Constant) -> str:
    value = node.value
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def texts(node: nodes.Expr | None, scope: Scope) -> tuple[Text, ...]:
    """A list of texts, or one text, or one with commas in it."""
    return tuple(template(item, scope) for item in listed(node))


def decision(body: list[nodes.Stmt], scope: Scope) -> Expr | None:
    """What a closure of one expression answers, None for more than that."""
    if len(body) != 1:
        return None
    only = body[0]
    if isinstance(only, nodes.Jump) and only.word == "return" and only.value is not None:
        return expression(only.value, scope)
    if isinstance(only, nodes.Operation) and only.op.endswith("=") and only.op not in {"==", "!=", "<=", ">="}:
        return None
    if isinstance(only, nodes.Expr):
        return expression(only, scope)
    return None


__all__ = ["Scope", "both", "decision", "expression", "joined", "source", "template", "texts", "unwhole", "whole"]

SIMPLE_REFERENCE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
