"""Change fail rate: deployments that needed intervention, of all that users saw. Called by `report`.

A deployment counts once however many incidents it caused. A pipeline that failed before any user saw something counts on neither side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seaway.assess.dora import causes
from seaway.assess.dora.causes import Answer, Cause, Place
from seaway.assess.dora.owners import Move, Ownership
from seaway.assess.dora.spread import Estimate, share
from seaway.model.delivery import Deployment, Kind

_UNFIXED = 0.3  # a declared hotfix that follows within the window leaves this open: it may mend something older


class Failure(NamedTuple):
    """One deployment that users saw. `counts`: it needed intervention, as `by` says; `probability` of that, also where it does not count.

    `causes`: the incidents whose likeliest answer it is; `mended`: when a rollback or a hotfix had finished.
    """

    deployment: Deployment
    counts: bool
    probability: float
    by: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    mended: float | None = None


@dataclass(frozen=True, slots=True)
class FailRate:
    """`rate` of the deployments that count; `expected`: the mean probability, which also weighs what is doubtful.

    `told` False: nobody told of incidents, so only rollbacks and hotfixes are known; where there are none the rate is not known, not zero.
    """

    n: int
    failed: int
    rate: Estimate
    expected: float | None
    table: tuple[Failure, ...]  # those of which something speaks
    told: bool
    others: Sequence[Deployment]  # those of which nothing does

    def rows(self) -> Iterator[dict[str, Any]]:
        """One per deployment that users saw, in the order of finishing."""
        whole = [*self.table, *(Failure(each, False, 0.0) for each in self.others)]
        for each in sorted(whole, key=lambda one: (one.deployment.finished, one.deployment.id)):
            yield {
                "deployment": each.deployment.id,
                "finished": each.deployment.finished,
                "failed": each.counts,
                "probability": each.probability,
                "by": list(each.by),
                "incidents": [cause.incident.id for cause in each.causes],
            }


def measure(
    place: Place,
    ownership: Ownership,
    attempts: Sequence[Deployment],
    found: Sequence[Cause],
    *,
    counted: Sequence[bool],
    window: float,
    told: bool = True,
) -> FailRate:
    """`attempts`: failed ones in the window; `counted`: which steps are; `found`: causes of all incidents."""
    answers: dict[str, list[tuple[Cause, Answer]]] = {}
    for cause in found:
        for answer in cause.answers:
            if answer.place == place:
                answers.setdefault(answer.deployment, []).append((cause, answer))
    back, fixes = causes.taken_back(ownership), _hotfixes(ownership, window)
    table, others = [], []
    for index, step in enumerate(ownership.steps):
        if not counted[index] or step.move is Move.REDEPLOY:
            continue
        deployment = step.deployment
        if index in back or index in fixes or deployment.id in answers:
            mends = [ownership.steps[each[index]].deployment for each in (back, fixes) if index in each]
            own = answers.get(deployment.id, [])
            table.append(_failure(deployment, own, index in back, index in fixes, mends))
        else:
            others.append(deployment)
    table += [
        Failure(each, True, 1.0, ("taken back after users saw it",), _whole(answers.get(each.id, [])), each.finished)
        for each in attempts
        if each.exposed is not None
    ]
    n, failed = len(table) + len(others), sum(each.counts for each in table)
    if not (told or failed):
        return FailRate(n, 0, Estimate(None), None, tuple(table), told, others)
    expected = sum(each.probability for each in table) / n if n else None
    return FailRate(n, failed, share(failed, n), expected, tuple(table), told, others)


def _hotfixes(ownership: Ownership, window: float) -> dict[int, int]:
    """Index of a deployment -> index of the declared hotfix that came next, within the window."""
    found = {}
    for index, step in enumerate(ownership.steps):
        if index and step.deployment.kind is Kind.HOTFIX:
            before = ownership.steps[index - 1]
            if step.deployment.finished - before.deployment.finished <= window and before.move is not Move.ROLLBACK:
                found[index - 1] = index
    return found


def _failure(
    deployment: Deployment, own: list[tuple[Cause, Answer]], rolled: bool, fixed: bool, mends: list[Deployment]
) -> Failure:
    """Probabilities of independent reasons: one minus the product of what each leaves open."""
    left = 1.0
    for _, answer in own:
        left *= 1 - answer.probability
    if rolled or fixed:
        left *= 0.0 if rolled else _UNFIXED
    whole = _whole(own)
    by = [f"incident {cause.incident.id}" for cause in whole]
    by += [name for name, so in (("rolled back", rolled), ("hotfix after it", fixed)) if so]
    mended = min((each.finished for each in mends), default=None)
    return Failure(deployment, bool(by), 1 - left, tuple(by), whole, mended)


def _whole(own: list[tuple[Cause, Answer]]) -> tuple[Cause, ...]:
    """The incidents that this deployment is the answer for."""
    return tuple(cause for cause, answer in own if cause.best is answer)
