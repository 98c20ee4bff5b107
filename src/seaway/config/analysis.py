"""The shape of `analysis:` at the edge, and the judge it becomes. Called by `config.environment`.

Everything has a default, so `analysis: {}` is a whole judge: errors and latency beside stable's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from seaway.config.fields import Fields, Integer, Name, Number, Percent, Quantile, Span, Text, choice
from seaway.model.analysis import Judging, Kind, Metric, Mismatch, Spec, Stop, Underpowered
from seaway.model.verdict import Reaction

_ERRORS = Metric("errors", Kind.RATE, margin=2.0, enough=0.01)
_LATENCY = Metric("latency", Kind.LATENCY, quantiles=(0.5, 0.9), margin=0.25, enough=25.0)
_SPEC = Spec((_ERRORS, _LATENCY))
_JUDGING = Judging(_SPEC)


class RateFields(Fields):
    margin: Annotated[Number, Field(gt=1, lt=100)] = _ERRORS.margin or 2.0
    enough: Percent = _ERRORS.enough


class SlownessFields(Fields):
    quantiles: Annotated[list[Quantile], Field(min_length=1, max_length=8)] = list(_LATENCY.quantiles)  # noqa: RUF012
    margin: Percent = _LATENCY.margin or 0.25
    enough: Span = timedelta(milliseconds=_LATENCY.enough)

    @model_validator(mode="after")
    def _has_margin(self) -> SlownessFields:
        if not self.margin:
            raise ValueError("`margin` is above 0%: that nothing at all is slower cannot be proven")
        return self


class ObjectiveFields(Fields):
    at_most: Percent


class MetricFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("rate", "latency", "objective")

    rate: RateFields | None = None
    latency: SlownessFields | None = None
    objective: ObjectiveFields | None = None
    name: Name = ""
    weight: Percent | None = None
    tolerance: Percent | None = None

    @model_validator(mode="after")
    def _fits(self) -> MetricFields:
        if self.objective and self.tolerance is not None:
            raise ValueError("an objective is a limit by itself: it has no tolerance")
        if self.objective and not 0 < self.objective.at_most < 1:
            raise ValueError("`at_most` of an objective is above 0% and below 100%")
        return self

    def metric(self) -> Metric:
        if self.latency:
            asked = self.latency
            enough = asked.enough / timedelta(milliseconds=1)
            made = Metric("latency", Kind.LATENCY, quantiles=tuple(asked.quantiles), margin=asked.margin, enough=enough)
        elif self.objective:
            made = Metric("objective", Kind.OBJECTIVE, at_most=self.objective.at_most)
        else:
            rate = self.rate or RateFields()
            made = Metric("errors", Kind.RATE, margin=rate.margin, enough=rate.enough)
        return replace(made, name=self.name or made.name, weight=self.weight or None, tolerance=self.tolerance)


class AnswerFields(Fields):
    fail: Annotated[Reaction, choice(Reaction)] = _JUDGING.on_fail
    inconclusive: Annotated[Reaction, choice(Reaction)] = _JUDGING.on_inconclusive
    no_data: Annotated[Reaction, choice(Reaction)] = _JUDGING.on_no_data
    error: Annotated[Reaction, choice(Reaction)] = _JUDGING.on_error


class AnalysisFields(Fields):
    metrics: Annotated[list[MetricFields], Field(max_length=16)] = []  # noqa: RUF012 - frozen, like every field
    alpha: Percent = _SPEC.alpha
    alpha_promote: Percent = _SPEC.alpha_promote
    tolerance: Percent = _SPEC.tolerance
    min_samples: Annotated[Integer, Field(ge=1)] = _SPEC.min_samples
    warm_up: Span | None = None
    restarts: Annotated[Integer, Field(ge=1, le=20)] = _SPEC.restarts
    deadline: Span = _JUDGING.deadline
    must_have: list[Text] = []  # noqa: RUF012
    on_mismatch: Annotated[Mismatch, choice(Mismatch)] = _SPEC.on_mismatch
    on: AnswerFields = AnswerFields()
    extend_max: Span = _JUDGING.extend_max
    underpowered: Annotated[Underpowered, choice(Underpowered)] = _JUDGING.underpowered
    requests_per_minute: Annotated[Integer, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _fits(self) -> AnalysisFields:
        for name in ("alpha", "alpha_promote"):
            if not 0 < getattr(self, name) < 0.5:
                raise ValueError(f"`{name}` is above 0% and below 50%")
        metrics = {metric.name: metric for metric in _named(self.metrics)}
        for name in self.must_have:
            if name not in metrics:
                raise ValueError(f"`must_have` names {name!r:.40}, which is no metric; known: {', '.join(metrics)}")
        given = [metric.weight for metric in metrics.values() if metric.weight]
        if given and (len(given) < len(metrics)) and sum(given) >= 1:
            raise ValueError("the weights sum to 100% or more and leave nothing for the metrics without one")
        return self

    def judging(self, tick: timedelta) -> Judging:
        """The judge of an environment with this tick. It never stops at a pass: harm is looked for until the end."""
        warm_up = math.ceil(self.warm_up / tick) if self.warm_up else 0
        deadline = max(1, math.ceil((self.deadline + self.extend_max) / tick))
        spec = Spec(
            _named(self.metrics) or _SPEC.metrics,
            alpha=self.alpha,
            alpha_promote=self.alpha_promote,
            tolerance=self.tolerance,
            deadline_batches=deadline + warm_up,
            min_samples=self.min_samples,
            warmup_batches=warm_up,
            restarts=self.restarts,
            must_have=tuple(self.must_have) or None,
            on_mismatch=self.on_mismatch,
            stop=Stop.DEADLINE,
        )
        return Judging(
            spec,
            on_fail=self.on.fail,
            on_inconclusive=self.on.inconclusive,
            on_no_data=self.on.no_data,
            on_error=self.on.error,
            extend_max=self.extend_max,
            deadline=self.deadline,
            underpowered=self.underpowered,
            requests_per_minute=float(self.requests_per_minute),
        )


def _named(metrics: Sequence[MetricFields]) -> tuple[Metric, ...]:
    """Every metric under a name of its own: a second `latency` becomes `latency-2`; an objective reads the first rate's batches."""
    taken: set[str] = set()
    made = []
    for fields in metrics:
        metric = fields.metric()
        name, number = metric.name, 1
        while name in taken:
            number += 1
            name = f"{metric.name}-{number}"
        taken.add(name)
        made.append(replace(metric, name=name))
    return tuple(made)
