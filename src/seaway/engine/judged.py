"""The judge of one rollout: its counters become batches, its batches evidence, and all of it is kept. Called by `samples`.

Rows of a rollout in the table of samples, beside the samples themselves: `head` (how each metric is tested, fixed before its
first batch) and `tick` (the batches of one look). From them the judge of another engine, or a replay, comes to the same
numbers, bit for bit.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from seaway.judge import batching, ramp, record, stream
from seaway.judge.batching import Point, Routed
from seaway.judge.history import Past
from seaway.model import codec
from seaway.model.analysis import JUDGE, Judging, Spec, Underpowered
from seaway.model.batch import Batch
from seaway.model.plan import Ramp
from seaway.model.rollout import Rollout, State
from seaway.model.verdict import Sample, Verdict
from seaway.model.weight import WHOLE
from seaway.rollout.messages import RampDue

_RECENT = 10.0  # seconds over which the traffic of the service is averaged
LOAD = 100  # synthetic requests a tick, through the public listener: they are divided as users are
_NEARLY = 0.9  # of a tick
_UNSEEN = (
    3.0  # requests: 95 % upper bound of what comes where none was seen, so that silence never means half of the traffic
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look: rows to keep, the verdict now, and the weight that a ramp wishes."""

    rows: tuple[Row, ...]
    verdict: Verdict
    ramp: RampDue | None = None


class Canary:
    """One owner feeds it, one look after the other."""

    def __init__(self, rollout: Rollout, judging: Judging, past: Mapping[str, Past] | None = None) -> None:
        self.judging = judging
        self.began = rollout.created
        self.judgement = stream.Judgement(rollout.id, judging.spec, past)
        self.base: Point | None = None
        self._head: Row = {}
        self._recent: deque[tuple[float, int]] = deque()
        self._seen: deque[tuple[float, int]] = deque(maxlen=4096)  # t, candidate requests
        self._ramped = -math.inf  # when the ramp was asked last
        self._step = 1  # the router's smallest step, ppm

    @property
    def spec(self) -> Spec:
        """What it is asked."""
        return self.judging.spec

    def look(self, rollout: Rollout, found: Mapping[str, Sample] | str, routed: Routed, now: datetime) -> Look:
        """`found`: the source's answer, or why there is none."""
        batches = self._batches(rollout, found, routed, now)
        rows = self._weigh(batches)
        verdict = record.so_far(self.judgement, now, self._fresh(rollout), JUDGE)
        return Look(rows, verdict, self._ramp(rollout))

    def _batches(
        self, rollout: Rollout, found: Mapping[str, Sample] | str, routed: Routed, now: datetime
    ) -> tuple[Batch, ...]:
        t = (now - self.began).total_seconds()
        if isinstance(found, str):
            return batching.unreadable(self.spec, t, found or "no reason given")
        plan = rollout.plan
        sides = (found.get(plan.candidate.id), found.get(plan.stable.id) if plan.stable else None)
        point = Point(max((side.at for side in sides if side), default=now), *sides)
        source = plan.metrics_source
        if words := batching.problem(point, now, max(plan.tick, source.scrape_interval) if source.url else plan.tick):
            return batching.unreadable(self.spec, t, words)
        closed = batching.close(self.spec, self.base, point, routed, self.began)
        self.base = closed.base
        return closed.batches

    def _weigh(self, batches: tuple[Batch, ...]) -> tuple[Row, ...]:
        """Rows: what was taken in, so that a replay takes in the same."""
        taken = []
        for batch in batches:
            self._without_other_edges(batch)
            try:
                new = self.judgement.add(batch)
            except stream.Misfit as misfit:
                new = self.judgement.add(Batch(batch.metric, batch.t, None, None, unreadable=str(misfit)))
            if new:
                taken.append(batch.metric)
        if not taken:
            return ()
        self.judgement.look(everything=True)
        ticks = self._worked()
        head = record.head(self.judgement)
        rows: tuple[Row, ...] = () if head == self._head else ({"kind": "head", **head},)
        self._head = head
        return (*rows, *({"kind": "tick", "batches": record.slim(tick)} for tick in ticks))

    def _without_other_edges(self, batch: Batch) -> None:
        """History in other buckets than the first batch's (another proxy, an upgrade) cannot be compared with: it is left out."""
        before = self.judgement.past.get(batch.metric)
        trial = self.judgement.trials.get(batch.metric)
        if before and trial and not trial.lanes and batch.edges and before.edges != batch.edges:
            trial.past, trial.edges = None, ()

    def _count(self, tick: list[Batch]) -> None:
        for batch in tick:
            if batch.candidate and batch.stable and not batch.edges and not batch.unreadable:
                self._recent.append((batch.t, batch.candidate.n + batch.stable.n))
                self._seen.append((batch.t, batch.candidate.n))
                break
        while len(self._recent) > 2 and self._recent[1][0] < self._recent[-1][0] - _RECENT:
            self._recent.popleft()

    def _fresh(self, rollout: Rollout) -> int:
        """Candidate requests since the present step began to look; where nothing waits for a pass, enough."""
        share = rollout.weights[rollout.plan.candidate.id].set
        if rollout.state is not State.OBSERVING or share == WHOLE:
            return self.spec.min_samples
        ramps = isinstance(_step(rollout), Ramp)
        since = rollout.steps[rollout.step].started if ramps else rollout.since
        begun = (since - self.began).total_seconds() if since else 0.0
        return sum(n for t, n in self._seen if t > begun)

    def resume(self) -> None:
        """Go on with the judgement that was put here."""
        self._head = record.head(self.judgement)
        self._worked()

    def _worked(self) -> list[list[Batch]]:
        """The ticks that were weighed since the last call. Memory stays flat: they are in the table, and none comes twice."""
        ticks, self.judgement.worked = self.judgement.worked, []
        self.judgement.seen.clear()
        for tick in ticks:
            self._count(tick)
        return ticks

    # ------------------------------------------------------------ the ramp

    def _ramp(self, rollout: Rollout) -> RampDue | None:
        step, tick = _step(rollout), rollout.plan.tick.total_seconds()
        if not isinstance(step, Ramp) or rollout.state is not State.OBSERVING or rollout.phase or not self._recent:
            return None
        newest = self._recent[-1][0]
        if newest - max(self._recent[0][0], self._ramped) < _NEARLY * tick:
            return None  # once a tick, and not before the traffic is known
        self._ramped = newest
        seen = self._sums()
        policy = ramp.Policy(step.budget, tick, step.lag.total_seconds(), self._step)
        now_ppm = rollout.weights[rollout.plan.candidate.id].set
        wished = ramp.next_weight(policy, seen, now_ppm)
        return RampDue(min(wished.ppm, step.most), wished.note)

    def granularity(self, ppm: int) -> None:
        """The smallest step of the router."""
        self._step = max(1, ppm)

    def _sums(self) -> ramp.Seen:
        seconds = self._recent[-1][0] - self._recent[0][0]
        total = sum(n for _, n in list(self._recent)[1:])
        rate = (total + _UNSEEN) / seconds
        sums = record.sums(self.judgement)
        return ramp.Seen(
            candidate_n=int(self.judgement.standing.candidate_requests),
            candidate_events=sums.get("candidate_events", 0),
            stable_n=sums.get("stable_requests", 0),
            stable_events=sums.get("stable_events", 0),
            requests_per_s=rate,
        )


def routed(rollout: Rollout, later: Rollout) -> Routed:
    """The candidate's weight in force, from what is verified; `later`: the rollout after the counters were read."""
    since, weight = rollout.memory.get("verified_at"), rollout.weights[rollout.plan.candidate.id]
    if rollout.plan.candidate.service.sticky is not None:
        return Routed(
            None, rollout.created
        )  # users are assigned, not requests: only the share that was realised is known
    if (
        not isinstance(since, (int, float))
        or weight.verified is None
        or weight.verified != weight.set
        or rollout.generation != later.generation
    ):
        return Routed(None, rollout.created)
    return Routed(weight.verified, datetime.fromtimestamp(since, UTC))


def wants_load(rollout: Rollout) -> bool:
    """Does this rollout get synthetic requests now: an underpowered canary that was declared to get them, while it is compared?"""
    plan = rollout.plan
    declared = plan.judging is not None and plan.judging.underpowered is Underpowered.LOAD and plan.underpowered
    share = rollout.weights[plan.candidate.id].verified or 0
    return declared and 0 < share < WHOLE and rollout.state is State.OBSERVING and not rollout.phase


def restored(rollout: Rollout, judging: Judging, rows: Iterable[Row], past: Mapping[str, Past] | None) -> Canary:
    """The judge as its rows left it."""
    canary = Canary(rollout, judging, past)
    kept = list(rows)
    data = document(rollout, judging, kept)
    if data is not None:
        canary.judgement = record.restore(data, past=dict(past or {}))
        canary.resume()
    return canary


def document(rollout: Rollout, judging: Judging, rows: Iterable[Row]) -> Row | None:
    """The rows of a rollout as a record (`seaway.judgement/v1`) without its verdict; None when the judge has seen nothing."""
    head, ticks = None, []
    for row in rows:
        if row["kind"] == "head":
            head = {key: value for key, value in row.items() if key != "kind"}
        else:
            ticks.append(row["batches"])
    if head is None:
        return None
    return {**head, "canary": rollout.id, "spec": codec.encode(judging.spec), "ticks": ticks}


def _step(rollout: Rollout) -> Any:
    return rollout.plan.steps[rollout.step] if rollout.step < len(rollout.plan.steps) else None
