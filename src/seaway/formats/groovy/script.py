"""A Groovy text with its statements and places. `read` is the way into this package."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from seaway.errors import ConfigError, Problem
from seaway.formats.groovy.nodes import Constant, Declare, Expr, Node, Stmt
from seaway.formats.groovy.parser import Parser
from seaway.formats.groovy.tokens import Lexer, TooLong
from seaway.model.span import Span

MAX_CHARACTERS = 1024 * 1024
_LINE_END = re.compile("\n")


@dataclass(slots=True)
class Script:
    """A text as statements. `problems`: brackets and strings that do not fit, as (offset, what); `declared`: every declaration."""

    path: str
    text: str
    body: list[Stmt]
    notes: list[tuple[int, int]]
    problems: list[tuple[int, str]]
    declared: list[Declare] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)
    _above: dict[int, int] | None = None

    def span(self, start: int, end: int) -> Span:
        """Between two offsets."""
        lines = self._lines
        if not lines:
            lines += [0, *(found.end() for found in _LINE_END.finditer(self.text))]
        first, last = bisect_right(lines, start) - 1, bisect_right(lines, end) - 1
        return Span(self.path, first + 1, start - lines[first] + 1, last + 1, end - lines[last] + 1, start, end)

    def comment(self, offset: int) -> str:
        """The comment in the lines directly above what begins here, without its signs."""
        if not self.notes:
            return ""
        if self._above is None:
            self._above = {_next(self.text, end): index for index, (_, end) in enumerate(self.notes)}
        found: list[str] = []
        while (index := self._above.get(offset)) is not None:
            start, end = self.notes[index]
            line = self.text.rfind("\n", 0, start) + 1
            if self.text[line:start].strip():
                break
            found.insert(0, _words(self.text[start:end]))
            offset = start
        return "\n".join(found)

    def source(self, node: Node) -> str:
        """What the node was read from."""
        return self.text[node.start : node.end]

    def problem(self, offset: int, message: str) -> ConfigError:
        """An error that points at an offset."""
        place = self.span(offset, offset)
        return ConfigError([Problem(self.path, place.line, place.column, message)])


def _next(text: str, end: int) -> int:
    """The offset of what stands behind a comment, or -1 where an empty line lies between."""
    here = end
    while here < len(text) and text[here] in " \t\r\n":
        here += 1
    return here if text.count("\n", end, here) == 1 else -1


def _words(note: str) -> str:
    if note.startswith("//"):
        return note.lstrip("/").strip()
    lines = note[2:-2].strip("*").strip().splitlines()
    return "\n".join(line.strip().removeprefix("*").strip() for line in lines)


def read(content: str | bytes, path: str) -> Script:
    """The statements of a text. Raises ConfigError for one beyond the limits or not in UTF-8."""
    text = _decoded(content, path)
    try:
        tokens = Lexer(text).run()
    except TooLong as error:
        script = Script(path, text, [], [], [])
        raise script.problem(int(str(error)), "this file has more words than a pipeline may have") from None
    parser = Parser(text, tokens)
    body = parser.block(len(tokens.kinds) - 1)
    return Script(path, text, body, tokens.notes, tokens.problems, parser.declared)


def _decoded(content: str | bytes, path: str) -> str:
    text = content if isinstance(content, str) else ""
    if isinstance(content, bytes):
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = content[: error.start]
            line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
            raise ConfigError([Problem(path, line, column, "this is not UTF-8 text")]) from None
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise ConfigError([Problem(path, 1, 1, f"this file is longer than {MAX_CHARACTERS:,} characters")])
    return text


def constant(value: Expr | None) -> str | None:
    """The text of a plain string, else None."""
    return value.value if isinstance(value, Constant) and isinstance(value.value, str) else None
