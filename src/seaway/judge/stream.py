"""The judge of one canary: batches in, at most one verdict out. Called by the engine at every tick and by `seaway judge`.

Everything that could bend the result is fixed when it is made (spec, history). Looks are free: they may come after every batch
or once an hour. Rollback is tested before promotion; a crossing is latched; each batch counts once; what is late counts
when it comes; what cannot be read is no evidence and blocks a pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from seaway.judge import evidence, logspace, migrated, mismatch, placebo
from seaway.judge import spec as specs
from seaway.judge.history import Past
from seaway.judge.logspace import Floats
from seaway.judge.trial import Course, Trial, Truths
from seaway.model.analysis import Judge, Kind, Metric, Mismatch, Spec, Stop
from seaway.model.batch import Batch
from seaway.model.verdict import Outcome
from seaway.model.weight import WHOLE

LONGEST = 256  # ticks that are worked through at once; fewer when there are many lanes
MEMORY = 2_000_000  # numbers in one stretch of evidence


class Misfit(ValueError):
    """A batch that contradicts the spec, the history or an earlier batch."""


@dataclass(frozen=True, slots=True)
class MetricState:
    """Where one metric stands: ln E of harm and of its weakest proof (None = none asked), band of the ratio, proven or not."""

    weight: float
    harm: float
    promote: float | None
    low: float | None
    high: float | None
    proven: bool
    candidate_n: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a canary stands after a tick. `outcome` None = continue. `metric`: the one that decided, or that is missing."""

    outcome: Outcome | None
    metric: str | None
    reason: str
    at: float
    batches: int
    candidate_requests: int
    harm: float  # ln E of the composite
    promote: float | None  # ln E of the weakest required proof
    split: float  # ln E of the sample-ratio check
    metrics: Mapping[str, MetricState]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Some ticks worked through at once: their times, and per tick ln E of harm, candidate requests so far, ln E of the split."""

    times: list[float]
    harm: Floats
    requests: Floats
    split: Floats


class Judgement:
    """One canary being judged. Not thread-safe: one owner feeds it."""

    def __init__(self, canary: str, spec: Spec, past: Mapping[str, Past] | None = None) -> None:
        self.canary, self.spec, self.past = canary, spec, dict(past or {})
        self.history = bool(past)
        self.starts = evidence.starts(spec.deadline_batches, spec.restarts)
        self.placebos = {m.name: found for m in spec.metrics if (found := placebo.test(m, spec, self._past(m)))}
        self.trials = {m.name: Trial(self._judged(m), spec, self._past(m), len(self.starts)) for m in spec.metrics}
        self.weights = specs.weights(spec)
        self.required = spec.required
        self.split = mismatch.Split()
        self.pending: dict[float, dict[str, Batch]] = {}
        self.seen: dict[tuple[str, float], Batch] = {}
        self.worked: list[
            list[Batch]
        ] = []  # tick by tick in the order in which they were weighed: what a replay follows
        self.times: dict[float, int] = {}  # t -> the number of its tick
        self.last: dict[str, int] = {}  # metric -> tick of its last readable batch
        self.unreadable: dict[str, str] = {}  # metric -> why its last batch had no numbers
        self.newest = -math.inf
        self.latest: dict[str, float] = {}  # metric -> newest time of its batches
        self.requests: dict[str, float] = {}  # metric -> candidate requests so far
        self.alarm = False  # traffic was found not to be split as configured
        self.repeated = 0
        self.ignored = 0
        self.standing = Standing(None, None, "nothing seen yet", 0.0, 0, 0, 0.0, None, 0.0, {})
        self.verdict: Standing | None = None
        self.crossed: Standing | None = None  # stop: deadline keeps the first crossing

    def _past(self, metric: Metric) -> Past | None:
        return self.past.get(metric.of or metric.name)

    def _judged(self, metric: Metric) -> Metric:
        """The metric with the tolerance that instances of stable need among themselves."""
        found = self.placebos.get(metric.name)
        return metric if found is None or found.exchangeable else replace(metric, tolerance=found.tolerance)

    def add(self, batch: Batch) -> bool:
        """Takes a batch in; True when it was new. Raises Misfit when it contradicts what is known."""
        trial = self.trials.get(batch.metric)
        if trial is None:
            self.ignored += 1
            return False
        batch = _read(batch, alone=trial.metric.kind is Kind.OBJECTIVE)
        problem = trial.misfit(batch)
        if problem:
            raise Misfit(problem)
        key = (batch.metric, batch.t)
        known = self.seen.get(key)
        if known is not None:
            if known != batch:
                raise Misfit(f"two different batches of {batch.metric!r} at t = {batch.t:g}")
            self.repeated += 1
            return False
        self.latest[batch.metric] = max(batch.t, self.latest.get(batch.metric, -math.inf))
        self.newest = max(self.newest, batch.t)
        if self.verdict is not None or (self._full() and batch.t not in self.times):
            return False  # after the verdict, or after the deadline
        self.seen[key] = batch
        self.pending.setdefault(batch.t, {})[batch.metric] = batch
        return True

    def observe(self, batches: Iterable[Batch]) -> Standing:
        """One whole tick, as the engine has it: all its batches, then a look."""
        for batch in batches:
            self.add(batch)
        return self.look(everything=True)

    def look(self, *, everything: bool = False) -> Standing:
        """Works through the ticks that are closed: all but the newest time, or all with `everything`."""
        self.weigh(everything=everything)
        if self.verdict is None and self._full() and (everything or self._complete()):
            self._conclude("the deadline was reached")
        if self.verdict is not None:
            self.pending.clear()
        return self.standing

    def weigh(self, *, everything: bool = False) -> None:
        """Adds closed ticks to the evidence, and decides where a boundary is crossed; the deadline is left to `look`."""
        ready = sorted(t for t in self.pending if everything or t < self.newest)
        while ready and self.verdict is None:
            stretch = self._stretch(ready)
            ready = ready[len(stretch) :]
            if self._full() and stretch[0] not in self.times:
                del self.pending[stretch[0]]  # beyond the deadline
                continue
            self._work(stretch)

    def _full(self) -> bool:
        return len(self.times) >= self.spec.deadline_batches

    def _complete(self) -> bool:
        """Whether every required metric has come up to the deadline: a file may hold one metric after the other."""
        end = max(self.times)
        return (
            all(self.latest.get(self._source(name), -math.inf) >= end for name in self.required) and self.newest > end
        )

    def finish(self) -> Standing:
        """No more batches will come: the verdict, now."""
        self.look(everything=True)
        if self.verdict is None:
            self._conclude("the batches ended before the deadline")
        return self.standing

    def _stretch(self, ready: list[float]) -> list[float]:
        """The next times to work through at once: all on the same side of every restart, the warm-up's end and the deadline."""
        width = sum(len(t.lanes) for t in self.trials.values()) * len(self.starts) * (self.spec.points + 4)
        most = max(1, min(LONGEST, MEMORY // max(width, 1)))
        place, fresh = self._place(self.times.get(ready[0], len(self.times))), len(self.times)
        for length, t in enumerate(ready[:most]):
            number = self.times.get(t, fresh)
            if self._place(number) != place:
                return ready[:length]
            fresh += t not in self.times
        return ready[:most]

    def _place(self, number: int) -> tuple[int, bool, bool]:
        """For the tick with this number: how many starts lie behind it, is it in the warm-up, is it beyond the deadline."""
        active = sum(1 for start in self.starts if start <= number)
        return active, number < self.spec.warmup_batches, number >= self.spec.deadline_batches

    def _work(self, times: list[float]) -> None:
        """Some ticks, all in the same place."""
        ticks = [self.pending.pop(t) for t in times]
        self.worked += [list(tick.values()) for tick in ticks]
        numbers = np.array([self.times.setdefault(t, len(self.times)) for t in times]) + 1
        active, warm, _ = self._place(int(numbers[0]) - 1)
        courses: dict[str, Course] = {}
        for name, trial in self.trials.items():
            rows = [tick.get(trial.metric.of or name) for tick in ticks]
            skip = warm and trial.metric.kind is not Kind.OBJECTIVE
            courses[name] = trial.look([None] * len(rows) if skip else rows, active)
        harm = self._composite(courses)
        requests = self._requests(ticks)
        split = self._split(ticks)
        blocked = self._blocked(ticks, numbers)
        passed = self._passed(courses, requests) & ~blocked
        alarm = np.logical_or.accumulate(split >= math.log(1 / mismatch.ALPHA)) | self.alarm
        if self.spec.on_mismatch is not Mismatch.WARN:
            passed &= ~alarm
        failed = harm >= evidence.log_threshold(self.spec.alpha)
        if self.spec.on_mismatch is Mismatch.ROLLBACK:
            failed = failed | alarm
        decided = np.flatnonzero(failed | passed) if self.spec.judge is Judge.SEAWAY else np.zeros(0, dtype=np.int64)
        stretch = _Stretch(times, harm, requests, split)
        end = self._stand(courses, len(times) - 1, stretch)
        if len(decided):
            self._decide(self._crossing(courses, int(decided[0]), failed, stretch))
        if self.verdict is None:
            self.standing = end
            self.alarm = bool(alarm[-1])
        for name, trial in self.trials.items():
            trial.commit(courses[name], [tick.get(trial.metric.of or name) for tick in ticks])

    def _composite(self, courses: Mapping[str, Course]) -> Floats:
        table = np.stack([course.harm for course in courses.values()], axis=1)
        return logspace.mix(table, np.log(np.array([self.weights[name] for name in courses])))

    def _requests(self, ticks: list[dict[str, Batch]]) -> Floats:
        """Candidate requests so far: all metrics look at the same requests, so the largest count stands for them."""
        paths = []
        for name in {batch.metric for tick in ticks for batch in tick.values()}:
            counts = [
                b.candidate.n if (b := tick.get(name)) and b.candidate and not b.unreadable else 0 for tick in ticks
            ]
            paths.append(self.requests.get(name, 0.0) + np.cumsum(np.array(counts, dtype=np.float64)))
            self.requests[name] = float(paths[-1][-1])
        return np.asarray(np.maximum(np.max(paths, axis=0), self.standing.candidate_requests))

    def _split(self, ticks: list[dict[str, Batch]]) -> Floats:
        rows = []
        for tick in ticks:
            sides = [
                (b.candidate.n, b.stable.n, b.weight / WHOLE)
                for b in tick.values()
                if b.candidate and b.stable and b.weight is not None and not b.unreadable
            ]
            rows.append(max(sides, key=lambda side: side[0] + side[1], default=(0, 0, math.nan)))
        candidate, stable, share = np.array(rows, dtype=np.float64).T
        return self.split.add(candidate, stable, share)

    def _blocked(self, ticks: list[dict[str, Batch]], numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Truths:
        """Ticks at which a required metric was unreadable, or silent for too long: no pass there."""
        blocked = np.zeros(len(ticks), dtype=np.bool_)
        for index, tick in enumerate(ticks):
            for name in self.required:
                batch = tick.get(self._source(name))
                if batch is not None and not batch.unreadable:
                    self.last[name] = int(numbers[index])
                    self.unreadable.pop(name, None)
                elif batch is not None:
                    self.unreadable[name] = batch.unreadable
                silent = int(numbers[index]) - self.last.get(name, 0)
                blocked[index] |= name in self.unreadable or silent > self.spec.stale_batches
        return blocked

    def _source(self, name: str) -> str:
        return self.trials[name].metric.of or name

    def _passed(self, courses: Mapping[str, Course], requests: Floats) -> Truths:
        passed = requests >= self.spec.min_samples
        if not self.required:
            return np.zeros(len(requests), dtype=np.bool_)  # nothing is asked to be proven: nothing passes
        for name in self.required:
            passed &= courses[name].proven
        return np.asarray(passed)

    def _stand(self, courses: Mapping[str, Course], at: int, stretch: _Stretch) -> Standing:
        metrics = {}
        for name, course in courses.items():
            trial = self.trials[name]
            low, high = trial.band(course, at)
            metrics[name] = MetricState(
                weight=self.weights[name],
                harm=float(course.harm[at]),
                promote=trial.promote_log_e(course, at),
                low=low,
                high=high,
                proven=bool(course.proven[at]),
                candidate_n=float(course.n[at]),
            )
        proofs = [value for name in self.required if (value := metrics[name].promote) is not None]
        batches = 1 + max(self.times[t] for t in stretch.times[: at + 1])
        return Standing(
            outcome=None,
            metric=None,
            reason="keeps looking",
            at=max(stretch.times[at], self.standing.at) if self.standing.batches else stretch.times[at],
            batches=max(batches, self.standing.batches),
            candidate_requests=int(stretch.requests[at]),
            harm=float(stretch.harm[at]),
            promote=min(proofs) if len(proofs) == len(self.required) and proofs else None,
            split=float(stretch.split[at]),
            metrics=metrics,
        )

    def _crossing(self, courses: Mapping[str, Course], first: int, failed: Truths, stretch: _Stretch) -> Standing:
        """Where a boundary was crossed. Failing is tested first; with `stop: deadline` a later failure in the stretch wins."""
        where = int(np.flatnonzero(failed)[0]) if self.spec.stop is Stop.DEADLINE and failed.any() else first
        return self._ruled(self._stand(courses, where, stretch), fail=bool(failed[where]))

    def _decide(self, crossing: Standing) -> None:
        """A crossing ends the canary, or is kept until the deadline: there a failure overrules a pass, never the other way."""
        if self.spec.stop is Stop.FIRST_DECISION:
            self.verdict = self.standing = crossing
        elif self.crossed is None or (crossing.outcome is Outcome.FAIL and self.crossed.outcome is Outcome.PASS):
            self.crossed = crossing

    def _ruled(self, standing: Standing, *, fail: bool) -> Standing:
        if not fail:
            margins = ", ".join(f"{name} {self._margin(name)}" for name in self.required)
            return _with(standing, Outcome.PASS, None, f"proven at {1 - self.spec.alpha_promote:.0%}: {margins}")
        if standing.harm < evidence.log_threshold(self.spec.alpha):
            return _with(standing, Outcome.FAIL, None, "traffic is not split as configured")
        loudest = max(standing.metrics, key=lambda name: math.log(self.weights[name]) + standing.metrics[name].harm)
        return _with(standing, Outcome.FAIL, loudest, self._harm_text(loudest, standing.metrics[loudest]))

    def _harm_text(self, name: str, state: MetricState) -> str:
        metric = self.trials[name].metric
        if metric.kind is Kind.OBJECTIVE:
            return f"{name}: candidate is above its limit of {metric.at_most:g}"
        tolerance = self.spec.tolerance if metric.tolerance is None else metric.tolerance
        band = f", ratio {_bound(state.low)} to {_bound(state.high)}" if state.low or state.high else ""
        return f"{name}: candidate is worse than stable by more than the tolerance of {tolerance:.0%}{band}"

    def _margin(self, name: str) -> str:
        metric = self.trials[name].metric
        if metric.kind is Kind.OBJECTIVE:
            return f"below {metric.at_most:g}"
        if metric.kind is Kind.RATE:
            return f"not {metric.margin:g} times worse" + (f", or below {metric.enough:g}" if metric.enough else "")
        return f"not slower by {metric.margin or 0:.0%}" + (
            f", or within {metric.enough:g} ms" if metric.enough else ""
        )

    def _conclude(self, why: str) -> None:
        self.verdict = self.standing = self.ruling(why)

    def ruling(self, why: str) -> Standing:
        """The verdict if it ended now without a decision: a crossing on the way, else error, no_data or inconclusive. Never a pass.

        Changes nothing; `why` it ends is part of the reason.
        """
        if self.crossed is not None:
            decided = self.crossed
            return replace(
                self.standing, outcome=decided.outcome, metric=decided.metric, reason=decided.reason, at=decided.at
            )
        if self.spec.judge is Judge.KAYENTA:
            batches = (batch for tick in self.worked for batch in tick)
            return _with(self.standing, *migrated.rule(self.spec, batches))
        standing, required = self.standing, self.required
        silent = [n for n in required if self.last.get(n) and len(self.times) - self.last[n] > self.spec.stale_batches]
        missing = [name for name in required if name not in self.last]
        if self.unreadable:
            name, reason = next(iter(self.unreadable.items()))
            ruled = _with(standing, Outcome.ERROR, name, f"{name} cannot be read: {reason}")
        elif standing.candidate_requests < self.spec.min_samples:
            few = f"candidate had {standing.candidate_requests} requests, at least {self.spec.min_samples} are needed"
            ruled = _with(standing, Outcome.NO_DATA, None, f"{why}; {few}")
        elif silent:
            ruled = _with(
                standing, Outcome.ERROR, silent[0], f"{silent[0]} has had no data for {self.spec.stale_batches} batches"
            )
        elif missing:
            ruled = _with(standing, Outcome.NO_DATA, missing[0], f"{why}; {missing[0]} has no data at all")
        else:
            ruled = self._inconclusive(why)
        return ruled

    def _inconclusive(self, why: str) -> Standing:
        open_ = [name for name in self.required if not self.standing.metrics[name].proven]
        if self.alarm:
            return _with(self.standing, Outcome.INCONCLUSIVE, None, f"{why}; traffic is not split as configured")
        if not self.required:
            return _with(
                self.standing, Outcome.INCONCLUSIVE, None, f"{why}; no metric has a margin, so nothing could be proven"
            )
        name = open_[0] if open_ else None
        text = (
            f"not proven: {', '.join(f'{n} {self._margin(n)}' for n in open_)}"
            if open_
            else "data were missing when it was proven"
        )
        return _with(self.standing, Outcome.INCONCLUSIVE, name, f"{why}; neither harm nor safety is proven; {text}")


def _read(batch: Batch, *, alone: bool) -> Batch:
    """A batch in which a needed side has no numbers is one that could not be read: half a comparison is none."""
    missing = "candidate" if batch.candidate is None else "stable" if batch.stable is None and not alone else ""
    if not missing or batch.unreadable:
        return batch
    return Batch(batch.metric, batch.t, None, None, unreadable=f"no numbers for {missing}")


def _bound(value: float | None) -> str:
    return "?" if value is None else f"{value:.3g}"


def _with(standing: Standing, outcome: Outcome, metric: str | None, reason: str) -> Standing:
    return replace(standing, outcome=outcome, metric=metric, reason=reason)
