"""Guards and verdicts: what is asked of a candidate's numbers, and the five-valued answer with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """pass | fail | inconclusive | no_data | error. No data is never success."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no_data"
    ERROR = "error"


class Reaction(StrEnum):
    """What follows from an outcome: continue | hold | rollback | extend (look longer, at most `extend_max` in all)."""

    CONTINUE = "continue"
    HOLD = "hold"
    ROLLBACK = "rollback"
    EXTEND = "extend"


class Measure(StrEnum):
    """What a guard measures: the share of requests that did not fail (0..1), or a latency quantile (milliseconds)."""

    SUCCESS_RATE = "success_rate"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class Guard:
    """An objective on the candidate's traffic, from the proxy's own counters.

    success_rate: candidate >= `at_least` (0..1), or >= stable's rate - `margin` (0..1) when compare is "stable".
    latency: candidate's `quantile` <= `at_most` (ms), or <= stable's * (1 + margin) when compare is "stable".
    Below `min_samples` candidate requests inside `window` there is no pass and no fail: no_data.
    """

    name: str
    measure: Measure
    compare: str = "absolute"  # or "stable"
    at_least: float = 0.0
    at_most: float = 0.0
    margin: float = 0.0
    quantile: float = 0.99
    min_samples: int = 20
    window: timedelta = timedelta(seconds=60)
    on_fail: Reaction = Reaction.ROLLBACK
    on_inconclusive: Reaction = Reaction.EXTEND
    on_no_data: Reaction = Reaction.HOLD
    on_error: Reaction = Reaction.HOLD
    extend_max: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer of one guard at one time; `evidence` holds every number it was computed from, so it can be replayed."""

    guard: str
    outcome: Outcome
    at: datetime
    reason: str
    evidence: Mapping[str, float | int | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Latency counts: `counts[i]` values in (edges[i-1], edges[i]] milliseconds; one more count than edges (above the last)."""

    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """Cumulative counters of one revision at one time, as the proxy reports them. `failed` = 5xx and resets."""

    revision: str
    at: datetime
    requests: int
    failed: int
    latency: Histogram = Histogram()
    epoch: str = ""  # identity of the counter's owner (a proxy's start): a change is a reset, never a negative rate
