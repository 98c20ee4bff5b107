"""Follows the access log: each whole line once, through renamed and dropped files. Called by `adapters.metrics.access_log`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

from seaway.adapters import _envoy_records
from seaway.adapters._envoy_files import Layout

_PIECE = 1024 * 1024  # bytes read at once; a line is about 150
_HEAD = 512  # bytes that tell one file from another that got its inode

_File: TypeAlias = tuple[int, bytes]  # inode and first line


class Follower:
    """New lines of one gateway's access log. Not for several threads at once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._read: dict[_File, int] = {}  # bytes that were taken of each file
        self._newest: _File | None = None  # the newest file at the last look
        self._begun = False

    def follow(self, take: Callable[[bytes], object]) -> bool:
        """Hand over what was written since the last call. False, and nothing, when counting begins anew from here.

        That is so at the first call, and when lines were lost unread: files were dropped, truncated or replaced. Raises OSError.
        """
        with _envoy_records.locked(self._layout, fcntl.LOCK_SH), ExitStack() as stack:
            files = self._open(stack)
            whole = self._begun and not self._lost(files)
            read = self._read if whole else {}
            self._begun, self._newest = True, next(reversed(files), None)
            self._read = {file: read.get(file, 0) for file in files}
            for file, handle in files.items():
                self._advance(file, handle, take if whole else _ignore)
            return whole

    def _open(self, stack: ExitStack) -> dict[_File, int]:
        """The files that hold a line, oldest first, with their handles."""
        files: dict[_File, int] = {}
        for path in (*_envoy_records.rotated(self._layout), self._layout.access_log):
            handle = _opened(path)
            if handle is not None:
                stack.callback(os.close, handle)
                head = os.pread(handle, _HEAD, 0)
                line, end, _ = head.partition(b"\n")
                if end or len(head) == _HEAD:
                    files[os.fstat(handle).st_ino, line] = handle
        return files

    def _lost(self, files: dict[_File, int]) -> bool:
        """The newest file is gone, and perhaps others that came after it; or one is shorter than what was read of it."""
        if self._newest and self._newest not in files:
            return True
        return any(os.fstat(handle).st_size < self._read.get(file, 0) for file, handle in files.items())

    def _advance(self, file: _File, handle: int, take: Callable[[bytes], object]) -> None:
        """Whole lines only: the one that is being written is read again. A piece without any line is foreign, and skipped."""
        while piece := os.pread(handle, _PIECE, self._read[file]):
            end = piece.rfind(b"\n") + 1 or (len(piece) if len(piece) == _PIECE else 0)
            if not end:
                return
            self._read[file] += end
            for line in piece[:end].split(b"\n"):
                take(line)


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _ignore(_line: bytes) -> None:
    """What was written before counting began."""
