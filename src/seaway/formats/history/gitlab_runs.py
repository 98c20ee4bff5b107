"""Pipelines and jobs as the REST interface of GitLab lists them -> runs. Called by `adapters.ci.gitlab`.

A job that is retried stands in the list again: the first executions are the first attempt, the second ones the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seaway.formats.history import _told
from seaway.formats.history._told import Strange
from seaway.model.runs import Conclusion, JobRun, Listed, Run

PATH, CHILD = ".gitlab-ci.yml", ".gitlab-ci.yml (child)"
_ENDS = {
    "success": Conclusion.SUCCESS,
    "failed": Conclusion.FAILURE,
    "canceled": Conclusion.CANCELLED,
    "skipped": Conclusion.SKIPPED,
    "manual": Conclusion.SKIPPED,
}
_TIMED_OUT = frozenset({"job_execution_timeout", "stuck_or_timeout_failure"})


def listed(document: Any) -> list[Listed]:
    """The pipelines of one page that have ended. Raises Strange."""
    return [
        Listed(_told.must(row, "id"), f"{_told.word(row, 'status')}:{_told.word(row, 'updated_at')}", row)
        for row in _told.objects(document)
        if row.get("status") in _ENDS
    ]


def jobs(document: Any) -> list[Mapping[str, Any]]:
    """The jobs of one page. Raises Strange."""
    return _told.objects(document)


def runs(told: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> tuple[Run, ...]:
    """A pipeline's attempts, those of which jobs ended. Raises Strange."""
    attempts: dict[int, list[Mapping[str, Any]]] = {}
    seen: dict[str, int] = {}
    for row in sorted(rows, key=_number):
        if row.get("status") in _ENDS:
            name = _told.must(row, "name")
            seen[name] = seen.get(name, 0) + 1
            attempts.setdefault(seen[name], []).append(row)
    return tuple(_run(told, number, each, last=number == len(attempts)) for number, each in attempts.items())


def _number(row: Mapping[str, Any]) -> int:
    value = row.get("id")
    if not isinstance(value, int):
        raise Strange("a job without id")
    return value


def _run(told: Mapping[str, Any], attempt: int, rows: Sequence[Mapping[str, Any]], *, last: bool) -> Run:
    found = tuple(_job(row) for row in rows)
    made = _told.moment(told, "created_at")
    times = [job.queued for job in found if job.queued is not None]
    begun = made if attempt == 1 and made is not None else min(times, default=made)
    ended = max((job.finished for job in found if job.finished is not None), default=_told.moment(told, "updated_at"))
    if begun is None or ended is None:
        raise Strange("a pipeline without times")
    failed = any(job.conclusion.failed and not row.get("allow_failure") for job, row in zip(found, rows, strict=True))
    whole = _ENDS[str(told["status"])]
    source = _told.word(told, "source")
    return Run(
        _told.must(told, "id"),
        CHILD if source == "parent_pipeline" else PATH,
        _told.sha(told, "sha"),
        min(begun, ended),
        ended,
        whole if last else Conclusion.FAILURE if failed else Conclusion.SUCCESS,
        found,
        attempt,
        _told.word(told, "ref", most=1000),
        "pull_request" if source in {"merge_request_event", "external_pull_request_event"} else source,
        next((who for row in rows if (who := _told.word(row, "user", "username"))), ""),
        url=_told.word(told, "web_url", most=1000),
    )


def _job(row: Mapping[str, Any]) -> JobRun:
    end = _ENDS[str(row["status"])]
    if _told.word(row, "failure_reason") in _TIMED_OUT:
        end = Conclusion.TIMEOUT
    started, finished = _told.moment(row, "started_at"), _told.moment(row, "finished_at")
    waited = row.get("queued_duration")
    queued = None
    if started is not None and isinstance(waited, (int, float)) and 0 <= waited < 1e9:
        queued = started - waited
    tags = row.get("tag_list")
    label = " ".join(str(tag) for tag in tags) if isinstance(tags, list) else ""
    runner = _told.word({"label": label}, "label") or _told.word(row, "runner", "description")
    return JobRun(_told.must(row, "name"), end, None, *_told.ordered(queued, started, finished), runner)
