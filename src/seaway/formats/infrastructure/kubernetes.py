"""Kubernetes manifests: objects with their places. Also read: the objects of Argo CD, Flux, Argo Rollouts and Flagger.

Objects that were rendered from templates or overlays know the place in the file that they come from (`seaway.formats.
infrastructure.rendered`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, Tree, get, string
from seaway.model.span import Span

Keys: TypeAlias = tuple[str | int, ...]  # the way to a node: keys, and in lists an item's `name`, else its number

_POD = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATE = ("spec", "template", "spec")
_WALKED = 20_000  # nodes of an object that are looked at for a place


@dataclass(frozen=True, slots=True)
class Object:
    """One object. `api` and `kind` as written (`apps/v1`, `Deployment`); `node`: the whole document, for questions.

    `made_by`: the overlay, or the chart and the values, that it was rendered with, "" where it stands in its file as it is. `source`: from the
    way to one of its nodes to where that comes from.
    """

    path: str
    api: str
    kind: str
    name: str
    namespace: str
    tree: Tree
    node: Node
    made_by: str = ""
    called: str = ""  # its name in that file, where rendering changed it
    source: Callable[[Keys], Span] | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """Its kind and name, as its file says them."""
        return f"{self.kind} {self.called or self.name}".rstrip()

    @property
    def span(self) -> Span:
        """The place of the object's first line."""
        return self.at(self.node)

    def get(self, *keys: str) -> Node | None:
        """The value under a path of keys, or None."""
        return get(self.node, *keys)

    def at(self, node: Node | None) -> Span:
        """The place of one of its nodes, or of the object."""
        if self.source is not None:
            return self.source(way(self.node, node) if node is not None else ())
        return self.tree.span(node if node is not None else self.node)

    @property
    def pod(self) -> Node | None:
        """The pod's spec of whatever makes pods, or None."""
        return get(self.node, *_POD.get(self.kind, _TEMPLATE))

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels of the pods that it makes."""
        keys = (*_POD.get(self.kind, _TEMPLATE)[:-1], "metadata", "labels")
        return _texts(get(self.node, *keys))

    @property
    def pod_annotations(self) -> Mapping[str, str]:
        """The annotations of the pods that it makes."""
        keys = (*_POD.get(self.kind, _TEMPLATE)[:-1], "metadata", "annotations")
        return _texts(get(self.node, *keys))

    @property
    def labels(self) -> Mapping[str, str]:
        """Its own labels."""
        return _texts(self.get("metadata", "labels"))

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its own annotations."""
        return _texts(self.get("metadata", "annotations"))

    @property
    def containers(self) -> list[Node]:
        """The containers of its pods, without those that only initialise."""
        return [one for one in yaml.sequence(get(self.pod, "containers")) if yaml.is_mapping(one)]

    @property
    def all_containers(self) -> list[Node]:
        """The containers of its pods, with those that initialise."""
        return [
            *self.containers,
            *(one for one in yaml.sequence(get(self.pod, "initContainers")) if yaml.is_mapping(one)),
        ]


def _texts(node: Node | None) -> dict[str, str]:
    return {name: string(value) for name, _, value in yaml.items(node)}


def parse(text: str, path: str) -> list[Object]:
    """The objects of a file, with those of its lists. Raises ConfigError."""
    tree = yaml.read(text, path)
    return [made for document in tree.documents for made in objects(tree, document)]


def objects(tree: Tree, node: Node) -> Iterator[Object]:
    """The objects of a document, with those of its lists; each once, however often aliases name it."""
    waiting, seen = [node], {id(node)}
    while waiting:
        node = waiting.pop()
        if string(get(node, "kind")).endswith("List") and get(node, "items") is not None:
            inner = [one for one in yaml.sequence(get(node, "items")) if id(one) not in seen]
            seen |= {id(one) for one in inner}
            waiting += reversed(inner)
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


def way(root: Node, wanted: Node) -> Keys:
    """The way from a node to one below it; () where that is not there."""
    waiting: list[tuple[Node, Keys]] = [(root, ())]
    seen: set[int] = set()
    while waiting and len(seen) < _WALKED:
        node, keys = waiting.pop()
        if node is wanted:
            return keys
        if id(node) in seen:
            continue
        seen.add(id(node))
        if yaml.is_mapping(node):
            waiting += [(value, (*keys, name)) for name, _, value in yaml.items(node)]
        elif yaml.is_sequence(node):
            waiting += [
                (one, (*keys, string(get(one, "name")) or number)) for number, one in enumerate(yaml.sequence(node))
            ]
    return ()
