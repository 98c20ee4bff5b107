"""Row `what-if`: 20 alternatives on 10,000 replayed runs of a pipeline of 20 jobs.

The runs are made here (SYNTHETIC); the code that replays them is the product's. The control replays job by job in plain Python.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench.figures import Figure, Settings, interval, median, written
from seaway.assess.runs import order, replay, whatif
from seaway.model.runs import Run
from support.run_stories import job, run

_LIMIT = 1.0  # seconds
_JOBS, _RUNS, _ALTERNATIVES = 20, 50, 20


def rows(settings: Settings) -> Iterator[Figure]:
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
