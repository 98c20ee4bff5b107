"""Durations as people write them: `90s`, `10m`, `1h30m`, `250ms`. Used by config, plan, cli and documents."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse(text: str) -> timedelta:
    """`1h30m` -> timedelta. Raises ValueError for anything else, a bare number included: a unit is never guessed."""
    position, seconds = 0, 0.0
    for part in _PART.finditer(text):
        if part.start() != position:
            break
        seconds += float(part[1]) * _UNITS[part[2]]
        position = part.end()
    if not text or position != len(text):
        raise ValueError(f"{text!r} is not a duration; write it as 250ms, 90s, 10m, 2h or 1h30m")
    return timedelta(seconds=seconds)


def render(value: timedelta) -> str:
    """Timedelta -> the shortest text that `parse` reads back to the same value (to the millisecond)."""
    milliseconds = round(value.total_seconds() * 1000)
    if milliseconds < 0:
        return "-" + render(-value)
    if milliseconds % 1000:
        whole = milliseconds // 1000
        return (render(timedelta(seconds=whole)) if whole else "") + f"{milliseconds % 1000}ms"
    seconds, parts = milliseconds // 1000, ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts += f"{count}{unit}" if count else ""
    return parts or "0s"
