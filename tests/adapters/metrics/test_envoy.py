"""Envoy's counters as evidence: what the adapter says when there is no proxy to ask. Its promises are in tests/contracts."""

from __future__ import annotations

from pathlib import Path

import pytest

from seaway.adapters.metrics.envoy import EnvoyMetrics
from seaway.errors import NotReachable
from seaway.model.routing import Gateway


@pytest.fixture
def metrics(tmp_path: Path) -> EnvoyMetrics:
    return EnvoyMetrics(Gateway("production", "127.0.0.1:1"), tmp_path / "gateway", tmp_path / "run")


def test_without_a_proxy_there_are_no_numbers_and_no_zeroes(metrics: EnvoyMetrics) -> None:
    with pytest.raises(NotReachable, match=r"127\.0\.0\.1:1") as caught:
        metrics.sample("shop", ("shop-1",))
    assert caught.value.retry


def test_a_gateway_that_was_never_opened_can_still_be_released_to(metrics: EnvoyMetrics) -> None:
    metrics.check("shop")
