"""What a plan says about the power of its canary: from declared traffic, from stable's last hour, or that nothing is known."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seaway.app import power
from seaway.config.home import Home
from seaway.engine import reader
from seaway.errors import PlanRefused
from seaway.model import codec
from seaway.model.analysis import Judging, Kind, Metric, Spec, Underpowered
from seaway.model.environment import Budget, CanaryStep, Strategy
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.verdict import Sample
from seaway.plan import build, text
from support import plans

RATE = Metric("errors", Kind.RATE, margin=2.0)
STEPS = Strategy("canary", steps=(CanaryStep(set_weight=100_000), CanaryStep(pause=timedelta(minutes=30)),
                                  CanaryStep(analysis=timedelta(minutes=30)), CanaryStep(set_weight=500_000)))  # fmt: skip


def planned(strategy: Strategy = STEPS, metric: Metric = RATE, **judging: Any) -> Plan:
    old = plans.revision("a")
    place = Placement("shop", "production", old, replicas=2)
    where = plans.environment(strategy, judging=Judging(Spec((metric,)), **judging))
    return build.build(plans.service(), where, plans.revision("b"), place, now=datetime.now(UTC),
                       power=power.of(Home(Path("/nowhere"))))  # fmt: skip


@pytest.fixture
def stable(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stable served so many requests a second, of which this share failed, for an hour."""

    def seen(per_s: float, rate: float) -> None:
        now = datetime.now(UTC)
        rows = [
            codec.encode(Sample("shop-aaaaaaaaaaaa", now - timedelta(seconds=3600 - 10 * n), int(per_s * 10) * n,
                                round(per_s * 10 * rate * n)))
            for n in range(360)
        ]  # fmt: skip
        monkeypatch.setattr(reader, "history", lambda path, environment, service, since: rows)
        assert since_is_an_hour(reader.history(Path(), "", "", time.time()))

    return seen


def since_is_an_hour(rows: list[Any]) -> bool:
    return len(rows) == 360


def test_declared_traffic_is_planned_with() -> None:
    made = planned(requests_per_minute=40.0)
    assert made.power[0].startswith("at 40 requests a minute and 30%, 2 hours find a ")
    assert "declared traffic" in made.power[0]
    assert made.underpowered
    assert any(line.startswith("would help: ") for line in made.power)


def test_the_traffic_of_the_last_hour_is_planned_with(stable: Any) -> None:
    stable(500.0, 0.01)
    made = planned()
    assert made.power[0].startswith("at 30,000 requests a minute and 30%")
    assert "0.01 of stable's fail" in made.power[0]
    assert "in time" in made.power[1]
    assert not made.underpowered


def test_more_traffic_finds_smaller_rises(stable: Any) -> None:
    found = []
    for per_s in (2.0, 50.0, 1000.0):
        stable(per_s, 0.01)
        words = planned().power[0]
        found.append(float(words.split(" find a ")[1].split("x rise")[0]))
    assert found == sorted(found, reverse=True)
    assert found[0] > 2 * found[-1]


def test_unknown_traffic_is_said_and_nothing_is_made_up() -> None:
    made = planned()
    assert made.power == (
        "no traffic of stable is known: what this canary can find cannot be said (`requests_per_minute` declares it)",
    )


def test_an_underpowered_canary_is_refused_where_that_is_declared() -> None:
    with pytest.raises(PlanRefused, match="underpowered"):
        planned(requests_per_minute=40.0, underpowered=Underpowered.REFUSE)
    assert not planned(requests_per_minute=400_000.0, underpowered=Underpowered.REFUSE).underpowered


def test_a_service_without_errors_is_proven_by_its_level(stable: Any) -> None:
    stable(20.0, 0.0)
    compared = planned()
    level = planned(metric=Metric("errors", Kind.RATE, margin=2.0, enough=0.01))
    assert "too many for its time" in compared.power[1]
    assert "in time" in level.power[1]


def test_a_level_below_what_stable_does_cannot_be_proven_by_itself(stable: Any) -> None:
    stable(20.0, 0.2)
    made = planned(metric=Metric("errors", Kind.RATE, margin=2.0, enough=0.01))
    assert "is proven after about" in made.power[1]  # by the comparison


def test_the_exposure_of_steps_and_ramps() -> None:
    share, seconds = power.exposure(planned())
    assert (share, seconds) == (pytest.approx((0.1 * 3600 + 0.5 * 3600) / 7200), 7200.0)
    ramp = planned(Strategy("canary", ramp=Budget(deadline=timedelta(minutes=20))))
    assert power.exposure(ramp) == (0.5, 1200.0)


def test_the_plan_prints_it_in_80_columns() -> None:
    lines = text.render(planned(requests_per_minute=40.0)).splitlines()
    assert "the judge:" in lines
    assert any("rise in errors" in line for line in lines)
    assert any("underpowered: hold" in line for line in lines)
    assert max(map(len, lines)) <= 80
