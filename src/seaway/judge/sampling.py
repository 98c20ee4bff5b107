"""Batches from the cumulative counters that a proxy reports. Called by the engine each tick, before `Judgement.observe`.

A reset of a counter, a side without numbers and a time that stands still are no evidence: they give an unreadable batch, never zeros.
"""

from __future__ import annotations

from seaway.model.batch import Batch, Side
from seaway.model.verdict import Sample

ERRORS, LATENCY = "errors", "latency"


def between(
    before: dict[str, Sample], after: dict[str, Sample], *, stable: str, candidate: str, t: float, weight: int | None
) -> list[Batch]:
    """Two looks at the counters, by revision -> the batches of `errors` and `latency` for the interval between them.

    `t`: seconds since the canary started, at `after`. `weight`: the candidate's ppm if it was the same in the whole interval, else None.
    """
    missing = [name for name in (stable, candidate) if name not in before or name not in after]
    if missing:
        return _unreadable(t, f"no numbers for {'candidate' if candidate in missing else 'stable'}")
    sides = [(before[name], after[name]) for name in (stable, candidate)]
    for old, new in sides:
        problem = _problem(old, new)
        if problem:
            return _unreadable(t, problem)
    (s0, s1), (c0, c1) = sides
    batches = [Batch(ERRORS, t, _errors(s0, s1), _errors(c0, c1), weight)]
    if s1.latency.edges and s1.latency.edges == c1.latency.edges:
        batches.append(Batch(LATENCY, t, _latency(s0, s1), _latency(c0, c1), weight, s1.latency.edges))
    return batches


def _problem(old: Sample, new: Sample) -> str:
    if new.epoch != old.epoch:
        return f"the counters of {new.revision} started anew"
    if new.at <= old.at:
        return f"the numbers of {new.revision} are not newer than the last ones"
    pairs = [(old.requests, new.requests), (old.failed, new.failed)]
    if old.latency.edges == new.latency.edges:
        pairs += zip(old.latency.counts, new.latency.counts, strict=True)
    elif old.latency.edges:
        return f"the buckets of {new.revision} changed"
    if any(later < earlier for earlier, later in pairs):
        return f"a counter of {new.revision} went backwards"
    if new.failed - old.failed > new.requests - old.requests:
        return f"{new.revision} reports more failures than requests"
    return ""


def _unreadable(t: float, why: str) -> list[Batch]:
    return [Batch(metric, t, None, None, unreadable=why) for metric in (ERRORS, LATENCY)]


def _errors(old: Sample, new: Sample) -> Side:
    return Side(new.requests - old.requests, new.failed - old.failed)


def _latency(old: Sample, new: Sample) -> Side:
    before = old.latency.counts or (0,) * len(new.latency.counts)
    counts = tuple(later - earlier for earlier, later in zip(before, new.latency.counts, strict=True))
    return Side(sum(counts), 0, counts)
