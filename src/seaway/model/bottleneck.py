"""Where the time of a pipeline goes, and what a change would bring. Made by `assess.runs`, printed by `assess.document` and `assess.text`.

Times are seconds. An interval is one of 90 %.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, its interval and how many observations it is made of."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class JobTime:
    """One job over all runs. `critical`: in which share of the runs it was on the critical path; `path`: the seconds that it stood there
    in the mean of all runs. `flaky`: the share of its commits on which it failed and then passed; None where too little was seen.
    """

    name: str
    work: Figure
    work_p90: float
    queue: Figure
    queue_p90: float
    critical: Figure
    path: float
    flaky: Figure | None
    retried: float
    runners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Money for machines. `total`: of all runs, `run`: of the median run, `retried`: of work that was done again; `unpriced`: seconds of
    machines that have no price.
    """

    total: float
    run: float
    retried: float
    unpriced: float


@dataclass(frozen=True, slots=True)
class Replay:
    """Whether replaying the runs gives what was recorded; medians in seconds, None where nothing was replayed. `words`: the result."""

    reproduced: bool
    recorded: float | None
    replayed: float | None
    runs: int
    words: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a change would bring. `id`: names the change within its pipeline; `before`: the recorded median; `after`, `gain`: of the median;
    `assumes`: what the change does; `replays`: how many runs were replayed.
    """

    id: str
    change: str
    assumes: str
    before: float
    after: Figure
    gain: Figure
    replays: int


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """One pipeline. `duration`, `duration_p90`: of first attempts that succeeded. `work`, `queue`, `person`: seconds of all jobs of all runs on a
    machine, waiting for one, waiting for a person. `order`: `recorded` where needs were told, else `times`.
    """

    pipeline: str
    runs: int
    succeeded: int
    since: float
    until: float
    duration: Figure | None
    duration_p90: Figure | None
    work: float
    queue: float
    person: float
    retried: float
    order: str
    jobs: tuple[JobTime, ...]
    cost: Cost | None = None
    replay: Replay | None = None
    what_if: tuple[Forecast, ...] = ()

    @property
    def waiting(self) -> float:
        """The share of the jobs' time that waits for a machine."""
        return self.queue / (self.queue + self.work) if self.queue + self.work else 0.0

    @property
    def waste(self) -> float:
        """The share of the machines' time that went into work that was done again."""
        return self.retried / self.work if self.work else 0.0


@dataclass(frozen=True, slots=True)
class Promise:
    """A forecast that was stored. `id`: pipeline and change; `made`, `landed`: when, seconds since 1970; `landed` None: the change has not
    landed; `by`: the commit or the time that was named for it.
    """

    id: str
    pipeline: str
    change: str
    assumes: str
    made: float
    before: float
    after: Figure
    landed: float | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A promise and what came of it. `state`: `open` (not landed), `waiting` (too few runs since), `held` (what was foretold is within
    what was seen), `missed`. `observed`: the median since then; `error`: observed less foretold, seconds.
    """

    promise: Promise
    state: str
    observed: Figure | None = None
    error: float | None = None
