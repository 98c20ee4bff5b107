"""A Kotlin file as a tree, and places in it. The one module that imports tree-sitter, and only when such a file is read."""

from __future__ import annotations

import bisect
import itertools
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from seaway.errors import ConfigError, Problem
from seaway.model.span import Span

LARGEST = 1_000_000  # characters
COMMENTS = frozenset({"line_comment", "block_comment"})

MISTAKES = 20  # of the top level that are stepped over
_DECLARATION = re.compile(
    rb"^(?:(?:open|abstract|private|internal|data|enum|sealed|const) +)*(?:object|class|fun|val|var|project)\b",
    re.MULTILINE,
)
_NOT_NEWLINE = re.compile(rb"[^\n]")

Node = Any


@dataclass(slots=True)
class Source:
    """One file. Nodes count bytes and the model counts characters: `at` turns one into the other."""

    text: str
    path: str
    data: bytes = b""
    lines: list[int] = field(default_factory=list)
    bytes_of: list[int] | None = None  # offset of each character, where they differ
    package: str = ""
    skipped: list[tuple[int, int]] = field(default_factory=list)  # places of mistakes that were left out

    def __post_init__(self) -> None:
        self.lines = [0]
        at = self.text.find("\n")
        while at >= 0:
            self.lines.append(at + 1)
            at = self.text.find("\n", at + 1)
        self.data = self.text.encode("utf-8", "replace")
        if len(self.data) != len(self.text):
            widths = (len(char.encode("utf-8", "replace")) for char in self.text)
            self.bytes_of = list(itertools.accumulate(widths, initial=0))

    def at(self, offset: int) -> int:
        """The character at a byte."""
        return offset if self.bytes_of is None else bisect.bisect_left(self.bytes_of, offset)

    def cut(self, start: int, end: int) -> str:
        """The text between two bytes."""
        return self.data[start:end].decode("utf-8", "replace")

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def span(self, start: int, end: int) -> Span:
        """The place between two bytes."""
        first, last = self.at(start), self.at(end)
        line, column = self.position(first)
        end_line, end_column = self.position(last)
        return Span(self.path, line, column, end_line, end_column, first, last)

    def position(self, at: int) -> tuple[int, int]:
        """Line and column of a character, from 1."""
        line = bisect.bisect_right(self.lines, at)
        return line, at - self.lines[line - 1] + 1

    def refuse(self, at: int, what: str, meant: str = "") -> NoReturn:
        """The file cannot be read. `at`: a character."""
        raise ConfigError([Problem(self.path, *self.position(at), what, meant)], hint="correct the file")


@cache
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_kotlin

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_kotlin.language()))


def tree(source: Source) -> Node:
    """The root of the file's tree. Raises ConfigError for a file that is too large or no text."""
    if len(source.text) > LARGEST:
        source.refuse(0, f"the file is larger than {LARGEST:,} characters")
    nul = source.text.find("\0")
    if nul >= 0:
        source.refuse(nul, "a NUL character")
    root = _parser().parse(source.data).root_node
    if root.has_error:
        root = _without_mistakes(source, root)
    for node in root.named_children:
        if node.type == "package_header":
            source.package = source.of(node).removeprefix("package").strip()
    return root


def _without_mistakes(source: Source, root: Node) -> Node:
    """A mistake of the top level may hide all that follows: it is left out, up to the next line that begins a declaration."""
    data = bytearray(source.data)
    for _ in range(MISTAKES):
        wrong = next((node for node in [root, *root.children] if node.type == "ERROR"), None)
        if wrong is None:
            return root
        at = wrong.start_byte
        match = _DECLARATION.search(
            data, data.find(b"\n", at) if b"\n" in data[at : wrong.end_byte] else wrong.end_byte
        )
        if match is None or match.start() >= wrong.end_byte:
            return root
        skipped = bytes(data[at : match.start()])
        source.skipped.append((at, at + len(skipped.rstrip())))
        data[at : match.start()] = _NOT_NEWLINE.sub(b" ", skipped)
        root = _parser().parse(bytes(data)).root_node
    return root


def mistake(root: Node) -> Node | None:
    """The first place that is no Kotlin, or None."""
    node = root
    if not node.has_error:
        return None
    while True:
        if node.type == "ERROR" or node.is_missing:
            return node
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            return node
        node = inner


def children(node: Node) -> list[Node]:
    """The named children without comments."""
    return [child for child in node.named_children if child.type not in COMMENTS]
