"""Triggers -> `on:`. Called by the writer."""

from __future__ import annotations

from typing import Any

from seaway.formats.pipelines.github_actions.words import Words, put_back
from seaway.formats.yaml.emit import Flow
from seaway.model.pipeline import Globs, Native, Parameter, Trigger, TriggerKind

_FEW = 60  # characters of a list that stays on one line


def write(words: Words, triggers: tuple[Trigger, ...], natives: tuple[Native, ...]) -> Any:
    """A word, a list of words, or a mapping, whichever is enough."""
    found: dict[str, Any] = {}
    for one in triggers:
        if one.kind is TriggerKind.SCHEDULE:
            found.setdefault("schedule", []).append(_schedule(one))
        else:
            found[one.native] = _event(words, one) or None
    put_back(found, natives, "on.")
    if any(value is not None for value in found.values()):
        return found
    return next(iter(found)) if len(found) == 1 else Flow(list(found))


def _schedule(one: Trigger) -> dict[str, Any]:
    return {"cron": one.cron} | ({"timezone": one.timezone} if one.timezone else {})


def _event(words: Words, one: Trigger) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, globs in (("branches", one.branches), ("tags", one.tags), ("paths", one.paths)):
        found |= _globs(name, globs)
    if one.types:
        found["types"] = few(one.types)
    if one.sources:
        found["workflows"] = few(one.sources)
    if one.inputs:
        found["inputs"] = inputs(words, one.inputs, always=one.kind is TriggerKind.CALL)
    return found


def _globs(name: str, globs: Globs) -> dict[str, Any]:
    if globs.include:
        return {name: few((*globs.include, *(f"!{one}" for one in globs.exclude)))}
    return {f"{name}-ignore": few(globs.exclude)} if globs.exclude else {}


def few(values: tuple[str, ...]) -> Any:
    """A short list stands on one line."""
    return Flow(list(values)) if sum(len(one) + 2 for one in values) <= _FEW else list(values)


def inputs(
    words: Words, parameters: tuple[Parameter, ...], *, typed: bool = True, always: bool = False
) -> dict[str, Any]:
    """`inputs:` of an event or an action, which has no types. `always`: a called workflow must say that one is a string."""
    found: dict[str, Any] = {}
    for one in parameters:
        entry: dict[str, Any] = {"description": one.description} if one.description else {}
        if one.required:
            entry["required"] = True
        if typed and (always or one.type != "string"):
            entry["type"] = one.type
        if one.options:
            entry["options"] = few(one.options)
        if one.default is not None:
            entry["default"] = words.value(one.default)
        found[one.name] = entry or None
    return found
