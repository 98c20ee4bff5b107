"""Condition -> `when { ... }`: the builtin conditions where the question is one of them, else `expression { ... }`."""

from __future__ import annotations

from seaway.formats.groovy import nodes
from seaway.formats.groovy import read as read_groovy
from seaway.formats.pipelines.jenkins import globs
from seaway.formats.pipelines.jenkins.calls import word
from seaway.formats.pipelines.jenkins.conditions import BUILTIN, CAUSES, KIND
from seaway.formats.pipelines.jenkins.expressions import unwhole
from seaway.formats.pipelines.jenkins.page import Page
from seaway.formats.pipelines.jenkins.predefined import REFERENCES
from seaway.formats.pipelines.jenkins.quoting import NAME, printed, quoted
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Unary, Unknown

_NAMED = {Ref("git", ("branch",)): "branch", Ref("git", ("tag",)): "tag"}
_CHANGE = {
    ("event", "target_branch"): "target",
    ("event", "source_branch"): "branch",
    ("event", "number"): "id",
    ("event", "title"): "title",
    ("event", "actor"): "author",
}
_CAUSE = {kind: cause for cause, kind in CAUSES.items()}


def write(expr: Expr, page: Page) -> None:
    """The conditions of one block, which must all hold. Raises Unprintable."""
    for one in spine(expr, "&&"):
        _one(one, page)


def spine(expr: Expr, op: str) -> list[Expr]:
    """`(a && b) && c` as [a, b, c]; a right side of the same kind stays whole, as it was read."""
    found: list[Expr] = []
    while isinstance(expr, Binary) and expr.op == op:
        if op == "&&" and _change_request(expr) is not None:
            break
        found.append(expr.right)
        expr = expr.left
    return [expr, *reversed(found)]


def _one(expr: Expr, page: Page) -> None:
    simple = line(expr)
    if simple is not None:
        page.line(simple)
        return
    if isinstance(expr, Unary) and expr.op == "!" and _has_builtin(expr.operand):
        with page.block("not"):
            _one(expr.operand, page)
        return
    if isinstance(expr, Binary) and expr.op in {"&&", "||"} and _has_builtin(expr):
        with page.block("allOf" if expr.op == "&&" else "anyOf"):
            for inner in spine(expr, expr.op):
                _one(inner, page)
        return
    text = printed(expr)
    if "\n" in text:
        with page.block("expression"):
            page.line(text)
    else:
        page.line(f"expression {{ {text} }}")


def _has_builtin(expr: Expr) -> bool:
    """Something in it has a condition of its own, so it is not one Groovy expression."""
    if isinstance(expr, Unary):
        return _has_builtin(expr.operand)
    if line(expr) is not None:
        return True
    return (
        isinstance(expr, Binary) and expr.op in {"&&", "||"} and (_has_builtin(expr.left) or _has_builtin(expr.right))
    )


def line(expr: Expr) -> str | None:
    """One of the builtin conditions, or None."""
    if isinstance(expr, Unknown):
        return expr.text if _is_builtin(expr.text) else None
    if isinstance(expr, Call):
        return _changed(expr)
    if not isinstance(expr, Binary):
        return None
    change = _change_request(expr)
    if change is not None:
        return change
    if not isinstance(expr.left, Ref) or not isinstance(expr.right, Literal):
        return None
    if expr.left == KIND and expr.op == "==":
        return _kind(expr.right.value)
    return _compared(expr.left, expr.op, expr.right.value) if isinstance(expr.right.value, str) else None


def _compared(left: Ref, op: str, text: str) -> str | None:
    if left in _NAMED:
        return _named(_NAMED[left], op, text)
    if left == Ref("git", ("message",)) and op == "=~":
        return f"changelog {quoted(text)}"
    name = left.path[0] if left.context == "env" and len(left.path) == 1 else ""
    if isinstance(name, str) and NAME.fullmatch(name) and op == "==" and name not in REFERENCES:
        return f"environment name: {quoted(name)}, value: {quoted(text)}"
    return None


def _is_builtin(text: str) -> bool:
    body = read_groovy(text, "").body
    call = word(body[0]) if len(body) == 1 and not isinstance(body[0], nodes.Name) else None
    return call is not None and call.name in BUILTIN and "\n" not in text


def _changed(expr: Call) -> str | None:
    if expr.name != "changed" or len(expr.args) != 1 or not isinstance(expr.args[0], Literal):
        return None
    return f"changeset {quoted(str(expr.args[0].value))}"


def _kind(kind: object) -> str | None:
    if kind == "tag":
        return "buildingTag()"
    if kind == "pull_request":
        return "changeRequest()"
    return f"triggeredBy {quoted(_CAUSE[kind])}" if isinstance(kind, str) and kind in _CAUSE else None


def _named(call: str, op: str, text: str) -> str | None:
    if op == "==" and not globs.is_pattern(text):
        return f"{call} {quoted(text)}"
    if op != "=~":
        return None
    glob = globs.glob(text)
    if glob is not None:
        return f"{call} {quoted(glob)}"
    inner = unwhole(text)
    return None if inner is None else f"{call} pattern: {quoted(inner)}, comparator: 'REGEXP'"


def _change_request(expr: Binary) -> str | None:
    """`changeRequest target: 'main'`: a pull request, and comparisons of what it has."""
    parts: list[Expr] = []
    head: Expr = expr
    while isinstance(head, Binary) and head.op == "&&":
        parts.insert(0, head.right)
        head = head.left
    if not parts or head != Binary("==", KIND, Literal("pull_request")):
        return None
    words: list[str] = []
    comparators = set()
    for part in parts:
        made = _changed_part(part)
        if made is None:
            return None
        words.append(made[0])
        comparators.add(made[1])
    if len(comparators) != 1:
        return None
    comparator = comparators.pop()
    behind = f", comparator: {quoted(comparator)}" if comparator else ""
    return f"changeRequest {', '.join(words)}{behind}"


def _changed_part(part: Expr) -> tuple[str, str] | None:
    if not isinstance(part, Binary) or not isinstance(part.left, Ref) or not isinstance(part.right, Literal):
        return None
    path = part.left.path
    key = _CHANGE.get((part.left.context, str(path[0]) if len(path) == 1 else ""))
    text = part.right.value
    if key is None or not isinstance(text, str):
        return None
    if part.op == "==":
        return f"{key}: {quoted(text)}", ""
    if part.op != "=~":
        return None
    glob, inner = globs.glob(text), unwhole(text)
    if glob is not None:
        return f"{key}: {quoted(glob)}", "GLOB"
    return (f"{key}: {quoted(inner)}", "REGEXP") if inner is not None else None
