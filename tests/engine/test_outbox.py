"""Every receiver gets every event, in order, once per key, whatever happens to it or to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.harness import Bench, eventually
from seaway.engine import outbox
from seaway.errors import NotReachable, Refused
from support import simulated


class Receiver:
    def __init__(self) -> None:
        self.got: list[str] = []
        self.calls = 0
        self.trouble: Exception | None = None
        self.refuses: set[str] = set()
        self.knows_last = True

    def deliver(self, key: str, event: Mapping[str, Any]) -> None:
        self.calls += 1
        if self.trouble:
            raise self.trouble
        if event["customData"]["seaway"]["event"] in self.refuses:
            raise Refused("this is no event of mine")
        if key not in self.got:
            self.got.append(key)

    def last(self) -> str:
        return self.got[-1] if self.knows_last and self.got else ""


@pytest.fixture
def receiver(bench: Bench) -> Receiver:
    made = Receiver()
    bench.hands = simulated.SimulatedHands(receivers={"file": made})
    return made


def keys(bench: Bench) -> list[str]:
    return [event["context"]["id"] for _, event in bench.engine.events_after(0)]


def test_events_arrive_in_order_and_once(bench: Bench, receiver: Receiver) -> None:
    with bench.running():
        bench.release("a")
        eventually(lambda: len(receiver.got) == len(keys(bench)))
        assert receiver.got == keys(bench)
        assert receiver.calls == len(receiver.got)


@pytest.mark.parametrize("knows_last", [True, False])
def test_a_new_engine_goes_on_where_the_old_one_was(bench: Bench, receiver: Receiver, knows_last: bool) -> None:
    receiver.knows_last = knows_last
    with bench.running():
        bench.release("a")
        eventually(lambda: len(receiver.got) == len(keys(bench)))
    with bench.running():
        bench.release("b")
        eventually(lambda: len(receiver.got) == len(keys(bench)))
        assert receiver.got == keys(bench)
        assert receiver.calls == len(receiver.got)


def test_a_receiver_that_is_away_gets_everything_later(
    bench: Bench, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_FIRST_PAUSE", 0.05)
    receiver.trouble = NotReachable("connection refused")
    with bench.running() as engine:
        bench.release("a")
        eventually(lambda: "receiver file: connection refused" in engine.health()["problems"])
        receiver.trouble = None
        eventually(lambda: receiver.got == keys(bench))
        eventually(lambda: engine.health()["ok"])


def test_one_event_that_is_refused_for_good_does_not_block_the_rest(bench: Bench, receiver: Receiver) -> None:
    receiver.refuses.add("rollout.started")
    with bench.running():
        bench.release("a")
        eventually(lambda: len(receiver.got) == len(keys(bench)) - 1)


def test_a_receiver_that_was_named_later_gets_what_comes_then(bench: Bench) -> None:
    late = Receiver()
    with bench.running():
        bench.release("a")
        known = keys(bench)
        bench.hands._receivers["late"] = late
        bench.release("b")
        eventually(lambda: late.got == keys(bench)[len(known) :])
