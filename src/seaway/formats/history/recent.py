"""`git log -z` of the last changes, as bytes -> changes and their sizes. Pure; `adapters._recent` runs git with FORMAT and SIZES."""

from __future__ import annotations

from collections.abc import Iterator

from seaway.model.changes import Change

FORMAT = "%x02%H%x00%P%x00%aN%x00%aE%x00%ct%x00%s"  # with -z each record ends with one more NUL
SIZES = "%x02%H"
_BEGIN, _FIELDS = b"\x02", 6
_NUMBERS = 3  # of a line of --numstat: added, deleted, path
_MOST_LINES = 10_000_000
_LAST = 253_402_300_799  # the year 9999


def changes(data: bytes) -> Iterator[Change]:
    """Commits in the order of the log; a record that is none is left out."""
    for record in data.split(_BEGIN)[1:]:
        parts = record.split(b"\0")
        if len(parts) >= _FIELDS:
            sha, parents, who, mail, when, subject = (part.decode("utf-8", "replace") for part in parts[:_FIELDS])
            seconds = int(when) if when.lstrip("-").isdecimal() else 0
            yield Change(sha, tuple(parents.split()), who, mail.lower(), float(max(0, min(seconds, _LAST))), subject)


def sizes(data: bytes) -> dict[str, dict[str, int]]:
    """Commit -> path -> lines added and deleted; binary files have none."""
    found: dict[str, dict[str, int]] = {}
    for record in data.split(_BEGIN)[1:]:
        sha, *rows = record.split(b"\0")
        own = found.setdefault(sha.decode("ascii", "replace").strip(), {})
        for row in rows:
            parts = row.strip(b"\n").split(b"\t", _NUMBERS - 1)
            if len(parts) == _NUMBERS and parts[0].isdigit() and parts[1].isdigit():
                lines = min(int(parts[0][:9]) + int(parts[1][:9]), _MOST_LINES)
                own[parts[2].decode("utf-8", "replace")] = lines
    return found
