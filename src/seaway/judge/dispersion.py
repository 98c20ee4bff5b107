"""How clustered events are (phi): 1 for independent ones, about 39 for geometric clusters of twenty. Called by `history`.

From stable traffic before the canary only, and fixed before the start: evidence divided by phi stays valid when failures
come in bursts (retries, one poisoned client). Two estimates: between instances at the same time, which is blind to what
all of them share, and, where instances are not told apart, between neighbouring windows of time.
"""

from __future__ import annotations

import math

import numpy as np

from seaway.judge.logspace import Floats

SAFETY = 1.15
FEWEST = 8  # pairs of windows below which nothing is said
SIGNIFICANT = 2.5758  # one-sided 99.5 %


def between_instances(events: Floats) -> float:
    """Phi-hat from counts of shape (windows, instances), at least two instances; 1 when there were no events."""
    windows, instances = events.shape
    if windows == 0 or instances < 2:
        return 1.0
    total = events.sum(axis=1)
    spread = float((np.square(events).sum(axis=1) - np.square(total) / instances).sum())
    expected = float(total.sum()) * (1.0 - 1.0 / instances)
    return max(1.0, spread / expected) if expected > 0 else 1.0


def between_windows(events: Floats, n: Floats) -> float:
    """Phi-hat from counts and exposure of shape (windows,) in the order of time; slow drifts of the rate cancel.

    For neighbours (1, 2): (y1 n2 - y2 n1)^2 / (n1 n2 (n1 + n2)) has the mean phi p (1 - p). 1 when the excess is within
    what independent events show in one history out of two hundred: tempering harmless noise would cost a quarter of the power.
    """
    keep = n > 0
    y, m = events[keep], n[keep]
    pairs = len(y) - 1
    if pairs < FEWEST:
        return 1.0
    y1, y2, n1, n2 = y[:-1], y[1:], m[:-1], m[1:]
    rate = (y1 + y2) / (n1 + n2)
    expected = float((rate * (1.0 - rate)).sum())
    if expected <= 0:
        return 1.0
    estimate = float((np.square(y1 * n2 - y2 * n1) / (n1 * n2 * (n1 + n2))).sum()) / expected
    per_pair = max(float((y1 + y2).mean()), 1e-9)
    noise = math.sqrt((3.0 + 1.0 / per_pair) / pairs)
    return estimate if estimate > 1.0 + SIGNIFICANT * noise else 1.0


def safe(estimate: float) -> float:
    """What the evidence is divided by: 1.15 times an estimate above 1."""
    return SAFETY * estimate if estimate > 1.0 else 1.0
