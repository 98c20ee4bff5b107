"""Keeps artifacts as read-only folders named by their digest: what a rollback runs from. Made by `app`, called when a plan is made.

A copy is complete or it is not there: it grows under another name, reaches the disk, and gets its name by one rename.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from seaway import errors
from seaway.adapters import _tree
from seaway.adapters._files import room
from seaway.adapters._tree import Changed, Entry
from seaway.ports.artifacts import Stored

Result = TypeVar("Result")

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PARTIAL = re.compile(r"[0-9a-f]{64}\.partial-[0-9]+")
_PATIENCE = 120.0  # seconds that another store may take
_ATTEMPTS = 3  # of copying a source that changes meanwhile


class Folder:
    """Copies below `folder`, which is made when the first one is stored. One store or prune at a time, over all processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, source: str, exclude: tuple[str, ...]) -> str:
        return self._settled(source, lambda root: self._digest(root, exclude))

    def store(self, source: str, exclude: tuple[str, ...]) -> Stored:
        with self._alone():
            self._sweep()
            return self._settled(source, lambda root: self._store(root, exclude))

    def prune(self, keep: frozenset[str]) -> tuple[str, ...]:
        if not self._folder.is_dir():
            return ()
        with self._alone():
            self._sweep()
            removed = sorted(
                entry.name
                for entry in self._folder.iterdir()
                if _DIGEST.fullmatch(entry.name) and entry.name not in keep
            )
            for digest in removed:
                leaving = self._folder / f"{digest}.partial-{os.getpid()}"
                (self._folder / digest).rename(leaving)  # nobody finds half of a copy
                _remove(leaving)
        return tuple(removed)

    def _settled(self, source: str, act: Callable[[Path], Result]) -> Result:
        """Do it again when the source changes under the hands: half of one state and half of another was never tested."""
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(Changed):
                return act(Path(source))
        hint = "wait until the build is done, then try again"
        raise errors.Conflict(f"{source} keeps changing while it is read", hint=hint)

    def _entries(self, root: Path, exclude: tuple[str, ...]) -> list[Entry]:
        return _tree.entries(root, exclude, self._folder.resolve())

    def _digest(self, root: Path, exclude: tuple[str, ...]) -> str:
        return _tree.digest(
            (entry, _tree.content(_place(root, entry)) if entry.kind in "fx" else "")
            for entry in self._entries(root, exclude)
        )

    def _store(self, root: Path, exclude: tuple[str, ...]) -> Stored:
        digest = self._digest(root, exclude)
        final = self._folder / digest
        if final.is_dir():
            return Stored(str(final), digest)
        partial = self._folder / f"{digest}.partial-{os.getpid()}"
        try:
            with room(self._folder):
                if self._copy(root, self._entries(root, exclude), partial) != digest:
                    raise Changed(root)
                _seal(partial)
                partial.rename(final)
                _sync(self._folder)
        finally:
            _remove(partial)
        return Stored(str(final), digest)

    def _copy(self, root: Path, entries: list[Entry], partial: Path) -> str:
        """Copy the entries; the digest of what was copied, which is not always what was there a moment before."""
        partial.mkdir(mode=0o700)
        contents = []
        for entry in entries:
            place, found = partial / entry.name, ""
            if entry.kind == "d":
                place.mkdir(mode=0o700)
            elif entry.kind == "l":
                place.symlink_to(entry.target)
            else:
                mode = 0o500 if entry.kind == "x" else 0o400
                into = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
                try:
                    found = _tree.content(_place(root, entry), into)
                    os.fchmod(into, mode)
                finally:
                    os.close(into)
            contents.append((entry, found))
        return _tree.digest(contents)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of the folder. It ends with its process, so a killed store leaves a partial copy but no lock."""
        with room(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + _PATIENCE
            while not _locked(handle):
                if time.monotonic() > until:
                    message = f"another process has been storing an artifact in {self._folder} for {_PATIENCE:g} s"
                    raise errors.Conflict(message, hint=f"fuser {self._folder / '.lock'}")
                time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        """Remove what a killed store or prune left. Whoever holds the lock is the only one at work, so every partial is dead."""
        for entry in self._folder.iterdir():
            if _PARTIAL.fullmatch(entry.name):
                _remove(entry)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _place(root: Path, entry: Entry) -> Path:
    return root / entry.name if root.is_dir() else root


def _seal(partial: Path) -> None:
    """Everything on the disk, and nothing writable: first all files, so that the disk can take them in one go, then folders."""
    folders = []
    for folder, _, files in os.walk(partial):
        folders.append(Path(folder))
        for name in files:
            file = Path(folder) / name
            if not file.is_symlink():
                _sync(file)
    for place in reversed(folders):
        place.chmod(0o500)
        _sync(place)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(partial: Path) -> None:
    if not partial.exists():
        return
    for folder, _, _ in os.walk(partial):
        Path(folder).chmod(0o700)
    shutil.rmtree(partial)
