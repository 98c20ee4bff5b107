"""What the contracts of routers and of metrics stand on: every router of the table, and a stage for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.traffic_harness import FACTORIES, Factory, Stage


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.name)
def factory(request: pytest.FixtureRequest) -> Factory:
    return request.param


@pytest.fixture
def stage(factory: Factory, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(factory, tmp_path / "gateway", tmp_path / "run")
    yield made
    made.close()
