"""A report in Prometheus' text exposition format. What is not known has no sample. Called by `cli.dora`."""

from __future__ import annotations

from collections.abc import Iterator

from seaway.assess.dora.recovery import Curve
from seaway.assess.dora.report import Measured, Report
from seaway.assess.dora.spread import Estimate, Spread

Sample = tuple[dict[str, str], float | None]
_NAMES = {
    "seaway_dora_change_lead_time_seconds": "Change lead time, per commit and clock.",
    "seaway_dora_change_lead_time_commits": "Commits that the lead time was computed from.",
    "seaway_dora_deployments": "Successful deployments in the window, without redeployments.",
    "seaway_dora_deployments_per_day": "Successful deployments per calendar day.",
    "seaway_dora_failed_attempts": "Deployments that failed.",
    "seaway_dora_change_fail_ratio": "Deployments that needed intervention, of all that users saw.",
    "seaway_dora_failed_deployments": "Deployments that needed intervention.",
    "seaway_dora_recovery_time_seconds": "Failed deployment recovery time, from impact_start or detected.",
    "seaway_dora_open_failures": "Failed deployments that users still suffer from.",
    "seaway_dora_rework_ratio": "Unplanned deployments that remedy, of all.",
}
_PERCENTILES = ("50", "75", "90")


def render(report: Report) -> str:
    """Gauges with HELP and TYPE; `bound` tells the figure from the ends of its interval."""
    found: dict[str, list[Sample]] = {name: [] for name in _NAMES}
    for measured in report.lanes:
        for name, labels, value in _samples(measured):
            found[name].append(
                ({"service": measured.lane.service, "environment": measured.lane.environment, **labels}, value)
            )
    lines = []
    for name, text in _NAMES.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        lines += [f"{name}{{{_labels(labels)}}} {value:.10g}" for labels, value in found[name] if value is not None]
    return "\n".join(lines) + "\n"


def _samples(measured: Measured) -> Iterator[tuple[str, dict[str, str], float | None]]:
    lead, frequency, fail_rate = measured.lead_time, measured.frequency, measured.fail_rate
    for clock, spread in lead.clocks.items():
        yield from _quantiles("seaway_dora_change_lead_time_seconds", spread, clock=clock)
    yield "seaway_dora_change_lead_time_commits", {}, lead.commits.n
    yield "seaway_dora_deployments", {}, frequency.n
    yield from _bounds("seaway_dora_deployments_per_day", frequency.per_day)
    yield "seaway_dora_failed_attempts", {}, frequency.failed
    yield from _bounds("seaway_dora_change_fail_ratio", fail_rate.rate)
    yield "seaway_dora_failed_deployments", {}, fail_rate.failed if fail_rate.rate.value is not None else None
    recovery = measured.recovery
    yield from _quantiles("seaway_dora_recovery_time_seconds", recovery.from_impact, clock="impact_start")
    yield from _quantiles("seaway_dora_recovery_time_seconds", recovery.from_detected, clock="detected")
    yield "seaway_dora_open_failures", {}, recovery.from_impact.open
    yield from _bounds("seaway_dora_rework_ratio", measured.rework.rate)


def _quantiles(name: str, found: Spread | Curve, *, clock: str) -> Iterator[tuple[str, dict[str, str], float | None]]:
    for percentile, estimate in zip(_PERCENTILES, (found.p50, found.p75, found.p90), strict=True):
        for _, labels, value in _bounds(name, estimate):
            yield name, {"clock": clock, "percentile": percentile, **labels}, value


def _bounds(name: str, found: Estimate) -> Iterator[tuple[str, dict[str, str], float | None]]:
    yield name, {"bound": "value"}, found.value
    yield name, {"bound": "low"}, found.low
    yield name, {"bound": "high"}, found.high


def _labels(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
