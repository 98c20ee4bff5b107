"""READMEs and runbooks in Markdown -> the lines of their sections about shipping. Called by `app.estate`.

Only headings, fences and lines are told apart: whoever asks wants to know what people are told to do by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from seaway.model.span import Span

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_UNDERLINED = re.compile(r"(?:=+|-+)\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_SHIPPING = re.compile(
    r"\b(?:deploy\w*|releas(?:e|es|ing)|production|roll(?:ing)?[ -]?(?:back|out)s?|rollbacks?|rollouts?|go(?:ing)?[ -]live|operations|runbook)\b",
    re.IGNORECASE,
)
MAX_LINES = 20_000
MAX_LINE = 1_000  # characters of a line


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a section about shipping. `code`: it stands in a fence. `heading`: the section's."""

    path: str
    heading: str
    text: str
    code: bool
    span: Span


def parse(text: str, path: str) -> list[Told]:
    """The lines of sections whose heading, or one above it, is about shipping."""
    found: list[Told] = []
    open_: list[tuple[int, str, bool]] = []  # (level, heading, about shipping) from the outermost in
    fence = ""
    offset = 0
    lines = text.split("\n")[:MAX_LINES]
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r")[:MAX_LINE]
        mark = _FENCE.match(line)
        heading = None if fence else _heading(line, lines[number] if number < len(lines) else "")
        if mark:
            fence = "" if fence == mark[1] else fence or mark[1]
        elif heading:
            open_ = [one for one in open_ if one[0] < heading[0]]
            open_.append((*heading, _SHIPPING.search(heading[1]) is not None))
        elif line.strip() and any(about for _, _, about in open_):
            start = len(line) - len(line.lstrip())
            end = len(line.rstrip())
            span = Span(path, number, start + 1, number, end + 1, offset + start, offset + end)
            found.append(Told(path, open_[-1][1], line.strip(), bool(fence), span))
        offset += len(raw) + 1
    return found


def _heading(line: str, after: str) -> tuple[int, str] | None:
    match = _HEADING.match(line)
    if match:
        return len(match[1]), match[2]
    if (
        line.strip()
        and not line[:1].isspace()
        and not line.lstrip().startswith(("-", "*", ">", "|"))
        and _UNDERLINED.fullmatch(after.rstrip("\r"))
    ):
        return (1 if after.startswith("=") else 2), line.strip()
    return None
