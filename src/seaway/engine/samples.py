"""Evidence: samples of the proxy's counters, kept for the guards and written in batches. Called by `watch`.

One transaction holds the samples of all rollouts of a moment; what a crash loses is less than a second of evidence.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta

import sqlalchemy as sa

from seaway.engine.database import Database
from seaway.engine.store import dump
from seaway.engine.tables import rollouts, samples
from seaway.errors import PortError
from seaway.judge import guard
from seaway.model import codec
from seaway.model.rollout import Rollout
from seaway.model.verdict import Outcome, Sample, Verdict
from seaway.ports.metrics import Metrics
from seaway.rollout.messages import VerdictSeen

KEPT = timedelta(days=7)  # after the end of a rollout: verdicts can be computed again from its samples


class Evidence:
    """The samples of one rollout that its guards still need."""

    def __init__(self, known: tuple[Sample, ...] = ()) -> None:
        self._samples: dict[str, list[Sample]] = {}
        for sample in known:
            self._samples.setdefault(sample.revision, []).append(sample)

    def judge(
        self, rollout: Rollout, source: Metrics, now: datetime, *, ahead: timedelta
    ) -> tuple[tuple[Sample, ...], VerdictSeen]:
        """Ask the source once, and every guard. `ahead`: how far the source's clock is ahead of `now`'s after a jump."""
        plan = rollout.plan
        sides = (plan.candidate.id, *((plan.stable.id,) if plan.stable else ()))
        try:
            found = source.sample(plan.service, sides)
        except PortError as error:
            failed = tuple(Verdict(each.name, Outcome.ERROR, now, error.message) for each in plan.guards)
            return (), VerdictSeen(failed)
        new = tuple(_moved(sample, ahead) for sample in found.values())
        for sample in new:
            self._keep(sample, longest(rollout), now)
        verdicts = tuple(
            guard.evaluate(
                each,
                self._samples.get(plan.candidate.id, ()),
                self._samples.get(plan.stable.id, ()) if plan.stable else (),
                now,
                tick=plan.tick,
            )
            for each in plan.guards
        )
        return new, VerdictSeen(verdicts)

    def _keep(self, sample: Sample, window: timedelta, now: datetime) -> None:
        kept = self._samples.setdefault(sample.revision, [])
        kept.append(sample)
        while len(kept) > 2 and kept[1].at < now - window:  # the last one before the window is its base
            del kept[0]


class Batch:
    """Samples that wait to be written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[dict[str, object]] = []

    def add(self, rollout: str, new: tuple[Sample, ...]) -> None:
        """Keep for the next writing."""
        rows: list[dict[str, object]] = [
            {"rollout": rollout, "at": each.at.timestamp(), "document": dump(each)} for each in new
        ]
        with self._lock:
            self._waiting += rows

    def write(self) -> None:
        """Write what waits, in one transaction."""
        with self._lock:
            rows, self._waiting = self._waiting, []
        if rows:
            with self._database.write() as connection:
                connection.execute(samples.insert(), rows)


def longest(rollout: Rollout) -> timedelta:
    """The longest window of the plan's guards."""
    return max((each.window for each in rollout.plan.guards), default=timedelta())


def load(connection: sa.Connection, rollout: Rollout, now: datetime) -> tuple[Sample, ...]:
    """What the guards of a rollout need of the past, after a restart."""
    since = (now - 2 * longest(rollout)).timestamp()
    query = sa.select(samples.c.document).where(samples.c.rollout == rollout.id, samples.c.at >= since)
    rows = connection.execute(query.order_by(samples.c.id))
    return tuple(codec.decode(Sample, json.loads(row.document)) for row in rows)


def prune(connection: sa.Connection, now: datetime) -> int:
    """Drop samples of rollouts that ended long ago; returns how many."""
    ended = sa.select(rollouts.c.id).where(rollouts.c.active.is_(False), rollouts.c.updated < (now - KEPT).timestamp())
    return connection.execute(samples.delete().where(samples.c.rollout.in_(ended))).rowcount


def _moved(sample: Sample, ahead: timedelta) -> Sample:
    return Sample(sample.revision, sample.at - ahead, sample.requests, sample.failed, sample.latency, sample.epoch)
