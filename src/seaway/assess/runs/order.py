"""Which job waited for which, in runs. Used by bottlenecks and what-if.

Told needs count. Where nobody told them (a system that records none, a pipeline that is not in this repository) they are what the times
say: one that had ended before another could begin, in every run that has both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seaway.model.runs import JobRun, Run

RECORDED, TIMES = "recorded", "times"
_TOLERANCE = 1.0  # seconds: clocks of systems are whole seconds
_LOOKED_AT = 200  # runs and jobs that an order is taken from
_LEAST = 3  # runs that must have both


@dataclass(frozen=True, slots=True)
class Order:
    """`needs`: of each job by name, all that it was seen to wait for. `source`: RECORDED or TIMES."""

    needs: Mapping[str, tuple[str, ...]]
    source: str


def order(runs: Sequence[Run]) -> Order:
    """The order of a pipeline's jobs; the newest runs decide. `runs`: by time.

    A later attempt does only a part again, and says nothing about what the rest waits for.
    """
    recent = [run for run in runs if run.attempt == 1][-_LOOKED_AT:] or runs[-_LOOKED_AT:]
    told: dict[str, tuple[str, ...]] = {}
    silent: set[str] = set()
    for run in recent:
        names = {job.name for job in run.jobs}
        for job in run.jobs:
            if job.needs is None:
                silent.add(job.name)
            else:
                told[job.name] = tuple(need for need in job.needs if need in names and need != job.name)
    silent -= told.keys()
    return Order(told | _by_times(recent, silent), TIMES if silent else RECORDED)


def _by_times(runs: Sequence[Run], names: set[str]) -> dict[str, tuple[str, ...]]:
    if not names or len({job.name for run in runs for job in run.jobs}) > _LOOKED_AT:
        return dict.fromkeys(names, ())
    both: dict[tuple[str, str], int] = {}
    before: dict[tuple[str, str], int] = {}
    for run in runs:
        ran = [job for job in run.jobs if job.ran]
        for job in (one for one in ran if one.name in names):
            begun = job.started if job.queued is None else job.queued
            for other in ran:
                if other.name != job.name and other.finished is not None and begun is not None:
                    pair = (other.name, job.name)
                    both[pair] = both.get(pair, 0) + 1
                    before[pair] = before.get(pair, 0) + (other.finished <= begun + _TOLERANCE)
    found: dict[str, list[str]] = {name: [] for name in sorted(names)}
    for (first, second), count in before.items():
        if count == both[first, second] and count >= min(_LEAST, len(runs)):
            found[second].append(first)
    return {name: tuple(sorted(each)) for name, each in found.items()}


def critical(run: Run, needs: Mapping[str, tuple[str, ...]]) -> list[JobRun]:
    """The jobs that decided how long a run took, from the last backwards: each time the need that ended last."""
    ran = {job.name: job for job in run.jobs if job.ran}
    if not ran:
        return []
    at = max(ran.values(), key=_ended)
    found = [at]
    seen = {at.name}
    while waits := [ran[name] for name in needs.get(at.name, ()) if name in ran and name not in seen]:
        at = max(waits, key=_ended)
        seen.add(at.name)
        found.append(at)
    return found


def _ended(job: JobRun) -> tuple[float, str]:
    return (job.finished or 0.0, job.name)
