"""Compose files: their services with places. A file is known by its name (`compose.yaml`, `docker-compose.prod.yml`).

Several files that are put over one another at start are read one by one: what they make together is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, Tree, get, is_mapping, string
from seaway.model.span import Span


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `node`: what stands below its name."""

    path: str
    name: str
    tree: Tree
    key: Node
    node: Node

    @property
    def span(self) -> Span:
        """From its name on."""
        return self.tree.span(self.node, self.key)

    @property
    def image(self) -> str:
        """As written, or ""."""
        return string(self.get("image"))

    @property
    def environment(self) -> Iterator[tuple[str, str, Node]]:
        """(name, value, place) of each variable with a value, of both forms."""
        node = self.get("environment")
        if is_mapping(node):
            yield from ((name, string(value), value) for name, _, value in yaml.items(node))
        else:
            for one in yaml.scalars(node):
                name, equals, value = string(one).partition("=")
                if equals:
                    yield name, value, one

    def get(self, *keys: str) -> Node | None:
        """The value under a path of keys, or None."""
        return get(self.node, *keys)

    def at(self, node: Node | None) -> Span:
        """The place of one of its nodes, or of the service."""
        return self.tree.span(node) if node is not None else self.span


def parse(text: str, path: str) -> list[Service]:
    """The services of a file. Raises ConfigError."""
    tree = yaml.read(text, path)
    return [
        Service(path, name, tree, key, node)
        for document in tree.documents
        for name, key, node in yaml.items(get(document, "services"))
        if is_mapping(node)
    ]
