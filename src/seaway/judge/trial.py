"""One metric of one canary: its lanes, their evidence, and what has been proven. Called by `stream`, tick by tick or many at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seaway.judge import history, lanes, logspace, power
from seaway.judge.evidence import Counts, Evidence, Path
from seaway.judge.history import Past
from seaway.judge.lanes import Lane
from seaway.judge.logspace import Floats
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch, Side
from seaway.model.weight import WHOLE

Truths = NDArray[np.bool_]
SECOND_WAY = math.log(2.0)  # what it costs that a proof may come in one of two ways


@dataclass(frozen=True, slots=True)
class Course:
    """What a stretch of ticks did to one metric. All arrays have one row per tick.

    `harm`: ln E. `best`: the highest ln E each promotion lane has reached. `weakest`: ln E of the lane which a pass
    waits for, now; its highest once it is proven.
    `proven`: non-inferiority holds (latched).
    `n`: candidate requests so far. `positions`: per group of evidence, where each tick ends in its path.
    """

    harm: Floats
    best: Floats
    weakest: Floats
    proven: Truths
    n: Floats
    paths: tuple[Path, ...]
    positions: tuple[NDArray[np.int64], ...]
    lane_harm: Floats


class Trial:
    """The evidence about one metric. `look` says what ticks do to it, `commit` keeps that."""

    def __init__(self, metric: Metric, spec: Spec, past: Past | None, starts: int) -> None:
        self.metric, self.spec, self.past, self.starts = metric, spec, past, starts
        self.edges: tuple[float, ...] = past.edges if past is not None else ()
        self.lanes: tuple[Lane, ...] = ()
        self.groups: tuple[Evidence, ...] = ()
        self.harmful: list[Evidence] = []
        self.proving: list[Evidence] = []
        self.n = 0.0
        self.best: Floats = np.zeros(0)
        self.stable_tails: Floats = np.zeros(0)
        self.stable_n = 0.0
        self.stable_events = 0.0
        self.events = 0.0
        self.proven = False
        if metric.kind is not Kind.LATENCY:
            self._build(())

    def _build(self, edges: tuple[float, ...]) -> None:
        self.fix(lanes.build(self.metric, self.spec, self.past, edges), edges)

    def fix(self, chosen: tuple[Lane, ...], edges: tuple[float, ...]) -> None:
        """Sets the lanes, before the first batch: as built from the history, or as a record has kept them."""
        self.edges, self.lanes = edges, chosen
        together: dict[tuple[object, ...], list[Lane]] = {}
        for lane in self.lanes:
            together.setdefault(lane.key, []).append(lane)
        self.groups = tuple(Evidence(tuple(group), self.starts, self.spec.points) for group in together.values())
        self.harmful = [group for group in self.groups if group.like.harm is not None]
        self.proving = [group for group in self.groups if group.like.promote is not None]
        self.best = np.zeros(sum(len(group.lanes) for group in self.proving))  # evidence starts at E = 1
        self.stable_tails = np.zeros(max(1, len(edges)))

    def misfit(self, batch: Batch) -> str:
        """Why a batch cannot belong to this metric; empty when it can."""
        if batch.unreadable:
            return ""
        if (self.metric.kind is Kind.LATENCY) != bool(batch.edges):
            wanted = "edges and counts" if self.metric.kind is Kind.LATENCY else "n and events"
            return f"{batch.metric!r} is of kind {self.metric.kind.value}: it needs {wanted}"
        if self.metric.kind is not Kind.LATENCY:
            return ""
        if not self.edges or (not self.groups and self.edges == batch.edges):
            self._build(batch.edges)
        return "" if self.edges == batch.edges else f"the edges of {batch.metric!r} differ from those before"

    def look(self, ticks: list[Batch | None], active: int) -> Course:
        """What these ticks (None = no batch) do; `active` = the starts of the evidence that lie behind the first of them."""
        rows = np.array(
            [i for i, batch in enumerate(ticks) if batch is not None and not batch.unreadable], dtype=np.int64
        )
        if not len(rows) or not self.groups:
            return self._unchanged(len(ticks), active)
        batches = [batch for i in rows if (batch := ticks[i]) is not None]
        stable = self._table([batch.stable or Side(0) for batch in batches])
        candidate = self._table([batch.candidate or Side(0) for batch in batches])
        configured = np.array([math.nan if batch.weight is None else batch.weight / WHOLE for batch in batches])
        paths, positions = [], []
        for group in self.groups:
            path = group.path(self._counts(group, candidate, stable, configured), active)
            paths.append(path)
            after = path.at(len(rows))
            positions.append(np.concatenate([[0], after])[np.searchsorted(rows, np.arange(len(ticks)), side="right")])
        n = np.zeros(len(ticks))
        n[rows] = candidate[:, 0]
        tails = np.zeros((len(ticks), stable.shape[1]))
        tails[rows] = stable
        return self._course(tuple(paths), tuple(positions), self.n + np.cumsum(n), tails)

    def _unchanged(self, ticks: int, active: int) -> Course:
        paths = tuple(Path(np.zeros(0, dtype=np.int64), group.ell[None, :, :active]) for group in self.groups)
        nowhere = tuple(np.zeros(ticks, dtype=np.int64) for _ in self.groups)
        return self._course(paths, nowhere, np.full(ticks, self.n), np.zeros((ticks, 1 + max(1, len(self.edges)))))

    def _table(self, sides: list[Side]) -> Floats:
        """One row per batch: n, then events or the requests above each edge."""
        if self.metric.kind is not Kind.LATENCY:
            return np.array([(side.n, side.events) for side in sides], dtype=np.float64)
        counts = np.array([side.counts or (0,) * (len(self.edges) + 1) for side in sides], dtype=np.float64)
        return np.ascontiguousarray(np.cumsum(counts[:, ::-1], axis=1)[:, ::-1])

    @staticmethod
    def _counts(group: Evidence, candidate: Floats, stable: Floats, configured: Floats) -> Counts:
        c_edge = np.array([max(lane.candidate_edge, 0) for lane in group.lanes]) + 1
        s_edge = np.array([max(lane.stable_edge, 0) for lane in group.lanes]) + 1
        wide = (len(candidate), len(group.lanes))
        return Counts(
            n=np.broadcast_to(candidate[:, :1], wide),
            events=candidate[:, c_edge],
            stable_n=np.broadcast_to(stable[:, :1], wide),
            stable_events=stable[:, s_edge],
            configured=configured,
        )

    def _course(
        self, paths: tuple[Path, ...], positions: tuple[NDArray[np.int64], ...], n: Floats, tails: Floats
    ) -> Course:
        where = {
            id(group): (path, position) for group, path, position in zip(self.groups, paths, positions, strict=True)
        }
        harms, proofs = [], []
        if self.groups:
            harms = [g.harm(where[id(g)][0])[where[id(g)][1]] for g in self.harmful]
            proofs = [g.promote(where[id(g)][0])[where[id(g)][1]] for g in self.proving]
        nothing = np.zeros((len(n), 0))
        lane_harm = np.concatenate(harms, axis=1) if harms else nothing
        now = np.concatenate(proofs, axis=1) if proofs else nothing
        best = np.maximum(np.maximum.accumulate(now, axis=0), self.best) if now.size else now
        harm = logspace.mean(lane_harm) if lane_harm.shape[1] else np.zeros(len(n))
        weakest = self._weakest(best, tails)
        proven = np.logical_or.accumulate(weakest >= math.log(1 / self.spec.alpha_promote)) | self.proven
        weakest = np.where(proven, weakest, self._weakest(now, tails))
        return Course(harm, best, weakest, proven, n, paths, positions, lane_harm)

    def _weakest(self, best: Floats, tails: Floats) -> Floats:
        """Ln E of what a pass waits for: the proof of every quantile must reach 1 / alpha. -inf where nothing can be said.

        With a level that is enough there are two ways to each proof, at half of alpha each.
        """
        order = [lane for group in self.proving for lane in group.lanes]
        level = {lane.quantile: at for at, lane in enumerate(order) if self._is_level(lane)}
        compared = [at for at, lane in enumerate(order) if not self._is_level(lane)]
        if not order:
            return np.full(len(tails), -np.inf)
        proofs: dict[float, Floats] = {}
        if compared and order[compared[0]].quantile < 0:
            proofs = self._beside([order[at].stable_edge for at in compared], best[:, compared], tails)
        else:
            for at in compared:
                known = proofs.get(order[at].quantile)
                proofs[order[at].quantile] = best[:, at] if known is None else np.minimum(known, best[:, at])
        for quantile, at in level.items():
            proofs[quantile] = np.maximum(proofs[quantile], best[:, at]) - SECOND_WAY
        return np.asarray(np.min(np.stack(list(proofs.values())), axis=0))

    def _is_level(self, lane: Lane) -> bool:
        """Does this lane prove that candidate is good enough by itself?"""
        return lane.kernel == "objective" and self.metric.kind is not Kind.OBJECTIVE

    def _beside(self, places: list[int], best: Floats, tails: Floats) -> dict[float, Floats]:
        """Without history the quantiles' places are not known: the edges beside stable's quantile so far must be proven.

        They are picked from stable's data, one out of J: so each is held against J / alpha, by taking ln J off its evidence.
        """
        edges = np.array(places)
        sorted_lanes = np.argsort(edges)
        reached = best[:, sorted_lanes] - math.log(len(places))
        seen = self.stable_tails + np.cumsum(tails[:, 1:], axis=0)
        total = self.stable_n + np.cumsum(tails[:, 0])
        above = seen[:, edges[sorted_lanes]]
        proofs = {}
        for quantile in self.metric.quantiles:
            place = (above > (1 - quantile) * total[:, None]).sum(axis=1)  # lanes whose edge lies below the quantile
            right = np.minimum(place, len(places) - 1)[:, None]
            left = np.maximum(place - 1, 0)[:, None]
            both = np.minimum(np.take_along_axis(reached, right, 1)[:, 0], np.take_along_axis(reached, left, 1)[:, 0])
            proofs[quantile] = np.where((place < len(places)) & (total > 0), both, -np.inf)
        return proofs

    def commit(self, course: Course, ticks: list[Batch | None]) -> None:
        """Keeps what `look` said, to its end."""
        for group, path in zip(self.groups, course.paths, strict=True):
            group.commit(path)
        self.n = float(course.n[-1])
        self.proven = bool(course.proven[-1])
        if course.best.shape[1]:
            self.best = course.best[-1]
        for batch in ticks:
            if batch is not None and batch.stable is not None and not batch.unreadable:
                self.stable_n += batch.stable.n
                self.stable_events += batch.stable.events
                self.events += batch.candidate.events if batch.candidate else 0
                if self.edges and batch.stable.counts:
                    self.stable_tails = self.stable_tails + history.tails(batch.stable.counts)

    def promote_log_e(self, course: Course, tick: int) -> float | None:
        """Ln E of the proof that a pass waits for; None for a metric that proves nothing."""
        value = float(course.weakest[tick])
        return value if math.isfinite(value) else None

    def band(self, course: Course, tick: int, alpha: float = 0.05) -> tuple[float | None, float | None]:
        """The anytime band of the ratio in the lane that speaks loudest of harm (rates have one)."""
        strongest = int(course.lane_harm[tick].argmax()) if course.lane_harm.shape[1] else 0
        for group, path, position in zip(self.groups, course.paths, course.positions, strict=True):
            if group.like.harm is None:
                continue
            if strongest < len(group.lanes):
                return group.band(path, int(position[tick]), strongest, alpha)
            strongest -= len(group.lanes)
        return None, None

    def still_needed(self, log_e: float | None) -> int | None:
        """Candidate requests that a proof still takes if candidate is as good as stable; None where that cannot be said.

        Only for rates: from stable's rate and the share so far, by the mean growth of the evidence.
        """
        margin, enough = self.metric.margin, self.metric.enough
        if self.metric.kind is not Kind.RATE or margin is None or log_e is None or not self.n or not self.stable_n:
            return None
        rate = self.stable_events / self.stable_n
        gain = power.safety_growth(margin, self.n / (self.n + self.stable_n), rate)
        gain = max(gain, power.level_growth(enough, rate)) if enough else gain
        missing = math.log(1 / self.spec.alpha_promote) - log_e
        return math.ceil(missing * self.lanes[0].phi / gain) if gain > 0 and missing > 0 else None
