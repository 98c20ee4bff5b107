"""GitLab's small languages: durations, and YAML values kept as they are. Called by the reader and the writer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import yaml

from seaway.formats.yaml import tree
from seaway.formats.yaml.emit import Raw, emit
from seaway.formats.yaml.tree import Node

_UNITS = {
    "s": 1, "sec": 1, "second": 1,
    "m": 60, "min": 60, "minute": 60,
    "h": 3600, "hr": 3600, "hour": 3600,
    "d": 86_400, "day": 86_400,
    "w": 604_800, "wk": 604_800, "week": 604_800,
    "mo": 2_592_000, "mon": 2_592_000, "month": 2_592_000,
    "y": 31_557_600, "yr": 31_557_600, "year": 31_557_600,
}  # fmt: skip
_PART = re.compile(r"\s*(?:,|and)?\s*(\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]*)")
_PLAIN_KEY = re.compile(r"[a-z][a-z_]+\Z")
MAX_LENGTH = 200
_WORDS = (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
MAX_VALUES = 5_000  # of one value that is kept as it is, with each alias followed


def duration(text: str) -> timedelta | None:
    """`1h 30m`, `2 weeks and 3 days`, `90` (seconds); None for other words, such as `never`."""
    text = text.strip()[:MAX_LENGTH]
    seconds = 0.0
    at = 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return None
        unit = part[2].lower() or "s"
        size = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s"))
        if size is None:
            return None
        seconds += float(part[1]) * size
        at = part.end()
    return timedelta(seconds=seconds) if text and seconds < 10**10 else None


def duration_text(value: timedelta) -> str:
    """`1 hour 30 minutes`; parts of a second are rounded up."""
    left = -(-value // timedelta(seconds=1))
    if left and left % 86_400 == 0 and left % 604_800:
        return _counted(left // 86_400, "day")
    found = []
    for word, size in _WORDS:
        count, left = divmod(left, size)
        if count:
            found.append(_counted(count, word))
    return " ".join(found) or "0 seconds"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def data(node: Node, text: str) -> Any:
    """A node as `emit` takes it: what had no quotes needs none again. Raises ValueError for more than MAX_VALUES values."""
    return _Data(text).of(node)


class _Data:
    def __init__(self, text: str) -> None:
        self._text = text
        self._left = MAX_VALUES

    def of(self, node: Node, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > tree.MAX_DEPTH:
            raise ValueError
        if tag := tree.custom_tag(node):
            return Raw(f"{tag} {self._flow(node)}")
        if isinstance(node, yaml.MappingNode):
            return {
                key.value if isinstance(key, yaml.ScalarNode) else self._flow(key): self.of(value, depth + 1)
                for key, value in node.value
            }
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item, depth + 1) for item in node.value]
        if not node.style and node.value and "\n" not in node.value:
            return Raw(node.value)
        return node.value if node.style or node.value else None

    def _flow(self, node: Node) -> str:
        if isinstance(node, yaml.SequenceNode):
            return f"[{', '.join(tree.strings(node))}]"
        if isinstance(node, yaml.MappingNode):
            return "{}"
        self._left -= 1
        if self._left < 0:
            raise ValueError
        return str(node.value)


def kept(key: str, node: Node, text: str) -> str:
    """`key: value` as YAML text, the same for the same value however it was written."""
    plain = isinstance(node, yaml.ScalarNode) and not node.style and node.value and not tree.custom_tag(node)
    if plain and "\n" not in node.value and _PLAIN_KEY.match(key):
        return f"{key}: {node.value}"
    try:
        return emit({key: data(node, text)}).text.rstrip("\n")
    except ValueError:
        return f"{key}: ..."


def opened(text: str) -> tuple[str, Any]:
    """The way back: the key and the value as `emit` takes it."""
    found = tree.read(text + "\n", "").documents[0]
    key, value = found.value[0]
    return key.value, data(value, text)
