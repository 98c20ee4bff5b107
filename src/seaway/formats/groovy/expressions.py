"""The part of the parser that reads expressions, by precedence climbing over the token lists."""

from __future__ import annotations

from seaway.formats.groovy.nodes import (
    Call,
    Cast,
    Choice,
    Closure,
    Constant,
    Entry,
    Expr,
    Index,
    Name,
    Operation,
    Pairs,
    Property,
)
from seaway.formats.groovy.tokens import KEYWORDS, PRIMITIVE
from seaway.formats.groovy.values import MAX_CHAIN, MAX_DEPTH, TYPE_WORDS, NotUnderstood, Values

_LEVELS = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("=~", "==~"), ("==", "!=", "<=>", "===", "!=="),
    ("<", "<=", ">", ">=", "in", "instanceof", "as"), ("<<", ">>", ">>>", "..", "..<"), ("+", "-"), ("*", "/", "%"), ("**",),
)  # fmt: skip
_BINARY = {op: strength for strength, ops in enumerate(_LEVELS, 1) for op in ops}
_ASSIGN = frozenset(["=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", ">>>=", "&=", "|=", "^="])
_PREFIX = frozenset({"!", "-", "+", "~", "++", "--"})
_MEMBER = frozenset({".", "?.", "*.", ".&", ".@"})
_AFTER_LINE_END = _MEMBER | {"?", "?:", "&&", "||", "==", "!="}  # none of them can begin a statement
_ARGUMENT = (
    frozenset({"id", "num", "str", "gstart", "new", "this", "super", "true", "false", "null", "!", "~", "@"})
    | PRIMITIVE
)
_SIMPLE = frozenset({"id", "str", "num", "true", "false", "null"})
_CLOSING = frozenset({")", "]", "}", ",", ";", "eof"})
_GOES_ON = _AFTER_LINE_END | _MEMBER | {"{"}  # at the beginning of the next line


class Expressions(Values):
    """Operators, members, calls, commands."""

    # --- expressions, loosest first --------------------------------------------------------------------------------

    def expression(self, commands: bool = False) -> Expr:
        """With assignments. `commands`: calls without parentheses may stand here, as in a statement."""
        if self.kinds[self.at] in _SIMPLE and self._stands_alone(self.at + 1):
            return self.primary()
        left = self.choice()
        kind = self.kinds[self.at]
        if kind in _ASSIGN:
            self.at += 1
            self.skip_lines()
            self.deeper()
            right = self.expression(commands=True)
            self.depth -= 1
            return Operation(left.start, right.end, kind, left, right)
        if commands:
            return self.command(left)
        return left

    def _stands_alone(self, behind: int) -> bool:
        """Nothing that could go on with a value stands behind it."""
        kind = self.kinds[behind]
        if kind != "nl":
            return kind in _CLOSING
        while kind == "nl":
            behind += 1
            kind = self.kinds[behind]
        return kind not in _GOES_ON

    def choice(self) -> Expr:
        """With `? :` and `?:`."""
        condition = self.binary(1)
        kind = self.kinds[self.at]
        if kind == "nl" and self._next_line() in {"?", "?:"}:
            self.skip_lines()
            kind = self.kinds[self.at]
        if kind not in {"?", "?:"}:
            return condition
        self.at += 1
        self.skip_lines()
        self.deeper()
        yes = None
        if kind == "?":
            yes = self.expression()
            self.skip_lines()
            self.want(":")
            self.skip_lines()
        no = self.expression()
        self.depth -= 1
        return Choice(condition.start, no.end, condition, yes, no)

    def binary(self, least: int) -> Expr:
        """Operators that bind at least this strongly."""
        left = self.unary()
        count = 0
        while True:
            kind = self.kinds[self.at]
            if kind == "nl" and self._next_line() in _AFTER_LINE_END:
                self.skip_lines()
                kind = self.kinds[self.at]
            strength = _BINARY.get(kind, 0)
            if strength < least or not strength:
                return left
            self.at += 1
            count += 1
            if count > MAX_CHAIN:
                raise NotUnderstood("an expression is too long")
            self.skip_lines()
            right: Expr = self.type_name() if kind in {"as", "instanceof"} else self.binary(strength + 1)
            left = Operation(left.start, right.end, kind, left, right)

    def _next_line(self) -> str:
        at = self.at
        while self.kinds[at] == "nl":
            at += 1
        return self.kinds[at]

    def unary(self) -> Expr:
        """With what stands before and behind a value."""
        prefixes = []
        while self.kinds[self.at] in _PREFIX:
            prefixes.append(self.at)
            self.at += 1
            if len(prefixes) > MAX_DEPTH:
                raise NotUnderstood("too many signs before a value")
        value = self._cast() if self.kinds[self.at] == "(" and self._is_cast() else self.postfix(self.primary())
        if self.kinds[self.at] in {"++", "--"}:
            value = Operation(value.start, self.ends[self.at], self.kinds[self.at], value, None)
            self.at += 1
        for at in reversed(prefixes):
            value = Operation(self.starts[at], value.end, self.kinds[at], None, value)
        return value

    def _is_cast(self) -> bool:
        """`(Type) value`: a type with a capital or a built-in one, and a value behind."""
        first = self.at + 1
        close = self.partner[self.at]
        if self.kinds[first] not in TYPE_WORDS or close - first > 40 or close + 1 >= len(self.kinds):
            return False
        if any(self.kinds[at] not in TYPE_WORDS for at in range(first, close)):
            return False
        last = max((at for at in range(first, close) if self.kinds[at] in PRIMITIVE | {"id"}), default=first)
        named = self.kinds[first] in PRIMITIVE or self.values[last][:1].isupper()
        behind = self.kinds[close + 1]
        return named and (behind in _ARGUMENT or behind in {"(", "[", "{"}) and behind != "@"

    def _cast(self) -> Expr:
        start = self.at
        close = self.partner[start]
        name = self.text[self.ends[start] : self.starts[close]]
        self.at = close + 1
        self.deeper()
        value = self.unary()
        self.depth -= 1
        return Cast(self.starts[start], value.end, name, value)

    # --- members, calls, indices -----------------------------------------------------------------------------------

    def postfix(self, value: Expr) -> Expr:
        """Everything that hangs behind a value."""
        count = 0
        while True:
            kind = self.kinds[self.at]
            if kind in _MEMBER:
                value = self._member(value, kind)
            elif kind == "(":
                value = self._call(value)
            elif kind == "{":
                closure = self.closure()
                value = _with_closure(value, closure)
            elif kind == "[":
                start = value.start
                args, named = self.arguments("]")
                index: list[Expr] = [*args, *([Pairs(named[0].start, named[-1].end, named)] if named else [])]
                value = Index(start, self.last_end(), value, index)
            elif kind == "nl" and self._next_line() in _MEMBER:
                self.skip_lines()
                continue
            else:
                return value
            count += 1
            if count > MAX_CHAIN:
                raise NotUnderstood("a chain of members is too long")

    def _member(self, target: Expr, op: str) -> Expr:
        self.at += 1
        self.skip_lines()
        kind = self.kinds[self.at]
        name: str | Expr
        if kind == "@":
            self.at += 1
            kind = self.kinds[self.at]
            op = ".@"
        if kind == "id" or kind in KEYWORDS:
            name = self.values[self.at]
            self.at += 1
        elif kind in {"str", "gstart", "("}:
            name = self.primary()
        else:
            raise NotUnderstood("the name of a member was expected")
        return Property(target.start, self.last_end(), target, name, op)

    def _call(self, function: Expr) -> Expr:
        args, named = self.arguments(")")
        return Call(function.start, self.last_end(), function, args, named)

    def arguments(self, closing: str) -> tuple[list[Expr], list[Entry]]:
        """From an opening bracket to its partner."""
        end = self.partner[self.at]
        self.at += 1
        self.deeper()
        args: list[Expr] = []
        named: list[Entry] = []
        self.skip_lines()
        while self.at < end:
            self._argument(args, named)
            self.skip_lines()
            if self.kinds[self.at] == ",":
                self.at += 1
                self.skip_lines()
            elif self.at != end:
                raise NotUnderstood(f", or {closing} was expected")
        self.depth -= 1
        self.want(closing)
        return args, named

    def _argument(self, args: list[Expr], named: list[Entry]) -> None:
        kind, start = self.kinds[self.at], self.at
        if kind == "*":
            self.at += 1
            if self.kinds[self.at] == ":":
                self.at += 1
                value = self.expression()
                named.append(
                    Entry(self.starts[start], value.end, Constant(self.starts[start], self.ends[start], "*"), value)
                )
                return
            value = self.unary()
            args.append(Operation(self.starts[start], value.end, "*", None, value))
            return
        if self.kinds[start + 1] == ":" and (kind in {"id", "str", "num"} or kind in KEYWORDS):
            key = (
                self.string(start)
                if kind == "str"
                else Constant(self.starts[start], self.ends[start], self.values[start])
            )
            self.at += 2
        else:
            found = self.expression(commands=True)
            if self.kinds[self.at] != ":":
                args.append(found)
                return
            self.at += 1
            self.skip_lines()
            value = self.expression(commands=True)
            named.append(Entry(found.start, value.end, found, value))
            return
        self.skip_lines()
        value = self.expression(commands=True)
        named.append(Entry(key.start, value.end, key, value))

    def command(self, head: Expr) -> Expr:
        """Arguments without parentheses behind a name or a member, again and again: `a b c d` is `a(b).c(d)`."""
        count = 0
        while isinstance(head, Name | Property | Call | Index) and self._argument_begins():
            count += 1
            if count > MAX_CHAIN:
                raise NotUnderstood("a chain of commands is too long")
            if count > 1:
                if self.kinds[self.at] != "id" and self.kinds[self.at] not in KEYWORDS:
                    break
                name = self.values[self.at]
                self.at += 1
                head = Property(head.start, self.last_end(), head, name, ".")
                if not self._argument_begins():
                    head = self.postfix(head)
                    continue
            args: list[Expr] = []
            named: list[Entry] = []
            self.deeper()
            while True:
                self._argument(args, named)
                if self.kinds[self.at] != ",":
                    break
                self.at += 1
                self.skip_lines()
            self.depth -= 1
            head = Call(head.start, self.last_end(), head, args, named, command=True)
        return head

    def _argument_begins(self) -> bool:
        kind = self.kinds[self.at]
        if kind in _ARGUMENT:
            return True
        return kind in KEYWORDS and kind not in _BINARY and self.kinds[self.at + 1] == ":"


def _with_closure(value: Expr, closure: Closure) -> Call:
    """A closure behind a call is its last argument; behind a name it makes the call."""
    if isinstance(value, Call) and not (value.args and isinstance(value.args[-1], Closure) and value.command):
        value.args.append(closure)
        value.end = closure.end
        return value
    return Call(value.start, closure.end, value, [closure], [])
