"""Answers that were given, by idempotency key: the same call again gets the same answer. Used by `web.api` for every POST.

The engine knows keys as well and acts once per key; this table adds that the *answer* is the same and that a key is not used for
two different things. So losing it (a full disk, a crash between act and answer) costs nothing but that comfort.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seaway.errors import KeyReused, UsageError

_KEPT = 7 * 86400  # seconds
_LONGEST = 200  # characters of a key

Answer = tuple[int, dict[str, Any]]


class Answers:
    """A small table of its own file; calls with one key wait for each other."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._turns = tuple(threading.Lock() for _ in range(64))
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        path.chmod(0o600)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, call TEXT, status INTEGER, body TEXT, at REAL)"
        )

    def once(self, key: str, call: Any, act: Callable[[], Answer]) -> Answer:
        """The stored answer of `key`, else the one of `act`. `call` (JSON) is what was asked for; who, where and what.

        Raises UsageError without a usable key and KeyReused when the key stands for another call.
        """
        if not 0 < len(key) <= _LONGEST or not key.isprintable():
            raise UsageError(
                f"a POST needs the header Idempotency-Key with 1 to {_LONGEST} printable characters",
                hint="send a fresh UUID, and the same one when you try again",
            )
        asked = hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()
        with self._turns[hash(key) % len(self._turns)]:
            given = self._given(key, asked)
            if given is None:
                given = act()
                self._keep(key, asked, given)
            return given

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _given(self, key: str, asked: str) -> Answer | None:
        with self._lock:
            row = self._database.execute("SELECT call, status, body FROM answers WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        if row[0] != asked:
            raise KeyReused("this Idempotency-Key was used for another call", hint="send a fresh key")
        return row[1], json.loads(row[2])

    def _keep(self, key: str, asked: str, given: Answer) -> None:
        now = self._clock()
        # A full disk must not turn an abort that was accepted into an error: see the docstring above.
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._database.execute("DELETE FROM answers WHERE at < ?", (now - _KEPT,))
            self._database.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                (key, asked, given[0], json.dumps(given[1]), now),
            )
