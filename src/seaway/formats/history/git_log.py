"""`git log -z` as bytes -> commits. Pure; `adapters._commits` runs git with FORMAT.

Bytes and NUL, never lines: subjects of real repositories hold carriage returns and bytes that are no UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.model.history import FIXES, PICKS, REVERTS, Commit

FORMAT = "%H%x00%P%x00%at%x00%ct%x00%B"  # with -z each record ends with one more NUL
_FIELDS = 5
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # the years 1 to 9999
_SQUASHED = re.compile(rb"\([#!]\d+\)\s*$")
_LINKS = (
    (REVERTS, b"reverts commit", re.compile(rb"[Tt]his reverts commit ([0-9a-f]{7,64})")),
    (PICKS, b"cherry picked", re.compile(rb"\(cherry picked from commit ([0-9a-f]{7,64})\)")),
    (FIXES, b"ixes-", re.compile(rb"^[Ff]ixes-[Ii]ncident:[ \t]*([^\s]{1,200})[ \t\r]*$", re.MULTILINE)),
)


def parse(data: bytes) -> Iterator[Commit]:
    """Commits in the order of the log. Raises ValueError for bytes that are not of FORMAT, with the number of the record."""
    parts = data.split(b"\0")
    if parts.pop() or len(parts) % _FIELDS:
        raise ValueError(f"the log ends inside record {len(parts) // _FIELDS + 1}")
    each = iter(parts)
    for number, (sha, parents, authored, committed, body) in enumerate(zip(each, each, each, each, each, strict=True)):
        try:
            above = tuple(parents.decode("ascii").split())
            yield Commit(
                sha.decode("ascii"),
                above,
                _seconds(authored),
                _seconds(committed),
                len(above) == 1 and b"(" in body and _SQUASHED.search(body.partition(b"\n")[0]) is not None,
                _links(body),
            )
        except ValueError as error:
            raise ValueError(f"record {number + 1} of the log is no commit: {error}") from None


def _seconds(text: bytes) -> int:
    """A time that a calendar has: git takes any number, and prints nothing for one that it cannot read."""
    return min(_LAST, max(_FIRST, int(text or 0)))


def _links(body: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(
        (kind, found.decode("utf-8", "replace"))
        for kind, hint, pattern in _LINKS
        if hint in body
        for found in pattern.findall(body)
    )
