"""Calls of Kotlin taken apart: what is called, with which arguments, and how parameters get their values. Part of `evaluate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seaway.formats.pipelines.teamcity.scope import Lambda, Scope
from seaway.formats.pipelines.teamcity.source import COMMENTS, Node, Source, children
from seaway.formats.pipelines.teamcity.values import Hole, Value

if TYPE_CHECKING:
    from seaway.formats.pipelines.teamcity.evaluate import Machine


@dataclass(slots=True)
class Call:
    """`callee(args, name = value) { trailing }`, with its values. `asked`: somebody wants its value, so it records nothing."""

    node: Node
    callee: Node
    source: Source
    args: list[Value] = field(default_factory=list)
    named: dict[str, Value] = field(default_factory=dict)
    trailing: Lambda | None = None
    asked: bool = False

    def lambdas(self) -> Iterator[Lambda]:
        """The lambdas among the arguments, the one behind the brackets last."""
        yield from (one for one in (*self.args, *self.named.values()) if isinstance(one, Lambda))
        if self.trailing is not None:
            yield self.trailing

    def all(self) -> list[Value]:
        """The arguments by place, with the lambda behind the brackets."""
        return [*self.args, *([self.trailing] if self.trailing is not None else [])]


def parts(machine: Machine, node: Node, scope: Scope) -> Call:
    """A call expression with its evaluated arguments."""
    inner = children(node)
    callee, rest = inner[0], inner[1:]
    if callee.type == "call_expression" and rest and rest[0].type == "annotated_lambda":
        within = children(callee)
        if len(within) > 1 and within[-1].type == "value_arguments":
            callee, rest = within[0], [*within[1:], *rest]
    found = Call(node, callee, scope.source)
    for one in rest:
        if one.type == "value_arguments":
            _arguments(machine, one, scope, found)
        elif one.type == "annotated_lambda":
            code = next((each for each in children(one) if each.type == "lambda_literal"), None)
            found.trailing = closure(code, scope) if code is not None else None
    return found


def constructor_call(machine: Machine, node: Node, scope: Scope) -> Call:
    """The arguments of `: Base(...)` or of an entry of an enum."""
    found = Call(node, node, scope.source)
    for one in children(node):
        if one.type == "value_arguments":
            _arguments(machine, one, scope, found)
    return found


def _arguments(machine: Machine, node: Node, scope: Scope, call: Call) -> None:
    for one in children(node):
        inner = [child for child in one.children if child.type not in COMMENTS]
        if len(inner) > 2 and inner[1].type == "=":
            call.named[scope.source.of(inner[0])] = machine.value(inner[2], scope)
        elif inner and inner[-1].type == "spread_expression":
            value = machine.value(children(inner[-1])[0], scope)
            call.args += value if isinstance(value, list) else [value]
        elif inner:
            call.args.append(machine.value(inner[-1], scope))


def closure(node: Node, scope: Scope) -> Lambda:
    """A lambda literal as a value."""
    inner = node.named_children
    parameters = next((one for one in inner[:1] if one.type == "lambda_parameters"), None)
    if parameters is None:
        return Lambda(node, scope, (), inner)
    names: list[str] = []
    for one in children(parameters):
        variables = children(one) if one.type == "multi_variable_declaration" else [one]
        names += [scope.source.of(children(each)[0]) if children(each) else scope.source.of(each) for each in variables]
    return Lambda(node, scope, tuple(names), inner[1:])


@dataclass(slots=True)
class Parameter:
    """One declared parameter."""

    name: str
    default: Node | None = None
    many: bool = False


def parameters(node: Node | None, source: Source) -> list[Parameter]:
    """The declared parameters of a function or a class."""
    found: list[Parameter] = []
    many = after = False
    for child in node.children if node is not None else ():
        if child.type in {"parameter", "class_parameter"}:
            inner = child.children
            name = next((one for one in inner if one.type == "identifier"), None)
            many = many or any("vararg" in source.of(one) for one in inner if one.type.endswith("modifiers"))
            equals = next((at for at, one in enumerate(inner) if one.type == "="), None)
            default = inner[equals + 1] if equals is not None else None
            found.append(Parameter(source.of(name).strip("`") if name is not None else "", default, many))
            many = after = False
        elif child.type.endswith("modifiers"):
            many = "vararg" in source.of(child)
        elif child.type == "=":
            after = True
        elif after and child.is_named and found:
            found[-1].default = child
            after = False
    return found


def bind_parameters(machine: Machine, node: Node | None, scope: Scope, call: Call) -> None:
    """Gives the parameters their values: by name, by place, by default. What nobody gives is a Hole."""
    given = list(call.args)
    declared = parameters(node, scope.source)
    for at, one in enumerate(declared):
        if one.name in call.named:
            scope.names[one.name] = call.named[one.name]
        elif one.many:
            scope.names[one.name], given = given, []
        elif at == len(declared) - 1 and call.trailing is not None:
            scope.names[one.name] = call.trailing
        elif given:
            scope.names[one.name] = given.pop(0)
        elif one.default is not None:
            scope.names[one.name] = machine.value(one.default, scope)
        else:
            scope.names[one.name] = Hole(one.name)
