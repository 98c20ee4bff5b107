"""The risk-budget ramp: the next weight follows the evidence, so that few requests are ever harmed. Called by the rollout each tick.

Instead of fixed steps: as much traffic as is expected to harm at most `budget` requests until the next look can react.
Any weight that depends only on the past leaves the verdict's error rates as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from seaway.model.weight import WHOLE

CAP = 0.5  # above it stable shrinks, and with it what candidate is compared to
FASTEST = 4.0  # times the weight before, once a candidate request has been seen
FLOOR = 1e-6
UPPER_95 = 1.6448536269514722
LEAST_EXCESS = 0.02


@dataclass(frozen=True, slots=True)
class Policy:
    """`budget`: expected harmed requests per feedback loop. `tick`: seconds between decisions. `lag`: age of the metrics in
    seconds. `step`: the router's smallest step in ppm (Envoy: 1; a router of whole percents: 10,000).
    """

    budget: float = 3.0
    tick: float = 1.0
    lag: float = 2.0
    step: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What is visible now, after the lag: sums since the start. `requests_per_s`: of the whole service."""

    candidate_n: int
    candidate_events: int
    stable_n: int
    stable_events: int
    requests_per_s: float


@dataclass(frozen=True, slots=True)
class Next:
    """The weight to set (ppm), the one wished before rounding, and in words what was rounded and what it costs."""

    ppm: int
    wished_ppm: float
    expected_harm: float
    note: str = ""


def upper_rate(events: int, n: float) -> float:
    """95 % upper bound of a rate: the Gamma(events + 1) quantile over n; Wilson-Hilferty, within 1 % of the exact one."""
    if n < 1:
        return 1.0
    if events == 0:
        return min(1.0, -math.log(0.05) / n)
    shape = 9.0 * (events + 1)
    return float(min(1.0, (events + 1) * (1 - 1 / shape + UPPER_95 / math.sqrt(shape)) ** 3 / n))


def excess(seen: Seen) -> float:
    """How much more often candidate may fail than stable does, at worst."""
    if seen.candidate_n < 1:
        return 1.0
    worst = upper_rate(seen.candidate_events, seen.candidate_n)
    return max(worst - seen.stable_events / max(seen.stable_n, 1), LEAST_EXCESS * worst)


def next_weight(policy: Policy, seen: Seen, now_ppm: int) -> Next:
    """The weight for the next tick. `now_ppm` is the one in force. Ends at 50 %: the rest is the promotion's."""
    loop = policy.tick + policy.lag
    worst = excess(seen)
    rate = max(seen.requests_per_s, 1e-9)
    share = max(FLOOR, min(CAP, policy.budget / (rate * loop * worst)))
    if seen.candidate_n >= 1:
        share = min(share, max(FASTEST * now_ppm / WHOLE, FLOOR))
    wished = share * WHOLE
    ppm = int(wished // policy.step) * policy.step
    note = ""
    if ppm == 0:
        # Nothing would ever be learnt at 0: the smallest step, and its price is said.
        ppm = min(policy.step, WHOLE // 2)
        note = f"the router's smallest step is {ppm / 10_000:g} %, {ppm / wished:.3g} times the wished {wished / 10_000:.4g} %"
    elif ppm < int(wished):
        note = f"rounded down from {wished / 10_000:.4g} % to the router's step"
    return Next(ppm, wished, expected_harm=ppm / WHOLE * rate * loop * worst, note=note)
