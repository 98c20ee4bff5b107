"""Files of feature flags in flagd's format (OpenFeature), as JSON or YAML: flags with their places. Asked by `app.estate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.document import Document, read_json
from seaway.formats.yaml.tree import Node, Tree
from seaway.model.span import Span


@dataclass(frozen=True, slots=True)
class Flag(Document):
    """`key`: its name, `place`: of the name. `metadata`: its own over the file's, key -> text."""

    name: str
    place: Span
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class FlagSet(Document):
    """All flags of a file."""

    flags: tuple[Flag, ...]


def parse(text: str, path: str) -> list[FlagSet]:
    """The flags of a file. Raises ConfigError."""
    tree = read_json(text, path) if text.lstrip()[:1] in {"{", "["} else yaml.read(text, path)
    found = []
    for document in tree.documents:
        flags = tuple(_flags(tree, document))
        if flags:
            found.append(FlagSet(path, tree, document, flags))
    return found


def _flags(tree: Tree, document: Node) -> Iterator[Flag]:
    whole = _texts(yaml.get(document, "metadata"))
    flags = yaml.get(document, "flags")
    if yaml.is_mapping(flags):
        named = [(name, key, value) for name, key, value in yaml.items(flags)]
    else:
        keys = [(yaml.get(one, "key"), one) for one in yaml.sequence(flags)]
        named = [(yaml.string(key), key, one) for key, one in keys if key is not None]
    for name, key, node in named:
        if yaml.is_mapping(yaml.get(node, "variants")):
            metadata = whole | _texts(yaml.get(node, "metadata"))
            yield Flag(tree.path, tree, node, name, tree.span(key), metadata)


def _texts(node: Node | None) -> dict[str, str]:
    return {name: yaml.string(value) for name, value in yaml.mapping(node).items()}
