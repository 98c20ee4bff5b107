"""CODEOWNERS of GitHub and GitLab: who has to be asked about a change of which path.

The last pattern that fits a path counts, in GitLab once per section; a pattern without owners takes them away, or has those of its
section. Patterns are compared folder by folder, so that none of them takes long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from seaway.model.span import Span

MAX_PATTERNS = 5_000
_SECTION = re.compile(r"\^?\[(?P<name>[^\]\n]+)\](?:\[\d+\])?(?P<owners>[^#\n]*)")
_ENTRY = re.compile(r"(?P<pattern>(?:\\.|[^\s#\\])(?:\\.|[^\s\\])*)(?P<owners>[^#\n]*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `section`: "" outside of any."""

    pattern: str
    owners: tuple[str, ...]
    section: str
    span: Span


@dataclass(frozen=True, slots=True)
class Owners:
    """One file."""

    path: str
    entries: tuple[Entry, ...]
    span: Span

    def of(self, path: str) -> tuple[str, ...]:
        """Who owns a path of the repository."""
        last: dict[str, tuple[str, ...]] = {}
        for one in self.entries:
            if matches(one.pattern, path):
                last[one.section] = one.owners
        return tuple(dict.fromkeys(owner for owners in last.values() for owner in owners))


def parse(text: str, path: str) -> list[Owners]:
    """The file's entries; lines that are none are left out."""
    entries: list[Entry] = []
    section, start = "", 0
    defaults: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        said = line.strip()
        head = _SECTION.match(said)
        if head:
            section, defaults = head["name"].strip().lower(), tuple(head["owners"].split())
        elif said and not said.startswith(("#", "!")) and len(entries) < MAX_PATTERNS:
            found = _ENTRY.match(said)
            if found:
                column = len(line) - len(line.lstrip()) + 1
                span = Span(
                    path, number, column, number, column + len(said), start + column - 1, start + column - 1 + len(said)
                )
                owners = tuple(found["owners"].split()) or defaults
                entries.append(Entry(re.sub(r"\\(.)", r"\1", found["pattern"]), owners, section, span))
        start += len(line) + 1
    first = text.split("\n", 1)[0]
    return [Owners(path, tuple(entries), Span(path, 1, 1, 1, len(first) + 1, 0, len(first)))]


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern is about a path: itself, or a folder above it (but `docs/*` is about no folder below `docs`)."""
    parts, shape = path.split("/"), pattern.strip("/").split("/")
    if not pattern.startswith("/") and len(shape) == 1:
        shape = ["**", *shape]
    reached = {0}  # how many parts of the path are used up
    for part in shape:
        if part == "**":
            reached = set(range(min(reached), len(parts) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], part)}
    whole = len(parts) in reached and not pattern.endswith("/")
    below = any(0 < at < len(parts) for at in reached)
    return whole or (
        below and (pattern.endswith("/") or shape[-1] not in {"*", "**"} or (shape[-1] == "*" and shape[0] == "**"))
    )
