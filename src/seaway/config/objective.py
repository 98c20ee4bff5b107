"""The shape of one entry of `objectives:` at the edge, and the guard it becomes. Called by `config.environment`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from seaway.config.fields import Fields, Integer, Name, Percent, Quantile, Span, choice
from seaway.model.verdict import Guard, Measure, Reaction

_GUARD = Guard("", Measure.SUCCESS_RATE)


class Against(StrEnum):
    """What a candidate's numbers are compared with, other than a limit."""

    STABLE = "stable"


class _Compared(Fields):
    """A limit, or a comparison with a margin."""

    against: Annotated[Against, choice(Against)] | None = None
    margin: Percent = _GUARD.margin

    @model_validator(mode="after")
    def _margin_compares(self) -> _Compared:
        if "margin" in self.model_fields_set and not self.against:
            raise ValueError("`margin` says how far the candidate may be from stable: add `against: stable`")
        return self

    @property
    def compare(self) -> str:
        return "stable" if self.against else "absolute"


class SuccessRateFields(_Compared):
    one_of: ClassVar[tuple[str, ...]] = ("at_least", "against")

    at_least: Percent = _GUARD.at_least


class LatencyFields(_Compared):
    one_of: ClassVar[tuple[str, ...]] = ("at_most", "against")

    quantile: Quantile = _GUARD.quantile
    at_most: Span | None = None


class OnFields(Fields):
    fail: Annotated[Reaction, choice(Reaction)] = _GUARD.on_fail
    inconclusive: Annotated[Reaction, choice(Reaction)] = _GUARD.on_inconclusive
    no_data: Annotated[Reaction, choice(Reaction)] = _GUARD.on_no_data
    error: Annotated[Reaction, choice(Reaction)] = _GUARD.on_error


class ObjectiveFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("success_rate", "latency")

    success_rate: SuccessRateFields | None = None
    latency: LatencyFields | None = None
    name: Name = ""
    min_samples: Annotated[Integer, Field(ge=1)] = _GUARD.min_samples
    window: Span = _GUARD.window
    on: OnFields = OnFields()
    extend_max: Span = _GUARD.extend_max

    def guard(self) -> Guard:
        common: dict[str, Any] = {
            "min_samples": self.min_samples,
            "window": self.window,
            "on_fail": self.on.fail,
            "on_inconclusive": self.on.inconclusive,
            "on_no_data": self.on.no_data,
            "on_error": self.on.error,
            "extend_max": self.extend_max,
        }
        if self.latency:
            ask = self.latency
            name = self.name or f"latency-p{ask.quantile * 100:g}".replace(".", "-")
            limit = ask.at_most / timedelta(milliseconds=1) if ask.at_most else 0.0
            return Guard(
                name, Measure.LATENCY, ask.compare, at_most=limit, margin=ask.margin, quantile=ask.quantile, **common
            )
        rate = self.success_rate or SuccessRateFields()
        name = self.name or "success-rate"
        return Guard(name, Measure.SUCCESS_RATE, rate.compare, at_least=rate.at_least, margin=rate.margin, **common)


def guards(objectives: Sequence[ObjectiveFields]) -> tuple[Guard, ...]:
    """Every guard under a name of its own: a second `success-rate` becomes `success-rate-2`; written names are kept."""
    taken = {fields.name for fields in objectives if fields.name}
    made = []
    for fields in objectives:
        guard = fields.guard()
        if not fields.name:
            name, number = guard.name, 1
            while name in taken:
                number += 1
                name = f"{guard.name}-{number}"
            taken.add(name)
            guard = replace(guard, name=name)
        made.append(guard)
    return tuple(made)
