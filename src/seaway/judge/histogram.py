"""Latency buckets that cost almost nothing: the upper bits of a float are its bucket. Called by `live` and by exact sources.

Thirty-two buckets per octave, two to three percent wide, added up to merge. The same edges everywhere, so that histograms of
any two instances fit together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Counts = NDArray[np.int64]
SHIFT = 18  # 23 bits of fraction, less 5 that stay: 32 buckets per octave
LOWEST, HIGHEST = 2.0**-4, 2.0**22  # milliseconds: 62 microseconds to 70 minutes
_BASE = int(np.array([LOWEST], dtype=np.float32).view(np.int32)[0]) >> SHIFT
BUCKETS = (int(np.array([HIGHEST], dtype=np.float32).view(np.int32)[0]) >> SHIFT) - _BASE + 1


def bucket(values: Singles) -> NDArray[np.int32]:
    """Each value's bucket (milliseconds, 32-bit floats). Below the lowest, negative or NaN: 0 or the last, never outside."""
    index = (values.view(np.int32) >> SHIFT) - _BASE
    return np.asarray(np.clip(index, 0, BUCKETS - 1), dtype=np.int32)


def count(values: Singles) -> Counts:
    """How many values lie in each bucket."""
    return np.bincount(bucket(values), minlength=BUCKETS)


def edges() -> NDArray[np.float64]:
    """The lower edge of each bucket in milliseconds: bucket i holds values from edges[i] up to edges[i + 1]."""
    bits = ((np.arange(BUCKETS) + _BASE) << SHIFT).astype(np.int32)
    return bits.view(np.float32).astype(np.float64)


def above(counts: Counts, bucket_index: int) -> int:
    """How many values lie above a bucket."""
    return int(counts[bucket_index + 1 :].sum())
