"""The way back has the environment of the plan that it undoes, also where a part of it is nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seaway.app.control_plane import place_of
from seaway.model.environment import Environment
from support import plans


@pytest.mark.parametrize("soak", [timedelta(), timedelta(seconds=7)])
def test_an_undo_soaks_as_long_as_its_environment_says(soak: timedelta) -> None:
    assert soak != Environment("production").soak
    where = plans.environment(plans.canary(), soak=soak)
    assert place_of(plans.plan("b", where=where)).soak == soak


def test_what_a_plan_says_of_its_environment_comes_back() -> None:
    where = plans.environment(plans.canary(), listen="127.0.0.1:9321", tick=timedelta(seconds=3))
    found = place_of(plans.plan("b", where=where))
    for name in (
        "name",
        "target",
        "router",
        "metrics",
        "listen",
        "concurrency",
        "on_unobservable",
        "if_engine_lost",
        "tick",
    ):
        assert getattr(found, name) == getattr(where, name), name
