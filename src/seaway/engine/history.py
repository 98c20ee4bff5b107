"""What stable does while no rollout is active: its counters every ten seconds, for the last hour. Called by `standing`.

From them come what must be known before a canary and never from it: prior rates, latency thresholds, how clustered failures are,
and how much traffic there is to plan with. Rows stand in the table of samples under `<environment>/<service>`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa

from seaway.engine.clock import Clock
from seaway.engine.hands import Hands
from seaway.engine.placements import Placed
from seaway.engine.samples import Batch
from seaway.engine.tables import samples
from seaway.errors import PortError
from seaway.judge import batching
from seaway.judge.history import Past
from seaway.model import codec
from seaway.model.rollout import Rollout
from seaway.model.verdict import Sample
from seaway.ports.metrics import Metrics, PerInstance

EVERY = 10.0  # seconds
KEPT = timedelta(hours=1)


class History:
    """`look` is called at every standing look, from any lane."""

    def __init__(self, ports: Hands, batch: Batch, clock: Clock) -> None:
        self._ports = ports
        self._batch = batch
        self._clock = clock
        self._looked: dict[str, float] = {}

    def look(self, placed: Placed) -> None:
        """Take a sample when it is time; a source that does not answer leaves a gap."""
        stable, name = placed.placement.stable, place(placed.placement.environment, placed.placement.service)
        now = self._clock.passed()
        if stable is None or placed.plan.gateway is None or now - self._looked.get(name, -EVERY) < EVERY - 0.5:
            return
        self._looked[name] = now
        source = self._ports.metrics(placed.plan)
        if source is None:
            return
        try:
            found = tuple(source.sample(placed.placement.service, (stable.id,)).values())
            found += _instances(source, placed.placement.service, stable.id)
        except PortError:
            return
        self._batch.add(name, tuple(map(codec.encode, found)), self._clock.now())


def _instances(source: Metrics, service: str, revision: str) -> tuple[Sample, ...]:
    """A sample of each instance, under the name `<revision>@<address>`, where the source tells them apart."""
    if not hasattr(source, "instances"):
        return ()
    found = cast("PerInstance", source).instances(service, revision)
    return tuple(replace(sample, revision=f"{revision}@{address}") for address, sample in found.items())


def place(environment: str, service: str) -> str:
    """The name under which a service's samples stand; no rollout has a slash in its id."""
    return f"{environment}/{service}"


def of_rollout(connection: sa.Connection, rollout: Rollout, now: datetime) -> dict[str, Past]:
    """What is known of the rollout's stable revision, per metric its judge asks for; {} without a judge, or when it is too little."""
    plan = rollout.plan
    if plan.judging is None or plan.stable is None:
        return {}
    query = sa.select(samples.c.document).where(
        samples.c.rollout == place(plan.environment, plan.service), samples.c.at >= (now - KEPT).timestamp()
    )
    rows = [json.loads(row.document) for row in connection.execute(query.order_by(samples.c.id))]
    return batching.past(
        plan.judging.spec, *batching.sides([codec.decode(Sample, row) for row in rows], plan.stable.id)
    )


def prune(connection: sa.Connection, now: datetime) -> int:
    """Drop what is older than it is used."""
    old = samples.c.rollout.contains("/") & (samples.c.at < (now - KEPT).timestamp())
    return connection.execute(samples.delete().where(old)).rowcount
