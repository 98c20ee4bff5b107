"""What the evaluator of TeamCity's Kotlin computes with. Made by `evaluate` and by `xml`, read by `reader` and its parts.

Texts, numbers, truth values, lists and dictionaries are Python's own. The settings themselves are a tree of `Item`: a word of
the DSL with its arguments and what stands in its braces, whichever functions, classes and loops it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from seaway.formats.pipelines.teamcity.source import Source

Value: TypeAlias = Any  # str | int | float | bool | None | list | tuple | dict | one of the classes below

OPAQUE = "?"  # the word of an Item that could not be evaluated


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name of TeamCity's own: `FailureAction.CANCEL`, `DslContext.settingsRoot`, or an object of a file that is not there."""

    text: str


class Id(str):
    """An id of a build configuration, project or VCS root. `kind`: AbsoluteId or RelativeId."""

    __slots__ = ("kind",)

    kind: str

    def __new__(cls, text: str, kind: str) -> Self:
        made = super().__new__(cls, text)
        made.kind = kind
        return made


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that could not be computed, as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Mixed:
    """Text with holes."""

    parts: tuple[str | Hole, ...]


@dataclass(slots=True)
class Item:
    """`word(args) { items }`, or `word = args[0]` when `assigned`. `items` None: it has no braces."""

    word: str
    args: list[Value] = field(default_factory=list)
    named: dict[str, Value] = field(default_factory=dict)
    items: list[Item] | None = None
    assigned: bool = False
    source: Source | None = field(default=None, repr=False)
    start: int = 0
    end: int = 0
    comment: str = ""

    def each(self, *words: str) -> Iterator[Item]:
        """The items within of these words."""
        return (item for item in self.items or () if item.word in words)

    def value(self, word: str, default: Value = None) -> Value:
        """The last value that was assigned to this word."""
        for item in reversed(self.items or ()):
            if item.word == word and item.args:
                return item.args[0]
        return default

    def written(self) -> str:
        """Its text in the file."""
        return self.source.cut(self.start, self.end) if self.source is not None else self.word


@dataclass(slots=True, eq=False)
class Entity:
    """An object, or an instance of a class. `type`: BuildType, Template, Project, GitVcsRoot, ..., or "" for one of plain Kotlin.

    `symbol`: the name of its object declaration. `fields`: its constructor's values, properties and methods.
    """

    type: str
    symbol: str = ""
    fields: dict[str, Value] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    source: Source | None = field(default=None, repr=False)
    start: int = 0
    end: int = 0
    comment: str = ""

    @property
    def item(self) -> Item:
        """Its settings as one item."""
        return Item(self.type, [], {}, self.items, source=self.source, start=self.start, end=self.end)

    @property
    def id(self) -> str:
        """Its id, as far as the file says one: given, or the name of its object, or made from its name."""
        for item in reversed(self.items):
            if item.word == "id" and item.args:
                return shown(item.args[0])
        return self.symbol or to_id(shown(self.item.value("name", "")))


@dataclass(frozen=True, slots=True)
class Outputs:
    """`build.depParamRefs`: parameters of another build configuration."""

    of: Value


def shown(value: Value) -> str:
    """A value as Kotlin would put it into a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Symbol, Hole)):
        return value.text
    if isinstance(value, Mixed):
        return "".join(part if isinstance(part, str) else f"${{{part.text}}}" for part in value.parts)
    if isinstance(value, Entity):
        return value.id
    if isinstance(value, Item):
        return value.word
    if isinstance(value, list):
        return f"[{', '.join(shown(one) for one in value)}]"
    return str(value)


def to_id(name: str) -> str:
    """A name as an id, as `toId()` makes it: words with their first letter large, joined."""
    words = "".join(char if char.isalnum() or char == "_" else " " for char in name).split()
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return f"_{joined}" if joined[:1].isdigit() else joined


def joined(parts: list[str | Hole]) -> str | Mixed:
    """A text; with holes only where it has some."""
    found: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    if all(isinstance(part, str) for part in found):
        return "".join(str(part) for part in found)
    return Mixed(tuple(found))


def pieces(value: Value) -> list[str | Hole]:
    """What a value adds to a text."""
    if isinstance(value, Mixed):
        return list(value.parts)
    if isinstance(value, Hole):
        return [value]
    if isinstance(value, Symbol) and not value.text.startswith(("DslContext", "AbsoluteId")):
        return [value.text.rpartition(".")[2]]
    if isinstance(value, (Symbol, Item)):
        return [Hole(value.text if isinstance(value, Symbol) else value.written())]
    if value is None or isinstance(value, (str, int, float, list, tuple, dict, Entity)):
        return [shown(value)]
    return [Hole(type(value).__name__)]  # a function or a lambda
