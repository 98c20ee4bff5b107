"""Conditions and values of another system -> what Jenkins can ask and print. Called by the lowerings of jobs and steps."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from seaway.formats.pipelines.expand import in_words
from seaway.formats.pipelines.jenkins import write_when
from seaway.formats.pipelines.jenkins.page import Page
from seaway.formats.pipelines.jenkins.quoting import Unprintable, printed
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import (
    Binary,
    Call,
    Condition,
    Expr,
    Literal,
    Phase,
    Ref,
    Template,
    Text,
    Unary,
    Unknown,
    both,
    either,
    negated,
    walk,
)
from seaway.model.pipeline import Variable
from seaway.model.span import Span

_SLASHED = re.compile(
    r"/(.*)/([ims]*)", re.DOTALL
)  # a pattern as GitLab writes it; Groovy's slashes are not part of it
KIND = Ref("event", ("kind",))
_REF = Ref("git", ("ref",))
TAG, BRANCH = Ref("git", ("tag",)), Ref("git", ("branch",))
IS_TAG = Binary("==", KIND, Literal("tag"))
IS_CHANGE = Binary("==", KIND, Literal("pull_request"))
PRIMARY = Binary("==", Ref("env", ("BRANCH_IS_PRIMARY",)), Literal("true"))
STATUS = frozenset({"success", "failure", "always", "cancelled"})
YES, NO = Literal(value=True), Literal(value=False)


def mapped(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """The tree with some of its nodes replaced, from the leaves up."""
    if isinstance(expr, Unary):
        expr = dataclasses.replace(expr, operand=mapped(expr.operand, change))
    elif isinstance(expr, Binary):
        expr = dataclasses.replace(expr, left=mapped(expr.left, change), right=mapped(expr.right, change))
    elif isinstance(expr, Call):
        expr = dataclasses.replace(expr, args=tuple(mapped(one, change) for one in expr.args))
    found = change(expr)
    return expr if found is None else found


def words(expr: Expr) -> Expr:
    """In Jenkins' words: what started the run, the primary branch, variables from outside."""
    return mapped(expr, _word)


def _bare(left: Expr, pattern: str, flags: str) -> str:
    """The pattern between the slashes. `changelog` asks for the whole message."""
    if left == Ref("git", ("message",)):
        flags = "".join(sorted({*flags, "s"}))
        pattern = f"{'' if pattern.startswith('^') else '.*'}{pattern}{'' if pattern.endswith('$') else '.*'}"
    return f"(?{flags}){pattern}" if flags else pattern


def _word(expr: Expr) -> Expr | None:
    if isinstance(expr, Unknown) or (isinstance(expr, Ref) and expr.context == "native"):
        return Ref("foreign", (expr.text,) if isinstance(expr, Unknown) else expr.path)
    if isinstance(expr, Call):
        return _called(expr)
    if isinstance(expr, Binary) and expr.op in {"=~", "!~"} and isinstance(expr.right, Literal):
        slashed = _SLASHED.fullmatch(str(expr.right.value))
        return dataclasses.replace(expr, right=Literal(_bare(expr.left, *slashed.groups()))) if slashed else None
    if isinstance(expr, Ref) and expr.context == "var":
        return Ref("env", expr.path)
    if (
        isinstance(expr, Ref)
        and expr.context in {"env", "matrix"}
        and len(expr.path) == 1
        and isinstance(expr.path[0], str)
    ):
        return Ref(expr.context, (name(expr.path[0]),))
    if isinstance(expr, Ref) and expr == Ref("git", ("ref_name",)):
        return BRANCH
    if isinstance(expr, Unary) and isinstance(expr.operand, Literal) and isinstance(expr.operand.value, bool):
        return Literal(not expr.operand.value)
    if isinstance(expr, Binary):
        return _compared(expr)
    return None


def _called(expr: Call) -> Expr | None:
    """Several globs are several questions; a ref is a branch or a tag."""
    if expr.name in {"changed", "exists"} and len(expr.args) > 1:
        found: Expr = Call(expr.name, expr.args[:1])
        for one in expr.args[1:]:
            found = either(found, Call(expr.name, (one,)))
        return found
    if expr.name == "matches" and len(expr.args) == 2 and isinstance(expr.args[1], Literal):
        inner = str(expr.args[1].value).removeprefix("^")
        inner = inner[:-1] if inner.endswith("$") and not inner.endswith("\\$") else inner
        return Binary("=~", expr.args[0], Literal(f"^(?:{inner})$" if "|" in inner else f"^{inner}$"))
    if expr.args[:1] != (Ref("git", ("ref",)),) or len(expr.args) != 2 or not isinstance(expr.args[1], Literal):
        return None
    part = str(expr.args[1].value)
    if expr.name == "starts_with" and part.startswith("refs/tags/"):
        rest = part.removeprefix("refs/tags/")
        return both(IS_TAG, Call("starts_with", (TAG, Literal(rest)))) if rest else IS_TAG
    if expr.name == "starts_with" and part.startswith("refs/heads/"):
        rest = part.removeprefix("refs/heads/")
        return both(negated(IS_TAG), Call("starts_with", (BRANCH, Literal(rest)))) if rest else negated(IS_TAG)
    return Call(expr.name, (BRANCH, expr.args[1])) if expr.name in {"contains", "ends_with"} else None


def _compared(expr: Binary) -> Expr | None:
    left, right = expr.left, expr.right
    if expr.op == "&&":
        return right if left == YES else left if right == YES else NO if NO in (left, right) else None
    if expr.op == "||":
        return right if left == NO else left if right == NO else YES if YES in (left, right) else None
    if expr.op not in {"==", "!="}:
        return None
    if {left, right} == {BRANCH, Ref("git", ("default_branch",))}:
        return PRIMARY if expr.op == "==" else negated(PRIMARY)
    if left in (TAG, BRANCH) and right == Literal(""):
        return IS_TAG if (left == TAG) == (expr.op == "!=") else negated(IS_TAG)
    if left == KIND and isinstance(right, Literal):
        found = both(negated(IS_CHANGE), negated(IS_TAG)) if right.value == "push" else Binary("==", KIND, right)
        return found if expr.op == "==" or found is None else negated(found)
    return None


def name(text: str) -> str:
    """A name that the environment takes: `python-version` is `python_version`."""
    return "".join(char if char.isalnum() or char == "_" else "_" for char in text)


def has_status(expr: Expr | None) -> frozenset[str]:
    """The functions in it that ask how the steps before ended."""
    found = walk(expr) if expr is not None else ()
    return frozenset(one.name for one in found if isinstance(one, Call) and one.name in STATUS)


def without_status(expr: Expr) -> Expr | None:
    """The rest of a condition, None for nothing."""
    found = words(mapped(expr, lambda one: YES if isinstance(one, Call) and one.name in STATUS else None))
    return None if found == YES else found


def unprintable(expr: Expr, *, in_when: bool = False) -> str:
    """What in it Jenkins has no word for, or ""."""
    try:
        if in_when:
            write_when.write(expr, Page())
        else:
            printed(expr)
    except Unprintable as why:
        return str(why)
    return ""


def askable(expr: Expr, what: str, losses: Losses, span: Span | None, *, in_when: bool = False) -> Expr:
    """A condition with `false` for each part of it that Jenkins cannot ask: what nobody can decide does not run. They are losses."""
    why = unprintable(expr, in_when=in_when)
    if not why:
        return expr
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        left, right = (askable(one, what, losses, span, in_when=in_when) for one in (expr.left, expr.right))
        if expr.op == "||" and NO in (left, right):
            return right if left == NO else left
        return NO if left == right == NO else dataclasses.replace(expr, left=left, right=right)
    fix = "write the condition; until then it never holds"
    losses.dropped(f"condition of {what}", f"Jenkins has no word for {why}", fix, span)
    return NO


def unsaid(before: Condition | None, made: Condition | None) -> str:
    """Words for the comment above what does not run until a person has written its condition."""
    if before is None or made is None or NO not in walk(made.expr) or NO in walk(words(before.expr)):
        return ""
    return f"It ran only where: {before.text or in_words(before.expr)}"


def condition(asked: Condition | None) -> Condition | None:
    """As Jenkins asks it."""
    if asked is None:
        return None
    expr = words(asked.expr)
    return None if expr == YES else Condition(expr, Phase.RUN, asked.text, asked.span)


def phase_crossed(asked: Condition | None, what: str, losses: Losses) -> None:
    """A condition that was decided when the file was read is now decided while it runs."""
    if asked is not None and asked.phase is Phase.COMPILE:
        why = "it was decided before the run began; Jenkins decides while it runs"
        losses.approximated(f"condition of {what}", why, "check what it reads", asked.span)


def text(value: Text, *, exact: bool = False) -> Text:
    """A text with its expressions in Jenkins' words. A ref is the name of its branch, `exact` for who reads `refs/heads/`."""
    if isinstance(value, str):
        return value
    parts: list[str | Expr] = []
    for part in value.parts:
        made = part if isinstance(part, str) else BRANCH if part == _REF and not exact else words(part)
        if isinstance(made, Literal):
            made = (
                ""
                if made.value is None
                else str(made.value).lower()
                if isinstance(made.value, bool)
                else str(made.value)
            )
        if isinstance(made, str) and parts and isinstance(parts[-1], str):
            parts[-1] += made
        else:
            parts.append(made)
    return "".join(str(one) for one in parts) if all(isinstance(one, str) for one in parts) else Template(tuple(parts))


def variables(found: tuple[Variable, ...], losses: Losses, span: Span | None) -> tuple[Variable, ...]:
    """Of an environment. A secret within a longer text has no form: only whole values are credentials."""
    made = []
    for one in found:
        value = text(one.value, exact=True)
        parts = value.parts if isinstance(value, Template) else ()
        secrets = [part for part in parts if isinstance(part, Ref) and part.context == "secret"]
        if secrets and len(parts) > 1:
            why = "Jenkins gives a secret only as the whole value of a variable"
            losses.dropped(f"variable {one.name}", why, "put it together in the script", one.span or span)
            continue
        lost = next(
            (why for part in parts if not isinstance(part, str) and not secrets and (why := unprintable(part))), ""
        )
        if lost:
            losses.dropped(
                f"variable {one.name}", f"Jenkins has no word for {lost}", "set it by hand", one.span or span
            )
            continue
        made.append(Variable(name(one.name), value, secret=bool(secrets), span=one.span))
    return tuple(made)
