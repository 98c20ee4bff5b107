"""Kubernetes manifests: objects with their places. Also read: the objects of Argo CD, Flux, Argo Rollouts and Flagger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, Tree, get, string
from seaway.model.span import Span

_POD = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATE = ("spec", "template", "spec")


@dataclass(frozen=True, slots=True)
class Object:
    """One object. `api` and `kind` as written (`apps/v1`, `Deployment`); `node`: the whole document, for questions."""

    path: str
    api: str
    kind: str
    name: str
    namespace: str
    tree: Tree
    node: Node

    @property
    def span(self) -> Span:
        """The place of the object's first line."""
        return self.tree.span(self.node)

    def get(self, *keys: str) -> Node | None:
        """The value under a path of keys, or None."""
        return get(self.node, *keys)

    def at(self, node: Node | None) -> Span:
        """The place of one of its nodes, or of the object."""
        return self.tree.span(node if node is not None else self.node)

    @property
    def pod(self) -> Node | None:
        """The pod's spec of whatever makes pods, or None."""
        return get(self.node, *_POD.get(self.kind, _TEMPLATE))

    @property
    def containers(self) -> list[Node]:
        """The containers of its pods, without those that only initialise."""
        return [one for one in yaml.sequence(get(self.pod, "containers")) if yaml.is_mapping(one)]


def parse(text: str, path: str) -> list[Object]:
    """The objects of a file, with those of its lists. Raises ConfigError."""
    tree = yaml.read(text, path)
    return [made for document in tree.documents for made in _objects(tree, document)]


def _objects(tree: Tree, node: Node) -> Iterator[Object]:
    if string(get(node, "kind")).endswith("List") and get(node, "items") is not None:
        for one in yaml.sequence(get(node, "items")):
            yield from _objects(tree, one)
    elif get(node, "apiVersion") is not None and get(node, "kind") is not None:
        yield Object(
            tree.path,
            string(get(node, "apiVersion")),
            string(get(node, "kind")),
            string(get(node, "metadata", "name")),
            string(get(node, "metadata", "namespace")),
            tree,
            node,
        )
