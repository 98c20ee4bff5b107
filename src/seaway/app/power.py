"""What a judged canary can find, said in its plan: stable's traffic of the last hour meets the judge's arithmetic. Called by `planning`.

`plan` and `judge` do not know each other: the function made here is handed to `plan.build`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from seaway.config.home import Home
from seaway.engine import reader
from seaway.model import codec, weight
from seaway.model.analysis import Judging, Kind, Metric
from seaway.model.plan import Analysis, Pause, Plan, Ramp, SetWeight
from seaway.model.verdict import Sample

_HOUR = 3600.0
_ASSUMED = 0.001  # the rate of errors that is planned with where nothing was seen
Told = tuple[tuple[str, ...], bool]


@dataclass(frozen=True, slots=True)
class _Traffic:
    """Of the whole service: requests a second, stable's rate of errors, how clustered its failures are, whence it is known, and the
    tolerance that its instances need among themselves.
    """

    per_s: float
    rate: float
    phi: float
    source: str
    tolerance: float
    differ: str = ""


def of(home: Home) -> Callable[[Plan], Told]:
    """The judge's power function for `plan.build`: sentences, and whether the canary is underpowered."""

    def power(plan: Plan) -> Told:
        judging = plan.judging
        rate = next((m for m in judging.spec.metrics if m.kind is Kind.RATE), None) if judging else None
        if judging is None or rate is None:
            return (), False
        traffic = _traffic(home, plan, judging, rate)
        if traffic is None:
            words = "no traffic of stable is known: what this canary can find cannot be said (`requests_per_minute` declares it)"
            return (words,), False
        return _told(plan, judging, rate, traffic)

    return power


def _traffic(home: Home, plan: Plan, judging: Judging, metric: Metric) -> _Traffic | None:
    from seaway.judge import batching, lanes, placebo

    rows = reader.history(home.database, plan.environment, plan.service, time.time() - _HOUR)
    stable = plan.stable.id if plan.stable else ""
    samples, instances = batching.sides([codec.decode(Sample, row) for row in rows], stable)
    known = batching.past(judging.spec, samples, instances).get(metric.name)
    declared = judging.requests_per_minute / 60
    if known is None and not declared:
        return None
    asked = lanes.tolerance(metric, judging.spec)
    if known is None:
        return _Traffic(declared, _ASSUMED, 1.0, f"declared traffic, {_ASSUMED:.1%} of errors assumed", asked)
    per_s, rate = batching.traffic(samples)
    source = "declared traffic" if declared else "traffic of the last hour"
    found = placebo.test(metric, judging.spec, known)
    if found is None or found.exchangeable:
        return _Traffic(declared or per_s, rate, known.phi(), source, asked)
    return _Traffic(declared or per_s, rate, known.phi(), source, found.tolerance, placebo.words(metric.name, found))


def _told(plan: Plan, judging: Judging, metric: Metric, traffic: _Traffic) -> Told:
    from seaway.judge import power, spec

    share, seconds = exposure(plan)
    if not share or not seconds:
        return (), False
    asked = judging.spec
    situation = power.Situation(
        requests_per_s=traffic.per_s,
        share=share,
        rate=max(traffic.rate, 1e-9),
        seconds=seconds,
        alpha=asked.alpha,
        alpha_promote=asked.alpha_promote,
        tolerance=traffic.tolerance,
        margin=metric.margin,
        enough=metric.enough,
        weight=spec.weights(asked)[metric.name],
        phi=traffic.phi,
        min_samples=asked.min_samples,
    )
    found = power.preview(situation, metric.name)
    lines = [traffic.differ] if traffic.differ else []
    lines.append(f"{found.text} ({traffic.source}, {traffic.rate:.2g} of stable's fail)")
    if found.proof_requests is not None and not math.isfinite(found.proof_requests):
        lines.append("a release as good as stable cannot be proven: stable itself is above what is asked")
    elif found.proof_requests is not None:
        when = "in time" if found.proof_in_time else "too many for its time"
        lines.append(
            f"a release as good as stable is proven after about {found.proof_requests:,.0f} of its requests: {when}"
        )
    lines += [f"would help: {advice}" for advice in found.advice]
    return tuple(lines), found.underpowered


def exposure(plan: Plan) -> tuple[float, float]:
    """The candidate's mean share while it is compared, and for how many seconds: pauses, analyses and ramps below 100 %."""
    weighted, seconds, now = 0.0, 0.0, 0
    for step in plan.steps:
        match step:
            case SetWeight():
                now = step.weight
            case Ramp():
                now = step.most
                weighted, seconds = (
                    weighted + now * step.deadline.total_seconds(),
                    seconds + step.deadline.total_seconds(),
                )
            case Pause() | Analysis() if now < weight.WHOLE and step.duration:
                weighted, seconds = (
                    weighted + now * step.duration.total_seconds(),
                    seconds + step.duration.total_seconds(),
                )
            case _:
                pass
    return (weighted / seconds / weight.WHOLE, seconds) if seconds else (0.0, 0.0)
