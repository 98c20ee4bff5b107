"""Is the engine well? The watchdog behind `/api/v1/health` and `seaway doctor`. Called by `engine`.

It finds what nobody would report by itself: a rollout that nobody has looked at, work that does not end, a watch that stands
still.
"""

from __future__ import annotations

from typing import Any

from seaway.engine.case import Case
from seaway.engine.clock import Clock
from seaway.engine.desk import Desk
from seaway.engine.lanes import Lanes
from seaway.engine.outbox import Outbox
from seaway.engine.standing import Standing
from seaway.engine.watch import SWEEP, Watch

PATIENCE = 15.0  # seconds beyond its own interval after which a rollout without a look is reported


class Health:
    """Looks at the parts of one engine."""

    def __init__(
        self,
        *,
        desk: Desk,
        watch: Watch,
        lanes: Lanes,
        standing: Standing,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._watch = watch
        self._lanes = lanes
        self._standing = standing
        self._outbox = outbox
        self._clock = clock

    def report(self) -> dict[str, Any]:
        """`ok`, the number of rollouts, the backlog of calls, and every problem as a sentence."""
        cases = self._desk.cases()
        problems = [words for case in cases if (words := self._about(case))]
        still = self._clock.passed() - self._watch.swept
        if still > PATIENCE + SWEEP:
            problems.append(f"the watch has stood still for {still:.0f} s")
        problems += [f"{place}: {words}" for place, words in self._standing.trouble().items()]
        problems += [f"receiver {name}: {words}" for name, words in self._outbox.trouble().items()]
        return {
            "ok": not problems,
            "rollouts": len(cases),
            "backlog": self._lanes.backlog(),
            "problems": problems,
        }

    def _about(self, case: Case) -> str:
        now = self._clock.passed()
        if case.busy and case.worked and now - case.worked > PATIENCE:
            return f"{case.id}: its present work has not ended for {now - case.worked:.0f} s"
        looks = case.wanted.instances or case.wanted.route
        silence = now - case.looked
        if looks and case.looked and silence > PATIENCE + case.wanted.every:
            return f"{case.id}: nobody has looked at it for {silence:.0f} s"
        return ""
