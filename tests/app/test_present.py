"""A plan starts from what really runs: after `down` the stable revision is recorded, and nothing of it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seaway.app import hands, planning
from seaway.config.home import Home
from seaway.model.environment import Environment
from seaway.model.instance import InstanceSeen, InstanceState
from seaway.model.placement import Placement
from support import plans


@pytest.fixture
def stable() -> Any:
    return plans.revision("a")


def _present(monkeypatch: pytest.MonkeyPatch, stable: Any, *running: str, candidate: str = "") -> Placement:
    class Target:
        def look(self, service: str) -> tuple[InstanceSeen, ...]:
            return tuple(InstanceSeen(name, name, InstanceState.READY) for name in running)

    monkeypatch.setattr(hands.Composition, "target_named", lambda *_: Target())
    placed = Placement("shop", "production", stable, 2)
    return planning._present(Home(Path("/nowhere")), Environment("production"), candidate or stable.id, placed)


def test_a_stable_revision_that_does_not_run_has_no_instances(monkeypatch: pytest.MonkeyPatch, stable: Any) -> None:
    assert _present(monkeypatch, stable, "shop-other").replicas == 0


def test_one_that_runs_keeps_its_number(monkeypatch: pytest.MonkeyPatch, stable: Any) -> None:
    assert _present(monkeypatch, stable, stable.id).replicas == 2


def test_another_candidate_changes_nothing(monkeypatch: pytest.MonkeyPatch, stable: Any) -> None:
    assert _present(monkeypatch, stable, candidate="shop-other").replicas == 2
