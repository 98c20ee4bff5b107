"""JSON lines with a place for every mistake. Used by the formats beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from seaway.errors import ConfigError, Problem

T = TypeVar("T")
MAX_LINE = 1_000_000
MOST_PROBLEMS = 20
MAX_NAME = 200
SHA = re.compile(r"[0-9a-f]{7,64}")
HINT = "correct the lines; seaway dora --help names the keys"
_missing = object()


class Misfit(ValueError):
    """Why a line is not what it should be, and the key that it is about."""

    def __init__(self, why: str, key: str = "") -> None:
        super().__init__(why)
        self.key = key


def read(
    data: bytes, path: str, build: Callable[[dict[str, Any]], T], *, what: str, hint: str = HINT, most: int = 0
) -> list[T]:
    """Each line through `build`; blank lines are let be. `most`: lines, 0 = any number.

    Raises ConfigError with up to MOST_PROBLEMS lines that are wrong.
    """
    found: list[T] = []
    problems: list[Problem] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        if most and len(found) == most:
            raise ConfigError([Problem(path, number, 1, f"more than {most} lines ({what})")], hint="split it by time")
        try:
            found.append(build(_loaded(line)))
        except Misfit as misfit:
            problems.append(Problem(path, number, _column(line, misfit.key), f"{misfit} ({what})"))
            if len(problems) == MOST_PROBLEMS:
                break
    if problems:
        raise ConfigError(problems, hint=hint)
    return found


def _loaded(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise Misfit(f"longer than {MAX_LINE} bytes")
    try:
        data = json.loads(line.decode())
    except UnicodeDecodeError:
        raise Misfit("not UTF-8") from None
    except RecursionError:
        raise Misfit("nested too deeply") from None
    except ValueError as error:
        raise Misfit(f"not JSON: {getattr(error, 'msg', 'a number is too long')}") from None
    if not isinstance(data, dict):
        raise Misfit("not a JSON object")
    return data


def _column(line: bytes, key: str) -> int:
    """Where the key stands, 1 for a line that has none."""
    return line.find(f'"{key}"'.encode()) + 1 if key and f'"{key}"'.encode() in line else 1


def text(data: dict[str, Any], key: str) -> str:
    """A name of 1 to MAX_NAME characters."""
    value = data.get(key)
    if type(value) is not str or not 0 < len(value) <= MAX_NAME:
        raise wrong(data, key, f"a text of 1 to {MAX_NAME} characters")
    return value


def optional(data: dict[str, Any], key: str) -> str:
    """The same, "" for null or missing."""
    return "" if data.get(key) is None else text(data, key)


def moment(data: dict[str, Any], key: str) -> float:
    """A time with its offset, RFC 3339, as seconds since 1970."""
    value = data.get(key)
    if type(value) is str:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            when = None
        if when is not None and when.tzinfo is not None:
            return when.timestamp()
    raise wrong(data, key, "a time with its offset, like 2026-03-02T09:00:00Z")


def maybe(data: dict[str, Any], key: str) -> float | None:
    """The same, None for null or missing."""
    return None if data.get(key) is None else moment(data, key)


def sha(data: dict[str, Any], key: str = "sha") -> str:
    """7 to 64 hexadecimal digits."""
    value = data.get(key)
    if type(value) is str and SHA.fullmatch(value.lower()):
        return value.lower()
    raise wrong(data, key, "a commit: 7 to 64 hexadecimal digits")


def choice(data: dict[str, Any], key: str, kind: Callable[[str], T], known: str) -> T:
    """One of the values of an enumeration."""
    try:
        return kind(data.get(key))  # type: ignore[arg-type]
    except ValueError:
        raise wrong(data, key, f"one of {known}") from None


def wrong(data: dict[str, Any], key: str, wanted: str) -> Misfit:
    """What to say of a key that is missing, or is not what is wanted."""
    value = data.get(key, _missing)
    if value is _missing:
        return Misfit(f"{key} is missing; it is {wanted}")
    return Misfit(f"{key} must be {wanted}, not {json.dumps(value):.60}", key)


def written(seconds: float | None) -> str | None:
    """A time as it is written: RFC 3339, UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def lines(rows: Iterator[dict[str, Any]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)
