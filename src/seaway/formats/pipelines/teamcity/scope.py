"""Names of a Kotlin file and what they stand for. Used by `evaluate` and `calls`."""

from __future__ import annotations

from dataclasses import dataclass, field

from seaway.formats.pipelines.teamcity.source import Node, Source
from seaway.formats.pipelines.teamcity.values import Entity, Item, Value

MISSING = object()


@dataclass(slots=True, eq=False)
class Scope:
    """One block. `target`: where its words of the DSL go; None: those of the block around it. `wall`: a function's body,
    which does not see the receiver of its caller.
    """

    source: Source
    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)
    target: list[Item] | None = None
    this: Value = None
    wall: bool = False

    def find(self, name: str) -> Value:
        """What a name stands for, innermost first; MISSING where nothing does."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if isinstance(scope.this, Entity) and name in scope.this.fields:
                return scope.this.fields[name]
            scope = scope.parent
        return MISSING

    def holder(self, name: str) -> dict[str, Value] | None:
        """Where a variable of this name lives that this block may assign; a receiver in between takes the name first."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names
            if isinstance(scope.this, Entity) and name in scope.this.fields:
                return scope.this.fields
            if scope.target is not None:
                return None
            scope = scope.parent
        return None

    def recorder(self) -> list[Item] | None:
        """Where words of the DSL go."""
        scope: Scope | None = self
        while scope is not None:
            if scope.target is not None:
                return scope.target
            if scope.wall:
                return None
            scope = scope.parent
        return None

    def receiver(self) -> Value:
        """What `this` is."""
        scope: Scope | None = self
        while scope is not None:
            if scope.this is not None:
                return scope.this
            scope = scope.parent
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Lambda:
    """`{ a, b -> ... }` with the block around it. `body`: its statements, with comments."""

    node: Node
    scope: Scope
    parameters: tuple[str, ...]
    body: list[Node]


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A declared function. `receiver`: the type that it extends, or ""."""

    name: str
    node: Node
    scope: Scope
    receiver: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A declared class."""

    name: str
    node: Node
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """`::buildType`, or a word of the DSL as a value."""

    name: str
    target: list[Item] | None


@dataclass(slots=True, eq=False)
class Lazy:
    """A declaration of the top level or of an object: evaluated when it is first used."""

    node: Node
    scope: Scope
    value: Value = MISSING
    busy: bool = False


class Return(Exception):
    """`return value` on its way to the function."""

    def __init__(self, value: Value) -> None:
        self.value = value
