"""Events of rollouts: appended in the transaction that decides them, read by the API's streams and by the outbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from seaway.engine.database import Database
from seaway.engine.tables import events
from seaway.model.rollout import Rollout
from seaway.rollout.messages import Emit

Document = dict[str, Any]
Render = Callable[[Emit, Rollout, int, datetime], Document]


def append(connection: sa.Connection, event: tuple[Emit, Rollout, str], render: Render, now: datetime) -> None:
    """Append one event (what, of which rollout, under which key); a key that is there already stays as it is."""
    emit, rollout, key = event
    if connection.execute(sa.select(events.c.sequence).where(events.c.key == key)).first():
        return
    added = connection.execute(events.insert().values(key=key, rollout=rollout.id, type=emit.type, document=""))
    sequence = int((added.inserted_primary_key or (0,))[0])
    document = render(emit, rollout, sequence, now)
    text = json.dumps(document, separators=(",", ":"))
    connection.execute(events.update().where(events.c.sequence == sequence).values(document=text))


class Feed:
    """Reading events, and waiting for new ones. Safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._moved = threading.Condition()
        self._last = 0
        self._closed = False

    def last(self) -> int:
        """The newest sequence number, 0 when there is no event."""
        with self._database.read() as connection:
            return connection.execute(sa.select(sa.func.max(events.c.sequence))).scalar() or 0

    def after(self, sequence: int, *, rollout: str = "", limit: int = 500) -> tuple[tuple[int, Document], ...]:
        """Events behind a sequence number in order, of one rollout or ("") of all."""
        query = sa.select(events.c.sequence, events.c.document).where(events.c.sequence > sequence)
        if rollout:
            query = query.where(events.c.rollout == rollout)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(events.c.sequence).limit(limit))
            return tuple((row.sequence, json.loads(row.document)) for row in rows)

    def wait(self, sequence: int, seconds: float, *, rollout: str = "") -> tuple[tuple[int, Document], ...]:
        """As `after`, but wait up to `seconds` for the first one."""
        with self._moved:
            before = self._last
        found = self.after(sequence, rollout=rollout)
        if found:
            return found
        with self._moved:
            self._moved.wait_for(lambda: self._last != before or self._closed, seconds)
        return self.after(sequence, rollout=rollout)

    def stir(self) -> None:
        """New events were committed."""
        with self._moved:
            self._last += 1
            self._moved.notify_all()

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._moved:
            self._closed = True
            self._moved.notify_all()
