"""What happened inside a window, from cumulative counters: differences that are never negative. Called by `guard` and `batching`.

A counter that belongs to another process (`epoch` changed) or that went back was reset: it counts from zero again, so the
later value itself is the difference. What an old process counted between its last sample and its end is lost, not guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from seaway.model.verdict import Histogram, Sample


@dataclass(frozen=True, slots=True)
class Window:
    """Differences between the first and the last sample used. `failed` never exceeds `requests`."""

    requests: int = 0
    failed: int = 0
    latency: Histogram = field(default_factory=Histogram)
    resets: int = 0
    seconds: float = 0.0

    @property
    def success_rate(self) -> float:
        """0..1; call it only with requests."""
        return 1 - self.failed / self.requests


def increase(samples: Sequence[Sample], length: timedelta, now: datetime) -> Window:
    """What was counted in [now - length, now]; the last sample before the window is its base."""
    ordered = sorted(samples, key=lambda sample: sample.at)
    first = next((index for index, sample in enumerate(ordered) if sample.at >= now - length), len(ordered))
    used = ordered[max(0, first - 1) :]
    total = Window()
    for before, after in pairwise(used):
        total = _plus(total, before, after)
    seconds = (used[-1].at - used[0].at).total_seconds() if used else 0.0
    return Window(total.requests, min(total.failed, total.requests), total.latency, total.resets, seconds)


def between(before: Sample, after: Sample) -> Window:
    """What was counted from one sample to the next; after a reset all that the later one has counted."""
    counted = _plus(Window(), before, after)
    seconds = (after.at - before.at).total_seconds()
    return Window(counted.requests, min(counted.failed, counted.requests), counted.latency, counted.resets, seconds)


def quantile(latency: Histogram, share: float) -> float | None:
    """The value below which `share` (0..1) of the counts lie, in milliseconds; None without counts.

    Linear inside its bucket, the first bucket from zero, as Prometheus does. Infinity where it lies above the last edge.
    """
    total, below = sum(latency.counts), 0
    if not total:
        return None
    rank = share * total
    for index, count in enumerate(latency.counts):
        if count and below + count >= rank:
            if index >= len(latency.edges):
                return math.inf
            low = latency.edges[index - 1] if index else 0.0
            return low + (latency.edges[index] - low) * max(0.0, rank - below) / count
        below += count
    return math.inf


def slower(latency: Histogram, limit: float) -> int:
    """How many counts lie above `limit` (ms); inside a bucket in proportion, rounded down: in favour of the candidate."""
    above = 0.0
    for index, count in enumerate(latency.counts):
        low = latency.edges[index - 1] if index else 0.0
        high = latency.edges[index] if index < len(latency.edges) else math.inf
        if low >= limit:
            above += count
        elif high > limit and math.isfinite(high):
            above += count * (high - limit) / (high - low)
    return math.floor(above + 1e-9)


def malformed(sample: Sample) -> str:
    """Why these counters are no evidence, "" when they are."""
    latency = sample.latency
    if min(sample.requests, sample.failed, *latency.counts, 0) < 0:
        return "a counter is negative"
    if not all(math.isfinite(edge) for edge in latency.edges):
        return "a latency bucket has no finite edge"
    if list(latency.edges) != sorted(set(latency.edges)) or (latency.edges and latency.edges[0] <= 0):
        return "the latency buckets are not in order"
    if (latency.edges or latency.counts) and len(latency.counts) != len(latency.edges) + 1:
        return "the latency buckets and their edges do not fit"
    return ""


def _plus(total: Window, before: Sample, after: Sample) -> Window:
    reset = _was_reset(before, after)
    base = Sample(after.revision, after.at, 0, 0) if reset else before
    return Window(
        total.requests + after.requests - base.requests,
        total.failed + after.failed - base.failed,
        _added(total.latency, base.latency, after.latency),
        total.resets + reset,
    )


def _was_reset(before: Sample, after: Sample) -> bool:
    if before.epoch != after.epoch or after.requests < before.requests or after.failed < before.failed:
        return True
    if before.latency.edges != after.latency.edges:
        return False
    return any(new < old for old, new in zip(before.latency.counts, after.latency.counts, strict=True))


def _added(total: Histogram, base: Histogram, after: Histogram) -> Histogram:
    """Histograms of other edges cannot be compared: what they counted before is left out."""
    if not after.counts:
        return total
    old = base.counts if base.edges == after.edges and base.counts else (0,) * len(after.counts)
    new = tuple(count - earlier for count, earlier in zip(after.counts, old, strict=True))
    if total.edges == after.edges and total.counts:
        new = tuple(count + earlier for count, earlier in zip(new, total.counts, strict=True))
    return Histogram(after.edges, new)
