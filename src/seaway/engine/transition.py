"""One transition of a rollout: what was decided is saved at once, then its effects are carried out, exactly as journaled.

`settle` is one transaction: the new rollout (only if it is the next one, and ours), the message that led to it, its events,
its placement, and every external effect as a row that says it is about to happen. `perform` does one of those effects; it is
a step of a durable workflow, so after a crash at any instruction it is done again, and each effect is safe to do again.
Called by `desk`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from seaway.engine import admission, events, hands, placements, store
from seaway.engine.clock import TOLERANCE, Clock
from seaway.engine.database import Database
from seaway.engine.lease import Lease
from seaway.errors import Fenced
from seaway.model import codec
from seaway.model.rollout import Rollout
from seaway.rollout import decide
from seaway.rollout.messages import Command, CountLosses, Emit, Event, RecordPlacement


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an event: the rollout now, the effects to carry out, and other rollouts that got a message."""

    rollout: Rollout
    effects: tuple[Command, ...] = ()
    woken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transitions:
    """`lost` ends the engine when a port says that a newer engine works. `known` gives the rollout of an id."""

    database: Database
    hands: hands.Hands
    clock: Clock
    lease: Lease
    feed: events.Feed
    render: events.Render
    known: Callable[[str], Rollout | None]
    lost: Callable[[str], None]

    def settle(self, rollout: Rollout, happened: tuple[Event, ...], message: int | None = None) -> Settled:
        """Decide and save. `message`: the row of the inbox that this came from; it is taken in either way.

        Several events are one transition, up to the first that leads to an effect: what was seen before an effect says
        nothing about the time after it. Raises Outdated, Fenced, Full.
        """
        now = self.clock.now()
        after, commands = rollout, tuple[Command, ...]()
        for event in happened:
            after, more = decide.decide(after, event, now)
            commands += more
            if any(_is_external(command) for command in more):
                break
        if after == rollout and not commands:
            if message is not None:
                with self.database.write() as connection:
                    store.read(connection, message, rollout.seq)
            return Settled(rollout)
        after = replace(after, seq=rollout.seq + 1, epoch=self.lease.epoch)
        with self.database.write() as connection:
            store.save(connection, after, now)
            if message is not None:
                store.read(connection, message, after.seq)
            self._record(connection, after, commands, now)
            ended = after.state.terminal and not rollout.state.terminal
            woken = admission.proceed(connection, after.plan, now) if ended else ()
        if any(isinstance(command, Emit) for command in commands):
            self.feed.stir()
        return Settled(after, tuple(filter(_is_external, commands)), woken)

    def perform(self, rollout: str, seq: int, position: int, request: Any) -> Any:
        """Do one effect once; what came of it, as JSON. An effect that is journaled as done is not done again.

        Raises Fenced, and what the database raises.
        """
        self.lease.confirm()
        key = store.effect_key(rollout, seq, position)
        command = store.command_of(request)
        with self.database.read() as connection:
            journaled = store.effect(connection, key)
        if journaled is None:
            self._restore(rollout, seq, position, command)
        elif journaled.outcome is not None:
            return codec.encode(journaled.outcome)
        outcome = self._carry_out(rollout, command)
        with self.database.write() as connection:
            store.did(connection, key, rollout, outcome, self.clock.now())
        return codec.encode(outcome)

    def _carry_out(self, rollout: str, command: Command) -> tuple[Event, ...]:
        known = self.known(rollout)
        if known is None:
            raise LookupError(f"rollout {rollout} has effects and no row")
        try:
            return hands.carry_out(self._by_the_wall(command), known, self.hands, self.lease.epoch)
        except Fenced as error:
            self.lost(error.message)
            raise

    def _by_the_wall(self, command: Command) -> Command:
        """Proxies write their records by the machine's clock, which may have jumped away from the engine's."""
        ahead = self.clock.drift()
        if not isinstance(command, CountLosses) or abs(ahead) <= TOLERANCE:
            return command
        jump = timedelta(seconds=ahead)
        return replace(command, since=min(command.since, command.since + jump), until=command.until + jump)

    def _restore(self, rollout: str, seq: int, position: int, command: Command) -> None:
        """A journal row is missing that must be there: say so on the record. The effect is done (again): it is idempotent."""
        known = self.known(rollout)
        if known is None:
            raise LookupError(f"rollout {rollout} has effects and no row")
        key, now = store.effect_key(rollout, seq, position), self.clock.now()
        words = f"the journal has no row {key} ({command.kind}); it was removed from outside. It is carried out again"
        with self.database.write() as connection:
            store.intend(connection, replace(known, seq=seq), position, command, now)
            problem = Emit("problem", {"reason": words})
            events.append(connection, (problem, known, f"{key}:restored"), self.render, now)
        self.feed.stir()

    def _record(self, connection: sa.Connection, after: Rollout, commands: tuple[Command, ...], now: datetime) -> None:
        """What only touches the database happens here; every other effect is journaled as about to happen."""
        external = 0
        for number, command in enumerate(commands):
            match command:
                case Emit():
                    key = f"{store.effect_key(after.id, after.seq, number)}:{command.type}"
                    events.append(connection, (command, after, key), self.render, now)
                case RecordPlacement():
                    placements.record(connection, after, command)
                case _:
                    store.intend(connection, after, external, command, now)
                    external += 1


def _is_external(command: Command) -> bool:
    return not isinstance(command, (Emit, RecordPlacement))
