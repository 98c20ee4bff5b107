"""The engine's clock: deadlines must fire on time even when somebody sets the machine's clock. Used by every part of the engine.

Documents hold wall-clock times, for people. The engine's own time is the wall clock at its start plus the time that has
really passed since (suspended time included), so a jump of the wall clock moves nothing. Only a moment of the calendar
(`pause until`) follows the wall clock itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

TOLERANCE = 1.0  # seconds between the two clocks that are no jump


def _passed() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """`wall`: seconds since 1970, may jump; `passed`: seconds since any moment, never jumps. Both are given in tests."""

    def __init__(self, wall: Callable[[], float] = time.time, passed: Callable[[], float] = _passed) -> None:
        self._wall = wall
        self._passed = passed
        self._lock = threading.Lock()
        self._offset = wall() - passed()

    def now(self) -> datetime:
        """The engine's time, UTC: never jumps."""
        return datetime.fromtimestamp(self._passed() + self._offset, UTC)

    def wall(self) -> datetime:
        """What the machine's clock says, UTC: may jump."""
        return datetime.fromtimestamp(self._wall(), UTC)

    def passed(self) -> float:
        """Seconds since some fixed moment: for intervals."""
        return self._passed()

    def due(self, moment: datetime) -> float:
        """The value of `passed` at which this moment of the engine's time comes."""
        return moment.timestamp() - self._offset

    def drift(self) -> float:
        """Seconds that the wall clock is ahead of the engine's time."""
        return self._wall() - self._passed() - self._offset

    def follow(self) -> float:
        """Take the wall clock's time, because nothing waits for a deadline; returns the jump in seconds, 0.0 for none."""
        with self._lock:
            jump = self.drift()
            if abs(jump) <= TOLERANCE:
                return 0.0
            self._offset += jump
            return jump
