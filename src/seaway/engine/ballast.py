"""Room for the worst moment: a file that is given up when the disk is full, so that an abort can still be written down.

Used by `engine`; the database frees it when it meets a full disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

SIZE = 2 * 1024 * 1024  # bytes
LOW = 50 * 1024 * 1024  # bytes: below this no rollout starts, and running ones hold


class Ballast:
    """The file `path` on the disk of the state folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def free(self) -> int:
        """Bytes that are free on the disk."""
        return shutil.disk_usage(self._path.parent).free

    def is_low(self) -> bool:
        """True when no rollout should start."""
        return self.free() < LOW

    def drop(self) -> bool:
        """Give the room away; True when there was any."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def keep(self) -> None:
        """Make the file again, when there is room enough for it and for everything else."""
        if self._path.exists() or self.free() < LOW + SIZE:
            return
        with contextlib.suppress(OSError):  # no room after all: the next look tries again
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, SIZE)
            finally:
                os.close(descriptor)
