"""Readable differences between two plans: what a reviewer wants to know about a new one. Called by `seaway plan --diff`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from seaway.model import codec
from seaway.model.plan import Plan
from seaway.plan import text

_LATER = ("steps", "candidate", "stable", "warnings")


def diff(before: Plan, after: Plan) -> tuple[str, ...]:
    """Lines: `name: old -> new` for each changed fact, then the steps that left (-) and came (+); () when they are equal."""
    return (*_facts(before, after), *_revisions(before, after), *_steps(before, after))


def _facts(before: Plan, after: Plan) -> Iterator[str]:
    old, new = codec.encode(before), codec.encode(after)
    for key in old:
        if key not in _LATER:
            yield from _changes(key, old[key], new[key])


def _revisions(before: Plan, after: Plan) -> Iterator[str]:
    for side in ("stable", "candidate"):
        old, new = codec.encode(getattr(before, side)), codec.encode(getattr(after, side))
        if old is None or new is None:
            if old != new:
                yield f"{side}: {old['id'] if old else 'nothing'} -> {new['id'] if new else 'nothing'}"
            continue
        yield from _changes(side, old, new)


def _changes(name: str, old: codec.Json, new: codec.Json) -> Iterator[str]:
    """Goes into mappings, so that one changed variable is one line."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _changes(f"{name}.{key}", old.get(key), new.get(key))
    elif old != new:
        yield f"{name}: {_shown(old)} -> {_shown(new)}"


def _shown(value: codec.Json) -> str:
    return value if isinstance(value, str) and value else codec.canonical(value)


def _steps(before: Plan, after: Plan) -> Iterator[str]:
    old = [text.words(step, before) for step in before.steps]
    new = [text.words(step, after) for step in after.steps]
    for line in difflib.ndiff(old, new):
        if line.startswith(("- ", "+ ")):
            yield line
