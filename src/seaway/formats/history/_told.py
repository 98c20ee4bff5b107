"""What a foreign system's JSON says, made fit for the model. Used by the formats of CI systems beside it.

Names are foreign text: signs that do not print become blanks, and what is longer than a name is cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from seaway.formats.history._lines import SHA

_MOST = 200


class Strange(ValueError):
    """A document that the system's interface does not give."""


def word(told: Mapping[str, Any], *keys: str, most: int = _MOST) -> str:
    """A text behind some keys, "" where there is none."""
    value: Any = told
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return "".join(sign if sign.isprintable() else " " for sign in str(value)[:most]).strip()


def must(told: Mapping[str, Any], key: str) -> str:
    """A text that is always there. Raises Strange."""
    found = word(told, key)
    if not found:
        raise Strange(f"no {key}")
    return found


def moment(told: Mapping[str, Any], key: str) -> float | None:
    """A time as seconds since 1970, None for null. Raises Strange for anything else."""
    value = told.get(key)
    if value is None or value == "":
        return None
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        raise Strange(f"{key} is no time") from None
    if when.tzinfo is None:
        raise Strange(f"{key} has no offset")
    return when.timestamp()


def objects(value: Any) -> list[Mapping[str, Any]]:
    """A list of objects. Raises Strange."""
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise Strange("no list of objects")
    return value


def sha(told: Mapping[str, Any], key: str) -> str:
    """A commit, "" for anything else."""
    found = word(told, key).lower()
    return found if SHA.fullmatch(found) else ""


def ordered(
    queued: float | None, started: float | None, finished: float | None
) -> tuple[float | None, float | None, float | None]:
    """Times of a job, each not later than the next that is known: clocks of runners differ by moments."""
    if started is not None and finished is not None:
        started = min(started, finished)
    limit = started if started is not None else finished
    return None if queued is None else queued if limit is None else min(queued, limit), started, finished
