"""Azure's function-style expressions -> the neutral tree. Called by the reader for conditions, `$( )`, `$[ ]` and `${{ }}`.

One language, three phases: `${{ }}` when the file is compiled, `$[ ]` and conditions when a job is queued, `$( )` while it
runs. Printed by `printer`. Comparisons ignore case, as Azure's do; values that Azure has its own words for (a build's reason,
a job's result, a branch as a full ref) are put into neutral ones here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from seaway.formats.pipelines.azure_pipelines.predefined import BY_LOWER, REASONS, RESULTS, is_reserved
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary, Unknown, either, walk

MAX_DEPTH = 40
MAX_LENGTH = 20_000

_TOKEN = re.compile(
    r"""\s*(?: (?P<string>'(?:[^']|'')*') | (?P<compile>\$\{\{(?:[^}$]|\}(?!\})|\$(?!\{\{))*\}\}) | (?P<version>\d+(?:\.\d+){2,3}\b)
      | (?P<number>[-+]?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?|\.\d+)) | (?P<name>[A-Za-z_][\w-]*) | (?P<mark>[\[\](),.*]) )""",
    re.VERBOSE | re.DOTALL,
)
_INSERT = re.compile(r"\$\{\{((?:[^}$]|\}(?!\})|\$(?!\{\{))*)\}\}")
_MACRO = re.compile(r"\$\(([A-Za-z_][\w.-]*)\)|\$\{\{((?:[^}$]|\}(?!\})|\$(?!\{\{))*)\}\}")
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FUNCTIONS = {
    "succeeded": "success",
    "failed": "failure",
    "always": "always",
    "canceled": "cancelled",
    "contains": "contains",
    "startswith": "starts_with",
    "endswith": "ends_with",
    "format": "format",
    "converttojson": "to_json",
}
_REF = Ref("git", ("ref",))
IS_TAG = Binary("!=", Ref("git", ("tag",)), Literal(""))
NO_TAG = Binary("==", Ref("git", ("tag",)), Literal(""))
ON_BRANCH = Binary("!=", Ref("git", ("branch",)), Literal(""))
NO_BRANCH = Binary("==", Ref("git", ("branch",)), Literal(""))
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(slots=True)
class Names:
    """What a name means where it stands: axes of the job's matrix, its steps' names, variables of the file; all in lower case.

    `jobs`: (stage, job) -> id in the model; `stage`: the one the expression stands in.
    """

    matrix: frozenset[str] = frozenset()
    steps: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    jobs: dict[tuple[str, str], str] = field(default_factory=dict)
    stage: str = ""

    def of_job(self, matrix: frozenset[str], stage: str) -> Names:
        """The names within a job; what is known of the file's variables is shared."""
        return Names(matrix, set(), self.known, self.secrets, self.jobs, stage)

    def variable(self, name: str) -> Ref:
        """What `$(name)` and `variables['name']` refer to."""
        lower = name.lower()
        if (found := BY_LOWER.get(lower)) is not None:
            return found
        if lower in self.matrix:
            return Ref("matrix", (name,))
        if "." in name:
            step, _, output = name.partition(".")
            if step.lower() in self.steps:
                return Ref("step", (step, "output", output))
            if is_reserved(name):
                return Ref("native", (name,))
        if lower in self.secrets:
            return Ref("secret", (name,))
        return Ref("env" if lower in self.known else "var", (name,))

    def job(self, name: str, stage: str = "") -> str:
        """The model's id of a job."""
        return self.jobs.get((stage or self.stage, name), name)


class _Odd(Exception):
    """The text is not an expression of this language."""


def parse(text: str, names: Names | None = None) -> Expr:
    """The expression; what cannot be read is an Unknown with the text."""
    if len(text) > MAX_LENGTH:
        return Unknown(text)
    if len(text) < 200 and (found := _anywhere(text)) is not None:
        return found
    try:
        reader = _Reader(text, names or Names())
        found = reader.value(0)
        reader.end()
    except _Odd:
        return Unknown(text.strip())
    return found


class _Nowhere(Names):
    """Knows only what Azure sets itself: for expressions that mean the same in every file."""

    def variable(self, name: str) -> Ref:
        found = BY_LOWER.get(name.lower())
        if found is None:
            raise _Odd(name)
        return found

    def job(self, name: str, stage: str = "") -> str:
        raise _Odd(name + stage)


@lru_cache(maxsize=4096)
def _anywhere(text: str) -> Expr | None:
    """The expression, if it means the same wherever it stands; most conditions are a few, written again and again."""
    if "$" in text:
        return None
    try:
        reader = _Reader(text, _Nowhere())
        found = reader.value(0)
        reader.end()
    except _Odd:
        return None
    return found


def template(text: str, names: Names | None = None, *, script: bool = False) -> Text:
    """Text with `$(name)`, `$[ expression ]` and `${{ expression }}`. In a `script`, `$(date)` is the shell's: a name that the file
    does not set counts as a variable only if it is not all small letters.
    """
    if "$(" not in text and "${{" not in text and "$[" not in text:
        return text
    known = names or Names()
    whole = text.strip()
    if whole.startswith("$[") and whole.endswith("]"):
        return Template((parse(whole[2:-1], known),))
    parts: list[str | Expr] = []
    last = 0
    for found in _MACRO.finditer(text):
        name = found[1]
        if name is not None and script and _is_shells(name, known):
            continue
        if found.start() > last:
            parts.append(text[last : found.start()])
        parts.append(known.variable(name) if name is not None else parse(found[2], known))
        last = found.end()
    if not parts:
        return text
    if last < len(text):
        parts.append(text[last:])
    return Template(tuple(parts))


STATUS = frozenset({"success", "failure", "always", "cancelled"})


def has_status(expr: Expr) -> bool:
    """The condition asks how what ran before ended."""
    return any(isinstance(one, Call) and one.name in STATUS for one in walk(expr))


def condition(text: str, names: Names | None = None) -> Expr:
    """A `condition:` in the model's words, where one without a question about the status asks for success, too; in Azure it does not."""
    found = parse(text, names)
    if isinstance(found, (Literal, Unknown)):
        return found
    if not has_status(found):
        return Binary("&&", Call("always"), found)
    kept = without_success(found)
    return found if has_status(kept) else kept


def without_success(expr: Expr) -> Expr:
    """The rest of `success() && rest`."""
    if not isinstance(expr, Binary) or expr.op != "&&":
        return expr
    if expr.left == Call("success"):
        return expr.right
    left = without_success(expr.left)
    return expr if left is expr.left else Binary("&&", left, expr.right)


def _is_shells(name: str, names: Names) -> bool:
    return name.islower() and "_" not in name and names.variable(name).context == "var" and "." not in name


class _Reader:
    """A recursive descent over the tokens of one text."""

    def __init__(self, text: str, names: Names) -> None:
        self._names = names
        self._tokens: list[tuple[str, str]] = []
        at, stop = 0, len(text.rstrip())
        while at < stop:
            found = _TOKEN.match(text, at)
            if found is None:
                raise _Odd(text)
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise _Odd(self._peek()[1])

    def value(self, depth: int) -> Expr:
        kind, text = self._next()
        if depth > MAX_DEPTH:
            raise _Odd(text)
        if kind == "string":
            return _string(text[1:-1].replace("''", "'"), self._names)
        if kind == "compile":
            return parse(text[3:-2], self._names)
        if kind == "version":
            return Literal(text)
        if kind == "number":
            return Literal(_number(text))
        if kind != "name":
            raise _Odd(text)
        if self._peek() == ("mark", "("):
            self._at += 1
            return _call(text, self._arguments(depth))
        if text.lower() in _WORDS:
            return Literal(_WORDS[text.lower()])
        return _reference([text, *self._path(depth)], self._names)

    def _arguments(self, depth: int) -> list[Expr]:
        found: list[Expr] = []
        if self._peek() == ("mark", ")"):
            self._at += 1
            return found
        while True:
            found.append(self.value(depth + 1))
            _, mark = self._next()
            if mark == ")":
                return found
            if mark != ",":
                raise _Odd(mark)

    def _path(self, depth: int) -> list[str | Expr]:
        """What follows a name: `.b`, `['c']`, `.*`."""
        found: list[str | Expr] = []
        while self._peek() in (("mark", "."), ("mark", "[")):
            _, mark = self._next()
            if mark == ".":
                kind, text = self._next()
                if kind != "name" and text != "*":
                    raise _Odd(text)
                found.append(text)
                continue
            part = self.value(depth + 1)
            found.append(part.value if isinstance(part, Literal) and isinstance(part.value, str) else part)
            if self._next() != ("mark", "]"):
                raise _Odd("[")
        return found


def _number(text: str) -> int | float:
    if "x" in text.lower():
        return int(text, 16)
    return float(text) if "." in text else int(text)


def _string(text: str, names: Names) -> Expr:
    """A constant; with a compile-time value in it, that value or a `format`."""
    if "${{" not in text:
        return Literal(text)
    inner = [parse(found, names) for found in _INSERT.findall(text)]
    if len(inner) == 1 and _INSERT.fullmatch(text):
        return inner[0]
    counter = iter(range(len(inner)))
    pattern = _INSERT.sub(lambda _: f"{{{next(counter)}}}", text)
    return Call("format", (Literal(pattern), *inner))


def _reference(path: list[str | Expr], names: Names) -> Expr:
    head, *rest = path
    plain = [part for part in rest if isinstance(part, str)]
    word = str(head).lower()
    if word == "variables" and len(plain) == len(rest) == 1:
        return names.variable(plain[0])
    if word == "parameters" and rest:
        return Ref("input", tuple(rest))
    if word == "dependencies" and len(plain) == len(rest) >= 2:
        return _dependency(names.job(plain[0]), plain[1:]) or Ref("native", tuple(path))
    if word == "stagedependencies" and len(plain) == len(rest) >= 3:
        return _dependency(names.job(plain[1], plain[0]), plain[2:]) or Ref("native", tuple(path))
    return Ref("native", tuple(path))


def _dependency(job: str, rest: list[str]) -> Expr | None:
    if rest[0].lower() == "result" and len(rest) == 1:
        return Ref("job", (job, "result"))
    if rest[0].lower() == "outputs" and len(rest) == 2:
        return Ref("job", (job, "output", rest[1]))
    return None


def _call(name: str, args: list[Expr]) -> Expr:
    word = name.lower()
    if (special := _SPECIAL.get(word)) is not None and (found := special(args)) is not None:
        return found
    if word in _COMPARISONS and len(args) == 2:
        return _compare(_COMPARISONS[word], args[0], args[1])
    if word == "startswith" and len(args) == 2:
        if args == [_REF, Literal("refs/tags/")]:
            return IS_TAG
        if args == [_REF, Literal("refs/heads/")]:
            return ON_BRANCH
        return Call("starts_with", _short_ref(args[0], args[1]))
    return Call(_FUNCTIONS.get(word, name), tuple(args))


def _fold(op: str, args: list[Expr]) -> Expr | None:
    if len(args) < 2:
        return None
    found = args[0]
    for one in args[1:]:
        found = Binary(op, found, one)
    return found


def _one_of(args: list[Expr]) -> Expr | None:
    if len(args) < 2:
        return None
    found: list[Expr] = []
    for one in args[1:]:
        same = _compare("==", args[0], one)
        if same not in found:
            found.append(same)
    whole = found[0]
    for one in found[1:]:
        whole = either(whole, one)
    return whole


def _none_of(args: list[Expr]) -> Expr | None:
    found = _one_of(args)
    if isinstance(found, Binary) and found.op == "==":
        return Binary("!=", found.left, found.right)
    return Unary("!", found) if found is not None else None


_NOT: dict[Expr, Expr] = {IS_TAG: NO_TAG, ON_BRANCH: NO_BRANCH}
_SPECIAL: dict[str, Callable[[list[Expr]], Expr | None]] = {
    "and": lambda args: _fold("&&", args),
    "or": lambda args: _fold("||", args),
    "in": _one_of,
    "notin": _none_of,
    "not": lambda args: _NOT.get(args[0], Unary("!", args[0])) if len(args) == 1 else None,
    "succeededorfailed": lambda args: None if args else Unary("!", Call("cancelled")),
    "join": lambda args: Call("join", (args[1], args[0])) if len(args) == 2 else None,
}


def _compare(op: str, left: Expr, right: Expr) -> Expr:
    if op not in ("==", "!="):
        return Binary(op, left, right)
    if isinstance(left, Literal) and isinstance(right, Ref):
        left, right = right, left
    if isinstance(left, Ref) and isinstance(right, Literal) and isinstance(right.value, str):
        word = right.value
        if left == Ref("event", ("kind",)):
            return Binary(op, left, Literal(REASONS.get(word.lower(), word)))
        if left.context == "job" and left.path[-1] == "result":
            return Binary(op, left, Literal(RESULTS.get(word.lower(), word)))
        left, right = _short_ref(left, right)
    return Binary(op, left, right)


def _short_ref(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """A full ref that is compared with `refs/heads/main` is the branch compared with `main`."""
    if left == _REF and isinstance(right, Literal) and isinstance(right.value, str):
        for start, word in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
            if right.value.startswith(start) and len(right.value) > len(start):
                return Ref("git", (word,)), Literal(right.value[len(start) :])
    return left, right
