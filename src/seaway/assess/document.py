"""An assessment as the document `seaway.assessment/v1`, from which the HTML report is made too. Called by `cli.assess`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seaway.assess import moves, rules
from seaway.assess.baseline import FORMAT
from seaway.assess.flow.ways import Way
from seaway.assess.runs.document import bottleneck, outcome
from seaway.model.finding import Assessment, Check, Finding

Json = dict[str, Any]


_BASIS = ("since", "until", "attribution_window", "interval", "definitions", "incidents", "unknowns")
_DORA = {
    "what": "dora",
    "why": "nothing was named that tells what was deployed",
    "how": "add --deployments FILE, --runs FILE of a CI system, --tags 'v*' (tags as releases) or --rollouts here",
}
_BOTTLENECKS = {
    "what": "bottlenecks",
    "why": "a file does not say how long its jobs take: every job of a critical path counts as one",
    "how": "add --runs FILE with the history of its runs",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is known beside findings. `dora`: the document of `seaway dora`, None where nobody told of deployments."""

    dora: Json | None = None
    ways: Sequence[Way] = ()


def document(found: Assessment, told: Told = Told()) -> Json:
    """Everything. `checks` holds what the scores were computed from; `dora` and `bottlenecks` are empty without history."""
    listed = moves.moves(found, rules.rules())
    measured = told.dora or {}
    return {
        "format": FORMAT,
        "files": list(found.files),
        "scores": {
            dimension.value: {"score": score.score, "confidence": score.confidence}
            for dimension, score in found.scores.items()
        },
        "checks": [_check(one) for one in found.checks],
        "findings": [_finding(one) for one in found.findings],
        "suppressed": [_suppressed(one) for one in found.suppressed],
        "known": found.known,
        "moves": [_move(one) for one in listed],
        "roadmap": [_phase(one) for one in moves.roadmap(found, listed)],
        "dora": measured.get("services", []),
        "dora_basis": {key: measured[key] for key in _BASIS} if told.dora else None,
        "bottlenecks": [bottleneck(one) for one in found.bottlenecks],
        "forecasts": [outcome(one) for one in found.forecasts],
        "critical_paths": [_way(one) for one in told.ways],
        "not_measured": [*([] if told.dora else [_DORA]), *([] if found.bottlenecks else [_BOTTLENECKS])],
        "unknowns": [
            {"path": one.path, "line": one.line, "column": one.column, "why": one.why} for one in found.unknowns
        ],
    }  # fmt: skip


def _move(one: moves.Move) -> Json:
    return {
        "rule": one.rule.id,
        "number": one.rule.number,
        "dimension": one.rule.dimension.value,
        "title": one.rule.title,
        "advice": one.rule.advice,
        "severity": one.check.severity.value,
        "findings": one.findings,
        "patches": one.patches,
        "effort": one.effort,
        "gain": one.gain,
        "gain_per_effort": round(one.value, 3),
        "score_before": one.before,
        "score_after": one.after,
    }


def _phase(one: moves.Phase) -> Json:
    return {
        "days": one.days,
        "rules": [move.rule.id for move in one.moves],
        "scores_after": {dimension.value: score.score for dimension, score in one.scores.items()},
    }


def _way(one: Way) -> Json:
    return {
        "path": one.path,
        "system": one.system,
        "unit": one.unit,
        "total": one.total,
        "critical": list(one.critical),
        "jobs": [{"id": name, "start": start, "end": end} for name, start, end in one.times],
    }


def _check(one: Check) -> Json:
    return {
        "rule": one.rule,
        "number": one.number,
        "dimension": one.dimension.value,
        "severity": one.severity.value,
        "confidence": one.confidence,
        "status": one.status.value,
        "findings": one.findings,
    }


def _finding(one: Finding) -> Json:
    return {
        "rule": one.rule,
        "number": one.number,
        "dimension": one.dimension.value,
        "system": one.system,
        "severity": one.severity.value,
        "confidence": one.confidence,
        "status": "fail",
        "path": one.span.path,
        "line": one.span.line,
        "column": one.span.column,
        "end_line": one.span.end_line,
        "end_column": one.span.end_column,
        "message": one.message,
        "why": one.why,
        "impact": {"metric": one.impact.metric, "method": one.impact.method},
        "effort": one.effort,
        "fix": {"diff": one.fix.diff, "verified": one.fix.verified, "by": list(one.fix.by)} if one.fix else None,
        "fingerprint": one.fingerprint,
    }


def _suppressed(one: Finding) -> Json:
    silenced = one.suppressed
    assert silenced is not None  # noqa: S101 - only those are listed
    until = silenced.until.isoformat() if silenced.until else None
    return _finding(one) | {"suppress": {"reason": silenced.reason, "until": until, "line": silenced.line}}
