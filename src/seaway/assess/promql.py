"""Prometheus' expressions as small trees that rules can ask. The one module that imports promql-parser, when there is one to parse.

The parser copies a tree whenever a part of it is asked for, and takes very long for texts that nobody writes by hand: so what is
too long or too deep is not parsed, and what is parsed is copied once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from functools import lru_cache
from typing import Any

MAX_LENGTH = 4_000  # characters of an expression
MAX_DEPTH = 30  # open parentheses
MAX_OPERATORS = 120

_OPERATOR = re.compile(r"[-+*/%^<>=]|\b(?:and|or|unless|atan2)\b")
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`", re.DOTALL)
_COMMENT = re.compile(r"#[^\n]*")
_TEMPLATE = re.compile(r"\{\{|\[\[|\$\{?[A-Za-z_]|%\(|<no value>")
_WINDOW = re.compile(r"\[\s*(?:\$\{?\w+(?::\w+)?\}?|\[\[\w+\]\])\s*(:[^\]]*)?\]")
_VARIABLE = re.compile(r"\$\{(\w+)[^}]*\}|\[\[(\w+)[^\]]*\]\]|\$(\w+)")
# A time that the parser's own arithmetic does not bear: it panics.
_VAST = re.compile(
    r"(?:\[(?:[^\]\[:]{0,40}:)?|\boffset\b)\s*[-+\s]*(?:\d{10}|[\d.]+[eExX]|(?:[iI]nf|[nN]a[nN])\b)|\d{10,}[a-z]"
)
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w|y)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}

COUNTS = frozenset({"rate", "irate", "increase"})  # functions that expect a counter


class Is(Enum):
    """What a part of an expression is."""

    NUMBER = auto()
    TEXT = auto()
    SERIES = auto()  # a selector, with its window where it has one
    CALL = auto()
    AGGREGATE = auto()
    BINARY = auto()
    SUBQUERY = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """`name`: of the metric, the function, the aggregation or the operator. `labels`: of `by` or `without`, None for neither."""

    kind: Is
    name: str = ""
    value: float = 0.0
    inner: tuple[Part, ...] = ()
    labels: tuple[str, ...] | None = None
    without: bool = False
    window: timedelta | None = None
    matchers: tuple[tuple[str, str], ...] = ()  # label, value

    def walk(self) -> Iterator[Part]:
        """It and all parts of it."""
        yield self
        for one in self.inner:
            yield from one.walk()

    @property
    def series(self) -> list[Part]:
        """The selectors in it."""
        return [one for one in self.walk() if one.kind is Is.SERIES]

    @property
    def constant(self) -> float | None:
        """The value of numbers that are only multiplied, divided, added and subtracted; None for anything else."""
        if self.kind is Is.NUMBER:
            return self.value
        if self.kind is not Is.BINARY or self.name not in {"+", "-", "*", "/"}:
            return None
        left, right = (one.constant for one in self.inner)
        if left is None or right is None or (self.name == "/" and right == 0):
            return None
        return {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1)}[self.name]


@dataclass(frozen=True, slots=True)
class Parsed:
    """`part` None: it was not parsed; `problem`: why it is wrong, "" where it is right or cannot be judged.

    `guessed`: it holds variables that a dashboard or a template fills in.
    """

    part: Part | None
    problem: str = ""
    guessed: bool = False

    @property
    def parts(self) -> Iterator[Part]:
        """All parts, none where there is none."""
        return self.part.walk() if self.part is not None else iter(())


def duration(text: str) -> timedelta | None:
    """A duration as Prometheus writes it (`1m30s`), or None."""
    found = _DURATION.findall(text[:40])
    if not found or "".join(number + unit for number, unit in found) != text:
        return None
    seconds = sum(int(number[:9]) * _UNITS[unit] for number, unit in found)
    return timedelta(seconds=min(seconds, 1e9))


@lru_cache(maxsize=4096)
def parse(text: str) -> Parsed:
    """The expression, or what is wrong with it."""
    bare = _COMMENT.sub("", _TEXT.sub('""', text)) if len(text) <= MAX_LENGTH else ""
    if not bare.strip() or _too_much(bare):
        return Parsed(None)
    guessed = bool(_TEMPLATE.search(bare))
    if guessed:
        text = _VARIABLE.sub(lambda match: f"v_{match[1] or match[2] or match[3]}", _WINDOW.sub(r"[5m\1]", text))
    import promql_parser

    try:
        return Parsed(_part(promql_parser, promql_parser.parse(text)), guessed=guessed)
    except ValueError as error:
        foreign = guessed or "|" in bare  # logs are asked in a language with pipes
        return Parsed(None, "" if foreign else str(error), guessed)
    except (RecursionError, OverflowError):
        return Parsed(None, guessed=guessed)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the parser gave up, which is no fault of the text
            raise
        return Parsed(None, guessed=guessed)


def _too_much(bare: str) -> bool:
    depth = deepest = 0
    for letter in bare:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return (
        deepest > MAX_DEPTH
        or _VAST.search(bare) is not None
        or sum(1 for _ in _OPERATOR.finditer(bare)) > MAX_OPERATORS
    )


def _part(library: Any, node: Any) -> Part:
    kind = type(node).__name__
    if kind in {"ParenExpr", "UnaryExpr"}:
        inner = _part(library, node.expr)
        negative = kind == "UnaryExpr" and inner.kind is Is.NUMBER
        return Part(Is.NUMBER, value=-inner.value) if negative else inner
    if kind == "NumberLiteral":
        return Part(Is.NUMBER, value=node.val)
    if kind == "StringLiteral":
        return Part(Is.TEXT, name=node.val)
    if kind == "VectorSelector":
        return _series(node, None)
    if kind == "MatrixSelector":
        return _series(node.vector_selector, node.range)
    if kind == "Call":
        return Part(Is.CALL, node.func.name, inner=tuple(_part(library, one) for one in node.args))
    if kind == "BinaryExpr":
        return Part(Is.BINARY, str(node.op), inner=(_part(library, node.lhs), _part(library, node.rhs)))
    if kind == "SubqueryExpr":
        return Part(Is.SUBQUERY, window=node.range, inner=(_part(library, node.expr),))
    labels = tuple(node.modifier.labels) if node.modifier is not None else None
    without = node.modifier is not None and node.modifier.type == library.AggModifierType.Without
    params = (_part(library, node.param),) if node.param is not None else ()
    return Part(Is.AGGREGATE, str(node.op), inner=(_part(library, node.expr), *params), labels=labels, without=without)


def _series(node: Any, window: timedelta | None) -> Part:
    groups = [node.matchers.matchers, *node.matchers.or_matchers]
    matchers = [(one.name, one.value) for group in groups for one in group]
    name = node.name or next((value for label, value in matchers if label == "__name__"), "")
    return Part(Is.SERIES, name, window=window, matchers=tuple(matchers))
