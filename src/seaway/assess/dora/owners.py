"""Which deployment brought which commit, and what kind of step each deployment was. Called by `report`, per lane.

The owner of a commit is the earliest successful deployment of the lane that reaches it. What is owned is closed under ancestors, so a
walk that stops at owned commits is exact, and all deployments together cost O(commits + edges).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seaway.assess.dora import graph
from seaway.model.delivery import Deployment, Kind
from seaway.model.history import History

Ints = NDArray[np.int64]
NOBODY = -1


class Move(StrEnum):
    """What a deployment did to the lane."""

    FIRST = "first"
    FORWARD = "forward"
    REDEPLOY = "redeploy"
    ROLLBACK = "rollback"
    AGAIN = "re-exposure"  # forward, over commits that users had seen before
    PARALLEL = "parallel"  # another line, all of it deployed before
    UNKNOWN = "unknown"  # its commit is not in the repository


class Step(NamedTuple):
    """One successful deployment. `position` of its commit, -1 when not known; `new` commits that it owns, `again`: those re-exposed.

    `sure` False: history was cut or rewritten, or the deployment before is not known, so `new` may be too many.
    """

    deployment: Deployment
    move: Move
    position: int
    new: int = 0
    again: int = 0
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Ownership:
    """Per commit `owner` (index into `steps`, -1) and `line` (position of the first commit of the main line that had it, -1).

    `owners` and `lines` are the same as columns.
    """

    owner: list[int]
    line: list[int]
    owners: Ints
    lines: Ints
    steps: tuple[Step, ...]

    @property
    def first(self) -> int:
        """Index of the step whose commits are pre-history; one behind the last when no deployment has a known commit."""
        return next((index for index, step in enumerate(self.steps) if step.position >= 0), len(self.steps))


def attribute(history: History, deployments: Sequence[Deployment]) -> Ownership:
    """Owners of a lane's commits. `deployments`: successful ones in the order in which they finished, with whole ids as `sha`."""
    walk = _Walk(history)
    for deployment in deployments:
        walk.add(deployment)
    return walk.end()


class _Walk:
    """The lane as far as it was walked. `trunk`: the newest commit of its main line while there is only one, else None."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._parents = (history.first.tolist(), history.more)
        self._line = [NOBODY] * len(history)
        self._brought = [NOBODY] * (
            len(history) + 1
        )  # per commit of a main line its step; the last is for commits of none
        self._steps: list[Step] = []
        self._before = -1  # position of the deployment before
        self._doubt = False
        self._trunk: int | None = -1
        self._over: list[
            tuple[int, int, int]
        ] = []  # steps over a part of the trunk that was taken back: (index, its end, its begin)

    def add(self, deployment: Deployment) -> None:
        """The next deployment."""
        position = self._history.where.get(deployment.sha, -1)
        if position < 0:
            self._steps.append(Step(deployment, Move.UNKNOWN, -1, sure=False))
            self._doubt = self._before >= 0
            return
        chain, new, met = _take(self._parents, position, self._line)
        for main in chain:
            self._brought[main] = len(self._steps)
        if new:
            self._trunk = position if self._trunk == met else None
        self._steps.append(self._step(deployment, position, new, met))
        self._before, self._doubt = position, False

    def _step(self, deployment: Deployment, position: int, new: int, met: int) -> Step:
        """`met`: where the main line of this deployment came to commits that were owned."""
        history, before = self._history, self._before
        forward = Move.ROLLBACK if deployment.kind is Kind.ROLLBACK else Move.FORWARD
        if before < 0:
            return Step(deployment, Move.FIRST, position, new)
        if position == before:
            return Step(deployment, Move.REDEPLOY, position)
        if new and met == before:
            return Step(deployment, forward, position, new, sure=not self._doubt)
        if new and self._trunk == position and _on_line(history, met, before):
            self._over.append((len(self._steps), met, before))
            return Step(deployment, forward, position, new, sure=not self._doubt)
        if not new and _on_line(history, before, position):
            return Step(deployment, Move.ROLLBACK, position)
        ahead, behind = graph.apart(history, position, before)
        if new:
            return Step(deployment, forward, position, new, ahead - new, sure=not (self._doubt or behind > 0))
        if not ahead or forward is Move.ROLLBACK:
            return Step(deployment, Move.ROLLBACK, position)
        return Step(deployment, Move.PARALLEL if behind else Move.AGAIN, position, again=ahead)

    def end(self) -> Ownership:
        """Everything that was found. On a single main line what a part of it re-exposes is what its commits had brought."""
        lines = np.array(self._line, np.int64)
        owners = np.array(self._brought, np.int64)[lines]
        sizes = np.bincount(lines[lines >= 0], minlength=len(lines)) if self._over else lines
        for index, end, begin in self._over:
            again, at = 0, end
            while at != begin:
                again += int(sizes[at])
                at = self._history.first[at]
            self._steps[index] = self._steps[index]._replace(again=again)
        if self._history.shallow:
            self._doubt_what_was_cut(owners)
        return Ownership(owners.tolist(), self._line, owners, lines, tuple(self._steps))

    def _doubt_what_was_cut(self, owners: Ints) -> None:
        """A step that came to the cut of a shallow clone may own what was deployed before, behind the cut."""
        where = self._history.where
        cut = [where[sha] for sha in self._history.shallow.split() if sha in where]  # git gives these no parents
        for index in {int(owner) for owner in owners[cut] if owner != NOBODY}:
            self._steps[index] = self._steps[index]._replace(sure=False)


def _take(
    parents: tuple[list[int], dict[int, tuple[int, ...]]], tip: int, line: list[int]
) -> tuple[list[int], int, int]:
    """Mark all new commits that `tip` reaches with their place on the main line; that line, their number, and where it met old ones (-1)."""
    first, more = parents
    chain: list[int] = []
    at = tip
    while at >= 0 and line[at] == NOBODY:
        chain.append(at)
        at = first[at]
    count = len(chain)
    for main in reversed(chain):
        line[main] = main
        if main not in more:
            continue
        stack = list(more[main])
        while stack:
            position = stack.pop()
            while position >= 0 and line[position] == NOBODY:
                line[position] = main
                count += 1
                if position in more:
                    stack.extend(more[position])
                position = first[position]
    return chain, count, at


def _on_line(history: History, tip: int, position: int) -> bool:
    """Whether the main line below `tip` has this commit: known without a walk over side branches."""
    while tip > position:
        tip = history.first[tip]
    return tip == position
