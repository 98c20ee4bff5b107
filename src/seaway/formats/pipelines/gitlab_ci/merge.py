"""What GitLab joins before it looks at jobs: `extends`, `!reference` and merged files, on nodes that still know their places.

A joined mapping is a new node whose values are the old ones. `Joiner.span` answers for old and new nodes of all files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from seaway.errors import ConfigError
from seaway.formats.yaml import tree
from seaway.formats.yaml.tree import Node, Tree
from seaway.model.pipeline import Unresolved
from seaway.model.span import Span

MAX_STEPS = 100_000  # nodes made or visited while one pipeline is joined
MAX_REFERENCES = 20  # within references


@dataclass(slots=True)
class Joiner:
    """Knows which file each node came from, and what a joined node is called after."""

    root: Tree
    owners: dict[int, Tree] = field(default_factory=dict)
    origins: dict[int, Node] = field(default_factory=dict)
    made: list[Node] = field(default_factory=list)  # keeps new nodes alive: their ids are keys above
    unresolved: list[Unresolved] = field(default_factory=list)
    _left: int = MAX_STEPS

    def own(self, found: Tree, nodes: Iterable[Node]) -> None:
        """Notes that these nodes, and all within, stand in this file."""
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if id(node) in self.owners:
                continue
            self.spend(node, found)
            self.owners[id(node)] = found
            if isinstance(node, yaml.MappingNode):
                stack += [one for pair in node.value for one in pair]
            elif isinstance(node, yaml.SequenceNode):
                stack += node.value

    def spend(self, node: Node, found: Tree | None = None) -> None:
        """Counts one step of work. Raises ConfigError where a file asks for too many."""
        self._left -= 1
        if self._left < 0:
            raise (found or self.tree(node)).problem(
                node,
                f"what this pulls in has more than {MAX_STEPS} values",
                "check for aliases or includes that multiply",
            )

    def tree(self, node: Node) -> Tree:
        """The file that the node stands in."""
        return self.owners.get(id(self.origins.get(id(node), node)), self.root)

    def span(self, node: Node, key: Node | None = None) -> Span:
        """Where it stands; a joined node where its last part stands."""
        if not self.owners and not self.origins:
            return self.root.span(node, key)
        node = self.origins.get(id(node), node)
        found = self.owners.get(id(node), self.root)
        if (
            key is not None
            and self.owners.get(id(key), self.root) is found
            and key.start_mark.index <= node.start_mark.index
        ):
            return found.span(node, key)
        return found.span(node)

    def problem(self, node: Node, message: str, suggestion: str = "") -> ConfigError:
        return self.tree(node).problem(self.origins.get(id(node), node), message, suggestion)

    def node(self, like: Node, pairs: list[tuple[Node, Node]]) -> Node:
        """A new mapping that stands where `like` stands."""
        made = yaml.MappingNode(like.tag, pairs, like.start_mark, like.end_mark, flow_style=False)
        return self._remember(made, like)

    def sequence(self, like: Node, values: list[Node]) -> Node:
        """A new list that stands where `like` stands."""
        made = yaml.SequenceNode("tag:yaml.org,2002:seq", values, like.start_mark, like.end_mark, flow_style=False)
        return self._remember(made, like)

    def scalar(self, like: Node, value: str) -> Node:
        """A new scalar that stands where `like` stands."""
        made = yaml.ScalarNode("tag:yaml.org,2002:str", value, like.start_mark, like.end_mark, like.style)
        return self._remember(made, like)

    def _remember(self, made: Node, like: Node) -> Node:
        self.spend(like)
        self.made.append(made)
        self.origins[id(made)] = self.origins.get(id(like), like)
        return made

    def joined(self, base: Node, over: Node, depth: int = 0) -> Node:
        """`over` upon `base`: mappings join key by key at every depth, everything else is replaced."""
        if not isinstance(base, yaml.MappingNode) or not isinstance(over, yaml.MappingNode):
            return over
        if depth > tree.MAX_DEPTH:
            raise self.problem(over, f"joined values nest deeper than {tree.MAX_DEPTH} levels")
        pairs: dict[str, tuple[Node, Node]] = {name: (key, value) for name, key, value in tree.items(base)}
        for name, key, value in tree.items(over):
            self.spend(value)
            known = pairs.get(name)
            pairs[name] = (key, value if known is None else self.joined(known[1], value, depth + 1))
        return self.node(over, list(pairs.values()))


class Document:
    """The joined file: its keys, its jobs with `extends` applied, its values with `!reference` filled in."""

    def __init__(self, joiner: Joiner, pairs: dict[str, tuple[Node, Node]], *, resolve: bool) -> None:
        self.joiner, self.pairs = joiner, pairs
        self._resolve = resolve
        self._extended: dict[str, Node] = {}
        self._tagged = resolve and any("!reference" in one.text for one in {id(t): t for t in self._trees()}.values())

    def _trees(self) -> Iterable[Tree]:
        return [self.joiner.root, *self.joiner.owners.values()]

    def value(self, name: str) -> Node | None:
        """The value of a key of the file, ready to be read."""
        pair = self.pairs.get(name)
        if pair is None:
            return None
        return self._filled(self._with_extends(name, pair[1], ()), 0, ()) if self._resolve else pair[1]

    def _with_extends(self, name: str, node: Node, below: tuple[str, ...]) -> Node:
        if name in self._extended:
            return self._extended[name]
        parents = tree.get(node, "extends") if isinstance(node, yaml.MappingNode) else None
        if parents is None:
            return node
        if name in below:
            raise self.joiner.problem(parents, f"`{name}` extends itself: {' -> '.join((*below, name))}")
        base: Node | None = None
        for parent in tree.strings(parents):
            pair = self.pairs.get(parent)
            if pair is None or not isinstance(pair[1], yaml.MappingNode):
                place = self.joiner.span(parents)
                self.joiner.unresolved.append(Unresolved(parent, f"`{name}` extends it, and no file has it", place))
                continue
            found = self._with_extends(parent, pair[1], (*below, name))
            base = found if base is None else self.joiner.joined(base, found)
        made = node if base is None else self.joiner.joined(self._without(base, "extends"), node)
        self._extended[name] = made
        return made

    def _without(self, node: Node, key: str) -> Node:
        return self.joiner.node(node, [(one, value) for name, one, value in tree.items(node) if name != key])

    def _filled(self, node: Node, depth: int, within: tuple[tuple[str, ...], ...]) -> Node:
        """The node with every `!reference` in it replaced by what it names; the node itself where there is none."""
        if not self._tagged:
            return node
        if depth > tree.MAX_DEPTH:
            raise self.joiner.problem(node, f"nested deeper than {tree.MAX_DEPTH} levels")
        self.joiner.spend(node)
        if tree.custom_tag(node) == "!reference":
            return self._referred(node, depth, within)
        if isinstance(node, yaml.SequenceNode):
            items = [self._filled(item, depth + 1, within) for item in node.value]
            changed = any(one is not other for one, other in zip(items, node.value, strict=True))
            return self.joiner.sequence(node, items) if changed else node
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, self._filled(value, depth + 1, within)) for _, key, value in tree.items(node)]
            changed = any(one[1] is not other[1] for one, other in zip(pairs, node.value, strict=False))
            return self.joiner.node(node, pairs) if changed else node
        return node

    def _referred(self, node: Node, depth: int, within: tuple[tuple[str, ...], ...]) -> Node:
        path = tree.strings(node)
        if path in within or len(within) >= MAX_REFERENCES:
            chain = " -> ".join(", ".join(one) for one in (*within, path))
            raise self.joiner.problem(node, f"`!reference` leads back to itself: {chain}")
        pair = self.pairs.get(path[0]) if path else None
        found = tree.get(self._with_extends(path[0], pair[1], ()), *path[1:]) if pair is not None else None
        if found is None:
            words = f"!reference [{', '.join(path)}]"
            self.joiner.unresolved.append(Unresolved(words, "no file has it", self.joiner.span(node)))
            return node
        return self._filled(found, depth + 1, (*within, path))
