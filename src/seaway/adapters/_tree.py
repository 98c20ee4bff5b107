"""A folder as its sorted entries and their digest; which names are left out. Called by `adapters.artifacts.folder`.

What counts: names, contents, the executable bit, and where symbolic links lead. Times, owners and other bits do not: a fresh
checkout of the same commit has the same digest.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from seaway import errors

# Version control, caches, and what describes the release rather than being part of it. A virtual environment or node_modules
# is not here: it may be what runs.
DEFAULT_EXCLUDE = (
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "CVS",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".DS_Store",
    "/seaway.yaml",
)
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One name below the root. kind: "d" folder, "f" file, "x" executable file, "l" link; `target` of a link only."""

    name: str
    kind: str
    target: str = ""


class Changed(Exception):
    """Something moved away while it was read."""


def entries(root: Path, exclude: tuple[str, ...], forbidden: Path) -> list[Entry]:
    """Everything below `root` but what is left out, a folder before its content. A root that is a file is its own only entry.

    Raises NotFound (no such place), Refused (what cannot be copied: sockets, links that lead outside, unreadable folders, or a root
    that holds `forbidden`, the place of the copies themselves), Changed.
    """
    try:
        mode = root.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        hint = "check `artifact` in seaway.yaml, or build it first"
        raise errors.NotFound(f"there is no artifact at {root}", hint=hint) from None
    except (OSError, ValueError) as error:
        _refuse(root, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if stat.S_ISREG(mode):
        return [Entry(root.name, _file_kind(mode))]
    if not stat.S_ISDIR(mode):
        _refuse(root, "is neither a folder nor a file")
    patterns = DEFAULT_EXCLUDE + exclude
    return sorted(_below(root, "", patterns, forbidden), key=lambda entry: os.fsencode(entry.name))


def excluded(name: str, is_folder: bool, patterns: Iterable[str]) -> bool:
    """Whether a path (with slashes) is left out. Without a slash a pattern is about the last name, wherever it stands; with one it
    is about the path from the root on. `*` stays within a name, `**` goes over any number; `/` at the end: folders only.
    """
    return any(_matches(name, is_folder, pattern) for pattern in patterns)


def digest(parts: Iterable[tuple[Entry, str]]) -> str:
    """sha256 (64 hex digits) over the entries in order, each with the sha256 of its content ("" where it has none)."""
    total = hashlib.sha256()
    for entry, content in parts:
        line = (entry.kind.encode(), os.fsencode(entry.name), os.fsencode(entry.target), content.encode())
        total.update(b"\0".join(line) + b"\0\0")
    return total.hexdigest()


def content(path: Path, into: int | None = None) -> str:
    """The sha256 of a file's content; `into`: a descriptor that gets a copy. Raises Changed, Refused."""
    found = hashlib.sha256()
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                found.update(block)
                if into is not None:
                    _write(into, block)
    except (FileNotFoundError, NotADirectoryError):
        raise Changed(path) from None
    except PermissionError:
        _refuse(path, "cannot be read by this user")
    return found.hexdigest()


def _write(descriptor: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]


def _below(root: Path, folder: str, patterns: tuple[str, ...], forbidden: Path) -> Iterator[Entry]:
    place = root / folder
    if place.resolve() == forbidden:
        hint = "add it to `exclude` in seaway.yaml, or set SEAWAY_HOME to a folder elsewhere"
        raise errors.Refused(f"the state folder lies inside the artifact: {place}", hint=hint)
    try:
        with os.scandir(place) as found:
            items = list(found)
    except (FileNotFoundError, NotADirectoryError):
        raise Changed(place) from None
    except PermissionError:
        _refuse(place, "cannot be read by this user")
    for item in items:
        name = f"{folder}/{item.name}" if folder else item.name
        is_folder = item.is_dir(follow_symlinks=False)
        if not excluded(name, is_folder, patterns):
            yield _entry(root, name, item)
            if is_folder:
                yield from _below(root, name, patterns, forbidden)


def _entry(root: Path, name: str, item: os.DirEntry[str]) -> Entry:
    try:
        mode = item.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            return Entry(name, "l", _checked(root, name, str(Path(item.path).readlink())))
    except FileNotFoundError:
        raise Changed(item.path) from None
    if stat.S_ISDIR(mode):
        return Entry(name, "d")
    if not stat.S_ISREG(mode):
        _refuse(Path(item.path), "is neither a file, a folder nor a link")
    return Entry(name, _file_kind(mode))


def _checked(root: Path, name: str, target: str) -> str:
    """Where a link leads: inside the artifact, or the copy would depend on what is elsewhere, and no rollback could restore it."""
    if target.startswith("/"):
        if not _is_interpreter(root / name):
            _refuse(root / name, f"is a link to {target}, outside of the copy", "make it a relative link, or add it")
        return target
    depth = name.count("/")
    for part in target.split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            _refuse(root / name, f"is a link to {target}, outside of the artifact", "copy what it leads to, or add it")
    return target


def _is_interpreter(link: Path) -> bool:
    """The link of a virtual environment to the machine's Python, which is no more part of an artifact than `python3` itself."""
    return link.parent.name == "bin" and (link.parent.parent / "pyvenv.cfg").is_file()


def _file_kind(mode: int) -> str:
    return "x" if mode & stat.S_IXUSR else "f"


def _matches(name: str, is_folder: bool, pattern: str) -> bool:
    if pattern.endswith("/"):
        if not is_folder:
            return False
        pattern = pattern.rstrip("/")
    if "/" not in pattern:
        return fnmatch.fnmatchcase(name.rpartition("/")[2], pattern)
    return _parts_match(tuple(name.split("/")), tuple(pattern.lstrip("/").split("/")))


@functools.lru_cache(maxsize=4096)
def _parts_match(name: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_parts_match(name[skipped:], pattern[1:]) for skipped in range(len(name) + 1))
    return bool(name) and fnmatch.fnmatchcase(name[0], pattern[0]) and _parts_match(name[1:], pattern[1:])


def _refuse(path: Path, reason: str, hint: str = "add it") -> NoReturn:
    raise errors.Refused(f"{path} {reason}", hint=f"{hint} to `exclude` in seaway.yaml")
