"""Puts the metrics of all lanes together. Called by `app.dora` with what formats and the commit store read; pure.

Services are never blended: there is no figure over two lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from seaway.assess.dora import causes, changes, failures, frequency, lanes, lead_time, recovery, rework, words
from seaway.assess.dora.causes import Cause
from seaway.assess.dora.changes import Known, Mask, Patches
from seaway.assess.dora.failures import FailRate
from seaway.assess.dora.frequency import Frequency
from seaway.assess.dora.lanes import Lane
from seaway.assess.dora.lead_time import LeadTime
from seaway.assess.dora.owners import Move, Ownership, attribute
from seaway.assess.dora.recovery import RecoveryTime
from seaway.assess.dora.rework import Files, ReworkRate
from seaway.assess.dora.spread import Resamples
from seaway.errors import UsageError
from seaway.model.delivery import Deployment, Incident, Pull, Push
from seaway.model.history import History

METRICS = ("lead-time", "frequency", "fail-rate", "recovery", "rework")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that is known; `incidents` None: nobody told of any. `head`: position of HEAD, -1 without; `touched`: by service, the commits of its paths.

    Deployments' and pull requests' commits are whole ids where the repository has them.
    """

    history: History
    deployments: Sequence[Deployment]
    incidents: Sequence[Incident] | None = None
    pushes: Sequence[Push] = ()
    pulls: Sequence[Pull] = ()
    head: int = -1
    touched: Mapping[str, Mask] = field(default_factory=dict)
    patches: Patches | None = None
    files: Files | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at. Times are seconds since 1970; `until` None: the last moment that the data tell about.

    `window`: seconds in which time alone, a hotfix or a fix of the same files is evidence.
    """

    since: float | None = None
    until: float | None = None
    service: str = ""
    environment: str = ""
    production: tuple[str, ...] = ()
    window: float = causes.WINDOW


@dataclass(frozen=True, slots=True)
class Measured:
    """The five metrics of one lane."""

    lane: Lane
    lead_time: LeadTime
    frequency: Frequency
    fail_rate: FailRate
    recovery: RecoveryTime
    rework: ReworkRate

    def metric(self, name: str) -> LeadTime | Frequency | FailRate | RecoveryTime | ReworkRate:
        """One of METRICS."""
        found = (self.lead_time, self.frequency, self.fail_rate, self.recovery, self.rework)
        return found[METRICS.index(name)]


@dataclass(frozen=True, slots=True)
class Report:
    """All lanes by service and environment, and what caused each incident."""

    lanes: tuple[Measured, ...]
    causes: tuple[Cause, ...]
    since: float | None
    until: float
    window: float
    unknowns: tuple[str, ...]


def assess(inputs: Inputs, scope: Scope) -> Report:
    """The report. Equal for equal data in any order of arrival. Raises UsageError for a window that begins after its end."""
    incidents = lanes.incidents(inputs.incidents or ())
    until = scope.until if scope.until is not None else _last(inputs.deployments, incidents)
    if scope.since is not None and scope.since > until:
        raise UsageError(
            f"the window begins after its end, {words.time(until)}", hint="an earlier --since, or --until now"
        )
    incidents = [_at(each, until) for each in incidents if each.started <= until]
    past = [each for each in inputs.deployments if each.finished <= until]
    found = lanes.lanes(past, scope.production)
    owners = {
        (lane.service, lane.environment): attribute(
            inputs.history, [each for each in lane.deployments if each.succeeded]
        )
        for lane in found
    }
    known = changes.know(
        inputs.history, inputs.head, [each.owners for each in owners.values()],
        patches=inputs.patches, pushes=inputs.pushes, pulls=inputs.pulls,
    )  # fmt: skip
    explained = _explained(found, owners, incidents, inputs.history, scope)
    shown = [
        lane for lane in found if scope.service in ("", lane.service) and scope.environment in ("", lane.environment)
    ]
    look = _Look(inputs, replace(scope, until=until), until, known, explained)
    measured = tuple(_measured(lane, owners[lane.service, lane.environment], look) for lane in shown)
    return Report(
        measured, tuple(explained), scope.since, until, scope.window, _unknowns(owners, explained, known, inputs)
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """What all lanes share."""

    inputs: Inputs
    scope: Scope
    until: float
    known: Known
    explained: Sequence[Cause]


def _last(deployments: Iterable[Deployment], incidents: Iterable[Incident]) -> float:
    times = [each.finished for each in deployments]
    times += [time for each in incidents for time in (each.started, each.resolved or each.started)]
    return max(times, default=datetime.now(UTC).timestamp())


def _at(incident: Incident, until: float) -> Incident:
    """The incident as it was known then."""
    resolved, mitigated = incident.resolved, incident.mitigated
    return replace(
        incident,
        resolved=None if resolved is not None and resolved > until else resolved,
        mitigated=None if mitigated is not None and mitigated > until else mitigated,
    )


def _explained(
    found: Sequence[Lane],
    owners: Mapping[causes.Place, Ownership],
    incidents: Sequence[Incident],
    history: History,
    scope: Scope,
) -> list[Cause]:
    """Only deployments that reach users can cause an incident."""
    candidates: dict[str, list[causes.Exposed]] = {}
    for lane in found:
        if lane.production:
            place = (lane.service, lane.environment)
            attempts = [each for each in lane.deployments if not each.succeeded]
            candidates.setdefault(lane.service, []).extend(causes.exposed(place, owners[place], attempts))
    for each in candidates.values():
        each.sort(key=lambda one: (one.seen, one.place, one.deployment.id))
    return causes.explain(incidents, candidates, history, owners, window=scope.window)


def _measured(lane: Lane, ownership: Ownership, look: _Look) -> Measured:
    scope, inputs, history = look.scope, look.inputs, look.inputs.history
    since = scope.since if scope.since is not None else -np.inf
    counted = [step.deployment.finished >= since for step in ownership.steps]
    clusters = np.where(counted, np.cumsum(counted) - 1, -1) if counted else np.zeros(0, np.int64)
    attempts = [each for each in lane.deployments if not each.succeeded and each.finished >= since]
    population = changes.select(look.known, ownership, inputs.touched.get(lane.service), counted)
    failed = failures.measure(
        (lane.service, lane.environment), ownership, attempts, look.explained,
        counted=counted, window=scope.window, told=lane.production and inputs.incidents is not None,
    )  # fmt: skip
    steps = [step for step, here in zip(ownership.steps, counted, strict=True) if here]
    begin = min((each.finished for each in lane.deployments), default=look.until)
    return Measured(
        lane,
        lead_time.measure(look.known, ownership, population, Resamples(max(1, sum(counted))), clusters),
        frequency.measure(steps, attempts, begin if scope.since is None else scope.since, look.until),
        failed,
        recovery.measure(failed.table, look.until),
        rework.measure(
            history, ownership, population, failed.table, counted=counted, window=scope.window, files=inputs.files
        ),
    )


def _unknowns(
    owners: Mapping[causes.Place, Ownership], explained: Sequence[Cause], known: Known, inputs: Inputs
) -> tuple[str, ...]:
    """What could not be known, in sentences; nothing of it is scored as a failure."""
    found = []
    for (service, environment), ownership in owners.items():
        unknown = sum(step.move is Move.UNKNOWN for step in ownership.steps)
        if unknown:
            found.append(f"{service}/{environment}: the commits of {unknown} deployments are not in the repository")
        unsure = sum(not step.sure and step.move is not Move.UNKNOWN for step in ownership.steps)
        if unsure:
            found.append(
                f"{service}/{environment}: {unsure} deployments follow a cut, a rewritten or an unknown one; their commits may be too many"
            )
    links = [cause for cause in explained if cause.unknown_link]
    if links:
        found.append(f"{len(links)} incidents name a cause that nobody knows; the first: {links[0].unknown_link}")
    if known.unread:
        found.append(f"the patches of {known.unread} commits that share their author time were not compared")
    if inputs.history.shallow:
        found.append("the clone is shallow: commits before its cut are not seen (git fetch --unshallow)")
    return tuple(found)
