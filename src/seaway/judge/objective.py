"""The absolute objective: candidate alone against a declared rate. Called by `evidence` for metrics of kind objective.

Far quicker than a comparison, because stable's rate need not be learned: the way out where traffic is too low for a ratio,
and for a fix while stable itself is sick.
"""

from __future__ import annotations

import numpy as np

from seaway.judge import logspace
from seaway.judge.logspace import Floats

KEPT: Floats = np.exp(np.linspace(np.log(0.02), np.log(0.9), 12))  # alternatives below the objective, as factors
BROKEN_STEPS = 12
BROKEN_FROM, BROKEN_TO = 1.15, 0.999  # above it: from 1.15 times the objective up to a rate of 99.9 %


def factors(at_most: float) -> Floats:
    """The alternatives of one objective, 0 < at_most < 1: 12 kept, then 12 broken, as factors of it."""
    top = max(BROKEN_TO / at_most, 1.0 + 1e-9)
    low = min(BROKEN_FROM, top)
    return np.concatenate([KEPT, np.exp(np.linspace(np.log(low), np.log(top), BROKEN_STEPS))])


def increments(events: Floats, n: Floats, at_most: float) -> Floats:
    """What a batch adds: shape of the inputs plus the 24 factors."""
    steps = factors(at_most)
    bets = (n - events)[..., None] * np.log((1.0 - steps * at_most) / (1.0 - at_most))
    bets += events[..., None] * np.log(steps)
    return bets


def harm(ell: Floats) -> Floats:
    """Ln E against "candidate's rate <= the objective"."""
    return logspace.mean(ell[..., len(KEPT) :])


def promote(ell: Floats) -> Floats:
    """Ln E against "candidate's rate >= the objective"."""
    return logspace.mean(ell[..., : len(KEPT)])
