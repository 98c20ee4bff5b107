"""The commits of a repository as columns: what `git log` said, in an order in which parents come first.

Made by `formats.history.git_log` and the commit store, read by `assess.dora`. A hundred thousand commits as objects would cost more
than everything that is computed from them, so a commit is a position in columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MERGE = 1  # two or more parents
SQUASH = 2  # the subject ends like one that a server squashed: its own time is a lower bound
CUT = 4  # a parent is not in this history: a shallow clone

REVERTS, PICKS, FIXES = "reverts", "picks", "fixes"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as it was read. Times are seconds since 1970; `links`: (REVERTS | PICKS | FIXES, what)."""

    sha: str
    parents: tuple[str, ...]
    authored: int
    committed: int
    squash: bool = False
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """What a commit's message says about another commit or an incident."""

    position: int
    kind: str
    target: str


@dataclass(slots=True)
class History:
    """Columns by position; a parent's position is always lower than its child's. Grows by `extend` only.

    `first`: position of the first parent, -1 without. `more`: positions of the further parents of merges. `shallow`: what told the
    repository's cut when this was read, "" for a whole one.
    """

    shallow: str = ""
    shas: list[str] = field(default_factory=list)
    first: array[int] = field(default_factory=lambda: array("i"))
    more: dict[int, tuple[int, ...]] = field(default_factory=dict)
    authored: array[int] = field(default_factory=lambda: array("q"))
    committed: array[int] = field(default_factory=lambda: array("q"))
    marks: bytearray = field(default_factory=bytearray)
    links: list[Link] = field(default_factory=list)
    where: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.shas)

    def extend(self, commits: Iterable[Commit]) -> None:
        """Append commits, parents before children. One that is here already is passed over; a parent that is not marks a cut."""
        for commit in commits:
            if commit.sha in self.where:
                continue
            position = len(self.shas)
            known = [self.where[sha] for sha in commit.parents if sha in self.where]
            self.where[commit.sha] = position
            self.shas.append(commit.sha)
            self.first.append(known[0] if known else -1)
            if len(known) > 1:
                self.more[position] = tuple(known[1:])
            self.authored.append(commit.authored)
            self.committed.append(commit.committed)
            self.marks.append(
                (MERGE if len(commit.parents) > 1 else 0)
                | (SQUASH if commit.squash else 0)
                | (CUT if len(known) < len(commit.parents) else 0)
            )
            self.links.extend(Link(position, kind, target) for kind, target in commit.links)

    def parents(self, position: int) -> Iterator[int]:
        """Positions of all parents that are here."""
        if self.first[position] >= 0:
            yield self.first[position]
            yield from self.more.get(position, ())

    def heads(self, begin: int = 0, end: int | None = None) -> list[int]:
        """Positions in [begin, end) that are nobody's parent in there."""
        stop = len(self) if end is None else end
        inner = {parent for position in range(begin, stop) for parent in self.parents(position)}
        return [position for position in range(begin, stop) if position not in inner]
