"""Plans to test with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from seaway.model.analysis import Judging, Kind, Metric, Spec
from seaway.model.environment import Budget, CanaryStep, Environment, Gate, Strategy
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.revision import Revision
from seaway.model.routing import PortOwner
from seaway.model.service import Probe, ProbeKind, Route, Service
from seaway.model.verdict import Guard, Measure
from seaway.plan.build import build

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER = PortOwner(4242, "123456", "python old.py", "ada")
APPROVAL = Gate("approval")
SUCCESS = Guard(
    "success", Measure.SUCCESS_RATE, at_least=0.99, window=timedelta(seconds=10), extend_max=timedelta(seconds=20)
)


def service(**changes) -> Service:  # type: ignore[no-untyped-def]
    made = Service("web", ("./web",), replicas=3, routes=(Route(drain=timedelta(seconds=2)),),
                   readiness=Probe(ProbeKind.HTTP, "/ready"))  # fmt: skip
    return replace(made, **changes)


def revision(letter: str, made: Service | None = None) -> Revision:
    digest = letter * 64
    return Revision(f"web-{digest[:12]}", digest, made or service(), f"/artifacts/{letter}", digest, immutable=True)


def canary(*written: CanaryStep) -> Strategy:
    default = (
        CanaryStep(set_weight=100_000),
        CanaryStep(pause=timedelta(seconds=3)),
        CanaryStep(set_weight=500_000),
        CanaryStep(analysis=timedelta(seconds=5)),
    )
    return Strategy("canary", written or default)


def environment(**changes) -> Environment:  # type: ignore[no-untyped-def]
    made = Environment("production", strategy=canary(), objectives=(SUCCESS,), soak=timedelta(seconds=4))
    return replace(made, **changes)


JUDGING = Judging(Spec((Metric("errors", Kind.RATE, margin=2.0),)), deadline=timedelta(seconds=6),
                  extend_max=timedelta(seconds=8))  # fmt: skip


def ramp(**changes) -> Strategy:  # type: ignore[no-untyped-def]
    return Strategy("canary", ramp=replace(Budget(deadline=timedelta(seconds=6)), **changes))


def placement(stable: Revision | None, **changes) -> Placement:  # type: ignore[no-untyped-def]
    made = Placement("web", "production", stable, replicas=3 if stable else 0, generation=5)
    return replace(made, **changes)


def plan(
    *, first: bool = False, of: Service | None = None, old_replicas: int = 3, owner: PortOwner | None = None, **changes
) -> Plan:  # type: ignore[no-untyped-def]
    made = of or service()
    stable = None if first else revision("a", made)
    here = placement(stable, replicas=0 if first else old_replicas)
    return build(made, environment(**changes), revision("b", made), here, now=NOW, owner=owner)
