"""Row `what-if`: 20 alternatives on 10,000 replayed runs of a pipeline of 20 jobs, and how often forecasts hold.

The runs are made here (SYNTHETIC); the code that replays them is the product's. The first control replays job by job in plain Python, the second
changes more than was assumed.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench.figures import Figure, Settings, interval, median, written
from seaway.assess.runs import order, replay, whatif
from seaway.model.runs import Run
from support.run_stories import job, run

_LIMIT = 1.0  # seconds
_HOLD = 0.85  # of intervals of 90 %: what is left are three standard errors of 500 histories
_BUILD, _TEST, _WAIT, _ALL = (
    (4.8, 0.2),
    (6.4, 0.25),
    15.0,
    20_000,
)  # of `_two`: log seconds, mean wait, runs of the truth
_JOBS, _RUNS, _ALTERNATIVES = 20, 50, 20


def rows(settings: Settings) -> Iterator[Figure]:
    """How long they take, and how often they hold."""
    yield from _speed(settings)
    yield _coverage(settings)


def _speed(settings: Settings) -> Iterator[Figure]:
    """How long all alternatives take, by processor time; what the same costs in plain Python."""
    runs = _runs(settings.seed)
    made = replay.columns(runs, order.order(runs))
    assert made is not None
    assert replay.check(made, len(runs)).reproduced
    changes = [whatif.cached(f"j{number}", [f"j{number}"]) for number in range(_JOBS - 5)]
    changes += [whatif.sharded(f"j{number}", 4) for number in range(4)] + [whatif.served()]
    assert len(changes) == _ALTERNATIVES
    took = []
    for _ in range(settings.pick(3, 15)):
        begun = time.process_time()
        found = whatif.forecasts(made, changes)
        took.append(time.process_time() - begun)
    replays = found[0].replays
    plain = _plain(made) / _RUNS * replays * (_ALTERNATIVES + 1)
    yield Figure(
        "what-if", f"{_ALTERNATIVES} alternatives x {replays:,} replayed runs of {_JOBS} jobs, processor time, median",
        f"{median(took):.3f} s   ({len(found)} of them bring something)", f"<= {_LIMIT} s", median(took) <= _LIMIT,
        f"{len(took)} times", written(interval(took, median, settings.seed)),
        f"one run after the other it would take {plain:.1f} s ({'caught' if plain > _LIMIT else 'NOT caught'})",
    )  # fmt: skip


def _coverage(settings: Settings) -> Figure:
    """Machines that change as was assumed: is the later median within the interval? The control saves more than was assumed."""
    count = settings.pick(40, 500)
    truth = _truth(settings.seed)
    held, wild, width = 0, 0, []
    for number in range(count):
        dice = random.Random(settings.seed + number)
        runs = [_two(dice, at, 0.0) for at in range(40)]
        made = replay.columns(runs, order.order(runs))
        assert made is not None
        (found,) = whatif.forecasts(made, [whatif.cached("test", ["test"])])
        saved = dice.uniform(0.2, 0.5)
        after, more = truth(saved), truth(0.75)
        held += found.after.low <= after <= found.after.high
        wild += found.after.low <= more <= found.after.high
        width.append((found.after.high - found.after.low) / found.after.value)
    return Figure(
        "what-if coverage", "forecasts of 90 % from 40 runs that hold the median after a change whose effect is drawn from the range that is told",
        f"{held / count:.1%}   (intervals are {median(width):.0%} wide)", f">= {_HOLD:.0%}", held / count >= _HOLD, f"{count} histories",
        written(_share(held, count)), f"where the change does more than was assumed {wild} of {count} hold ({'caught' if wild < count / 2 else 'NOT caught'})",
    )  # fmt: skip


def _truth(seed: int) -> Callable[[float], float]:
    """The median of all runs that there could be, by what the cache saves."""
    dice = np.random.default_rng(seed)
    build, test = dice.lognormal(*_BUILD, _ALL), dice.lognormal(*_TEST, _ALL)
    waits = dice.exponential(_WAIT, _ALL) + dice.exponential(_WAIT, _ALL)
    return lambda saved: float(np.median(build + waits + test * (1 - saved)))


def _share(hits: int, n: int) -> tuple[float, float]:
    """Wilson's interval."""
    z, point = 1.96, hits / n
    middle, half = point + z * z / (2 * n), z * ((point * (1 - point) + z * z / (4 * n)) / n) ** 0.5
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def _two(dice: random.Random, at: int, saved: float) -> Run:
    """A build, and tests that a cache makes shorter, both as long as it takes that day."""
    build, test = dice.lognormvariate(*_BUILD), dice.lognormvariate(*_TEST) * (1 - saved)
    waits = dice.expovariate(1 / _WAIT), dice.expovariate(1 / _WAIT)
    second = build + waits[0]
    return run(at, [job("build", 0, build, waits[0], needs=()), job("test", second, test, waits[1], needs=("build",))])


def _runs(seed: int) -> list[Run]:
    """Runs of jobs that need up to three earlier ones, each as long as it takes that day."""
    dice = random.Random(seed)
    needs = [tuple({f"j{dice.randrange(number)}" for _ in range(3)}) if number else () for number in range(_JOBS)]
    found = []
    for at in range(_RUNS):
        ends: dict[str, float] = {}
        jobs = []
        for number, waits in enumerate(needs):
            begin = max((ends[need] for need in waits), default=0.0)
            queue, work = dice.expovariate(1 / 20), dice.lognormvariate(5, 0.4)
            jobs.append(job(f"j{number}", begin, work, queue, needs=waits))
            ends[f"j{number}"] = begin + queue + work
        found.append(run(at, jobs))
    return found


def _plain(made: replay.Columns) -> float:
    """Processor time of the same replay of the recorded runs, one after the other."""
    queue = {name: values.tolist() for name, values in made.queue.items()}
    work = {name: values.tolist() for name, values in made.work.items()}
    begun = time.process_time()
    total = []
    for row in range(made.count):
        ends: dict[str, float] = {}
        for name in made.names:
            begin = max((ends[need] for need in made.needs[name]), default=0.0)
            ends[name] = begin + queue[name][row] + work[name][row]
        total.append(max(ends.values()))
    spent = time.process_time() - begun
    assert abs(median(total) - median(replay.durations(made).tolist())) < 1e-6
    return spent
