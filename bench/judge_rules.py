"""The rules that people use today, as small programs: compared with the judge on the same streams. Used by bench/judge.py only.

Modelled from their documentation and source: Flagger's failed checks add up and never go down, and it rolls back on the tick after the
threshold; Argo Rollouts aborts when failures exceed the limit; Kayenta compares per-interval values with Mann-Whitney.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seaway.judge import kayenta
from seaway.judge.ratio import Ratio

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Streams:
    """R canaries of T batches: arrays (R, T) of requests and failures. `seconds` per batch."""

    n: Whole
    failed: Whole
    stable_n: Whole
    stable_failed: Whole
    seconds: float
    share: float

    def per(self, seconds: float) -> Streams:
        """The same streams in longer batches."""
        width = round(seconds / self.seconds)
        keep = self.n.shape[1] // width * width
        parts = [
            x[:, :keep].reshape(len(x), -1, width).sum(axis=2)
            for x in (self.n, self.failed, self.stable_n, self.stable_failed)
        ]
        return Streams(*parts, seconds, self.share)


@dataclass(frozen=True)
class Found:
    """When each canary was rolled back (batch index, -1 = never), with the requests and failures it had served by then."""

    at: Whole
    requests: Whole
    failures: Whole
    seconds: NDArray[np.float64]

    @property
    def rate(self) -> float:
        return float((self.at >= 0).mean())


def draw(
    rng: np.random.Generator,
    runs: int,
    batches: int,
    *,
    per_batch: float,
    share: float,
    rate: float | NDArray[np.float64],
    candidate_rate: float | NDArray[np.float64],
    seconds: float,
) -> Streams:
    """Poisson traffic, split at random, failing independently."""
    n = rng.poisson(per_batch * share, (runs, batches))
    m = rng.poisson(per_batch * (1 - share), (runs, batches))
    return Streams(n, rng.binomial(n, candidate_rate), m, rng.binomial(m, rate), seconds, share)


def found(streams: Streams, hit: NDArray[np.bool_]) -> Found:
    """First crossings of a table (R, T) of booleans."""
    ever = hit.any(axis=1)
    at = np.where(ever, hit.argmax(axis=1), -1)
    rows, last = np.arange(len(at)), np.where(ever, at, hit.shape[1] - 1)
    return Found(
        at,
        streams.n.cumsum(axis=1)[rows, last],
        streams.failed.cumsum(axis=1)[rows, last],
        (last + 1) * streams.seconds,
    )


def evidence(streams: Streams, *, boundary: float = 1.1, points: int = 257) -> NDArray[np.float64]:
    """Ln E of harm after every batch, by the product's kernel with the configured share.

    There it depends on two sums only, so each pair that occurs is computed once. (A test holds this against the batch-by-batch path.)
    """
    candidate = streams.failed.cumsum(axis=1)
    both = candidate + streams.stable_failed.cumsum(axis=1)
    return lookup(Ratio((boundary,), points), candidate, both, streams.share, boundary)


def lookup(
    kernel: Ratio, candidate: Whole, both: Whole, share: float, boundary: float, *, promote: bool = False
) -> NDArray[np.float64]:
    width = int(both.max()) + 1
    keys, back = np.unique(candidate.ravel() * width + both.ravel(), return_inverse=True)
    values = np.empty(len(keys))
    for at in range(0, len(keys), 4096):
        part = keys[at : at + 4096]
        y, total = (part // width).astype(float), (part % width).astype(float)
        ell = kernel.increments(y, total, np.full(len(part), share))
        values[at : at + 4096] = kernel.promote(ell, boundary) if promote else kernel.harm(ell, boundary)
    return values[back].reshape(candidate.shape)


def seaway(streams: Streams, *, alpha: float = 0.01, boundary: float = 1.1) -> Found:
    """The judge with one metric, looking at every batch."""
    return found(streams, evidence(streams, boundary=boundary) >= math.log(1 / alpha))


def threshold_counter(streams: Streams, *, interval: float, success: float, checks: int) -> Found:
    """Flagger: a check per interval, failed below `success` or without requests; rollback on the tick after `checks` failed ones."""
    slow = streams.per(interval)
    with np.errstate(divide="ignore", invalid="ignore"):
        bad = ~(1 - slow.failed / slow.n >= success)
    reached = bad.cumsum(axis=1) >= checks
    late = np.concatenate([np.zeros((len(bad), 1), dtype=bool), reached[:, :-1]], axis=1)
    return found(slow, late)


def failure_limit(streams: Streams, *, interval: float, success: float, limit: int) -> Found:
    """Argo Rollouts: aborts when more than `limit` measurements failed."""
    slow = streams.per(interval)
    with np.errstate(divide="ignore", invalid="ignore"):
        bad = ~(1 - slow.failed / slow.n >= success)
    return found(slow, bad.cumsum(axis=1) > limit)


def naive(streams: Streams, *, alpha: float = 0.01, every: int = 1) -> NDArray[np.bool_]:
    """The control: a two-sample z test at every look, as if each were the only one. (R, T) booleans."""
    y, n = streams.failed.cumsum(axis=1)[:, every - 1 :: every], streams.n.cumsum(axis=1)[:, every - 1 :: every]
    x, m = (
        streams.stable_failed.cumsum(axis=1)[:, every - 1 :: every],
        streams.stable_n.cumsum(axis=1)[:, every - 1 :: every],
    )
    pooled = (x + y) / np.maximum(n + m, 1)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1)), 1e-12))
    z = (y / np.maximum(n, 1) - x / np.maximum(m, 1)) / spread
    limit = 2.3263 if alpha == 0.01 else 1.6449
    return np.asarray((z > limit) & (x + y >= 5))


def mann_whitney(
    streams: Streams, *, point: float = 10.0, every: float = 60.0, first: float = 180.0, only_last: bool = False
) -> Found:
    """Kayenta: error rates per `point` seconds on both sides, judged each `every` seconds from `first` on, over all so far."""
    fine = streams.per(point)
    rates = fine.failed / np.maximum(fine.n, 1)
    base = fine.stable_failed / np.maximum(fine.stable_n, 1)
    hit = np.zeros(rates.shape, dtype=bool)
    looks = [rates.shape[1]] if only_last else range(round(first / point), rates.shape[1] + 1, round(every / point))
    rule = kayenta.Rule(direction="increase")
    for run in range(len(rates)):
        for look in looks:
            if kayenta.classify(base[run, :look], rates[run, :look], rule).label is kayenta.Class.HIGH:
                hit[run, look - 1] = True
                break
    return found(fine, hit)
