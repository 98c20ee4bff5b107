"""Plans as `plan.build` makes them, for engine tests: small services, quick steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from seaway.model.environment import CanaryStep, Concurrency, Environment, Strategy
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.revision import Revision
from seaway.model.service import Before, Probe, ProbeKind, RollbackClass, Route, Service
from seaway.model.verdict import Guard, Measure
from seaway.plan import build

TICK = timedelta(seconds=0.2)
GUARD = Guard("errors", Measure.SUCCESS_RATE, at_least=0.99, min_samples=20, window=timedelta(seconds=5))


def service(name: str = "shop", replicas: int = 2, before: str = "") -> Service:
    return Service(
        name=name,
        command=("./serve",),
        replicas=replicas,
        readiness=Probe(ProbeKind.HTTP, "/ready"),
        routes=(Route(drain=timedelta(seconds=1)),),
        start_timeout=timedelta(seconds=5),
        stop_grace=timedelta(seconds=1),
        before=Before((before,), RollbackClass.REVERT) if before else None,
    )


def revision(letter: str, of: Service | None = None) -> Revision:
    of = of or service()
    digest = letter * 64
    return Revision(f"{of.name}-{digest[:12]}", digest, of, "", "", immutable=True)


def environment(strategy: Strategy | None = None, **changes: object) -> Environment:
    base = Environment(
        "production",
        strategy=strategy or canary(),
        soak=timedelta(),
        objectives=(),
        tick=TICK,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def canary(*, pause: timedelta | None = None, hold: bool = False) -> Strategy:
    steps = [CanaryStep(set_weight=100_000)]
    if pause:
        steps.append(CanaryStep(pause=pause))
    if hold:
        steps.append(CanaryStep(pause_until_promoted=True))
    return Strategy("canary", steps=tuple(steps))


def blue_green() -> Strategy:
    return Strategy("blue-green")


def rolling() -> Strategy:
    return Strategy("rolling", max_surge="1", max_unavailable="0")


def plan(
    letter: str = "b",
    placement: Placement | None = None,
    *,
    where: Environment | None = None,
    of: Service | None = None,
    site: str = "",
) -> Plan:
    of = of or service()
    where = where or environment()
    placement = placement or Placement(of.name, where.name)
    made = build.build(of, where, revision(letter, of), placement, now=datetime.now(UTC), site=site)
    return replace(made, verify_timeout=timedelta(seconds=3), prepare_timeout=timedelta(seconds=5))


def guarded(**changes: object) -> Environment:
    return environment(canary(pause=timedelta(seconds=1)), objectives=(GUARD,), **changes)


__all__ = ["Concurrency", "blue_green", "canary", "environment", "guarded", "plan", "revision", "rolling", "service"]
