"""Which deployment caused an incident, if one did. Called by `report`, once for all lanes.

Each deployment that could have caused it has a score: what links them, times how recent it was, times how much it changed; "not a change" has a
score of its own. Probabilities are shares of the sum, so they never exceed one. No score depends on other deployments or on what came
later than the evidence, so an incident keeps its answer however the history was collected.
"""

from __future__ import annotations

import bisect
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seaway.assess.dora.owners import Move, Ownership
from seaway.model.delivery import Deployment, Incident
from seaway.model.history import History

Place = tuple[str, str]  # service, environment
WINDOW = 86_400.0  # seconds in which time alone is evidence
LIKELY = 0.5  # from here on an answer counts
NOT_A_CHANGE = 0.25  # the score of "no deployment did it"
EXPLICIT, ROLLBACK, VERSION, TIME = "explicit link", "rollback", "version", "time window"
STRENGTH = {EXPLICIT: 1000.0, ROLLBACK: 30.0, VERSION: 10.0, TIME: 1.0}
_FADES = 4.0  # windows fade to e^-4: tau is a quarter of the window
_USUAL = 3.0  # log2(2 + commits) of a change of usual size: 6 commits
_SMALL, _LARGE = 0.75, 1.5  # how much size may count, either way


@dataclass(frozen=True, slots=True)
class Answer:
    """One deployment that may have caused an incident."""

    place: Place
    deployment: str
    probability: float
    why: str


@dataclass(frozen=True, slots=True)
class Cause:
    """All answers for one incident, likeliest first. `unknown_link`: what `caused_by` named and nobody knows."""

    incident: Incident
    answers: tuple[Answer, ...]
    not_a_change: float
    unknown_link: str = ""

    @property
    def best(self) -> Answer | None:
        """The likeliest deployment where a change is at least as likely as none; None: "not a change"."""
        return self.answers[0] if self.answers and self.not_a_change <= 1 - LIKELY else None


class Exposed(NamedTuple):
    """A deployment that users saw, with the commits that it brought (0 where they are pre-history). `rolled_back`: when it was taken back, if it was."""

    place: Place
    deployment: Deployment
    commits: int
    seen: float
    rolled_back: float | None


def exposed(place: Place, ownership: Ownership, attempts: Sequence[Deployment]) -> list[Exposed]:
    """Every deployment of a lane that users saw."""
    taken = taken_back(ownership)
    steps = ownership.steps
    found = [
        Exposed(
            place,
            step.deployment,
            0 if step.move is Move.FIRST else step.new,
            step.deployment.seen or step.deployment.finished,
            steps[taken[index]].deployment.finished if index in taken else None,
        )
        for index, step in enumerate(steps)
    ]
    found += [Exposed(place, each, 0, each.exposed, each.finished) for each in attempts if each.exposed is not None]
    return found


def taken_back(ownership: Ownership) -> dict[int, int]:
    """Index of a deployment that was rolled back -> index of the first rollback that did; redeployments of it stand for it."""
    found: dict[int, int] = {}
    for index, step in enumerate(ownership.steps):
        if step.move is Move.ROLLBACK and index:
            target = index - 1
            while target and ownership.steps[target].move is Move.REDEPLOY:
                target -= 1
            if ownership.steps[target].move is not Move.ROLLBACK:
                found.setdefault(target, index)
    return found


def explain(
    incidents: Sequence[Incident],
    candidates: Mapping[str, Sequence[Exposed]],
    history: History,
    owners: Mapping[Place, Ownership],
    *,
    window: float = WINDOW,
) -> list[Cause]:
    """`candidates`: by service, what users saw, by time. Incidents that came twice must be one already."""
    known = _Known(candidates, history, owners)
    return [_explained(incident, candidates.get(incident.service, ()), known, window) for incident in incidents]


class _Known:
    """What a link may name: deployments by id, in a service and anywhere, and commits."""

    def __init__(
        self, candidates: Mapping[str, Sequence[Exposed]], history: History, owners: Mapping[Place, Ownership]
    ) -> None:
        self._history, self._owners = history, owners
        self._candidates = candidates

    @functools.cached_property
    def _anywhere(self) -> dict[str, list[Exposed]]:
        """By id, over all services: made when the first link is followed."""
        found: dict[str, list[Exposed]] = {}
        for each in (each for all_ in self._candidates.values() for each in all_):
            for name in each.deployment.parts or (each.deployment.id,):
                found.setdefault(name, []).append(each)
        return found

    def linked(self, service: str, name: str) -> Exposed | None:
        """By id in this service, by id in the only other service that has it, or by a commit that a deployment of this service brought."""
        if not name:
            return None
        named = self._anywhere.get(name, [])
        here = [each for each in named if each.place[0] == service]
        if here or len(named) == 1:
            return (here or named)[0]
        position = self._history.where.get(name.lower(), -1)
        for place, ownership in self._owners.items():
            owner = ownership.owner[position] if position >= 0 and place[0] == service else -1
            for each in self._anywhere.get(ownership.steps[owner].deployment.id, []) if owner >= 0 else []:
                if each.place == place:
                    return each
        return None


def _explained(incident: Incident, candidates: Sequence[Exposed], known: _Known, window: float) -> Cause:
    began = incident.impact if incident.impact is not None else incident.started
    linked = known.linked(incident.service, incident.caused_by)
    scores = [(STRENGTH[EXPLICIT], linked, EXPLICIT)] if linked is not None else []
    for each in _recent(candidates, began, window):
        if each is not linked:
            why = _evidence(each, incident, began, window)
            fresh = math.exp(-(began - each.seen) * _FADES / window)
            size = min(_LARGE, max(_SMALL, math.log2(2 + each.commits) / _USUAL))
            scores.append((STRENGTH[why] * fresh * size, each, why))
    total = NOT_A_CHANGE + sum(score for score, _, _ in scores)
    answers = [Answer(each.place, each.deployment.id, score / total, why) for score, each, why in scores]
    answers.sort(key=lambda answer: (-answer.probability, answer.place, answer.deployment))
    unknown = incident.caused_by if incident.caused_by and linked is None else ""
    return Cause(incident, tuple(answers), NOT_A_CHANGE / total, unknown)


def _recent(candidates: Sequence[Exposed], began: float, window: float) -> Iterator[Exposed]:
    """What users saw within the window before it began."""
    stop = bisect.bisect_right(candidates, began, key=lambda each: each.seen)
    begin = bisect.bisect_left(candidates, began - window, key=lambda each: each.seen)
    yield from candidates[begin:stop]


def _evidence(each: Exposed, incident: Incident, began: float, window: float) -> str:
    """The strongest link between a deployment and an incident."""
    back = each.rolled_back
    if back is not None and began <= back <= began + window:
        return ROLLBACK
    if incident.version and incident.version in {each.deployment.sha, each.deployment.id, *each.deployment.parts}:
        return VERSION
    return TIME
