"""What a pipeline's file refers to, as text. Made by `app.pipelines`, asked by the readers; tests give a dictionary."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

MAX_FILES = 200  # that one pipeline may pull in
MAX_INCLUDE_DEPTH = 20


def _nothing(_library: str, _path: str) -> str | None:
    return None


def _none() -> Iterable[str]:
    return ()


@dataclass(slots=True)
class Sources:
    """`file`: text of a path in the repository, None where there is none. `library`: of a path in a library that the user
    named (`--library name=folder`). Paths never leave their root: `inside` is asked first.
    """

    file: Callable[[str], str | None]
    library: Callable[[str, str], str | None] = _nothing
    paths: Callable[[], Iterable[str]] = _none  # all files of the repository, for names with `*`
    read: list[str] = field(default_factory=list)

    def local(self, path: str, beside: str = "") -> str | None:
        """The text of a file of the repository; `beside`: relative to this file's folder. None: not there, or outside."""
        place = inside(path, beside)
        if place is None or len(self.read) >= MAX_FILES:
            return None
        text = self.file(place)
        if text is not None:
            self.read.append(place)
        return text

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The repository's files that a pattern names, in order: `*` within one folder, `**` through all below."""
        shape = pattern.lstrip("/").replace("**.", "**/*.").split("/")
        return tuple(sorted(path for path in self.paths() if _fits(path.split("/"), shape))[:MAX_FILES])

    def foreign(self, library: str, path: str) -> str | None:
        """The text of a file of a named library."""
        place = inside(path)
        if place is None or len(self.read) >= MAX_FILES:
            return None
        text = self.library(library, place)
        if text is not None:
            self.read.append(f"{library}:{place}")
        return text


def _fits(path: list[str], shape: list[str]) -> bool:
    """Folder by folder, in time proportional to the product of both lengths."""
    reached = {0}  # how many parts of the path are used up
    for part in shape:
        if part == "**":
            reached = set(range(min(reached), len(path))) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(path) and fnmatch.fnmatchcase(path[at], part)}
    return len(path) in reached


def inside(path: str, beside: str = "") -> str | None:
    """The path from the root of the repository, or None where it leaves it. A leading `/` means that root."""
    if "\0" in path or "\\" in path:
        return None
    start = "" if path.startswith("/") else posixpath.dirname(beside)
    place = posixpath.normpath(posixpath.join(start, path.lstrip("/")))
    return None if place.startswith("..") or place in {".", "/"} else place


def from_mapping(files: Mapping[str, str], libraries: Mapping[tuple[str, str], str] | None = None) -> Sources:
    """Sources from texts in memory."""
    known = dict(libraries or {})
    return Sources(files.get, lambda name, path: known.get((name, path)), lambda: files)
