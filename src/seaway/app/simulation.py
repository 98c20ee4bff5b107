"""The use case of `seaway pipeline simulate`: a file and durations in, a schedule and what changes would bring out."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seaway.app import pipelines
from seaway.assess.flow import change, dag, gantt
from seaway.assess.flow.change import ByData, Cached, Change, Sharded
from seaway.assess.flow.dag import Course, Task
from seaway.assess.flow.schedule import Schedule, schedule
from seaway.errors import ConfigError, Problem, UsageError
from seaway.formats.pipelines.expand import expand

DEFAULT = 60.0  # seconds of a job whose duration nobody gave
_ENOUGH = 10_000  # machines of each kind: as many as any pipeline wants


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of the command."""

    system: str
    libraries: dict[str, Path]
    durations: Path | None
    runners: int | None
    caches: tuple[tuple[str, float], ...]
    shards: tuple[tuple[str, int], ...]
    by_data: bool


@dataclass(frozen=True, slots=True)
class Simulated:
    """The same result in three shapes."""

    text: str
    svg: str
    document: dict[str, Any]


def simulate(path: Path, asked: Asked) -> Simulated:
    """Raises UsageError (files, unknown jobs, jobs that wait for each other) and ConfigError (unreadable files)."""
    pipeline = expand(pipelines.read(path, asked.system, asked.libraries))
    seconds = durations(asked.durations) if asked.durations else {}
    tasks = dag.tasks(pipeline, seconds, DEFAULT)
    bases = {job.id: job.part_of or job.id for job in pipeline.jobs}
    assumed = [task.name for task in tasks if task.name not in seconds and bases[task.name] not in seconds]
    changes: list[Change] = [Cached(job, share) for job, share in asked.caches]
    changes += [Sharded(job, count) for job, count in asked.shards]
    if asked.by_data:
        changes.append(ByData(change.data_edges(pipeline)))
    runners = asked.runners or _ENOUGH
    try:
        course = dag.course(tasks)
        plan = schedule(tasks, runners)
        rows = [(one.words, _total(change.apply(tasks, one), runners)) for one in changes]
        if len(changes) > 1:
            together = tasks
            for one in sorted(changes, key=lambda found: found.kind == "sharded"):  # shards rename, so they come last
                together = change.apply(together, one)
            rows.append(("all of these", _total(together, runners)))
    except dag.Circular as error:
        raise UsageError(f"{path}: jobs wait for each other: {error}", hint="seaway pipeline show FILE") from None
    except KeyError as error:
        known = ", ".join(sorted({*bases.values()}))
        raise UsageError(f"{path}: no job {error.args[0]!r}", hint=f"its jobs: {known}") from None
    return Simulated(
        _text(course, plan, rows, assumed, asked.runners),
        gantt.svg(plan, course.path, pipeline.path),
        _document(pipeline.path, course, plan, rows, assumed),
    )


def _total(tasks: Iterable[Task], runners: int) -> float:
    return schedule(tasks, runners).total


def durations(path: Path) -> dict[str, float]:
    """Job -> seconds, of several the median. CSV with columns job and seconds (a header may be there), or JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be read: {words}", hint="check the path") from None
    found: dict[str, list[float]] = {}
    for line, job, value in _rows(text, path):
        seconds = _seconds(value)
        if seconds is None:
            raise ConfigError([Problem(str(path), line, 1, f"{value!r} is no number of seconds")], hint="job,seconds")
        found.setdefault(job, []).append(seconds)
    return {job: statistics.median(values) for job, values in found.items()}


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _rows(text: str, path: Path) -> Iterable[tuple[int, str, object]]:
    if text.lstrip().startswith("{"):
        try:
            data = json.loads(text)
        except ValueError as error:
            place = Problem(str(path), getattr(error, "lineno", 1), getattr(error, "colno", 1), "this is not JSON")
            raise ConfigError([place], hint='{"test": 120, "lint": [30, 34]}') from None
        for job, value in data.items():
            for one in value if isinstance(value, list) else [value]:
                yield 1, job, one
        return
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[-1].lower() in {"seconds", "duration", "duration_s"}):
            continue
        if len(cells) < 2:
            raise ConfigError([Problem(str(path), number, 1, "a line needs a job and its seconds")], hint="job,seconds")
        yield number, cells[0], cells[1]


def _text(
    course: Course, plan: Schedule, rows: list[tuple[str, float]], assumed: list[str], runners: int | None
) -> str:  # fmt: skip
    machines = (
        f"{runners} runner{'s' if runners != 1 else ''} of each kind" if runners else "as many runners as it wants"
    )
    lines = [
        f"{gantt.span(plan.total)} with {machines}; the critical path alone takes {gantt.span(course.total)}",
        "",
        gantt.text(plan, course.path),
        "",
        f"critical path: {' -> '.join(course.path)}",
    ]
    if plan.waited >= 1:
        lines.append(f"jobs waited {gantt.span(plan.waited)} in all for a runner; runners worked {plan.busy:.0%}")
    slack = sorted(
        ((name, times.slack) for name, times in course.times.items() if times.slack > 0), key=lambda one: one[1]
    )
    if slack:
        lines.append("slack: " + ", ".join(f"{name} {gantt.span(seconds)}" for name, seconds in slack[:8]))
    if rows:
        lines += ["", "what if"]
        lines += [f"  {gantt.span(total):>8}  {_signed(plan.total - total)}  {words}" for words, total in rows]
    if assumed:
        listed = ", ".join(assumed[:6]) + (f" and {len(assumed) - 6} more" if len(assumed) > 6 else "")
        lines += ["", f"no duration was given, {gantt.span(DEFAULT)} assumed: {listed}"]
    return "\n".join(lines)


def _signed(saved: float) -> str:
    return f"{gantt.span(saved)} less" if saved >= 0 else f"{gantt.span(-saved)} more"


def _document(
    path: str, course: Course, plan: Schedule, rows: list[tuple[str, float]], assumed: list[str]
) -> dict[str, Any]:  # fmt: skip
    slots = {slot.name: slot for slot in plan.slots}
    return {
        "format": "seaway.simulation/v1",
        "path": path,
        "total_s": plan.total,
        "critical_path_s": course.total,
        "critical_path": list(course.path),
        "busy": plan.busy,
        "waited_s": plan.waited,
        "jobs": [
            {
                "id": name,
                "start_s": slots[name].start,
                "end_s": slots[name].end,
                "runner": None if slots[name].machine < 0 else slots[name].machine,
                "slack_s": course.times[name].slack,
                "critical": name in course.path,
                "assumed": name in assumed,
            }
            for name in course.order
        ],
        "what_if": [{"change": words, "total_s": total, "saved_s": plan.total - total} for words, total in rows],
    }
