"""YAML text -> nodes that know where they stand. Called by every format whose files are YAML.

The C parser's own nodes are kept (`yaml.ScalarNode` and so on): a thousand files a second need no second tree. Scalars stay
as written: `on`, `yes`, `012` and `1:30` are text, and `is_true` decides where a truth value is wanted. Custom tags such as
`!reference` stay in `node.tag`. The text is hostile: its size, depth and number of nodes have limits; aliases are shared
nodes, so what follows them must use `Tree.follow` or count for itself.
"""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any, TypeAlias

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from seaway.errors import ConfigError, Problem
from seaway.model.span import Span

MAX_CHARACTERS = 4 * 1024 * 1024
MAX_DEPTH = 100
MAX_NODES = 200_000  # with each alias followed
MAX_LISTED = 20_000  # of one list with the lists in it

Node: TypeAlias = Any  # a yaml.Node: its stubs know neither marks nor styles well enough
Pair: TypeAlias = tuple[str, Node, Node]  # a key's text, its node, its value

_STRING = "tag:yaml.org,2002:str"
_BLOCKS = frozenset("|>")
_Scalar, _Mapping, _Sequence = yaml.ScalarNode, yaml.MappingNode, yaml.SequenceNode  # the classes of all nodes here
_ANCHOR = re.compile(r"(?:^|[\s\[{,?:-])&[^\s&]")  # at least where there is one: a condition with `&&` has none
_ALIAS = re.compile(r"(?:^|[\s\[{,?:-])\*[^\s*/.]")
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEEP = " " * 100
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


class _Loader(CParser):
    """The C parser without resolution of types: no scalar becomes a number or a truth value here."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)

    def resolve(self, _kind: Any, _value: Any, _implicit: Any) -> str:
        return _STRING

    # Called around each node, and their answers are thrown away: functions in C cost least.
    descend_resolver = staticmethod(operator.is_)
    ascend_resolver = staticmethod(tuple)


@dataclass(slots=True)
class Tree:
    """The documents of one text. Offsets of spans count characters of `text`, which has no byte order mark."""

    path: str
    text: str
    documents: list[Node]
    _lines: list[int] = field(default_factory=list)
    _marked: set[int] = field(default_factory=set)  # lines with a `#`

    def span(self, node: Node, key: Node | None = None) -> Span:
        """Of the node, from its key on where one is given; without the blank lines and comments behind it."""
        start = (key or node).start_mark
        last = node
        while last.__class__ is not _Scalar:
            if last.flow_style or not last.value:
                break
            inner = last.value[-1]
            inner = inner[1] if last.__class__ is _Mapping else inner
            if inner.start_mark.index <= last.start_mark.index:  # an alias
                return self.place(start.index, self.end(node))
            last = inner
        stop = last.end_mark
        end, line, column = stop.index, stop.line, stop.column
        if last.__class__ is _Scalar and last.style in _BLOCKS:
            end = self._end_of_block(last)
            line -= self.text.count("\n", end, stop.index)
            column = end - self.text.rfind("\n", 0, end) - 1
            if "\r" in self.text:
                return self.place(start.index, end)
        elif end < start.index:
            return self.place(start.index, end)
        return Span(self.path, start.line + 1, start.column + 1, line + 1, column + 1, start.index, end)

    def end(self, node: Node) -> int:
        """Offset just behind the node's last character."""
        while not isinstance(node, yaml.ScalarNode):
            if node.flow_style or not node.value:
                return int(node.end_mark.index)
            last = node.value[-1]
            inner = last[1] if isinstance(node, yaml.MappingNode) else last
            if inner.start_mark.index <= node.start_mark.index:  # an alias: the node stands where its anchor is
                return self._end_of_line(last[0].end_mark.index if isinstance(last, tuple) else node.start_mark.index)
            node = inner
        return self._end_of_block(node) if node.style in _BLOCKS else int(node.end_mark.index)

    def _end_of_block(self, node: Node) -> int:
        """Without the blank lines behind a literal or folded text."""
        start, end = node.start_mark.index, int(node.end_mark.index)
        while end > start and self.text[end - 1] in " \t\r\n":
            end -= 1
        return end

    def _end_of_line(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        return len(self.text[: end if end >= 0 else len(self.text)].rstrip())

    def _line(self, offset: int) -> int:
        if not self._lines:
            if "\r" in self.text:
                self._lines = [0, *(found.end() for found in re.finditer("\r\n|\n|\r", self.text))]
            else:
                lengths = (len(line) + 1 for line in self.text.split("\n"))
                self._lines = list(accumulate(lengths, initial=0))[:-1]
        return bisect_right(self._lines, offset) - 1

    def place(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        first, last = self._line(start), self._line(end)
        first_column, last_column = start - self._lines[first] + 1, end - self._lines[last] + 1
        return Span(self.path, first + 1, first_column, last + 1, last_column, start, end)

    def source(self, node: Node) -> str:
        """The node's own text."""
        return self.text[node.start_mark.index : self.end(node)]

    def problem(self, node: Node, message: str, suggestion: str = "") -> ConfigError:
        """An error that points at the node."""
        mark = node.start_mark
        return ConfigError([Problem(self.path, mark.line + 1, mark.column + 1, message, suggestion)])

    def comment(self, node: Node, indent: int | None = None) -> str:
        """The comment lines directly above the node (same indentation or `indent`) and behind its first line, without `#`."""
        line = node.start_mark.line
        if not self._marked:
            at = self.text.find("#")
            while at >= 0:
                self._marked.add(self._line(at))
                end = self.text.find("\n", at)
                at = self.text.find("#", end) if end >= 0 else -1
            self._marked.add(-2)
        if line not in self._marked and line - 1 not in self._marked:
            return ""
        found: list[str] = []
        for above in range(line - 1, -1, -1):
            text = self._text_of(above)
            stripped = text.strip()
            if not stripped.startswith("#") or (indent is not None and text.index("#") != indent):
                break
            found.insert(0, stripped[1:].removeprefix(" "))
        behind = self._text_of(line)[node.start_mark.column :]
        if (mark := behind.find(" #")) >= 0 and not set("\"'|>") & set(behind[:mark]):
            found.append(behind[mark + 2 :].strip())
        return "\n".join(found)

    def _text_of(self, line: int) -> str:
        end = self._lines[line + 1] if line + 1 < len(self._lines) else len(self.text)
        return self.text[self._lines[line] : end].rstrip("\r\n")


def read(content: str | bytes, path: str) -> Tree:
    """The documents of a text; empty ones are left out. Raises ConfigError with the place of the first mistake."""
    text = _decoded(content, path)
    try:
        documents = _compose(text, path)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ConfigError([Problem(path, line, column, _words(error))]) from None
    except yaml.YAMLError as error:
        raise ConfigError([Problem(path, 1, 1, f"this is not YAML: {error}")]) from None
    if text.count("[") + text.count("{") > MAX_DEPTH or _DEEP in text or "- - - " in text:
        _check_depth(documents, path)
    if "&" in text and "*" in text and _ANCHOR.search(text) and _ALIAS.search(text):
        _check_circles(documents, path)
    return Tree(path, text, documents)


def _decoded(content: str | bytes, path: str) -> str:
    if len(content) > MAX_CHARACTERS:
        message = f"the file is larger than {MAX_CHARACTERS // 1024 // 1024} MiB"
        raise ConfigError([Problem(path, 1, 1, message)])
    if isinstance(content, bytes):
        raw = content
        try:
            content = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8-sig", errors="replace")
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            message = f"byte 0x{content[error.start]:02x} is not UTF-8"
            raise ConfigError([Problem(path, line, column, message, "save the file as UTF-8")]) from None
    text = str(content).removeprefix("\ufeff")
    if strange := _CONTROL.search(text):
        before = text[: strange.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ConfigError([Problem(path, line, column, f"the character U+{ord(strange[0]):04X} may not stand here")])
    return text


def _compose(text: str, path: str) -> list[Node]:
    loader = _Loader(text)
    found: list[Node] = []
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None and not (isinstance(node, yaml.ScalarNode) and not node.value and not node.style):
                found.append(node)
    except yaml.composer.ComposerError as error:
        if "duplicate anchor" not in str(error):
            raise
        return _Composer(text, path).documents()
    finally:
        loader.dispose()
    return found


class _Composer:
    """Events -> nodes for texts in which an anchor is given twice, as YAML 1.2 allows: an alias means the one before it."""

    def __init__(self, text: str, path: str) -> None:
        self._text, self._path = text, path
        self._anchors: dict[str, Node] = {}

    def documents(self) -> list[Node]:
        loader = _Loader(self._text)
        found = []
        try:
            while loader.check_event():
                event = loader.get_event()
                if isinstance(event, yaml.DocumentStartEvent):
                    self._anchors = {}
                    found.append(self._node(loader, loader.get_event(), 1))
        finally:
            loader.dispose()
        return found

    def _node(self, loader: _Loader, event: Any, depth: int) -> Node:
        start: Any = event.start_mark
        end: Any = event.end_mark
        if depth > MAX_DEPTH:
            raise _too_deep(self._path, start)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise yaml.composer.ComposerError(None, None, "found undefined alias", start)
            return self._anchors[event.anchor]
        if isinstance(event, yaml.ScalarEvent):
            scalar = yaml.ScalarNode(event.tag or _STRING, event.value, start, end, event.style or None)
            return self._named(event, scalar)
        kind = yaml.SequenceNode if isinstance(event, yaml.SequenceStartEvent) else yaml.MappingNode
        node = kind(event.tag or _STRING, [], start, None, event.flow_style)
        self._named(event, node)
        flat: list[Node] = []
        while not isinstance(event := loader.get_event(), (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            flat.append(self._node(loader, event, depth + 1))
        node.end_mark = event.end_mark
        node.value = list(zip(flat[::2], flat[1::2], strict=True)) if isinstance(node, yaml.MappingNode) else flat
        return node

    def _named(self, event: Any, node: Node) -> Node:
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node


def _check_depth(documents: list[Node], path: str) -> None:
    """Raises for nodes that nest too deep, with each node looked at once: an alias inside its anchor ends here, too."""
    level: list[Node] = list(documents)
    seen = {id(node) for node in level}
    for _ in range(MAX_DEPTH):
        below: list[Node] = []
        for node in level:
            for child in _children(node):
                if id(child) not in seen:
                    seen.add(id(child))
                    below.append(child)
        if not below:
            return
        level = below
    raise _too_deep(path, level[0].start_mark)


def _check_circles(documents: list[Node], path: str) -> None:
    """Raises for an alias inside its own anchor. An alias is a node that begins before the one it stands in: it is not
    entered, and it closes a circle where it has not ended there.
    """
    stack = [node for node in documents if node.__class__ is not _Scalar]
    while stack:
        node = stack.pop()
        start = node.start_mark.index
        inner = node.value if node.__class__ is _Sequence else chain.from_iterable(node.value)
        for child in inner:
            if child.__class__ is _Scalar:
                continue
            if child.start_mark.index > start:
                stack.append(child)
            elif child is node or child.end_mark.index >= node.end_mark.index:
                mark = child.start_mark
                words = "an alias inside its own anchor never ends"
                raise ConfigError([Problem(path, mark.line + 1, mark.column + 1, words)])


def _too_deep(path: str, mark: Any) -> ConfigError:
    return ConfigError([Problem(path, mark.line + 1, mark.column + 1, f"nested deeper than {MAX_DEPTH} levels")])


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value


def _words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "this is not YAML"
    if "cannot start any token" in problem:
        return "a character stands here that cannot begin a value: put quotes around it, or indent with spaces"
    if "mapping values are not allowed" in problem:
        return "a `:` that YAML does not expect: put quotes around the value, or check the indentation"
    if "exceeded" in problem:
        return f"nested deeper than {MAX_DEPTH} levels"
    return f"{problem} ({error.context})" if error.context and error.context != problem else problem


# What readers ask of nodes. They take any node and answer with "nothing" where it is of another kind: a reader never fails
# on a file that a CI system would refuse; it keeps what it does not understand.


def items(node: Node | None, *, merge: bool = True) -> list[Pair]:
    """Keys and values of a mapping in order, with `<<` merged behind its own keys. Keys that are no scalars are left out."""
    if node.__class__ is not _Mapping or node is None:
        return []
    found: list[Pair] = []
    merged: list[Node] = []
    for key, value in node.value:
        if key.__class__ is not _Scalar:
            continue
        if merge and key.value == "<<" and not key.style:
            merged += value.value if isinstance(value, _Sequence) else [value]
        else:
            found.append((key.value, key, value))
    if merged:
        known = {name for name, _, _ in found}
        seen = {id(node)}  # each source once: what a second one would add is known by then
        while merged:
            source = merged.pop(0)
            if id(source) in seen or not isinstance(source, yaml.MappingNode):
                continue
            seen.add(id(source))
            more: list[Pair] = []
            within: list[Node] = []
            _split(source, more, within)
            for pair in more:
                if pair[0] not in known:
                    known.add(pair[0])
                    found.append(pair)
            merged[:0] = within
    return found


def _split(node: Node, found: list[Pair], merged: list[Node]) -> None:
    """Adds a mapping's own pairs to `found`, what it merges to `merged`."""
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value == "<<" and not key.style:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            found.append((key.value, key, value))


def mapping(node: Node | None) -> dict[str, Node]:
    """Key -> value; of a key that stands twice the last."""
    return {name: value for name, _, value in items(node)}


def get(node: Node | None, *keys: str) -> Node | None:
    """The value under a path of keys, or None."""
    for key in keys:
        if node.__class__ is not _Mapping or node is None:
            return None
        for name, value in node.value:
            if name.__class__ is _Scalar and name.value == key:
                node = value
                break
        else:
            node = mapping(node).get(key)
    return node


def sequence(node: Node | None) -> list[Node]:
    """The nodes of a list; a mapping or scalar is a list of one, nothing is an empty one."""
    if node is None or is_null(node):
        return []
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def string(node: Node | None, default: str = "") -> str:
    """A scalar's text; the default for nothing, null, lists and mappings."""
    if node is None or node.__class__ is not _Scalar or (not node.style and node.value in _NULL):
        return default
    value: str = node.value
    return value


def strings(node: Node | None) -> tuple[str, ...]:
    """The texts of a scalar or of a list of them (lists in lists are flattened)."""
    if isinstance(node, yaml.SequenceNode) and all(type(one) is yaml.ScalarNode and one.value for one in node.value):
        return tuple(one.value for one in node.value[:MAX_LISTED] if one.style or one.value not in _NULL)
    return tuple(str(one.value) for one in scalars(node))


def scalars(node: Node | None) -> list[Node]:
    """A scalar, or those of a list and of the lists in it, as far as MAX_DEPTH and MAX_LISTED go; null is none."""
    if not isinstance(node, yaml.SequenceNode):
        return [node] if isinstance(node, yaml.ScalarNode) and not is_null(node) else []
    found: list[Node] = []
    open_lists = [iter(node.value)]
    left = MAX_LISTED
    while open_lists and left:
        left -= 1
        one = next(open_lists[-1], None)
        if one is None:
            open_lists.pop()
        elif isinstance(one, yaml.SequenceNode):
            if len(open_lists) < MAX_DEPTH:
                open_lists.append(iter(one.value))
        elif isinstance(one, yaml.ScalarNode) and not is_null(one):
            found.append(one)
    return found


def is_null(node: Node | None) -> bool:
    """Nothing, or an unquoted null."""
    return node is None or (node.__class__ is _Scalar and not node.style and node.value in _NULL)


def is_true(node: Node | None) -> bool | None:
    """An unquoted truth value (of YAML 1.1, which is wider), or None for anything else."""
    if node is None or node.__class__ is not _Scalar or node.style:
        return None
    return True if node.value in _TRUE else False if node.value in _FALSE else None


def integer(node: Node | None) -> int | None:
    """A whole number, or None."""
    text = string(node).strip()
    return int(text) if re.fullmatch(r"[+-]?\d{1,12}", text) else None


def is_mapping(node: Node | None) -> bool:
    return node.__class__ is _Mapping


def is_sequence(node: Node | None) -> bool:
    return node.__class__ is _Sequence


def is_scalar(node: Node | None) -> bool:
    return node.__class__ is _Scalar


def custom_tag(node: Node | None) -> str:
    """`!reference` and the like; "" for none."""
    return node.tag if node is not None and node.tag.startswith("!") and len(node.tag) > 1 else ""
