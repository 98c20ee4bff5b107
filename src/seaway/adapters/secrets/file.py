"""Secrets from files: `file:/path`. Called by the composition, late: when an instance starts."""

from __future__ import annotations

import os
import stat

from seaway.errors import NotFound, Refused

_LARGEST = 64 * 1024  # bytes; what is handed over in an environment is smaller


class File:
    """The content of a file of this user (or of root), readable by nobody else; one line break at the end is not part of it."""

    def resolve(self, name: str) -> str:
        with os.fdopen(_opened(name), "rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise Refused(
                f"file:{name} is larger than {_LARGEST // 1024} KiB", hint="hand the program the path instead"
            )
        try:
            text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise Refused(f"file:{name} is not text in UTF-8", hint="hand the program the path instead") from None
        if "\0" in text:
            raise Refused(f"file:{name} holds a NUL, which no variable can", hint="hand the program the path instead")
        if not text:
            raise NotFound(f"file:{name} is empty", hint=f"write the secret to {name}")
        return text

    def check(self, name: str) -> None:
        os.close(_opened(name))


def _opened(name: str) -> int:
    """A descriptor of the file, its owner and mode checked on the very file that is read."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"file:{name} is not there", hint=f"write the secret to {name}, then chmod 600 {name}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise NotFound(f"file:{name} cannot be read: {reason}", hint=f"ls -l {name}") from None
    try:
        _check(name, os.fstat(handle))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check(name: str, seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise NotFound(f"file:{name} is not a regular file", hint=f"ls -l {name}")
    if seen.st_uid not in (os.getuid(), 0):
        hint = f"chown {os.getuid()} {name}"
        raise Refused(f"file:{name} belongs to another user (uid {seen.st_uid})", hint=hint)
    if seen.st_mode & 0o077:
        mode = stat.S_IMODE(seen.st_mode)
        raise Refused(f"file:{name} is open to other users (mode {mode:o})", hint=f"chmod 600 {name}")
