"""Histories, deployments and incidents in few words, for the tests of the delivery metrics. Times are in hours since BEGIN."""

from __future__ import annotations

import hashlib
from typing import Any

from seaway.assess.dora.report import Inputs, Measured, Report, Scope, assess
from seaway.model.delivery import Deployment, Incident, Kind, Outcome
from seaway.model.history import Commit, History

BEGIN = 1_767_600_000.0  # Monday 5 January 2026, 08:00 UTC
HOUR = 3600.0
DAY = 24.0


def sha(name: str) -> str:
    """The id of a commit that a test names."""
    return hashlib.sha1(name.encode()).hexdigest()


def at(hours: float) -> float:
    return BEGIN + hours * HOUR


def commit(name: str, *parents: str, hours: float = 0, authored: float | None = None, **more: Any) -> Commit:
    begin = hours if authored is None else authored
    return Commit(sha(name), tuple(map(sha, parents)), int(at(begin)), int(at(hours)), **more)


def history(*commits: Commit) -> History:
    found = History()
    found.extend(commits)
    return found


def line(count: int, *, every: float = 1.0, base: str = "c") -> list[Commit]:
    """c0 <- c1 <- ..., one every so many hours."""
    return [
        commit(f"{base}{number}", *([f"{base}{number - 1}"] if number else []), hours=number * every)
        for number in range(count)
    ]


def deploy(
    name: str, of: str, hours: float, *, service: str = "shop", environment: str = "production", **more: Any
) -> Deployment:
    """Finished at `hours`, ten minutes after it began."""
    if "exposed" in more:
        more["exposed"] = at(more["exposed"])
    return Deployment(name, service, environment, sha(of), at(hours) - 600, at(hours), **more)


def failed(name: str, of: str, hours: float, **more: Any) -> Deployment:
    return deploy(name, of, hours, outcome=Outcome.FAILED, **more)


def incident(name: str, hours: float, resolved: float | None = None, *, service: str = "shop", **more: Any) -> Incident:
    for key in ("impact", "mitigated"):
        if key in more:
            more[key] = at(more[key])
    return Incident(name, service, at(hours), None if resolved is None else at(resolved), **more)


def report(past: History, *deployments: Deployment, head: str = "", scope: Scope | None = None, **more: Any) -> Report:
    """`head` "": the last commit."""
    position = past.where[sha(head)] if head else len(past) - 1
    return assess(Inputs(past, deployments, head=position, **more), scope or Scope())


def one(past: History, *deployments: Deployment, **more: Any) -> Measured:
    """The only lane."""
    (found,) = report(past, *deployments, **more).lanes
    return found


HOTFIX, ROLLBACK = Kind.HOTFIX, Kind.ROLLBACK
