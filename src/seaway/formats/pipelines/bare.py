"""A pipeline without the places it was read from, for comparing two of them. Called by tests and by `convert`'s self-check."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from seaway.model.span import Span

T = TypeVar("T")
_PLACES = frozenset({"span", "key_span", "index", "comment"})


def bare(value: T) -> T:
    """The same nouns with no span, no comment and no text of conditions."""
    return _bare(value)  # type: ignore[no-any-return]


def _bare(value: Any) -> Any:
    if isinstance(value, Span):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in dataclasses.fields(value):
            if not field.init:
                continue
            if field.name in _PLACES:
                changed[field.name] = field.default if field.default is not dataclasses.MISSING else {}
            elif field.name == "text" and type(value).__name__ == "Condition":
                changed[field.name] = ""
            else:
                changed[field.name] = _bare(getattr(value, field.name))
        return dataclasses.replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(_bare(item) for item in value)
    return value
