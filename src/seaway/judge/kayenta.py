"""The judge that Spinnaker users know (NetflixACAJudge-v1.0): Mann-Whitney per metric, a score per group. For people who migrate.

Called by `seaway judge` with `judge: kayenta`, and by the bench as a comparator. Deviations, both on purpose: the noise for two
constant sides is seeded, and tolerance and confidence are parameters. Its blind spots are kept: see docs/explanation/judge.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from seaway.judge.logspace import Floats

TOLERANCE, CONFIDENCE = 0.25, 0.98
ROOT_TOLERANCE, ROOT_STEPS = 1e-4, 1000
SEED = 20


class Class(StrEnum):
    """What a metric is found to be."""

    PASS = "Pass"  # noqa: S105 - a class, not a password
    HIGH = "High"
    LOW = "Low"
    NODATA = "Nodata"
    NODATA_FAIL = "NodataFailMetric"
    ERROR = "Error"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one metric is classified: the fields of `analysisConfigurations.canary`, under their own names in words."""

    direction: str = "either"  # increase | decrease | either
    nan_strategy: str = "remove"  # remove | replace (with 0)
    outliers: str = "keep"  # keep | remove
    outlier_factor: float = 3.0
    critical: bool = False
    must_have_data: bool = False
    muted: bool = False
    measure: str = "meanRatio"  # meanRatio | cles
    allowed_increase: float | None = None
    allowed_decrease: float | None = None
    critical_increase: float | None = None
    critical_decrease: float | None = None
    tolerance: float = TOLERANCE
    confidence: float = CONFIDENCE

    def limit(self, value: float | None) -> float:
        """An effect limit, or the measure's neutral value."""
        return value if value is not None else (1.0 if self.measure == "meanRatio" else 0.5)


@dataclass(frozen=True, slots=True)
class Shift:
    """Hodges-Lehmann shift of candidate over stable, with its confidence interval."""

    low: float
    high: float
    estimate: float


@dataclass(frozen=True, slots=True)
class Classified:
    """One metric's class, whether it fails the whole canary, and the numbers behind it."""

    label: Class
    critical: bool = False
    shift: Shift | None = None
    effect: float | None = None
    reason: str = ""


def shift(candidate: Floats, stable: Floats, confidence: float = CONFIDENCE) -> Shift:
    """The shift at which the Mann-Whitney statistic is zero, and those at its critical values (normal approximation, ties corrected).

    Both sides hold at least one finite number each, and not one single value in all. Roots by Brent's method to 1e-4.
    """
    low, high = float(candidate.min() - stable.max()), float(candidate.max() - stable.min())
    critical = NormalDist().inv_cdf(1 - (1 - confidence) / 2)

    def root(target: float, *, correct: bool) -> float:
        def gap(d: float) -> float:
            return _statistic(candidate - d, stable, correct=correct) - target

        at_low, at_high = gap(low), gap(high)
        if at_low <= 0:
            return low
        if at_high >= 0:
            return high
        return brent(gap, low, high, at_low, at_high)

    return Shift(root(critical, correct=True), root(-critical, correct=True), root(0.0, correct=False))


def _statistic(x: Floats, y: Floats, *, correct: bool) -> float:
    """The standardised rank sum of x against y."""
    together = np.concatenate([x, y])
    _, inverse, counts = np.unique(together, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2.0)[inverse]
    n, m = len(x), len(y)
    centred = float(ranks[:n].sum()) - n * (n + 1) / 2 - n * m / 2
    size = n + m
    ties = float((counts.astype(np.float64) ** 3 - counts).sum())
    variance = n * m / 12 * ((size + 1) - ties / (size * (size - 1)))
    if variance <= 0:
        return 0.0
    return float((centred - (np.sign(centred) * 0.5 if correct else 0.0)) / math.sqrt(variance))


def brent(f: Callable[[float], float], a: float, b: float, fa: float, fb: float) -> float:
    """A root of f between a and b, where f changes sign: inverse quadratic steps while they shrink, else bisection."""
    c, fc, step, last = a, fa, b - a, b - a
    for _ in range(ROOT_STEPS):
        if (fb > 0) == (fc > 0):
            c, fc, step, last = a, fa, b - a, b - a
        if abs(fc) < abs(fb):
            a, b, c, fa, fb, fc = b, c, b, fb, fc, fb
        close = 2 * np.finfo(float).eps * abs(b) + ROOT_TOLERANCE / 2
        half = (c - b) / 2
        if abs(half) <= close or fb == 0:
            return b
        if abs(last) >= close and abs(fa) > abs(fb):
            move = _interpolated((a, b, c), (fa, fb, fc))
            inside = abs(move) < min(abs(1.5 * half) - abs(close) / 2, abs(last) / 2) and (move > 0) == (half > 0)
            last, step = (step, move) if inside else (half, half)
        else:
            last = step = half
        a, fa = b, fb
        b += step if abs(step) > close else math.copysign(close, half)
        fb = f(b)
    return b


def _interpolated(points: tuple[float, float, float], values: tuple[float, float, float]) -> float:
    """The step from b by inverse quadratic interpolation, or by the secant when only two points differ."""
    (a, b, c), (fa, fb, fc) = points, values
    if a == c:
        return -fb * (b - a) / (fb - fa)
    q, r, s = fa / fc, fb / fc, fb / fa
    return s * (q * (q - r) * (c - b) - (1 - r) * (b - a)) / ((q - 1) * (r - 1) * (s - 1))


def clean(values: Sequence[float], rule: Rule) -> Floats:
    """NaN first, then outliers: outside the wider of 3 interquartile ranges and the 1st to 99th percentile."""
    series = np.array(values, dtype=np.float64)
    gone = ~np.isfinite(series)
    series = np.where(gone, 0.0, series) if rule.nan_strategy == "replace" else series[~gone]
    if rule.outliers != "remove" or not len(series):
        return series
    first, q1, q3, last = np.percentile(series, [1, 25, 75, 99])
    spread = rule.outlier_factor * (q3 - q1)
    kept = (series >= min(first, q1 - spread)) & (series <= max(last, q3 + spread))
    return np.asarray(series[kept])


def classify(
    stable: Sequence[float], candidate: Sequence[float], rule: Rule | None = None, *, seed: int = SEED
) -> Classified:
    """One metric's class from its values per interval on both sides."""
    rule = rule or Rule()
    control, experiment = clean(stable, rule), clean(candidate, rule)
    shortcut = _shortcut(control, experiment, rule)
    if shortcut is not None:
        return shortcut
    if len(np.unique(control)) == 1 and len(np.unique(experiment)) == 1:
        noise = np.random.default_rng(seed)
        control = control + noise.normal(0, 1e-5 * abs(float(control[0])), len(control))
        experiment = experiment + noise.normal(0, 1e-5 * abs(float(experiment[0])), len(experiment))
    found = shift(experiment, control, rule.confidence)
    size = effect(control, experiment, rule.measure)
    bound = rule.tolerance * abs(found.estimate)
    up = rule.direction != "decrease" and found.low > bound
    down = rule.direction != "increase" and found.high < -bound
    if up and (math.isnan(size) or size >= rule.limit(rule.allowed_increase)):
        severe = math.isnan(size) or size >= rule.limit(rule.critical_increase)
        return Classified(Class.HIGH, rule.critical and severe, found, size, "candidate is higher")
    if down and (math.isnan(size) or size <= rule.limit(rule.allowed_decrease)):
        severe = math.isnan(size) or size <= rule.limit(rule.critical_decrease)
        return Classified(Class.LOW, rule.critical and severe, found, size, "candidate is lower")
    return Classified(Class.PASS, False, found, size)


def _shortcut(control: Floats, experiment: Floats, rule: Rule) -> Classified | None:
    if not len(control) or not len(experiment):
        if rule.nan_strategy == "replace":
            return Classified(Class.PASS, reason="no values; missing ones count as 0")
        fails = rule.must_have_data and not rule.critical
        return Classified(
            Class.NODATA_FAIL if fails else Class.NODATA,
            rule.critical and rule.must_have_data,
            reason="a side is empty",
        )
    if np.array_equal(np.sort(control), np.sort(experiment)):
        return Classified(Class.PASS, reason="the same values")
    if len(np.unique(np.concatenate([control, experiment]))) == 1:
        return Classified(Class.PASS, reason="one single value")
    return None


def effect(control: Floats, experiment: Floats, measure: str = "meanRatio") -> float:
    """How large a difference is: ratio of the means (NaN when stable's is 0), or the chance that candidate's value is larger."""
    if measure == "cles":
        below = (control[None, :] < experiment[:, None]).mean()
        return float(below + 0.5 * (control[None, :] == experiment[:, None]).mean())
    mean = float(control.mean())
    return float(experiment.mean()) / mean if mean != 0 and float(experiment.mean()) != 0 else math.nan


@dataclass(frozen=True, slots=True)
class Scored:
    """The score (0 to 100, 2 digits), its class (Pass, Marginal, Fail), each group's score, and why it is 0 if it is."""

    score: float
    label: str
    groups: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


def score(
    metrics: Mapping[str, tuple[str, Classified]],
    *,
    weights: Mapping[str, float] | None = None,
    passing: float = 95.0,
    marginal: float = 75.0,
) -> Scored:
    """`metrics`: name -> (group, class); a metric in no group ("") never counts. `weights`: percent per group.

    Groups without a weight share what is left of 100 equally. Weights are not scaled: listed ones that sum to 80 cap the score at 80.
    """
    failed = [name for name, (_, found) in metrics.items() if found.critical and found.label is not Class.PASS]
    if failed:
        return Scored(0.0, _label(0.0, passing, marginal), reason=f"critical metric {failed[0]} failed")
    absent = [name for name, (_, found) in metrics.items() if found.label is Class.NODATA]
    if metrics and 2 * len(absent) >= len(metrics):
        return Scored(0.0, _label(0.0, passing, marginal), reason="no data for half of the metrics or more")
    groups: dict[str, list[Class]] = {}
    for group, found in metrics.values():
        if group:
            groups.setdefault(group, []).append(found.label)
    given = {name: weight for name, weight in (weights or {}).items() if name in groups}
    others = [name for name in groups if name not in given]
    rest = max(0.0, 100.0 - sum(given.values())) / len(others) if others else 0.0
    scores = {name: _group(labels) for name, labels in groups.items()}
    total = round(sum(value * given.get(name, rest) / 100 for name, value in scores.items()), 2)
    return Scored(total, _label(total, passing, marginal), scores)


def _group(labels: list[Class]) -> float:
    counted = [label for label in labels if label not in {Class.NODATA, Class.ERROR}]
    return 100.0 * counted.count(Class.PASS) / len(counted) if counted else 100.0


def _label(value: float, passing: float, marginal: float) -> str:
    return "Pass" if value >= passing else "Marginal" if value >= marginal else "Fail"


def lifetime(scores: Sequence[float], *, passing: float = 95.0, marginal: float = 75.0) -> str:
    """Several judgements over a canary's life: all must reach `marginal`, the last one `passing`. Returns Pass or Fail."""
    if not scores or any(value < marginal for value in scores[:-1]):
        return "Fail"
    return "Pass" if scores[-1] >= passing else "Fail"
