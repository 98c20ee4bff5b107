"""`axes { }` and `excludes { }` -> Matrix."""

from __future__ import annotations

import itertools

from seaway.formats.groovy import Script
from seaway.formats.pipelines.jenkins.calls import Word, listed, word
from seaway.formats.pipelines.jenkins.expressions import Scope, template
from seaway.model.expression import Text
from seaway.model.pipeline import Axis, Matrix, Row

_MAX_EXCLUDES = 1_000


def read(axes: Word | None, excludes: Word | None, script: Script, scope: Scope) -> Matrix:
    """A combination that an `exclude` with several values names is left out value by value."""
    found = [_axis(word(statement), scope) for statement in (axes.body or [] if axes else [])]
    known = [(name, values) for name, values, _ in found if name]
    rows: list[Row] = []
    for statement in excludes.body or [] if excludes else []:
        call = word(statement)
        if call is not None and call.body is not None:
            rows += _rows([_axis(word(inner), scope) for inner in call.body], dict(known))
    span = script.span(axes.node.start, axes.node.end) if axes and axes.node else None
    return Matrix(tuple(Axis(name, values) for name, values in known), exclude=tuple(rows[:_MAX_EXCLUDES]), span=span)


def _axis(call: Word | None, scope: Scope) -> tuple[str, tuple[Text, ...], bool]:
    """Name, values, and whether all others are meant (`notValues`)."""
    name, values, others = "", (), False  # type: str, tuple[Text, ...], bool
    for statement in call.body or [] if call else []:
        inner = word(statement)
        if inner is None:
            continue
        if inner.name == "name":
            name = inner.text() or ""
        elif inner.name in {"values", "notValues"}:
            values = tuple(template(item, scope) for arg in inner.args for item in listed(arg))
            others = inner.name == "notValues"
    return name, values, others


def _rows(parts: list[tuple[str, tuple[Text, ...], bool]], known: dict[str, tuple[Text, ...]]) -> list[Row]:
    choices = []
    for name, values, others in parts:
        meant = tuple(value for value in known.get(name, ()) if value not in values) if others else values
        choices.append([(name, value) for value in meant])
    return [tuple(row) for row in itertools.islice(itertools.product(*choices), _MAX_EXCLUDES)] if choices else []
