"""Run history as JSON lines: one attempt of one run of a pipeline a line, with its jobs. Called by `app.runs` for `--runs`.

`{"id","pipeline","sha"|null,"queued","finished","conclusion","jobs":[{"name","conclusion","queued","started","finished","needs"}]}` is what a
line must have; docs/reference/documents names all that it may have. Other keys are let be. A key that is missing was not told;
an empty list says that there was none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from seaway.errors import ConfigError, Problem
from seaway.formats.history import _lines
from seaway.model.delivery import Deployment, Kind, Outcome
from seaway.model.runs import Approval, Conclusion, JobRun, Kept, Run

T = TypeVar("T")
MOST_RUNS = 200_000
MOST_JOBS = 2_000  # of one run
MOST_NAMES = 1_000  # of one list
MOST_PATH = 1_000  # characters of a path or an address
HINT = "correct the lines; docs/reference/documents names the keys of a run"
_CONCLUSIONS = " or ".join(Conclusion)
_KINDS = ", ".join(Kind) + " or null"
_KNOWN = {each.value: each for each in Conclusion}


def parse(data: bytes, path: str) -> list[Run]:
    """The runs in the order of their lines. Raises ConfigError with the place of every line that is wrong."""
    found = _lines.read(data, path, _build, what="a run", hint=HINT, most=MOST_RUNS)
    numbers = (number for number, line in enumerate(data.split(b"\n"), 1) if line.strip())
    runs = [replace(run, line=number) for run, number in zip(found, numbers, strict=False)]
    _once(runs, path)
    return runs


def deployed(runs: Iterable[Run], service: str) -> list[Deployment]:
    """The jobs that deployed to an environment, as deployments of this service. A job that was cancelled or skipped deployed nothing; one
    that failed is taken to have failed before anybody saw it.
    """
    found = []
    for run in runs:
        for job in run.jobs:
            if job.environment and (job.conclusion.passed or job.conclusion.failed):
                finished = run.finished if job.finished is None else job.finished
                started = run.queued if job.started is None else job.started
                outcome = Outcome.SUCCEEDED if job.conclusion.passed else Outcome.FAILED
                name = f"{run.id}.{run.attempt} {job.name}"
                found.append(
                    Deployment(
                        name, service, job.environment, run.sha, min(started, finished), finished, outcome, job.kind
                    )
                )
    return found


def _once(runs: list[Run], path: str) -> None:
    """Two lines about one attempt would count it twice."""
    seen: dict[tuple[str, str, int], int] = {}
    problems = []
    for run in runs:
        key = (run.pipeline, run.id, run.attempt)
        if key in seen:
            words = f"attempt {run.attempt} of run {run.id} stands in line {seen[key]} already"
            problems.append(Problem(path, run.line, 1, words))
        seen.setdefault(key, run.line)
    if problems:
        raise ConfigError(problems[: _lines.MOST_PROBLEMS], hint="leave one line per attempt of a run")


def _build(data: dict[str, Any]) -> Run:
    found = Run(
        _lines.text(data, "id"),
        _long(data, "pipeline"),
        "" if "sha" in data and data["sha"] is None else _lines.sha(data),
        _lines.moment(data, "queued"),
        _lines.moment(data, "finished"),
        _conclusion(data),
        tuple(_job(each) for each in _objects(data, "jobs", MOST_JOBS)),
        _count(data, "attempt"),
        _long(data, "branch") if data.get("branch") else "",
        _lines.optional(data, "trigger"),
        _lines.optional(data, "actor"),
        _lines.optional(data, "author"),
        _names(data, "reviewers"),
        _names(data, "evidence"),
        tuple(
            Kept(_lines.text(each, "digest"), _flag(each, "present"))
            for each in _objects(data, "artifacts", MOST_NAMES)
        ),
        _flag(data, "break_glass") is True,
        _lines.maybe(data, "reviewed"),
        _long(data, "url") if data.get("url") else "",
    )
    if found.finished < found.queued:
        raise _lines.Misfit("finished is before queued", "finished")
    return found


def _job(data: dict[str, Any]) -> JobRun:
    approvals = None if data.get("approvals") is None else _objects(data, "approvals", MOST_NAMES)
    found = JobRun(
        _long(data, "name"),
        _conclusion(data),
        _names(data, "needs"),
        _lines.maybe(data, "queued"),
        _lines.maybe(data, "started"),
        _lines.maybe(data, "finished"),
        _lines.optional(data, "runner"),
        _lines.optional(data, "environment"),
        None if data.get("kind") is None else _lines.choice(data, "kind", Kind, _KINDS),
        _flag(data, "manual") is True,
        _cache(data),
        None if data.get("artifact") is None else str(_lines.text(data, "artifact")),
        None if approvals is None else tuple(_approval(each) for each in approvals),
    )
    for early, late in (("queued", "started"), ("started", "finished")):
        first, second = getattr(found, early), getattr(found, late)
        if first is not None and second is not None and second < first:
            raise _lines.Misfit(f"{late} of job {found.name} is before its {early}", late)
    return found


def _approval(data: dict[str, Any]) -> Approval:
    return Approval(_lines.text(data, "by"), _lines.maybe(data, "requested"), _lines.maybe(data, "decided"))


def _conclusion(data: dict[str, Any]) -> Conclusion:
    known = _KNOWN.get(str(data.get("conclusion")))
    return known or _lines.choice(data, "conclusion", Conclusion, _CONCLUSIONS)


def _cache(data: dict[str, Any]) -> bool | None:
    value = data.get("cache")
    if value not in ("hit", "miss", None):
        raise _lines.wrong(data, "cache", '"hit", "miss" or null')
    return None if value is None else value == "hit"


def _long(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if type(value) is not str or not 0 < len(value) <= MOST_PATH or not value.isprintable():
        raise _lines.wrong(data, key, f"a text of 1 to {MOST_PATH} printable characters")
    return value


def _count(data: dict[str, Any], key: str) -> int:
    value = data.get(key, 1)
    if type(value) not in (int, float) or not math.isfinite(value) or value != int(value) or not 1 <= value <= 1000:
        raise _lines.wrong(data, key, "a whole number from 1 to 1000")
    return int(value)


def _flag(data: dict[str, Any], key: str) -> bool | None:
    value = data.get(key)
    if value is not None and type(value) is not bool:
        raise _lines.wrong(data, key, "true, false or null")
    return value


def _names(data: dict[str, Any], key: str) -> tuple[str, ...] | None:
    value = data.get(key)
    if value is None:
        return None
    wanted = f"a list of at most {MOST_NAMES} texts of 1 to {MOST_PATH} characters"
    if type(value) is not list or len(value) > MOST_NAMES:
        raise _lines.wrong(data, key, wanted)
    if not all(type(each) is str and 0 < len(each) <= MOST_PATH for each in value):
        raise _lines.wrong(data, key, wanted)
    return tuple(value)


def _objects(data: dict[str, Any], key: str, most: int) -> list[dict[str, Any]]:
    value = data.get(key)
    if value is None:
        return []
    if type(value) is not list or len(value) > most or not all(type(each) is dict for each in value):
        raise _lines.wrong(data, key, f"a list of at most {most} objects")
    return value


def render(runs: Iterable[Run]) -> str:
    """JSON lines; `parse(render(x)) == x`."""
    return _lines.lines(line(run) for run in runs)


def line(run: Run) -> dict[str, Any]:
    """One run as it is written: what nobody told is left out."""
    made: dict[str, Any] = {"id": run.id, "pipeline": run.pipeline, "attempt": run.attempt, "sha": run.sha or None}
    made |= {key: value for key in ("branch", "trigger", "actor", "author", "url") if (value := getattr(run, key))}
    made |= {key: list(value) for key in ("reviewers", "evidence") if (value := getattr(run, key)) is not None}
    made |= {
        "queued": _lines.written(run.queued),
        "finished": _lines.written(run.finished),
        "conclusion": run.conclusion.value,
    }
    if run.artifacts:
        made["artifacts"] = [{"digest": one.digest} | _told("present", one.present) for one in run.artifacts]
    if run.broke_glass:
        made["break_glass"] = True
    made |= _told("reviewed", run.reviewed, _lines.written)
    return made | {"jobs": [_job_line(job) for job in run.jobs]}


def _job_line(job: JobRun) -> dict[str, Any]:
    made: dict[str, Any] = {"name": job.name, "conclusion": job.conclusion.value}
    made |= _told("needs", job.needs, list)
    for key in ("queued", "started", "finished"):
        made |= _told(key, getattr(job, key), _lines.written)
    made |= {key: value for key in ("runner", "environment") if (value := getattr(job, key))}
    made |= _told("kind", job.kind, lambda kind: kind.value)
    if job.manual:
        made["manual"] = True
    made |= _told("cache", job.cache, lambda hit: "hit" if hit else "miss")
    made |= _told("artifact", job.artifact)
    return made | _told("approvals", job.approvals, lambda given: [_approval_line(each) for each in given])


def _approval_line(one: Approval) -> dict[str, Any]:
    times = (("requested", one.requested), ("decided", one.decided))
    made: dict[str, Any] = {"by": one.by}
    for key, when in times:
        made |= _told(key, when, _lines.written)
    return made


def _told(key: str, value: T | None, write: Callable[[T], Any] = lambda value: value) -> dict[str, Any]:
    return {} if value is None else {key: write(value)}
