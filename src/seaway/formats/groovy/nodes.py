"""The tree of a Groovy text. Made by `parser`, read by whoever gives it a meaning.

`start`, `end`: offsets into the text in characters; `text[start:end]` is what the node was read from. A statement is an
expression or one of the nodes below `Statement`. Nodes are not frozen: they are made by the ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(slots=True)
class Node:
    """What all have."""

    start: int
    end: int


@dataclass(slots=True)
class Name(Node):
    """A variable, a method without its receiver, or `this`, `super`."""

    name: str


@dataclass(slots=True)
class Constant(Node):
    """Text, a number, true, false, null. `quote`: how text was quoted, "" for the others."""

    value: str | int | float | bool | None
    quote: str = ""


@dataclass(slots=True)
class GString(Node):
    """Text with values in it, in order. An empty `${}` is None."""

    parts: list[str | Expr | None]
    quote: str


@dataclass(slots=True)
class Items(Node):
    """A list."""

    items: list[Expr]


@dataclass(slots=True)
class Entry(Node):
    """A key with its value, in a map or as a named argument. A bare word as key is a Constant."""

    key: Expr
    value: Expr


@dataclass(slots=True)
class Pairs(Node):
    """A map."""

    entries: list[Entry]


@dataclass(slots=True)
class Property(Node):
    """`target.name`; `op` is one of . ?. *. .& .@"""

    target: Expr
    name: str | Expr
    op: str


@dataclass(slots=True)
class Index(Node):
    """`target[...]`."""

    target: Expr
    args: list[Expr]


@dataclass(slots=True)
class Call(Node):
    """`function(args, key: value) { closure }`: the closure behind is the last of `args`. `command`: without parentheses."""

    function: Expr
    args: list[Expr]
    named: list[Entry]
    command: bool = False


@dataclass(slots=True)
class Closure(Node):
    """`{ parameters -> body }`. `parameters` None: no arrow."""

    parameters: list[str] | None
    body: list[Stmt]


@dataclass(slots=True)
class Operation(Node):
    """An operator before (`left` None), behind (`right` None) or between. Assignments too; `as`, `instanceof` have a Type right."""

    op: str
    left: Expr | None
    right: Expr | None


@dataclass(slots=True)
class Choice(Node):
    """`condition ? yes : no`; `yes` None: `condition ?: no`."""

    condition: Expr
    yes: Expr | None
    no: Expr


@dataclass(slots=True)
class Type(Node):
    """A type where one is wanted, as written."""

    name: str


@dataclass(slots=True)
class Cast(Node):
    """`(Type) value`."""

    type: str
    value: Expr


@dataclass(slots=True)
class New(Node):
    """`new Type(...)`, with the body of an anonymous class left out."""

    type: str
    args: list[Expr]
    named: list[Entry]


@dataclass(slots=True)
class Declare(Node):
    """`def a = 1, b` or `String a`. `several`: `def (a, b) = value`, where all share the first value."""

    type: str
    variables: list[tuple[str, Expr | None]]
    several: bool = False


@dataclass(slots=True)
class If(Node):
    """`if` with its `else if`s, in order, and the statements of the last `else`."""

    branches: list[tuple[Expr, list[Stmt]]]
    otherwise: list[Stmt] | None


@dataclass(slots=True)
class Loop(Node):
    """`for` or `while`. `variable` and `over`: of `for (x in y)`; `condition`: of the others, None where there is none."""

    word: str
    variable: str
    over: Expr | None
    condition: Expr | None
    body: list[Stmt]


@dataclass(slots=True)
class Switch(Node):
    """`cases`: (value, statements); None is `default`."""

    subject: Expr
    cases: list[tuple[Expr | None, list[Stmt]]]


@dataclass(slots=True)
class Try(Node):
    """`catches`: (types as written, name, statements)."""

    body: list[Stmt]
    catches: list[tuple[str, str, list[Stmt]]]
    last: list[Stmt] | None


@dataclass(slots=True)
class Jump(Node):
    """return, throw, break, continue, assert. `message`: of assert."""

    word: str
    value: Expr | None
    message: Expr | None = None


@dataclass(slots=True)
class Block(Node):
    """Statements in braces, or under `synchronized`."""

    body: list[Stmt]


@dataclass(slots=True)
class Labelled(Node):
    """`label: statement`."""

    label: str
    body: Stmt


@dataclass(slots=True)
class Method(Node):
    """A method. `parameters`: names; `annotations`: as written."""

    name: str
    parameters: list[str]
    body: list[Stmt]
    annotations: list[str]


@dataclass(slots=True)
class Kept(Node):
    """A class, an interface, an enum: its text is kept, not read."""

    word: str
    name: str


@dataclass(slots=True)
class Import(Node):
    """`import` or `package`, with annotations before it. `name`: what is imported, as written."""

    word: str
    name: str
    annotations: list[str]


@dataclass(slots=True)
class Annotated(Node):
    """Annotations before a variable: `@Library('x') _`, `@Field def a = 1`."""

    annotations: list[str]
    calls: list[Call]
    body: Stmt


@dataclass(slots=True)
class Opaque(Node):
    """A statement that was not understood, up to its end. `why`: for people."""

    why: str


Expr: TypeAlias = (
    Name
    | Constant
    | GString
    | Items
    | Pairs
    | Property
    | Index
    | Call
    | Closure
    | Operation
    | Choice
    | Type
    | Cast
    | New
)
Stmt: TypeAlias = (
    Expr | Declare | If | Loop | Switch | Try | Jump | Block | Labelled | Method | Kept | Import | Annotated | Opaque
)
