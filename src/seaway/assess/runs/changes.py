"""What rules ask about git history: branches and how long they lived, sizes, people. Used by the rules that read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seaway.assess.estate import Estate
from seaway.model.changes import Change, GitHistory
from seaway.model.span import Span

_MADE = re.compile(  # what tools write: its lines say nothing about how much there was to review
    r"(?:^|/)(?:vendor|node_modules|third_party|dist|generated|__snapshots__|testdata|fixtures)/"
    r"|\.(?:lock|snap|min\.js|min\.css|svg|pb\.go|csv|ipynb)$|[-.]lock\.(?:json|ya?ml)$|(?:^|/)go\.sum$|_pb2\.py$|\.generated\.",
)
_SQUASHED = re.compile(r"\([#!]\d+\)$")
_BOT = re.compile(
    r"\[bot\]|(?:^|[-_. ])bot$|dependabot|renovate|github-actions|noreply@github\.com|semantic-release", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Merged:
    """One branch that came to the main line: its merge, and what was on it alone, in no order."""

    merge: Change
    own: tuple[Change, ...]

    @property
    def seconds(self) -> float:
        """From its first commit to its merge: a lower bound, because a rebase makes commits younger."""
        return max(0.0, self.merge.committed - min(one.committed for one in self.own))


def history(estate: Estate) -> GitHistory | None:
    """The repository's last changes, None where nobody read them."""
    return next(iter(estate.all(GitHistory)), None)


def main_line(found: GitHistory) -> list[Change]:
    """First parents from the newest commit on, oldest first, as far as they are known."""
    known = {one.sha: one for one in found.changes}
    line: list[Change] = []
    at = found.changes[0] if found.changes else None
    while at is not None:
        line.append(at)
        at = known.get(at.parents[0]) if at.parents else None
    return line[::-1]


def merged(found: GitHistory) -> list[Merged]:
    """Branches that were merged into the main line, oldest first. What lies before the known commits belongs to it."""
    known = {one.sha: one for one in found.changes}
    line = main_line(found)
    owned = {one.sha for one in line}
    made = []
    for one in line:
        own = list(_reached(one.parents[1:], known, owned))
        owned |= {each.sha for each in own}
        if own:
            made.append(Merged(one, tuple(own)))
    return made


def _reached(tips: tuple[str, ...], known: Mapping[str, Change], owned: set[str]) -> Iterator[Change]:
    waiting, seen = list(tips), set(owned)
    while waiting:
        sha = waiting.pop()
        if sha in known and sha not in seen:
            seen.add(sha)
            yield known[sha]
            waiting += known[sha].parents


def reached(found: GitHistory, sha: str, owned: set[str]) -> list[Change]:
    """Commits that this one reaches and `owned` has not; `sha` may be short. Empty for one that is not known."""
    known = {one.sha: one for one in found.changes}
    whole = sha if sha in known else next((one for one in known if len(sha) >= 7 and one.startswith(sha)), "")
    return list(_reached((whole,), known, owned)) if whole else []


def sizes(found: GitHistory) -> list[int]:
    """Lines of each reviewed change (a merge, or a commit that a server squashed) of people, without what tools write."""
    known = {one.sha: one for one in found.changes}
    made = []
    for sha, paths in found.lines.items():
        change = known.get(sha)
        if change is None or is_bot(change) or not (len(change.parents) > 1 or _SQUASHED.search(change.subject)):
            continue
        lines = sum(count for path, count in paths.items() if not _MADE.search(path))
        if lines:
            made.append(lines)
    return made


def is_bot(change: Change) -> bool:
    """A program made it, by its name."""
    return _BOT.search(change.who) is not None or _BOT.search(change.mail) is not None


def place(estate: Estate) -> Span | None:
    """Where a finding about the whole repository stands: at the first line of its first pipeline; None without any."""
    path = next((case.pipeline.path for case in sorted(estate.cases, key=lambda one: one.pipeline.path)), None)
    return None if path is None else estate.top(path)
