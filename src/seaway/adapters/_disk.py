"""Files that survive a crash at any instruction, and logs that stay bounded. OSError passes through as it is.

Called by the keeper (so: standard library only, few imports); other adapters use `adapters._files`, which says `Full`.
"""

# The keeper loads this, and pathlib would add a megabyte to every keeper:
# ruff: noqa: PTH104, PTH108, PTH110, PTH116, PTH118, PTH123

from __future__ import annotations

import json
import os
from typing import Any


def replace(path: str, data: bytes, *, durable: bool = True) -> None:
    """Write `path` atomically through a file beside it (0600); `durable`: it also survives a power cut. Raises OSError."""
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{name}.{os.urandom(6).hex()}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(file, view) :]
            if durable:
                os.fsync(file)
        finally:
            os.close(file)
        os.rename(beside, path)
    except OSError:
        os.unlink(beside)
        raise
    if durable:
        sync_folder(folder)


def sync_folder(folder: str) -> None:
    """Make renames inside the folder survive a power cut."""
    handle = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load(path: str) -> Any:
    """The JSON document at `path`, None when it is missing or torn."""
    try:
        with open(path, "rb") as file:
            return json.loads(file.read())
    except (OSError, ValueError):
        return None


def rotate(log: str, limit: int, files: int) -> None:
    """Copy a log above `limit` bytes aside and empty it (its writer keeps the file, whoever dies); keep `files` in all."""
    try:
        if os.stat(log).st_size <= limit:
            return
        for number in range(files - 1, 0, -1):
            older, newer = f"{log}.{number}", f"{log}.{number - 1}" if number > 1 else ""
            if newer and os.path.exists(newer):
                os.rename(newer, older)
        _copy(log, f"{log}.1")
    except OSError:
        pass  # no room to copy: a bounded log is worth more than the last lines of it
    try:
        os.truncate(log, 0)
    except OSError:
        return


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as old, open(target, "wb") as new:
        while block := old.read(1 << 16):
            new.write(block)


def open_log(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)  # a service without a log beats none
