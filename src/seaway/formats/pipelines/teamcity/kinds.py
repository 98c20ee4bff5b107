"""What each kind of node of Kotlin's grammar means: (machine, node, scope, is_value) -> value. Part of `evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from seaway.formats.pipelines.teamcity import arguments, calls, classes, library
from seaway.formats.pipelines.teamcity.scope import MISSING, Return, Scope, Word
from seaway.formats.pipelines.teamcity.source import COMMENTS, Node, children
from seaway.formats.pipelines.teamcity.values import Hole, Outputs, Symbol, Value, joined, pieces, shown

if TYPE_CHECKING:
    from seaway.formats.pipelines.teamcity.evaluate import Machine

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b"}
Handler: TypeAlias = "Callable[[Machine, Node, Scope, bool], Value]"


def unescaped(text: str) -> str:
    """What an escape stands for."""
    return _ESCAPES.get(text[1:], text[1:])


def _identifier(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    return machine.named(scope.source.of(node).strip("`"), scope)


def _text(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    return machine.text(node, scope)


def _character(_machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    inner = scope.source.of(node)[1:-1]
    return unescaped(inner) if inner.startswith("\\") else inner


def _number(_machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    text = scope.source.of(node).replace("_", "").rstrip("LuU")
    try:
        return int(text, 0) if text[:2].lower() in {"0x", "0b"} else int(text[:20])
    except ValueError:
        try:
            return float(text.rstrip("fF"))
        except ValueError:
            return Hole(text)


def _this(_machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    found = scope.receiver()
    return Hole(scope.source.of(node)) if found is None else found


def _brackets(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    return machine.statement(children(node)[0], scope, is_value=is_value)


def _lambda(_machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    return arguments.closure(node, scope)


def _reference(_machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    name = scope.source.of(children(node)[-1])
    found = scope.find(name)
    return Word(name, scope.recorder()) if found is MISSING else found


def _object(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    return classes.make(machine, node, Scope(scope.source, scope), "")


def _navigation(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    inner = children(node)
    name = scope.source.of(inner[-1]).strip("`")
    of = machine.value(inner[0], scope)
    found = machine.property(of, name)
    if found is not MISSING:
        return found
    if isinstance(of, Symbol):
        if of.text in machine.packages and name in machine.shared:
            return machine.named(name, Scope(scope.source))
        return Symbol(f"{of.text}.{name}")
    return None if of is None and "?." in scope.source.of(node) else Hole(scope.source.of(node))


def _index(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    inner = children(node)
    of, at = machine.value(inner[0], scope), machine.value(inner[-1], scope)
    if isinstance(of, Outputs):
        return joined([f"%dep.{shown(of.of)}.", *pieces(at), "%"])
    try:
        return (
            of.get(at)
            if isinstance(of, dict)
            else of[at]
            if isinstance(of, (list, str))
            else Hole(scope.source.of(node))
        )
    except (IndexError, TypeError):
        return Hole(scope.source.of(node))


def _cast(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    return machine.statement(children(node)[0], scope, is_value=is_value)


def _unary(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    operator = scope.source.of(node.child_by_field_name("operator"))
    value = machine.statement(node.child_by_field_name("argument"), scope, is_value=is_value)
    if operator == "!!":
        return value
    if isinstance(value, Hole):
        return value
    if operator == "!" and isinstance(value, bool):
        return not value
    if operator == "-" and isinstance(value, (int, float)):
        return -value
    return Hole(scope.source.of(node))


def _binary(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    operator = scope.source.of(node.child_by_field_name("operator"))
    left = machine.value(node.child_by_field_name("left"), scope)
    right_node = node.child_by_field_name("right")
    if operator == "?:":
        return machine.statement(right_node, scope, is_value=is_value) if left is None else left
    if operator in {"&&", "||"} and isinstance(left, bool):
        return left if left is (operator == "||") else machine.value(right_node, scope)
    found = library.operate(operator, left, machine.value(right_node, scope))
    return Hole(scope.source.of(node)) if found is MISSING else found


def _contains(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    left = machine.value(node.child_by_field_name("left"), scope)
    right = machine.value(node.child_by_field_name("right"), scope)
    if isinstance(left, Hole) or not isinstance(right, (list, dict, str)):
        return Hole(scope.source.of(node))
    found = left in right
    return not found if any(child.type == "!in" for child in node.children) else found


def _range(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    first, last = (machine.value(one, scope) for one in children(node)[:2])
    return library.numbers(first, last) or Hole(scope.source.of(node))


def _infix(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    left, word, right = children(node)[:3]
    found = library.infix(scope.source.of(word), machine.value(left, scope), machine.value(right, scope))
    return Hole(scope.source.of(node)) if found is MISSING else found


def _list(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    return [machine.value(one, scope) for one in children(node)]


def _call(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    return calls.call(machine, node, scope, is_value=is_value)


def _assignment(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    return calls.assign(machine, node, scope)


def _if(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    asked = machine.value(node.child_by_field_name("condition"), scope)
    if not isinstance(asked, bool):
        return Hole(scope.source.of(node))
    after = [child for child in node.children if child.type not in COMMENTS]
    closing = next(at for at, child in enumerate(after) if child.type == ")")
    otherwise = next((at for at, child in enumerate(after) if child.type == "else"), len(after))
    branch = after[closing + 1 : otherwise] if asked else after[otherwise + 1 :]
    return _branch(machine, [one for one in branch if one.is_named], scope, is_value)


def _branch(machine: Machine, nodes: list[Node], scope: Scope, is_value: bool) -> Value:
    if not nodes:
        return None
    if nodes[0].type in {"block", "control_structure_body"}:
        return machine.block(nodes[0].named_children, Scope(scope.source, scope), last_is_value=is_value)
    if nodes[0].type == "lambda_literal":
        return machine.run(arguments.closure(nodes[0], scope), [], is_value=is_value)
    return machine.block(nodes[:1], Scope(scope.source, scope), last_is_value=is_value)


def _when(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    subject: Value = True
    for one in children(node):
        if one.type == "when_subject":
            subject = machine.value(children(one)[-1], scope)
            if isinstance(subject, Hole):
                return Hole(scope.source.of(node))
        elif one.type == "when_entry":
            conditions = one.children_by_field_name("condition")
            rest = [inner for inner in children(one) if inner not in conditions]
            values = [machine.value(condition, scope) for condition in conditions]
            if any(isinstance(value, Hole) for value in values):
                return Hole(scope.source.of(node))
            if not conditions or subject in values:
                return _branch(machine, rest, scope, is_value)
    return None


def _for(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    inner = [one for one in children(node) if one.type != "label"]
    values = library.listed(machine.value(inner[1], scope))
    if values is None:
        return Hole(scope.source.of(node))
    names = (
        [scope.source.of(children(one)[0]) for one in children(inner[0])]
        if inner[0].type == "multi_variable_declaration"
        else [scope.source.of(children(inner[0])[0])]
    )
    for value in values:
        once = Scope(scope.source, scope)
        machine.bind(names, [value], once)
        _branch(machine, inner[2:], once, is_value=False)
    return None


def _return(machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    inner = [one for one in children(node) if one.type != "label"]
    value = machine.value(inner[0], scope) if inner else None
    if "@" in scope.source.of(node).split(" ", 1)[0]:
        return value  # the value of a lambda
    raise Return(value)


def _try(machine: Machine, node: Node, scope: Scope, is_value: bool) -> Value:
    return _branch(machine, children(node)[:1], scope, is_value)


def _unknown(_machine: Machine, node: Node, scope: Scope, _is_value: bool) -> Value:
    return Hole(scope.source.of(node))


VALUES: Mapping[str, Handler] = {
    "identifier": _identifier, "string_literal": _text, "multiline_string_literal": _text, "character_literal": _character,
    "number_literal": _number, "float_literal": _number,
    "this_expression": _this, "lambda_literal": _lambda, "anonymous_function": _unknown,
    "callable_reference": _reference, "object_literal": _object, "navigation_expression": _navigation, "index_expression": _index,
    "in_expression": _contains, "range_expression": _range, "infix_expression": _infix, "collection_literal": _list,
}  # fmt: skip
STATEMENTS: Mapping[str, Handler] = {
    "call_expression": _call, "assignment": _assignment, "if_expression": _if, "when_expression": _when, "for_statement": _for,
    "return_expression": _return, "parenthesized_expression": _brackets, "as_expression": _cast, "unary_expression": _unary,
    "binary_expression": _binary, "try_expression": _try, "while_statement": _unknown, "do_while_statement": _unknown,
    "throw_expression": _unknown, "jump_expression": _unknown, "ERROR": _unknown,
}  # fmt: skip
HANDLERS: Mapping[str, Handler] = {**STATEMENTS, **VALUES}  # no kind is in both
