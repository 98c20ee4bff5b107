"""From cumulative counters to batches: what both sides did between two looks. Called by the engine at every tick; pure.

Each look closes one batch per metric. A batch carries the candidate's weight only if that weight was in force, verified, for so
long before the batch began that every request in it was routed by it; else the judge uses the share that was realised. What is
stale, malformed or missing is a batch that says why it is no evidence; it never counts as zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from seaway.judge import history
from seaway.judge.history import Past
from seaway.judge.window import Window, between, malformed, quantile
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch, Side
from seaway.model.verdict import Histogram, Sample

_SLOWEST = 0.999  # quantile of the times of answers after which nothing routed earlier is still expected
_LEAST, _MOST = timedelta(seconds=0.25), timedelta(seconds=30)
_STALE_TICKS = 3
_GAP = timedelta(minutes=1)
_FEWEST, _WINDOWS = 200, 12  # requests, and pairs of samples, below which history says too little


@dataclass(frozen=True, slots=True)
class Point:
    """The counters of both sides at one moment; None = the source had none for this side."""

    at: datetime
    candidate: Sample | None
    stable: Sample | None


@dataclass(frozen=True, slots=True)
class Routed:
    """The candidate's verified weight in force (ppm) and since when; None while it is being changed."""

    ppm: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Close:
    """A closed batch of every metric, and the point from which the next one is counted."""

    batches: tuple[Batch, ...]
    base: Point | None


def close(spec: Spec, base: Point | None, point: Point, routed: Routed, began: datetime) -> Close:
    """The batches between two points. `began` is the moment that is t = 0. Without a base only the base is taken.

    The first base is taken before the candidate gets traffic: a side without counters there has served nothing yet.
    """
    if base is None:
        return Close((), point)
    if point.at <= base.at:
        return Close((), base)
    candidate, stable = _counted(base, base.candidate, point.candidate), _counted(base, base.stable, point.stable)
    configured = _weight(routed, base, candidate, stable)
    t = (point.at - began).total_seconds()
    made = (_batch(metric, t, stable, candidate, configured) for metric in spec.metrics if not metric.of)
    kept = Point(point.at, point.candidate or base.candidate, point.stable or base.stable)
    return Close(tuple(batch for batch in made if batch is not None), kept)


def problem(point: Point, now: datetime, tick: timedelta) -> str:
    """Why these counters are no evidence, "" when they are."""
    patience = max(_STALE_TICKS * tick, timedelta(seconds=1))
    for side in (point.candidate, point.stable):
        if side is None:
            continue
        if words := malformed(side):
            return words
        age = (now - side.at).total_seconds()
        if abs(age) > patience.total_seconds():
            return f"the numbers are {age:.0f} s old" if age > 0 else f"the numbers are {-age:.0f} s in the future"
    return ""


def unreadable(spec: Spec, t: float, reason: str) -> tuple[Batch, ...]:
    """A batch of every metric that says why there are no numbers at t."""
    return tuple(Batch(m.name, t, None, None, unreadable=reason[:200]) for m in spec.metrics if not m.of)


def _counted(base: Point, before: Sample | None, after: Sample | None) -> Window | None:
    """None: a side that had counters has none any more. A side that never had any has served nothing until now."""
    if after is None:
        return Window() if before is None else None
    return between(before or replace(after, at=base.at, requests=0, failed=0, latency=Histogram()), after)


def _weight(routed: Routed, base: Point, *sides: Window | None) -> int | None:
    if routed.ppm is None:
        return None
    slowest = max((_slowest(side) for side in sides if side), default=timedelta())
    return routed.ppm if routed.since + min(max(_LEAST, slowest), _MOST) <= base.at else None


def _slowest(side: Window) -> timedelta:
    found = quantile(side.latency, _SLOWEST)
    return timedelta() if found is None else timedelta(milliseconds=found) if math.isfinite(found) else _MOST


def _batch(
    metric: Metric, t: float, stable: Window | None, candidate: Window | None, weight: int | None
) -> Batch | None:
    if metric.kind is not Kind.LATENCY:
        return Batch(metric.name, t, _share(stable), _share(candidate), weight)
    edges = next((side.latency.edges for side in (stable, candidate) if side and side.latency.edges), ())
    if not edges:
        return None
    return Batch(metric.name, t, _times(stable, edges), _times(candidate, edges), weight, edges)


def _share(side: Window | None) -> Side | None:
    return None if side is None else Side(side.requests, side.failed)


def _times(side: Window | None, edges: tuple[float, ...]) -> Side | None:
    """Buckets other than the other side's cannot be compared: then this side has no numbers."""
    if side is None or (side.latency.counts and side.latency.edges != edges):
        return None
    counts = side.latency.counts or (0,) * (len(edges) + 1)
    return Side(sum(counts), 0, counts)


def past(
    spec: Spec, samples: Sequence[Sample], instances: Mapping[str, Sequence[Sample]] | None = None
) -> dict[str, Past]:
    """What stable did before the canary, from samples of its counters; {} below 200 requests or two minutes.

    `instances`: of two or more instances, by name: then failures are counted per instance, and how clustered they are is seen between
    them. Pairs over a reset or a gap of a minute are left out.
    """
    kept = _windows(samples)
    if sum(window.requests for _, window in kept) < _FEWEST or len(kept) < _WINDOWS:
        return {}
    edges = kept[-1][1].latency.edges
    apart = {name: _windows(found) for name, found in (instances or {}).items()}
    apart = {name: found for name, found in apart.items() if len(found) >= _WINDOWS}
    batches: list[Batch] = []
    for metric in spec.metrics:
        if metric.of:
            continue
        if metric.kind is not Kind.LATENCY and len(apart) >= 2:
            batches += (
                replace(batch, instance=name)
                for name, found in apart.items()
                for t, window in found
                if (batch := _batch(metric, t, window, None, None)) is not None
            )
            continue
        batches += (
            batch
            for t, window in kept
            if (metric.kind is not Kind.LATENCY or window.latency.edges == edges != ())
            and (batch := _batch(metric, t, window, None, None)) is not None
        )
    return history.gather(batches)


def _windows(samples: Sequence[Sample]) -> list[tuple[float, Window]]:
    pairs = ((after.at, after.at - before.at, between(before, after)) for before, after in pairwise(samples))
    return [
        (at.timestamp(), window) for at, apart, window in pairs if timedelta() < apart <= _GAP and not window.resets
    ]


def sides(samples: Sequence[Sample], revision: str) -> tuple[list[Sample], dict[str, list[Sample]]]:
    """Samples of a revision as a whole, and those of its instances, which are called `<revision>@<address>`, by address."""
    apart: dict[str, list[Sample]] = {}
    for sample in samples:
        name, _, address = sample.revision.partition("@")
        if name == revision and address:
            apart.setdefault(address, []).append(sample)
    return [sample for sample in samples if sample.revision == revision], apart


def traffic(samples: Sequence[Sample]) -> tuple[float, float]:
    """Requests a second, and the share of them that failed (half a failure more than seen: silence is no promise of zero)."""
    windows = [window for _, window in _windows(samples)]
    seconds = sum(window.seconds for window in windows)
    requests = sum(window.requests for window in windows)
    failed = sum(window.failed for window in windows)
    return (requests / seconds if seconds else 0.0), (failed + 0.5) / (requests + 1)
