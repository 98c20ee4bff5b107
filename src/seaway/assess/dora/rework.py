"""Deployment rework rate: unplanned deployments that remedy, of all. Called by `report`. Each signal has a confidence; a planned fix has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seaway.assess.dora.changes import Changes
from seaway.assess.dora.failures import Failure
from seaway.assess.dora.owners import Move, Ownership, Step
from seaway.assess.dora.spread import Estimate, share
from seaway.model.delivery import Kind
from seaway.model.history import FIXES, History

Files = Callable[[Sequence[str]], Mapping[str, frozenset[str]]]
LIKELY = 0.5
CONFIDENCE = {
    "rollback": 0.98,
    "declared hotfix": 0.95,
    "reverts what was deployed": 0.9,
    "names an incident that it fixes": 0.9,
    "touches the files of a failed deployment while users suffer": 0.6,
}
_ROLLBACK, _HOTFIX, _REVERT, _TRAILER, _FILES = CONFIDENCE
MOST_COMMITS = 20_000  # whose files are compared


class Rework(NamedTuple):
    """One deployment with what speaks for rework."""

    step: Step
    signals: tuple[str, ...]
    confidence: float

    @property
    def counts(self) -> bool:
        """True where rework is likelier than not."""
        return self.confidence >= LIKELY


@dataclass(frozen=True, slots=True)
class ReworkRate:
    """`rate` of what counts; `confidence`: the mean confidence of those; `expected`: the mean over all deployments."""

    n: int
    reworked: int
    rate: Estimate
    confidence: float | None
    expected: float | None
    shown: Sequence[Step]
    table: Mapping[str, Rework]  # by deployment, those with a signal

    def rows(self) -> Iterator[dict[str, Any]]:
        """One per deployment."""
        for step in self.shown:
            each = self.table.get(step.deployment.id) or Rework(step, (), 0.0)
            yield {
                "deployment": step.deployment.id,
                "finished": step.deployment.finished,
                "rework": each.counts,
                "confidence": each.confidence,
                "signals": list(each.signals),
            }


def measure(
    history: History,
    ownership: Ownership,
    changes: Changes,
    failures: Sequence[Failure],
    *,
    counted: Sequence[bool],
    window: float,
    files: Files | None = None,
) -> ReworkRate:
    """`failures`: of the lane, whether they count or not; `files`: the paths that commits touch, None where nobody can tell."""
    signals = _signals(history, ownership, changes)
    if files:
        for index in _forward_fixes(history, ownership, failures, window, files):
            signals.setdefault(index, set()).add(_FILES)
    steps = ownership.steps
    shown = [step for index, step in enumerate(steps) if counted[index] and step.move is not Move.REDEPLOY]
    table = {
        steps[index].deployment.id: _rework(steps[index], found)
        for index, found in signals.items()
        if counted[index] and steps[index].move is not Move.REDEPLOY
    }
    hits = [each.confidence for each in table.values() if each.counts]
    expected = sum(each.confidence for each in table.values()) / len(shown) if shown else None
    confidence = sum(hits) / len(hits) if hits else None
    return ReworkRate(len(shown), len(hits), share(len(hits), len(shown)), confidence, expected, shown, table)


def _signals(history: History, ownership: Ownership, changes: Changes) -> dict[int, set[str]]:
    """What moves, declarations and messages say, by index of the step."""
    signals: dict[int, set[str]] = {}
    for index, step in enumerate(ownership.steps):
        if step.move is Move.ROLLBACK:
            signals.setdefault(index, set()).add(_ROLLBACK)
        if step.deployment.kind is Kind.HOTFIX:
            signals.setdefault(index, set()).add(_HOTFIX)
    for index in changes.remedies:
        signals.setdefault(index, set()).add(_REVERT)
    for link in history.links:
        if link.kind == FIXES and ownership.owner[link.position] > ownership.first:
            signals.setdefault(ownership.owner[link.position], set()).add(_TRAILER)
    return signals


def _rework(step: Step, signals: set[str]) -> Rework:
    left = 1.0
    for signal in signals:
        left *= 1 - CONFIDENCE[signal]
    return Rework(step, tuple(name for name in CONFIDENCE if name in signals), 1 - left)


def _forward_fixes(
    history: History, ownership: Ownership, failures: Sequence[Failure], window: float, files: Files
) -> list[int]:
    """Forward deployments that finished between the begin and the end of an incident, and touch what the failed one touched."""
    places = {step.deployment.id: index for index, step in enumerate(ownership.steps)}
    pairs = []
    for failure in failures:
        index = places.get(failure.deployment.id, -1)
        if not failure.counts or not failure.causes or index < 0:
            continue
        begin = min(cause.incident.started for cause in failure.causes)
        ends = [cause.incident.resolved for cause in failure.causes if cause.incident.resolved is not None]
        end = max(ends) if len(ends) == len(failure.causes) else begin + window
        for later in range(index + 1, len(ownership.steps)):
            finished = ownership.steps[later].deployment.finished
            if finished > end:
                break
            if finished > begin and ownership.steps[later].move is Move.FORWARD:
                pairs.append((index, later))
    return _touching(history, ownership, pairs, files) if pairs else []


def _touching(history: History, ownership: Ownership, pairs: list[tuple[int, int]], files: Files) -> list[int]:
    wanted = {index for pair in pairs for index in pair if index > ownership.first}
    commits: dict[int, list[str]] = {index: [] for index in wanted}
    for position, owner in enumerate(ownership.owner):
        if owner in wanted:
            commits[owner].append(history.shas[position])
    asked = [sha for shas in commits.values() for sha in shas]
    touched = files(asked[:MOST_COMMITS])
    paths = {
        index: frozenset[str]().union(*(touched.get(sha, frozenset()) for sha in shas))
        for index, shas in commits.items()
    }
    return [later for index, later in pairs if paths.get(index, frozenset()) & paths.get(later, frozenset())]
