"""Sums of numbers that only fit as logarithms. Used by every kernel: no e-value is ever held as a plain number."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LARGEST = 690.0  # exp of it is about 1e299: the largest e-value that is printed as a number


def logsumexp(values: Floats) -> Floats:
    """Ln of the sum of exp over the last axis; -inf where every value is -inf. The axis must not be empty."""
    peak = values.max(axis=-1)
    anchor = np.where(np.isfinite(peak), peak, 0.0)  # -inf minus -inf would be NaN
    with np.errstate(divide="ignore"):
        return np.asarray(anchor + np.log(np.exp(values - anchor[..., None]).sum(axis=-1)))


def mean(values: Floats) -> Floats:
    """Ln of the plain mean of exp over the last axis: a mixture with equal weights."""
    return logsumexp(values) - math.log(values.shape[-1])


def mix(values: Floats, log_weights: Floats) -> Floats:
    """Ln of the weighted mean of exp over the last axis; the weights sum to 1 and come as logarithms."""
    return logsumexp(values + log_weights)


def plain(log_e: float) -> float:
    """An e-value for people: exp, held inside what JSON can carry."""
    return math.exp(min(log_e, LARGEST))
