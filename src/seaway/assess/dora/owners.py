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
from seaway.model.history import CUT, History

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
    owner, line = [NOBODY] * len(history), [NOBODY] * len(history)
    first = history.first.tolist()
    steps: list[Step] = []
    before: int | None = None  # position of the deployment before
    doubt = False
    for index, deployment in enumerate(deployments):
        position = history.where.get(deployment.sha, -1)
        if position < 0:
            steps.append(Step(deployment, Move.UNKNOWN, -1, sure=False))
            doubt = before is not None
            continue
        new, stop = _take((first, history.more), position, owner, line, index)
        if before is None:
            steps.append(Step(deployment, Move.FIRST, position, new, sure=not history.marks[position] & CUT))
        else:
            met = before == stop and new > 0  # the usual case: the main line goes on from the deployment before
            steps.append(_step(history, deployment, new, before, met=met, doubt=doubt))
        before, doubt = position, False
    return Ownership(owner, line, np.array(owner, np.int64), np.array(line, np.int64), tuple(steps))


def _take(
    parents: tuple[list[int], dict[int, tuple[int, ...]]], tip: int, owner: list[int], line: list[int], index: int
) -> tuple[int, int]:
    """Give all unowned commits that `tip` reaches to `index`; how many, and where its main line met what was owned (-1)."""
    first, more = parents
    chain: list[int] = []
    at = tip
    while at >= 0 and owner[at] == NOBODY:
        chain.append(at)
        at = first[at]
    count = len(chain)
    for main in reversed(chain):
        owner[main], line[main] = index, main
        if main not in more:
            continue
        stack = list(more[main])
        while stack:
            position = stack.pop()
            while position >= 0 and owner[position] == NOBODY:
                owner[position], line[position] = index, main
                count += 1
                if position in more:
                    stack.extend(more[position])
                position = first[position]
    return count, at


def _step(history: History, deployment: Deployment, new: int, before: int, *, met: bool, doubt: bool) -> Step:
    """`met`: the main line of this deployment came to the deployment before, so that one is its ancestor for sure."""
    position = history.where[deployment.sha]
    declared = deployment.kind is Kind.ROLLBACK
    if position == before:
        return Step(deployment, Move.REDEPLOY, position)
    forward = Move.ROLLBACK if declared else Move.FORWARD
    if met:
        return Step(deployment, forward, position, new, sure=not doubt)
    if not new and _on_line(history, before, position):
        return Step(deployment, Move.ROLLBACK, position)
    ahead, behind = graph.apart(history, position, before)
    if new:
        return Step(deployment, forward, position, new, ahead - new, sure=not (doubt or behind > 0))
    if not ahead or declared:
        return Step(deployment, Move.ROLLBACK, position)
    return Step(deployment, Move.PARALLEL if behind else Move.AGAIN, position, again=ahead)


def _on_line(history: History, tip: int, position: int) -> bool:
    """Whether the main line below `tip` has this commit: the usual rollback, known without a walk over side branches."""
    while tip > position:
        tip = history.first[tip]
    return tip == position
