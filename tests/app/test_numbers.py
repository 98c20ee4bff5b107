"""Before anything moves, the source of metrics is asked whether its numbers can be evidence; the way back never waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seaway import errors
from seaway.app.control_plane import ControlPlane
from seaway.config.home import Home
from seaway.model.plan import Plan
from seaway.model.verdict import Guard, Measure
from surface_samples import plan

GUARDS = (Guard("success-rate", Measure.SUCCESS_RATE, at_least=0.99),)


class _Engine:
    def __init__(self) -> None:
        self.plans: list[Plan] = []

    def submit(self, plan: Plan, *_: Any, **__: Any) -> str:
        self.plans.append(plan)
        return "ro-1"


class _Source:
    def __init__(self, trouble: Exception | None) -> None:
        self.trouble = trouble
        self.asked: list[str] = []

    def check(self, service: str) -> None:
        self.asked.append(service)
        if self.trouble:
            raise self.trouble


def submit(tmp_path: Path, made: Plan, trouble: Exception | None = None) -> tuple[_Engine, _Source]:
    home = Home(tmp_path / "home")
    home.ensure()
    plane, engine, source = ControlPlane(home), _Engine(), _Source(trouble)
    plane._engine = engine  # type: ignore[assignment]
    plane._hands.metrics = lambda _: source  # type: ignore[assignment,method-assign,return-value]
    try:
        plane.submit(made, actor="ada", origin="person", key="1")
    except errors.SeawayError:
        assert engine.plans == []
        raise
    return engine, source


def test_numbers_that_could_never_be_evidence_refuse_a_release_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(errors.Refused, match="no label"):
        submit(tmp_path, plan(guards=GUARDS), errors.Refused("no label version"))


def test_a_source_that_is_away_may_come_back(tmp_path: Path) -> None:
    engine, source = submit(tmp_path, plan(guards=GUARDS), errors.NotReachable("nothing within 10 s"))
    assert (len(engine.plans), source.asked) == (1, ["shop"])


@pytest.mark.parametrize("made", [plan(guards=GUARDS, undo=True), plan()], ids=["undo", "nothing to measure"])
def test_the_way_back_and_a_release_without_objectives_ask_nobody(tmp_path: Path, made: Plan) -> None:
    engine, source = submit(tmp_path, made, errors.Refused("no label version"))
    assert (len(engine.plans), source.asked) == (1, [])
