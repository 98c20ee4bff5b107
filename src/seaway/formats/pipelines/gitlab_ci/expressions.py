"""GitLab's two languages of values: `$NAME` within text, and the conditions of `rules:if`. Called by the reader and the writer.

Conditions, loosest first: `||`, `&&`, then one comparison (`== != =~ !~`) of a variable with a string, a pattern, a variable or
`null`; there is no negation, so `printed` moves it inwards. What cannot be read is `Unknown` with its text, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from seaway.formats.pipelines.gitlab_ci import predefined
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Text, Unary, Unknown

MAX_LENGTH = 20_000
MAX_DEPTH = 100
MAX_PLACES = 5_000  # in one value

BRANCH = Ref("git", ("branch",))
TAG = Ref("git", ("tag",))
REF = Ref("git", ("ref",))
REF_NAME = Ref("git", ("ref_name",))
KIND = Ref("event", ("kind",))
IS_TAG = Binary("!=", TAG, Literal(""))

_TOKEN = re.compile(
    r"\s*(?:(?P<ref>\$\{?(?P<name>[A-Za-z_]\w*)\}?)|(?P<string>\"[^\"]*\"|'[^']*')|(?P<pattern>/(?:\\.|[^/\\\n])+/[ismU]*)"
    r"|(?P<op>==|!=|=~|!~|&&|\|\||[()])|(?P<null>null\b)|(?P<input>\$\[\[[^\]]*\]\]))"
)
_PLACES = re.compile(r"\$\$|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)|\$\[\[\s*inputs\.([\w-]+)([^\]]*)\]\]")
_INPUTS = re.compile(r"\$\[\[\s*inputs\.([\w-]+)([^\]]*)\]\]")
_COMPARISONS = frozenset({"==", "!=", "=~", "!~"})
_OPPOSITE = {"==": "!=", "!=": "==", "=~": "!~", "!~": "=~"}
_PATTERN_SIGNS = re.compile(r"([.*+?^${}()|\[\]\\/])")


class _Unreadable(ValueError):
    pass


class Unprintable(ValueError):
    """GitLab has no words for this; the sentence says for what."""


def reference(name: str, axes: Collection[str] = (), known: Collection[str] = ()) -> Ref:
    """What `$NAME` means: `axes` are the names of the job's matrix, `known` the variables that the file sets."""
    if name in axes:
        return Ref("matrix", (name,))
    if name in known:
        return Ref("env", (name,))
    meaning = predefined.VARIABLES.get(name)
    if isinstance(meaning, Ref):
        return meaning
    if name in predefined.ONLY_HERE or name.startswith(predefined.ONLY_HERE_PREFIXES):
        return Ref("native", (name,))
    return Ref("var", (name,))


def template(text: str, axes: Collection[str] = (), known: Collection[str] = ()) -> Text:
    """A value in which GitLab puts variables: `$NAME`, `${NAME}`, `$[[ inputs.name ]]`; `$$` is a dollar sign."""
    if "$" not in text or text.count("$") > MAX_PLACES:
        return text
    parts: list[str | Expr] = []
    at = 0
    for found in _PLACES.finditer(text):
        _add(parts, text[at : found.start()])
        name = found[1] or found[2]
        if name:
            parts.append(reference(name, axes, known))
        elif found[3]:
            parts.append(_input(found[3], found[4]))
        else:
            _add(parts, "$")
        at = found.end()
    _add(parts, text[at:])
    return _text(parts)


def script(text: str) -> Text:
    """A script: only `$[[ inputs.name ]]` is replaced before the shell sees it."""
    if "$[[" not in text:
        return text
    parts: list[str | Expr] = []
    at = 0
    for found in _INPUTS.finditer(text):
        _add(parts, text[at : found.start()])
        parts.append(_input(found[1], found[2]))
        at = found.end()
    _add(parts, text[at:])
    return _text(parts)


def _input(name: str, functions: str) -> Expr:
    return Call(functions.strip(" |"), (Ref("input", (name,)),)) if functions.strip() else Ref("input", (name,))


def _add(parts: list[str | Expr], text: str) -> None:
    if not text:
        return
    if parts and isinstance(parts[-1], str):
        parts[-1] += text
    else:
        parts.append(text)


def _text(parts: list[str | Expr]) -> Text:
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return Template(tuple(parts))


def condition(
    text: str, phase: Phase = Phase.QUEUE, axes: Collection[str] = (), known: Collection[str] = ()
) -> Condition:
    """A `rules:if`."""
    expr = _expression(text, frozenset(axes), frozenset(known))
    return Condition(expr, phase, text)


@lru_cache(maxsize=4096)
def _expression(text: str, axes: frozenset[str], known: frozenset[str]) -> Expr:
    try:
        return _Parser(text, axes, known).whole()
    except _Unreadable:
        return Unknown(" ".join(text.split()))


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str, axes: frozenset[str], known: frozenset[str]) -> None:
        if len(text) > MAX_LENGTH:
            raise _Unreadable
        self._tokens = _tokens(text)
        self._axes, self._known = axes, known
        self._at = 0
        self._depth = 0

    def whole(self) -> Expr:
        expr = self._either()
        if self._at != len(self._tokens):
            raise _Unreadable
        return expr

    def _sign(self, *signs: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] in {("op", sign) for sign in signs}:
            self._at += 1
            return True
        return False

    def _either(self) -> Expr:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Unreadable
        expr = self._both()
        while self._sign("||"):
            expr = Binary("||", expr, self._both())
        self._depth -= 1
        return expr

    def _both(self) -> Expr:
        expr = self._comparison()
        while self._sign("&&"):
            expr = Binary("&&", expr, self._comparison())
        return expr

    def _comparison(self) -> Expr:
        if self._sign("("):
            inner = self._either()
            if not self._sign(")"):
                raise _Unreadable
            return inner
        left = self._value()
        kind, op = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        if kind != "op" or op not in _COMPARISONS:
            return Binary("!=", left, Literal("")) if left in (TAG, BRANCH) else left
        self._at += 1
        return _meant(op, left, self._value())

    def _value(self) -> Expr:
        if self._at >= len(self._tokens):
            raise _Unreadable
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "ref":
            return reference(text, self._axes, self._known)
        if kind == "string":
            return Literal(text[1:-1])
        if kind == "pattern":
            return Literal(text)
        if kind == "null":
            return Literal(None)
        if kind == "input":
            found = template(text)
            if isinstance(found, Template) and len(found.parts) == 1 and not isinstance(found.parts[0], str):
                return found.parts[0]
        raise _Unreadable


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            raise _Unreadable
        kind = "ref" if token["ref"] else token.lastgroup or ""
        found.append((kind, token["name"] if token["ref"] else token[kind]))
        at = token.end()
    return found


def _meant(op: str, left: Expr, right: Expr) -> Expr:
    """One comparison in neutral words: the variable on the left, no branch is "", sources have their neutral names."""
    if isinstance(left, Literal) and isinstance(right, Ref) and op in {"==", "!="}:
        left, right = right, left
    if left in (TAG, BRANCH) and right == Literal(None):
        right = Literal("")
    if left == KIND and isinstance(right, Literal) and isinstance(right.value, str) and op in {"==", "!="}:
        right = Literal(predefined.SOURCES.get(right.value, right.value))
    return Binary(op, left, right)


def is_only_pushes(expr: Expr) -> bool:
    """The condition that the reader gives jobs without rules, where merge requests start pipelines, too."""
    first = expr.left if isinstance(expr, Binary) and expr.op == "&&" else expr
    return first == Binary("!=", KIND, Literal("pull_request"))


# Printing.


def printed(expr: Expr) -> str:
    """The condition in GitLab's words. Raises Unprintable."""
    return _printed(_inwards(expr, negate=False), 0)


def printed_name(ref: Expr) -> str:
    """The variable of GitLab that holds this. Raises Unprintable."""
    name = predefined.NAMES.get(ref)
    if name:
        return name
    if isinstance(ref, Ref):
        if ref.context in {"env", "var", "secret", "matrix", "native"} and len(ref.path) == 1:
            name = str(ref.path[0])
            if re.fullmatch(r"[A-Za-z_]\w*", name):
                return name
        if ref == Ref("run", ("attempt",)):
            raise Unprintable("the number of the attempt")
    raise Unprintable(f"`{_words(ref)}`")


def printed_text(text: Text, renamed: dict[str, str] | None = None) -> str:
    """A text with its values as `$NAME`, or `${NAME}` before a letter. Raises Unprintable."""
    parts = text.parts if isinstance(text, Template) else (text,)
    found = []
    for index, part in enumerate(parts):
        if isinstance(part, str):
            found.append(_escaped(part))
        elif isinstance(part, Literal):
            found.append(_escaped("" if part.value is None else str(part.value)))
        elif (given := _input_text(part)) is not None:
            found.append(given)
        else:
            name = printed_name(part)
            name = (renamed or {}).get(name, name) if isinstance(part, Ref) and part.context == "matrix" else name
            following = parts[index + 1] if index + 1 < len(parts) else ""
            bare = not (isinstance(following, str) and re.match(r"\w", following))
            found.append(f"${name}" if bare else f"${{{name}}}")
    return "".join(found)


def printed_script(text: Text) -> str:
    """A script of GitLab's own: only inputs stand in it. Raises Unprintable."""
    parts = text.parts if isinstance(text, Template) else (text,)
    found = []
    for part in parts:
        given = part if isinstance(part, str) else _input_text(part)
        if given is None:
            raise Unprintable(f"`{_words(part)}` in a script")  # type: ignore[arg-type]
        found.append(given)
    return "".join(found)


def _input_text(expr: Expr) -> str | None:
    if isinstance(expr, Ref) and expr.context == "input" and len(expr.path) == 1:
        return f"$[[ inputs.{expr.path[0]} ]]"
    if isinstance(expr, Call) and len(expr.args) == 1 and re.match(r"expand_vars|truncate|posix_escape", expr.name):
        inner = _input_text(expr.args[0])
        return None if inner is None else f"{inner[:-3]} | {expr.name} ]]"
    return None


def _escaped(text: str) -> str:
    """A dollar sign that GitLab would take for a variable is doubled."""
    return re.sub(r"\$(?=[A-Za-z_{$\[])", "$$", text) if "$" in text else text


def _inwards(expr: Expr, *, negate: bool) -> Expr:
    """The same without `!`: GitLab has none."""
    expr = _spelt(expr)
    if isinstance(expr, Unary) and expr.op == "!":
        return _inwards(expr.operand, negate=not negate)
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        op = expr.op if not negate else "||" if expr.op == "&&" else "&&"
        return Binary(op, _inwards(expr.left, negate=negate), _inwards(expr.right, negate=negate))
    if not negate:
        return expr
    if isinstance(expr, Binary) and expr.op in _OPPOSITE:
        return Binary(_OPPOSITE[expr.op], expr.left, expr.right)
    if isinstance(expr, Ref):
        return Binary("||", Binary("==", expr, Literal(None)), Binary("==", expr, Literal("")))
    if isinstance(expr, Literal):
        return Literal(not expr.value)
    raise Unprintable(f"the opposite of `{_words(expr)}`")


def _spelt(expr: Expr) -> Expr:
    """Functions on text as patterns, full refs as branches and tags."""
    if (
        isinstance(expr, Call)
        and expr.name in {"starts_with", "ends_with", "contains", "matches"}
        and len(expr.args) == 2
    ):
        text, part = expr.args
        if not isinstance(part, Literal) or not isinstance(part.value, str):
            raise Unprintable(f"`{_words(expr)}` with a computed part")
        if expr.name == "matches":
            slashed = re.sub(r"(?<!\\)/", r"\\/", part.value)
            return Binary("=~", text, Literal(f"/{slashed}/"))
        return _pattern(expr.name, text, part.value)
    if isinstance(expr, Binary) and expr.op in {"==", "!="} and expr.left == REF and isinstance(expr.right, Literal):
        value = str(expr.right.value)
        for prefix, ref in (("refs/heads/", BRANCH), ("refs/tags/", TAG)):
            if value.startswith(prefix):
                return Binary(expr.op, ref, Literal(value.removeprefix(prefix)))
    return expr


def _pattern(function: str, text: Expr, part: str) -> Expr:
    if text == REF and function == "starts_with":
        for prefix, ref in (("refs/heads/", BRANCH), ("refs/tags/", TAG)):
            if part.startswith(prefix):
                text, part = ref, part.removeprefix(prefix)
                if not part:
                    return Binary("!=", ref, Literal(""))
    body = _PATTERN_SIGNS.sub(r"\\\1", part)
    start, end = "^" if function == "starts_with" else "", "$" if function == "ends_with" else ""
    return Binary("=~", text, Literal(f"/{start}{body}{end}/"))


def _printed(expr: Expr, level: int) -> str:
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        own = 2 if expr.op == "&&" else 1
        text = f"{_printed(expr.left, own)} {expr.op} {_printed(expr.right, own + 1)}"
        return f"({text})" if own < level else text
    if isinstance(expr, Binary):
        return _comparison(expr)
    if isinstance(expr, Literal):
        return '"true" == "true"' if expr.value not in (None, "", False, 0) else '"true" == "false"'
    if isinstance(expr, Unknown):
        return expr.text
    return _value(expr)


def _comparison(expr: Binary) -> str:
    if expr.op not in _COMPARISONS:
        raise Unprintable(f"the operator `{expr.op}`")
    left = _value(expr.left)
    if expr.left in (TAG, BRANCH) and expr.right == Literal(""):
        return left if expr.op == "!=" else f"{left} == null"
    if expr.left == KIND and isinstance(expr.right, Literal) and expr.op in {"==", "!="}:
        return _source(expr.op, str(expr.right.value))
    if expr.op in {"=~", "!~"} and isinstance(expr.right, Literal):
        pattern = str(expr.right.value)
        return (
            f"{left} {expr.op} {pattern if _is_pattern(pattern) else f'/{_PATTERN_SIGNS.sub(_BACKSLASHED, pattern)}/'}"
        )
    return f"{left} {expr.op} {_value(expr.right)}"


_BACKSLASHED = r"\\\1"


def _is_pattern(text: str) -> bool:
    return bool(re.fullmatch(r"/(?:\\.|[^/\\\n])+/[ismU]*", text))


def _source(op: str, kind: str) -> str:
    if kind == "tag":
        return "$CI_COMMIT_TAG" if op == "==" else "$CI_COMMIT_TAG == null"
    return f'$CI_PIPELINE_SOURCE {op} "{predefined.SOURCE_NAMES.get(kind, kind)}"'


def _value(expr: Expr) -> str:
    if isinstance(expr, Literal):
        if expr.value is None:
            return "null"
        text = str(expr.value).lower() if isinstance(expr.value, bool) else str(expr.value)
        if '"' in text and "'" in text:
            raise Unprintable("a text with both kinds of quotes")
        return f"'{text}'" if '"' in text else f'"{text}"'
    if (given := _input_text(expr)) is not None:
        return given
    return f"${printed_name(expr)}"


def _words(expr: Expr) -> str:
    if isinstance(expr, Ref):
        return ".".join([expr.context, *(part if isinstance(part, str) else "..." for part in expr.path)])
    if isinstance(expr, Call):
        return f"{expr.name}({', '.join(_words(one) for one in expr.args)})"
    if isinstance(expr, Literal):
        return str(expr.value)
    if isinstance(expr, Binary):
        return f"{_words(expr.left)} {expr.op} {_words(expr.right)}"
    return expr.text if isinstance(expr, Unknown) else f"{expr.op}{_words(expr.operand)}"
