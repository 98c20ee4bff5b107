"""Conditions -> `rules` and `when`. Called by `write_job` and `write`.

GitLab decides once, before the job runs, by the first rule that fits. A condition of another system is taken apart into
alternatives, each with its status (`always()`, `failure()`), its files (`changed`, `exists`) and the rest as `if`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from seaway.formats.pipelines.expand import in_words
from seaway.formats.pipelines.gitlab_ci import expressions
from seaway.formats.pipelines.gitlab_ci.expressions import Unprintable
from seaway.formats.pipelines.gitlab_ci.writing import Data, Writing
from seaway.formats.pipelines.simple import simplified
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Ref, Unary, both, walk
from seaway.model.pipeline import Rule

_NO_FAILURE = Unary("!", Call("failure"))
_STATUSES = {"always": "always", "failure": "on_failure", "success": "on_success"}


def rules(listed: tuple[Rule, ...], writing: Writing, prefix: str) -> list[Data]:
    """Rules of GitLab's own."""
    found = []
    for rule in listed:
        made: Data = {}
        if rule.condition is not None:
            made["if"] = rule.condition.text or expressions.printed(rule.condition.expr)
        for key, names in (("changes", rule.changes), ("exists", rule.exists)):
            if names:
                made[key] = list(names)
        if rule.when not in {"on_success", ""}:
            made["when"] = rule.when
        if rule.allow_failure is not None:
            made["allow_failure"] = rule.allow_failure
        if rule.variables:
            made["variables"] = {one.name: writing.text(one.value, one.name, one.span) for one in rule.variables}
        writing.natives(rule.natives, made, f"{prefix}.")
        if rule.when == "" and set(made) == {"rule"}:
            found.append(made["rule"])
        else:
            found.append(made or {"when": "on_success"})
    return found


@dataclass(slots=True)
class _Alternative:
    """One way for a job to run."""

    status: str = "on_success"
    test: Expr | None = None
    changes: list[str] = field(default_factory=list)
    exists: list[str] = field(default_factory=list)

    def rule(self) -> Data:
        made: Data = {}
        if self.test is not None:
            made["if"] = expressions.printed(self.test)
        if self.changes:
            made["changes"] = self.changes
        if self.exists:
            made["exists"] = self.exists
        if self.status != "on_success":
            made["when"] = self.status
        return made


@dataclass(frozen=True, slots=True)
class Decision:
    """`rules` and `when` of a job; `closure`: it asks about all jobs before it, not only those it needs."""

    rules: tuple[Data, ...] = ()
    when: str = ""
    closure: bool = False
    note: str = ""


def decided(condition: Condition | None, writing: Writing, job: str, *, manual: bool = False) -> Decision:
    """A condition of any system as GitLab's. What GitLab cannot decide is left to a person, and said."""
    start = "manual" if manual else ""
    if condition is None or condition.expr == Literal(value=True):
        return Decision(when=start)
    if condition.expr == Literal(value=False):
        return Decision(when="never")
    expr = _plain(condition.expr if writing.own else simplified(condition.expr))
    if expr == Literal(value=True):
        return Decision(when=start)
    try:
        found = [_alternative(term) for term in _terms(expr)]
        made = [one.rule() for one in found]
    except Unprintable as error:
        why = f"GitLab cannot decide this before the job runs: {error}"
        writing.losses.manual(
            f"{job}: condition", why, "write `rules` for the job; a person starts it until then", condition.span
        )
        return Decision(when="manual", note=f"Was: {condition.text or in_words(condition.expr)}")
    closure = any(one.status == "on_failure" for one in found)
    if manual:
        made = [{**rule, "when": "manual"} for rule in made]
    if len(made) == 1 and set(made[0]) <= {"when"}:
        return Decision(when=made[0].get("when", start), closure=closure)
    if not all(made):
        return Decision(when=start)
    return Decision(tuple(made), closure=closure)


def _plain(expr: Expr) -> Expr:
    """`success() || failure()` and `!cancelled()` are "whatever happened": GitLab starts nothing in a cancelled pipeline.

    With `!failure()`, only what failed keeps a job from running: with optional needs that is GitLab's own habit.
    """
    if expr == Unary("!", Call("cancelled")):
        return Call("always")
    if isinstance(expr, Binary) and expr.op == "||":
        left, right = _plain(expr.left), _plain(expr.right)
        if {left, right} == {Call("success"), Call("failure")}:
            return Call("always")
        if Call("cancelled") in (left, right):
            return right if left == Call("cancelled") else left
        return Binary("||", left, right)
    if isinstance(expr, Binary) and expr.op == "&&":
        raw = list(_conjuncts(expr))
        parts = [_plain(part) for part in raw if part != _NO_FAILURE]
        if _NO_FAILURE in raw:
            parts = [part for part in parts if part != Call("always")]
        found: Expr | None = None
        for part in parts:
            found = both(found, part)
        return Literal(value=True) if found is None else found
    return Literal(value=True) if expr == _NO_FAILURE else expr


def _terms(expr: Expr) -> Iterator[Expr]:
    """Alternatives; those that only compare values stay together."""
    if isinstance(expr, Binary) and expr.op == "||" and any(isinstance(one, Call) for one in walk(expr)):
        yield from _terms(expr.left)
        yield from _terms(expr.right)
    else:
        yield expr


def _alternative(term: Expr) -> _Alternative:
    found = _Alternative()
    for part in _conjuncts(term):
        if isinstance(part, Call) and part.name in _STATUSES:
            found.status = _STATUSES[part.name]
        elif isinstance(part, Call) and part.name in {"changed", "exists"}:
            names = [str(one.value) for one in part.args if isinstance(one, Literal)]
            (found.changes if part.name == "changed" else found.exists).extend(names)
        else:
            _check(part)
            found.test = both(found.test, part)
    return found


def _conjuncts(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Binary) and expr.op == "&&":
        yield from _conjuncts(expr.left)
        yield from _conjuncts(expr.right)
    else:
        yield expr


def _check(part: Expr) -> None:
    """Raises Unprintable for what cannot stand in an `if`."""
    for one in walk(part):
        if isinstance(one, Call) and one.name in {*_STATUSES, "cancelled", "changed", "exists"}:
            raise Unprintable(f"`{one.name}()` within a larger condition")
        if isinstance(one, Ref) and one.context in {"native", "job", "step", "runner", "matrix"}:
            raise Unprintable(f"`{'.'.join([one.context, *(str(name) for name in one.path)])}`")


def own_when(expr: Expr | None) -> tuple[str, bool]:
    """`when` of a job of GitLab's own whose condition is not from rules, and whether anything else is left of it."""
    if expr is None:
        return "", False
    last = expr.right if isinstance(expr, Binary) and expr.op == "&&" else expr
    rest = isinstance(expr, Binary)
    if last == Literal(value=False):
        return "never", rest
    if isinstance(last, Call) and last.name in {"always", "failure"} and not last.args:
        return _STATUSES[last.name], rest
    return "", True
