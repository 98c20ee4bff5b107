"""`seaway.dora/v1`: a report as a document, and `seaway.dora-rows/v1`: the rows behind one metric. The keys are a contract and only ever grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seaway.assess.dora import bands, words
from seaway.assess.dora.causes import Cause
from seaway.assess.dora.failures import FailRate
from seaway.assess.dora.frequency import Frequency
from seaway.assess.dora.lead_time import LeadTime
from seaway.assess.dora.recovery import Curve, RecoveryTime
from seaway.assess.dora.report import Measured, Report
from seaway.assess.dora.rework import ReworkRate
from seaway.assess.dora.spread import LEVEL, SEED, Estimate, Spread

FORMAT, ROWS = "seaway.dora/v1", "seaway.dora-rows/v1"
Json = dict[str, Any]


def render(report: Report) -> Json:
    """Times are RFC 3339 UTC, spans seconds, shares 0 to 1, null = not known or not reached; never zero for that."""
    return {
        "format": FORMAT,
        "since": words.time(report.since),
        "until": words.time(report.until),
        "attribution_window": report.window,
        "interval": {"level": LEVEL, "seed": SEED},
        "definitions": {**words.DEFINITIONS, "clocks": words.CLOCKS},
        "services": [_lane(each) for each in report.lanes],
        "incidents": [_cause(each) for each in report.causes],
        "unknowns": list(report.unknowns),
    }


def rows(report: Report, metric: str) -> Json:
    """Every row that one metric of each lane was computed from."""
    return {
        "format": ROWS,
        "metric": metric,
        "until": words.time(report.until),
        "rows": [
            {"service": each.lane.service, "environment": each.lane.environment, **row}
            for each in report.lanes
            for row in _timed(each.metric(metric).rows())
        ],
    }


_TIMES = ("started", "finished", "impact_start", "detected", "mitigated", "resolved")


def _timed(found: Iterator[Json]) -> Iterator[Json]:
    for row in found:
        yield {name: words.time(value) if name in _TIMES else value for name, value in row.items()}


def _lane(measured: Measured) -> Json:
    return {
        "service": measured.lane.service,
        "environment": measured.lane.environment,
        "production": measured.lane.production,
        "change_lead_time": _lead(measured.lead_time),
        "deployment_frequency": _frequency(measured.frequency),
        "change_fail_rate": _fail_rate(measured.fail_rate),
        "failed_deployment_recovery_time": _recovery(measured.recovery),
        "deployment_rework_rate": _rework(measured.rework),
    }


def _lead(found: LeadTime) -> Json:
    changes = found.changes
    return {
        "clock": found.clock,
        **_spread(found.commits),
        "per_deployment": _spread(found.deployments),
        "per_pull_request": _spread(found.pulls),
        "clocks": {name: _spread(spread) for name, spread in found.clocks.items()},
        "batch_delay": _spread(found.batch_delay),
        "to_first_exposure": _spread(found.exposure),
        "coverage": _number(found.coverage),
        "left_out": {
            "prehistory": changes.prehistory,
            "merges": changes.merges,
            "other_services": changes.elsewhere,
            "copies": len(changes.duplicates),
            "reverted_before": len(changes.wasted),
            "undeployed": changes.undeployed,
        },
        "clamped": found.clamped,
        "squash_lower_bound": found.lower_bound,
        "without_push": found.fallback,
        "low_confidence": found.unsure,
        "bands": _bands(bands.LEAD, found.commits.p50.value, found.commits.n),
    }


def _frequency(found: Frequency) -> Json:
    return {
        "n": found.n,
        "days": found.days,
        "per_day": _estimate(found.per_day),
        "active_days_per_week": found.active_days,
        "bucket": found.bucket,
        "seconds_between": _number(found.between),
        "redeployments": found.redeployments,
        "failed_attempts": found.failed,
        "moves": found.moves,
        "bands": _bands(bands.BETWEEN, frequency_value(found), found.n),
    }


def frequency_value(found: Frequency) -> float | None:
    """Seconds per deployment over the window: what the bands of frequency are held against."""
    return 86_400 / found.per_day.value if found.n and found.per_day.value else None


def _fail_rate(found: FailRate) -> Json:
    return {
        "n": found.n,
        "failed": found.failed,
        **_estimate(found.rate),
        "expected": _number(found.expected),
        "incidents_told": found.told,
        "bands": _bands(bands.FAIL, found.rate.value, found.n),
    }


def _recovery(found: RecoveryTime) -> Json:
    return {
        "from": "impact_start",
        **_curve(found.from_impact),
        "from_detected": _curve(found.from_detected),
        "bands": _bands(bands.RECOVERY, found.from_impact.p50.value, found.from_impact.n),
    }


def _rework(found: ReworkRate) -> Json:
    return {
        "n": found.n,
        "reworked": found.reworked,
        **_estimate(found.rate),
        "confidence": _number(found.confidence),
        "expected": _number(found.expected),
        "bands": _bands(bands.REWORK, found.rate.value, found.n),
    }


def _bands(metric: str, value: float | None, n: int) -> Json | None:
    """Null below the fewest samples that are compared."""
    against = bands.against(metric, value, n)
    if against is None:
        return None
    compared = {"score": _number(against.score), "mean": _number(against.mean), "sd": against.sd}
    levels = {
        each.year: {"source": each.source, "levels": list(each.names), "why": each.why}
        for each in bands.levels(metric, value, n)
    }
    return {**levels, "2025": {"source": "dora.dev quick check, all industries, 0 to 10", **compared}}


def _cause(cause: Cause) -> Json:
    best = cause.best
    return {
        "id": cause.incident.id,
        "service": cause.incident.service,
        "started": words.time(cause.incident.started),
        "deployment": best.deployment if best else None,
        "not_a_change": _number(cause.not_a_change),
        "unknown_link": cause.unknown_link or None,
        "answers": [
            {
                "service": each.place[0],
                "environment": each.place[1],
                "deployment": each.deployment,
                "probability": _number(each.probability),
                "why": each.why,
            }
            for each in cause.answers
        ],
    }


def _spread(spread: Spread) -> Json:
    return {"n": spread.n, "deployments": spread.clusters, **_points(spread)}


def _curve(curve: Curve) -> Json:
    return {"n": curve.n, "open": curve.open, **_points(curve)}


def _points(found: Spread | Curve) -> Json:
    return {"p50": _estimate(found.p50), "p75": _estimate(found.p75), "p90": _estimate(found.p90)}


def _estimate(found: Estimate) -> Json:
    return {"value": _number(found.value), "low": _number(found.low), "high": _number(found.high)}


def _number(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
