"""Checks -> scores, by one formula without adjustments. Called by `examine`; anyone with a report's checks can repeat it.

applicable = rules of the dimension with status fail or pass
score      = 100 * (1 - sum over fails(weight * confidence) / sum over applicable(weight)), at most 40 with a critical failure
confidence = weight of fail and pass / weight of fail, pass and unknown
"""

from __future__ import annotations

from collections.abc import Iterable

from seaway.model.finding import Check, Dimension, Score, Severity, Status

CRITICAL_CAP = 40.0


def scores(checks: Iterable[Check]) -> dict[Dimension, Score]:
    """A score for every dimension; None where no rule with a weight could be applied, which is neither 0 nor 100."""
    rows = list(checks)
    return {one: _score([check for check in rows if check.dimension is one]) for one in Dimension}


def _score(checks: list[Check]) -> Score:
    judged = [check for check in checks if check.status in {Status.FAIL, Status.PASS}]
    applicable = sum(check.severity.weight for check in judged)
    unknown = sum(check.severity.weight for check in checks if check.status is Status.UNKNOWN)
    confidence = applicable / (applicable + unknown) if applicable + unknown else 0.0
    if not applicable:
        return Score(None, confidence)
    fails = [check for check in judged if check.status is Status.FAIL]
    lost = sum(check.severity.weight * check.confidence for check in fails)
    score = 100.0 * (1.0 - lost / applicable)
    if any(check.severity is Severity.CRITICAL for check in fails):
        score = min(score, CRITICAL_CAP)
    return Score(round(score, 1), round(confidence, 3))
