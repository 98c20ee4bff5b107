"""A document of a text with a place of its own, and JSON read as the YAML that it nearly is. Base of things in monitoring files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from seaway.errors import ConfigError, Problem
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, Tree
from seaway.model.span import Span

_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_LONE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping in a file; `node` is asked by keys.

    `source`: from one of its nodes (None: the whole) to its place, where the text was rendered from another file or stands in one.
    """

    path: str
    tree: Tree
    node: Node
    source: Callable[[Node | None], Span] | None = field(default=None, compare=False, kw_only=True)

    @property
    def span(self) -> Span:
        """The place of the whole."""
        return self.at(self.node)

    def get(self, *keys: str) -> Node | None:
        """The value under a path of keys, or None."""
        return yaml.get(self.node, *keys)

    def string(self, *keys: str) -> str:
        """The text under a path of keys, or ""."""
        return yaml.string(self.get(*keys))

    def at(self, node: Node | None) -> Span:
        """The place of one of its nodes, or of the whole."""
        if self.source is not None:
            return self.source(node)
        return self.tree.span(node if node is not None else self.node)

    def key(self, name: str) -> Span:
        """The place of one of its keys, or of its first one."""
        pairs = yaml.items(self.node, merge=False)
        return self.at(next((key for known, key, _ in pairs if known == name), pairs[0][1] if pairs else self.node))


def read_json(text: str, path: str) -> Tree:
    """JSON with the places of its values. Raises ConfigError.

    Two things that JSON allows and YAML does not are put in YAML's way, at the same offsets: tabs, and characters outside the
    basic plane written as two escapes.
    """
    if "\\u" in text:
        text = _LONE.sub(r"\\ufffd", _PAIR.sub(_joined, text))
    found = yaml.read(text.replace("\t", " "), path)
    for node in found.documents:
        if not (yaml.is_mapping(node) or yaml.is_sequence(node)) or not node.flow_style:
            mark = node.start_mark
            raise ConfigError([Problem(path, mark.line + 1, mark.column + 1, "this is not JSON")])
    return found


def _joined(match: re.Match[str]) -> str:
    high, low = int(match[1], 16), int(match[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}  "
