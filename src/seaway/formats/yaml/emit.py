"""Plain data -> YAML as a careful person writes it. Called by the writers of `formats`; what it writes, `tree` reads back the same.

Mappings and lists in block style, quotes only where a reader (YAML 1.1 or 1.2) would otherwise see something else, scripts of
several lines as literal blocks. What data cannot say is said by wrappers: Flow, Note, Raw, Spaced.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from seaway.model.span import Span

Data: TypeAlias = Any  # str, int, float, bool, None, Mapping, Sequence, or a wrapper

_STEP = "  "
# What both YAML versions read as text without quotes: no indicator at the start, no `: ` or ` #` inside, not like another type.
_SAFE = re.compile(r"[A-Za-z0-9_./\\$(+<=^~-][^\t\n]*")
_UNSAFE_INSIDE = re.compile(r": |:$| #|^[-?:](?: |$)|^---|^\.\.\.|\s$")
_OTHER_TYPE = re.compile(
    r"""(?: ~ | null | true | false | yes | no | on | off | y | n | \.nan | [-+]?\.inf | << | =
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)? | [-+]?\.[0-9][0-9_]*(?:e[-+]?[0-9]+)?
      | 0x[0-9a-f_]+ | 0o?[0-7_]+ | 0b[01_]+ | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.* )""",
    re.IGNORECASE | re.VERBOSE,
)
# What YAML lets no reader see as it is, and the line ends that only some know: written as escapes.
_CONTROL = re.compile("[^\t\n\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Flow:
    """A list or mapping on one line: `[main, dev]`."""

    value: Data


@dataclass(frozen=True, slots=True)
class Raw:
    """A token as it is, such as `!reference [.setup, script]`; as a key, one that gets no quotes, such as GitHub's `on`."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A value with comment lines above it and a comment behind its first line. `mark`: its place is kept under this name."""

    value: Data
    above: str = ""
    behind: str = ""
    mark: Hashable = None


@dataclass(frozen=True, slots=True)
class Spaced:
    """A mapping or list with a blank line between its entries."""

    value: Data


@dataclass(frozen=True, slots=True)
class Emitted:
    """The text, and where the marked values stand in it."""

    text: str
    places: dict[Hashable, Span] = field(default_factory=dict)


def emit(document: Data, *, head: str = "", path: str = "") -> Emitted:
    """One document. `head`: comment lines before it. `path`: for the spans of marks. Raises TypeError for foreign types."""
    writer = _Writer()
    for line in head.splitlines():
        writer.lines.append(f"# {line}".rstrip())
    if head:
        writer.lines.append("")
    value, note = _open(document)
    if _is_block(value):
        writer.block(value, 0)
    else:
        writer.lines.append(_scalar_line(value))
    del note
    return Emitted("\n".join(writer.lines) + "\n", writer.spans(path))


def _open(value: Data) -> tuple[Data, Note | None]:
    """The value within its note."""
    return (value.value, value) if isinstance(value, Note) else (value, None)


def _bare(value: Data) -> Data:
    return value.value if isinstance(value, Spaced) else value


def _is_block(value: Data) -> bool:
    """Written on lines of its own, below its key."""
    inner = _bare(value)
    return isinstance(inner, (Mapping, Sequence)) and not isinstance(inner, (str, bytes)) and len(inner) > 0


class _Writer:
    """Lines, and the lines at which marked values begin and end."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.marks: dict[Hashable, tuple[int, int, int]] = {}

    def block(self, value: Data, depth: int) -> None:
        inner, spaced = _bare(value), isinstance(value, Spaced)
        if isinstance(inner, Mapping):
            for index, (key, item) in enumerate(inner.items()):
                if spaced and index:
                    self.lines.append("")
                self._entry(f"{_key(key)}:", item, depth)
        else:
            for index, item in enumerate(inner):
                if spaced and index:
                    self.lines.append("")
                self._item(item, depth)

    def _entry(self, head: str, item: Data, depth: int) -> None:
        """`head` is a key with its colon."""
        value, note = _open(item)
        self._above(note, depth)
        begin = len(self.lines)
        indent = _STEP * depth
        if _is_block(value):
            self.lines.append(f"{indent}{head}{_behind(note)}")
            self.block(value, depth + 1)
        elif isinstance(value, str) and _is_literal(value):
            self._literal(f"{indent}{head} ", value, depth + 1, note)
        else:
            scalar = _scalar_line(value)
            self.lines.append(f"{indent}{head}{' ' if scalar else ''}{scalar}{_behind(note)}")
        self._mark(note, begin, depth)

    def _item(self, item: Data, depth: int) -> None:
        value, note = _open(item)
        self._above(note, depth)
        begin = len(self.lines)
        indent = _STEP * depth
        if _is_block(value):
            self.block(value, depth + 1)
            first = begin
            while self.lines[first].lstrip().startswith("#"):  # a note of the first key goes above the dash
                self.lines[first] = indent + self.lines[first].lstrip()
                first += 1
            self.lines[first] = f"{indent}- {self.lines[first][len(indent) + len(_STEP) :]}{_behind(note)}"
        elif isinstance(value, str) and _is_literal(value):
            self._literal(f"{indent}- ", value, depth + 1, note)
        else:
            self.lines.append(f"{indent}- {_scalar_line(value)}{_behind(note)}")
        self._mark(note, begin, depth)

    def _literal(self, head: str, value: str, depth: int, note: Note | None) -> None:
        body = value.rstrip("\n")
        tail = len(value) - len(body)
        chomp = "-" if tail == 0 else "" if tail == 1 else "+"
        hint = str(len(_STEP)) if body[:1] in {" ", "\n"} else ""
        self.lines.append(f"{head}|{hint}{chomp}{_behind(note)}")
        indent = _STEP * depth
        self.lines += [f"{indent}{line}" if line else "" for line in body.split("\n")]
        self.lines += [""] * (tail - 1)

    def _above(self, note: Note | None, depth: int) -> None:
        if note is not None and note.above:
            self.lines += [f"{_STEP * depth}# {line}".rstrip() for line in note.above.splitlines()]

    def _mark(self, note: Note | None, begin: int, depth: int) -> None:
        if note is not None and note.mark is not None:
            self.marks[note.mark] = (begin, len(self.lines) - 1, len(_STEP) * depth)

    def spans(self, path: str) -> dict[Hashable, Span]:
        offsets = [0]
        for line in self.lines:
            offsets.append(offsets[-1] + len(line) + 1)
        return {
            mark: Span(
                path, first + 1, column + 1, last + 1, len(self.lines[last]) + 1, offsets[first] + column,
                offsets[last] + len(self.lines[last]),
            )
            for mark, (first, last, column) in self.marks.items()
        }  # fmt: skip


def _behind(note: Note | None) -> str:
    return f"  # {' '.join(note.behind.split())}" if note is not None and note.behind else ""


def _is_literal(value: str) -> bool:
    """Several lines that a literal block can hold: no control characters, and not only line ends."""
    return "\n" in value and bool(value.strip("\n ")) and not _CONTROL.search(value)


def _scalar_line(value: Data) -> str:
    value = _bare(value)
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Flow):
        return _flow(value.value)
    if value is None:
        return ""
    if isinstance(value, (Mapping, Sequence)) and not isinstance(value, (str, bytes)):
        return "{}" if isinstance(value, Mapping) else "[]"
    return scalar(value)


def _flow(value: Data) -> str:
    value, _ = _open(value)
    if isinstance(value, Mapping):
        pairs = (f"{_key(key, flow=True)}: {_flow(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, Raw):
        return value.text
    return "null" if value is None else scalar(value, flow=True)


def _key(key: Data, *, flow: bool = False) -> str:
    return key.text if isinstance(key, Raw) else scalar(str(key), flow=flow)


def scalar(value: Data, *, flow: bool = False) -> str:
    """A scalar on one line. Raises TypeError for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} cannot be written as YAML")
    if is_bare(value, flow=flow):
        return value
    if _CONTROL.search(value) or "\n" in value or "\t" in value:
        return '"' + "".join(_escaped(char) for char in value) + '"'
    if "'" in value and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def is_bare(value: str, *, flow: bool = False) -> bool:
    """The text needs no quotes."""
    if (
        not _SAFE.fullmatch(value)
        or _CONTROL.search(value)
        or _UNSAFE_INSIDE.search(value)
        or _OTHER_TYPE.fullmatch(value)
    ):
        return False
    return not (flow and set(value) & set(",[]{}"))


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char in "\n\t\r":
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}[char]
    code = ord(char)
    return (
        f"\\x{code:02x}"
        if _CONTROL.match(char) and code < 0x100
        else f"\\u{code:04x}"
        if _CONTROL.match(char)
        else char
    )
