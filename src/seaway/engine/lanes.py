"""Threads that speak to foreign systems, kept apart by system: a slow one fills its own lane and nobody else's.

Used by `desk` for effects, by `watch` for looks and by `standing`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

WIDTH = 4  # calls at a time to one system
THREADS = 64  # in all; made when they are needed

_log = structlog.get_logger(__name__)


class Lanes:
    """Work by place, first come first served. `begin` is called at the start of each thread."""

    def __init__(self, begin: Callable[[], None] = lambda: None, *, width: int = WIDTH, threads: int = THREADS) -> None:
        self._width = width
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hands", initializer=begin)
        self._lock = threading.Lock()
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[Callable[[], None]]] = {}
        self._closed = False

    def submit(self, place: str, work: Callable[[], None]) -> None:
        """Do the work in a thread, when the place has room."""
        with self._lock:
            if self._closed:
                return
            if self._running.get(place, 0) >= self._width:
                self._waiting.setdefault(place, deque()).append(work)
                return
            self._running[place] = self._running.get(place, 0) + 1
            self._pool.submit(self._run, place, work)

    def backlog(self) -> int:
        """How much work waits for room."""
        with self._lock:
            return sum(len(waiting) for waiting in self._waiting.values())

    def close(self, *, wait: bool = True) -> None:
        """Nothing new begins; `wait` for what runs."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def _run(self, place: str, work: Callable[[], None]) -> None:
        following: Callable[[], None] | None = work
        while following is not None:
            try:
                following()
            except Exception:  # noqa: BLE001 - the thread goes on with other work; each kind of work handles what it can expect
                _log.exception("work failed", place=place)
            following = self._next(place)

    def _next(self, place: str) -> Callable[[], None] | None:
        with self._lock:
            waiting = self._waiting.get(place)
            if waiting:
                return waiting.popleft()
            self._waiting.pop(place, None)
            self._running[place] -= 1
            if not self._running[place]:
                del self._running[place]
            return None
