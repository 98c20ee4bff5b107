"""What the reader of one file carries along, and the small reads that all of its parts share."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from seaway.formats.pipelines.azure_pipelines.expressions import Names, condition, parse, template
from seaway.formats.pipelines.azure_pipelines.printer import Unprintable, compiled
from seaway.formats.pipelines.azure_pipelines.templates import guard_of, source_of
from seaway.formats.yaml.tree import Tree, integer, is_mapping, is_scalar, is_sequence, is_true, items, sequence, string
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Text, Unknown, negated
from seaway.model.pipeline import Include, Native, Unresolved, Variable
from seaway.model.span import Span

Node: TypeAlias = Any
Fields: TypeAlias = dict[str, Node]

MAX_MINUTES = 60 * 24 * 365
_ANCHOR = re.compile(r"&\S+[ \t]*\r?\n")  # of a block that begins on the next line


@dataclass(slots=True)
class Context:
    """`containers`: what `resources.containers` names. `templates`: of variables, which the file refers to."""

    tree: Tree
    names: Names
    containers: dict[str, Node] = field(default_factory=dict)
    includes: list[Include] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    called: dict[str, int] = field(default_factory=dict)  # jobs that are templates, and how often each name was given

    def span(self, node: Node) -> Span:
        home = getattr(node, "home", None)
        return self.tree.span(node) if home is None else home.span(node.whole)

    def text(self, node: Any, *, script: bool = False) -> Text:
        """A scalar's text with its expressions; lists and mappings as YAML text."""
        if not is_scalar(node):
            return self.raw(node)
        value = str(node.value)
        return template(value, self.names, script=script) if "$" in value else value

    def raw(self, node: Node) -> str:
        """A node's own text, from its first column on."""
        text = source_of(node, self.tree)
        if "\n" not in text:
            return text
        if anchor := _ANCHOR.match(text):
            return textwrap.dedent(text[anchor.end() :])
        whole: Any = getattr(node, "whole", node)
        return textwrap.dedent(" " * whole.start_mark.column + text)

    def comment(self, node: Node) -> str:
        """Comments beside the node, where it stands in the file itself."""
        if "#" not in self.tree.text:
            return ""
        home = getattr(node, "home", self.tree)
        return self.tree.comment(getattr(node, "whole", node)) if home is self.tree else ""

    def native(self, key: str, node: Node) -> Native:
        return Native(key, self.raw(node), self.span(node))

    def natives(self, fields: Fields, known: AbstractSet[str], owner: str = "") -> tuple[Native, ...]:
        """The fields that no noun holds."""
        unknown = fields.keys() - known
        if not unknown:
            return ()
        return tuple(self.native(f"{owner}{name}", node) for name, node in fields.items() if name in unknown)

    def condition(self, node: Node | None, guard: Expr | None, phase: Phase) -> Condition | None:
        """A `condition:` and the `${{ if }}` around its owner. With a guard the whole is decided no later than at compile time."""
        own, written = None, string(node)
        if node is not None and written:
            own = condition(_inner(written), self.names)
        if guard is None:
            return None if own is None else Condition(own, phase, written, self.span(node))
        outer, text = self.guard(guard)
        if own is None:
            return Condition(outer, Phase.COMPILE, text)
        return Condition(Binary("&&", outer, own), Phase.COMPILE, f"{text}: {written}", self.span(node))

    def guard(self, guard: Expr) -> tuple[Expr, str]:
        """The condition of a `${{ if }}` with this file's names."""
        text = _words(guard)
        found = parse(text[3:-2], self.names)
        return (guard if isinstance(found, Unknown) else found), text

    def truth(self, node: Node | None) -> bool | Condition:
        """A truth value that may be computed."""
        if node is None:
            return False
        if (plain := is_true(node)) is not None:
            return plain
        text = string(node)
        if text.lower() in {"true", "false", ""}:
            return text.lower() == "true"
        return Condition(parse(_inner(text), self.names), Phase.QUEUE, text, self.span(node))

    def variables(self, node: Node | None, owner: str) -> tuple[tuple[Variable, ...], tuple[Native, ...]]:
        """Variables in both forms, and the groups among them as natives."""
        if is_mapping(node):
            return self.pairs(node, known=True), ()
        found: list[Variable] = []
        natives: list[Native] = []
        for item in sequence(node) if is_sequence(node) else ():
            fields = fields_of(item)
            if "name" in fields:
                extra = [key for key in fields if key not in {"name", "value"} and not key.endswith("}}.value")]
                name = string(fields["name"])
                values = [value for key, _, value in items(item) if key == "value"] or [None]
                for value in values:
                    found = _with(found, self._variable(name, value, item, known=True))
                natives += [self.native(f"{owner}variables.{name}.{key}", fields[key]) for key in extra]
            elif "group" in fields:
                natives.append(Native(f"{owner}variables.group", string(fields["group"]), self.span(item)))
            elif "template" in fields:
                name = string(fields["template"])
                self.includes.append(Include(name, "" if "@" in name else name, span=self.span(item)))
                natives.append(self.native(f"{owner}variables.template", item))
            else:
                found += self.pairs(item, known=True)
        return tuple(found), tuple(natives)

    def pairs(self, node: Node | None, *, known: bool = False, env: bool = False) -> tuple[Variable, ...]:
        """A mapping as variables: `env`, inputs. `known`: it defines variables. `env`: macros of unknown names are secrets,
        as all other variables are in a script's environment without being named.
        """
        found: list[Variable] = []
        for name, key, value in items(node):
            found = _with(found, self._variable(name, value, key, known=known, env=env))
        return tuple(found)

    def _variable(self, name: str, node: Node, place: Node, *, known: bool = False, env: bool = False) -> Variable:
        if known:
            self.names.known.add(name.lower())
        if (
            not env
            and node is not None
            and is_scalar(node)
            and "$" not in node.value
            and not (hasattr(node, "guard") or hasattr(place, "guard"))
        ):
            return Variable(name, node.value, span=self.span(place))
        if env and is_scalar(node) and node.value.startswith("$(") and node.value.endswith(")"):
            inner = node.value[2:-1]
            if self.names.variable(inner).context == "var":
                self.names.secrets.add(inner.lower())
        text = "" if node is None else self.text(node)
        guard = guard_of(node) if node is not None else None
        if guard is None:
            guard = guard_of(place)
        if guard is not None:
            text = Template((Call("iif", (self.guard(guard)[0], _as_expr(text), Literal(""))),))
        return Variable(name, text, _is_secret(text), span=self.span(place))

    def minutes(self, node: Node | None) -> timedelta | None:
        number = integer(node)
        return timedelta(minutes=number) if number and 0 < number < MAX_MINUTES else None


def _is_secret(text: Text) -> bool:
    return isinstance(text, Template) and any(isinstance(one, Ref) and one.context == "secret" for one in text.parts)


def _as_expr(text: Text) -> Expr:
    if isinstance(text, str):
        return Literal(text)
    if len(text.parts) == 1 and not isinstance(text.parts[0], str):
        return text.parts[0]
    pattern = ""
    values: list[Expr] = []
    for part in text.parts:
        if isinstance(part, str):
            pattern += part
        else:
            pattern += f"{{{len(values)}}}"
            values.append(part)
    return Call("format", (Literal(pattern), *values))


def _with(found: list[Variable], new: Variable) -> list[Variable]:
    """The list with one more. A value under an `${{ if }}` whose name is there already leaves the earlier one as its `else`."""
    call = new.value.parts[0] if isinstance(new.value, Template) and len(new.value.parts) == 1 else None
    if isinstance(call, Call) and call.name == "iif":
        for index, old in enumerate(found):
            if old.name == new.name:
                joined = Template((_chosen(call, _as_expr(old.value)),))
                found[index] = Variable(new.name, joined, new.secret or old.secret, new.description, new.span)
                return found
    found.append(new)
    return found


def _words(guard: Expr) -> str:
    try:
        return compiled(guard)
    except Unprintable:
        return "${{ if }}"


def _chosen(new: Call, old: Expr) -> Call:
    """`new` where its condition holds, else `old`; an `else` right behind its `if` is one choice."""
    if isinstance(old, Call) and old.name == "iif" and _opposite(old.args[0], new.args[0]):
        return Call("iif", (old.args[0], old.args[1], new.args[1]))
    return Call("iif", (new.args[0], new.args[1], old))


def _opposite(one: Expr, other: Expr) -> bool:
    flipped = {"==": "!=", "!=": "=="}
    if isinstance(one, Binary) and one.op in flipped and other == Binary(flipped[one.op], one.left, one.right):
        return True
    return other == negated(one) or one == negated(other)


def _inner(text: str) -> str:
    """An expression without the brackets `$[ ]` or `${{ }}` around the whole of it."""
    text = text.strip()
    if text.startswith("$[") and text.endswith("]"):
        return text[2:-1]
    if text.startswith("${{") and text.find("}}") == len(text) - 2:
        return text[3:-2]
    return text


def fields_of(node: Node | None) -> Fields:
    """A mapping's values by key. What stands under an `${{ if }}` that is not decided yet has that as the head of its key."""
    if getattr(node, "guarded", False):
        return {
            name if (guard := getattr(value, "guard", None)) is None else f"{_words(guard)}.{name}": value
            for name, _, value in items(node)
        }
    return {name: value for name, _, value in items(node)}
