"""Kotlin of the settings, carried out as far as its values are known. Called by `kotlin`; calls are in `calls`, lists and texts in `library`.

Nothing is run: there are no files, clocks or processes here. What is not known becomes a Hole in a value and an opaque Item in a
block; the rest of the file goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from seaway.formats.pipelines.teamcity import arguments, classes, kinds, library
from seaway.formats.pipelines.teamcity.scope import MISSING, Class, Function, Lambda, Lazy, Return, Scope
from seaway.formats.pipelines.teamcity.source import COMMENTS, Node, Source, children
from seaway.formats.pipelines.teamcity.values import (
    OPAQUE,
    Entity,
    Hole,
    Item,
    Mixed,
    Outputs,
    Symbol,
    Value,
    joined,
    pieces,
    shown,
)

MAX_STEPS = 60_000  # nodes that are evaluated for one pipeline
MAX_DEPTH = 200  # nodes within nodes, calls within calls (which count three)
MAX_LOST = 200  # statements that are told
MAX_TEXT = 1_000_000
MAX_LIST = 10_000

_DOLLAR = re.compile(r"\$(?:([A-Za-z_]\w*)|\{this\})")
_UNICODE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_CONSTANTS = {"true": True, "false": False, "null": None}
_DECLARATIONS = frozenset(
    {"import", "package_header", "property_declaration", "function_declaration", "class_declaration",
     "object_declaration", "companion_object", "type_alias", "file_annotation", "shebang_line", "label"}
)  # fmt: skip


_GROWING = frozenset({str, list, dict, int})  # values that may become too large


class Machine:
    """Evaluates nodes. `entities`: objects and instances of DSL types in the order of their making; `packages`: of all files."""

    def __init__(self) -> None:
        self.steps = 0
        self.depth = 0
        self.entities: list[Entity] = []
        self.packages: set[str] = set()
        self.shared: dict[str, Value] = {}  # declarations of all files
        self.lost: list[Item] = []  # statements of functions that could not be evaluated and say nothing to any block
        self.extensions: dict[str, Function] = {}

    # --- blocks

    def block(self, nodes: Iterable[Node], scope: Scope, *, last_is_value: bool = False) -> Value:
        """Statements in order; the value of the last one. What cannot be evaluated is recorded with its text."""
        found: Value = None
        listed = nodes if isinstance(nodes, list) else list(nodes)
        recorder = scope.recorder()
        commented = False  # by the node before
        for at, node in enumerate(listed):
            kind = node.type
            if kind in COMMENTS:
                commented = True
                continue
            is_last = last_is_value and at == len(listed) - 1
            before = len(recorder) if recorder is not None else 0
            found = self.statement(node, scope, is_value=is_last)
            if recorder is None and isinstance(found, Hole) and not is_last and len(self.lost) < MAX_LOST:
                self.lost.append(opaque(node, scope.source))
            if recorder is not None and kind != "property_declaration":
                if isinstance(found, Hole) and len(recorder) == before and not is_last:
                    recorder.append(opaque(node, scope.source))
                if commented and len(recorder) > before and not recorder[before].comment:
                    recorder[before].comment = comment_above(listed, at, scope.source)
            commented = False
        return found

    def statement(self, node: Node, scope: Scope, *, is_value: bool = False) -> Value:
        """One statement; `is_value`: its value is asked for, so that words of the DSL are not recorded."""
        kind = node.type
        if kind in _DECLARATIONS:
            return self.declare(node, scope)
        return self._guarded(kind, node, scope, is_value=is_value)

    def declare(self, node: Node, scope: Scope) -> Value:
        """A local declaration."""
        if node.type == "property_declaration":
            self._local(node, scope)
        else:
            self.declare_later(node, scope)
        return None

    def declare_later(self, node: Node, scope: Scope) -> None:
        """A declaration that is evaluated when somebody asks for it."""
        if node.type == "function_declaration":
            function = classes.function(node, scope)
            if function.receiver:
                self.extensions.setdefault(function.name, function)
            scope.names[function.name] = function
        elif node.type == "class_declaration":
            made = classes.declared(node, scope)
            scope.names[made.name] = made
        elif node.type in {"object_declaration", "companion_object"}:
            name = node.child_by_field_name("name")
            scope.names[scope.source.of(name) if name is not None else "Companion"] = Lazy(node, scope)
        elif node.type == "property_declaration":
            variable = next((one for one in children(node) if one.type == "variable_declaration"), None)
            if variable is not None:
                scope.names[scope.source.of(children(variable)[0])] = Lazy(node, scope)

    def _local(self, node: Node, scope: Scope) -> None:
        value = self.initial(node, scope)
        for one in children(node):
            if one.type == "variable_declaration":
                scope.names[scope.source.of(children(one)[0])] = value
            elif one.type == "multi_variable_declaration":
                self.bind([scope.source.of(children(name)[0]) for name in children(one)], [value], scope)

    def initial(self, node: Node, scope: Scope) -> Value:
        """The first value of a property."""
        after = False
        for child in node.children:
            if child.type == "=":
                after = True
            elif after and child.is_named and child.type not in COMMENTS:
                return self.value(child, scope)
            elif child.type == "property_delegate":
                return self._delegate(child, scope)
            elif child.type == "getter":
                return self.body(child, Scope(scope.source, scope))
        return Hole(scope.source.of(node)) if not after else None

    def _delegate(self, node: Node, scope: Scope) -> Value:
        call = children(node)[0]
        found = arguments.parts(self, call, scope) if call.type == "call_expression" else None
        if found is None or found.trailing is None or scope.source.of(found.callee) != "lazy":
            return Hole(scope.source.of(node))
        return self.run(found.trailing, [])

    def bind(self, names: list[str], args: list[Value], scope: Scope) -> None:
        """Parameters of a lambda; one pair is taken apart for several names."""
        if len(names) > 1 and len(args) == 1 and isinstance(args[0], (tuple, list)):
            args = list(args[0])
        for at, name in enumerate(names):
            scope.names[name] = args[at] if at < len(args) else Hole(name)

    # --- lambdas and functions

    def run(
        self,
        code: Lambda,
        args: list[Value],
        *,
        this: Value = None,
        target: list[Item] | None = None,
        is_value: bool = True,
    ) -> Value:
        """A lambda with arguments; `target`: where its words go."""
        scope = Scope(code.scope.source, code.scope, {}, target, this)
        if args or code.parameters:
            self.bind(list(code.parameters) or ["it"], args, scope)
        return self.block(code.body, scope, last_is_value=is_value)

    def body(self, node: Node, scope: Scope, *, is_value: bool = True) -> Value:
        """The body of a function or getter, with its `return`."""
        body = next((one for one in children(node) if one.type == "function_body"), None)
        if body is None:
            return Hole(scope.source.of(node))
        inner = children(body)
        try:
            if len(inner) == 1 and inner[0].type == "block":
                return self.block(inner[0].named_children, scope)
            return self.statement(inner[0], scope, is_value=is_value) if inner else None
        except Return as back:
            return back.value

    # --- values

    def value(self, node: Node, scope: Scope) -> Value:
        """The value of an expression; a Hole where it is not known. Raises ConfigError when all together takes too long."""
        return self._guarded(node.type, node, scope, is_value=True)

    def _guarded(self, kind: str, node: Node, scope: Scope, *, is_value: bool) -> Value:
        handler = kinds.HANDLERS.get(kind)
        self.steps += 1
        if self.steps > MAX_STEPS:
            what = f"the settings compute more than {MAX_STEPS:,} values"
            scope.source.refuse(scope.source.at(node.start_byte), what)
        if handler is None or self.depth >= MAX_DEPTH:
            return Hole(scope.source.of(node)[:200] if handler is not None else scope.source.of(node))
        weight = 3 if kind == "call_expression" else 1
        self.depth += weight
        try:
            found = handler(self, node, scope, is_value)
            return limited(found, node, scope) if found.__class__ in _GROWING else found
        finally:
            self.depth -= weight

    def text(self, node: Node, scope: Scope) -> str | Mixed:
        """A string literal with what is inserted in it."""
        raw = scope.source.of(node)
        if "$" not in raw and "\\" not in raw:
            return raw[3:-3] if raw.startswith('"""') and len(raw) > 5 else raw[1:-1]
        found: list[str | Hole] = []
        run: list[str] = []
        for child in [*node.children, None]:
            if child is not None and child.type == "string_content":
                run.append(scope.source.of(child))
                continue
            if run:
                plain = "".join(run)
                if "\\u" in plain and node.type == "string_literal":
                    plain = _UNICODE.sub(lambda match: chr(int(match[1], 16)), plain)
                found += self._dollars(plain, scope)
                run = []
            if child is None or not child.is_named or child.type in COMMENTS:
                continue
            if child.type == "escape_sequence":
                found.append(kinds.unescaped(scope.source.of(child)))
            else:
                inner = children(child)
                found += pieces(self.value(inner[0], scope)) if inner else [""]
        return joined(found)

    def _dollars(self, text: str, scope: Scope) -> list[str | Hole]:
        found: list[str | Hole] = []
        at = 0
        for match in _DOLLAR.finditer(text):
            found.append(text[at : match.start()])
            found += pieces(self.named(match[1], scope) if match[1] else scope.receiver())
            at = match.end()
        return [*found, text[at:]]

    def named(self, name: str, scope: Scope) -> Value:
        """What a name stands for in a value."""
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        found = scope.find(name)
        if found is MISSING:
            found = self.shared.get(name, MISSING)
        if isinstance(found, Lazy):
            return self.force(found)
        if found is not MISSING:
            return found
        at: Scope | None = scope
        while at is not None:
            if isinstance(at.this, (Entity, Item)) and (kept := self.property(at.this, name)) is not MISSING:
                return kept
            at = at.parent
        return Symbol(name) if name[:1].isupper() or name in self.packages or name.startswith("_") else Hole(name)

    def force(self, lazy: Lazy) -> Value:
        """The value of a declaration, evaluated once; while that goes on, one that asks for it again gets a Hole."""
        if lazy.value is MISSING:
            if lazy.busy:
                return Hole(lazy.scope.source.of(lazy.node)[:80])
            lazy.busy = True
            if lazy.node.type in {"object_declaration", "companion_object"}:
                classes.make_object(self, lazy)
            else:
                lazy.value = self.initial(lazy.node, lazy.scope)
            lazy.busy = False
        return lazy.value

    def property(self, of: Value, name: str) -> Value:
        """A property of a value; MISSING where it has none."""
        if isinstance(of, Entity):
            if name in of.fields:
                found = of.fields[name]
                return self.force(found) if isinstance(found, Lazy) else found
            if name == "depParamRefs":
                return Outputs(of)
            if name == "id" and of.type:
                return of.id
            kept = of.item.value(name, MISSING)
            if kept is not MISSING:
                return kept
            companion = of.fields.get("Companion")
            return self.property(self.force(companion), name) if isinstance(companion, Lazy) else MISSING
        if isinstance(of, Outputs):
            return f"%dep.{shown(of.of)}.{'build.number' if name == 'buildNumber' else name}%"
        if isinstance(of, Item):
            return of.value(name, MISSING)
        if isinstance(of, Class):
            return classes.enum_entry(self, of, name)
        return library.property_of(of, name, MISSING)


def opaque(node: Node, source: Source) -> Item:
    """A statement that is kept as its text."""
    return Item(OPAQUE, [source.of(node)], source=source, start=node.start_byte, end=node.end_byte)


def comment_above(nodes: list[Node], at: int, source: Source) -> str:
    """The comment lines that end on the line above a statement."""
    found: list[str] = []
    line = nodes[at].start_point[0]
    for before in reversed(nodes[:at]):
        if before.type not in COMMENTS or before.end_point[0] < line - 1:
            break
        line = before.start_point[0]
        text = source.of(before).removeprefix("/*").removesuffix("*/")
        lines = [one.strip().lstrip("/*").strip() for one in text.splitlines()]
        found.append("\n".join(one for one in lines if one))
    return "\n".join(reversed(found))


def limited(value: Value, node: Node, scope: Scope) -> Value:
    """A value of reasonable size, else a Hole."""
    if (
        (isinstance(value, str) and len(value) > MAX_TEXT)
        or (isinstance(value, (list, dict)) and len(value) > MAX_LIST)
        or (isinstance(value, int) and abs(value) >= 2**63)
    ):
        return Hole(scope.source.of(node)[:200])
    return value
