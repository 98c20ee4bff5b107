"""Tokens -> statements, the top of the parser: `declarations` < `expressions` < `values` are its other parts. Run by `script`.

A statement that is not understood becomes `Opaque` up to its end: the line's, or behind the bracket that it opens. So one odd
line costs one line, and the file is never refused but for its size.
"""

from __future__ import annotations

from seaway.formats.groovy.declarations import CLASSES, ENDS, MODIFIERS, OPENERS, Declarations
from seaway.formats.groovy.nodes import (
    Block,
    Call,
    Expr,
    If,
    Jump,
    Labelled,
    Loop,
    Name,
    Opaque,
    Property,
    Stmt,
    Switch,
    Try,
)
from seaway.formats.groovy.tokens import PRIMITIVE
from seaway.formats.groovy.values import NotUnderstood

_TEXTS = frozenset({"str", "gstart"})
_CALLS = frozenset({"str", "gstart", "{", "(", "num"})  # behind a name: what makes it a call, and no type


class Parser(Declarations):
    """Statements."""

    def block(self, end: int) -> list[Stmt]:
        """Statements up to the token `end`, which is not read."""
        found: list[Stmt] = []
        kinds = self.kinds
        while self.at < end:
            if kinds[self.at] in {"nl", ";"}:
                self.at += 1
                continue
            found.append(self._whole(end))
        return found

    def _whole(self, end: int) -> Stmt:
        """One statement, or its text where it is not understood."""
        start, depth = self.at, self.depth
        try:
            self.deeper()
            node = self.statement()
            self._ended(end)
        except NotUnderstood as reason:
            self.at = start
            self._step_over(end)
            node = Opaque(self.starts[start], self.last_end(), str(reason))
        self.depth = depth
        return node

    def _ended(self, end: int) -> None:
        if self.kinds[self.at] not in ENDS or self.at > end:
            raise NotUnderstood("the end of the statement was expected")

    def _step_over(self, end: int) -> None:
        """To the end of the statement: brackets are stepped over whole."""
        first = self.at
        while self.at < end:
            kind = self.kinds[self.at]
            if kind in {"nl", ";"}:
                return
            self.at = min(self.partner[self.at] + 1, end) if kind in OPENERS else self.at + 1
        self.at = max(self.at, min(first + 1, end))

    def body(self) -> list[Stmt]:
        """A block in braces or one statement, behind `if (...)` and the like."""
        self.skip_lines()
        if self.kinds[self.at] == "{":
            return self.braces()
        if self.kinds[self.at] == ";":
            self.at += 1
            return []
        self.deeper()
        found = self.statement()
        self.depth -= 1
        return [found]

    def braces(self) -> list[Stmt]:
        """`{ statements }`."""
        self.skip_lines()
        if self.kinds[self.at] != "{":
            raise NotUnderstood("{ was expected")
        end = self.partner[self.at]
        self.at += 1
        self.deeper()
        found = self.block(end)
        self.depth -= 1
        self.at = end
        self.want("}")
        return found

    def statement(self) -> Stmt:
        """The statement that begins here."""
        kind = self.kinds[self.at]
        if kind == "id":
            behind = self.kinds[self.at + 1]
            if behind in _CALLS:
                return self._expression()
            if behind == ":":
                return self._labelled()
            if self.declares(self.at):
                return self.declaration(self.at)
            return self._expression()
        reader = _STATEMENTS.get(kind)
        if reader is not None:
            return reader(self)
        if kind in CLASSES:
            return self.kept(self.at)
        if kind in PRIMITIVE and self.kinds[self.at + 1] not in {".", "(", ")"}:
            return self.declaration(self.at)
        return self._expression()

    def _expression(self) -> Stmt:
        if self.kinds[self.at] == "id" and self.kinds[self.at + 1] in _TEXTS:  # `sh 'make'`
            value = self.command(self.primary())
        else:
            value = self.expression(commands=True)
        if self.kinds[self.at] == "nl" and self._next_line() == "{" and isinstance(value, Name | Property | Call):
            self.skip_lines()
            value = self.command(self.postfix(value))
        return value

    def _labelled(self) -> Stmt:
        start = self.at
        self.at += 2
        self.skip_lines()
        self.deeper()
        body = self.statement()
        self.depth -= 1
        return Labelled(self.starts[start], body.end, self.values[start], body)

    # --- what begins with a word of the language -------------------------------------------------------------------

    def _condition(self) -> Expr:
        self.want("(")
        value = self.expression(commands=True)
        self.want(")")
        return value

    def _if(self) -> Stmt:
        start = self.at
        branches: list[tuple[Expr, list[Stmt]]] = []
        otherwise = None
        while True:
            self.at += 1
            condition = self._condition()
            branches.append((condition, self.body()))
            if not self._follows("else"):
                break
            if self.kinds[self.at] != "if":
                otherwise = self.body()
                break
        return If(self.starts[start], self.last_end(), branches, otherwise)

    def _follows(self, word: str) -> bool:
        """Step over the word if it comes next, also behind line ends and one semicolon."""
        at = self.at
        while self.kinds[at] == "nl" or (self.kinds[at] == ";" and word == "else"):
            at += 1
        if self.kinds[at] != word:
            return False
        self.at = at + 1
        return True

    def _for(self) -> Stmt:
        start = self.at
        self.at += 1
        if self.kinds[self.at] != "(":
            raise NotUnderstood("( was expected")
        end = self.partner[self.at]
        variable, over, condition = "", None, None
        colon = self._loop_word(self.at + 1, end)
        if colon:
            variable = self.values[colon - 1]
            self.at = colon + 1
            over = self.expression()
            if self.at != end:
                raise NotUnderstood(") was expected")
        else:
            condition = self._classic(end)
        self.at = end
        self.want(")")
        body = self.body()
        return Loop(self.starts[start], self.last_end(), "for", variable, over, condition, body)

    def _loop_word(self, first: int, end: int) -> int:
        """The token `in` or `:` of `for (x in y)`, or 0."""
        at = first
        while at < end and self.kinds[at] in {"def", "final"}:
            at += 1
        if self.kinds[at + 1] not in {"in", ":"}:
            at = self.type_end(at)
        return at + 1 if self.kinds[at] == "id" and self.kinds[at + 1] in {"in", ":"} else 0

    def _classic(self, end: int) -> Expr | None:
        self.at += 1
        condition: Expr | None = None
        for part in range(3):
            if self.kinds[self.at] not in {";", ")"}:
                found = self._for_part()
                condition = found if part == 1 and isinstance(found, Expr) else condition
            if part < 2:
                self.want(";")
        if self.at != end:
            raise NotUnderstood(") was expected")
        return condition

    def _for_part(self) -> Stmt:
        found = self.statement()
        while self.kinds[self.at] == ",":
            self.at += 1
            self.statement()
        return found

    def _while(self) -> Stmt:
        start = self.at
        self.at += 1
        condition = self._condition()
        body = self.body()
        return Loop(self.starts[start], self.last_end(), "while", "", None, condition, body)

    def _switch(self) -> Stmt:
        start = self.at
        self.at += 1
        subject = self._condition()
        self.skip_lines()
        end = self.partner[self.at] if self.kinds[self.at] == "{" else 0
        self.want("{")
        self.deeper()
        cases: list[tuple[Expr | None, list[Stmt]]] = []
        self.skip_lines()
        while self.at < end:
            value = None
            if self.kinds[self.at] == "case":
                self.at += 1
                value = self.expression()
            else:
                self.want("default")
            self.want(":")
            cases.append((value, self._case(end)))
        self.depth -= 1
        self.want("}")
        return Switch(self.starts[start], self.last_end(), subject, cases)

    def _case(self, end: int) -> list[Stmt]:
        found: list[Stmt] = []
        while self.at < end and self.kinds[self.at] not in {"case", "default"}:
            if self.kinds[self.at] in {"nl", ";"}:
                self.at += 1
            else:
                found.append(self._whole(end))
        return found

    def _try(self) -> Stmt:
        start = self.at
        self.at += 1
        body = self.braces()
        catches: list[tuple[str, str, list[Stmt]]] = []
        while self._follows("catch"):
            opener = self.at
            self.want("(")
            close = self.partner[opener]
            name = self.values[close - 1]
            types = self.text[self.ends[opener] : self.starts[close - 1]].strip()
            self.at = close + 1
            catches.append((types, name, self.braces()))
        last = self.braces() if self._follows("finally") else None
        if not catches and last is None:
            raise NotUnderstood("catch or finally was expected")
        return Try(self.starts[start], self.last_end(), body, catches, last)

    def _jump(self) -> Stmt:
        start = self.at
        word = self.kinds[start]
        self.at += 1
        value = message = None
        if self.kinds[self.at] not in ENDS:
            value = self.expression(commands=True)
        if word == "assert" and self.kinds[self.at] in {":", ","}:
            self.at += 1
            self.skip_lines()
            message = self.expression()
        return Jump(self.starts[start], self.last_end(), word, value, message)

    def _import(self) -> Stmt:
        return self.imported(self.at, [])

    def _braced(self) -> Stmt:
        """Braces at the beginning of a statement are a block, or a closure where something hangs behind or an arrow is within."""
        start = self.at
        end = self.partner[start]
        if self.parameters(start + 1, end)[0] is not None or self.kinds[min(end + 1, len(self.kinds) - 1)] not in ENDS:
            return self._expression()
        body = self.braces()
        return Block(self.starts[start], self.last_end(), body)

    def _synchronized(self) -> Stmt:
        start = self.at
        self.at += 1
        self._condition()
        body = self.braces()
        return Block(self.starts[start], self.last_end(), body)


_STATEMENTS = {
    "if": Parser._if,  # noqa: SLF001 - one table for the words that begin a statement
    "for": Parser._for,  # noqa: SLF001
    "while": Parser._while,  # noqa: SLF001
    "switch": Parser._switch,  # noqa: SLF001
    "try": Parser._try,  # noqa: SLF001
    "import": Parser._import,  # noqa: SLF001
    "package": Parser._import,  # noqa: SLF001
    "{": Parser._braced,  # noqa: SLF001
    "synchronized": Parser._synchronized,  # noqa: SLF001
    "def": Parser.modified,
    "@": Parser.modified,
    **dict.fromkeys(("return", "throw", "break", "continue", "assert"), Parser._jump),  # noqa: SLF001
    **dict.fromkeys(MODIFIERS, Parser.modified),
}
