"""Parts of a file that a reader keeps without understanding them: nodes <-> data <-> one text. Called by readers and writers.

A scalar is kept as it stands, anything else as JSON, so that it can be written back in any style.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from seaway.formats.yaml.tree import Node, Tree, items
from seaway.model.pipeline import Native

MAX_FOLLOWED = 20_000  # nodes that one kept part may become: aliases can mean billions

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,15})\Z")
_FRACTION = re.compile(r"-?\d{1,15}\.\d{1,15}\Z")
_SPECIAL = ("{", "[", '"')


def fields(node: Node | None) -> dict[str, tuple[Node, Node]]:
    """Key -> (its node, its value): a reader takes out what it knows, what is left becomes natives."""
    return {name: (key, value) for name, key, value in items(node)}


def native(tree: Tree, key: str, name: Node | None, value: Node) -> Native:
    """A part of the file that the model has no word for."""
    return Native(key, kept(value), tree.span(value, name))


def natives(tree: Tree, prefix: str, rest: dict[str, tuple[Node, Node]]) -> tuple[Native, ...]:
    """All that was not asked for in a mapping."""
    if not rest:
        return ()
    return tuple(native(tree, f"{prefix}{name}", key, value) for name, (key, value) in rest.items())


def kept(node: Node) -> str:
    """The node's value as one text; `restored` is the way back."""
    if not isinstance(node, yaml.ScalarNode):
        return json.dumps(data(node), ensure_ascii=False)
    text = str(node.value)
    if node.style and (text.startswith(_SPECIAL) or not isinstance(_typed(text), str)):
        return json.dumps(text, ensure_ascii=False)
    return text


def restored(text: str) -> Any:
    """What `kept` was given, as data."""
    if text.startswith(_SPECIAL):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return _typed(text)


def data(node: Node) -> Any:
    """A node as JSON-like data; what aliases would blow up beyond all measure ends as null."""
    return _data(node, [MAX_FOLLOWED])


def _data(node: Node, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        return None
    if isinstance(node, yaml.MappingNode):
        return {name: _data(value, left) for name, _, value in items(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_data(item, left) for item in node.value]
    return _typed(str(node.value)) if not node.style else str(node.value)


def _typed(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    if text in {"", "~", "null"}:
        return None
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _FRACTION.match(text) and repr(float(text)) == text else text
