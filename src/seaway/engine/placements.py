"""What every service runs in every environment. Written by `transition` in the same transaction as the rollout that says so."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from seaway.engine.store import dump
from seaway.engine.tables import placements
from seaway.model import codec
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.revision import Revision
from seaway.model.rollout import Rollout
from seaway.rollout.messages import RecordPlacement

KEPT = 20  # earlier revisions that an undo may name


@dataclass(frozen=True, slots=True)
class Placed:
    """A placement; the plan of the rollout that recorded it, which names the target and the router; and the addresses of
    the stable revision that the router was told last.
    """

    placement: Placement
    plan: Plan
    routed: tuple[str, ...] = ()


def get(connection: sa.Connection, environment: str, service: str) -> Placed | None:
    """What this service runs in this environment; None when it was never released there."""
    query = sa.select(placements).where(placements.c.environment == environment, placements.c.service == service)
    row = connection.execute(query).first()
    return _placed(row) if row else None


def every(connection: sa.Connection) -> tuple[Placed, ...]:
    """All placements, by environment and service."""
    rows = connection.execute(sa.select(placements).order_by(placements.c.environment, placements.c.service))
    return tuple(map(_placed, rows))


def put(connection: sa.Connection, placed: Placed) -> None:
    """Replace what is recorded."""
    where = (
        placements.c.environment == placed.placement.environment,
        placements.c.service == placed.placement.service,
    )
    values = {
        "document": dump(placed.placement),
        "plan": dump(placed.plan),
        "routed": dump(placed.routed),
    }
    if connection.execute(placements.update().where(*where).values(**values)).rowcount:
        return
    names = {"environment": placed.placement.environment, "service": placed.placement.service}
    connection.execute(placements.insert().values(**names, **values))


def record(connection: sa.Connection, rollout: Rollout, command: RecordPlacement) -> None:
    """Carry out the command: the same command again changes nothing."""
    plan = rollout.plan
    before = get(connection, plan.environment, plan.service)
    known = before.placement if before else Placement(plan.service, plan.environment)
    promoted = command.stable == "candidate"
    now = plan.candidate if promoted else plan.stable
    put(
        connection,
        Placed(
            replace(
                known,
                stable=now,
                replicas=command.replicas,
                generation=max(known.generation, rollout.generation),
                warm=command.warm,
                history=_history(known.history, plan, promoted=promoted),
                held=command.held,
            ),
            plan,
            tuple(str(rollout.memory.get(f"routed.{now.id}") or "").split()) if now else (),
        ),
    )


def _history(known: tuple[Revision, ...], plan: Plan, *, promoted: bool) -> tuple[Revision, ...]:
    """What was stable before what is stable now. A candidate that was taken back was never worth returning to."""
    now = plan.candidate if promoted else plan.stable
    before = (plan.stable, *known) if promoted and plan.stable else known
    seen = {now.id} if now else set()
    kept = []
    for revision in before:
        if revision.id not in seen:
            seen.add(revision.id)
            kept.append(revision)
    return tuple(kept[:KEPT])


def _placed(row: Any) -> Placed:
    return _decoded(row.document, row.plan, row.routed)


@functools.lru_cache(maxsize=8192)
def _decoded(document: str, plan: str, routed: str) -> Placed:
    """Placements are read every 2 s and change rarely; what they are decoded to never changes."""
    return Placed(
        codec.decode(Placement, json.loads(document)),
        codec.decode(Plan, json.loads(plan)),
        tuple(json.loads(routed)),
    )
