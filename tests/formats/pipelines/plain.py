"""A pipeline as plain data for fixtures that people read: no places, nothing that has its default value."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from enum import Enum
from typing import Any

LEFT_OUT = {"span", "key_span", "index"}


def plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {}
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            default = field.default
            if field.name not in LEFT_OUT and (default is dataclasses.MISSING or inner != default):
                found[field.name] = plain(inner)
        return {"kind": value.kind, **found} if hasattr(value, "kind") else found
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    return value.value if isinstance(value, Enum) else value
