"""A place for each journey; every test here is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.place import Place, opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture
def place() -> Iterator[Place]:
    """A control plane runs, nothing was released."""
    with opened() as made:
        made.serve()
        yield made


@pytest.fixture
def shop(place: Place) -> Place:
    """v1 is stable."""
    place.release(VERSION="v1")
    return place
