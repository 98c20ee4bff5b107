"""Changes one value of a YAML text after the other: what a reader does not notice, it has dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from seaway.formats.yaml.patch import Edit, apply
from seaway.formats.yaml.tree import read


def scalars(node: Any) -> list[Any]:
    """Keys and values of the whole document."""
    if isinstance(node, yaml.ScalarNode):
        return [node]
    if isinstance(node, yaml.MappingNode):
        return [one for key, value in node.value for one in (key, *scalars(value))]
    return [one for item in node.value for one in scalars(item)]


def changed(node: Any) -> str:
    """Another value of the same kind."""
    value = str(node.value)
    if value.lower() in {"true", "false"} and not node.style:
        return "false" if value.lower() == "true" else "true"
    if node.style in ("|", ">"):
        return "more words"
    quote = node.style or ""
    if value.replace(".", "").isdigit():
        return f"{quote}1{value}{quote}"
    if value.startswith("<"):
        return f"{quote}{value}z{quote}"
    if "}}" in value or value.startswith(("$", "*", "!", "<")):
        inner = value.replace("'", "''") if quote == "'" else value
        return f"{quote}{inner}z{quote}"
    inner = (
        value.replace("'", "''")
        if quote == "'"
        else value.replace("\\", "\\\\").replace('"', '\\"')
        if quote == '"'
        else value
    )
    return f"{quote}z{inner}{quote}"


def unnoticed(text: str, parse: Callable[[str], Any], structural: frozenset[str]) -> Iterator[str]:
    """Line and value of everything whose change makes no other model. `structural`: keys without which it is no such file."""
    tree = read(text, "x.yml")
    before = parse(text)
    for node in scalars(tree.documents[0]):
        if str(node.value) in structural or not str(node.value):
            continue
        other = apply(text, [Edit(node.start_mark.index, tree.end(node), changed(node))])
        if parse(other) == before:
            yield f"{node.start_mark.line + 1}: {node.value}"
