"""An assessment as the document `seaway.assessment/v1`. Called by `cli.assess`."""

from __future__ import annotations

from typing import Any

from seaway.assess.baseline import FORMAT
from seaway.assess.runs.document import bottleneck
from seaway.model.finding import Assessment, Check, Finding

Json = dict[str, Any]


def document(found: Assessment) -> Json:
    """Everything. `checks` holds what the scores were computed from; `dora` and `bottlenecks` are empty without history."""
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
        "dora": [],
        "bottlenecks": [bottleneck(one) for one in found.bottlenecks],
        "unknowns": [
            {"path": one.path, "line": one.line, "column": one.column, "why": one.why} for one in found.unknowns
        ],
    }  # fmt: skip


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
