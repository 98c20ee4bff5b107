"""Simulated batches for the tests of the judge: seeded, small, plain."""

from __future__ import annotations

import numpy as np

from seaway.judge.stream import Judgement, Standing
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch, Side

ERRORS = Metric("errors", Kind.RATE, margin=2.0)
EDGES = tuple(float(x) for x in np.exp(np.arange(np.log(5), np.log(5000), 0.05)))


def rate_batches(
    seed: int,
    ticks: int,
    rate: float,
    candidate_rate: float,
    *,
    per_tick: int = 1000,
    share: float = 0.05,
    metric: str = "errors",
    weight: int | None = -1,
    start: float = 0.0,
) -> list[Batch]:
    """One metric: `ticks` seconds of traffic, split at random."""
    rng, batches = np.random.default_rng(seed), []
    for tick in range(ticks):
        n = int(rng.binomial(per_tick, share))
        m = per_tick - n
        stable, candidate = Side(m, int(rng.binomial(m, rate))), Side(n, int(rng.binomial(n, candidate_rate)))
        batches.append(
            Batch(metric, start + tick + 1.0, stable, candidate, round(share * 1e6) if weight == -1 else weight)
        )
    return batches


def latency_batches(
    seed: int,
    ticks: int,
    scale: float = 1.0,
    *,
    per_tick: int = 1000,
    share: float = 0.05,
    edges: tuple[float, ...] = EDGES,
) -> list[Batch]:
    """Lognormal latencies around 80 ms; candidate slower by `scale`."""
    rng, batches = np.random.default_rng(seed), []

    def side(n: int, factor: float) -> Side:
        values = rng.lognormal(np.log(80), 0.5, n) * factor
        counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
        return Side(n, 0, tuple(int(count) for count in counts))

    for tick in range(ticks):
        n = int(rng.binomial(per_tick, share))
        batches.append(Batch("latency", tick + 1.0, side(per_tick - n, 1.0), side(n, scale), round(share * 1e6), edges))
    return batches


def judged(batches: list[Batch], *metrics: Metric, past: object = None, **fields: object) -> Standing:
    """The verdict on some batches."""
    spec = Spec(metrics or (ERRORS,), **fields)  # type: ignore[arg-type]
    judgement = Judgement("c", spec, past)  # type: ignore[arg-type]
    for batch in batches:
        judgement.add(batch)
    return judgement.finish()
