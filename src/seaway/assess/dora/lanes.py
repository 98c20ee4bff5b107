"""Deployments in lanes: one per service and environment, in the order in which they finished. Called by `report`.

A record that comes twice is one deployment. Regions of one environment are one logical deployment that finishes with its last region.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from seaway.model.delivery import Deployment, Incident, Outcome

_PRODUCTION = ("prod", "live")


@dataclass(frozen=True, slots=True)
class Lane:
    """One service in one environment. `deployments`: logical ones by (finished, id), whatever their outcome."""

    service: str
    environment: str
    deployments: tuple[Deployment, ...]
    production: bool = True


def lanes(deployments: Iterable[Deployment], production: Sequence[str] = ()) -> list[Lane]:
    """Every lane, by service and environment; the order of the input does not matter.

    `production`: names of environments whose deployments reach users; without them those that begin with prod or live, and for a
    service that has none of these all of its environments.
    """
    found: dict[tuple[str, str], list[Deployment]] = {}
    for each in deployments:
        found.setdefault((each.service, each.environment), []).append(each)
    ordered = [Lane(*key, tuple(_logical(_once(found[key])))) for key in sorted(found)]
    named = {(lane.service, lane.environment) for lane in ordered if _reaches_users(lane.environment, production)}
    served = {service for service, _ in named}
    return [
        replace(
            lane,
            production=(lane.service, lane.environment) in named or (not production and lane.service not in served),
        )
        for lane in ordered
    ]


def _reaches_users(environment: str, production: Sequence[str]) -> bool:
    return environment in production if production else environment.lower().startswith(_PRODUCTION)


def _key(deployment: Deployment) -> tuple[float, str, str]:
    return deployment.finished, deployment.id, deployment.region


def _once(deployments: list[Deployment]) -> list[Deployment]:
    """Each (id, region) once: what was told last about it, in the order of finishing."""
    newest: dict[tuple[str, str], Deployment] = {}
    for each in sorted(deployments, key=lambda one: (*_key(one), one.sha, one.outcome, one.started)):
        newest[each.id, each.region] = each
    return sorted(newest.values(), key=_key)


def _logical(deployments: list[Deployment]) -> list[Deployment]:
    if not any(each.region for each in deployments):
        return deployments
    groups: list[list[Deployment]] = []
    open_: dict[str, list[Deployment]] = {}  # sha -> the group that another region may still join
    for each in deployments:
        group = open_.get(each.sha) if each.region else None
        if group is None or each.region in {other.region for other in group}:
            group = []
            groups.append(group)
            open_[each.sha] = group
        group.append(each)
    return sorted((_joined(group) for group in groups), key=_key)


def _joined(group: list[Deployment]) -> Deployment:
    if len(group) == 1:
        return group[0]
    seen = [each.seen for each in group if each.seen is not None]
    whole = all(each.succeeded for each in group)
    return replace(
        group[-1],
        id=group[0].id,
        started=min(each.started for each in group),
        finished=max(each.finished for each in group),
        outcome=Outcome.SUCCEEDED if whole else Outcome.FAILED,
        kind=next((each.kind for each in group if each.kind), None),
        region="",
        exposed=min(seen) if seen else None,
        parts=tuple(each.id for each in group),
    )


def incidents(reported: Iterable[Incident]) -> list[Incident]:
    """Each incident once, however often it was updated, by (started, id): the earliest begin, and every later fact that is known."""
    found: dict[tuple[str, str], Incident] = {}
    for each in sorted(reported, key=lambda one: (one.started, one.resolved or 0.0, one.caused_by, one.version)):
        known = found.get((each.service, each.id))
        found[each.service, each.id] = each if known is None else _updated(known, each)
    return sorted(found.values(), key=lambda one: (one.started, one.service, one.id))


def _updated(known: Incident, news: Incident) -> Incident:
    return replace(
        known,
        resolved=_latest(known.resolved, news.resolved),
        caused_by=news.caused_by or known.caused_by,
        impact=_earliest(known.impact, news.impact),
        mitigated=_earliest(known.mitigated, news.mitigated),
        version=news.version or known.version,
    )


def _latest(*times: float | None) -> float | None:
    return max((time for time in times if time is not None), default=None)


def _earliest(*times: float | None) -> float | None:
    return min((time for time in times if time is not None), default=None)
