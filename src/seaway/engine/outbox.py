"""Events on their way out: each receiver gets every event, in order, once per key from its reader's view. Owned by `engine`.

How far a receiver is stands in the database; after a crash the last events may be delivered again, under the same key, which
the receiver knows. A receiver that does not answer is tried again, ever more slowly; it delays no other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import sqlalchemy as sa
import structlog

from seaway.engine.database import Database
from seaway.engine.events import Document, Feed
from seaway.engine.tables import events, outbox
from seaway.errors import PortError, Refused
from seaway.ports.events import Events

_LOOK = 1.0  # seconds between looks for new receivers, and for events that nobody announced
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0

_log = structlog.get_logger(__name__)


class Outbox:
    """`receivers` names them now; one that is new gets the events from then on."""

    def __init__(self, database: Database, feed: Feed, receivers: Callable[[], Mapping[str, Events]]) -> None:
        self._database = database
        self._feed = feed
        self._receivers = receivers
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._waiting: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._stop.set()
        for thread in (self._thread, *self._threads.values()):
            if thread.is_alive():
                thread.join(5.0)

    def refresh(self) -> None:
        """Take note of new receivers, before events happen that they should get."""
        for name, receiver in self._receivers().items():
            with self._lock:
                if name in self._threads or self._stop.is_set():
                    continue
                thread = threading.Thread(
                    target=self._serve, args=(name, receiver, self._begin(name)), name="receiver", daemon=True
                )
                self._threads[name] = thread
                thread.start()

    def trouble(self) -> dict[str, str]:
        """Receiver -> why it does not take events now."""
        with self._lock:
            return dict(self._waiting)

    def _run(self) -> None:
        while not self._stop.wait(_LOOK):
            try:
                self.refresh()
            except Exception:  # noqa: BLE001 - a receiver's configuration that cannot be read now is read again
                _log.exception("receivers could not be read")

    def _begin(self, name: str) -> int:
        """How far a receiver is; a new one begins with the events that come next."""
        with self._database.write() as connection:
            found = connection.execute(sa.select(outbox.c.delivered).where(outbox.c.sink == name)).scalar()
            if found is None:
                found = connection.execute(sa.select(sa.func.max(events.c.sequence))).scalar() or 0
                connection.execute(outbox.insert().values(sink=name, delivered=found, refused=""))
            return int(found)

    def _serve(self, name: str, receiver: Events, delivered: int) -> None:
        pause = _FIRST_PAUSE
        delivered = max(delivered, self._arrived(receiver, delivered))
        while not self._stop.is_set():
            batch = self._feed.wait(delivered, _LOOK)
            reached, refused = delivered, ""
            try:
                for sequence, event in batch:
                    refused = _deliver(receiver, event) or refused
                    reached = sequence
                pause = _FIRST_PAUSE
                self._note(name, "")
            except Exception as error:  # noqa: BLE001 - whatever a receiver does, the engine goes on
                words = error.message if isinstance(error, PortError) else f"{type(error).__name__}: {error}"
                self._note(name, words)
                self._stop.wait(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
            if reached != delivered:
                delivered = self._record(name, reached, refused)

    def _arrived(self, receiver: Events, delivered: int) -> int:
        """The sequence of the last event that the receiver surely has; what it has it need not get again."""
        try:
            last = receiver.last()
        except Exception:  # noqa: BLE001 - a receiver that cannot answer now is simply given the events again, under their keys
            return delivered
        for sequence, event in self._feed.after(delivered) if last else ():
            if event["context"]["id"] == last:
                return sequence
        return delivered

    def _record(self, name: str, reached: int, refused: str) -> int:
        values = {"delivered": reached} | ({"refused": refused} if refused else {})
        with self._database.write() as connection:
            connection.execute(outbox.update().where(outbox.c.sink == name).values(**values))
        return reached

    def _note(self, name: str, words: str) -> None:
        with self._lock:
            if words and self._waiting.get(name) != words:
                _log.warning("a receiver takes no events", receiver=name, reason=words)
            self._waiting.pop(name, None)
            if words:
                self._waiting[name] = words


def _deliver(receiver: Events, event: Document) -> str:
    """Deliver one event; returns the words of a receiver that refuses this one for good: it must not block the rest."""
    try:
        receiver.deliver(event["context"]["id"], event)
    except Refused as error:
        return error.message
    return ""
