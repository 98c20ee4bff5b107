"""What a file defines for use elsewhere in it: commands, executors, jobs, and orbs. Made by `reader`, asked by the others.

An orb is written into the file, lies in a folder that the user named, or is kept in CircleCI's registry: then what it offers
stays a reference, and is said to be one.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from seaway.formats.pipelines.circleci.values import Bound, Context, Scope, Value, fields_of
from seaway.formats.pipelines.sources import Sources
from seaway.formats.yaml.aliases import check_aliases
from seaway.formats.yaml.tree import Tree, is_mapping, is_scalar, items, read, string
from seaway.model.pipeline import Component, Pin, Unresolved

Node: TypeAlias = Any

MAX_ORBS = 10  # within each other


@dataclass(slots=True)
class Library:
    """The definitions of one file or orb. `foreign`: alias -> reference of the orbs that are not here."""

    tree: Tree
    commands: dict[str, Node] = field(default_factory=dict)
    executors: dict[str, Node] = field(default_factory=dict)
    jobs: dict[str, Node] = field(default_factory=dict)
    orbs: dict[str, Library] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def command(self, name: str, context: Context) -> tuple[Node, Context] | None:
        """A command's definition, and where to read it."""
        return self.found("commands", name, context)

    def executor(self, name: str, context: Context) -> tuple[Node, Context] | None:
        """An executor's definition, and where to read it."""
        return self.found("executors", name, context)

    def job(self, name: str, context: Context) -> tuple[Node, Context] | None:
        """A job's definition, and where to read it."""
        return self.found("jobs", name, context)

    def found(self, kind: str, name: str, context: Context) -> tuple[Node, Context] | None:
        """A definition of one kind, and where to read it."""
        alias, slash, inner = name.partition("/")
        if slash:
            orb = self.orbs.get(alias)
            return orb.found(kind, inner, context) if orb is not None else None
        node = getattr(self, kind).get(name)
        if node is None:
            return None
        self.used.add(f"{kind}.{name}")
        home = context if context.library is self else dataclasses.replace(context, library=self, tree=self.tree)
        return node, home

    def component(self, name: str, context: Context, node: Node) -> Component:
        """A reference to something of an orb that is not here."""
        alias, slash, inner = name.partition("/")
        orb = self.foreign.get(alias, "") if slash else ""
        if not orb:
            return Component(name, name, "", Pin.NONE, context.span(node))
        whole, _, version = orb.partition("@")
        pin = Pin.BRANCH if version.startswith("dev:") or version == "volatile" else Pin.TAG
        return Component(name, f"{whole}/{inner}", version, pin, context.span(node))

    def scope(self, definition: Node, given: Node | None, context: Context) -> Scope:
        """The values of a definition's parameters where it is used. `context`: of the use."""
        found: Scope = {}
        for name, _, declared in items(fields_of(definition).get("parameters")):
            default = fields_of(declared).get("default")
            found[name] = "" if default is None else _value(default, context.within({}))
        for name, _, value in items(given) if is_mapping(given) else ():
            found[name] = _value(value, context)
        return found


def _value(node: Node, context: Context) -> Value:
    node, context = context.followed(node)
    if is_scalar(node):
        return context.text(node)
    return Bound(node, context.scope or {})


def gathered(
    tree: Tree, root: Node, sources: Sources | None, unresolved: dict[str, Unresolved], depth: int = 0
) -> Library:
    """The definitions below a node: a file's root, or an orb in it."""
    fields = fields_of(root)
    found = Library(
        tree, fields_of(fields.get("commands")), fields_of(fields.get("executors")), fields_of(fields.get("jobs"))
    )
    for alias, key, node in items(fields.get("orbs")):
        if depth >= MAX_ORBS:
            raise tree.problem(node, f"orbs nested deeper than {MAX_ORBS}")
        if is_mapping(node):
            found.orbs[alias] = gathered(tree, node, sources, unresolved, depth + 1)
            continue
        reference = string(node)
        text, place = _orb_text(reference, sources)
        if text is None:
            found.foreign[alias] = reference
            why = "orbs are kept in CircleCI's registry; name a folder with its orb.yml by --library"
            unresolved.setdefault(reference, Unresolved(reference, why, tree.span(node, key)))
            continue
        inner = read(text, place)
        check_aliases(inner)
        body = inner.documents[0] if inner.documents else None
        found.orbs[alias] = gathered(inner, body, sources, unresolved, depth + 1)
    return found


def _orb_text(reference: str, sources: Sources | None) -> tuple[str | None, str]:
    """An orb's source from a folder that the user named after it: its whole name, or the part behind the slash."""
    name = reference.partition("@")[0]
    for library in (name, name.rpartition("/")[2]) if sources is not None else ():
        for path in ("orb.yml", "@orb.yml", "src/@orb.yml"):
            text = sources.foreign(library, path) if sources is not None else None
            if text is not None:
                return text, f"{library}:{path}"
    return None, reference
