"""Evidence for very many streams at once, and for every single request. Called where verdicts must keep up with the traffic.

`Streams` holds one array for all streams and works through it in pieces that fit the processor's cache. `Requests` takes arrays
of requests as an exact source reports them: errors and seven latency thresholds as eight streams, decided as one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from seaway.judge import histogram, logspace
from seaway.judge.histogram import Singles
from seaway.judge.logspace import Floats
from seaway.judge.ratio import Ratio

Truths = NDArray[np.bool_]
PIECE = 128  # streams worked on together: 128 x 258 numbers stay in a second-level cache


class Streams:
    """M streams of the rate-ratio kernel, each with S restarts: `ell` has the shape (M, S, grid)."""

    def __init__(self, count: int, *, boundary: float = 1.0, points: int = 257, restarts: int = 1) -> None:
        self.ratio = Ratio((boundary,), points)
        self.boundary, self.restarts = boundary, restarts
        self.ell: Floats = np.zeros((count, restarts, self.ratio.width))

    def update(self, events: Floats, all_events: Floats, share: Floats, active: int = 1) -> None:
        """One batch per stream, arrays of shape (M,): candidate's events, both sides' events, candidate's share.

        `active`: how many restarts have begun.
        """
        piece = max(1, PIECE // self.restarts)
        for at in range(0, len(events), piece):
            part = slice(at, at + piece)
            steps = self.ratio.increments(events[part], all_events[part], share[part])
            self.ell[part, :active] += steps[:, None, :]

    def crossed(self, log_threshold: float, active: int = 1) -> Truths:
        """Which streams have reached the threshold; a restart that lies ahead counts as E = 1."""
        found = np.zeros(len(self.ell), dtype=np.bool_)
        piece = max(1, PIECE // self.restarts)
        for at in range(0, len(self.ell), piece):
            part = self.ell[at : at + piece, :active]
            ceiling = self.ratio.ceiling(part, self.boundary).max(axis=1)
            near = np.flatnonzero(ceiling >= log_threshold)
            if len(near):
                found[at + near] = self._log_e(part[near]) >= log_threshold
        return found

    def _log_e(self, ell: Floats) -> Floats:
        values = self.ratio.harm(ell, self.boundary)
        ahead = np.zeros((len(values), self.restarts - values.shape[1]))
        return logspace.mean(np.concatenate([values, ahead], axis=1))


class Requests:
    """One canary from single requests: errors and latency above each threshold, a weighted mean of their evidence.

    `thresholds` in milliseconds, from prior traffic. Part of alpha: 0.4 for errors, 0.6 for latency.
    """

    def __init__(
        self, thresholds: tuple[float, ...], *, boundary: float = 1.0, points: int = 257, alpha: float = 0.01
    ) -> None:
        self.ratio = Ratio((boundary,), points)
        self.boundary = boundary
        self.limits = histogram.bucket(np.array(thresholds, dtype=np.float32))
        lanes = len(thresholds) + 1
        self.ell: Floats = np.zeros((lanes, self.ratio.width))
        self.log_weights: Floats = np.log(np.array([0.4] + [0.6 / (lanes - 1)] * (lanes - 1)))
        self.log_threshold = math.log(1 / alpha)
        self.counts: NDArray[np.int64] = np.zeros((2, histogram.BUCKETS), dtype=np.int64)

    def observe(self, latency: Singles, candidate: Truths, failed: Truths) -> bool:
        """Some requests (milliseconds, which side, failed or not); True when the evidence of harm has reached its threshold."""
        where = histogram.bucket(latency)
        where += candidate * np.int32(histogram.BUCKETS)
        seen = np.bincount(where, minlength=2 * histogram.BUCKETS).reshape(2, histogram.BUCKETS)
        self.counts += seen
        upto = seen.cumsum(axis=1)
        slow = upto[:, -1:] - upto[:, self.limits]
        n = len(latency)
        candidate_n = int(upto[1, -1])
        events = np.empty(len(self.ell))
        both = np.empty(len(self.ell))
        events[0], both[0] = np.count_nonzero(failed & candidate), np.count_nonzero(failed)
        events[1:], both[1:] = slow[1], slow[0] + slow[1]
        bets = np.log1p(candidate_n / n * self.ratio.excess)
        self.ell += events[:, None] * self.ratio.logs - both[:, None] * bets
        bound = self.ratio.ceiling(self.ell, self.boundary) + self.log_weights
        if bound.max() + math.log(len(self.ell)) < self.log_threshold:
            return False  # no mixture can be above its largest part: no exp was needed
        return bool(self.log_e() >= self.log_threshold)

    def log_e(self) -> float:
        """Ln E of the composite now."""
        return float(logspace.mix(self.ratio.harm(self.ell, self.boundary), self.log_weights))
