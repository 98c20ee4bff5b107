"""Where an assessment gets run history from. Called by `cli.assess`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seaway.app import lines
from seaway.assess.runs.bottlenecks import Prices
from seaway.errors import UsageError
from seaway.formats.history import runs
from seaway.model.runs import RunHistory


def read(place: str) -> RunHistory | None:
    """The history in a file of JSON lines, None when none is given; "-" is standard input. Raises UsageError and ConfigError."""
    found = lines.read(place, runs.parse)
    return None if found is None else RunHistory(place, tuple(found))


def prices(given: Sequence[str]) -> Prices:
    """`0.008` or `ubuntu-24.04=0.008`, each at most once. Raises UsageError."""
    every: float | None = None
    runners: dict[str, float] = {}
    for one in given:
        name, _, amount = one.rpartition("=")
        try:
            price = float(amount)
        except ValueError:
            price = math.nan
        if not (math.isfinite(price) and price >= 0):
            raise UsageError(f"--price {one}: {amount!r} is no amount", hint="for example --price ubuntu-24.04=0.008")
        if name in runners or (not name and every is not None):
            raise UsageError(f"--price {one}: {name or 'every other runner'} has a price already")
        if name:
            runners[name] = price
        else:
            every = price
    return Prices(every, runners)
