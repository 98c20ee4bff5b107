"""YAML text -> plain data with the place of every key and value: the first half of reading seaway.yaml.

Called by `config.loader` (and by `config.comments`, which reads the samples). Scalars stay as written, so that `on:` is a key
called "on" and `1.10` keeps its nought; the second half (`config.fields`) decides what a scalar means where it stands.
The text is hostile: its size, depth and number of nodes have limits, and nothing in it is ever evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import yaml

from seaway.errors import ConfigError, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 20_000  # after aliases were followed; refused at the first event beyond, so hostile text costs a moment
MAX_PROBLEMS = 50  # more help nobody

Path: TypeAlias = tuple[str | int, ...]
Data: TypeAlias = Any  # dict[str, Data] | list[Data] | str | Plain

_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_UNCLOSED = "found unexpected end of stream"  # the parser's words


class Plain(str):
    """A scalar without quotes: it may mean a number, true, false or nothing. With quotes it is an ordinary str."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, and where each value and each key of it stands."""

    data: Data
    values: dict[Path, Place]
    keys: dict[Path, Place]

    def place(self, path: Path) -> Place:
        """Of the value there; of its key when it is a mapping or a list; of what holds it when it does not exist."""
        for length in range(len(path), -1, -1):
            known = path[:length]
            if known in self.values:
                is_scalar = isinstance(self._at(known), str)
                return self.values[known] if is_scalar else self.keys.get(known, self.values[known])
        return Place(1, 1)

    def _at(self, path: Path) -> Data:
        data = self.data
        for part in path:
            data = data[part]
        return data


@dataclass(slots=True)
class _Node:
    """One node of the text. An alias is the very node of its anchor."""

    place: Place
    content: str | list[_Node] | dict[str, tuple[Place, _Node]]


def parse(content: bytes, name: str) -> Document:
    """The one document in `content`; `name` is the file's, for messages. Raises ConfigError with every problem found."""
    reader = _Reader(name)
    root = reader.read(_decoded(content, name))
    if reader.problems:
        raise ConfigError(reader.problems[:MAX_PROBLEMS])
    document = Document(None, {}, {})
    data = _Expansion(name, document).expand(root, (), 1)
    return Document(data, document.values, document.keys)


def _fail(name: str, place: Place, message: str, suggestion: str = "") -> NoReturn:
    raise ConfigError([Problem(name, place.line, place.column, message, suggestion)])


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        _fail(name, Place(content[:MAX_BYTES].count(b"\n") + 1, 1), f"the file is larger than {MAX_BYTES // 1024} KiB")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        _fail(name, Place(1, 1), "the file is UTF-16", "save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        _fail(name, _place_after(before), f"byte 0x{content[error.start]:02x} is not UTF-8", "save the file as UTF-8")
    strange = _CONTROL.search(text)
    if strange:
        _fail(name, _place_after(text[: strange.start()]), f"the character U+{ord(strange[0]):04X} may not stand here")
    return text


def _place_after(text: str) -> Place:
    return Place(text.count("\n") + 1, len(text) - text.rfind("\n"))


@dataclass(slots=True)
class _Reader:
    """Events of the C parser -> nodes. The parser's own `compose` recurses without a limit, so depth is counted here."""

    name: str
    problems: list[Problem] = field(default_factory=list)
    _anchors: dict[str, _Node] = field(default_factory=dict)
    _nodes: int = 0

    def read(self, text: str) -> _Node:
        events = _events(text)
        try:
            return self._document(events)
        except yaml.MarkedYAMLError as error:
            is_open = error.problem == _UNCLOSED and error.context_mark
            mark = error.context_mark if is_open else error.problem_mark or error.context_mark
            message, suggestion = _in_our_words(error, text[mark.index : mark.index + 1] if mark else "")
            self._fail(Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1), message, suggestion)
        except yaml.YAMLError as error:
            self._fail(Place(1, 1), f"this is not YAML: {error}")
        finally:
            events.close()

    def _document(self, events: Iterator[Any]) -> _Node:
        root: _Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._fail(_start(event), "a second document begins here", "one file holds one configuration")
                root = self._node(next(events), events, 1)
        if root is None:
            self._fail(Place(1, 1), "the file is empty", "`seaway init` writes one")
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> _Node:
        place = _start(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._fail(place, f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            self._fail(place, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self._fail(place, "no anchor of this name stands above this alias")
            return self._anchors[event.anchor]
        if event.tag is not None:
            self._report(
                place, "a tag (a word after `!`) has no meaning here", "remove it, or put quotes around the value"
            )
        node = _Node(place, [])
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if isinstance(event, yaml.ScalarEvent):
            node.content = str(event.value) if event.style else Plain(event.value)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.content = self._sequence(events, depth)
        else:
            node.content = self._mapping(events, depth)
        return node

    def _sequence(self, events: Iterator[Any], depth: int) -> list[_Node]:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return items

    def _mapping(self, events: Iterator[Any], depth: int) -> dict[str, tuple[Place, _Node]]:
        entries: dict[str, tuple[Place, _Node]] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            place = _start(event)
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key.content, str):
                self._report(place, "a key must be one word, not a list or a mapping")
            elif key.content == "<<":
                self._report(place, "merge keys are not read", "use an alias for the whole value, or repeat the keys")
            elif key.content in entries:
                first = entries[key.content][0]
                self._report(place, f"`{key.content:.60}` is here twice: first at {first.line}:{first.column}")
            else:
                entries[str(key.content)] = (place, value)
        return entries

    def _report(self, place: Place, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(self.name, place.line, place.column, message, suggestion))

    def _fail(self, place: Place, message: str, suggestion: str = "") -> NoReturn:
        self._report(place, message, suggestion)
        raise ConfigError([*self.problems[: MAX_PROBLEMS - 1], self.problems[-1]])


def _events(text: str) -> Generator[Any, None, None]:
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _start(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _in_our_words(error: yaml.MarkedYAMLError, char: str) -> tuple[str, str]:
    problem = error.problem or error.context or "this is not YAML"
    if char == "\t" and "cannot start" in problem:
        return "a tab stands where only spaces may", "indent with spaces"
    if problem == _UNCLOSED:
        return "the text that begins here has no closing quote", ""
    if "cannot start" in problem:
        return f"a value cannot start with {char}", "put quotes around it"
    if "mapping values are not allowed" in problem:
        return "a `:` that YAML does not expect", "put quotes around the value, or check the indentation"
    if "did not find expected" in problem:
        return f"{problem} ({error.context})" if error.context else problem, "check indentation, quotes and brackets"
    return problem, ""


@dataclass(slots=True)
class _Expansion:
    """Nodes -> data, every alias followed. A few lines of aliases can mean billions of nodes, or a circle: hence limits."""

    name: str
    document: Document
    _nodes: int = 0
    _open: set[int] = field(default_factory=set)

    def expand(self, node: _Node, path: Path, depth: int) -> Data:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            _fail(self.name, node.place, f"aliases make more than {MAX_NODES} values of this file")
        if depth > MAX_DEPTH:
            _fail(self.name, node.place, f"aliases nest deeper than {MAX_DEPTH} levels")
        if id(node) in self._open:
            _fail(self.name, node.place, "an alias inside its own anchor never ends")
        self.document.values[path] = node.place
        if isinstance(node.content, str):
            return node.content
        self._open.add(id(node))
        try:
            if isinstance(node.content, list):
                return [self.expand(item, (*path, index), depth + 1) for index, item in enumerate(node.content)]
            data = {}
            for key, (place, value) in node.content.items():
                self.document.keys[*path, key] = place
                data[key] = self.expand(value, (*path, key), depth + 1)
            return data
        finally:
            self._open.discard(id(node))
