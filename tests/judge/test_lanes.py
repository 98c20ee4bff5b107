"""How metrics become lanes: thresholds, kernels, priors and phi come from history alone, and coarse buckets are said to be coarse."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from judge.streams import EDGES, latency_batches, rate_batches
from seaway.judge import dispersion, history, lanes
from seaway.judge.history import Past
from seaway.judge.lanes import Lane
from seaway.model.analysis import Direction, Kind, Metric, Spec
from seaway.model.batch import Batch, Side

LATENCY = Metric("latency", Kind.LATENCY, margin=0.25)
COARSE = (25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0)


def past_of(edges: tuple[float, ...] = EDGES) -> Past:
    return history.gather(latency_batches(3, 120, edges=edges))["latency"]


def built(metric: Metric, past: Past | None, edges: tuple[float, ...] = (), **spec: float) -> tuple[Lane, ...]:
    return lanes.build(metric, Spec((metric,), **spec), past, edges)  # type: ignore[arg-type]


def test_a_rate_has_one_lane_with_tolerance_and_margin() -> None:
    assert built(Metric("errors", Kind.RATE, margin=2.0), None) == (Lane("ratio", harm=1.1, promote=2.0),)


def test_a_dense_rate_without_tolerance_uses_the_block_kernel_for_harm() -> None:
    past = history.gather(rate_batches(1, 60, 0.4, 0.4))["errors"]
    found = built(Metric("errors", Kind.RATE, margin=2.0), past, tolerance=0.0)
    assert [(lane.kernel, lane.harm, lane.promote) for lane in found] == [("block", 1.0, None), ("ratio", None, 2.0)]


def test_either_direction_is_two_lanes() -> None:
    assert [lane.swapped for lane in built(Metric("a", Kind.RATE, direction=Direction.EITHER), None)] == [False, True]


def test_thresholds_are_history_s_quantiles_and_the_kernel_follows_their_rate() -> None:
    past = past_of()
    found = [lane for lane in built(LATENCY, past, EDGES) if lane.harm is not None]
    assert [lane.stable_edge for lane in found] == [past.edge_of(q) for q in lanes.THRESHOLDS]
    assert [lane.kernel for lane in found][:2] == ["block", "block"]
    assert found[-1].kernel == "ratio"
    assert all(lane.harm == 1.0 for lane in found)
    assert all(EDGES[lane.candidate_edge] >= 1.1 * EDGES[lane.stable_edge] * (1 - 1e-9) for lane in found)


def test_a_proof_compares_the_shifted_threshold_of_each_quantile() -> None:
    found = [lane for lane in built(LATENCY, past_of(), EDGES) if lane.promote is not None]
    assert [lane.quantile for lane in found] == [0.5, 0.9, 0.99]
    assert all(EDGES[lane.candidate_edge] <= 1.25 * EDGES[lane.stable_edge] * (1 + 1e-9) for lane in found)


def test_where_buckets_are_too_coarse_a_ratio_takes_the_place_of_a_shift() -> None:
    found = built(LATENCY, past_of(COARSE), COARSE)
    assert {lane.harm for lane in found if lane.harm} == {1.2}
    assert {lane.promote for lane in found if lane.promote} == {1.5}
    assert all(lane.stable_edge == lane.candidate_edge for lane in found)


def test_without_history_the_edges_are_the_thresholds_and_the_kernel_is_the_ratio() -> None:
    found = built(LATENCY, None, COARSE)
    assert [lane.stable_edge for lane in found if lane.harm] == list(range(7))
    assert {lane.kernel for lane in found} == {"ratio"}
    assert {lane.phi for lane in found} == {1.0}


def test_very_many_edges_are_thinned_evenly() -> None:
    many = tuple(float(x) for x in range(1, 400))
    found = [lane for lane in built(LATENCY, None, many) if lane.harm]
    assert len(found) == lanes.MOST_EDGES
    assert (found[0].stable_edge, found[-1].stable_edge) == (0, 398)


def test_zero_tolerance_compares_the_same_threshold() -> None:
    assert all(
        lane.stable_edge == lane.candidate_edge for lane in built(LATENCY, past_of(), EDGES, tolerance=0.0) if lane.harm
    )


def test_a_metric_s_own_tolerance_wins() -> None:
    assert built(Metric("a", Kind.RATE, tolerance=0.5), None)[0].harm == 1.5


def test_a_quantile_above_the_last_edge_is_never_proven() -> None:
    past = past_of((10.0, 20.0))
    assert past.edge_of(0.99) == -1
    assert any(
        lane.quantile == 0.99 and lane.candidate_edge == 0 and lane.stable_edge == 1
        for lane in built(LATENCY, past, (10.0, 20.0))
    )


def test_tails_count_what_lies_above_each_edge() -> None:
    assert history.tails((5, 3, 2)).tolist() == [5, 2]


def test_unreadable_history_is_left_out() -> None:
    batches = [*rate_batches(1, 30, 0.1, 0.1), Batch("errors", 99.0, None, None, unreadable="x")]
    assert float(history.gather(batches)["errors"].n.sum()) == sum(b.stable.n for b in batches if b.stable)


# Phi


def clustered(rng: np.random.Generator, windows: int, size: int, per_window: float = 10.0) -> np.ndarray:
    return np.array(
        [rng.geometric(1 / size, rng.poisson(per_window / size)).sum() for _ in range(windows)], dtype=float
    )


@pytest.mark.parametrize(("size", "phi"), [(2, 3.0), (5, 9.0), (20, 39.0)])
def test_phi_of_geometric_clusters_is_twice_their_size_less_one(size: int, phi: float) -> None:
    rng = np.random.default_rng(1)
    found = [dispersion.between_windows(clustered(rng, 60, size, 60.0), np.full(60, 10_000.0)) for _ in range(100)]
    assert np.mean(found) == pytest.approx(phi, rel=0.25)


def test_independent_events_have_phi_one_nearly_always() -> None:
    rng = np.random.default_rng(2)
    found = [
        dispersion.safe(dispersion.between_windows(rng.poisson(10, 60).astype(float), np.full(60, 1e4)))
        for _ in range(300)
    ]
    assert np.mean(np.array(found) == 1.0) > 0.97


def test_a_slow_drift_of_the_rate_is_not_taken_for_clusters() -> None:
    rng = np.random.default_rng(3)
    drift = 20 * (1 + 0.8 * np.sin(np.arange(120) / 20))
    assert dispersion.between_windows(rng.poisson(drift).astype(float), np.full(120, 1e4)) < 1.6
    spread = dispersion.between_instances(np.stack([rng.poisson(drift), rng.poisson(drift)], axis=1).astype(float))
    assert spread < 1.5


def test_instances_with_clusters_show_them() -> None:
    rng = np.random.default_rng(4)
    events = np.stack([clustered(rng, 200, 5), clustered(rng, 200, 5), clustered(rng, 200, 5)], axis=1)
    assert dispersion.between_instances(events) == pytest.approx(9.0, rel=0.3)


@pytest.mark.parametrize("events", [np.zeros((10, 2)), np.zeros((0, 2)), np.ones((10, 1))])
def test_without_events_or_instances_phi_is_one(events: np.ndarray) -> None:
    assert dispersion.between_instances(events) == 1.0
    assert dispersion.between_windows(np.zeros(20), np.full(20, 100.0)) == 1.0
    assert dispersion.between_windows(np.ones(3), np.full(3, 100.0)) == 1.0


def test_named_instances_are_compared_with_each_other() -> None:
    rng, batches = np.random.default_rng(5), []
    for tick in range(600):
        for name in ("a", "b"):
            burst = int(rng.geometric(0.2)) if rng.random() < 0.2 else 0
            batches.append(Batch("errors", float(tick), Side(500, min(burst, 500)), None, instance=name))
    assert history.gather(batches)["errors"].phi() > 4


def test_phi_does_not_change_with_the_canary_s_data() -> None:
    batches = rate_batches(1, 60, 0.01, 0.01)
    other = [dataclasses.replace(batch, candidate=Side(50, 50)) for batch in batches]
    assert history.gather(batches)["errors"].phi() == history.gather(other)["errors"].phi()
