"""What stable did before the canary: prior rates, thresholds and phi. Read once, before the start; never from canary data.

Called by `lanes`, which fixes with it how each metric will be tested.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from seaway.judge import dispersion
from seaway.judge.logspace import Floats
from seaway.model.batch import Batch

WINDOW_S = 10.0
RATE_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class Past:
    """One metric before the canary, in windows of ten seconds. Tails: requests above each edge; without edges, the events.

    `n`: exposure per window. `tails`: (windows, edges or 1). `instances`: (windows, instances, edges or 1), `exposure`: (windows,
    instances), both empty when the batches do not name instances.
    """

    edges: tuple[float, ...]
    n: Floats
    tails: Floats
    instances: Floats
    exposure: Floats

    def rate(self, column: int = 0) -> float:
        """The share of events, kept inside (0, 1) so that it can be a prior."""
        total = float(self.n.sum())
        share = float(self.tails[:, column].sum()) / total if total else 0.5
        return min(max(share, RATE_FLOOR), 1 - RATE_FLOOR)

    def phi(self, column: int = 0) -> float:
        """What evidence about this column is divided by."""
        if self.instances.shape[1] >= 2:
            return dispersion.safe(dispersion.between_instances(self.instances[:, :, column]))
        return dispersion.safe(dispersion.between_windows(self.tails[:, column], self.n))

    def edge_of(self, quantile: float) -> int:
        """The index of the first edge that at least `quantile` of the requests do not pass; -1 when all edges are passed."""
        above = self.tails.sum(axis=0)
        reached = np.flatnonzero(above <= (1.0 - quantile) * float(self.n.sum()) * (1 + 1e-12))
        return int(reached[0]) if len(reached) else -1


@dataclass(slots=True)
class _Gathered:
    edges: tuple[float, ...]
    windows: dict[int, Floats] = field(default_factory=dict)
    n: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    instances: dict[tuple[int, str], Floats] = field(default_factory=dict)
    exposure: dict[tuple[int, str], float] = field(default_factory=lambda: defaultdict(float))


def tails(counts: tuple[int, ...]) -> Floats:
    """Bucket counts -> requests above each edge."""
    return np.asarray(np.cumsum(np.array(counts, dtype=np.float64)[::-1])[::-1][1:])


def gather(batches: Iterable[Batch]) -> dict[str, Past]:
    """History batches -> what is known per metric. ValueError when a metric's edges change on the way."""
    metrics: dict[str, _Gathered] = {}
    for batch in batches:
        if batch.stable is None or batch.unreadable:
            continue
        kept = metrics.setdefault(batch.metric, _Gathered(batch.edges))
        if kept.edges != batch.edges:
            raise ValueError(f"the edges of {batch.metric!r} change inside the history, at t = {batch.t:g}")
        window = math.floor(batch.t / WINDOW_S)
        above = tails(batch.stable.counts) if batch.edges else np.array([float(batch.stable.events)])
        kept.windows[window] = kept.windows.get(window, 0.0) + above
        kept.n[window] += batch.stable.n
        if batch.instance:
            key = (window, batch.instance)
            kept.instances[key] = kept.instances.get(key, 0.0) + above
            kept.exposure[key] += batch.stable.n
    return {name: _past(kept) for name, kept in metrics.items()}


def _past(kept: _Gathered) -> Past:
    order = sorted(kept.windows)
    names = sorted({name for _, name in kept.instances})
    nothing = np.zeros_like(kept.windows[order[0]])
    table = [[kept.instances.get((window, name), nothing) for name in names] for window in order]
    return Past(
        edges=kept.edges,
        n=np.array([kept.n[window] for window in order]),
        tails=np.array([kept.windows[window] for window in order]),
        instances=np.array(table) if names else np.zeros((len(order), 0, len(nothing))),
        exposure=np.array([[kept.exposure[window, name] for name in names] for window in order]).reshape(
            len(order), -1
        ),
    )
