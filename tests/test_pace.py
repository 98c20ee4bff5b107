"""A limit on time is about the work and not about the machine."""

from __future__ import annotations

import time

import pytest

from support import pace


def burn(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_work_within_its_limit_passes() -> None:
    with pace.within(1.0):
        burn(0.05)


def test_work_beyond_its_limit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "piece", lambda: pace.CALM)
    with pytest.raises(AssertionError, match=r"on a machine 1\.0 times slower"), pace.within(0.05):
        burn(0.1)


def test_a_slow_machine_gets_more_time_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "piece", lambda: 4 * pace.CALM)
    with pace.within(0.05):
        burn(0.1)
    with pytest.raises(AssertionError, match=r"on a machine 4\.0 times slower"), pace.within(0.05):
        burn(0.3)


def test_waiting_costs_nothing() -> None:
    """Other people's load makes everything late: that alone is nobody's fault."""
    with pace.within(0.1):
        time.sleep(0.3)


def test_lateness_beyond_what_the_crowd_explains_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "crowding", lambda: 2.0)
    with pace.promptly(0.5):
        time.sleep(0.6)
    with pytest.raises(AssertionError, match=r"2\.0 times as crowded"), pace.promptly(0.1):
        time.sleep(0.3)


def test_a_crowd_is_never_less_than_nobody() -> None:
    assert pace.crowding(0.05) >= 0.99
