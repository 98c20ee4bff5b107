"""Is traffic split as configured? The rate-ratio machinery on request counts. Called by `stream` next to the metrics.

Every request is an event; the configured weight says what share should be the candidate's. Deviations inside a tolerance of 10 % are let be:
requests in flight and retries move the split a little without making a comparison unfair.
"""

from __future__ import annotations

import math

import numpy as np

from seaway.judge import ratio
from seaway.judge.logspace import Floats

ALPHA = 0.001
TOLERANCE = 0.1
POINTS = 65


class Split:
    """The evidence that candidate gets more, or less, than its weight."""

    def __init__(self) -> None:
        self.ratio = ratio.Ratio((1.0 + TOLERANCE,), POINTS)
        self.ell: Floats = np.zeros((2, self.ratio.width))
        self.log_e = 0.0

    def add(self, candidate: Floats, stable: Floats, share: Floats) -> Floats:
        """Counts and configured fractions per tick (NaN, 0 and 1 are left out) -> ln E after each tick."""
        usable = (share > 0) & (share < 1)
        w = np.where(usable, share, 0.5)
        total = np.where(usable, candidate + stable, 0.0)
        events = np.stack([np.where(usable, candidate, 0.0), np.where(usable, stable, 0.0)], axis=1)
        steps = self.ratio.increments(events, np.stack([total, total], axis=1), np.stack([w, 1 - w], axis=1))
        path = np.add.accumulate(np.concatenate([self.ell[None], steps]), axis=0)
        self.ell = path[-1]
        both = self.ratio.harm(path[1:], 1.0 + TOLERANCE)
        log_e = np.logaddexp(both[:, 0], both[:, 1]) - math.log(2.0)
        if len(log_e):
            self.log_e = float(log_e[-1])
        return np.asarray(log_e)
