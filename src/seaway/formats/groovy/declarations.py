"""The part of the parser that reads what gives a name to something: variables, methods, classes, imports."""

from __future__ import annotations

from abc import abstractmethod

from seaway.formats.groovy.expressions import Expressions
from seaway.formats.groovy.nodes import Annotated, Call, Declare, Expr, Import, Kept, Method, Name, Stmt
from seaway.formats.groovy.values import NotUnderstood

ENDS = frozenset({"nl", ";", "eof", "}"})
OPENERS = frozenset({"(", "[", "{", "${", "gstart"})
MODIFIERS = frozenset({"private", "public", "protected", "static", "final", "abstract", "transient", "volatile"})
CLASSES = frozenset({"class", "interface", "enum", "trait"})


class Declarations(Expressions):
    """Statements that begin with a type, `def`, a modifier or an annotation."""

    @abstractmethod
    def braces(self) -> list[Stmt]:
        """`{ statements }`."""

    def imported(self, first: int, annotations: list[str]) -> Stmt:
        word = self.at
        self.at += 1
        while self.kinds[self.at] not in ENDS:
            self.at += 1
        name = self.text[self.ends[word] : self.last_end()].strip()
        return Import(self.starts[first], self.last_end(), self.kinds[word], name, annotations)

    def kept(self, first: int) -> Stmt:
        word = self.at
        name = self.values[word + 1]
        while self.kinds[self.at] not in {"{", "eof", ";"}:
            self.at = self.partner[self.at] + 1 if self.kinds[self.at] in OPENERS else self.at + 1
        if self.kinds[self.at] != "{":
            raise NotUnderstood("{ was expected")
        self.at = min(self.partner[self.at] + 1, len(self.kinds) - 1)
        return Kept(self.starts[first], self.last_end(), self.kinds[word], name)

    def declares(self, at: int) -> bool:
        """`Type name`: the type begins with a capital, as Groovy itself decides it."""
        end = self.type_end(at)
        if end == at or self.kinds[end] != "id" or self.kinds[end + 1] == "id":
            return False
        last = at
        while self.kinds[last + 1] == ".":
            last += 2
        return self.values[last][:1].isupper()

    def modified(self) -> Stmt:
        """After annotations, modifiers and `def`: a class, a method, a variable, an import."""
        first = self.at
        annotations: list[str] = []
        calls: list[Call] = []
        while True:
            kind = self.kinds[self.at]
            if kind == "@" and self.kinds[self.at + 1] != "interface":
                self._annotation(annotations, calls)
            elif kind in MODIFIERS or kind == "def":
                self.at += 1
            elif kind != "nl":
                break
            else:
                self.at += 1
        if kind in {"import", "package"}:
            return self.imported(first, annotations)
        if kind in CLASSES or kind == "@":
            self.at += kind == "@"
            return self.kept(first)
        if kind == "synchronized":
            self.at += 1
        node = self.declaration(first, annotations)
        if annotations and not isinstance(node, Method):
            return Annotated(self.starts[first], node.end, annotations, calls, node)
        return node

    def _annotation(self, annotations: list[str], calls: list[Call]) -> None:
        start = self.at
        self.at += 1
        name = self.type_name(brackets=False)
        call = Call(name.start, name.end, Name(name.start, name.end, name.name), [], [])
        if self.kinds[self.at] == "(":
            made = self._call(call.function)
            call = made if isinstance(made, Call) else call
        calls.append(call)
        annotations.append(self.text[self.starts[start] : self.last_end()])

    def declaration(self, first: int, annotations: list[str] | None = None) -> Stmt:
        """A method, or variables; `first`: its first token, modifiers included."""
        kinds = self.kinds
        if kinds[self.at] == "(" and first != self.at:
            return self._tuple(first)
        kind = ""
        end = self.type_end(self.at)
        if end != self.at and kinds[end] in {"id", "str"}:
            kind = self.type_name().name
        elif kinds[self.at] == "<":
            self.at = self.behind_generics(self.at) or self.at
            return self.declaration(first, annotations)
        at = self.at
        if kinds[at] not in {"id", "str"} and not (kinds[at + 1] == "(" and at > first):
            raise NotUnderstood("the name of a variable was expected")
        if kinds[at + 1] == "(" and (method := self._method(first, annotations or [])) is not None:
            return method
        variables: list[tuple[str, Expr | None]] = []
        while True:
            self.want("id")
            name = self.values[self.at - 1]
            value = None
            if kinds[self.at] == "=":
                self.at += 1
                self.skip_lines()
                value = self.expression(commands=True)
            variables.append((name, value))
            if kinds[self.at] != ",":
                break
            self.at += 1
            self.skip_lines()
        made = Declare(self.starts[first], self.last_end(), kind, variables)
        self.declared.append(made)
        return made

    def _tuple(self, first: int) -> Stmt:
        end = self.partner[self.at]
        names = [
            self.values[at] for at in range(self.at + 1, end) if self.kinds[at + 1] in {",", ")"} and self.values[at]
        ]
        self.at = end + 1
        value = None
        if self.kinds[self.at] == "=":
            self.at += 1
            self.skip_lines()
            value = self.expression(commands=True)
        made = Declare(self.starts[first], self.last_end(), "", [(name, value) for name in names], several=True)
        self.declared.append(made)
        return made

    def _method(self, first: int, annotations: list[str]) -> Stmt | None:
        """A method whose name is the next token, or None: then it was something else."""
        name, kinds = self.at, self.kinds
        close = self.partner[name + 1]
        at = close + 1
        while at < len(kinds) and kinds[at] in {"nl", "throws", "id", ",", "."}:
            at += 1
        if at >= len(kinds) or kinds[at] != "{":
            return None
        parameters = [
            self.values[one]
            for one in range(name + 2, close)
            if kinds[one] == "id" and kinds[one + 1] in {",", ")", "="} and kinds[one - 1] != "="
        ]
        self.at = at
        body = self.braces()
        text = self.values[name]
        label = text if kinds[name] != "str" else str(self.string(name).value)
        return Method(self.starts[first], self.last_end(), label, parameters, body, annotations)
