"""Alertmanager's configuration: the tree of routes and the receivers at its ends. Asked by `app.estate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.document import Document
from seaway.formats.yaml.tree import Node

_DEPTH = 50  # of routes in routes


@dataclass(frozen=True, slots=True)
class Routing(Document):
    """A whole configuration, or the part of one that an AlertmanagerConfig of Prometheus' operator adds."""

    @property
    def receivers(self) -> list[Node]:
        """Whoever may be told."""
        return [one for one in yaml.sequence(self.get("receivers")) if yaml.is_mapping(one)]

    @property
    def routes(self) -> list[Node]:
        """All routes, the root first."""
        return list(_routes(self.get("route"), 0))

    @property
    def silent(self) -> set[str]:
        """Names of receivers that tell nobody."""
        return {yaml.string(yaml.get(one, "name")) for one in self.receivers if not _tells(one)}


def parse(text: str, path: str) -> list[Routing]:
    """The configuration of a file; nothing for what only looks like one. Raises ConfigError."""
    tree = yaml.read(text, path)
    return [
        Routing(path, tree, one)
        for one in tree.documents
        if yaml.is_mapping(yaml.get(one, "route")) and yaml.is_sequence(yaml.get(one, "receivers"))
    ]


def _routes(node: Node | None, depth: int) -> Iterator[Node]:
    if yaml.is_mapping(node) and depth < _DEPTH:
        yield node
        for one in yaml.sequence(yaml.get(node, "routes")):
            yield from _routes(one, depth + 1)


def _tells(receiver: Node) -> bool:
    return any(
        name.endswith(("_configs", "Configs")) and yaml.sequence(value) for name, _, value in yaml.items(receiver)
    )
