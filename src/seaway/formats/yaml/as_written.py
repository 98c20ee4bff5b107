"""YAML that was kept as text -> data that is written as it was. Called by writers whose readers keep parts in their own style."""

from __future__ import annotations

import re
from typing import Any

import yaml

from seaway.errors import ConfigError
from seaway.formats.yaml.emit import Flow, Raw
from seaway.formats.yaml.tree import items, read

_BARE = re.compile(r"[A-Za-z0-9_./\\(+<=^~-][^\x00-\x1f]*")


def kept_data(text: str) -> Any:
    """A native's text as data that is written as it was."""
    try:
        documents = read(f"{text}\n", "").documents
    except ConfigError:
        return text
    return data(documents[0]) if documents else Raw(text)


def data(node: Any, *, flow: bool = False) -> Any:
    """A node as data: scalars without quotes stay so. `flow`: it stands within a list or mapping on one line."""
    inside = flow or bool(getattr(node, "flow_style", False))
    if isinstance(node, yaml.MappingNode):
        found = {name: data(value, flow=inside) for name, _, value in items(node)}
        return Flow(found) if inside and not flow else found
    if isinstance(node, yaml.SequenceNode):
        listed = [data(one, flow=inside) for one in node.value]
        return Flow(listed) if inside and not flow else listed
    bare = not node.style and "\n" not in node.value and _BARE.fullmatch(node.value)
    return Raw(node.value) if bare and not (inside and set(node.value) & set(",[]{}")) else node.value
