"""Groovy nodes as the words of a pipeline: `sh 'x'`, `timeout(5) { ... }`. Used by all readers of this package."""

from __future__ import annotations

from dataclasses import dataclass, field

from seaway.formats.groovy import nodes
from seaway.formats.groovy.nodes import Expr, Stmt


@dataclass(slots=True)
class Word:
    """A call as a pipeline means it. `name`: dotted for members; `body`: the statements of the closure behind, or None."""

    name: str
    args: list[Expr]
    named: dict[str, Expr] = field(default_factory=dict)
    body: list[Stmt] | None = None
    node: nodes.Node | None = None
    parameters: list[str] | None = None

    def text(self, key: str = "", at: int = 0) -> str | None:
        """A plain text: the named argument, or the one at this place."""
        value = self.value(key, at)
        if isinstance(value, nodes.Constant) and value.value is not None:
            return str(value.value).lower() if isinstance(value.value, bool) else str(value.value)
        return None

    def value(self, key: str = "", at: int = 0) -> Expr | None:
        """The named argument, else the one at this place."""
        if key in self.named:
            return self.named[key]
        return self.args[at] if not self.named and at < len(self.args) else None

    def only(self, *keys: str) -> bool:
        """It has no other named arguments than these."""
        return set(self.named) <= set(keys)


def word(statement: Stmt) -> Word | None:
    """The statement as a call; a name alone is one without arguments. None for everything else."""
    if isinstance(statement, nodes.Name):
        return Word(statement.name, [], node=statement)
    if not isinstance(statement, nodes.Call):
        return None
    function = statement.function
    name = function.name if isinstance(function, nodes.Name) else dotted(function, calls=True)
    if name is None:
        return None
    args, named = list(statement.args), list(statement.named)
    closure = args.pop() if args and isinstance(args[-1], nodes.Closure) else None
    if len(args) == 1 and not named and isinstance(args[0], nodes.Pairs):
        named, args = args[0].entries, []
    found = {}
    for entry in named:
        if not isinstance(entry.key, nodes.Constant):
            return None
        found[str(entry.key.value)] = entry.value
    if isinstance(closure, nodes.Closure):
        return Word(name, args, found, closure.body, statement, closure.parameters)
    return Word(name, args, found, None, statement)


def dotted(value: Expr, *, calls: bool = False) -> str | None:
    """`a.b.c` as text; `calls`: also `a.b(...).c`, as `a.b().c`."""
    names: list[str] = []
    brackets = ""
    while isinstance(value, nodes.Property | nodes.Call):
        if isinstance(value, nodes.Call):
            if not calls or brackets:
                return None
            value, brackets = value.function, "()"
            continue
        if not isinstance(value.name, str) or value.op != ".":
            return None
        names.append(value.name + brackets)
        value, brackets = value.target, ""
    if not isinstance(value, nodes.Name):
        return None
    return ".".join([value.name + brackets, *reversed(names)])


def words(body: list[Stmt]) -> list[tuple[Stmt, Word | None]]:
    """Each statement with the call that it is."""
    return [(statement, word(statement)) for statement in body]


def head(text: str, call: Word) -> str:
    """The text of a call without the closure behind it: `timeout(time: 5, unit: 'MINUTES')`."""
    node = call.node
    if not isinstance(node, nodes.Call) or not node.args or not isinstance(node.args[-1], nodes.Closure):
        return text[node.start : node.end] if node is not None else call.name
    return text[node.start : node.args[-1].start].rstrip().rstrip(",")


def truth(value: Expr | None) -> bool:
    """The constant true."""
    return isinstance(value, nodes.Constant) and value.value is True


def listed(value: Expr | None) -> list[Expr]:
    """The items of a list; anything else is a list of itself."""
    if value is None:
        return []
    return value.items if isinstance(value, nodes.Items) else [value]
