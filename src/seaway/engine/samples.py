"""Evidence: samples of the proxy's counters, for the guards and the judge of a rollout, kept in batches. Called by `watch`.

One transaction holds the rows of all rollouts of a moment; what a crash loses is less than a second of samples, and the
counters of the next one hold it. What decides a rollout is written before it is acted on.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from seaway.engine import judged
from seaway.engine.database import Database
from seaway.engine.tables import rollouts, samples
from seaway.errors import PortError
from seaway.judge import guard
from seaway.judge.batching import Point, Routed
from seaway.judge.history import Past
from seaway.model import codec
from seaway.model.rollout import Rollout
from seaway.model.verdict import Outcome, Sample, Verdict
from seaway.ports.metrics import Metrics
from seaway.rollout.messages import Event, VerdictSeen

KEPT = timedelta(days=7)  # after the end of a rollout: verdicts can be computed again from its samples
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question to the source brought: rows to keep and events. `decisive`: they decide, so the rows come first."""

    rows: tuple[Row, ...]
    events: tuple[Event, ...]
    decisive: bool = False


class Evidence:
    """The samples of one rollout that its guards still need, and its judge."""

    def __init__(self, known: tuple[Sample, ...] = (), canary: judged.Canary | None = None) -> None:
        self._samples: dict[str, list[Sample]] = {}
        for sample in known:
            self._samples.setdefault(sample.revision, []).append(sample)
        self.canary = canary
        self._said: Outcome | None = None

    def ask(self, rollout: Rollout, source: Metrics, now: datetime, *, ahead: timedelta,
            routed: Callable[[], Routed]) -> Asked:  # fmt: skip
        """Ask the source once, and with its answer every guard and the judge. `ahead`: how far the source's clock is ahead of
        `now`'s after a jump. `routed` tells the weight in force, after the answer.
        """
        plan = rollout.plan
        sides = (plan.candidate.id, *((plan.stable.id,) if plan.stable else ()))
        found: Mapping[str, Sample] | str
        try:
            answer = source.sample(plan.service, sides)
        except PortError as error:
            found = error.message
            verdicts = tuple(Verdict(each.name, Outcome.ERROR, now, error.message) for each in plan.guards)
        else:
            found = {name: _moved(sample, ahead) for name, sample in answer.items()}
            verdicts = self._guards(rollout, found, now)
        rows: tuple[Row, ...] = () if isinstance(found, str) else tuple(map(codec.encode, found.values()))
        if self.canary is None:
            return Asked(rows, (VerdictSeen(verdicts),))
        look = self.canary.look(rollout, found, routed(), now)
        events: tuple[Event, ...] = (VerdictSeen((look.verdict, *verdicts)), *((look.ramp,) if look.ramp else ()))
        decisive = look.verdict.outcome in {Outcome.FAIL, Outcome.PASS} and look.verdict.outcome is not self._said
        self._said = look.verdict.outcome
        return Asked((*rows, *look.rows), events, decisive)

    def _guards(self, rollout: Rollout, found: Mapping[str, Sample], now: datetime) -> tuple[Verdict, ...]:
        plan = rollout.plan
        for sample in found.values():
            self._keep(sample, longest(rollout), now)
        stable = self._samples.get(plan.stable.id, ()) if plan.stable else ()
        candidate = self._samples.get(plan.candidate.id, ())
        return tuple(guard.evaluate(each, candidate, stable, now, tick=plan.tick) for each in plan.guards)

    def _keep(self, sample: Sample, window: timedelta, now: datetime) -> None:
        kept = self._samples.setdefault(sample.revision, [])
        kept.append(sample)
        while len(kept) > 2 and kept[1].at < now - window:  # the last one before the window is its base
            del kept[0]


class Batch:
    """Rows that wait to be written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # rows reach the table in the order in which they came
        self._waiting: list[dict[str, object]] = []

    def add(self, rollout: str, rows: tuple[Row, ...], at: datetime) -> None:
        """Keep for the next writing."""
        texts = (json.dumps(row, separators=(",", ":")) for row in rows)
        made: list[dict[str, object]] = [{"rollout": rollout, "at": at.timestamp(), "document": text} for text in texts]
        with self._lock:
            self._waiting += made

    def write(self) -> None:
        """Write what waits, in one transaction."""
        with self._writing:
            with self._lock:
                rows, self._waiting = self._waiting, []
            if not rows:
                return
            try:
                with self._database.write() as connection:
                    connection.execute(samples.insert(), rows)
            except BaseException:
                with self._lock:
                    self._waiting = rows + self._waiting
                raise


def longest(rollout: Rollout) -> timedelta:
    """The longest window of the plan's guards."""
    return max((each.window for each in rollout.plan.guards), default=timedelta())


def evidence(
    connection: sa.Connection, rollout: Rollout, now: datetime, past: Mapping[str, Past] | None = None
) -> Evidence:
    """What the guards and the judge of a rollout knew, after a restart; for a new rollout nothing yet, and `past`."""
    judging = rollout.plan.judging
    if judging is None:
        return Evidence(load(connection, rollout, now))
    rows = kept(connection, rollout.id)
    canary = judged.restored(rollout, judging, (row for row in rows if "kind" in row), past)
    newest: dict[str, Sample] = {}
    for row in rows:
        if "kind" not in row:
            sample = codec.decode(Sample, row)
            newest[sample.revision] = sample
    if newest:
        sides = (
            newest.get(rollout.plan.candidate.id),
            newest.get(rollout.plan.stable.id) if rollout.plan.stable else None,
        )
        canary.base = Point(max(sample.at for sample in newest.values()), *sides)
    return Evidence(load(connection, rollout, now), canary)


def kept(connection: sa.Connection, rollout: str) -> list[Row]:
    """All rows of a rollout, oldest first."""
    query = sa.select(samples.c.document).where(samples.c.rollout == rollout).order_by(samples.c.id)
    return [json.loads(row.document) for row in connection.execute(query)]


def load(connection: sa.Connection, rollout: Rollout, now: datetime) -> tuple[Sample, ...]:
    """What the guards of a rollout need of the past, after a restart."""
    since = (now - 2 * longest(rollout)).timestamp()
    query = sa.select(samples.c.document).where(samples.c.rollout == rollout.id, samples.c.at >= since)
    rows = (json.loads(row.document) for row in connection.execute(query.order_by(samples.c.id)))
    return tuple(codec.decode(Sample, row) for row in rows if "kind" not in row)


def prune(connection: sa.Connection, now: datetime) -> int:
    """Drop samples of rollouts that ended long ago; returns how many."""
    ended = sa.select(rollouts.c.id).where(rollouts.c.active.is_(False), rollouts.c.updated < (now - KEPT).timestamp())
    return connection.execute(samples.delete().where(samples.c.rollout.in_(ended))).rowcount


def _moved(sample: Sample, ahead: timedelta) -> Sample:
    return replace(sample, at=sample.at - ahead)
