"""Lines of a Jenkinsfile with their indentation. Used by all writers of this package."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from seaway.model.span import Span

INDENT = "    "


class Page:
    """Lines in order. `mark` names the line that comes next, so that a loss can point at it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0
        self.places: dict[Hashable, Span] = {}

    def line(self, text: str, mark: Hashable = None) -> None:
        """One line, or several that have their own indentation behind the first."""
        pad = INDENT * self.depth
        if mark is not None:
            number = sum(line.count("\n") + 1 for line in self.lines) + 1
            self.places[mark] = Span("", number, len(pad) + 1, number, len(pad) + len(text.split("\n", 1)[0]) + 1)
        self.lines.append(pad + text if text else "")

    def note(self, text: str) -> None:
        """A comment."""
        for line in text.splitlines():
            self.line(f"// {line}".rstrip())

    @contextmanager
    def block(self, head: str, mark: Hashable = None, end: str = "}") -> Iterator[None]:
        """`head { ... }`."""
        self.line(f"{head} {{", mark)
        self.depth += 1
        yield
        self.depth -= 1
        self.line(end)

    def text(self) -> str:
        """The file."""
        return "\n".join(self.lines) + "\n"
