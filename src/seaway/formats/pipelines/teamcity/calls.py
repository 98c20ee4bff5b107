"""Calls and assignments of Kotlin: of functions, classes and lambdas, else words of TeamCity's DSL. Part of `evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seaway.formats.pipelines.teamcity import arguments, classes, library
from seaway.formats.pipelines.teamcity.arguments import Call
from seaway.formats.pipelines.teamcity.scope import MISSING, Class, Function, Lambda, Lazy, Scope, Word
from seaway.formats.pipelines.teamcity.source import Node, children
from seaway.formats.pipelines.teamcity.values import Entity, Hole, Id, Item, Symbol, Value, shown

if TYPE_CHECKING:
    from seaway.formats.pipelines.teamcity.evaluate import Machine

# Words that do something even where their value is asked for.
_REGISTERS = frozenset({"buildType", "subProject", "template", "sequential", "project"})
_IDS = frozenset({"AbsoluteId", "RelativeId"})
_BLOCKS = frozenset(
    {"steps", "params", "triggers", "features", "requirements", "dependencies", "vcs", "failureConditions", "cleanup"}
)  # of TeamCity, also where a parameter of the same name holds what goes into them
_SCOPED = frozenset({"apply", "also", "let", "run", "takeIf"})
_SILENT = frozenset({"println", "print", "require", "check"})


def call(machine: Machine, node: Node, scope: Scope, *, is_value: bool) -> Value:
    """The value of a call; as a statement, a word of the DSL is recorded in its block."""
    found = arguments.parts(machine, node, scope)
    found.asked = is_value
    callee = found.callee
    if callee.type == "identifier":
        return _plain(machine, scope.source.of(callee).strip("`"), found, scope)
    if callee.type == "navigation_expression":
        return _member(machine, callee, found, scope)
    of = machine.value(callee, scope)
    if isinstance(of, Lambda):
        return machine.run(of, found.all(), target=scope.recorder(), is_value=found.asked)
    if isinstance(of, str) and found.trailing is not None:  # "name" { ... }
        return _record(machine, of, found, scope)
    return Hole(scope.source.of(node))


def _plain(machine: Machine, name: str, found: Call, scope: Scope) -> Value:
    value = _declared(machine, name, found, scope)
    if value is MISSING:
        value = _known(machine, name, found)
    return _record(machine, name, found, scope) if value is MISSING else value


def _declared(machine: Machine, name: str, found: Call, scope: Scope) -> Value:
    """A call of what the settings declare; MISSING where they declare nothing of this name that can be called."""
    known = scope.find(name)
    if known is MISSING:
        known = machine.shared.get(name, MISSING)
    if isinstance(known, Lazy):
        known = machine.force(known)
    if isinstance(known, Function):
        return _function(machine, known, found, (scope.receiver(), scope.recorder()))
    if isinstance(known, Class):
        return classes.instance(machine, known, found)
    if isinstance(known, Lambda) and name not in _BLOCKS and not (found.trailing is not None and not found.args):
        this = found.args[0] if found.args and not known.parameters else None
        target = _items(this) if _items(this) is not None else scope.recorder()
        return machine.run(known, found.all(), this=this, target=target, is_value=found.asked)
    if isinstance(known, Word):
        return _record_on(machine, known.target, known.name, found)
    return MISSING


def _known(machine: Machine, name: str, found: Call) -> Value:
    """A call of what Kotlin or TeamCity declares; MISSING for words of the DSL."""
    first = found.args[0] if found.args else None
    if name in classes.DSL_TYPES:
        return _entity(machine, name, found)
    if name in _IDS and found.args:
        return Id(first, name) if isinstance(first, str) else first
    if name in _SILENT:
        return None
    if name == "with" and found.args and found.trailing is not None:
        return _scoped(machine, "run", first, found.trailing, asked=found.asked)
    if name == "run" and found.trailing is not None:
        return machine.run(found.trailing, [], is_value=found.asked)
    if name == "repeat" and found.trailing is not None:
        for at in library.numbers(0, first - 1 if isinstance(first, int) else None) or ():
            machine.run(found.trailing, [at], is_value=False)
        return None
    return library.function(machine, name, found)


def _entity(machine: Machine, name: str, found: Call) -> Entity:
    """`BuildType { ... }`: one without a name of its own."""
    made = Entity(name, source=found.source, start=found.node.start_byte, end=found.node.end_byte)
    machine.entities.append(made)
    for code in found.lambdas():
        machine.run(code, [], this=made, target=made.items, is_value=False)
    return made


def _function(machine: Machine, of: Function, found: Call, on: tuple[Value, list[Item] | None]) -> Value:
    """A declared function. Its words go to what it extends (`on`), or to the class that it is a method of."""
    this, target = on
    owner = of.scope.receiver()
    if not of.receiver:
        this = owner
        target = owner.items if isinstance(owner, Entity) and owner.type else None
    scope = Scope(of.scope.source, of.scope, {}, target, this, wall=True)
    listed = next((one for one in children(of.node) if one.type == "function_value_parameters"), None)
    arguments.bind_parameters(machine, listed, scope, found)
    if machine.depth > 150:
        return Hole(of.name)
    machine.depth += 4
    try:
        return machine.body(of.node, scope, is_value=found.asked)
    finally:
        machine.depth -= 4


def _member(machine: Machine, callee: Node, found: Call, scope: Scope) -> Value:
    """`of.name(...)`."""
    inner = children(callee)
    name = scope.source.of(inner[-1]).strip("`")
    of = machine.value(inner[0], scope)
    if of is None:
        return None
    if name in _SCOPED and found.trailing is not None:
        return _scoped(machine, name, of, found.trailing, asked=found.asked)
    value = _own(machine, of, name, found, scope)
    if value is MISSING:
        value = library.method(machine, of, name, found, is_value=found.asked)
    if value is MISSING and isinstance(of, Symbol):
        value = _of_symbol(machine, of, name, found, scope)
    if value is not MISSING:
        return value
    if name == "toString" and not isinstance(of, (Hole, Item, Symbol)):
        return shown(of)
    if (items := _items(of)) is not None:
        return _record_on(machine, items, name, found, say=True)
    return Hole(scope.source.of(found.node))


def _own(machine: Machine, of: Value, name: str, found: Call, scope: Scope) -> Value:
    """A method or extension that the settings declare; MISSING where there is none."""
    known = of.fields.get(name, MISSING) if isinstance(of, Entity) else MISSING
    if isinstance(known, Function):
        return _function(machine, known, found, (of, of.items if of.type else None))
    extension = scope.find(name)
    if not isinstance(extension, (Function, Lambda)):
        extension = machine.extensions.get(name, MISSING)
    if isinstance(extension, Function) and extension.receiver:
        return _function(machine, extension, found, (of, _items(of)))
    if isinstance(extension, Lambda) and name not in _BLOCKS and _items(of) is not None:
        return machine.run(extension, found.all(), this=of, target=_items(of), is_value=found.asked)
    if isinstance(of, Lambda) and name == "invoke":
        this = found.args[0] if found.args else None
        return machine.run(of, found.args, this=this, target=_items(this), is_value=found.asked)
    if isinstance(of, Class) and name in {"values", "entries"}:
        return classes.enum_entries(machine, of)
    return MISSING


def _of_symbol(machine: Machine, of: Symbol, name: str, found: Call, scope: Scope) -> Value:
    if of.text == "DslContext" and len(found.args) == 2:
        return found.args[1]  # a parameter of the context, with what it is by default
    if name in machine.shared or of.text in machine.packages:
        return _plain(machine, name, found, Scope(scope.source))
    return MISSING


def _items(of: Value) -> list[Item] | None:
    """Where words that are said to this value go."""
    if isinstance(of, Item):
        if of.items is None:
            of.items = []
        return of.items
    return of.items if isinstance(of, Entity) else None


def _scoped(machine: Machine, name: str, of: Value, code: Lambda, *, asked: bool) -> Value:
    """`apply`, `also`, `let`, `run`, `takeIf` with a lambda."""
    if name in {"apply", "run"}:
        found = machine.run(code, [], this=of, target=_items(of), is_value=asked and name == "run")
        return of if name == "apply" else found
    found = machine.run(code, [of], is_value=asked and name != "also")
    if name == "also":
        return of
    return found if name == "let" else of if found is True else None


def _record(machine: Machine, name: str, found: Call, scope: Scope) -> Value:
    target = scope.recorder()
    if target is None and not (found.asked or found.trailing is not None):
        return Hole(scope.source.of(found.node))
    return _record_on(machine, target, name, found)


def _record_on(machine: Machine, target: list[Item] | None, name: str, found: Call, *, say: bool = False) -> Item:
    """A word of the DSL with what stands in its braces."""
    item = Item(name, source=found.source, start=found.node.start_byte, end=found.node.end_byte)
    blocks = [one for one in found.all() if isinstance(one, Lambda)]
    item.args = [one for one in found.args if not isinstance(one, Lambda)]
    if target is not None and (say or not found.asked or name in _REGISTERS):
        target.append(item)
    for key, value in found.named.items():
        if isinstance(value, Lambda):
            inner = Item(key, items=[])
            machine.run(value, [], this=inner, target=inner.items, is_value=False)
            item.named[key] = inner
        else:
            item.named[key] = value
    for code in blocks:
        item.items = item.items if item.items is not None else []
        machine.run(code, [], this=item, target=item.items, is_value=False)
    return item


def assign(machine: Machine, node: Node, scope: Scope) -> Value:
    """`left = right`: a variable, or a property of the block around it."""
    inner = node.children
    if len(inner) != 3:  # with a comment in between
        inner = [node.child_by_field_name(name) for name in ("left", "operator", "right")]
    left, sign, right = inner
    operator = sign.type
    value = machine.value(right, scope)
    if isinstance(value, Lambda):
        value = Hole(scope.source.of(right))
    if left.type == "identifier":
        name = scope.source.of(left).strip("`")
        return _set(machine, _assigned(name, value, node, scope), operator, scope)
    inner = children(left)
    of = machine.value(inner[0], scope)
    if left.type == "index_expression" and isinstance(of, dict) and operator == "=":
        of[machine.value(inner[-1], scope)] = value
        return None
    name = scope.source.of(inner[-1])
    before = machine.property(of, name) if operator == "+=" and left.type == "navigation_expression" else MISSING
    if isinstance(before, list):
        before += value if isinstance(value, list) else [value]
        return None
    items = _items(of)
    if left.type != "navigation_expression" or items is None or operator != "=":
        return Hole(scope.source.of(node))
    if isinstance(of, Entity) and name in of.fields:
        of.fields[name] = value
    if not isinstance(of, Entity) or of.type:
        items.append(_assigned(name, value, node, scope))
    return None


def _set(machine: Machine, item: Item, operator: str, scope: Scope) -> Value:
    """A variable, or else a word of the block around."""
    name, recorder = item.word, scope.recorder()
    holder = scope.holder(name)
    if holder is None and (operator != "=" or recorder is None):
        at: Scope | None = scope
        while at is not None and name not in at.names:
            at = at.parent
        holder = at.names if at is not None else None
    if operator != "=":
        value = library.operate(operator[0], machine.named(name, scope), item.args[0])
        item.args = [Hole(item.written()) if value is MISSING else value]
    if holder is not None:
        holder[name] = item.args[0]
        return None
    if recorder is None:
        return Hole(item.written())
    recorder.append(item)
    return None


def _assigned(name: str, value: Value, node: Node, scope: Scope) -> Item:
    return Item(name, [value], assigned=True, source=scope.source, start=node.start_byte, end=node.end_byte)


def apply(machine: Machine, code: Value, args: list[Value], *, is_value: bool) -> Value:
    """A function, class or word by reference (`::buildType`) with arguments."""
    if isinstance(code, (Function, Class)):
        made = Call(code.node, code.node, code.scope.source, args, asked=is_value)
        if isinstance(code, Class):
            return classes.instance(machine, code, made)
        return _function(machine, code, made, (None, None))
    if isinstance(code, Word):
        item = Item(code.name, args)
        if code.target is not None:
            code.target.append(item)
        return item
    return MISSING
