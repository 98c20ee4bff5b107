"""Simulated canaries for bench/judge.py: what the traffic does. What is concluded from it is the product's code.

Also used by tests/judge/test_error_rates.py with few runs, so that what the bench claims is guarded every day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench import judge_rules as rules
from seaway.judge import dispersion, history, stream
from seaway.judge import ramp as ramps
from seaway.judge.history import Past
from seaway.judge.ratio import Ratio
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch, Side

Floats = NDArray[np.float64]
RATES = (0.0005, 0.001, 0.001, 0.002, 0.002, 0.005, 0.01, 0.02)
EDGES = tuple(float(x) for x in np.exp(np.arange(math.log(5), math.log(5000), 0.02)))


def no_change(rng: np.random.Generator, runs: int, boundary: float = 1.1) -> tuple[int, float]:
    """Eight metrics, candidate = stable, looked at after each of 600 batches: (failed by the composite, share failed by peeking)."""
    failed, peeked = 0, 0
    for start in range(0, runs, 500):
        size = min(500, runs - start)
        n, m = rng.poisson(7.5, (size, 600)), rng.poisson(142.5, (size, 600))
        total = np.full((size, 600), -np.inf)
        naive = np.zeros(size, dtype=bool)
        for rate in RATES:
            one = rules.Streams(n, rng.binomial(n, rate), m, rng.binomial(m, rate), 1.0, 0.05)
            total = np.logaddexp(total, rules.evidence(one, boundary=boundary) - math.log(len(RATES)))
            naive |= rules.naive(one).any(axis=1)
        failed += int((total >= math.log(100)).any(axis=1).sum())
        peeked += int(naive.sum())
    return failed, peeked / runs


def shape(rng: np.random.Generator, scale: float = 1.0, draws: int = 2_000_000) -> Floats:
    """Bucket probabilities of a service: 95 % around 80 ms, 5 % around 300 ms, all slower by `scale`."""
    slow = rng.random(draws) >= 0.95
    values = np.where(slow, rng.lognormal(math.log(300), 0.4, draws), rng.lognormal(math.log(80), 0.5, draws)) * scale
    return np.bincount(np.searchsorted(EDGES, values), minlength=len(EDGES) + 1) / draws


def side(rng: np.random.Generator, chances: Floats, n: int) -> Side:
    return Side(n, 0, tuple(rng.multinomial(n, chances).tolist()))


def latency_history(rng: np.random.Generator) -> dict[str, Past]:
    """Ten minutes of stable at 1,000 requests a second."""
    chances = shape(rng)
    return history.gather(Batch("latency", float(t), side(rng, chances, 1000), None, None, EDGES) for t in range(600))


def latency(rng: np.random.Generator, runs: int, scale: float, tolerance: float, past: dict[str, Past]) -> Floats:
    """Candidate requests to rollback at 1,000 a second, 5 %, a look every half second; the deadline's count when not found."""
    stable, slower = shape(rng), shape(rng, scale)
    spec = Spec((Metric("latency", Kind.LATENCY),), tolerance=tolerance, deadline_batches=1200)
    found = []
    for run in range(runs):
        judgement = stream.Judgement(str(run), spec, past)
        while judgement.verdict is None:
            n, t = int(rng.binomial(500, 0.05)), 0.5 * (len(judgement.times) + 1)
            judgement.observe([Batch("latency", t, side(rng, stable, 500 - n), side(rng, slower, n), 50_000, EDGES)])
        found.append(judgement.standing.candidate_requests if judgement.standing.harm >= math.log(100) else math.inf)
    return np.array(found)


def hosts(rng: np.random.Generator, runs: int, spread: float, tolerance: float, past: dict[str, Past]) -> int:
    """The same code on hosts whose speed differs by `spread` (standard deviation): how many of the canaries failed in 5 minutes."""
    stable, failed = shape(rng), 0
    spec = Spec((Metric("latency", Kind.LATENCY),), tolerance=tolerance, deadline_batches=60)
    for run in range(runs):
        chances = shape(rng, math.exp(rng.normal(0.0, spread)), 300_000)
        judgement = stream.Judgement(str(run), spec, past)
        for tick in range(60):
            n = int(rng.binomial(5000, 0.05))
            judgement.add(
                Batch("latency", 5.0 * tick, side(rng, stable, 5000 - n), side(rng, chances, n), 50_000, EDGES)
            )
        failed += judgement.finish().outcome == "fail"
    return failed


def no_change_whole(rng: np.random.Generator, runs: int) -> int:
    """A/A through the whole judge: six rates and two latencies, with history, 120 batches of 5 s. How many failed."""
    past = latency_history(rng)
    past = {"latency": past["latency"], "database": past["latency"]}
    rates = tuple(Metric(f"rate-{i}", Kind.RATE) for i in range(6))
    spec = Spec((*rates, Metric("latency", Kind.LATENCY), Metric("database", Kind.LATENCY)), deadline_batches=120)
    chances, failed = shape(rng), 0
    for run in range(runs):
        judgement = stream.Judgement(str(run), spec, past)
        for tick in range(120):
            n = int(rng.binomial(1000, 0.05))
            m = 1000 - n
            batches = [
                Batch(
                    f"rate-{i}", 5.0 * tick, Side(m, int(rng.binomial(m, p))), Side(n, int(rng.binomial(n, p))), 50_000
                )
                for i, p in enumerate(RATES[:6])
            ]
            batches += [
                Batch(name, 5.0 * tick, side(rng, chances, m), side(rng, chances, n), 50_000, EDGES)
                for name in ("latency", "database")
            ]
            for batch in batches:
                judgement.add(batch)
        failed += judgement.finish().outcome == "fail"
    return failed


@dataclass(frozen=True)
class Ramped:
    """Per run: failures above stable's rate, seconds until the end, and which end."""

    excess: Floats
    seconds: Floats
    promoted: NDArray[np.bool_]
    rolled_back: NDArray[np.bool_]


def ramp(
    rng: np.random.Generator,
    runs: int,
    rate: float,
    *,
    policy: ramps.Policy | None = None,
    rps: float = 1000.0,
    base: float = 0.001,
    ticks: int = 900,
) -> Ramped:
    """The risk-budget ramp with metrics that arrive late; harm is tested with the tolerance of 10 %, safety with the margin of 2."""
    policy = policy or ramps.Policy()
    kernel = Ratio((1.1, 2.0))
    ell = np.zeros((runs, kernel.width))
    weight = np.full(runs, ramps.next_weight(policy, ramps.Seen(0, 0, 0, 0, rps), 0).ppm)
    sums = np.zeros((4, runs), dtype=np.int64)
    excess, seconds = np.zeros(runs), np.full(runs, float(ticks) * policy.tick)
    promoted, rolled_back = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    late: list[NDArray[np.int64]] = []
    for tick in range(ticks):
        open_ = ~(promoted | rolled_back)
        if not open_.any():
            break
        w = np.where(open_, weight / 1e6, 0.0)
        n, m = rng.poisson(rps * policy.tick * w), rng.poisson(rps * policy.tick * (1 - w))
        y, x = rng.binomial(n, rate), rng.binomial(m, base)
        excess += np.where(open_, y - base * n, 0.0)
        late.append(np.stack([n, y, m, x]))
        if len(late) <= policy.lag / policy.tick:
            continue
        seen = late.pop(0)
        sums += seen
        ell += kernel.increments(
            seen[1].astype(float), (seen[1] + seen[3]).astype(float), seen[0] / np.maximum(seen[0] + seen[2], 1)
        )
        bad = open_ & (kernel.harm(ell, 1.1) >= math.log(100))
        good = open_ & ~bad & (kernel.promote(ell, 2.0) >= math.log(20))
        rolled_back |= bad
        promoted |= good
        seconds[bad | good] = (tick + 1) * policy.tick
        for run in np.flatnonzero(open_ & ~bad & ~good):
            known = ramps.Seen(int(sums[0, run]), int(sums[1, run]), int(sums[2, run]), int(sums[3, run]), rps)
            weight[run] = ramps.next_weight(policy, known, int(weight[run])).ppm
    return Ramped(excess, seconds, promoted, rolled_back)


def clusters(rng: np.random.Generator, runs: int, size: int) -> tuple[int, int, float]:
    """A/A with failures in geometric clusters, 0.1 % at 1,000 a second: (failed without phi, with the phi of ten minutes before, mean phi).

    A cluster hits one side as a whole: one poisoned client, one batch of retries.
    """
    kernel = Ratio((1.1,))
    raw = tempered = 0
    phis = []
    first = int(np.searchsorted(kernel.ratios[: kernel.points], 1.15 * 1.1))
    for _ in range(runs):
        before = _clustered(rng, 1.0 / size, size)
        windows = before.reshape(60, 10).sum(axis=1).astype(float)
        phi = dispersion.safe(dispersion.between_windows(windows, np.full(60, 10_000.0)))
        phis.append(phi)
        y, x = _clustered(rng, 0.05 / size, size), _clustered(rng, 0.95 / size, size)
        rows = np.flatnonzero(y + x)
        ell = np.cumsum(
            kernel.increments(y[rows].astype(float), (y + x)[rows].astype(float), np.full(len(rows), 0.05)), axis=0
        )
        if not len(ell) or (ell[:, first : kernel.points].max(axis=1) - ell[:, kernel.column(1.1)]).max() < math.log(
            100
        ):
            continue  # no mixture is above its best part: neither can have crossed
        raw += bool((kernel.harm(ell, 1.1) >= math.log(100)).any())
        tempered += bool((kernel.harm(ell / phi, 1.1) >= math.log(100)).any())
    return raw, tempered, float(np.mean(phis))


def _clustered(rng: np.random.Generator, per_second: float, size: int) -> NDArray[np.int64]:
    """Failures per second for ten minutes."""
    starts = rng.poisson(per_second, 600)
    return np.array([rng.geometric(1 / size, k).sum() if k else 0 for k in starts], dtype=np.int64)


def swinging(rng: np.random.Generator, runs: int) -> tuple[int, float]:
    """A/A while the rate of errors swings by +-90 % on both sides: (failed, share failed when compared to the history's mean instead)."""
    t = np.arange(600)
    phase = rng.uniform(0, 2 * math.pi, (runs, 1))
    rate = 0.005 * (1 + 0.9 * np.sin(2 * math.pi * t / 300 + phase))
    streams = rules.draw(rng, runs, 600, per_batch=190, share=0.05, rate=rate, candidate_rate=rate, seconds=1.0)
    fixed = rules.Streams(streams.n, streams.failed, streams.stable_n, rng.binomial(streams.stable_n, 0.005), 1.0, 0.05)
    hit = (rules.evidence(streams) >= math.log(100)).any(axis=1)
    return int(hit.sum()), float((rules.evidence(fixed) >= math.log(100)).any(axis=1).mean())


def at_margin(rng: np.random.Generator, runs: int) -> tuple[int, float]:
    """Candidates exactly twice as bad, half of the traffic, looked at 900 times: (passed, share passed of as many good ones)."""
    passed = []
    for rate in (0.01, 0.005):
        hits = 0
        for start in range(0, runs, 500):
            streams = rules.draw(
                rng, min(500, runs - start), 900, per_batch=60, share=0.5, rate=0.005, candidate_rate=rate, seconds=1.0
            )
            candidate = streams.failed.cumsum(axis=1)
            both = candidate + streams.stable_failed.cumsum(axis=1)
            log_e = rules.lookup(Ratio((2.0,)), candidate, both, 0.5, 2.0, promote=True)
            hits += int((log_e >= math.log(20)).any(axis=1).sum())
        passed.append(hits)
    return passed[0], passed[1] / runs
