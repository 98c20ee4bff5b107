"""Expressions with parts replaced, and without what is decided. Called by the lowering of the writers."""

from __future__ import annotations

from collections.abc import Callable

from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Unary

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


def simplified(expr: Expr) -> Expr:
    """Without constants: `true && x` is x. Comparisons of two texts are decided, and `!(a == b)` is `a != b`."""
    if isinstance(expr, Unary) and expr.op == "!":
        inner = simplified(expr.operand)
        if isinstance(inner, Literal):
            return Literal(not inner.value)
        if isinstance(inner, Binary) and inner.op in _OPPOSITE:
            return Binary(_OPPOSITE[inner.op], inner.left, inner.right)
        return inner.operand if isinstance(inner, Unary) and inner.op == "!" else Unary("!", inner)
    if not isinstance(expr, Binary):
        return expr
    left, right = simplified(expr.left), simplified(expr.right)
    if expr.op in {"&&", "||"}:
        stop = expr.op == "||"
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Literal):
                return Literal(stop) if bool(one.value) is stop else other
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
