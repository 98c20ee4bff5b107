"""Where something stands in a text. Every node that a format reads carries one; findings, losses and patches point with it."""

from __future__ import annotations

from dataclasses import dataclass

from seaway.model.quick import quick


@dataclass(frozen=True, slots=True)
class Span:
    """`line`, `column`: of the first character, counted from 1; `end_line`, `end_column`: just behind the last one.

    `start`, `end`: the same as offsets into the text in characters, counted from 0 (a byte order mark is not counted):
    `text[start:end]` is what the node was read from.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


quick(Span)
