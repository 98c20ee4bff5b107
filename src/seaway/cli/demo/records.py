"""What clients saw, exchange by exchange, and sums over it. Written by `demo.load`; read by the demo, journeys and measurements."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum


class Outcome(IntEnum):
    """ok: an answer below 500, whole. failed: a 5xx. cut: no whole answer. unseen: no connection at all."""

    OK = 0
    FAILED = 1
    CUT = 2
    UNSEEN = 3


@dataclass(slots=True)
class Records:
    """One row per exchange, in arrays: times are seconds since 1970, `revision` is an index into `revisions`."""

    began: array[float] = field(default_factory=lambda: array("d"))
    ended: array[float] = field(default_factory=lambda: array("d"))
    outcome: array[int] = field(default_factory=lambda: array("b"))
    revision: array[int] = field(default_factory=lambda: array("h"))
    revisions: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, revision: str, began: float) -> None:
        """Record an exchange that ends now."""
        self.began.append(began)
        self.ended.append(time.time())
        self.outcome.append(outcome)
        self.revision.append(self.revisions.setdefault(revision, len(self.revisions)))

    def rows(self, since: float = -math.inf, until: float = math.inf) -> Iterator[tuple[float, float, Outcome, str]]:
        """Exchanges that ended in [since, until): began, ended, outcome, revision."""
        names = {index: name for name, index in self.revisions.items()}
        for row in range(len(self.revision)):
            if since <= self.ended[row] < until:
                yield self.began[row], self.ended[row], Outcome(self.outcome[row]), names[self.revision[row]]

    def totals(self, since: float = -math.inf, until: float = math.inf) -> dict[str, dict[str, int]]:
        """Revision ("" when no answer named one) -> ok, failed, cut, unseen."""
        table: dict[str, dict[str, int]] = {}
        for _, _, outcome, revision in self.rows(since, until):
            counts = table.setdefault(revision, dict.fromkeys((each.name.lower() for each in Outcome), 0))
            counts[outcome.name.lower()] += 1
        return table

    def count(self, outcome: Outcome) -> int:
        """Exchanges of all revisions with this outcome."""
        return self.outcome.count(outcome)

    def seconds(self) -> dict[int, dict[str, int]]:
        """Second since 1970 (of the end) -> outcome -> exchanges: a series to look at."""
        series: dict[int, dict[str, int]] = {}
        for _, ended, outcome, _ in self.rows():
            counts = series.setdefault(int(ended), dict.fromkeys((each.name.lower() for each in Outcome), 0))
            counts[outcome.name.lower()] += 1
        return series

    def quantile(self, share: float) -> float:
        """Seconds that `share` of the exchanges with an answer took at most (nearest rank); 0.0 without any."""
        took = sorted(ended - began for began, ended, outcome, _ in self.rows() if outcome <= Outcome.FAILED)
        return took[min(len(took) - 1, math.ceil(share * len(took)) - 1)] if took else 0.0
