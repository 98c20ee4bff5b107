"""GitHub's expressions, `${{ }}`: text -> tree -> text. Called by the reader and the writer, and by the rules of assess.

Precedence, loosest first: `||`, `&&`, `== !=`, `< <= > >=`, `!`, then `.name`, `[index]` and the filter `.*`. Names of
contexts and functions do not care about case. An expression that cannot be read is `Unknown` with its text, never an error.
"""

from __future__ import annotations

import re
from functools import lru_cache

from seaway.formats.pipelines.github_actions import contexts
from seaway.formats.pipelines.simple import without_pattern
from seaway.model.expression import (
    Binary,
    Call,
    Condition,
    Expr,
    Literal,
    Phase,
    Ref,
    Template,
    Text,
    Unary,
    Unknown,
)
from seaway.model.span import Span

MAX_LENGTH = 21_000  # GitHub's own limit
MAX_DEPTH = 50
MAX_OPERATORS = 200  # a chain of them is a tree as deep

_PLACES = re.compile(r"\$\{\{((?:[^'}]++|'(?:[^']|'')*+'|\}(?!\}))*+)\}\}")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:0x[0-9a-fA-F]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.]))"
    r"|(?P<string>'(?:[^']|'')*+')"
    r"|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<op>\|\||&&|==|!=|<=|>=|[<>!()\[\],.*]))"
)
_NAME = re.compile(r"[A-Za-z_][\w-]*\Z")
_BLANK = re.compile(r"\s*\Z")
_LEVELS = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
_UNARY, _PRIMARY = 5, 6
_CONSTANTS = {"true": True, "false": False, "null": None, "NaN": float("nan"), "Infinity": float("inf")}


class _Unreadable(ValueError):
    pass


class Unprintable(ValueError):
    """GitHub has no words for this; the sentence says for what."""


@lru_cache(maxsize=8192)
def expression(text: str) -> Expr:
    """What stands between `${{` and `}}`."""
    try:
        return _Parser(text).whole()
    except _Unreadable:
        return Unknown(text.strip())


@lru_cache(maxsize=8192)
def template(text: str) -> Text:
    """A value of the file: plain text stays text, `${{ }}` become expressions."""
    if "${{" not in text:
        return text
    parts: list[str | Expr] = []
    at = 0
    # An expression that never ends is an error at GitHub; here it is text, and so is all behind it.
    while (start := text.find("${{", at)) >= 0 and (found := _PLACES.match(text, start)):
        if start > at:
            _add(parts, text[at:start])
        _add(parts, expression(found[1]))
        at = found.end()
    if not parts:
        return text
    if at < len(text):
        _add(parts, text[at:])
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else Template(tuple(parts))


def _add(parts: list[str | Expr], part: str | Expr) -> None:
    """One part more; `${{ '${{' }}` is how GitHub writes the text `${{`, and is text here."""
    if isinstance(part, Literal) and isinstance(part.value, str) and "${{" in part.value:
        part = part.value
    if isinstance(part, str) and parts and isinstance(parts[-1], str):
        parts[-1] += part
    else:
        parts.append(part)


def condition(text: str, phase: Phase = Phase.QUEUE, span: Span | None = None) -> Condition:
    """An `if:`, with or without `${{ }}` around it. Text around `${{ }}` makes a string, which is always true: Unknown."""
    bare = text.strip()
    if "${{" not in bare:
        return Condition(expression(bare), phase, text, span)
    whole = _PLACES.fullmatch(bare)
    return Condition(expression(whole[1]) if whole else Unknown(bare), phase, text, span)


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise _Unreadable
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = self._operators = 0

    def whole(self) -> Expr:
        expr = self._binary(1)
        if self._peek() != ("", ""):
            raise _Unreadable
        return expr

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        if self._next() != ("op", text):
            raise _Unreadable

    def _binary(self, level: int) -> Expr:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Unreadable
        left = self._unary()
        while (kind_op := self._peek())[0] == "op" and _LEVELS.get(kind_op[1], 0) >= level:
            op = self._next()[1]
            self._operators += 1
            if self._operators > MAX_OPERATORS:
                raise _Unreadable
            left = contexts.meant(Binary(op, left, self._binary(_LEVELS[op] + 1)))
        self._depth -= 1
        return left

    def _unary(self) -> Expr:
        count = 0
        while self._peek() == ("op", "!"):
            self._next()
            count += 1
            if count > MAX_DEPTH:
                raise _Unreadable
        expr = self._primary()
        for _ in range(count):
            expr = contexts.meant(Unary("!", expr))
        return expr

    def _primary(self) -> Expr:
        kind, text = self._next()
        if kind == "number":
            return _number(text)
        if kind == "string":
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "op" and text == "(":
            inner = self._binary(1)
            self._expect(")")
            return self._indexed(inner)
        if kind != "name":
            raise _Unreadable
        if text in _CONSTANTS:
            return Literal(_CONSTANTS[text])
        if self._peek() == ("op", "("):
            return self._indexed(self._call(text))
        return self._reference(text)

    def _call(self, name: str) -> Expr:
        self._expect("(")
        args: list[Expr] = []
        while self._peek() != ("op", ")"):
            if args:
                self._expect(",")
            args.append(self._binary(1))
        self._next()
        return contexts.meant(Call(contexts.FUNCTIONS.get(name.lower(), name), tuple(args)))

    def _reference(self, name: str) -> Expr:
        return contexts.reference((name.lower(), *self._path()))

    def _indexed(self, inner: Expr) -> Expr:
        path = self._path()
        return Ref("native", (inner, *path)) if path else inner

    def _path(self) -> list[str | Expr]:
        path: list[str | Expr] = []
        while (token := self._peek()) in (("op", "."), ("op", "[")):
            self._next()
            if token[1] == ".":
                kind, text = self._next()
                if kind != "name" and text != "*":
                    raise _Unreadable
                path.append(text)
                continue
            if self._peek() == ("op", "*"):
                self._next()
                path.append("*")
            else:
                index = self._binary(1)
                named = isinstance(index, Literal) and isinstance(index.value, str) and index.value not in {"", "*"}
                path.append(index.value if named else index)  # type: ignore[union-attr,arg-type]
            self._expect("]")
        return path


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while not _BLANK.match(text, at):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _Unreadable
        kind = token.lastgroup or ""
        found.append((kind, token[kind]))
        at = token.end()
    return found


def _number(text: str) -> Literal:
    digits = text.lstrip("+-").lower()
    sign = -1 if text.startswith("-") else 1
    if digits.startswith(("0x", "0o")):
        return Literal(sign * int(digits, 0))
    if digits.isdigit():
        return Literal(sign * int(digits))
    return Literal(sign * float(digits))


# Printing.


def printed(expr: Expr) -> str:
    """The expression in GitHub's words. Raises Unprintable."""
    return _printed(expr, 0)


def printed_text(text: Text) -> str:
    """A text with its expressions in `${{ }}`. Raises Unprintable."""
    if isinstance(text, str):
        return literal(text)
    return "".join(_escaped(part) if isinstance(part, str) else f"${{{{ {printed(part)} }}}}" for part in text.parts)


def literal(text: str) -> str:
    """Text that GitHub must not take for an expression."""
    return text if "${{" not in text or template(text) == text else _escaped(text)


def _escaped(text: str) -> str:
    return text.replace("${{", "${{ '${{' }}")


def printed_condition(found: Condition) -> str:
    """An `if:`; brackets are needed only where YAML would read its first character otherwise."""
    text = printed_truth(found.expr)
    return f"${{{{ {text} }}}}" if text.startswith("!") else text


def printed_truth(expr: Expr) -> str:
    """The expression where a truth value is wanted: a tag alone asks whether there is one."""
    return printed(_truth(expr))


def _truth(expr: Expr) -> Expr:
    if expr in (contexts.TAG, contexts.BRANCH):
        return contexts.IS_TAG if expr == contexts.TAG else contexts.ON_BRANCH
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        return Binary(expr.op, _truth(expr.left), _truth(expr.right))
    if isinstance(expr, Unary) and expr.op == "!":
        named = {contexts.TAG: contexts.NO_TAG, contexts.BRANCH: contexts.NO_BRANCH}
        no = named.get(expr.operand) if isinstance(expr.operand, Ref) else None
        return no or Unary("!", _truth(expr.operand))
    return expr


def _printed(expr: Expr, level: int) -> str:
    expr = contexts.spelt(expr)
    if isinstance(expr, Literal):
        return _literal(expr.value)
    if isinstance(expr, Ref):
        return _path(expr)
    if isinstance(expr, Call):
        return _call(expr)
    if isinstance(expr, Unary):
        if expr.op != "!":
            raise Unprintable(f"the operator `{expr.op}`")
        return _bracketed(f"!{_printed(expr.operand, _UNARY)}", _UNARY, level)
    if isinstance(expr, Binary):
        own = _LEVELS.get(expr.op)
        if own is None:
            return _printed(_without_pattern(expr), level)
        return _bracketed(f"{_printed(expr.left, own)} {expr.op} {_printed(expr.right, own + 1)}", own, level)
    if level > 0:
        return f"({expr.text})"
    return expr.text


def _bracketed(text: str, own: int, level: int) -> str:
    return f"({text})" if own < level else text


def _literal(value: str | float | bool | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value != value:  # noqa: PLR0124 - not a number
        return "NaN"
    if value == float("inf"):
        return "Infinity"
    return repr(value)


def _path(ref: Ref) -> str:
    path = contexts.path_of(ref)
    if path is None:
        if ref == Ref("run", ("url",)):
            return "format('{0}/{1}/actions/runs/{2}', github.server_url, github.repository, github.run_id)"
        if ref == Ref("git", ("url",)):
            return "format('{0}/{1}', github.server_url, github.repository)"
        raise Unprintable(f"`{'.'.join(str(part) for part in (ref.context, *ref.path))}`")
    head = path[0]
    text = head if isinstance(head, str) else _printed(head, _PRIMARY)
    for part in path[1:]:
        if not isinstance(part, str):
            text += f"[{_printed(part, 0)}]"
        elif part == "*" or _NAME.match(part):
            text += f".{part}"
        else:
            text += f"[{_literal(part)}]"
    return text


_ONLY_HERE = {"changed": "a condition on changed files", "matches": "a pattern (regular expression)"}


def _call(call: Call) -> str:
    if call.name in _ONLY_HERE:
        if call.name == "matches" and len(call.args) == 2:
            return _printed(_without_pattern(Binary("=~", *call.args)), _PRIMARY)
        raise Unprintable(_ONLY_HERE[call.name])
    name = contexts.SPELLINGS.get(call.name, call.name)
    if not _NAME.match(name):  # `lower_values.no_way` says why as a name
        raise Unprintable(name.strip("()"))
    return f"{name}({', '.join(_printed(argument, 0) for argument in call.args)})"


def _without_pattern(expr: Binary) -> Expr:
    """GitHub knows no patterns: only those that say no more than its functions."""
    made = without_pattern(expr)
    if made is None:
        pattern = expr.right.value if isinstance(expr.right, Literal) else None
        raise Unprintable(f"the pattern `{pattern}`" if pattern else f"the operator `{expr.op}`")
    return made
