"""Where the time and the money of pipelines go. Called by `app.assess` with a run history.

Durations, and what decided them, are those of first attempts that succeeded: one that fails ends early, and a later attempt does only
a part again; both would flatter. Everything else counts all runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from seaway.assess.runs import order, repeats
from seaway.assess.runs.numbers import proportion, quantile, spread
from seaway.model.bottleneck import Bottleneck, Cost, JobTime
from seaway.model.runs import JobRun, Run, RunHistory

_LEAST_TRIALS = 5  # commits before a share of flaky ones is said
_RUNNERS = 5  # that are named


@dataclass(frozen=True, slots=True)
class Prices:
    """Money per minute of a machine: of a runner by name, else `every`; None: not known."""

    every: float | None = None
    runners: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.every is not None or bool(self.runners)

    def of(self, job: JobRun) -> float | None:
        """What the job's work cost, None where its machine has no price."""
        price = self.runners.get(job.runner, self.every)
        return None if price is None else job.work / 60 * price


def by_pipeline(history: RunHistory) -> dict[str, list[Run]]:
    """The runs of each pipeline by time."""
    found: dict[str, list[Run]] = {}
    for run in sorted(history.runs, key=lambda one: (one.queued, one.id, one.attempt)):
        found.setdefault(run.pipeline, []).append(run)
    return found


def bottlenecks(history: RunHistory, prices: Prices) -> tuple[Bottleneck, ...]:
    """One per pipeline, the one that people wait for longest first."""
    found = [_bottleneck(name, runs, prices) for name, runs in by_pipeline(history).items()]
    weight = {name: sum(run.seconds for run in runs) for name, runs in by_pipeline(history).items()}
    return tuple(sorted(found, key=lambda one: (-weight[one.pipeline], one.pipeline)))


def whole(runs: Iterable[Run]) -> list[Run]:
    """First attempts that succeeded: they did everything, and once."""
    return [run for run in runs if run.attempt == 1 and run.conclusion.passed]


def _bottleneck(name: str, runs: list[Run], prices: Prices) -> Bottleneck:
    seconds = [run.seconds for run in whole(runs)]
    again = repeats.repeated(runs)
    jobs = [job for run in runs for job in run.jobs if job.ran]
    people = [job for job in jobs if job.manual]
    known = order.order(runs)
    return Bottleneck(
        name,
        len(runs),
        sum(run.conclusion.passed for run in runs),
        runs[0].queued,
        max(run.finished for run in runs),
        spread(seconds) if seconds else None,
        spread(seconds, 0.9) if seconds else None,
        sum(job.work for job in jobs),
        sum(job.queue for job in jobs if not job.manual),
        sum(job.queue for job in people),
        sum(job.work for _, job in again),
        known.source,
        _jobs(runs, known.needs, again),
        _cost(runs, again, prices) if prices else None,
    )


@dataclass(slots=True)
class _Seen:
    """What was seen of one job."""

    executions: list[JobRun] = field(default_factory=list)
    decisive: list[float] = field(default_factory=list)  # seconds in each run whose length it decided
    tried: list[bool] = field(default_factory=list)  # flaky or not, per commit
    retried: float = 0.0

    def told(self, name: str, runs: int) -> JobTime:
        """As figures; `runs`: how many `decisive` is of."""
        work = [job.work for job in self.executions]
        queue = [job.queue for job in self.executions]
        return JobTime(
            name,
            spread(work),
            quantile(sorted(work), 0.9),
            spread(queue),
            quantile(sorted(queue), 0.9),
            proportion(len(self.decisive), runs),
            sum(self.decisive) / runs,
            proportion(sum(self.tried), len(self.tried)) if len(self.tried) >= _LEAST_TRIALS else None,
            self.retried,
            tuple(sorted({job.runner for job in self.executions if job.runner})[:_RUNNERS]),
        )


def _jobs(
    runs: list[Run], needs: Mapping[str, tuple[str, ...]], again: Sequence[tuple[Run, JobRun]]
) -> tuple[JobTime, ...]:
    """Each job, those that hold up the run most first."""
    seen: dict[str, _Seen] = {}
    for run in runs:
        for job in run.jobs:
            if job.ran:
                seen.setdefault(job.name, _Seen()).executions.append(job)
    decided = whole(runs) or runs
    for run in decided:
        for job in order.critical(run, needs):
            seen[job.name].decisive.append(job.work + job.queue)
    for one in repeats.trials(runs):
        if one.job in seen:
            seen[one.job].tried.append(one.flaky)
    for _, job in again:
        seen[job.name].retried += job.work
    made = [each.told(name, len(decided)) for name, each in seen.items()]
    return tuple(sorted(made, key=lambda one: (-one.path, one.name)))


def _cost(runs: list[Run], again: Sequence[tuple[Run, JobRun]], prices: Prices) -> Cost:
    each = [sum(prices.of(job) or 0.0 for job in run.jobs if job.ran) for run in runs]
    unpriced = sum(job.work for run in runs for job in run.jobs if job.ran and prices.of(job) is None)
    return Cost(sum(each), quantile(sorted(each), 0.5), sum(prices.of(job) or 0.0 for _, job in again), unpriced)
