"""Small whole values that the tests of the surfaces and the ledger share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from seaway.model.environment import Concurrency, IfEngineLost, OnUnobservable
from seaway.model.plan import Pause, Plan, Promote, Scale, SetWeight, Soak
from seaway.model.revision import Revision
from seaway.model.rollout import Observed, Rollout, State, StepRecord, Weight
from seaway.model.routing import Gateway
from seaway.model.service import Service

NOW = datetime(2026, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC)


def revision(mark: str, name: str = "shop") -> Revision:
    digest = (mark * 64)[:64]
    service = Service(name=name, command=("./serve",), artifact="/src/app")
    return Revision(f"{name}-{digest[:12]}", digest, service, f"/home/artifacts/{digest}", digest, immutable=True)


def plan(**changes: object) -> Plan:
    made = Plan(
        service="shop",
        environment="production",
        strategy="canary",
        candidate=revision("b"),
        stable=revision("a"),
        gateway=Gateway("production", "127.0.0.1:8080"),
        target="process",
        router="envoy",
        metrics="envoy",
        steps=(
            Scale(1, 2),
            SetWeight(50_000),
            Pause(timedelta(seconds=30)),
            SetWeight(1_000_000),
            Promote(),
            Soak(timedelta(minutes=5)),
        ),
        guards=(),
        tick=timedelta(seconds=1),
        concurrency=Concurrency.SUPERSEDE,
        on_unobservable=OnUnobservable.CONTINUE,
        if_engine_lost=IfEngineLost(),
        drain=timedelta(seconds=30),
        prepare_timeout=timedelta(seconds=60),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def rollout(**changes: object) -> Rollout:
    made = Rollout(
        id="ro-06b3x1k9m-4fq7",
        plan=plan(),
        plan_hash="c" * 64,
        actor="mona",
        created=NOW,
        state=State.OBSERVING,
        step=1,
        since=NOW,
        weights={
            revision("b").id: Weight(50_000, 50_000, Observed(49_120, 8143)),
            revision("a").id: Weight(950_000, 950_000, None),
        },
        steps=(StepRecord(NOW, NOW, "done"), StepRecord(NOW), *[StepRecord()] * 4),
        seq=7,
        epoch=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]
