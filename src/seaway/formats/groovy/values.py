"""The lowest part of the parser: one value with nothing before or behind it. `expressions` builds on it, `parser` on that.

What does not fit raises `NotUnderstood`, which the statement around it catches: nothing is read twice, so the time is linear.
Brackets nested deeper than MAX_DEPTH are not understood either, so recursion has an end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from seaway.formats.groovy.nodes import (
    Closure,
    Constant,
    Declare,
    Entry,
    Expr,
    GString,
    Items,
    Name,
    New,
    Pairs,
    Property,
    Stmt,
    Type,
)
from seaway.formats.groovy.tokens import PRIMITIVE, Tokens, unescaped

MAX_DEPTH = 50
MAX_CHAIN = 300  # operators or members in one expression

_CONSTANTS = {"true": True, "false": False, "null": None}
TYPE_WORDS = frozenset({"id", ".", ",", "<", ">", ">>", ">>>", "?", "extends", "super", "&", "[", "]"}) | PRIMITIVE
_BEFORE_ARROW = PRIMITIVE | frozenset(
    {"def", "final", "nl", ",", ".", "<", ">", ">>", "?", "=", "str", "num", "true", "false", "null", "...", "-", "@"}
)


class NotUnderstood(Exception):
    """The tokens do not fit what this parser knows; the argument says what was wanted."""


class Values(ABC):
    """`at`: the number of the next token."""

    def __init__(self, text: str, tokens: Tokens) -> None:
        self.text = text
        self.kinds, self.values = tokens.kinds, tokens.values
        self.starts, self.ends = tokens.starts, tokens.ends
        self.partner = tokens.partner
        self.at = 0
        self.depth = 0
        self.declared: list[Declare] = []  # every declaration, wherever it stands

    @abstractmethod
    def expression(self, commands: bool = False) -> Expr:
        """An expression with everything in it."""

    @abstractmethod
    def arguments(self, closing: str) -> tuple[list[Expr], list[Entry]]:
        """From an opening bracket to its partner."""

    @abstractmethod
    def block(self, end: int) -> list[Stmt]:
        """Statements up to the token `end`."""

    # --- small hands -----------------------------------------------------------------------------------------------

    def skip_lines(self) -> None:
        """Over line ends."""
        while self.kinds[self.at] == "nl":
            self.at += 1

    def want(self, kind: str) -> None:
        """Over a token that must be here; the end of the file closes every brace, which is a problem of the whole file."""
        if kind == "}" and self.kinds[self.at] == "eof":
            return
        if self.kinds[self.at] != kind:
            raise NotUnderstood(f"{kind} was expected")
        self.at += 1

    def deeper(self) -> None:
        """One level down."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotUnderstood(f"nested more than {MAX_DEPTH} deep")

    def last_end(self) -> int:
        """Offset behind the token before this one."""
        return self.ends[self.at - 1] if self.at else 0

    # --- values ----------------------------------------------------------------------------------------------------

    def primary(self) -> Expr:
        """A value with nothing behind it."""
        at = self.at
        kind, start = self.kinds[at], self.starts[at]
        if kind == "id" or kind in {"this", "super"} or kind in PRIMITIVE:
            self.at += 1
            return Name(start, self.ends[at], self.values[at])
        if kind == "str":
            self.at += 1
            return self.string(at)
        if kind == "gstart":
            return self._gstring()
        if kind == "num":
            self.at += 1
            return Constant(start, self.ends[at], number(self.values[at]))
        if kind in _CONSTANTS:
            self.at += 1
            return Constant(start, self.ends[at], _CONSTANTS[kind])
        if kind == "[":
            return self._list()
        if kind == "{":
            return self.closure()
        if kind == "(":
            return self._grouped()
        if kind == "new":
            return self._new()
        raise NotUnderstood("a value was expected")

    def string(self, at: int) -> Constant:
        raw = self.values[at]
        quote = raw[:3] if raw[:3] in {"'''", '"""'} and len(raw) >= 6 else raw[0]
        size = len(quote)
        return Constant(self.starts[at], self.ends[at], unescaped(raw[size:-size], quote), quote)

    def _gstring(self) -> GString:
        first = self.at
        quote = self.values[first]
        end = self.partner[first]
        self.at += 1
        self.deeper()
        parts: list[str | Expr | None] = []
        while self.at < end:
            kind, at = self.kinds[self.at], self.at
            if kind == "gtext":
                parts.append(unescaped(self.values[at], quote))
            elif kind == "gref":
                parts.append(_reference(self.values[at], self.starts[at] + 1))
            else:
                parts.append(self._interpolated())
                continue
            self.at += 1
        self.depth -= 1
        if self.kinds[self.at] == "eof":
            raise NotUnderstood("a text is never closed")
        self.at += 1
        return GString(self.starts[first], self.last_end(), parts, quote)

    def _interpolated(self) -> Expr | None:
        opener = self.at
        end = self.partner[opener]
        parameters, self.at = self.parameters(opener + 1, end)
        body = self.block(end)
        self.at = end
        self.want("}")
        if not body:
            return None
        if parameters is not None:
            return Closure(self.starts[opener], self.last_end(), parameters, body)
        if len(body) == 1 and isinstance(body[0], Expr):
            return body[0]
        return Closure(self.starts[opener], self.last_end(), None, body)

    def _list(self) -> Expr:
        start = self.at
        if self.kinds[start + 1] == ":" and self.kinds[start + 2] == "]":
            self.at += 3
            return Pairs(self.starts[start], self.last_end(), [])
        items, entries = self.arguments("]")
        if entries:
            return Pairs(self.starts[start], self.last_end(), entries)
        return Items(self.starts[start], self.last_end(), items)

    def _grouped(self) -> Expr:
        start = self.at
        self.at += 1
        self.deeper()
        value = self.expression(commands=True)
        self.depth -= 1
        self.want(")")
        value.start, value.end = self.starts[start], self.last_end()
        return value

    def _new(self) -> Expr:
        start = self.at
        self.at += 1
        name = self.type_name(brackets=False).name
        args: list[Expr] = []
        named: list[Entry] = []
        if self.kinds[self.at] == "(":
            args, named = self.arguments(")")
            if self.kinds[self.at] == "{":
                self.at = min(self.partner[self.at] + 1, len(self.kinds) - 1)
        elif self.kinds[self.at] == "[":
            while self.kinds[self.at] == "[":
                args += self.arguments("]")[0]
        else:
            raise NotUnderstood("( was expected")
        return New(self.starts[start], self.last_end(), name, args, named)

    def closure(self) -> Closure:
        """From `{` to its partner."""
        start = self.at
        end = self.partner[start]
        self.deeper()
        parameters, self.at = self.parameters(start + 1, end)
        body = self.block(end)
        self.at = end
        self.depth -= 1
        self.want("}")
        return Closure(self.starts[start], self.last_end(), parameters, body)

    def parameters(self, at: int, end: int) -> tuple[list[str] | None, int]:
        """Names before an arrow, and the token behind it; None and `at` where there is no arrow."""
        first, kinds = at, self.kinds
        names: list[str] = []
        known = True
        while at < end:
            kind = kinds[at]
            if kind == "->":
                return names, at + 1
            if kind == "id":
                known = kinds[at + 1] in {",", "->", "=", "nl"}
                if known and kinds[at - 1] != "=":
                    names.append(self.values[at])
            elif kind in {"(", "["}:
                at = self.partner[at]
            elif kind not in _BEFORE_ARROW:
                break
            at += 1
        return None, first

    def type_name(self, brackets: bool = True) -> Type:
        """A type where only a type can stand."""
        start = self.at
        end = self.type_end(start, brackets)
        if end == start:
            raise NotUnderstood("a type was expected")
        self.at = end
        return Type(self.starts[start], self.last_end(), self.text[self.starts[start] : self.last_end()])

    def type_end(self, at: int, brackets: bool = True) -> int:
        """The token behind a type that begins here; `at` itself where none does."""
        kinds, first = self.kinds, at
        if kinds[at] in PRIMITIVE:
            at += 1
        elif kinds[at] == "id":
            at += 1
            while kinds[at] == "." and kinds[at + 1] == "id":
                at += 2
            if kinds[at] == "<":
                at = self.behind_generics(at)
                if not at:
                    return first
        else:
            return first
        while brackets and kinds[at] == "[" and kinds[at + 1] == "]":
            at += 2
        return at

    def behind_generics(self, at: int) -> int:
        depth = 0
        for here in range(at, min(at + 60, len(self.kinds))):
            kind = self.kinds[here]
            if kind not in TYPE_WORDS:
                return 0
            depth += (kind == "<") - len(kind) * (kind[0] == ">")
            if depth <= 0:
                return here + 1
        return 0


def _reference(text: str, start: int) -> Expr:
    """`a.b.c` of a `$a.b.c`."""
    names = text.split(".")
    end = start + len(names[0])
    value: Expr = Name(start, end, names[0])
    for name in names[1 : MAX_CHAIN + 1]:
        end += 1 + len(name)
        value = Property(start, end, value, name, ".")
    return value


def number(text: str) -> int | float:
    """The value of a number with Groovy's underscores and suffixes; one too large for sense is infinite."""
    plain = text.replace("_", "")
    if plain[:2] in {"0x", "0X"}:
        return int(plain[2:].rstrip("gGlLiI")[:4000] or "0", 16)
    plain = plain.rstrip("gGlLiIfFdD")
    if plain.isdigit():
        return int(plain) if len(plain) < 400 else float("inf")
    try:
        return float(plain)
    except ValueError:
        raise NotUnderstood("a number was expected") from None
