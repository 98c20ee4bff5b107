"""Refuses anchors that multiply or contain themselves, before anybody follows them. Called by the readers of YAML dialects."""

from __future__ import annotations

import re

from seaway.formats.yaml.tree import MAX_NODES, Node, Tree, is_mapping, is_sequence

_ALIAS = re.compile(r"(?:^|[\s\[{,])\*[\w-]", re.MULTILINE)
_ANCHOR = re.compile(r"&[\w-]")  # what stands before it is looked at afterwards: that is quicker


def check_aliases(tree: Tree) -> None:
    """Raises ConfigError where following every alias would take more nodes than a file may have, or would never end."""
    text = tree.text
    anchors = any(found.start() == 0 or text[found.start() - 1] in " \t\r\n[{," for found in _ANCHOR.finditer(text))
    uses = len(_ALIAS.findall(text)) if anchors else 0
    if not uses or (uses < 16 and len(tree.text) << uses <= MAX_NODES):  # each use at most doubles what there is
        return
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in tree.documents]
    while stack:
        node, done = stack.pop()
        if done:
            open_nodes.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in _children(node))
            if sizes[id(node)] > MAX_NODES:
                raise tree.problem(node, f"with its aliases followed this has more than {MAX_NODES} parts")
        elif id(node) in open_nodes:
            raise tree.problem(node, "this alias contains itself")
        elif id(node) not in sizes:
            open_nodes.add(id(node))
            stack.append((node, True))
            stack += [(child, False) for child in _children(node)]


def _children(node: Node) -> list[Node]:
    if is_sequence(node):
        return list(node.value)
    return [part for pair in node.value for part in pair] if is_mapping(node) else []
