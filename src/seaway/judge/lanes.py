"""How each metric is tested: one lane per comparison, fixed before the first batch and stored with the verdict.

Called by `stream` for each canary. A lane names its kernel, its boundary for harm and its margin for promotion, and which requests
of each side count as events. Latency becomes several lanes "slower than a threshold"; thresholds come from prior
traffic, or are the bucket edges themselves. What a tolerance or margin means where buckets are too coarse for a shifted
threshold: a ratio of exceedances of 1 plus twice the fraction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seaway.judge.history import Past
from seaway.judge.ratio import HIGH
from seaway.model.analysis import Direction, Kind, Metric, Spec

THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999)  # body and tail; measured against fewer and more
DENSE = 0.1  # prior rate above which the block kernel is used
MOST_EDGES = 32
LATENCY_MOST = 16.0  # times as many slow requests: bets beyond cost power and win nothing
NEAR = 1.04  # a shifted threshold may lie this factor off before the buckets count as too coarse


@dataclass(frozen=True, slots=True)
class Lane:
    """One comparison. `kernel`: ratio | block | objective. `harm`, `promote`: boundary ratios (None = not asked; block: 1).

    Edge -1 = the batch's own events. `swapped`: stable and candidate change places (a falling rate is the harm).
    `prior`: historic rate. `phi`: what evidence is divided by. `quantile`: which one a promotion lane speaks for, -1 for
    every quantile that lies beside its edge. `most`: the largest ratio that harm can have, one over the historic rate.
    """

    kernel: str
    harm: float | None = None
    promote: float | None = None
    stable_edge: int = -1
    candidate_edge: int = -1
    swapped: bool = False
    prior: float = 0.5
    phi: float = 1.0
    quantile: float = 0.0
    most: float = HIGH

    @property
    def key(self) -> tuple[object, ...]:
        """Lanes with the same key share one array of evidence."""
        return (self.kernel, self.harm, self.promote, self.swapped, self.most)


def build(metric: Metric, spec: Spec, past: Past | None, edges: tuple[float, ...]) -> tuple[Lane, ...]:
    """The lanes of one metric. `edges` are empty unless it is of kind latency; `past` None = no history."""
    if metric.kind is Kind.OBJECTIVE:
        phi = past.phi() if past is not None and not past.edges else 1.0
        return (Lane("objective", harm=metric.at_most, promote=metric.at_most, phi=phi),)
    if metric.kind is Kind.LATENCY:
        return _latency(metric, tolerance(metric, spec), past, edges)
    return _rate(metric, tolerance(metric, spec), past)


def tolerance(metric: Metric, spec: Spec) -> float:
    """How much worse than stable a metric may be before it counts as harm, as a fraction."""
    return max(0.0, spec.tolerance if metric.tolerance is None else metric.tolerance)


def _rate(metric: Metric, tolerance: float, past: Past | None) -> tuple[Lane, ...]:
    directions = {Direction.INCREASE: (False,), Direction.DECREASE: (True,), Direction.EITHER: (False, True)}[
        metric.direction
    ]
    rate = past.rate() if past is not None and not past.edges else 0.0
    phi = past.phi() if past is not None and not past.edges else 1.0
    if rate > DENSE and tolerance == 0:
        # The block kernel knows only the boundary 1; the margin of promotion stays with the ratio kernel.
        harm = tuple(Lane("block", harm=1.0, swapped=swapped, prior=rate, phi=phi) for swapped in directions)
        proof = tuple(
            Lane("ratio", promote=metric.margin, swapped=swapped, prior=rate, phi=phi) for swapped in directions
        )
        level = (Lane("objective", promote=metric.enough, phi=phi),) if metric.enough else ()
        return harm + ((*proof, *level) if metric.margin is not None else ())
    lanes = tuple(
        Lane("ratio", harm=1.0 + tolerance, promote=metric.margin, swapped=swapped, prior=rate or 0.5, phi=phi)
        for swapped in directions
    )
    return (*lanes, Lane("objective", promote=metric.enough, phi=phi)) if metric.enough else lanes


def _latency(metric: Metric, tolerance: float, past: Past | None, edges: tuple[float, ...]) -> tuple[Lane, ...]:
    if past is None:
        chosen = tuple(sorted({round(i) for i in np.linspace(0, len(edges) - 1, min(len(edges), MOST_EDGES))}))
        proof = [(edge, -1.0) for edge in chosen]
    else:
        chosen = tuple(dict.fromkeys(edge for q in THRESHOLDS if (edge := past.edge_of(q)) >= 0))
        proof = [(past.edge_of(q), q) for q in metric.quantiles]
    lanes = [_harm_lane(edge, tolerance, past, edges) for edge in chosen if edges[edge] >= metric.enough]
    if metric.margin is not None:
        lanes += [_proof_lane(edge, metric.margin, past, edges, quantile) for edge, quantile in proof]
    level = int(np.searchsorted(edges, metric.enough, side="right")) - 1
    if metric.enough and level >= 0:
        phi = _phi(past, level)
        lanes += [
            Lane("objective", promote=1 - quantile, candidate_edge=level, phi=phi, quantile=quantile)
            for quantile in metric.quantiles
        ]
    return tuple(lanes)


def _harm_lane(edge: int, tolerance: float, past: Past | None, edges: tuple[float, ...]) -> Lane:
    if tolerance == 0:
        return _lane(edge, edge, past, harm=1.0)
    aim = (1 + tolerance) * edges[edge]
    shifted = int(np.searchsorted(edges, aim * (1 - 1e-9)))
    if shifted < len(edges) and edges[shifted] <= aim * NEAR:
        return _lane(edge, shifted, past, harm=1.0)
    return _lane(edge, edge, None, harm=1 + 2 * tolerance, phi=_phi(past, edge))


def _proof_lane(edge: int, margin: float, past: Past | None, edges: tuple[float, ...], quantile: float) -> Lane:
    if edge < 0:
        # The quantile lies above the last edge: no count can prove anything about it; the lane never passes.
        return Lane("ratio", promote=1.0, stable_edge=len(edges) - 1, candidate_edge=0, quantile=quantile)
    aim = (1 + margin) * edges[edge]
    shifted = int(np.searchsorted(edges, aim * (1 + 1e-9), side="right")) - 1
    if shifted > edge and edges[shifted] * NEAR >= aim:
        return _lane(edge, shifted, past, promote=1.0, quantile=quantile)
    return _lane(edge, edge, None, promote=1 + 2 * margin, phi=_phi(past, edge), quantile=quantile)


def _phi(past: Past | None, edge: int) -> float:
    return past.phi(edge) if past is not None else 1.0


def _lane(
    edge: int,
    shifted: int,
    past: Past | None,
    *,
    harm: float | None = None,
    promote: float | None = None,
    phi: float | None = None,
    quantile: float = 0.0,
) -> Lane:
    rate = past.rate(edge) if past is not None else 0.5
    dense = past is not None and rate > DENSE
    return Lane(
        kernel="block" if dense else "ratio",
        harm=harm,
        promote=promote,
        stable_edge=edge,
        candidate_edge=shifted,
        prior=rate,
        phi=_phi(past, edge) if phi is None else phi,
        quantile=quantile,
        most=HIGH if dense or past is None else min(LATENCY_MOST, 1 / rate),
    )
