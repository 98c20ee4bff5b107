"""`%name%` in texts and the conditions of steps <-> the neutral tree. Called by the readers and writers of this package."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from seaway.formats.pipelines.teamcity.predefined import PARAMETERS, SPELLINGS
from seaway.formats.pipelines.teamcity.values import Hole, Item, Mixed, Symbol, Value, shown
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Text, Unary, Unknown

_REFERENCE = re.compile(r"%%|%([A-Za-z_][\w.:/!-]*)%")
_DEPENDENCY = re.compile(r"dep\.(\w+)\.(.+)")
SUCCESS = Call("success")
STATUS: dict[str, Expr] = {
    "ALWAYS": Call("always"),
    "RUN_ON_FAILURE": Unary("!", Call("cancelled")),
    "RUN_ONLY_ON_FAILURE": Call("failure"),
}


class Unprintable(ValueError):
    """TeamCity has no spelling for this; the text says for what."""


@dataclass(frozen=True, slots=True)
class Names:
    """Which parameters are declared around a text, by kind: they decide what `%name%` means."""

    plain: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    matrix: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    jobs: dict[str, str] = field(default_factory=dict)  # id in TeamCity -> id of the job


def reference(name: str, names: Names) -> Expr:
    """What `%name%` means here."""
    if name in names.matrix:
        return Ref("matrix", (name,))
    if name in names.inputs:
        return Ref("input", (name,))
    if name in names.secrets:
        return Ref("secret", (name.removeprefix("env."),))
    if name in names.plain:
        return Ref("env", (name,))
    if name in PARAMETERS:
        return PARAMETERS[name]
    if name.startswith("env.") and name[4:] not in names.plain and len(name) > 4:
        return Ref("env", (name[4:],))
    match = _DEPENDENCY.fullmatch(name)
    if match is not None:
        return Ref("job", (names.jobs.get(match[1], match[1]), "output", match[2]))
    if name.startswith(("teamcity.", "system.", "env.", "agent.", "vcsroot.", "build.", "vault:", "reverse.")):
        return Ref("native", (name,))
    return Ref("var", (name,))


def text(value: Value, names: Names) -> Text:
    """A value of the settings as a text of the model."""
    if isinstance(value, Mixed):
        found: list[str | Expr] = []
        for part in value.parts:
            found += [Unknown(part.text)] if isinstance(part, Hole) else _parts(part, names)
        return _text(found)
    if isinstance(value, Hole):
        return Template((Unknown(value.text),))
    plain = value.written() if isinstance(value, Item) else shown(value)
    return _text(_parts(plain, names)) if "%" in plain else plain


def _parts(plain: str, names: Names) -> list[str | Expr]:
    found: list[str | Expr] = []
    at = 0
    for match in _REFERENCE.finditer(plain):
        found.append(plain[at : match.start()])
        found.append(reference(match[1], names) if match[1] else "%")
        at = match.end()
    return [*found, plain[at:]]


def _text(parts: list[str | Expr]) -> Text:
    found: list[str | Expr] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    if all(isinstance(part, str) for part in found):
        return "".join(str(part) for part in found)
    return Template(tuple(found))


def printed(expr: Expr, names: Names) -> str:
    """The name of the parameter that holds this value, without `%`. Raises Unprintable."""
    if not isinstance(expr, Ref) or not all(isinstance(part, str) for part in expr.path):
        raise Unprintable(_in_words(expr))
    path = tuple(str(part) for part in expr.path)
    if (expr.context, path[0]) in SPELLINGS and len(path) == 1:
        name = SPELLINGS[expr.context, path[0]]
    elif expr.context == "env":
        name = path[0] if path[0] in names.plain else f"env.{path[0]}"
    elif expr.context == "secret":
        name = path[0] if path[0] in names.secrets else f"env.{path[0]}"
    elif expr.context in {"input", "matrix", "var"} or (expr.context == "native" and len(path) == 1):
        name = path[0]
    elif expr.context == "job" and len(path) == 3 and path[1] == "output":
        name = f"dep.{path[0]}.{path[2]}"
    else:
        raise Unprintable(_in_words(expr))
    if not _REFERENCE.fullmatch(f"%{name}%") or reference(name, names) != expr:
        raise Unprintable(_in_words(expr))
    return name


def printed_text(value: Text, names: Names) -> str:
    """A text with `%name%` for its expressions. Raises Unprintable."""
    if isinstance(value, str):
        return value.replace("%", "%%")
    return "".join(
        part.replace("%", "%%") if isinstance(part, str) else f"%{printed(part, names)}%" for part in value.parts
    )


def _in_words(expr: Expr) -> str:
    from seaway.formats.pipelines.expand import in_words

    return in_words(expr)


# --- conditions of steps

_TESTS: dict[str, Callable[..., Expr]] = {
    "equals": lambda left, right: Binary("==", left, right),
    "doesNotEqual": lambda left, right: Binary("!=", left, right),
    "contains": lambda left, right: Call("contains", (left, right)),
    "doesNotContain": lambda left, right: Unary("!", Call("contains", (left, right))),
    "startsWith": lambda left, right: Call("starts_with", (left, right)),
    "endsWith": lambda left, right: Call("ends_with", (left, right)),
    "matches": lambda left, right: Call("matches", (left, right)),
    "doesNotMatch": lambda left, right: Unary("!", Call("matches", (left, right))),
    "moreThan": lambda left, right: Binary(">", left, right),
    "noLessThan": lambda left, right: Binary(">=", left, right),
    "noMoreThan": lambda left, right: Binary("<=", left, right),
    "lessThan": lambda left, right: Binary("<", left, right),
    "exists": lambda left: Binary("!=", left, Literal(None)),
    "doesNotExist": lambda left: Binary("==", left, Literal(None)),
}


def conditions(item: Item, names: Names) -> Expr | None:
    """All of `conditions { ... }`; None where one of them is not understood."""
    found: Expr | None = None
    for one in item.items or ():
        test = _TESTS.get(one.word)
        alone = one.word in {"exists", "doesNotExist"}
        if test is None or len(one.args) != (1 if alone else 2) or not all(isinstance(arg, str) for arg in one.args):
            return None
        left = reference(one.args[0], names)
        value = text(one.args[-1], names)
        if isinstance(value, Template) and (len(value.parts) > 1 or isinstance(value.parts[0], str)):
            return None
        right = Literal(value) if isinstance(value, str) else value.parts[0]
        made = test(left) if alone else test(left, right)
        found = made if found is None else Binary("&&", found, made)
    return found


def written_conditions(expr: Expr, names: Names) -> list[tuple[str, ...]]:
    """The words of `conditions { ... }` that ask this. Raises Unprintable where TeamCity cannot ask it."""
    if isinstance(expr, Binary) and expr.op == "&&":
        return [*written_conditions(expr.left, names), *written_conditions(expr.right, names)]
    if isinstance(expr, Binary) and expr.right == Literal(None) and expr.op in {"==", "!="}:
        return [("exists" if expr.op == "!=" else "doesNotExist", printed(expr.left, names))]
    for word, test in _TESTS.items():
        if word in {"exists", "doesNotExist"}:
            continue
        sides = _sides(expr)
        if sides is not None and test(*sides) == expr:
            return [(word, printed(sides[0], names), _operand(sides[1], names))]
    raise Unprintable(_in_words(expr))


def _sides(expr: Expr) -> tuple[Expr, Expr] | None:
    if isinstance(expr, Unary):
        return _sides(expr.operand)
    if isinstance(expr, Binary):
        return expr.left, expr.right
    return (expr.args[0], expr.args[1]) if isinstance(expr, Call) and len(expr.args) == 2 else None


def _operand(expr: Expr, names: Names) -> str:
    if isinstance(expr, Literal) and isinstance(expr.value, str):
        return expr.value.replace("%", "%%")
    return f"%{printed(expr, names)}%"


def condition(text: str, phase: Phase = Phase.RUN) -> Condition:
    """TeamCity writes its conditions as blocks: as one text they are kept."""
    return Condition(Unknown(text), phase, text)


def template(value: str) -> Text:
    """A text whose `%name%` are read without knowing what is declared around it."""
    return text(value, Names())


__all__ = [
    "STATUS",
    "Names",
    "Symbol",
    "Unprintable",
    "condition",
    "conditions",
    "printed",
    "printed_text",
    "reference",
    "template",
    "text",
]
