"""Whose turn it is to write. Used by `database.Gate`.

Decisions and people's words go before the journal of effects: under load a deadline is decided in time, and what follows from
it takes its turn.
"""

from __future__ import annotations

import threading
from collections import deque


class Turnstile:
    """A lock that is handed over in order, to hurried threads first. `be_patient` makes the calling thread a patient one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._hurried: deque[threading.Lock] = deque()
        self._patient: deque[threading.Lock] = deque()
        self._mood = threading.local()

    def be_patient(self) -> None:
        """From now on this thread lets others go first."""
        self._mood.patient = True

    def acquire(self) -> None:
        """Wait for the turn."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            (self._patient if getattr(self._mood, "patient", False) else self._hurried).append(mine)
        mine.acquire()

    def release(self) -> None:
        """Hand the turn to the next one."""
        with self._lock:
            queue = self._hurried or self._patient
            if queue:
                queue.popleft().release()
            else:
                self._taken = False
