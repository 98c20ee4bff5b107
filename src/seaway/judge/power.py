"""What a canary can detect, said before it starts. Called by `seaway judge power`, and by `plan` through a function that `app` hands in.

Growth of the evidence per candidate request when the true ratio is r: p (r ln r - D ln D / w), D = 1 - w + w r. The number of
requests to a verdict is a multiple of ln(1/alpha) over that growth; the multiples are measured (bench) and checked by a test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# How many times ln(1/alpha) / growth it takes: on average, and in 90 and 95 of 100 canaries.
AVERAGE, NINETY, NINETY_FIVE = 1.3, 2.6, 3.4
PROOF_MEDIAN = 0.7  # a proof crosses before its mean growth would: half of the canaries have luck on the way
LARGEST = 1024.0
LEVEL_STEPS = 12  # alternatives among which the prior of a level is spread


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known before the start. Rates per request, `share` and `rate` as fractions, `seconds` of the whole canary.

    `requests_per_s`: of the whole service. `tolerance`: ratio 1 + tolerance is no harm. `weight`: the metric's part of alpha.
    """

    requests_per_s: float
    share: float
    rate: float
    seconds: float
    alpha: float = 0.01
    alpha_promote: float = 0.05
    tolerance: float = 0.1
    margin: float | None = 2.0
    enough: float = 0.0  # a rate below this passes, too
    weight: float = 1.0
    phi: float = 1.0
    min_samples: int = 20

    @property
    def candidate_requests(self) -> float:
        """Expected in the whole canary."""
        return self.requests_per_s * self.share * self.seconds


@dataclass(frozen=True, slots=True)
class Preview:
    """`detects`: the smallest rise found in 95 % of cases (None: none below 1024 times). `proof_requests`: candidate requests
    after which "not worse than the margin" is proven in half the cases for a release as good as stable (None: no margin).
    `text`: one sentence. `advice`: what would help, most useful first.
    """

    candidate_requests: int
    detects: float | None
    misses: float | None
    proof_requests: float | None
    proof_in_time: bool
    underpowered: bool
    text: str
    advice: tuple[str, ...]


def growth(ratio: float, share: float, rate: float, boundary: float = 1.0) -> float:
    """Mean ln E gained per candidate request by the right bet, against "ratio <= boundary"; 0 below the boundary.

    Per candidate request, p times [ r ln(r/r0) - (D ln(D/D0)) / w ] with D = 1-w+wr, D0 = 1-w+w r0 (source: analysis, section 11).
    """
    if ratio <= boundary or not 0 < share <= 1 or rate <= 0:
        return 0.0
    seen, null = 1 - share + share * ratio, 1 - share + share * boundary
    return max(0.0, rate * (ratio * math.log(ratio / boundary) - seen * math.log(seen / null) / share))


def safety_growth(margin: float, share: float, rate: float, ratio: float = 1.0) -> float:
    """Mean ln E gained per candidate request against "ratio >= margin" when the true ratio is lower."""
    if ratio >= margin or not 0 < share < 1 or rate <= 0:
        return 0.0
    seen, null = 1 - share + share * ratio, 1 - share + share * margin
    return max(0.0, rate * (ratio * math.log(ratio / margin) + seen * math.log(null / seen) / share))


def level_growth(level: float, rate: float) -> float:
    """Mean ln E gained per candidate request against "rate >= level" when the true rate is lower: the divergence of the two."""
    if not 0 <= rate < level < 1:
        return 0.0
    seen = rate * math.log(rate / level) if rate else 0.0
    return seen + (1 - rate) * math.log((1 - rate) / (1 - level))


def needed(ratio: float, situation: Situation, multiple: float = NINETY_FIVE) -> float:
    """Candidate requests until a rise to `ratio` times is found; infinity when it never is."""
    gain = growth(ratio, situation.share, situation.rate, 1 + situation.tolerance) / situation.phi
    return multiple * math.log(1 / (situation.alpha * situation.weight)) / gain if gain > 0 else math.inf


def still_needed(log_e: float, ratio: float, situation: Situation) -> float:
    """Candidate requests that are missing now, if the true ratio is `ratio`."""
    gain = growth(ratio, situation.share, situation.rate, 1 + situation.tolerance) / situation.phi
    return max(0.0, math.log(1 / situation.alpha) - log_e) / gain if gain > 0 else math.inf


def detectable(situation: Situation, multiple: float = NINETY_FIVE) -> float | None:
    """The smallest ratio that the canary finds in its time (bisection); None when it finds none up to 1024, or up to 100 %."""
    low, high = 1 + situation.tolerance, min(LARGEST, 1 / situation.rate if situation.rate > 0 else LARGEST)
    if high <= low or needed(high, situation, multiple) > situation.candidate_requests:
        return None
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (
            (low, middle) if needed(middle, situation, multiple) <= situation.candidate_requests else (middle, high)
        )
    return high


def proof(situation: Situation) -> float | None:
    """Candidate requests to prove "not `margin` times worse", or "below `enough`", in half the cases, for a release as good as stable.

    Half of the prior lies on exactly that case: it costs ln 2, once; a second way to the proof costs ln 2 again.
    """
    if situation.margin is None:
        return None
    goal = math.log(1 / situation.alpha_promote) + (2 if situation.enough else 1) * math.log(2)
    gain = safety_growth(situation.margin, situation.share, situation.rate) / situation.phi
    compared = PROOF_MEDIAN * goal / gain if gain > 0 else math.inf
    level = level_growth(situation.enough, situation.rate) / situation.phi
    return min(compared, (goal + math.log(LEVEL_STEPS)) / level if level > 0 else math.inf)


def preview(situation: Situation, metric: str = "errors") -> Preview:
    """What this canary can and cannot do, with what would help when it cannot."""
    found, likely = detectable(situation), detectable(situation, AVERAGE)
    requests = situation.candidate_requests
    proven = proof(situation)
    in_time = proven is None or proven <= requests
    few = requests < situation.min_samples
    misses = None if found is None else _below(likely or found)
    return Preview(
        candidate_requests=math.floor(requests),
        detects=found,
        misses=misses,
        proof_requests=proven,
        proof_in_time=in_time,
        underpowered=found is None or not in_time or few,
        text=_sentence(situation, metric, found, misses),
        advice=_advice(situation, found, proven),
    )


def _below(ratio: float) -> float:
    """A round ratio that is clearly missed: it would need more than the average canary has."""
    return max((step for step in (1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200) if step < ratio), default=1.0)


def _sentence(situation: Situation, metric: str, found: float | None, misses: float | None) -> str:
    rate = situation.requests_per_s * 60
    often = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
    where = f"at {often} requests a minute and {situation.share:.3%}".replace(".000%", "%")
    time = _spoken(situation.seconds)
    if found is None:
        return f"{where}, {time} find no rise in {metric} in 95% of cases, however large"
    return f"{where}, {time} find a {found:.2g}x rise in {metric} in 95% of cases, not a {misses:.2g}x"


def _advice(situation: Situation, found: float | None, proven: float | None) -> tuple[str, ...]:
    advice = []
    requests = situation.candidate_requests
    goal = situation.margin or 2.0
    if found is None or found > goal:
        larger = detectable(replace(situation, share=0.5))
        if situation.share < 0.5 and larger is not None and (found is None or larger < found):
            advice.append(f"weight 50%: finds {larger:.2g}x")
        time = needed(goal, situation) / max(situation.requests_per_s * situation.share, 1e-12)
        if math.isfinite(time):
            advice.append(f"time: {_spoken(time)} find {goal:.2g}x")
    if proven is not None and proven > requests:
        time = proven / max(situation.requests_per_s * situation.share, 1e-12)
        if math.isfinite(time):
            advice.append(f"time: {_spoken(time)} prove `not {goal:.2g}x worse` in half the cases")
        wide = proof(replace(situation, margin=3.0))
        if wide is not None and goal < 3 and wide <= requests:
            advice.append("margin 3: can be proven in this time")
    if advice:
        advice.append("an absolute objective (kind: objective): needs no comparison, so far fewer requests")
        advice.append("synthetic load on the candidate")
    return tuple(advice)


def _spoken(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.2g} {name}" if seconds < 10 * unit else f"{seconds / unit:,.0f} {name}"
    return f"{seconds:.0f} seconds"


def finite(document: dict[str, object]) -> dict[str, object]:
    """A document without infinities, which JSON cannot carry: they become null."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in document.items()
    }
