"""Rollouts, their messages and their effects in the database. Called by `transition`, `admission`, `engine` and `watch`.

Functions take a connection, so that what belongs together is one transaction. Each statement is plain Core: SQLite and
Postgres understand it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, cast

import sqlalchemy as sa

from seaway.engine.lease import NODE
from seaway.engine.tables import effects, inbox, revisions, rollouts
from seaway.errors import Fenced, KeyReused
from seaway.model import codec
from seaway.model.revision import Revision
from seaway.model.rollout import Rollout
from seaway.rollout.messages import Command, Event

_FIELDS = tuple(field.name for field in fields(Rollout) if field.name != "plan")


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the inbox."""

    id: int
    event: Event


@dataclass(frozen=True, slots=True)
class Effect:
    """One row of the effects journal; `outcome` None: nobody knows whether it happened, so it is done (again)."""

    key: str
    command: Command
    outcome: tuple[Event, ...] | None


class Outdated(Exception):
    """What is stored is further than what the caller knew: it reads again and decides again."""


def dump(value: Any) -> str:
    """A document as it is stored."""
    return codec.canonical(value)


def event_of(text: str) -> Event:
    """An event from its stored text."""
    return cast("Event", codec.decode(cast("type[Any]", Event), json.loads(text)))


def command_of(data: Any) -> Command:
    """A command from its JSON data."""
    return cast("Command", codec.decode(cast("type[Any]", Command), data))


# ---------------------------------------------------------------- rollouts


def owned(rollout: Rollout, epoch: int) -> Rollout:
    """The rollout as this engine's."""
    return replace(rollout, epoch=epoch)


def insert(connection: sa.Connection, rollout: Rollout, *, key: str, now: datetime) -> None:
    """A new rollout, and the revisions it speaks of."""
    connection.execute(
        rollouts.insert().values(
            id=rollout.id,
            service=rollout.plan.service,
            environment=rollout.plan.environment,
            site=rollout.plan.site,
            owner=NODE,
            key=key or None,
            plan=dump(rollout.plan),
            created=rollout.created.timestamp(),
            **_columns(rollout, now),
        )
    )
    for revision in filter(None, (rollout.plan.candidate, rollout.plan.stable)):
        if not connection.execute(sa.select(revisions.c.id).where(revisions.c.id == revision.id)).first():
            connection.execute(revisions.insert().values(id=revision.id, document=dump(revision)))


def save(connection: sa.Connection, rollout: Rollout, now: datetime, *, replan: bool = False) -> None:
    """The rollout as it is after a transition. Raises Outdated when it is not the next one of what is stored, Fenced when not ours."""
    values = _columns(rollout, now) | ({"plan": dump(rollout.plan)} if replan else {})
    done = connection.execute(
        rollouts.update()
        .where(rollouts.c.id == rollout.id, rollouts.c.seq == rollout.seq - 1, rollouts.c.epoch == rollout.epoch)
        .values(**values)
    )
    if done.rowcount == 1:
        return
    found = connection.execute(sa.select(rollouts.c.epoch).where(rollouts.c.id == rollout.id)).scalar()
    if found == rollout.epoch:
        raise Outdated(rollout.id)
    raise Fenced(f"rollout {rollout.id} belongs to another engine now: epoch {found}", hint="seaway rollout list")


def adopt(connection: sa.Connection, found: tuple[str, ...], epoch: int) -> None:
    """From now on this engine owns these rollouts: writes of an earlier owner do not count any more."""
    for identifier in found:
        connection.execute(rollouts.update().where(rollouts.c.id == identifier).values(epoch=epoch, owner=NODE))


def with_mail(connection: sa.Connection) -> tuple[Rollout, ...]:
    """Rollouts that have messages which no transition took in, ended ones too."""
    unread_ = sa.select(inbox.c.rollout).where(inbox.c.done_seq.is_(None))
    return tuple(map(_rollout, connection.execute(sa.select(rollouts).where(rollouts.c.id.in_(unread_)))))


def load(connection: sa.Connection, identifier: str) -> Rollout | None:
    """One rollout, None when there is none."""
    row = connection.execute(sa.select(rollouts).where(rollouts.c.id == identifier)).first()
    return _rollout(row) if row else None


def seq(connection: sa.Connection, identifier: str) -> int:
    """How far a rollout is, 0 when there is none."""
    return connection.execute(sa.select(rollouts.c.seq).where(rollouts.c.id == identifier)).scalar() or 0


def submitted(connection: sa.Connection, key: str) -> Rollout | None:
    """The rollout that was made of the submission with this key."""
    row = connection.execute(sa.select(rollouts).where(rollouts.c.key == key)).first() if key else None
    return _rollout(row) if row else None


def find(
    connection: sa.Connection, *, service: str = "", environment: str = "", active: bool | None = None, limit: int = 0
) -> tuple[Rollout, ...]:
    """Rollouts, newest first; "" and None mean all, `limit` 0 too."""
    query = sa.select(rollouts).order_by(rollouts.c.created.desc(), rollouts.c.id.desc())
    if service:
        query = query.where(rollouts.c.service == service)
    if environment:
        query = query.where(rollouts.c.environment == environment)
    if active is not None:
        query = query.where(rollouts.c.active == active)
    rows = connection.execute(query.limit(limit) if limit else query)
    return tuple(_rollout(row) for row in rows)


def ended_since(connection: sa.Connection, *, service: str, environment: str, since: datetime) -> tuple[Rollout, ...]:
    """Rollouts of a place that ended after a moment."""
    query = sa.select(rollouts).where(
        rollouts.c.environment == environment,
        rollouts.c.service == service,
        rollouts.c.active.is_(False),
        rollouts.c.updated >= since.timestamp(),
    )
    return tuple(map(_rollout, connection.execute(query)))


def _columns(rollout: Rollout, now: datetime) -> dict[str, Any]:
    document = {name: codec.encode(getattr(rollout, name)) for name in _FIELDS}
    return {
        "state": rollout.state.value,
        "active": not rollout.state.terminal,
        "seq": rollout.seq,
        "epoch": rollout.epoch,
        "document": json.dumps(document, separators=(",", ":")),
        "updated": now.timestamp(),
    }


def _rollout(row: Any) -> Rollout:
    document = json.loads(row.document)
    return codec.decode(Rollout, {**document, "plan": json.loads(row.plan), "epoch": row.epoch})


# ---------------------------------------------------------------- inbox


def post(connection: sa.Connection, rollout: str, event: Event, *, key: str, actor: str, now: datetime) -> bool:
    """Put a message in; False when it is there already. Raises KeyReused when the key stands for another message."""
    text = dump(event)
    found = connection.execute(sa.select(inbox.c.rollout, inbox.c.event).where(inbox.c.key == key)).first()
    if found:
        if (found.rollout, found.event) != (rollout, text):
            raise KeyReused(f"the key {key!r} was used for another message", hint="leave the key to Seaway")
        return False
    connection.execute(inbox.insert().values(rollout=rollout, key=key, event=text, at=now.timestamp(), actor=actor))
    return True


def unread(connection: sa.Connection, rollout: str) -> tuple[Message, ...]:
    """Messages that no transition took in yet, oldest first."""
    rows = connection.execute(
        sa.select(inbox.c.id, inbox.c.event)
        .where(inbox.c.rollout == rollout, inbox.c.done_seq.is_(None))
        .order_by(inbox.c.id)
    )
    return tuple(Message(row.id, event_of(row.event)) for row in rows)


def read(connection: sa.Connection, message: int, seq: int) -> None:
    """A transition took the message in. Raises Fenced when another engine did."""
    done = connection.execute(
        inbox.update().where(inbox.c.id == message, inbox.c.done_seq.is_(None)).values(done_seq=seq)
    )
    if done.rowcount != 1:
        raise Fenced(f"message {message} was taken by another engine", hint="look for a second control plane")


# ---------------------------------------------------------------- effects


def effect_key(rollout: str, seq: int, position: int) -> str:
    """The idempotency key of one effect."""
    return f"{rollout}:{seq}:{position}"


def intend(connection: sa.Connection, rollout: Rollout, position: int, command: Command, now: datetime) -> None:
    """Journal an effect before it happens."""
    connection.execute(
        effects.insert().values(
            key=effect_key(rollout.id, rollout.seq, position),
            rollout=rollout.id,
            seq=rollout.seq,
            position=position,
            kind=command.kind,
            request=dump(command),
            intent_at=now.timestamp(),
            epoch=rollout.epoch,
        )
    )


def effect(connection: sa.Connection, key: str) -> Effect | None:
    """One effect, None when its row is missing."""
    row = connection.execute(sa.select(effects).where(effects.c.key == key)).first()
    return _effect(row) if row else None


def did(connection: sa.Connection, key: str, rollout: str, outcome: tuple[Event, ...], now: datetime) -> None:
    """Journal an effect after it happened; the events that came of it go to the inbox in the same breath."""
    connection.execute(
        effects.update().where(effects.c.key == key).values(outcome=dump(outcome), done_at=now.timestamp())
    )
    for number, event in enumerate(outcome):
        post(connection, rollout, event, key=f"{key}:{number}", actor="engine", now=now)


def undone(connection: sa.Connection) -> dict[tuple[str, int], tuple[Command, ...]]:
    """Transitions with effects that were not finished: (rollout, seq) -> all its commands, in order."""
    open_ones = connection.execute(
        sa.select(effects.c.rollout, effects.c.seq).where(effects.c.done_at.is_(None)).distinct()
    ).all()
    return {(rollout, number): commands(connection, rollout, number) for rollout, number in open_ones}


def commands(connection: sa.Connection, rollout: str, number: int) -> tuple[Command, ...]:
    """All effects of one transition, in order."""
    query = sa.select(effects).where(effects.c.rollout == rollout, effects.c.seq == number)
    rows = connection.execute(query.order_by(effects.c.position))
    return tuple(_effect(row).command for row in rows)


def _effect(row: Any) -> Effect:
    outcome = None if row.outcome is None else tuple(_events(json.loads(row.outcome)))
    return Effect(row.key, command_of(json.loads(row.request)), outcome)


def _events(data: Iterable[Any]) -> Iterable[Event]:
    return (cast("Event", codec.decode(cast("type[Any]", Event), item)) for item in data)


def at(seconds: float) -> datetime:
    """A stored time as a UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def revision(connection: sa.Connection, identifier: str) -> Revision | None:
    """A revision that was ever released, None when it is unknown."""
    row = connection.execute(sa.select(revisions.c.document).where(revisions.c.id == identifier)).first()
    return codec.decode(Revision, json.loads(row.document)) if row else None
