"""Work that was done again: jobs that fail and then pass on the same commit, attempts that were repeated. Used by rules and bottlenecks.

The same commit is the same code only where nothing else changes: a run for a pull request builds a merge with a base that
moves, so there only attempts of one run are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seaway.model.runs import JobRun, Run

_MERGED = ("pull_request", "merge_request", "pull-request")


@dataclass(frozen=True, slots=True)
class Trials:
    """One job on one state of the code: its executions that said yes or no, by time."""

    job: str
    runs: tuple[Run, ...]
    executions: tuple[JobRun, ...]

    @property
    def flaky(self) -> bool:
        """It failed, and passed later."""
        failed = False
        for one in self.executions:
            if failed and one.conclusion.passed:
                return True
            failed = failed or one.conclusion.failed
        return False


def trials(runs: Iterable[Run]) -> list[Trials]:
    """Every job on every state of the code, of runs of one pipeline."""
    found: dict[tuple[str, ...], list[tuple[Run, JobRun]]] = {}
    for run in sorted(runs, key=lambda one: (one.queued, one.attempt)):
        same = ("run", run.id) if not run.sha or run.trigger.startswith(_MERGED) else ("commit", run.sha, run.trigger)
        for job in run.jobs:
            if job.conclusion.passed or job.conclusion.failed:
                found.setdefault((job.name, *same), []).append((run, job))
    return [
        Trials(key[0], tuple(run for run, _ in pairs), tuple(job for _, job in pairs)) for key, pairs in found.items()
    ]


def repeated(runs: Sequence[Run]) -> list[tuple[Run, JobRun]]:
    """Executions that a later attempt of the same run did again."""
    later: dict[tuple[str, str], int] = {}
    for run in runs:
        for job in run.jobs:
            if job.ran:
                later[run.id, job.name] = max(run.attempt, later.get((run.id, job.name), 0))
    return [(run, job) for run in runs for job in run.jobs if job.ran and run.attempt < later[run.id, job.name]]
