"""Runs and jobs as the REST interface of GitHub Actions lists them -> runs. Called by `adapters.ci.github`.

A later attempt lists jobs that it did not do again with the times that they had; those are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from seaway.formats.history import _told
from seaway.formats.history._told import Strange
from seaway.model.runs import Conclusion, JobRun, Listed, Run

_ENDS = {
    "success": Conclusion.SUCCESS,
    "failure": Conclusion.FAILURE,
    "startup_failure": Conclusion.FAILURE,
    "timed_out": Conclusion.TIMEOUT,
    "cancelled": Conclusion.CANCELLED,
    "stale": Conclusion.CANCELLED,
    "skipped": Conclusion.SKIPPED,
    "neutral": Conclusion.SKIPPED,
    "action_required": Conclusion.SKIPPED,
}


def listed(document: Any) -> tuple[list[Listed], int, float | None]:
    """The runs of one page that have ended, how many objects the page had, and when the oldest of them was made. Raises Strange."""
    rows = _told.objects(document.get("workflow_runs") if isinstance(document, Mapping) else None)
    found = [
        Listed(_told.must(row, "id"), f"{_told.word(row, 'run_attempt')}:{_told.word(row, 'updated_at')}", row)
        for row in rows
        if row.get("status") == "completed"
    ]
    made = [when for row in rows if (when := _told.moment(row, "created_at")) is not None]
    return found, len(rows), min(made, default=None)


def jobs(document: Any) -> list[Mapping[str, Any]]:
    """The jobs of one page. Raises Strange."""
    return _told.objects(document.get("jobs") if isinstance(document, Mapping) else None)


def gated(document: Any) -> bool:
    """Whether some environment asks for people's word. Raises Strange."""
    found = _told.objects(document.get("environments") if isinstance(document, Mapping) else None)
    return any(
        rule.get("type") == "required_reviewers"
        for one in found
        for rule in _told.objects(one.get("protection_rules") or [])
    )


def approvers(document: Any) -> tuple[str, ...] | None:
    """Who let a run pass an environment's gate; None where nobody was asked. Raises Strange."""
    rows = [row for row in _told.objects(document) if row.get("state") == "approved"]
    return tuple(dict.fromkeys(who for row in rows if (who := _told.word(row, "user", "login")))) or None


def runs(
    told: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], reviewers: tuple[str, ...] | None = None
) -> tuple[Run, ...]:
    """A run's attempts, those of which jobs are known. `reviewers`: who let it pass. Raises Strange."""
    attempts: dict[int, list[JobRun]] = {}
    seen: set[tuple[str, float | None]] = set()
    for row in sorted(rows, key=_attempt):
        job = _job(row)
        if (job.name, job.started) in seen:
            continue
        seen.add((job.name, job.started))
        attempts.setdefault(_attempt(row), []).append(job)
    last = max(attempts, default=1)
    return tuple(
        replace(_run(told, number, tuple(each), last=number == last), reviewers=reviewers)
        for number, each in sorted(attempts.items())
    )


def _attempt(row: Mapping[str, Any]) -> int:
    value = row.get("run_attempt", 1)
    return value if isinstance(value, int) and 1 <= value <= 1000 else 1


def _run(told: Mapping[str, Any], attempt: int, found: tuple[JobRun, ...], *, last: bool) -> Run:
    times = [time for job in found for time in (job.queued, job.started) if time is not None]
    made = _told.moment(told, "created_at")
    begun = made if attempt == 1 and made is not None else min(times, default=made)
    ended = max((job.finished for job in found if job.finished is not None), default=_told.moment(told, "updated_at"))
    if begun is None or ended is None:
        raise Strange("a run without times")
    conclusion = _ENDS.get(_told.word(told, "conclusion"), Conclusion.SKIPPED) if last else _worst(found)
    return Run(
        _told.must(told, "id"),
        (_told.word(told, "path", most=1000).partition("@")[0] or _told.word(told, "name") or "unknown"),
        _told.sha(told, "head_sha"),
        min(begun, ended),
        ended,
        conclusion,
        found,
        attempt,
        _told.word(told, "head_branch", most=1000),
        _told.word(told, "event"),
        _told.word(told, "triggering_actor", "login"),
        _told.word(told, "actor", "login"),
        url=_told.word(told, "html_url", most=1000),
    )


def _worst(found: Sequence[JobRun]) -> Conclusion:
    """Of an attempt that was repeated; the run's own conclusion is that of the last."""
    ends = {job.conclusion for job in found}
    order = (Conclusion.FAILURE, Conclusion.TIMEOUT, Conclusion.CANCELLED, Conclusion.SUCCESS)
    return next((one for one in order if one in ends), Conclusion.SKIPPED)


def _job(row: Mapping[str, Any]) -> JobRun:
    end = _ENDS.get(_told.word(row, "conclusion"), Conclusion.SKIPPED)
    queued, started, finished = _told.ordered(
        _told.moment(row, "created_at"), _told.moment(row, "started_at"), _told.moment(row, "completed_at")
    )
    if end is Conclusion.SKIPPED:
        started = finished = None
    labels = row.get("labels")
    runner = " ".join(str(label) for label in labels) if isinstance(labels, list) else ""
    name = _told.must(row, "name")
    return JobRun(name, end, None, queued, started, finished, _told.word({"runner": runner}, "runner"))
