"""The same jobs on a few machines: list scheduling (Graham, 1969), longest remaining way first. Called by `pipeline simulate`.

Whenever a machine of the right kind is free, the ready job with the longest way still before it starts. The result is at most
twice the best possible, and it is what CI systems do but for the choice among ready jobs.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seaway.assess.flow.dag import Task, order


@dataclass(frozen=True, slots=True)
class Slot:
    """One job on one machine; `machine` -1: none is needed."""

    name: str
    start: float
    end: float
    machine: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """What happens when. `busy`: share of the machines' time that is worked, `waited`: seconds jobs were ready and had none."""

    total: float
    slots: tuple[Slot, ...]
    busy: float
    waited: float


def schedule(found: Iterable[Task], runners: int) -> Schedule:
    """`runners`: machines of each kind that the jobs ask for, at least 1. Raises Circular, ValueError for no machines."""
    if runners < 1:
        raise ValueError("at least one runner is needed")
    return _Machines({task.name: task for task in found}, runners).work()


class _Machines:
    """The run as it goes: who is ready, who runs, which machine is free."""

    def __init__(self, tasks: Mapping[str, Task], runners: int) -> None:
        self.tasks, self.runners = tasks, runners
        self.names = order(tasks.values())
        self.way = _ways(tasks, self.names)
        self.missing = {name: len(tasks[name].needs) for name in self.names}
        self.after: dict[str, list[str]] = {name: [] for name in self.names}
        for name in self.names:
            for need in tasks[name].needs:
                self.after[need].append(name)
        kinds = {task.runner for task in tasks.values() if not task.person}
        self.free = {kind: list(range(runners)) for kind in kinds}
        self.ready: dict[str, list[tuple[float, str]]] = {kind: [] for kind in kinds}
        self.since: dict[str, float] = {}
        self.running: list[tuple[float, str, int]] = []
        self.slots: list[Slot] = []

    def work(self) -> Schedule:
        """From the first job to the last."""
        now = 0.0
        for name in self.names:
            if not self.missing[name]:
                self._offer(name, now)
        self._fill(now)
        while self.running:
            now = self.running[0][0]
            while self.running and self.running[0][0] == now:
                self._end(*heapq.heappop(self.running))
            self._fill(now)
        return self._summed(now)

    def _offer(self, name: str, now: float) -> None:
        self.since[name] = now
        task = self.tasks[name]
        if task.person:
            self._begin(name, now, -1)
        else:
            heapq.heappush(self.ready[task.runner], (-self.way[name], name))

    def _begin(self, name: str, now: float, machine: int) -> None:
        end = now + self.tasks[name].seconds
        self.slots.append(Slot(name, now, end, machine))
        heapq.heappush(self.running, (end, name, machine))

    def _end(self, now: float, name: str, machine: int) -> None:
        if machine >= 0:
            heapq.heappush(self.free[self.tasks[name].runner], machine)
        for follower in self.after[name]:
            self.missing[follower] -= 1
            if not self.missing[follower]:
                self._offer(follower, now)

    def _fill(self, now: float) -> None:
        for kind, waiting in self.ready.items():
            while waiting and self.free[kind]:
                self._begin(heapq.heappop(waiting)[1], now, heapq.heappop(self.free[kind]))

    def _summed(self, total: float) -> Schedule:
        machines = self.runners * len(self.free)
        worked = sum(slot.end - slot.start for slot in self.slots if slot.machine >= 0)
        waited = sum(slot.start - self.since[slot.name] for slot in self.slots)
        return Schedule(total, tuple(self.slots), worked / (machines * total) if machines and total else 0.0, waited)


def _ways(by_name: Mapping[str, Task], names: tuple[str, ...]) -> dict[str, float]:
    """Seconds of the longest way from each job's start to the end of the run."""
    found = {name: by_name[name].seconds for name in names}
    for name in reversed(names):
        for need in by_name[name].needs:
            found[need] = max(found[need], by_name[need].seconds + found[name])
    return found
