"""Expands a file as Azure compiles it: `${{ if }}`, `${{ each }}`, `${{ insert }}`, parameters, templates and `extends`.

Works on YAML nodes, so that every node keeps the place it was written at, in whichever file. What depends on a value that is
only given when a run is queued stays: its nodes carry the condition as `guard`. Called by the reader for files that have any
of this. Two `${{ if }}` keys in one mapping are two keys here, as in Azure.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from seaway.formats.pipelines.azure_pipelines.evaluate import (
    Scope,
    Value,
    evaluate_text,
    is_known,
    shown,
    truth_of,
    value_of,
)
from seaway.formats.pipelines.azure_pipelines.printer import Unprintable, compiled
from seaway.formats.pipelines.sources import MAX_INCLUDE_DEPTH, Sources, inside
from seaway.formats.yaml.aliases import check_aliases
from seaway.formats.yaml.tree import MAX_DEPTH, Tree, get, is_mapping, items, read, sequence, string
from seaway.model.expression import Expr, both, negated
from seaway.model.pipeline import Unresolved
from seaway.model.span import Span

MAX_NODES = 25_000

Node: TypeAlias = Any
_DIRECTIVE = re.compile(r"\$\{\{\s*(if|elseif|else|each|insert)\b\s*(.*?)\s*\}\}\s*", re.DOTALL)
_WHOLE = re.compile(r"\s*\$\{\{((?:[^}$]|\}(?!\})|\$(?!\{\{))*)\}\}\s*")
_INSERT = re.compile(r"\$\{\{((?:[^}$]|\}(?!\})|\$(?!\{\{))*)\}\}")
_EACH = re.compile(r"([A-Za-z_]\w*)\s+in\s+(.+)", re.DOTALL)
_SECTIONS = ("stages", "jobs", "steps", "variables")
_FIXED = frozenset(
    {"object", "step", "steplist", "job", "joblist", "deployment", "deploymentlist", "stage", "stagelist"}
)


def span_of(node: Node, tree: Tree, key: Node | None = None) -> Span:
    """Where the node was written. `tree`: the file, unless the node knows another."""
    home = getattr(node, "home", None)
    return tree.span(node, key) if home is None else home.span(node.whole, key)


def source_of(node: Node, tree: Tree) -> str:
    """The node's text in the file it was written in."""
    home = getattr(node, "home", None) or tree
    return home.source(getattr(node, "whole", node))


def guard_of(node: Node) -> Expr | None:
    """The `${{ if }}` around the node that is decided when a run is queued."""
    return getattr(node, "guard", None)


@dataclass(slots=True)
class _Branch:
    """The state of an if / elseif / else chain: the conditions before this one that may still hold."""

    taken: bool = False
    before: Expr | None = None


@dataclass(slots=True)
class Expansion:
    """One file's expansion. `sources` None: references to templates stay."""

    tree: Tree
    sources: Sources | None
    unresolved: list[Unresolved] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # of repositories -> their names
    count: int = 0
    _marks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Where the file has something to expand: what has none of it stays as it is."""
        word = r"\$\{\{" if self.sources is None else r"\$\{\{|template:"
        shared = "&" in self.tree.text  # an alias may stand for something to expand that is written elsewhere
        self._marks = [] if shared else [found.start() for found in re.finditer(word, self.tree.text)]

    def _is_untouched(self, node: Node, tree: Tree) -> bool:
        if not self._marks or tree is not self.tree:
            return False
        at = bisect.bisect_left(self._marks, node.start_mark.index)
        return at == len(self._marks) or self._marks[at] >= node.end_mark.index

    def root(self) -> Node:
        """The whole file, expanded."""
        node = self.tree.documents[0]
        scope = Scope()
        for name, kind, default in declared(get(node, "parameters")):
            if kind.lower() in _FIXED and default is not None:
                scope.parameters[name.lower()] = default
        for one in sequence(get(node, "resources", "repositories")):
            self.aliases[string(get(one, "repository"))] = string(get(one, "name")) or string(get(one, "repository"))
        expanded = self.node(node, self.tree, scope, ())
        return self._extended(expanded)

    def _extended(self, node: Node) -> Node:
        extends = get(node, "extends")
        if extends is None or self.sources is None:
            return node
        found = self._load(get(extends, "template"), extends, self.tree, Scope(), ())
        if found is None:
            return node
        pairs = [pair for pair in node.value if pair[0].value != "extends"]
        pairs += [pair for pair in found[0].value if pair[0].value != "parameters"]
        return _copy(node, self.tree, pairs)

    def node(self, node: Node, tree: Tree, scope: Scope, stack: tuple[str, ...], depth: int = 0) -> Node:
        """The node with everything in it expanded."""
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            what = f"{MAX_NODES} nodes" if self.count > MAX_NODES else f"{MAX_DEPTH} levels"
            raise tree.problem(node, f"this expands to more than {what}", "does a template or an anchor repeat itself?")
        if self._is_untouched(node, tree):
            return node
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, tree, scope)
        if isinstance(node, yaml.SequenceNode):
            return _copy(node, tree, self._items(node, tree, scope, stack, depth))
        new = _copy(node, tree, self._pairs(node, tree, scope, stack, depth))
        new.guarded = any(hasattr(value, "guard") for _, value in new.value)
        return new

    def _scalar(self, node: Node, tree: Tree, scope: Scope) -> Node:
        text = str(node.value)
        if "${{" not in text:
            return node if tree is self.tree else _copy(node, tree, text)
        if whole := _WHOLE.fullmatch(text):
            value = evaluate_text(whole[1], scope)
            if isinstance(value, yaml.Node):
                return value
            return _copy(node, tree, _written(value, text))
        return _copy(node, tree, _INSERT.sub(lambda found: _written(evaluate_text(found[1], scope), found[0]), text))

    def _items(self, node: Node, tree: Tree, scope: Scope, stack: tuple[str, ...], depth: int) -> list[Node]:
        found: list[Node] = []
        branch = _Branch()
        for item in node.value:
            single = item.value[0] if isinstance(item, yaml.MappingNode) and len(item.value) == 1 else None
            directive = _DIRECTIVE.fullmatch(single[0].value) if single and _is_scalar(single[0]) else None
            if directive and single:
                found += self._directed(directive, single[1], item, branch, (tree, scope, stack, depth))
            elif self.sources is not None and is_mapping(item) and get(item, "template") is not None:
                found += self._template(item, tree, scope, stack)
            else:
                expanded = self.node(item, tree, scope, stack, depth + 1)
                splice = _is_scalar(item) and isinstance(expanded, yaml.SequenceNode)
                found += expanded.value if splice else [expanded]
        return found

    def _directed(self, directive: re.Match[str], body: Node, item: Node, branch: _Branch, at: Any) -> list[Node]:
        """The nodes that `- ${{ if }}:` or `- ${{ each }}:` stands for."""
        tree, scope, stack, depth = at
        word, words = directive[1], directive[2]
        if word == "each":
            turns = self._turns(words, scope)
            if turns is None:
                return [_copy(item, tree, item.value)]
            return [one for turn in turns for one in self._body(body, tree, turn, stack, depth)]
        guard = _choose(word, words, scope, branch) if word != "insert" else True
        if guard is False:
            return []
        inner = self._body(body, tree, scope, stack, depth)
        return inner if isinstance(guard, bool) else [_guarded(one, guard, tree) for one in inner]

    def _body(self, body: Node, tree: Tree, scope: Scope, stack: tuple[str, ...], depth: int) -> list[Node]:
        expanded = self.node(body, tree, scope, stack, depth + 1)
        return list(expanded.value) if isinstance(expanded, yaml.SequenceNode) else [expanded]

    def _pairs(
        self, node: Node, tree: Tree, scope: Scope, stack: tuple[str, ...], depth: int
    ) -> list[tuple[Node, Node]]:
        found: list[tuple[Node, Node]] = []
        branch = _Branch()
        for key, value in node.value:
            text = key.value if _is_scalar(key) else ""
            directive = _DIRECTIVE.fullmatch(text) if "${{" in text else None
            if directive is None:
                new_key = self._scalar(key, tree, scope) if _is_scalar(key) else key
                found.append((new_key, self.node(value, tree, scope, stack, depth + 1)))
                continue
            word, words = directive[1], directive[2]
            turns = self._turns(words, scope) if word == "each" else [scope]
            if turns is None:
                found.append((key, value))
                continue
            guard = True if word in ("each", "insert") else _choose(word, words, scope, branch)
            for turn in turns if guard is not False else ():
                inner = self.node(value, tree, turn, stack, depth + 1)
                pairs = inner.value if isinstance(inner, yaml.MappingNode) else [(key, inner)]
                found += pairs if isinstance(guard, bool) else [(one, _guarded(two, guard, tree)) for one, two in pairs]
        return found

    def _turns(self, words: str, scope: Scope) -> list[Scope] | None:
        """One scope per turn of a loop; None where it goes over something that is not known."""
        parts = _EACH.fullmatch(words)
        if parts is None:
            return None
        value = evaluate_text(parts[2], scope)
        if isinstance(value, yaml.SequenceNode):
            return [scope.within(parts[1], value_of(one)) for one in value.value]
        if isinstance(value, yaml.MappingNode):
            value = {name: value_of(inner) for name, _, inner in items(value)}
        if isinstance(value, dict):
            return [scope.within(parts[1], {"key": name, "value": inner}) for name, inner in value.items()]
        return [] if value is None or value == "" else None

    def _template(self, item: Node, tree: Tree, scope: Scope, stack: tuple[str, ...]) -> list[Node]:
        name = self._scalar(get(item, "template"), tree, scope)
        loaded = self._load(name, item, tree, scope, stack)
        if loaded is None:
            return [self.node(item, tree, scope, stack, len(stack))]
        body, home = loaded
        section = next((found for word in _SECTIONS if (found := get(body, word)) is not None), None)
        if isinstance(section, yaml.SequenceNode):
            return list(section.value)
        if isinstance(section, yaml.MappingNode):  # variables as a mapping
            return [_copy(section, home, section.value)]
        return []

    def _load(
        self, name: Node, item: Node, tree: Tree, scope: Scope, stack: tuple[str, ...]
    ) -> tuple[Node, Tree] | None:
        """A template's file, expanded with the parameters it is given; None, and a word why, where it is not there."""
        text = string(name)
        home = getattr(tree, "path", "")
        path, _, alias = text.partition("@")
        found, place = self._text(path, alias, home)
        if place in stack or len(stack) >= MAX_INCLUDE_DEPTH:
            raise tree.problem(
                item, f"the template {text} leads back to itself", "templates may not include each other"
            )
        if found is None:
            where = f"the repository `{alias}` was not given" if alias and alias != "self" else "there is no such file"
            why = "which file it is, is known only when a run is queued" if "${{" in text else where
            self.unresolved.append(Unresolved(text, why, span_of(item, tree)))
            return None
        inner = read(found, place)
        check_aliases(inner)
        if not inner.documents or not is_mapping(inner.documents[0]):
            return None
        given = self.node(get(item, "parameters"), tree, scope, stack) if get(item, "parameters") is not None else None
        bound = Scope(self._bound(inner, given), open=False)
        return self.node(inner.documents[0], inner, bound, (*stack, place)), inner

    def _bound(self, inner: Tree, given: Node) -> dict[str, Value]:
        """A template's parameters: what it is given, else its defaults."""
        found: dict[str, Value] = {}
        for name, kind, default in declared(get(inner.documents[0], "parameters")):
            value = None if default is None else value_of(self.node(default, inner, Scope(open=False), ()))
            found[name.lower()] = "" if value is None and kind == "string" else value
        found.update((name.lower(), value_of(value)) for name, _, value in items(given))
        return found

    def _text(self, path: str, alias: str, home: str) -> tuple[str | None, str]:
        if self.sources is None or "${{" in path:
            return None, path
        library, _, beside = home.partition(":") if ":" in home else ("", "", home)
        if alias and alias != "self":
            library, beside = self.aliases.get(alias, alias), ""
        place = inside(path, beside)
        if place is None:
            return None, path
        if not library:
            return self.sources.local(f"/{place}"), place
        short = library.rsplit("/", 1)[-1]
        for name in dict.fromkeys((library, short, alias)):
            if name and (text := self.sources.foreign(name, place)) is not None:
                return text, f"{name}:{place}"
        return None, f"{library}:{place}"


def declared(node: Node) -> list[tuple[str, str, Node]]:
    """A file's parameters: (name, type, default). The old form is a mapping of defaults."""
    if isinstance(node, yaml.MappingNode):
        return [(name, "object", value) for name, _, value in items(node)]
    found = [one for one in sequence(node) if is_mapping(one) and get(one, "name") is not None]
    return [(string(get(one, "name")), string(get(one, "type"), "string"), get(one, "default")) for one in found]


def _choose(word: str, words: str, scope: Scope, branch: _Branch) -> bool | Expr:
    """Whether a branch of an if chain is taken: True, False, or the condition under which it is."""
    if word == "if":
        branch.taken, branch.before = False, None
    if branch.taken:
        return False
    value: Value = True if word == "else" else evaluate_text(words, scope)
    if is_known(value):
        if not truth_of(value):
            return False
        branch.taken = True
        return True if branch.before is None else branch.before
    guard = both(branch.before, value)
    branch.before = both(branch.before, negated(value))
    return guard if guard is not None else True


def _guarded(node: Node, guard: Expr, tree: Tree) -> Node:
    new = _copy(node, tree, node.value)
    new.guard = both(guard, getattr(node, "guard", None))
    return new


def _copy(node: Node, tree: Tree, value: Any) -> Node:
    """The node with another value, at the place of the old one."""
    style = node.style if isinstance(node, yaml.ScalarNode) else node.flow_style
    new: Any = type(node)(node.tag, value, node.start_mark, node.end_mark, style)
    for name in ("guard", "guarded"):
        if (kept := getattr(node, name, None)) is not None:
            setattr(new, name, kept)
    new.home = getattr(node, "home", None) or tree
    new.whole = getattr(node, "whole", node)
    return new


def _written(value: Value, original: str) -> str:
    """A value as text; what is not known yet stays an expression."""
    if is_known(value):
        return shown(value) if not isinstance(value, (yaml.Node, dict)) else original
    try:
        return compiled(value)
    except Unprintable:
        return original


def _is_scalar(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode)
