"""Many words that are looked for in much text. Asked by rules about something that is missing, through `assess.shipping`.

A regular expression of a hundred alternatives is tried at every character. Here each alternative is first asked for by the longest
piece of plain text in it, which Python finds many times faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LEAST = 3  # characters of plain text that are worth looking for
_PLAIN = re.compile(r"[a-z0-9_/ :=.-]")


class Signs:
    """`pattern`: alternatives, in lower case. It is taken apart when it is first looked for, not when its rule is loaded."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._known: list[tuple[str, str, bool]] | None = None  # (stem, alternative, whether it is plain text)

    def search(self, text: str) -> bool:
        """One of them stands in the text."""
        if self._known is None:
            self._known = [(_stem(one), one, _is_plain(one)) for one in _alternatives(self.pattern)]
        for stem, one, plain in self._known:
            if stem and stem not in text:
                continue
            if plain or re.search(one, text):
                return True
        return False


def _alternatives(pattern: str) -> Iterator[str]:
    """Split at the bars that stand in no brackets."""
    depth, start, at = 0, 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = pattern.index("]", at + 2)
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and not depth:
            yield pattern[start:at]
            start = at + 1
        at += 1
    yield pattern[start:]


def _is_plain(one: str) -> bool:
    return len(one) >= LEAST and all(_PLAIN.fullmatch(char) and char != "." for char in one)


def _stem(one: str) -> str:
    """The longest plain text that stands in all that the alternative can mean; "" where that is too short."""
    runs, depth, at = [""], 0, 0
    while at < len(one):
        char = one[at]
        plain = char if _PLAIN.fullmatch(char) and char != "." else ""
        if char == "\\":
            at += 1
            plain = one[at] if not one[at].isalnum() else ""
        elif char == "[":
            at = one.index("]", at + 2)
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char in "?*{":
            runs[-1] = runs[-1][:-1]
            at = one.index("}", at) if char == "{" else at
        if plain and not depth:
            runs[-1] += plain
        else:
            runs.append("")
        at += 1
    best = max(runs, key=len)
    return best if len(best) >= LEAST else ""
