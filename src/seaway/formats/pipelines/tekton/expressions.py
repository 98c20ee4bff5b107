"""Tekton's `$(...)` and `when` <-> the tree of expressions. Called by this package's reader and writer.

Tekton puts values into texts before a step starts (phase queue); it computes nothing but `when`: a value is among others, or
not. `cel` is kept as text.
"""

from __future__ import annotations

import re

from seaway.formats.pipelines.tekton import pac
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary, parts

_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.\-\[\]'\"*]*)\)|" + pac.PLACE)
_CONTEXTS: dict[str, Ref] = {
    "context.pipelineRun.name": Ref("run", ("id",)),
    "context.pipelineRun.uid": Ref("native", ("tekton", "context.pipelineRun.uid")),
    "context.task.name": Ref("run", ("job",)),
}
_PRINTED = {ref: text for text, ref in _CONTEXTS.items()}


def template(text: str) -> Text:
    """A text with its references."""
    if "$(" not in text and "{{" not in text:
        return text
    found: list[str | Expr] = []
    at = 0
    for match in _REFERENCE.finditer(text):
        if match.start() and text[match.start() - 1] == "$":  # `$$(x)` is text for Tekton
            continue
        if match.start() > at:
            found.append(text[at : match.start()])
        found.append(reference(match[1]) if match[1] else pac.VALUES[match[2]])
        at = match.end()
    if not found:
        return text
    if at < len(text):
        found.append(text[at:])
    return Template(tuple(pac.parts_of(found)))


def reference(path: str) -> Ref:
    """`params.version` and so on, in neutral words where there are some."""
    if path in _CONTEXTS:
        return _CONTEXTS[path]
    words = path.split(".")
    if words[0] == "params" and len(words) == 2:
        return Ref("input", (words[1],))
    if words[0] == "tasks" and len(words) == 4 and words[2] == "results":
        return Ref("job", (words[1], "output", words[3]))
    if words[0] == "tasks" and len(words) == 3 and words[2] == "status":
        return Ref("job", (words[1], "result"))
    return Ref("native", ("tekton", path))


def printed(expr: Expr) -> str | None:
    """`$(...)` for a value, or None where Tekton has no word for it."""
    if isinstance(expr, Literal):
        return (
            "" if expr.value is None else str(expr.value).lower() if isinstance(expr.value, bool) else str(expr.value)
        )
    if not isinstance(expr, Ref) or not all(isinstance(part, str) for part in expr.path):
        return None
    path = tuple(str(part) for part in expr.path)
    if (said := pac.printed(expr)) is not None:
        return said
    if expr in _PRINTED:
        return f"$({_PRINTED[expr]})"
    if expr.context == "native" and path[:1] == ("tekton",) and len(path) == 2:
        return f"$({path[1]})"
    if expr.context in {"input", "matrix"} and len(path) == 1:
        return f"$(params.{path[0]})"
    if expr.context == "job" and path[1:2] == ("output",) and len(path) == 3:
        return f"$(tasks.{path[0]}.results.{path[2]})"
    if expr.context == "job" and path[1:] == ("result",):
        return f"$(tasks.{path[0]}.status)"
    return None


def among(value: str, operator: str, values: tuple[str, ...]) -> Expr:
    """One entry of `when`."""
    left = _value(template(value))
    found: Expr | None = None
    for one in values:
        same = Binary("==", left, _value(template(one)))
        found = same if found is None else Binary("||", found, same)
    if found is None:
        found = Literal(value=False)
    return Unary("!", found) if operator == "notin" else found


def _value(value: Text) -> Expr:
    pieces = parts(value)
    if len(pieces) == 1:
        return Literal(pieces[0]) if isinstance(pieces[0], str) else pieces[0]
    if not pieces:
        return Literal("")
    return Call("format", tuple(Literal(one) if isinstance(one, str) else one for one in pieces))


When = tuple[str, str, tuple[str, ...]]  # input, operator, values


def whens(expr: Expr) -> list[When] | None:
    """The condition as entries of `when`, all of which must hold; None where it cannot be said so."""
    if isinstance(expr, Binary) and expr.op == "&&":
        left, right = whens(expr.left), whens(expr.right)
        return None if left is None or right is None else left + right
    if isinstance(expr, Unary) and expr.op == "!":
        inner = whens(expr.operand)
        if inner is None or len(inner) != 1:
            return None
        said, operator, values = inner[0]
        return [(said, "in" if operator == "notin" else "notin", values)]
    if isinstance(expr, Binary) and expr.op == "||":
        left, right = whens(expr.left), whens(expr.right)
        if left and right and len(left) == len(right) == 1 and left[0][:2] == right[0][:2] and left[0][1] == "in":
            return [(left[0][0], "in", left[0][2] + right[0][2])]
        return None
    if isinstance(expr, Call) and expr.name == "failure" and not expr.args:
        return [("$(tasks.status)", "in", ("Failed",))]
    if isinstance(expr, Binary) and expr.op in {"==", "!="}:
        value, other = _said(expr.left), _said(expr.right)
        if value is None or other is None:
            return None
        return [(value, "in" if expr.op == "==" else "notin", (other,))]
    return None


def _said(expr: Expr) -> str | None:
    if isinstance(expr, Call) and expr.name == "format":
        pieces = [_said(one) for one in expr.args]
        return None if any(piece is None for piece in pieces) else "".join(piece or "" for piece in pieces)
    return printed(expr)
