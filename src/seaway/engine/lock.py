"""One engine per state folder: an exclusive lock, taken before anything else happens. Used by `engine`.

The lock is the kernel's, so it ends with its process, however that ends. A stopped process still holds it: then, and only when
its heartbeat has expired, `take_over` puts a new lock file in its place. The old engine finds its epoch outdated and ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from seaway.engine import lease
from seaway.errors import Conflict


class Lock:
    """The lock file `path` of a state folder whose database is `database`."""

    def __init__(self, path: Path, database: Path, *, wall: Callable[[], float] = time.time) -> None:
        self._path = path
        self._database = database
        self._wall = wall
        self._file = -1

    def acquire(self, *, take_over: bool = False) -> None:
        """Take the lock. Raises Conflict with the holder's process when it is held, and with `take_over` when it lives."""
        for _ in range(10):
            if self._try(self._path):
                return
            if not take_over:
                pid = self._holder()
                raise Conflict(
                    f"another control plane runs on {self._path.parent}: process {pid}",
                    hint=f"it is used by every command; if it hangs: kill {pid}, or seaway serve --take-over",
                )
            self._take_over()
            if self._file >= 0:
                return
        raise Conflict(f"{self._path} changes hands all the time", hint="try again")

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _try(self, path: Path) -> bool:
        """True with the lock on the file that `path` names now; a file that was replaced meanwhile is tried again."""
        while True:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return False
            if path.exists() and path.stat().st_ino == os.fstat(file).st_ino:
                self._sign(file)
                return True
            os.close(file)

    def _take_over(self) -> None:
        """Replace the lock file of an engine that gives no sign of life; one who tries this at a time."""
        gate = os.open(self._path.with_suffix(".take-over"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            if self._try(self._path):
                return
            self._expect_silence()
            fresh = self._path.with_suffix(f".{os.getpid()}")
            fresh.unlink(missing_ok=True)
            if self._try(fresh):
                fresh.replace(self._path)
        finally:
            os.close(gate)

    def _expect_silence(self) -> None:
        """Raise Conflict unless the holder's heartbeat is older than EXPIRY, and does not beat while we look."""
        pid, holder = self._holder(), lease.last_holder(self._database)
        signed = self._path.stat().st_mtime
        last = max(holder.heartbeat if holder else 0.0, signed)
        age = self._wall() - last
        if age < lease.EXPIRY:
            raise Conflict(
                f"the control plane (process {pid}) gave a sign of life {max(0.0, age):.0f} s ago; "
                f"it is replaced only after {lease.EXPIRY:.0f} s of silence",
                hint=f"kill {pid}, or try again later",
            )
        until = time.monotonic() + lease.BEAT + 1.0  # a clock that jumped makes a living engine look silent
        while time.monotonic() < until:
            if lease.last_holder(self._database) != holder:
                raise Conflict(f"the control plane (process {pid}) lives", hint=f"kill {pid}")
            time.sleep(0.1)

    def _sign(self, file: int) -> None:
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps({"pid": os.getpid()}).encode(), 0)
        self._file = file

    def _holder(self) -> int:
        try:
            return int(json.loads(self._path.read_bytes())["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0
