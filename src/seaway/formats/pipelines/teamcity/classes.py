"""Objects, classes and functions of Kotlin: what is declared, and what is made of it. Part of `evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seaway.formats.pipelines.teamcity import arguments
from seaway.formats.pipelines.teamcity.scope import MISSING, Class, Function, Lazy, Scope
from seaway.formats.pipelines.teamcity.source import Node, children
from seaway.formats.pipelines.teamcity.values import Entity, Item, Value

if TYPE_CHECKING:
    from seaway.formats.pipelines.teamcity.evaluate import Machine

DSL_TYPES = frozenset(
    {"BuildType", "Project", "Template", "GitVcsRoot", "VcsRoot", "SvnVcsRoot", "PerforceVcsRoot", "MercurialVcsRoot"}
)


def function(node: Node, scope: Scope) -> Function:
    """A declared function; the type before its name is what it extends."""
    name = node.child_by_field_name("name")
    receiver = ""
    for child in node.children:
        if child == name:
            break
        if child.type in {"user_type", "nullable_type", "parenthesized_type"}:
            receiver = scope.source.of(child)
    return Function(scope.source.of(name).strip("`"), node, scope, receiver)


def declared(node: Node, scope: Scope) -> Class:
    """A declared class."""
    return Class(scope.source.of(node.child_by_field_name("name")), node, scope)


def make_object(machine: Machine, lazy: Lazy) -> None:
    """The one instance of an object declaration. It is known before it is finished, so that others may refer to it."""
    name = lazy.node.child_by_field_name("name")
    symbol = lazy.scope.source.of(name) if name is not None else "Companion"
    made = Entity(super_type(machine, lazy.node, lazy.scope), symbol)
    lazy.value = made
    fill(machine, lazy.node, Scope(lazy.scope.source, lazy.scope, this=made), made)


def make(machine: Machine, node: Node, scope: Scope, symbol: str) -> Entity:
    """An instance: of the class or object literal at this node, whose parameters the scope knows."""
    made = Entity(super_type(machine, node, scope), symbol, dict(scope.names))
    scope.this = made
    fill(machine, node, scope, made)
    return made


def instance(machine: Machine, of: Class, call: arguments.Call) -> Value:
    """`Name(args)`."""
    if any(one.type == "modifiers" and "enum" in of.scope.source.of(one) for one in children(of.node)):
        return MISSING
    scope = Scope(of.scope.source, of.scope, wall=True)
    parameters = next((one for one in children(of.node) if one.type == "primary_constructor"), None)
    if parameters is not None:
        parameters = next((one for one in children(parameters) if one.type == "class_parameters"), parameters)
    arguments.bind_parameters(machine, parameters, scope, call)
    made = make(machine, of.node, scope, "")
    if not made.start:
        made.source, made.start, made.end = call.source, call.node.start_byte, call.node.end_byte
    return made


def super_type(machine: Machine, node: Node, scope: Scope) -> str:
    """The type of the DSL that an object or class is in the end, or ""."""
    seen = 0
    while seen < 20:
        seen += 1
        call = _super_call(node)
        name = scope.source.of(children(call)[0]).rpartition(".")[2].partition("<")[0] if call is not None else ""
        if not name:
            return ""
        found = scope.find(name)
        if found is MISSING:
            found = machine.shared.get(name, MISSING)
        if not isinstance(found, Class):
            return name if name in DSL_TYPES else ""
        node, scope = found.node, found.scope
    return ""


def _super_call(node: Node) -> Node | None:
    for one in children(node):
        if one.type == "delegation_specifiers":
            for specifier in children(one):
                inner = children(specifier)
                if inner and inner[0].type == "constructor_invocation":
                    return inner[0]
    return None


def fill(machine: Machine, node: Node, scope: Scope, made: Entity) -> None:
    """What the constructor of its class, its own properties, methods and `init` blocks give an instance."""
    if made.source is None and node.type in {"object_declaration", "object_literal"}:
        made.source, made.start, made.end = scope.source, node.start_byte, node.end_byte
        made.comment = _comment(node, scope)
    if made.type and made not in machine.entities:
        machine.entities.append(made)
    body = next((one for one in children(node) if one.type in {"class_body", "enum_class_body"}), None)
    inside = Scope(scope.source, scope, this=made)
    fields = Scope(scope.source, inside, made.fields)
    members = list(children(body)) if body is not None else []
    for member in members:
        if member.type != "anonymous_initializer":
            machine.declare_later(member, fields)
    call = _super_call(node)
    if call is not None:
        _construct(machine, call, scope, made)
    for member in members:
        if member.type == "anonymous_initializer":
            block = Scope(scope.source, inside, target=made.items)
            machine.block(children(member)[0].named_children, block)


def _construct(machine: Machine, call: Node, scope: Scope, made: Entity) -> None:
    """The constructor of the class above, with the arguments that are given here."""
    name = scope.source.of(children(call)[0]).rpartition(".")[2].partition("<")[0]
    given = arguments.constructor_call(machine, call, scope)
    found = scope.find(name)
    if found is MISSING:
        found = machine.shared.get(name, MISSING)
    if isinstance(found, Class) and machine.depth < 150:
        inner = Scope(found.scope.source, found.scope, wall=True, this=made)
        parameters = next((one for one in children(found.node) if one.type == "primary_constructor"), None)
        if parameters is not None:
            parameters = next((one for one in children(parameters) if one.type == "class_parameters"), parameters)
        arguments.bind_parameters(machine, parameters, inner, given)
        for field, value in inner.names.items():
            made.fields.setdefault(field, value)
        machine.depth += 6
        try:
            fill(machine, found.node, inner, made)
        finally:
            machine.depth -= 6
        return
    if made.type:
        for code in (*given.lambdas(),):
            machine.run(code, [], this=made, target=made.items, is_value=False)


def _comment(node: Node, scope: Scope) -> str:
    from seaway.formats.pipelines.teamcity.evaluate import comment_above

    around = list(node.parent.named_children) if node.parent is not None else [node]
    return comment_above(around, around.index(node), scope.source) if node in around else ""


def enum_entry(machine: Machine, of: Class, name: str) -> Value:
    """`OS.LINUX`: an instance with the values of its entry; MISSING where there is no such entry."""
    body = next((one for one in children(of.node) if one.type == "enum_class_body"), None)
    for entry in children(body) if body is not None else ():
        if entry.type == "enum_entry" and of.scope.source.of(children(entry)[0]) == name:
            return _entry(machine, of, entry)
    return MISSING


def enum_entries(machine: Machine, of: Class) -> list[Value]:
    """All entries of an enum, in order."""
    body = next((one for one in children(of.node) if one.type == "enum_class_body"), None)
    return [_entry(machine, of, one) for one in children(body)] if body is not None else []


def _entry(machine: Machine, of: Class, entry: Node) -> Value:
    key = f"{of.name}.{of.scope.source.of(children(entry)[0])}"
    known = machine.shared.get(f"enum {key}")
    if known is not None:
        return known
    scope = Scope(of.scope.source, of.scope, wall=True)
    parameters = next((one for one in children(of.node) if one.type == "primary_constructor"), None)
    if parameters is not None:
        parameters = next((one for one in children(parameters) if one.type == "class_parameters"), parameters)
    arguments.bind_parameters(machine, parameters, scope, arguments.constructor_call(machine, entry, scope))
    name = key.partition(".")[2]
    made = Entity("", name, {**scope.names, "name": name})
    machine.shared[f"enum {key}"] = made
    body = next((one for one in children(of.node) if one.type == "enum_class_body"), None)
    fields = Scope(of.scope.source, Scope(of.scope.source, of.scope, this=made), made.fields)
    for member in children(body) if body is not None else ():
        if member.type in {"function_declaration", "property_declaration"}:
            machine.declare_later(member, fields)
    return made


def recorded(entity: Entity, item: Item) -> None:
    """A word for an entity from outside: `build.name = ...`."""
    entity.items.append(item)
