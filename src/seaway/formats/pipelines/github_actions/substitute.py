"""Nodes with references replaced by what they refer to. Called by `reuse`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar

from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Ref, Template, Text, Unary, Unknown
from seaway.model.span import Span

T = TypeVar("T")
_EXPRESSIONS = (Literal, Ref, Call, Unary, Binary, Unknown)


@dataclass(slots=True)
class Values:
    """What is known: `inputs` and `secrets` by name; new names of `jobs` and of steps (`steps_named`); outputs of jobs and steps
    by name; and for a call the job whose result is its own.
    """

    inputs: dict[str, Text] = field(default_factory=dict)
    secrets: dict[str, Text] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    steps_named: dict[str, str] = field(default_factory=dict)
    job_outputs: dict[str, dict[str, Text]] = field(default_factory=dict)
    steps: dict[str, dict[str, Text]] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)

    def ref(self, ref: Ref) -> Text | Ref:
        """What a reference means now: another reference, or a text in its place."""
        path = ref.path
        name = path[0] if path and isinstance(path[0], str) else ""
        if ref.context == "input" and len(path) == 1 and name in self.inputs:
            return self.inputs[name]
        if ref.context == "secret" and name in self.secrets:
            return self.secrets[name]
        if ref.context == "job" and name in self.results and path[1:] == ("result",):
            return Ref("job", (self.results[name], "result"))
        if ref.context == "job" and name in self.jobs:
            return Ref("job", (self.jobs[name], *path[1:]))
        if ref.context == "step" and name in self.steps_named:
            return Ref("step", (self.steps_named[name], *path[1:]))
        outputs = self.job_outputs if ref.context == "job" else self.steps if ref.context == "step" else {}
        if name in outputs and len(path) == 3 and path[1] == "output":
            return outputs[name].get(str(path[2]), "")
        return ref

    def text(self, text: Text) -> Text:
        """The text with all of that in place."""
        if isinstance(text, str):
            return text
        found: list[str | Expr] = []
        for part in text.parts:
            new = part if isinstance(part, str) else self._part(part)
            for one in new.parts if isinstance(new, Template) else (new,):
                if isinstance(one, str) and found and isinstance(found[-1], str):
                    found[-1] += one
                elif one != "":
                    found.append(one)
        if all(isinstance(one, str) for one in found):
            return "".join(str(one) for one in found)
        return Template(tuple(found))

    def _part(self, part: Expr) -> Text | Expr:
        return self.ref(part) if isinstance(part, Ref) else self.expr(part)

    def expr(self, expr: Expr) -> Expr:
        """The expression with all of that in place; a text of several parts becomes `format`."""
        if isinstance(expr, Ref):
            new = self.ref(expr)
            if not isinstance(new, Ref):
                return as_expr(new)
            path = tuple(part if isinstance(part, str) else self.expr(part) for part in new.path)
            return Ref(new.context, path)
        if isinstance(expr, Unary):
            return Unary(expr.op, self.expr(expr.operand))
        if isinstance(expr, Binary):
            return Binary(expr.op, self.expr(expr.left), self.expr(expr.right))
        if isinstance(expr, Call):
            return Call(expr.name, tuple(self.expr(one) for one in expr.args))
        return expr


def as_expr(text: Text) -> Expr:
    """A text as one value: a constant, an expression, or `format` where it is put together."""
    if isinstance(text, str):
        return Literal(text == "true") if text in {"true", "false"} else Literal(text)
    if len(text.parts) == 1 and not isinstance(text.parts[0], str):
        return text.parts[0]
    shape = ""
    values: list[Expr] = []
    for part in text.parts:
        if isinstance(part, str):
            shape += part.replace("{", "{{").replace("}", "}}")
        else:
            shape += f"{{{len(values)}}}"
            values.append(part)
    return Call("format", (Literal(shape), *values))


def replaced(node: T, values: Values) -> T:
    """A node of the model with every expression and text in it replaced."""
    return _replaced(node, values)  # type: ignore[no-any-return]


def _replaced(node: Any, values: Values) -> Any:
    if isinstance(node, Template):
        return values.text(node)
    if isinstance(node, _EXPRESSIONS):
        return values.expr(node)
    if isinstance(node, Condition):
        return dataclasses.replace(node, expr=values.expr(node.expr))
    if isinstance(node, tuple):
        return tuple(_replaced(item, values) for item in node)
    if not dataclasses.is_dataclass(node) or isinstance(node, (type, Span)):
        return node
    changed = {}
    for one in dataclasses.fields(node):
        if one.init:
            old = getattr(node, one.name)
            new = _replaced(old, values)
            if new is not old:
                changed[one.name] = new
    return dataclasses.replace(node, **changed) if changed else node
