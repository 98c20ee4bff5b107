"""Counters of many processes -> growth that never goes back, as PromQL's increase() counts it but for whole processes.

One series alone cannot tell a restart that was followed by more work than before; the others of its process can. So when any
counter of a process went back, all of them began at zero. A process that is seen for the first time is a base: what it counted
before is not this time's, and often nobody knows how long that was. Two beginnings are known, and began at zero: a series that is
new in a known process (labels appear with their first request), and a revision of which nothing was there at the last look.
Called by `adapters.metrics.prometheus`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from seaway.formats.monitoring.prometheus.answers import Malformed
from seaway.model.verdict import Histogram

Process: TypeAlias = tuple[str, ...]  # its revision, then its labels
Counted: TypeAlias = "tuple[str, str] | tuple[str, float]"  # ("status", value) or ("le", edge)
_FORGOTTEN = 3600.0  # seconds after which a process that is no longer there is a new one


@dataclass(slots=True)
class _Last:
    at: float
    values: dict[Counted, int]


@dataclass(slots=True)
class Total:
    """What a revision's processes counted since counting began."""

    counts: Counter[Counted] = field(default_factory=Counter)

    def requests(self) -> dict[str, int]:
        """By status."""
        return {str(key[1]): value for key, value in self.counts.items() if key[0] == "status"}

    def latency(self, in_ms: float) -> Histogram:
        """Raises Malformed for buckets that are not cumulative or have no last one; no buckets: an empty one."""
        upto = sorted((float(key[1]), value) for key, value in self.counts.items() if key[0] == "le")
        if not upto:
            return Histogram()
        if upto[-1][0] != float("inf"):
            raise Malformed("the latency buckets have no last one (le=+Inf)")
        totals = [value for _, value in upto]
        steps = tuple(after - before for before, after in zip([0, *totals[:-1]], totals, strict=True))
        if min(steps) < 0 or upto[0][0] <= 0:
            raise Malformed("the latency buckets are not cumulative, or begin below zero")
        return Histogram(tuple(round(edge * in_ms, 9) for edge, _ in upto[:-1]), steps)


class Growth:
    """Of the processes of one service. Not for several threads at once."""

    def __init__(self) -> None:
        self._last: dict[Process, _Last] = {}
        self.totals: dict[str, Total] = {}

    def take(self, at: float, seen: Mapping[Process, Mapping[Counted, int]]) -> None:
        """The counters of all processes at one time. Raises Malformed, and changes nothing, for buckets that differ."""
        revisions = {process[0] for process in seen}
        for revision in revisions:
            _check_edges(seen[process] for process in seen if process[0] == revision)
        new = revisions - self.totals.keys() if self.totals else set[str]()
        for process, values in seen.items():
            total = self.totals.setdefault(process[0], Total())
            last = self._last.get(process)
            if last is None:
                total.counts.update(values if process[0] in new else dict.fromkeys(values, 0))
                self._last[process] = _Last(at, dict(values))
            elif at > last.at:
                reset = any(value < last.values.get(key, 0) for key, value in values.items())
                base: Mapping[Counted, int] = {} if reset else last.values
                for key, value in values.items():
                    total.counts[key] += value - base.get(key, 0)
                self._last[process] = _Last(at, {**base, **values})
        self._last = {process: last for process, last in self._last.items() if last.at > at - _FORGOTTEN}


def _check_edges(sides: Iterator[Mapping[Counted, int]]) -> None:
    edges = {frozenset(key[1] for key in values if key[0] == "le") for values in sides}
    if len({each for each in edges if each}) > 1:
        raise Malformed("the latency buckets of one revision differ from process to process")
