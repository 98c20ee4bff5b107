"""Files of history, read whole or from standard input. Called by `app.dora` and `app.runs`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from seaway.errors import UsageError

T = TypeVar("T")
LARGEST = 1_000_000_000  # bytes of one file


def read(place: str, parse: Callable[[bytes, str], T]) -> T | None:
    """A file's model, None when it is not given; "-" is standard input. Raises UsageError and what `parse` raises."""
    if not place:
        return None
    try:
        if place == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(place).open("rb") as file:
                data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error.strerror}", hint="check the path") from None
    if len(data) > LARGEST:
        raise UsageError(f"{place} has more than {LARGEST} bytes", hint="split it by time")
    return parse(data, place)
