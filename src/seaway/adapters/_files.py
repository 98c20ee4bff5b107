"""What adapters keep on disk: atomic files, the fence at the point of effect, and who is who among processes.

Called by the adapters that keep state (targets, routers) and by `adapters._kept`. A full disk is `errors.Full` here.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seaway import errors
from seaway.adapters import _disk
from seaway.adapters._procfs import alive, boot_id, start_time
from seaway.model.instance import Fence

__all__ = [
    "Held",
    "alive",
    "boot_id",
    "check_fence",
    "fenced",
    "read_json",
    "replace",
    "room",
    "start_time",
    "sync_folder",
]

_PATIENCE = 10.0  # seconds that a holder of the fence may take before a newer owner no longer waits for it


@contextmanager
def room(place: Path) -> Iterator[None]:
    """Turns "no space left" of any file call inside into `errors.Full`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        hint = f"make room on the disk that holds {place}, then `seaway rollout retry`"
        raise errors.Full(f"no space left for {place}", hint=hint) from error


def replace(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write the file atomically: readers see the old or the new content, whole (0600). Raises Full.

    `durable`: file and folder reach the disk before this returns; without it a crash of any process is survived, a power
    cut is not.
    """
    with room(path):
        _disk.replace(os.fspath(path), data, durable=durable)


def sync_folder(folder: Path) -> None:
    """Make renames inside the folder survive a power cut. Raises Full."""
    with room(folder):
        _disk.sync_folder(os.fspath(folder))


def read_json(path: Path) -> Any | None:
    """The JSON document, None when it is missing or no JSON."""
    return _disk.load(os.fspath(path))


@dataclass(frozen=True, slots=True)
class Held:
    """A fence that is held: `check` right before each single effect."""

    handle: int
    lock: Path
    fence: Fence

    def check(self) -> None:
        """Raises Fenced when a newer owner no longer waited for this one (it had been stopped for long)."""
        if not _same_file(self.handle, self.lock):
            raise _fenced(self.fence, "a newer one")


@contextmanager
def fenced(folder: Path, fence: Fence) -> Iterator[Held]:
    """Hold the scope's fence in `folder` during an effect. Raises Fenced for a lower epoch than the highest seen; remembers a higher one.

    Raises Conflict (retry) when another caller of the same epoch holds it for more than 10 s; a *higher* epoch than the
    recorded one does not wait longer than that for a stopped holder: it replaces the lock, and `Held.check` tells the other.
    Raises Full when a higher epoch cannot be recorded.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock, record = folder / f"{quote(fence.scope, safe='')}.lock", folder / f"{quote(fence.scope, safe='')}.json"
    handle = _lock(lock, record, fence)
    try:
        highest = _highest(record)
        if fence.epoch < highest:
            raise _fenced(fence, str(highest))
        if fence.epoch > highest:
            replace(record, b'{"epoch": %d}' % fence.epoch)
        yield Held(handle, lock, fence)
    finally:
        os.close(handle)


def check_fence(folder: Path, fence: Fence) -> None:
    """As `fenced`, for effects that end with their call. Raises Fenced."""
    with fenced(folder, fence):
        return


def _highest(record: Path) -> int:
    document = read_json(record)
    return int(document["epoch"]) if isinstance(document, dict) else 0


def _lock(lock: Path, record: Path, fence: Fence) -> int:
    until = time.monotonic() + _PATIENCE
    with room(lock):
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < until:
                time.sleep(0.002)
                continue
            os.close(handle)
            if fence.epoch <= _highest(record):
                message = f"another caller has been changing {fence.scope} for more than {_PATIENCE:g} s"
                raise errors.Conflict(message, hint="look for a stopped `seaway serve` and end it") from None
            _replace_lock(lock)
            until = time.monotonic() + _PATIENCE
        else:
            if _same_file(handle, lock):
                return handle
            os.close(handle)  # it was replaced while this one waited
        with room(lock):
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _replace_lock(lock: Path) -> None:
    replace(lock, b"", durable=False)


def _same_file(handle: int, path: Path) -> bool:
    mine = os.fstat(handle)
    try:
        there = path.stat()
    except OSError:
        return False
    return (mine.st_ino, mine.st_dev) == (there.st_ino, there.st_dev)


def _fenced(fence: Fence, highest: str) -> errors.Fenced:
    message = f"epoch {fence.epoch} no longer owns {fence.scope}: {highest} has taken over"
    return errors.Fenced(message, hint="this control plane ends; the newer one goes on")
