"""Expressions of pipelines, in one tree for all systems. Read and printed by each system's `expressions` module.

A reference names what it means, not how one system spells it. The neutral contexts:

    git      branch, tag ("" when the run is for none), ref_name (either), ref, sha, short_sha, default_branch, repository, url,
             message
    event    kind (push, tag, pull_request, schedule, manual, api, upstream, comment, merge_queue), source_branch, target_branch,
             number, title, actor, cron (of the schedule that started it)
    run      id, number, attempt, url, workspace, job, stage
    env      NAME: a variable of the job's environment
    var      NAME: a variable kept outside the file
    secret   NAME: a secret kept outside the file
    input    NAME: a parameter of the pipeline
    matrix   NAME: this job's value on an axis
    step     ID, "output", NAME | ID, "outcome"
    job      ID, "output", NAME | ID, "result"
    runner   os, arch, temp
    native   what only one system knows, in its own words

and the neutral functions: success, failure, always, cancelled (status of what ran before); contains, starts_with, ends_with,
format, join, to_json, from_json, hash_files; changed(glob, ...), exists(glob, ...) (files); matches(text, pattern).
Anything else keeps its native name in a `Call` and prints only in the system it came from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal as Kind
from typing import TypeAlias

from seaway.model.quick import quick
from seaway.model.span import Span


class Phase(StrEnum):
    """When a system evaluates an expression. What crosses phases in a conversion is a loss."""

    COMPILE = "compile"  # when the file is read: Azure ${{ }}, CircleCI << >>, GitLab $[[ ]]
    QUEUE = "queue"  # when the job is about to start: GitHub's job `if`, GitLab's rules, Tekton's when, Azure $[ ]
    RUN = "run"  # while it runs: steps' conditions, shells, Groovy, Azure $( )


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: str | int | float | bool | None
    kind: Kind["literal"] = "literal"


@dataclass(frozen=True, slots=True)
class Ref:
    """A value by name: `Ref("git", ("branch",))`. A part may itself be computed."""

    context: str
    path: tuple[str | Expr, ...] = ()
    kind: Kind["ref"] = "ref"


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    args: tuple[Expr, ...] = ()
    kind: Kind["call"] = "call"


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` or `-` before a value."""

    op: str
    operand: Expr
    kind: Kind["unary"] = "unary"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two values and one of: == != < <= > >= && || =~ !~"""

    op: str
    left: Expr
    right: Expr
    kind: Kind["binary"] = "binary"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression that could not be read, with its text: it prints only in the system it came from."""

    text: str
    kind: Kind["unknown"] = "unknown"


Expr: TypeAlias = Literal | Ref | Call | Unary | Binary | Unknown


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it, in order: `v${{ matrix.python }}` is ("v", Ref("matrix", ("python",)))."""

    parts: tuple[str | Expr, ...]


Text: TypeAlias = str | Template


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression that decides whether something runs. `text`: as written, in the words of its system."""

    expr: Expr
    phase: Phase = Phase.QUEUE
    text: str = ""
    span: Span | None = None


quick(Literal, Ref, Call, Unary, Binary, Unknown, Template, Condition)


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all within it, outermost first."""
    yield expr
    if isinstance(expr, Unary):
        yield from walk(expr.operand)
    elif isinstance(expr, Binary):
        yield from walk(expr.left)
        yield from walk(expr.right)
    elif isinstance(expr, Call):
        for argument in expr.args:
            yield from walk(argument)
    elif isinstance(expr, Ref):
        for part in expr.path:
            if not isinstance(part, str):
                yield from walk(part)


def both(left: Expr | None, right: Expr | None) -> Expr | None:
    """`left && right`, where None asks nothing."""
    if left is None or right is None:
        return left if right is None else right
    return Binary("&&", left, right)


def either(left: Expr, right: Expr) -> Expr:
    """`left || right`."""
    return Binary("||", left, right)


def negated(expr: Expr) -> Expr:
    """`!expr`, without a double negation."""
    return expr.operand if isinstance(expr, Unary) and expr.op == "!" else Unary("!", expr)


def parts(text: Text) -> tuple[str | Expr, ...]:
    """The pieces of a text; plain text is one piece."""
    return text.parts if isinstance(text, Template) else (text,) if text else ()


def is_plain(text: Text) -> bool:
    """Nothing in it has to be computed."""
    return isinstance(text, str)


def refs(value: object) -> Iterator[Ref]:
    """Every reference anywhere within a node of the model."""
    if isinstance(value, Ref):
        yield value
    if isinstance(value, tuple):
        for item in value:
            yield from refs(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, (type, Span)):
        for one in dataclasses.fields(value):
            yield from refs(getattr(value, one.name))
