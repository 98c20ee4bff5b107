"""Bottlenecks as a part of `seaway.assessment/v1`. Called by `assess.document`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from seaway.model.bottleneck import Bottleneck, Cost, Figure, Forecast, JobTime, Outcome, Replay

Json = dict[str, Any]


def bottleneck(one: Bottleneck) -> Json:
    """One pipeline."""
    return {
        "pipeline": one.pipeline,
        "runs": one.runs,
        "succeeded": one.succeeded,
        "since": moment(one.since),
        "until": moment(one.until),
        "duration_p50": figure(one.duration),
        "duration_p90": figure(one.duration_p90),
        "work_s": _number(one.work),
        "queue_s": _number(one.queue),
        "person_s": _number(one.person),
        "queue_share": _number(one.waiting),
        "retried_s": _number(one.retried),
        "retried_share": _number(one.waste),
        "order": one.order,
        "cost": _cost(one.cost),
        "replay": _replay(one.replay),
        "what_if": [_forecast(each) for each in one.what_if],
        "jobs": [_job(job) for job in one.jobs],
    }


def _job(one: JobTime) -> Json:
    return {
        "job": one.name,
        "work_p50": figure(one.work),
        "work_p90_s": _number(one.work_p90),
        "queue_p50": figure(one.queue),
        "queue_p90_s": _number(one.queue_p90),
        "critical": figure(one.critical),
        "path_s": _number(one.path),
        "flaky": figure(one.flaky),
        "retried_s": _number(one.retried),
        "runners": list(one.runners),
    }


def _cost(one: Cost | None) -> Json | None:
    if one is None:
        return None
    return {
        "total": _number(one.total),
        "run_p50": _number(one.run),
        "retried": _number(one.retried),
        "unpriced_s": _number(one.unpriced),
    }


def _replay(one: Replay | None) -> Json | None:
    if one is None:
        return None
    return {
        "reproduced": one.reproduced,
        "recorded_s": one.recorded,
        "replayed_s": one.replayed,
        "runs": one.runs,
        "words": one.words,
    }


def _forecast(one: Forecast) -> Json:
    return {
        "change": one.id,
        "words": one.change,
        "assumes": one.assumes,
        "before_s": _number(one.before),
        "after": figure(one.after),
        "gain": figure(one.gain),
        "method": "replayed",
        "replays": one.replays,
    }


def outcome(one: Outcome) -> Json:
    """A stored forecast and what came of it."""
    kept = one.promise
    return {
        "forecast": kept.id,
        "words": kept.change,
        "assumes": kept.assumes,
        "made": moment(kept.made),
        "before_s": _number(kept.before),
        "after": figure(kept.after),
        "landed": None if kept.landed is None else moment(kept.landed),
        "state": one.state,
        "observed": figure(one.observed),
        "error_s": None if one.error is None else _number(one.error),
    }


def figure(one: Figure | None) -> Json | None:
    """A value with its interval."""
    if one is None:
        return None
    return {"value": _number(one.value), "low": _number(one.low), "high": _number(one.high), "n": one.n}


def moment(seconds: float) -> str:
    """A time as documents have it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _number(value: float) -> float:
    return round(value, 4)
