"""Histories of runs as they are told in a few words. Used by tests of bottlenecks, what-if and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seaway.formats.history import runs as format_
from seaway.model.runs import Conclusion, JobRun, Run, RunHistory

BEGIN = 1_767_603_600.0  # 2026-01-05T09:00:00Z, a Monday
HOUR, DAY = 3600.0, 86_400.0
CI = ".github/workflows/ci.yml"
OK, BAD = Conclusion.SUCCESS, Conclusion.FAILURE


def sha(number: int) -> str:
    """The commit of a number."""
    return f"{number:07x}" + "0" * 33


def job(name: str, start: float, work: float, queue: float = 0.0, **more: Any) -> JobRun:
    """A job that could begin at `start` seconds of its run; moved to the run's begin by `run`."""
    conclusion = more.pop("conclusion", OK)
    return JobRun(name, conclusion, queued=start, started=start + queue, finished=start + queue + work, **more)


def run(number: int, jobs: Sequence[JobRun], *, at: float | None = None, **more: Any) -> Run:
    """Run `number`, one an hour unless `at` says when; as long as its jobs, and as good as the worst of them."""
    begin = BEGIN + number * HOUR if at is None else at
    moved = tuple(_moved(one, begin) for one in jobs)
    ended = max((one.finished or begin for one in moved), default=begin + 1)
    worst = next((one.conclusion for one in moved if one.conclusion.failed), OK)
    told: dict[str, Any] = {
        "pipeline": CI,
        "sha": sha(number),
        "branch": "main",
        "trigger": "push",
        "conclusion": worst,
    }
    return Run(str(number), queued=begin, finished=ended, jobs=moved, **(told | more))


def _moved(one: JobRun, begin: float) -> JobRun:
    times = {
        key: value + begin for key in ("queued", "started", "finished") if (value := getattr(one, key)) is not None
    }
    return replace(one, **times)


@dataclass(frozen=True)
class Story:
    """`found`: (path, line) of each finding. `files`: of the repository beside the runs."""

    runs: list[Run]
    found: list[tuple[str, int]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    kind: str = "runs"

    def written(self) -> dict[str, str]:
        """The fixture's files."""
        made = {**({"runs.jsonl": format_.render(self.runs)} if self.runs else {}), **self.files}
        if self.found:
            made["FINDINGS"] = "".join(f"{path}:{line}\n" for path, line in self.found)
        return made


def at(line: int) -> list[tuple[str, int]]:
    """One finding, at a run's line."""
    return [("runs.jsonl", line)]


def history(*runs: Run, path: str = "runs.jsonl") -> RunHistory:
    """The runs as a history, with the lines that they would have."""
    return RunHistory(path, tuple(replace(each, line=line) for line, each in enumerate(runs, 1)))
