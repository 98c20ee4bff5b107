"""Values and conditions of the model as CircleCI's text, with a loss for each that it has no words for. Shared by the writers."""

from __future__ import annotations

import re
from typing import Any, Final

from seaway.formats.pipelines.circleci.logic import BRANCH, NO_TAG, TAG
from seaway.formats.pipelines.circleci.predefined import KEY_NAMES, NAMES, VARIABLE_NAMES
from seaway.formats.pipelines.expand import in_words
from seaway.formats.pipelines.losses import Losses
from seaway.formats.yaml import as_written
from seaway.formats.yaml.emit import Flow, Raw
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary, parts
from seaway.model.pipeline import Native, Pipeline, System, Variable
from seaway.model.span import Span

_ODD = re.compile(r"[^\w-]+")
# How a run was started, in CircleCI's words.
_SOURCES: Final = {"schedule": "scheduled_pipeline", "push": "webhook", "api": "api", "manual": "api"}


class Unprintable(ValueError):
    """CircleCI has no words for it: the sentence names it."""


def named(text: str) -> str:
    """The text as the name of a job in `jobs`."""
    return _ODD.sub("-", text).strip("-") or "job"


def value(expr: Expr) -> str:
    """`<< pipeline.x >>`. Raises Unprintable."""
    if isinstance(expr, Literal):
        return (
            "" if expr.value is None else str(expr.value).lower() if isinstance(expr.value, bool) else str(expr.value)
        )
    if isinstance(expr, Ref):
        if (known := NAMES.get(expr)) is not None:
            return f"<< {known} >>"
        path = [part for part in expr.path if isinstance(part, str)]
        if len(path) == len(expr.path):
            if expr.context == "input":
                return f"<< pipeline.parameters.{'.'.join(path)} >>"
            if expr.context == "matrix":
                return f"<< parameters.{'.'.join(path)} >>"
            if expr.context == "native" and path and path[0] in {"pipeline", "parameters"}:
                return f"<< {'.'.join(path)} >>"
    raise Unprintable(f"`{in_words(expr)}`")


def escaped(text: str) -> str:
    """`<<` begins a value in version 2.1."""
    return text.replace("<<", "\\<<")


class Words:
    """What all writers of one file share. `own`: the pipeline was read from CircleCI's language."""

    def __init__(self, pipeline: Pipeline, losses: Losses) -> None:
        self.losses = losses
        self.own = pipeline.system is System.CIRCLECI

    def text(self, text: Text, construct: str = "expression", span: Span | None = None) -> str:
        """A text with its values. What cannot be said stands in angle brackets, in neutral words, and is a loss."""
        found = []
        for part in parts(text):
            if isinstance(part, str):
                found.append(escaped(part))
                continue
            try:
                found.append(value(part))
            except Unprintable as why:
                found.append(f"<{in_words(part)}>")
                fix = "write the value where it stands in angle brackets"
                self.losses.dropped(construct, f"CircleCI has no value for {why}", fix, span)
        return "".join(found)

    def variables(self, variables: tuple[Variable, ...], construct: str) -> dict[str, Any]:
        """A mapping of names to values."""
        return {one.name: self.text(one.value, construct, one.span) for one in variables}

    def key(self, key: Text, span: Span | None = None) -> str:
        """A cache's key in its own template language."""
        found = []
        for part in parts(key):
            if isinstance(part, str):
                found.append(escaped(part))
            elif isinstance(part, Call) and part.name == "hash_files":
                found.append("-".join(f'{{{{ checksum "{_plain(one)}" }}}}' for one in part.args))
            elif isinstance(part, Ref) and (name := _key_name(part)):
                found.append(f"{{{{ {name} }}}}")
            else:
                found.append(self.text_of(part, span))
        return "".join(found)

    def text_of(self, expr: Expr, span: Span | None) -> str:

        return self.text(Template((expr,)), "cache key", span)


def _plain(expr: Expr) -> str:
    return str(expr.value) if isinstance(expr, Literal) else in_words(expr)


def _key_name(ref: Ref) -> str:
    if ref in KEY_NAMES:
        return KEY_NAMES[ref]
    if ref == Ref("runner", ("os",)):
        return "arch"  # which names the system, too
    if ref.context in {"var", "env"} and len(ref.path) == 1:
        return f".Environment.{ref.path[0]}"
    if ref in VARIABLE_NAMES:
        return f".Environment.{VARIABLE_NAMES[ref]}"
    return str(ref.path[1]) if ref.context == "native" and ref.path[:1] == ("key",) else ""


def logic(expr: Expr) -> Any:
    """A condition as `when` takes it. Raises Unprintable."""
    if isinstance(expr, Literal) and isinstance(expr.value, bool):
        return expr.value
    if isinstance(expr, Unary) and expr.op == "!":
        return {"not": logic(expr.operand)}
    if isinstance(expr, Binary):
        return _binary(expr)
    if isinstance(expr, Call):
        return _call(expr)
    return value(expr)


def _binary(expr: Binary) -> Any:
    if expr.op in ("&&", "||"):
        spine = [logic(one) for one in _spine(expr.op, expr)]
        return {"and" if expr.op == "&&" else "or": spine}
    if expr.op == "!=":
        return {"not": _binary(Binary("==", expr.left, expr.right))}
    if expr.op != "==":
        raise Unprintable(f"`{expr.op}`")
    if expr.left == Ref("event", ("kind",)) and isinstance(expr.right, Literal) and expr.right.value in _SOURCES:
        return {"equal": Flow([_SOURCES[str(expr.right.value)], "<< pipeline.trigger_source >>"])}
    if isinstance(expr.right, Literal) and not isinstance(expr.right.value, bool):
        return {"equal": [value(expr.right), value(expr.left)]}
    return {"equal": [_operand(expr.right), _operand(expr.left)]}


def _operand(expr: Expr) -> Any:
    return expr.value if isinstance(expr, Literal) and isinstance(expr.value, bool) else value(expr)


def _call(call: Call) -> Any:
    pattern = {"matches": "{}", "starts_with": "^{}.*$", "ends_with": "^.*{}$", "contains": "^.*{}.*$"}.get(call.name)
    if pattern is None or len(call.args) != 2 or not isinstance(call.args[1], Literal):
        raise Unprintable(f"the function `{call.name}`")
    word = str(call.args[1].value)
    found = word if call.name == "matches" else pattern.format(re.escape(word))
    return {"matches": {"pattern": found, "value": value(call.args[0])}}


def _spine(op: str, expr: Expr) -> list[Expr]:
    found: list[Expr] = []
    while isinstance(expr, Binary) and expr.op == op:
        found.insert(0, expr.right)
        expr = expr.left
    return [expr, *found]


_ALL = "/.*/"


def filters(expr: Expr) -> dict[str, Any] | None:
    """A condition on branch and tag as `filters`; None where it is another one."""
    sides = [expr]
    if isinstance(expr, Binary) and expr.op == "||":
        sides = [expr.left, expr.right]
    whole = _filter(expr, BRANCH)
    if whole is not None:
        return {"branches": whole}
    whole = _filter(expr, TAG)
    if whole is not None:
        return {"branches": {"ignore": _ALL}, "tags": whole}
    if len(sides) != 2:
        return None
    tags = _filter(sides[1], TAG)
    branches = _filter(sides[0], BRANCH)
    if tags is not None and sides[0] == NO_TAG:
        return {"tags": tags}
    return {"branches": branches, "tags": tags} if branches is not None and tags is not None else None


def _filter(expr: Expr, ref: Ref) -> dict[str, Any] | None:
    if isinstance(expr, Binary) and expr.op == "&&":
        left, right = _filter(expr.left, ref), _filter(expr.right, ref)
        return left | right if left and right and "only" in left and "ignore" in right else None
    if isinstance(expr, Unary):
        names = _names(expr.operand, ref)
        return {"ignore": names} if names is not None else None
    names = _names(expr, ref)
    return {"only": names} if names is not None else None


def _names(expr: Expr, ref: Ref) -> Any:
    """One name, or a list of them."""
    found = []
    for one in _spine("||", expr):
        name = _name(one, ref)
        if name is None:
            return None
        found.append(name)
    return found[0] if len(found) == 1 else Flow(found)


def _name(expr: Expr, ref: Ref) -> str | None:
    if ref in (TAG, BRANCH) and expr == Binary("!=", ref, Literal("")):
        return _ALL
    if isinstance(expr, Binary) and expr.op == "==" and expr.left == ref and isinstance(expr.right, Literal):
        text = str(expr.right.value)
        return text if text and not (text.startswith("/") and text.endswith("/")) else None
    if isinstance(expr, Call) and len(expr.args) == 2 and expr.args[0] == ref and isinstance(expr.args[1], Literal):
        word = str(expr.args[1].value)
        if expr.name == "matches" and word.startswith("^") and word.endswith("$") and len(word) > 1:
            return f"/{word[1:-1]}/"
        if expr.name == "starts_with":
            return f"/{re.escape(word)}.*/"
    return None


def kept_data(text: str) -> Any:
    """A native's text as data that is written as it was; a list or mapping on one line stays as it stands."""
    return Raw(text) if text.startswith(("[", "{")) and "\n" not in text else as_written.kept_data(text)


def put_back(document: dict[str, Any], natives: tuple[Native, ...], prefix: str) -> None:
    """Writes what was kept as it was, at its path below `prefix`."""
    for one in natives:
        *way, last = one.key.removeprefix(prefix).split(".")
        place = document
        for step in way:
            inner = place.get(step)
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        place[last] = kept_data(one.text)
