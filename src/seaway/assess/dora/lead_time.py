"""Change lead time: from committed to deployed. Called by `report`.

Unit: a commit of the population (`changes`). End: its owner finished. Start: by the clock that is named. A value below zero is a skewed clock: it
counts as zero, and how many there were is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seaway.assess.dora.changes import Changes, Known
from seaway.assess.dora.owners import Ownership
from seaway.assess.dora.spread import NOTHING, Resamples, Spread
from seaway.model.delivery import Pull
from seaway.model.history import SQUASH

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FIRST_SEEN, COMMITTER, AUTHOR = "first_seen", "committer", "author"


@dataclass(frozen=True, slots=True)
class Lead:
    """One change: where it began by each clock, and where it ended. `squash`: its start is a lower bound."""

    commit: str
    step: int
    starts: Mapping[str, float]
    squash: bool = False


@dataclass(frozen=True, slots=True)
class LeadTime:
    """All figures in seconds. `clock` is the one of `commits`, `deployments` (the median of each), and `pulls`."""

    clock: str
    commits: Spread
    deployments: Spread
    clocks: Mapping[str, Spread]
    batch_delay: Spread
    exposure: Spread
    pulls: Spread
    changes: Changes
    clamped: int
    lower_bound: int
    fallback: int
    unsure: int
    ownership: Ownership
    table: _Table

    @property
    def coverage(self) -> float | None:
        """Attributed changes of all that HEAD has since the first deployment; None without a HEAD, or without changes."""
        if self.changes.undeployed is None:
            return None
        eligible = self.commits.n + self.changes.undeployed
        return self.commits.n / eligible if eligible else None

    def rows(self) -> Iterator[dict[str, Any]]:
        """One per change, in the order of deployments."""
        table, steps = self.table, self.ownership.steps
        for at in np.lexsort((np.arange(len(table.steps)), table.steps)):
            step = steps[table.steps[at]]
            seconds = float(step.deployment.finished - table.starts[self.clock][at])
            yield {
                "commit": table.names[at],
                "deployment": step.deployment.id,
                "started": float(table.starts[self.clock][at]),
                "finished": step.deployment.finished,
                "seconds": max(0.0, seconds),
                "clamped": seconds < 0,
                "squash": bool(table.squash[at]),
                "sure": step.sure,
            }


@dataclass(frozen=True, slots=True)
class _Table:
    """Columns over changes: names, indices of steps, starts by clock, marks of squashes, when the main line had each."""

    names: Sequence[str]
    steps: Ints
    starts: Mapping[str, Floats]
    squash: NDArray[np.bool_]
    merged: Floats


def measure(known: Known, ownership: Ownership, changes: Changes, resamples: Resamples, clusters: Ints) -> LeadTime:
    """`clusters`: per step its place among the deployments that are resampled, -1 for those outside the window."""
    table, fallback = _table(known, ownership, changes)
    finish = np.array([step.deployment.finished for step in ownership.steps], float)
    exposed = [step.deployment.exposed for step in ownership.steps]
    seen = np.where([each is None for each in exposed], finish, np.array(exposed, float))
    ends = finish[table.steps] if len(table.steps) else np.zeros(0)
    cluster = clusters[table.steps] if len(table.steps) else np.zeros(0, np.int64)
    spreads = {name: resamples.spread(np.maximum(ends - start, 0.0), cluster) for name, start in table.starts.items()}
    clock = next(iter(table.starts))
    start = table.starts[clock]
    lead = np.maximum(ends - start, 0.0)
    early = seen[table.steps] if len(table.steps) else np.zeros(0)
    unsure = np.array([not step.sure for step in ownership.steps], bool)
    return LeadTime(
        clock,
        spreads[clock],
        _per_deployment(lead, cluster, resamples),
        spreads,
        resamples.spread(np.maximum(ends - table.merged, 0.0), cluster),
        resamples.spread(np.maximum(early - start, 0.0), cluster) if np.any(seen < finish) else NOTHING,
        _pulls(known, ownership, resamples, clusters, clock),
        changes,
        int(np.count_nonzero(ends < start)),
        int(np.count_nonzero(table.squash)),
        fallback,
        int(np.count_nonzero(unsure[table.steps])) if len(table.steps) else 0,
        ownership,
        table,
    )


def _table(known: Known, ownership: Ownership, changes: Changes) -> tuple[_Table, int]:
    history, positions = known.history, changes.positions
    replaced = {position: pull for position, pull in known.pulls if _squashed(known, ownership, position, pull)}
    if replaced:
        positions = positions[~np.isin(positions, list(replaced))]
    owner, line = ownership.owners, ownership.lines
    committed = np.asarray(history.committed, float)
    starts = {COMMITTER: committed[positions], AUTHOR: np.asarray(history.authored, float)[positions]}
    fallback = 0
    if known.seen is not None:
        seen = known.seen[positions]
        fallback = int(np.count_nonzero(np.isnan(seen)))
        starts = {FIRST_SEEN: np.where(np.isnan(seen), committed[positions], seen), **starts}
    shas = history.shas
    names = [shas[position] for position in positions.tolist()]
    steps = owner[positions]
    squash = (np.frombuffer(bytes(history.marks), np.uint8)[positions] & SQUASH) != 0
    if known.pulls:
        squash &= ~np.isin(positions, [position for position, _ in known.pulls])
    table = _Table(names, steps, starts, squash, committed[line[positions]])
    kept = set(changes.positions.tolist()) if replaced else set()
    return _unsquashed(table, known, ownership, {at: pull for at, pull in replaced.items() if at in kept}), fallback


def _squashed(known: Known, ownership: Ownership, position: int, pull: Pull) -> bool:
    """True when none of the request's own commits came with what was made of it."""
    where, owner = known.history.where, ownership.owner
    return not any(sha in where and owner[where[sha]] == owner[position] for sha, _ in pull.commits)


def _unsquashed(table: _Table, known: Known, ownership: Ownership, replaced: Mapping[int, Pull]) -> _Table:
    """The table with each squash replaced by the commits that its pull request had."""
    rows = [(position, sha, time) for position, pull in sorted(replaced.items()) for sha, time in pull.commits]
    if not rows:
        return table
    times = np.array([time for _, _, time in rows])
    merged = np.array([known.history.committed[position] for position, _, _ in rows], float)
    return _Table(
        [*table.names, *(sha for _, sha, _ in rows)],
        np.append(table.steps, [ownership.owner[position] for position, _, _ in rows]),
        {name: np.append(start, times) for name, start in table.starts.items()},
        np.append(table.squash, np.zeros(len(rows), bool)),
        np.append(table.merged, merged),
    )


def _per_deployment(lead: Floats, cluster: Ints, resamples: Resamples) -> Spread:
    """The median lead of each deployment that brought changes, each deployment once."""
    if not len(lead):
        return NOTHING
    by_lead = np.argsort(lead)
    narrow = cluster.astype(np.uint16) if resamples.size < 2**16 else cluster  # two bytes are sorted by radix
    ordered = lead[by_lead[np.argsort(narrow[by_lead], kind="stable")]]
    counts = np.bincount(cluster, minlength=resamples.size)
    names = np.flatnonzero(counts)
    counts, begins = counts[names], (np.cumsum(counts) - counts)[names]
    medians = (ordered[begins + (counts - 1) // 2] + ordered[begins + counts // 2]) / 2
    return resamples.spread(medians, names)


def _pulls(known: Known, ownership: Ownership, resamples: Resamples, clusters: Ints, clock: str) -> Spread:
    """From the first commit of each pull request to the deployment that brought it."""
    values, found = [], []
    for position, pull in known.pulls:
        step = ownership.owner[position]
        if step > ownership.first and clusters[step] >= 0:
            begin = min(_begin(known, sha, time, clock) for sha, time in pull.commits)
            values.append(max(0.0, ownership.steps[step].deployment.finished - begin))
            found.append(int(clusters[step]))
    return resamples.spread(np.array(values, float), np.array(found, np.int64))


def _begin(known: Known, sha: str, committed: float, clock: str) -> float:
    position = known.history.where.get(sha, -1)
    if clock == FIRST_SEEN and position >= 0 and known.seen is not None and not np.isnan(known.seen[position]):
        return float(known.seen[position])
    return committed
