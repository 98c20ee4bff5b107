"""Expressions with parts replaced, and without what is decided. Called by the lowering of the writers."""

from __future__ import annotations

import re
from collections.abc import Callable

from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Unary, either, negated

_SIMPLE_PATTERN = re.compile(r"(\^?)((?:[\w\s/@#%:,;=~\"'!<>&-]|\\[./+*?()\[\]{}|^$\\-])*)(\.\*)?(\$?)\Z")
_SLASHED = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_REF_NAME, _BRANCH, _TAG = (Ref("git", (name,)) for name in ("ref_name", "branch", "tag"))
_KIND, _CRON = Ref("event", ("kind",)), Ref("event", ("cron",))
_OPPOSITE = {"==": "!=", "!=": "==", "=~": "!~", "!~": "=~"}


def mapped(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """The expression with what `change` answers in place of the parts that it answers for."""
    found = change(expr)
    if found is not None:
        return found
    if isinstance(expr, Unary):
        return Unary(expr.op, mapped(expr.operand, change))
    if isinstance(expr, Binary):
        return Binary(expr.op, mapped(expr.left, change), mapped(expr.right, change))
    if isinstance(expr, Call):
        return Call(expr.name, tuple(mapped(one, change) for one in expr.args))
    return expr


def _are_opposite(left: Expr, right: Expr) -> bool:
    """One holds where the other does not: `a == b` and `a != b`."""
    if not isinstance(left, Binary) or not isinstance(right, Binary):
        return False
    return (left.left, left.right) == (right.left, right.right) and _OPPOSITE.get(left.op) == right.op


def _not(expr: Expr) -> Expr:
    """What a `!` stands before, simplified."""
    inner = simplified(expr)
    if isinstance(inner, Literal):
        return Literal(not inner.value)
    if isinstance(inner, Binary) and inner.op in _OPPOSITE:
        return Binary(_OPPOSITE[inner.op], inner.left, inner.right)
    return inner.operand if isinstance(inner, Unary) and inner.op == "!" else Unary("!", inner)


def simplified(expr: Expr) -> Expr:
    """Without constants: `true && x` is x. Comparisons of two texts are decided, and `!(a == b)` is `a != b`."""
    if isinstance(expr, Unary) and expr.op == "!":
        return _not(expr.operand)
    if not isinstance(expr, Binary):
        return expr
    left, right = simplified(expr.left), simplified(expr.right)
    if expr.op in {"&&", "||"}:
        stop = expr.op == "||"
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Literal):
                return Literal(stop) if bool(one.value) is stop else other
        if expr.op == "||" and _are_opposite(left, right):
            return Literal(value=True)
    elif isinstance(left, Literal) and isinstance(right, Literal) and expr.op in {"==", "!="}:
        return Literal((str(left.value).lower() == str(right.value).lower()) is (expr.op == "=="))
    if isinstance(right, Binary) and right.op == expr.op and expr.op in {"&&", "||"}:  # it needs no brackets
        return Binary(expr.op, simplified(Binary(expr.op, left, right.left)), right.right)
    return Binary(expr.op, left, right)


def started_by_clock(expr: Expr, cron: str, *, pushes: bool = False) -> Expr:
    """The expression where it is known which time has started the run. `cron` "": none; `pushes`: then it was a push."""

    def known(one: Expr) -> Expr | None:
        if not isinstance(one, Binary) or one.op not in {"==", "!="} or one.left not in (_KIND, _CRON):
            return None
        if not isinstance(one.right, Literal):
            return None
        value = one.right.value
        if one.left == _KIND and not (cron or pushes or value == "schedule"):
            return None
        is_so = value == cron if one.left == _CRON else value == ("schedule" if cron else "push")
        return Literal(is_so is (one.op == "=="))

    return simplified(mapped(expr, known))


def unslashed(pattern: str) -> tuple[str, str]:
    """`/text/i` -> (text, flags)."""
    found = _SLASHED.fullmatch(pattern)
    return (found[1], found[2]) if found else (pattern, "")


def without_pattern(expr: Binary) -> Expr | None:
    """`text =~ /^v/` as starts_with, `/v$/` as ends_with, `/^v$/` as equality, `/v/` as contains; None for what says more."""
    pattern = expr.right.value if isinstance(expr.right, Literal) else None
    found = _SIMPLE_PATTERN.match(unslashed(pattern)[0]) if isinstance(pattern, str) else None
    if expr.op not in {"=~", "!~"} or found is None:
        return None
    start, text, rest, end = found[1], re.sub(r"\\(.)", r"\1", found[2]), found[3], found[4]
    whole = Literal(text)
    made: Expr
    if start and end and not rest:
        made = Binary("==", expr.left, whole)
    elif start:
        made = Call("starts_with", (expr.left, whole))
    elif end and not rest:
        made = Call("ends_with", (expr.left, whole))
    else:
        made = Call("contains", (expr.left, whole))
    return Unary("!", made) if expr.op == "!~" else made


def with_matches(expr: Expr) -> Expr:
    """The expression with `text =~ /v/` as a pattern for the whole text, `^.*v.*$`."""

    def whole(one: Expr) -> Expr | None:
        if not isinstance(one, Binary) or one.op not in {"=~", "!~"} or not isinstance(one.right, Literal):
            return None
        pattern, flags = unslashed(str(one.right.value))
        if "|" in pattern and not (pattern.startswith("(") and pattern.endswith(")")):
            pattern = f"({pattern})"
        start = "" if pattern.startswith("^") else "^.*"
        end = "" if pattern.endswith("$") and not pattern.endswith("\\$") else ".*$"
        case = "(?i)" if "i" in flags else ""
        made = Call("matches", (one.left, Literal(f"{case}{start}{pattern}{end}")))
        return Unary("!", made) if one.op == "!~" else made

    return mapped(expr, whole)


def by_branch_or_tag(expr: Expr) -> Expr:
    """The expression in which a question for the name of branch or tag is one for either, where a system has no word for both."""

    def both(one: Expr) -> Expr | None:
        if isinstance(one, Binary) and one.left == _REF_NAME and one.op in {"==", "!="}:
            made = [Binary("==", ref, one.right) for ref in (_BRANCH, _TAG)]
            return negated(either(*made)) if one.op == "!=" else either(*made)
        if isinstance(one, Call) and one.args[:1] == (_REF_NAME,):
            return either(*(Call(one.name, (ref, *one.args[1:])) for ref in (_BRANCH, _TAG)))
        return None

    return mapped(expr, both)


def truths(expr: Expr) -> Expr:
    """The expression in which a value that is asked alone is compared with nothing: `$CI_COMMIT_TAG` is `tag != ""`."""
    if isinstance(expr, Ref) and expr.context in {"git", "event", "env", "var", "matrix"}:
        return Binary("!=", expr, Literal(""))
    if isinstance(expr, Unary) and expr.op == "!":
        inner = truths(expr.operand)
        if isinstance(inner, Binary) and inner.op == "!=" and isinstance(expr.operand, Ref):
            return Binary("==", inner.left, inner.right)
        return Unary("!", inner)
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        return Binary(expr.op, truths(expr.left), truths(expr.right))
    return expr
