"""What if: improvements tried on recorded runs. Called by `app.assess` with a run history; loads numpy.

Runs are drawn with replacement and replayed, before and after the change, with the same draws. What a change does is not known
exactly, so each draw of a whole history takes its effect from a range that is told (`assumes`). The interval is that of the median over
these draws: it has in it how few runs there are, and how little is known of the effect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seaway.assess.flow import change
from seaway.assess.runs import order, replay
from seaway.assess.runs.bottlenecks import whole
from seaway.assess.runs.known import Plan, base
from seaway.assess.runs.replay import Columns
from seaway.formats.pipelines import expand
from seaway.model.bottleneck import Bottleneck, Figure, Forecast
from seaway.model.pipeline import Pipeline
from seaway.model.runs import Run

SEED = 20_261_127
DRAWS = 200  # histories that are drawn, at least
REPLAYS = 10_000  # runs that are replayed, at least
_JOBS = 3  # that get an alternative of each kind
_WORTH = 60.0  # seconds of work below which nothing is changed
_CACHE = (0.2, 0.5)  # the share of its work that a cache saves
_UNEVEN = (1.0, 1.3)  # how much longer the longest of the shards takes than the mean one
_OVERHEAD = (10.0, 60.0)  # seconds that each shard takes to get ready
_LONG = 480.0  # seconds of work from which on four shards are tried
_WAITING = 0.05  # the share of waiting from which on more machines are tried
_QUICK = 0.1  # the quantile of waiting that "a machine at once" still waits
_TESTS = re.compile(r"test|spec|e2e|integration|cypress|pytest|jest", re.IGNORECASE)
_INSTANCES = 1  # of a job: more than that are shards already


@dataclass(frozen=True, slots=True)
class Alternative:
    """One change. `apply`: columns, the dice, how many histories they hold -> columns after it."""

    id: str
    words: str
    assumes: str
    apply: Callable[[Columns, np.random.Generator, int], Columns]


def foretold(found: Bottleneck, runs: Sequence[Run], pipeline: Pipeline | None) -> Bottleneck:
    """The bottleneck with its replay and its forecasts, the largest gain first. `runs`: of this pipeline, by time."""
    good = whole(runs)
    known = order.order(runs)
    made = replay.columns(good, known) if good else None
    checked = replay.check(made, len(good))
    if made is None or not checked.reproduced:
        return replace(found, replay=checked)
    return replace(found, replay=checked, what_if=forecasts(made, alternatives(found, made, pipeline)))


def forecasts(found: Columns, changes: Sequence[Alternative], replays: int = REPLAYS) -> tuple[Forecast, ...]:
    """What each change would bring, the largest gain first; those that bring nothing are left out."""
    size = found.count  # of a drawn history: as many runs as were recorded, else it would be surer than they are
    draws = max(DRAWS, -(-replays // size))
    dice = np.random.default_rng(SEED)
    drawn = found.drawn(dice.integers(0, size, size=draws * size))
    before = np.median(replay.durations(drawn).reshape(draws, size), axis=1)
    recorded = float(np.median(found.recorded))
    made = []
    for one in changes:
        after = np.median(replay.durations(one.apply(drawn, dice, draws)).reshape(draws, size), axis=1)
        gain = _figure(before - after, size)
        if gain.value >= 1:
            made.append(Forecast(one.id, one.words, one.assumes, recorded, _figure(after, size), gain, draws * size))
    return tuple(sorted(made, key=lambda one: (-one.gain.value, one.id)))


def _figure(values: replay.Floats, n: int) -> Figure:
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return Figure(float(middle), float(low), float(high), n)


def alternatives(found: Bottleneck, made: Columns, pipeline: Pipeline | None) -> list[Alternative]:
    """What is worth trying on this pipeline."""
    plan = Plan.of(pipeline) if pipeline is not None else None
    groups: dict[str, list[str]] = {}
    for name in made.names:
        groups.setdefault(base(name), []).append(name)
    weight: dict[str, float] = {}
    for job in found.jobs:
        if job.name in made.work:
            weight[base(job.name)] = weight.get(base(job.name), 0.0) + job.path
    heavy = [name for name in sorted(weight, key=lambda name: (-weight[name], name)) if _worth(made, groups[name])]
    tried: list[Alternative] = []
    for name in heavy[:_JOBS]:
        one = plan.job(name) if plan is not None else None
        if one is None or not (one.caches or one.environment or one.approval or one.manual):
            tried.append(cached(name, groups[name]))
    for name in [each for each in heavy if _TESTS.search(each) and len(groups[each]) == _INSTANCES][:_JOBS]:
        work = float(np.median(made.work[groups[name][0]]))
        tried.append(sharded(groups[name][0], 4 if work >= _LONG else 2))
    if found.waiting >= _WAITING:
        tried.append(served())
    if pipeline is not None and plan is not None and (kept := _by_data(made, pipeline, plan)) is not None:
        tried.append(reordered(kept))
    return tried


def _worth(made: Columns, names: Sequence[str]) -> bool:
    return any(float(np.median(made.work[name])) >= _WORTH for name in names)


def _spread(bounds: tuple[float, float], dice: np.random.Generator, count: int) -> replay.Floats:
    """Values of a range, each part of it as often as the others, in any order: by chance alone a few hundred would be a little too near."""
    places = (dice.permutation(count) + dice.random(count)) / count
    return np.asarray(bounds[0] + (bounds[1] - bounds[0]) * places)


def cached(name: str, instances: Sequence[str]) -> Alternative:
    """A cache for a job and all its instances."""

    def apply(found: Columns, dice: np.random.Generator, draws: int) -> Columns:
        saved = np.repeat(_spread(_CACHE, dice, draws), found.count // draws)
        return replace(found, work={**found.work, **{one: found.work[one] * (1 - saved) for one in instances}})

    return Alternative(
        f"cache:{name}",
        f"{name} with a cache",
        f"the cache saves {_CACHE[0]:.0%} to {_CACHE[1]:.0%} of its work",
        apply,
    )


def sharded(name: str, count: int) -> Alternative:
    """A job in several parts at once, each on a machine of its own that it waits for as the job did."""

    def apply(found: Columns, dice: np.random.Generator, draws: int) -> Columns:
        size = found.count // draws
        uneven = np.repeat(_spread(_UNEVEN, dice, draws), size)
        overhead = np.repeat(_spread(_OVERHEAD, dice, draws), size)
        waits = found.queue[name][dice.integers(0, found.count, size=(count, found.count))].max(axis=0)
        shard = np.minimum(found.work[name], overhead + found.work[name] / count * uneven)
        had = found.work[name] > 0
        return replace(
            found,
            queue={**found.queue, name: np.where(had, waits, 0.0)},
            work={**found.work, name: np.where(had, shard, 0.0)},
        )

    assumes = (
        f"each shard takes {_OVERHEAD[0]:.0f} to {_OVERHEAD[1]:.0f} s to get ready, the longest up to {_UNEVEN[1] - 1:.0%} longer than "
        "its share"
    )
    return Alternative(f"shards:{name}", f"{name} in {count} shards", assumes, apply)


def served() -> Alternative:
    """Enough machines: every job waits no longer than the quickest tenth of its kind does now."""

    def apply(found: Columns, _dice: np.random.Generator, _draws: int) -> Columns:
        return replace(
            found, queue={name: np.minimum(each, np.quantile(each, _QUICK)) for name, each in found.queue.items()}
        )

    return Alternative(
        "machines", "a machine at once for every job", "jobs wait as long as the quickest tenth of them does now", apply
    )


def reordered(needs: Mapping[str, tuple[str, ...]]) -> Alternative:
    """Jobs wait only for those whose files or outputs they use."""

    def apply(found: Columns, _dice: np.random.Generator, _draws: int) -> Columns:
        return replace(found, needs=needs)

    return Alternative(
        "order",
        "jobs wait only for whose files or outputs they use",
        "there are machines for jobs that begin earlier, and what is downloaded is all that is used",
        apply,
    )


def _by_data(found: Columns, pipeline: Pipeline, plan: Plan) -> dict[str, tuple[str, ...]] | None:
    """The order by data, None where it is the same."""
    edges = change.data_edges(expand.ordered(pipeline))
    kept: dict[str, tuple[str, ...]] = {}
    for name in found.names:
        job = plan.job(name)
        pairs = [(need, plan.job(need)) for need in found.needs[name]]
        kept[name] = tuple(need for need, other in pairs if job is None or other is None or (other.id, job.id) in edges)
    return kept if any(kept[name] != found.needs[name] for name in found.names) else None
