"""The Bernoulli block e-process (Turner and Gruenwald): the kernel for events that happen to more than a tenth of requests.

There the rate-ratio kernel is valid but slow; this one is about twice as quick. Called by `evidence`. A block
needs both sides: batches with an empty side are carried over and joined to the next. The bet on stable's rate uses only earlier
blocks (it is *predictable*): a look at the current block would make the evidence invalid, and a test enumerates that.
"""

from __future__ import annotations

import numpy as np

from seaway.judge import logspace
from seaway.judge.logspace import Floats

HARM = np.exp(np.linspace(np.log(1.08), np.log(16.0), 16))
PROMOTE = np.exp(np.linspace(np.log(0.2), np.log(0.97), 14))
ODDS: Floats = np.concatenate([HARM, PROMOTE])
WIDTH = len(ODDS)
PSEUDO = 20.0  # imagined past requests at the historic rate: keep the predicted rate inside (0, 1)


def predicted(past_events: Floats, past_n: Floats, prior: Floats) -> Floats:
    """Stable's rate as bet before a block: from the blocks before it and `prior`, the historic rate, 0 < prior < 1."""
    return (past_events + PSEUDO * prior) / (past_n + PSEUDO)


def increments(events: Floats, n: Floats, stable_events: Floats, stable_n: Floats, rate: Floats) -> Floats:
    """What a block adds: shape of the inputs plus the 30 odds ratios. Both sides are non-empty; `rate` from `predicted`."""
    b = rate[..., None]
    a = ODDS * b / (1.0 - b + ODDS * b)
    n_c, n_b = n[..., None], stable_n[..., None]
    y_c, y_b = events[..., None], stable_events[..., None]
    null = (n_c * a + n_b * b) / (n_c + n_b)
    return (
        y_c * np.log(a / null)
        + (n_c - y_c) * np.log((1.0 - a) / (1.0 - null))
        + y_b * np.log(b / null)
        + (n_b - y_b) * np.log((1.0 - b) / (1.0 - null))
    )


def harm(ell: Floats) -> Floats:
    """Ln E against "candidate's probability <= stable's"."""
    return logspace.mean(ell[..., : len(HARM)])


def promote(ell: Floats) -> Floats:
    """Ln E against "candidate's probability >= stable's" (with shifted thresholds: "slower than the margin allows")."""
    return logspace.mean(ell[..., len(HARM) :])
