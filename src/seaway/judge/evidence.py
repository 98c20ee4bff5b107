"""Evidence that grows batch by batch: the lanes of one metric that share a kernel and its boundaries. Called by `stream`.

Sums are taken in the order of the batches, one by one, however many are handed over at once: so the same batches give
the same bits in a live rollout, offline and in a replay. With restarts each start has its own sum, and the mixture over starts
is valid at the cost of ln(starts), once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seaway.judge import block, logspace, objective, ratio
from seaway.judge.lanes import Lane
from seaway.judge.logspace import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Batches of one metric: exposure and events, shape (rows, lanes); configured share (rows,), NaN = not known."""

    n: Floats
    events: Floats
    stable_n: Floats
    stable_events: Floats
    configured: Floats

    def swap(self) -> Counts:
        """The sides changed."""
        return Counts(self.stable_n, self.stable_events, self.n, self.events, 1.0 - self.configured)

    def rows(self, chosen: Ints) -> Counts:
        """Only these rows."""
        parts = (self.n, self.events, self.stable_n, self.stable_events, self.configured)
        return Counts(*(part[chosen] for part in parts))


@dataclass(frozen=True, slots=True)
class Path:
    """The evidence before the first and after each row: `ell` (rows + 1, lanes, active starts, columns)."""

    rows: Ints  # which of the rows handed over changed anything
    ell: Floats

    def at(self, ticks: int) -> Ints:
        """For each of `ticks` rows handed over, the position in `ell` after it."""
        return np.searchsorted(self.rows, np.arange(ticks), side="right")


class Evidence:
    """One array (lanes, starts, columns) with its kernel. All lanes share the kernel, the boundaries and the direction."""

    def __init__(self, lanes: tuple[Lane, ...], starts: int, points: int) -> None:
        self.lanes = lanes
        self.like = lanes[0]
        wanted = tuple(value for value in (self.like.harm, self.like.promote) if value is not None)
        self.ratio = ratio.Ratio(wanted, points) if self.like.kernel == "ratio" else None
        self.phi: Floats = np.array([lane.phi for lane in lanes])
        self.prior: Floats = np.array([lane.prior for lane in lanes])
        self.ell: Floats = np.zeros((len(lanes), starts, self._width()))
        self.past: Floats = np.zeros((2, len(lanes)))  # block kernel: stable's events and n so far
        self.carry: Floats = np.zeros((4, len(lanes)))  # block kernel: batches that wait for the other side

    def _width(self) -> int:
        if self.ratio is not None:
            return self.ratio.width
        return block.WIDTH if self.like.kernel == "block" else 2 * objective.BROKEN_STEPS

    def path(self, counts: Counts, active: int) -> Path:
        """What these rows do to the evidence of the first `active` starts. `commit` makes it so."""
        rows, increments = self._increments(counts.swap() if self.like.swapped else counts)
        ell = np.empty((len(rows) + 1, len(self.lanes), active, self.ell.shape[2]))
        ell[0] = self.ell[:, :active]
        ell[1:] = (increments / self.phi[:, None])[:, :, None, :]
        return Path(rows, np.add.accumulate(ell, axis=0, out=ell))

    def commit(self, path: Path) -> None:
        """Keeps the end of a path."""
        self.ell[:, : path.ell.shape[2]] = path.ell[-1]

    def _increments(self, counts: Counts) -> tuple[Ints, Floats]:
        if self.like.kernel == "block":
            rows, joined = self._blocks(counts)
            return rows, self._block_increments(joined)
        if self.ratio is None:
            rows = np.flatnonzero(counts.n.any(axis=1))
            chosen = counts.rows(rows)
            return rows, objective.increments(
                chosen.events, chosen.n, float(self.like.harm or self.like.promote or 0.0)
            )
        # Without an event nothing changes: a quiet metric costs nothing.
        rows = np.flatnonzero((counts.events + counts.stable_events).any(axis=1))
        chosen = counts.rows(rows)
        share = ratio.shares(chosen.n, chosen.stable_n, chosen.configured[:, None])
        return rows, self.ratio.increments(chosen.events, chosen.events + chosen.stable_events, share)

    def _block_increments(self, counts: Counts) -> Floats:
        before = np.concatenate([self.past[:, None], np.stack([counts.stable_events, counts.stable_n])], axis=1)
        before = np.add.accumulate(before, axis=1)
        self.past = before[:, -1]
        rate = block.predicted(before[0, :-1], before[1, :-1], self.prior)
        return block.increments(counts.events, counts.n, counts.stable_events, counts.stable_n, rate)

    def _blocks(self, counts: Counts) -> tuple[Ints, Counts]:
        """Joins batches until both sides are present. The ends depend on exposure alone, never on what happened."""
        full = (counts.n[:, 0] > 0) & (counts.stable_n[:, 0] > 0)
        if full.all() and not self.carry.any():
            return np.arange(len(full)), counts
        rows, joined = [], []
        for row in range(len(full)):
            self.carry = self.carry + np.stack(
                [counts.n[row], counts.events[row], counts.stable_n[row], counts.stable_events[row]]
            )
            if self.carry[0, 0] > 0 and self.carry[2, 0] > 0:
                rows.append(row)
                joined.append(self.carry)
                self.carry = np.zeros_like(self.carry)
        table = np.array(joined).reshape(len(rows), 4, len(self.lanes))
        index = np.array(rows, dtype=np.int64)
        return index, Counts(table[:, 0], table[:, 1], table[:, 2], table[:, 3], counts.configured[index])

    def harm(self, path: Path) -> Floats:
        """Ln E of harm, (rows + 1, lanes): the mixture over all starts; one that lies ahead counts as 1."""
        starts = self.ell.shape[1]
        values = self._harm(path.ell)
        if starts == 1:
            return values[..., 0]
        ahead = np.zeros((*values.shape[:-1], starts - values.shape[-1]))
        return logspace.mean(np.concatenate([values, ahead], axis=-1))

    def _harm(self, ell: Floats) -> Floats:
        if self.ratio is not None:
            return self.ratio.harm(ell, float(self.like.harm or 1.0), self.like.most)
        return block.harm(ell) if self.like.kernel == "block" else objective.harm(ell)

    def promote(self, path: Path) -> Floats:
        """Ln E of non-inferiority, (rows + 1, lanes), from the first start."""
        ell = path.ell[:, :, 0]
        if self.ratio is not None:
            return self.ratio.promote(ell, float(self.like.promote or 1.0))
        return block.promote(ell) if self.like.kernel == "block" else objective.promote(ell)

    def band(self, path: Path, position: int, lane: int, alpha: float) -> tuple[float | None, float | None]:
        """The anytime band of one lane's ratio after a position of a path; (None, None) for kernels without a ratio."""
        if self.ratio is None:
            return None, None
        low, high = self.ratio.band(path.ell[position, lane, 0], alpha)
        if self.like.swapped:
            return (1 / high if high else None), (1 / low if low else None)
        return low, high


def starts(deadline: int, count: int) -> tuple[int, ...]:
    """The batches at which the evidence starts again: fixed before the canary, spread evenly, the first is 0."""
    return tuple(sorted({deadline * index // count for index in range(count)}))


def log_threshold(alpha: float) -> float:
    """The ln E from which a hypothesis is given up."""
    return math.log(1.0 / alpha)
