"""The lines of a file around a finding, escaped, with secrets blotted out. Called by `findings`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seaway.assess.page.element import Html, el, join

BEFORE, AFTER, LONGEST = 1, 1, 4  # lines around, and lines of the finding itself
WIDTH = 200
BLOT = "•"
_PEM = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(-----END|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Texts:
    """Files by path, with every secret that was found already blotted out; lines and columns stay where they were."""

    lines: Mapping[str, list[str]]
    secrets: tuple[str, ...] = ()

    def hidden(self, words: str) -> str:
        """Other words, like those of a diff, with the same secrets blotted out."""
        for one in self.secrets:
            words = words.replace(one, BLOT * len(one))
        return _PEM.sub(_pem, words)


def texts(found: Mapping[str, str], secrets: Iterable[str]) -> Texts:
    """`secrets`: what must not be repeated, blotted out wherever it stands, line by line."""
    values = set(secrets)
    kept = tuple(
        sorted(
            {line.strip() for one in values for line in one.splitlines() if len(line.strip()) > 3},
            key=len,
            reverse=True,
        )
    )
    made = Texts({}, kept)
    return Texts({path: made.hidden(text).splitlines() for path, text in found.items()}, kept)


def _pem(match: re.Match[str]) -> str:
    return match[1] + re.sub(r"[^\n]", BLOT, match[2]) + match[3]


def snippet(given: Texts, place: Mapping[str, Any]) -> Html | None:
    """The place's lines with one before and one behind; None where the file has none of them."""
    lines = given.lines.get(place["path"], [])
    first, last = place["line"], max(place["line"], min(place["end_line"], place["line"] + LONGEST - 1))
    if not 0 < first <= len(lines):
        return None
    shown = []
    for number in range(max(1, first - BEFORE), min(len(lines), last + AFTER) + 1):
        line = lines[number - 1]
        begin = place["column"] - 1 if number == first else 0
        end = place["end_column"] - 1 if number == place["end_line"] else len(line)
        inside = first <= number <= last
        shown.append(
            join(el("span", number, class_="n"), _line(line, begin, end) if inside else _short(line, 0, WIDTH), "\n")
        )
    return el("pre", *shown)


def _line(line: str, begin: int, end: int) -> Html:
    """One line of the finding, marked; a long one is cut around the mark."""
    begin = max(begin, len(line) - len(line.lstrip()))
    start = max(0, begin - WIDTH // 3) if len(line) > WIDTH else 0
    stop = start + WIDTH
    before, marked, after = line[start:begin], line[begin : min(end, stop)], line[min(end, stop) : stop]
    marked_up = el("mark", marked) if marked.strip() else Html("")
    return join("…" if start else None, before, marked_up, after, "…" if stop < len(line) else None)


def _short(line: str, start: int, stop: int) -> str:
    return line[start:stop] + ("…" if len(line) > stop else "")
