"""Charts: what `Chart.yaml` says, and files of values. Templates are no YAML: `app.rendering` has them rendered."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, Tree, get, is_mapping, string
from seaway.model.span import Span


@dataclass(frozen=True, slots=True)
class Chart:
    """A `Chart.yaml`. `library`: a chart that only others use."""

    path: str
    name: str
    library: bool
    tree: Tree
    node: Node

    @property
    def folder(self) -> str:
        """The chart's folder, "" for the root."""
        return posixpath.dirname(self.path)

    @property
    def span(self) -> Span:
        """The whole of it."""
        return self.tree.span(self.node)


@dataclass(frozen=True, slots=True)
class Values:
    """A file of values, of a chart or beside one."""

    path: str
    tree: Tree
    node: Node

    @property
    def span(self) -> Span:
        """The whole of it."""
        return self.tree.span(self.node)


def parse(text: str, path: str) -> list[Chart | Values]:
    """The chart or the values of a file; nothing where it is empty. Raises ConfigError."""
    tree = yaml.read(text, path)
    node = tree.documents[0] if tree.documents else None
    if node is None or not is_mapping(node):
        return []
    if posixpath.basename(path) != "Chart.yaml":
        return [Values(path, tree, node)]
    return [Chart(path, string(get(node, "name")), string(get(node, "type")) == "library", tree, node)]
