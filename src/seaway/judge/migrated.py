"""A canary ruled as Kayenta would: one value per batch and side, one look at the end. Called by `stream` for `judge: kayenta`."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from seaway.judge import kayenta
from seaway.judge.kayenta import Class, Classified, Rule, Scored
from seaway.model.analysis import Direction, Kind, Metric, Spec
from seaway.model.batch import Batch, Side
from seaway.model.verdict import Outcome


def rule(spec: Spec, batches: Iterable[Batch]) -> tuple[Outcome, str | None, str]:
    """(outcome, metric, reason): Pass is pass, Marginal inconclusive, Fail fail; without data on half of the metrics no_data."""
    classes, scored = judged(spec, list(batches))
    worst = next(
        (name for name, found in classes.items() if found.label in {Class.HIGH, Class.LOW, Class.NODATA_FAIL}), None
    )
    if not any(found.shift is not None or found.reason != "a side is empty" for found in classes.values()):
        return Outcome.NO_DATA, None, "no metric has data on both sides"
    words = f"score {scored.score:g} of {spec.pass_score:g}" + (f": {scored.reason}" if scored.reason else "")
    outcome = {"Pass": Outcome.PASS, "Marginal": Outcome.INCONCLUSIVE, "Fail": Outcome.FAIL}[scored.label]
    if scored.reason.startswith("no data"):
        outcome = Outcome.NO_DATA
    return outcome, None if outcome is Outcome.PASS else worst, words


def judged(spec: Spec, batches: list[Batch]) -> tuple[dict[str, Classified], Scored]:
    """Each metric's class, and the score of all, in one group with equal weights. Objectives have no part in it."""
    classes: dict[str, Classified] = {}
    for metric in spec.metrics:
        if metric.kind is Kind.OBJECTIVE:
            continue
        mine = [batch for batch in batches if batch.metric == metric.name]
        stable = [value(metric, batch.stable, batch.edges) for batch in mine]
        candidate = [value(metric, batch.candidate, batch.edges) for batch in mine]
        classes[metric.name] = kayenta.classify(stable, candidate, Rule(direction=direction(metric)))
    metrics = {name: ("all", found) for name, found in classes.items()}
    return classes, kayenta.score(metrics, passing=spec.pass_score, marginal=spec.marginal_score)


def direction(metric: Metric) -> str:
    """Slower is worse; a rate says itself which way is."""
    return "increase" if metric.kind is Kind.LATENCY else Direction(metric.direction).value


def value(metric: Metric, side: Side | None, edges: tuple[float, ...]) -> float:
    """One side of one batch as the single number that Kayenta sees: a rate, or the highest quantile asked for. NaN without requests."""
    if side is None or side.n == 0:
        return math.nan
    if metric.kind is not Kind.LATENCY:
        return side.events / side.n
    place = int(np.searchsorted(np.cumsum(side.counts), max(metric.quantiles) * side.n))
    return edges[min(place, len(edges) - 1)]
