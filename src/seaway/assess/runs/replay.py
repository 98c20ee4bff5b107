"""Recorded runs as columns, and how long they take when they are run through their jobs' order again. Used by `whatif`; loads numpy.

A job begins when all that it needs has ended, waits as long as it waited, and works as long as it worked. One that a run did not have takes no
time there. That this is how the pipeline works is checked before anything is foretold: the replay must give the durations that were recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from seaway.assess.runs.order import Order
from seaway.model.bottleneck import Replay
from seaway.model.runs import Run

Floats = NDArray[np.float64]
NEWEST = 200  # runs that are replayed: what was long ago says little
LEAST = 5  # runs below which nothing is foretold
_SHARE, _SECONDS = 0.05, 5.0  # how far the replayed median may be from the recorded one


@dataclass(frozen=True, slots=True)
class Columns:
    """`names`: jobs, each behind all that it needs. `queue`, `work`: by job, seconds in each run. `recorded`: seconds of each run."""

    names: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]
    queue: Mapping[str, Floats]
    work: Mapping[str, Floats]
    recorded: Floats

    @property
    def count(self) -> int:
        """Runs."""
        return len(self.recorded)

    def drawn(self, rows: NDArray[np.int64]) -> Columns:
        """The same with these runs, in this order, each as often as it is named."""
        return Columns(
            self.names,
            self.needs,
            {name: values[rows] for name, values in self.queue.items()},
            {name: values[rows] for name, values in self.work.items()},
            self.recorded[rows],
        )


def columns(runs: Sequence[Run], known: Order) -> Columns | None:
    """The newest runs; None where jobs wait for each other in a circle."""
    newest = runs[-NEWEST:]
    names = {job.name for run in newest for job in run.jobs if job.ran}
    needs = {name: tuple(need for need in known.needs.get(name, ()) if need in names) for name in sorted(names)}
    try:
        ordered = tuple(TopologicalSorter(needs).static_order())
    except CycleError:
        return None
    queue = {name: np.zeros(len(newest)) for name in ordered}
    work = {name: np.zeros(len(newest)) for name in ordered}
    for row, run in enumerate(newest):
        for job in run.jobs:
            if job.ran:
                queue[job.name][row] += job.queue
                work[job.name][row] += job.work
    return Columns(ordered, needs, queue, work, np.array([run.seconds for run in newest]))


def durations(found: Columns) -> Floats:
    """How long each run takes when it is run through the order again."""
    ends: dict[str, Floats] = {}
    total = np.zeros(found.count)
    for name in found.names:
        waits = found.needs[name]
        begin: Floats | float = 0.0
        for need in waits:
            begin = np.maximum(begin, ends[need])
        ends[name] = begin + found.queue[name] + found.work[name]
        np.maximum(total, ends[name], out=total)
    return total


def check(found: Columns | None, runs: int) -> Replay:
    """Whether the replay gives what was recorded, and in words why not."""
    if runs < LEAST:
        return Replay(False, None, None, runs, f"only {runs} whole runs: nothing is foretold from fewer than {LEAST}")
    if found is None:
        return Replay(False, None, None, runs, "jobs wait for each other in a circle")
    recorded = float(np.median(found.recorded))
    replayed = float(np.median(durations(found)))
    apart = abs(replayed - recorded)
    if apart > max(_SECONDS, _SHARE * recorded):
        words = (
            f"replayed through the order of its jobs a run takes {replayed:.0f} s, and {recorded:.0f} s were recorded: "
            "something else decides, so nothing is foretold"
        )
        return Replay(False, recorded, replayed, found.count, words)
    return Replay(True, recorded, replayed, found.count, "the replay gives the median that was recorded")
