"""The lines of a Dockerfile -> instructions with their places: directives, comments, continued lines, flags, here-documents.

Called by `parse` beside this. What an instruction means is not known here; which instructions there are is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from seaway.errors import ConfigError, Problem
from seaway.model.span import Span

MAX_CHARACTERS = 1024 * 1024
MAX_INSTRUCTIONS = 5_000
WORDS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_WITH_DOCUMENTS = frozenset({"RUN", "COPY", "ADD"})
_WITH_FLAGS = frozenset({"FROM", "COPY", "ADD", "RUN", "HEALTHCHECK"})
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S[^\n]*)")
_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_FIRST = re.compile(r"[ \t]*([A-Za-z]+)(?=\s|\Z)[ \t]*")
_FLAG = re.compile(r"--([a-z][a-z.-]*)(?:=(\"[^\"]*\"|\S*))?(?:\s+|\Z)")
_HEREDOC = re.compile(r"(?<!<)<<(?!<)(-?)([\"']?)([A-Za-z_][\w.]*)\2")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*+(?:\"|\Z)|'[^']*+(?:'|\Z)")  # to the end where it is never closed


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `word` in capitals; `value`: the rest on one line, without continuations, comments, flags.

    `documents`: the bodies of its here-documents. `listed`: the words of a JSON form (`["a", "b"]`), None for the other one.
    """

    word: str
    value: str
    span: Span
    flags: tuple[tuple[str, str], ...] = ()
    documents: tuple[str, ...] = ()
    listed: tuple[str, ...] | None = None

    @property
    def text(self) -> str:
        """All that a shell would read: the value and the documents."""
        return "\n".join((self.value, *self.documents))

    def flag(self, name: str) -> str:
        """The value of a flag (the last of several), or ""."""
        return next((value for flag, value in reversed(self.flags) if flag == name), "")


@dataclass(slots=True)
class Lines:
    """A text on its way through. `read` gives the instructions; `directives` and `escape` are known afterwards."""

    text: str
    path: str
    directives: dict[str, str] = field(default_factory=dict)
    escape: str = "\\"
    _rows: list[tuple[int, str]] = field(default_factory=list)  # (offset, the line without its end)
    _at: int = 0

    def read(self) -> list[Instruction]:
        """All instructions. Raises ConfigError."""
        if len(self.text) > MAX_CHARACTERS:
            raise self.problem(0, f"the file is larger than {MAX_CHARACTERS // 1024 // 1024} MiB")
        if "\0" in self.text:
            raise self.problem(0, "this is no text: it holds a NUL")
        offset = 0
        for row in self.text.split("\n"):
            self._rows.append((offset, row.removesuffix("\r")))
            offset += len(row) + 1
        self._read_directives()
        found: list[Instruction] = []
        for one in self._instructions():
            found.append(one)
            if len(found) > MAX_INSTRUCTIONS:
                raise self.problem(one.span.line - 1, f"more than {MAX_INSTRUCTIONS} instructions")
        return found

    def problem(self, row: int, message: str, suggestion: str = "") -> ConfigError:
        """An error that points at a line."""
        return ConfigError([Problem(self.path, row + 1, 1, message, suggestion)])

    def _read_directives(self) -> None:
        for _, row in self._rows:
            match = _DIRECTIVE.match(row.strip())
            if match is None or match[1].lower() not in _DIRECTIVES or match[1].lower() in self.directives:
                break
            self.directives[match[1].lower()] = match[2].strip()
        self.escape = self.directives.get("escape", "\\")
        if self.escape not in {"\\", "`"}:
            raise self.problem(0, f"the escape character is {self.escape!r}", "it can be a backslash or a backtick")

    def _instructions(self) -> Iterator[Instruction]:
        while self._at < len(self._rows):
            offset, row = self._rows[self._at]
            if row.strip() in {"", self.escape} or row.lstrip().startswith("#"):
                self._at += 1
                continue
            yield self._instruction(offset + len(row) - len(row.lstrip()))

    def _instruction(self, start: int) -> Instruction:
        first = self._at
        logical, end = self._logical()
        match = _FIRST.match(logical)
        word = match[1].upper() if match else ""
        if match is None or word not in WORDS:
            said = logical.split(None, 1)[0][:40]
            raise self.problem(first, f"there is no instruction {said}", "a line that goes on ends in a backslash")
        value = logical[match.end() :].strip()
        flags: list[tuple[str, str]] = []
        at = 0
        while word in _WITH_FLAGS and (flag := _FLAG.match(value, at)):
            flags.append((flag[1], (flag[2] or "").strip('"')))
            at = flag.end()
        value = value[at:]
        documents: list[str] = []
        if word in _WITH_DOCUMENTS and "<<" in value:
            for name, tabs in _named(value):
                body, end = self._document(first, name, tabs=tabs)
                documents.append(body)
        return Instruction(
            word, value, self._span(start, end, first), tuple(flags), tuple(documents), _json(word, value)
        )

    def _logical(self) -> tuple[str, int]:
        """The instruction's lines as one, and the offset of its end; `_at` stands behind it."""
        parts: list[str] = []
        end = 0
        while self._at < len(self._rows):
            offset, row = self._rows[self._at]
            self._at += 1
            if parts and (not row.strip() or row.lstrip().startswith("#")):
                continue  # a comment or nothing between lines that belong together
            end = offset + len(row.rstrip())
            bare = row.rstrip()
            if not (bare.endswith(self.escape) and not bare.endswith(self.escape * 2)):
                parts.append(row)
                break
            parts.append(bare[:-1])
        return "".join(parts), end

    def _document(self, first: int, name: str, *, tabs: bool) -> tuple[str, int]:
        begun = self._at
        while self._at < len(self._rows):
            offset, row = self._rows[self._at]
            self._at += 1
            if (row.lstrip("\t") if tabs else row) == name:
                body = "\n".join(one for _, one in self._rows[begun : self._at - 1])
                return body, offset + len(row)
        raise self.problem(first, f"the here-document {name} does not end", f"a line of its own with {name}")

    def _span(self, start: int, end: int, first: int) -> Span:
        last = first
        while last + 1 < len(self._rows) and self._rows[last + 1][0] <= end:
            last += 1
        return Span(
            self.path, first + 1, start - self._rows[first][0] + 1, last + 1, end - self._rows[last][0] + 1, start, end
        )


def _named(value: str) -> list[tuple[str, bool]]:
    """Here-documents that a line opens: (name, tabs are taken off)."""
    bare = _QUOTED.sub(lambda match: "" if match.start() and value[match.start() - 1] not in "<-" else match[0], value)
    return [(match[3], bool(match[1])) for match in _HEREDOC.finditer(bare)]


def _json(word: str, value: str) -> tuple[str, ...] | None:
    if not value.startswith("[") or word not in {"CMD", "ENTRYPOINT", "RUN", "COPY", "ADD", "SHELL", "VOLUME"}:
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return tuple(found) if isinstance(found, list) and all(isinstance(one, str) for one in found) else None
