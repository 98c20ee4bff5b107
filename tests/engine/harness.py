"""An engine on a simulated data plane, started and stopped by tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seaway.engine.engine import Engine
from seaway.model.plan import Plan
from seaway.model.rollout import Rollout, State
from seaway.plan import identity
from support import plans, simulated
from support.home import Home


@dataclass
class Bench:
    """One state folder and one data plane; engines come and go."""

    root: Path
    hands: simulated.SimulatedHands = field(default_factory=simulated.SimulatedHands)
    engine: Engine = None  # type: ignore[assignment]

    @property
    def lies(self) -> simulated.Lies:
        return self.hands.world.lies

    @contextmanager
    def running(self, **options: Any) -> Iterator[Engine]:
        self.engine = Engine(Home(self.root), self.hands, **options)
        self.engine.start()
        try:
            yield self.engine
        finally:
            self.engine.stop()

    def submit(self, letter: str = "b", *, key: str = "", plan: Plan | None = None, **how: Any) -> str:
        made = plan or plans.plan(letter, self.engine.placement("production", "shop"), **how)
        return self.engine.submit(made, identity.plan_hash(made), actor="ann", key=key)

    def until(self, rollout: str, is_so: Callable[[Rollout], bool], seconds: float = 90.0) -> Rollout:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            now = self.engine.rollout(rollout)
            assert now is not None
            if is_so(now):
                return now
            time.sleep(0.005)
        raise AssertionError(f"{now.state}, {now.waiting}, {now.reason}")

    def ended(self, rollout: str, state: State = State.SUCCEEDED) -> Rollout:
        found = self.until(rollout, lambda now: now.state.terminal and self.engine._desk.case(rollout) is None)
        assert found.state is state, found.reason
        return found

    def release(self, letter: str, **how: Any) -> Rollout:
        return self.ended(self.submit(letter, **how))

    def log(self) -> list[str]:
        with self.hands.world.state() as state:
            return list(state["log"])

    def events(self, rollout: str = "") -> list[str]:
        found = self.engine.events_after(0, rollout=rollout)
        return [event["customData"]["seaway"]["event"] for _, event in found]


def eventually(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it does not happen")
