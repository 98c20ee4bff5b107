"""Receives events as lines of JSON in one file, for people, `tail -f` and log shippers. Called by the engine's outbox."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seaway.errors import Full, NotReachable

_REMEMBERED = 4096  # keys looked back at: the outbox redelivers at most what one crash left open
_TAIL = 4 * 1024 * 1024  # bytes read back after a start


class JsonLines:
    """Appends `{"key": ..., "event": {...}}` lines, each synced to disk, each key once, whatever crashes in between."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = -1  # of the file as this object last saw it; -1 = not read yet
        self._keys: deque[str] = deque(maxlen=_REMEMBERED)

    def deliver(self, key: str, event: Mapping[str, Any]) -> None:
        line = json.dumps({"key": key, "event": event}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        with self._locked() as file:
            self._catch_up(file)
            if key in self._keys:
                return
            self._append(file, line.encode() + b"\n")
            self._keys.append(key)

    def last(self) -> str:
        with self._locked() as file:
            self._catch_up(file)
        return self._keys[-1] if self._keys else ""

    def _locked(self) -> Any:
        """The open file under an exclusive lock, which closing it ends: a second engine waits its turn."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise _told(error, self._path) from error
        return os.fdopen(descriptor, "r+b", buffering=0)

    def _catch_up(self, file: Any) -> None:
        """Read what this object has not seen: all of the tail at first, what somebody else wrote later on."""
        size = os.fstat(file.fileno()).st_size
        if size == self._size:
            return
        start = max(0, size - _TAIL)
        file.seek(start)
        text = file.read()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):  # a line that a crash tore: its event comes again
            size = start + whole
            os.ftruncate(file.fileno(), size)
        lines = text[:whole].splitlines()[1 if start else 0 :]
        self._keys = deque(filter(None, map(_key, lines[-_REMEMBERED:])), maxlen=_REMEMBERED)
        self._size = size

    def _append(self, file: Any, line: bytes) -> None:
        file.seek(self._size)
        try:
            written = 0
            while written < len(line):
                written += file.write(line[written:])
            os.fsync(file.fileno())
        except OSError as error:
            os.ftruncate(file.fileno(), self._size)
            raise _told(error, self._path) from error
        self._size += len(line)


def _key(line: bytes) -> str:
    """The key of a line; "" for one that somebody else wrote or damaged: it is left alone."""
    try:
        document = json.loads(line)
    except ValueError:
        return ""
    return str(document.get("key", "")) if isinstance(document, dict) else ""


def _told(error: OSError, path: Path) -> Full | NotReachable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Full(f"no space left to write {path}", hint=f"df -h {path.parent}")
    return NotReachable(f"cannot write {path}: {error.strerror}", hint=f"ls -ld {path.parent}")
