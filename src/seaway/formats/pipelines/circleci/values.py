"""Scalars of a CircleCI file: `<< parameters.x >>`, `<< pipeline.x >>`, `<< matrix.x >>`, and what parameters stand for.

A reader carries a Context: the file and the values of the parameters where it reads. Parameters are put in while reading, so
that commands, executors and jobs stand where they are used. Called by all readers of this package.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from seaway.formats.pipelines.circleci.predefined import KEYS, VALUES, VARIABLES
from seaway.formats.yaml.tree import Tree, is_scalar, is_sequence, is_true, items
from seaway.model.expression import Call, Expr, Literal, Ref, Template, Text
from seaway.model.pipeline import Native, Unresolved, Variable
from seaway.model.span import Span

Node: TypeAlias = Any
Fields: TypeAlias = dict[str, Node]

MAX_DEPTH = 20  # of commands that call commands
MAX_STEPS = 5_000  # that one file stands for

_ANCHOR = re.compile(r"&\S+[ \t]*\r?\n")  # of a block that begins on the next line
_VALUE = re.compile(r"\\<<|<<\s*([A-Za-z_][\w./-]*)\s*>>")
_KEY = re.compile(r"\{\{\s*(?:(checksum)\s+\"([^\"}]*)\"|(\.Environment\.(\w+))|([.\w]+))\s*\}\}")
_TIME = re.compile(r"(?:(\d{1,6})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,6})s?)?")


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter's value that is more than text, with the values of the place it was written at."""

    node: Node
    scope: Scope


Value: TypeAlias = Text | Bound
Scope: TypeAlias = dict[str, Value]


@dataclass(slots=True)
class Budget:
    """What one file may unfold to."""

    steps: int = 0


@dataclass(slots=True)
class Context:
    """`scope` None: parameters are not known, as in a job that no workflow uses."""

    tree: Tree
    scope: Scope | None = field(default_factory=dict)
    library: Any = None
    depth: int = 0
    budget: Budget = field(default_factory=Budget)
    unresolved: dict[str, Unresolved] = field(default_factory=dict)

    def within(self, scope: Scope | None, tree: Tree | None = None) -> Context:
        """The same file, with other values."""
        return Context(tree or self.tree, scope, self.library, self.depth + 1, self.budget, self.unresolved)

    def span(self, node: Node, key: Node | None = None) -> Span:
        return self.tree.span(node, key)

    def raw(self, node: Node) -> str:
        """A node's own text, from its first column on."""
        text = self.tree.source(node)
        if "\n" not in text:
            return text
        if anchor := _ANCHOR.match(text):
            return textwrap.dedent(text[anchor.end() :])
        return textwrap.dedent(" " * node.start_mark.column + text)

    def text(self, node: Node | None) -> Text:
        """A scalar's text with the values put in; lists and mappings as YAML text."""
        if node is None:
            return ""
        if not is_scalar(node):
            return self.raw(node)
        value = str(node.value)
        return self._filled(value) if "<<" in value else value

    def plain(self, node: Node | None) -> str:
        """The same as text; what is not known stays as it was written."""
        found = self.text(node)
        return found if isinstance(found, str) else str(node.value)  # type: ignore[union-attr]

    def _filled(self, value: str) -> Text:
        pieces: list[str | Expr] = []
        last = 0
        for found in _VALUE.finditer(value):
            pieces.append(value[last : found.start()])
            if found[1] is None:
                pieces.append("<<")
            else:
                pieces += self._value(found[1], found[0])
            last = found.end()
        pieces.append(value[last:])
        return joined(pieces)

    def _value(self, name: str, written: str) -> Iterable[str | Expr]:
        if name.startswith("parameters."):
            found = self.parameter(name.removeprefix("parameters."))
            if isinstance(found, Bound):
                found = self.within(found.scope).text(found.node)
            if found is not None:
                return (found,) if isinstance(found, str) else found.parts
            return (written,) if self.scope is not None else (Ref("native", tuple(name.split("."))),)
        return (reference(name),)

    def parameter(self, name: str) -> Value | None:
        return None if self.scope is None else self.scope.get(name)

    def followed(self, node: Node | None) -> tuple[Node | None, Context]:
        """The node that a scalar `<< parameters.x >>` stands for, and where to read it; else the node itself."""
        if node is not None and is_scalar(node) and "<<" in node.value:
            whole = _VALUE.fullmatch(str(node.value).strip())
            if whole and whole[1] and whole[1].startswith("parameters."):
                found = self.parameter(whole[1].removeprefix("parameters."))
                if isinstance(found, Bound):
                    return found.node, self.within(found.scope)
        return node, self

    def truth(self, node: Node | None) -> bool | None:
        """A truth value, also one that a parameter gives."""
        if node is None:
            return None
        plain = is_true(node)
        return plain if plain is not None else {"true": True, "false": False}.get(self.plain(node))

    def strings(self, node: Node | None) -> tuple[str, ...]:
        """A text or a list of them."""
        node, context = self.followed(node)
        if is_sequence(node) and node is not None:
            return tuple(context.plain(one) for one in node.value)
        return (context.plain(node),) if is_scalar(node) and node is not None and node.value else ()

    def texts(self, node: Node | None) -> tuple[Text, ...]:
        """The same with expressions."""
        node, context = self.followed(node)
        if is_sequence(node) and node is not None:
            return tuple(context.text(one) for one in node.value)
        return (context.text(node),) if is_scalar(node) and node is not None and node.value else ()

    def native(self, key: str, node: Node) -> Native:
        text = self.text(node) if is_scalar(node) else self.raw(node)
        return Native(key, self.raw(node) if text == node.value or not isinstance(text, str) else text, self.span(node))

    def natives(self, fields: Fields, known: AbstractSet[str], owner: str) -> tuple[Native, ...]:
        """The fields that no noun holds."""
        unknown = fields.keys() - known
        if not unknown:
            return ()
        return tuple(self.native(f"{owner}{name}", node) for name, node in fields.items() if name in unknown)

    def variables(self, node: Node | None) -> tuple[Variable, ...]:
        """`environment`: a mapping, or a list of mappings."""
        node, context = self.followed(node)
        if is_sequence(node) and node is not None:
            return tuple(one for item in node.value for one in context.variables(item))
        return tuple(Variable(name, context.text(value), span=context.span(key)) for name, key, value in items(node))

    def key(self, node: Node | None) -> tuple[Text, tuple[str, ...]]:
        """A cache's key, and the files whose checksum is in it."""
        files: list[str] = []
        pieces: list[str | Expr] = []
        text = self.text(node)
        for part in text.parts if isinstance(text, Template) else (text,):
            if isinstance(part, str) and "{{" in part:
                pieces += _key_parts(part, files)
            else:
                pieces.append(part)
        return joined(pieces), tuple(files)


def _key_parts(text: str, files: list[str]) -> Iterable[str | Expr]:
    last = 0
    for found in _KEY.finditer(text):
        yield text[last : found.start()]
        last = found.end()
        if found[1]:
            files.append(found[2])
            yield Call("hash_files", (Literal(found[2]),))
        elif found[3]:
            yield VARIABLES.get(found[4], Ref("var", (found[4],)))
        else:
            yield KEYS.get(found[5], Ref("native", ("key", found[5])))
    yield text[last:]


def joined(pieces: Iterable[str | Expr]) -> Text:
    """Pieces as one text, neighbouring strings joined."""
    found: list[str | Expr] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    if not found:
        return ""
    return found[0] if len(found) == 1 and isinstance(found[0], str) else Template(tuple(found))


def reference(name: str) -> Ref:
    """What `<< name >>` means."""
    if (known := VALUES.get(name)) is not None:
        return known
    if name.startswith("pipeline.parameters."):
        return Ref("input", (name.removeprefix("pipeline.parameters."),))
    if name.startswith("matrix."):
        return Ref("matrix", (name.removeprefix("matrix."),))
    return Ref("native", tuple(name.split(".")))


def fields_of(node: Node | None) -> Fields:
    """A mapping's values by key, anchors merged."""
    return {name: value for name, _, value in items(node)}


def duration(text: str) -> timedelta | None:
    """`1h30m`, `10m`, `90s`, `90`."""
    found = _TIME.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
