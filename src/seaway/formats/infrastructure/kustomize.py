"""Kustomizations: what they take in and what they change, as paths below the repository's root. Rendered by `app.rendering`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, Tree, get, is_mapping, string
from seaway.model.span import Span

_TAKES_IN = ("resources", "bases", "components", "crds")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902", "transformers", "validators", "replacements")
_CHANGES = (*_PATCHES, "components", "images", "replicas", "vars", "helmCharts", "generators")
_MOST = 2_000  # entries of one list


@dataclass(frozen=True, slots=True)
class Kustomization:
    """`taken`: what it builds on, `patches`: files that are no objects of their own; both as written, and as paths from the root.

    A path that leaves the root begins with `..`; an address of the network keeps its `://` or `?ref=`.
    """

    path: str
    tree: Tree
    node: Node
    taken: tuple[tuple[str, str, Span], ...]
    patches: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Its folder, "" for the root."""
        return posixpath.dirname(self.path)

    @property
    def span(self) -> Span:
        """The whole of it."""
        return self.tree.span(self.node)

    @property
    def component(self) -> bool:
        """It is a part that only others take in."""
        return string(get(self.node, "kind")) == "Component"

    @property
    def changes(self) -> bool:
        """What it makes is not what stands in its files."""
        return any(get(self.node, name) is not None for name in _CHANGES)


def parse(text: str, path: str) -> list[Kustomization]:
    """The kustomization of a file; none where it is empty. Raises ConfigError."""
    tree = yaml.read(text, path)
    return [_read(tree, node, path) for node in tree.documents[:1] if is_mapping(node)]


def _read(tree: Tree, node: Node, path: str) -> Kustomization:
    folder = posixpath.dirname(path)
    taken = tuple(
        (written, joined(folder, written), tree.span(one))
        for name in _TAKES_IN
        for one in yaml.sequence(get(node, name))[:_MOST]
        if (written := string(one)) and "\n" not in written
    )
    patches = tuple(joined(folder, written) for written in _patches(node) if "\n" not in written)
    return Kustomization(path, tree, node, taken, patches)


def _patches(node: Node) -> Iterator[str]:
    for name in _PATCHES:
        for one in yaml.sequence(get(node, name))[:_MOST]:
            written = string(get(one, "path")) if is_mapping(one) else string(one)
            if written:
                yield written


def joined(folder: str, written: str) -> str:
    """A path as it is from the root; one outside begins with `..`."""
    if "://" in written or written.startswith("/"):
        return f"../{written}"
    path = posixpath.normpath(posixpath.join(folder, written))
    return "" if path == "." else path
