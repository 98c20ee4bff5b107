"""Text and expressions -> Groovy. Raises `Unprintable` for what Jenkins has no word for."""

from __future__ import annotations

import re

from seaway.formats.pipelines.jenkins.expressions import unwhole
from seaway.formats.pipelines.jenkins.predefined import NAMES
from seaway.formats.pipelines.jenkins.scripts import may_indent
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary, Unknown

NAME = re.compile(r"[A-Za-z_]\w*")
_STRENGTH = {"||": 1, "&&": 2, "=~": 3, "!~": 3, "==": 4, "!=": 4, "<": 5, "<=": 5, ">": 5, ">=": 5}
_METHODS = {"contains": "contains", "starts_with": "startsWith", "ends_with": "endsWith"}
_KINDS = {
    "pull_request": "env.CHANGE_ID != null",
    "tag": "env.TAG_NAME != null",
    "schedule": "!currentBuild.getBuildCauses('hudson.triggers.TimerTrigger$TimerTriggerCause').isEmpty()",
    "manual": "!currentBuild.getBuildCauses('hudson.model.Cause$UserIdCause').isEmpty()",
    "upstream": "!currentBuild.getBuildCauses('hudson.model.Cause$UpstreamCause').isEmpty()",
}
_DERIVED = {
    ("git", "short_sha"): "env.GIT_COMMIT.take(7)",
    ("git", "ref_name"): "env.BRANCH_NAME",
    ("git", "ref"): "((env.TAG_NAME ? 'refs/tags/' : 'refs/heads/') + env.BRANCH_NAME)",
    ("git", "repository"): "env.GIT_URL?.replaceAll('^([a-z+]+://[^/]+/|[^/:]+:)|[.]git$', '')",  # its path: owner/name
    ("run", "attempt"): "'1'",
}


class Unprintable(Exception):
    """What has no form in Groovy; the argument names it."""


def quoted(text: str, pad: str = "") -> str:
    """A text as a Groovy string in single quotes; several lines in three of them, indented by `pad` where that means nothing."""
    if "\n" in text:
        return _lines(text.replace("\\", "\\\\"), text, "'", pad)
    plain = text.replace("\\", "\\\\").replace("'", "\\'").replace("\r", "\\r").replace("\t", "\\t")
    return f"'{plain}'"


def _lines(escaped: str, text: str, quote: str, pad: str) -> str:
    """In three quotes; a quote before another one, or at the end, gets a backslash."""
    escaped = re.sub(rf"{quote}(?={quote}|\Z)", lambda _: f"\\{quote}", escaped)
    three = quote * 3
    first = text.split("\n", 1)[0] if text.startswith("#!") else ""
    if first and pad and may_indent(text) and re.search(r"\b(?:ba|da|k|z)?sh\b", first):
        head, *rest = escaped.split("\n")
        return "\n".join([f"{three}{head}", *(f"{pad}    {line}" if line else "" for line in rest), f"{pad}{three}"])
    if first or not pad or not may_indent(text):
        return f"{three}{escaped}{three}"
    inner = "\n".join(f"{pad}    {line}" if line else "" for line in escaped.split("\n"))
    return f"{three}\n{inner}\n{pad}{three}"


def value(text: Text, pad: str = "") -> str:
    """A text with expressions as a Groovy value: a string, or the expression alone."""
    if isinstance(text, str):
        return quoted(text, pad)
    if len(text.parts) == 1 and not isinstance(text.parts[0], str):
        return printed(text.parts[0])
    return gstring(text, pad)


def gstring(text: Template, pad: str = "") -> str:
    """A text with expressions in double quotes."""
    found = []
    for part in text.parts:
        if isinstance(part, str):
            plain = part.replace("\\", "\\\\").replace("$", "\\$")
            found.append(plain if "\n" in part or _several(text) else plain.replace('"', '\\"').replace("\t", "\\t"))
        else:
            found.append(f"${{{printed(part)}}}")
    inner = "".join(found)
    if not _several(text):
        return f'"{inner}"'
    flat = "".join(part if isinstance(part, str) else "x" for part in text.parts)
    return _lines(inner, flat, '"', pad)


def _several(text: Template) -> bool:
    return any(isinstance(part, str) and "\n" in part for part in text.parts)


def printed(expr: Expr, strength: int = 0) -> str:
    """An expression, in brackets where what stands around it binds stronger than `strength` allows."""
    if isinstance(expr, Literal):
        return _literal(expr)
    if isinstance(expr, Ref):
        return reference(expr)
    if isinstance(expr, Unary):
        return f"{expr.op}{printed(expr.operand, 9)}"
    if isinstance(expr, Binary):
        found, own = _binary(expr), _STRENGTH.get(expr.op, 9)
        return f"({found})" if own < strength else found
    if isinstance(expr, Call):
        return _call(expr)
    return f"({expr.text})" if strength and not _simple(expr.text) else expr.text


def _simple(text: str) -> bool:
    return bool(re.fullmatch(r"[\w.]+(\([^()]*\))?", text))


def _literal(expr: Literal) -> str:
    if expr.value is None:
        return "null"
    if isinstance(expr.value, bool):
        return str(expr.value).lower()
    return quoted(expr.value) if isinstance(expr.value, str) else str(expr.value)


def reference(ref: Ref) -> str:
    """A value by name."""
    path = tuple(part if isinstance(part, str) else "" for part in ref.path)
    if ref.context == "native" and len(path) == 1:
        return path[0]
    if ref.context == "input" and len(path) == 1:
        return f"params.{path[0]}" if NAME.fullmatch(path[0]) else f"params[{quoted(path[0])}]"
    if ref.context in {"env", "matrix"} and len(path) == 1:
        name = path[0]
        return f"env.{name}" if NAME.fullmatch(name) else f"env[{quoted(name)}]"
    if len(path) == 1:
        known = NAMES.get((ref.context, path[0]))
        if known is not None:
            return f"env.{known}"
        derived = _DERIVED.get((ref.context, path[0]))
        if derived is not None:
            return derived
    raise Unprintable(".".join(path if ref.context == "foreign" else (ref.context, *path)))


def _binary(expr: Binary) -> str:
    own = _STRENGTH.get(expr.op, 9)
    left, right = expr.left, expr.right
    if left == Ref("event", ("kind",)) and isinstance(right, Literal) and expr.op in {"==", "!="}:
        word = _KINDS.get(str(right.value))
        if word is None:
            raise Unprintable(f"event.kind {expr.op} {right.value}")
        return word if expr.op == "==" else word[1:] if word.startswith("!") else word.replace("!=", "==")
    if expr.op in {"=~", "!~"} and isinstance(right, Literal):
        pattern = str(right.value)
        inner = unwhole(pattern)
        word = f"{printed(left, own + 1)} {'==~' if inner is not None else '=~'} {_regex(pattern if inner is None else inner)}"
        return word if expr.op == "=~" else f"!({word})"
    return f"{printed(left, own)} {expr.op} {printed(right, own + 1)}"


def _regex(pattern: str) -> str:
    if not pattern or pattern.endswith("\\") or "\n" in pattern or re.search(r"\$[A-Za-z_{]|\\/", pattern):
        return quoted(pattern)
    return "/" + pattern.replace("/", "\\/") + "/"


def _call(expr: Call) -> str:
    if expr.name in _METHODS and len(expr.args) == 2:
        return f"{printed(expr.args[0], 9)}.{_METHODS[expr.name]}({printed(expr.args[1])})"
    if expr.name == "format" and expr.args and isinstance(expr.args[0], Literal):
        return _formatted(str(expr.args[0].value), expr.args[1:])
    if expr.name == "exists" and expr.args:
        return " || ".join(f"fileExists({printed(one)})" for one in expr.args)
    raise Unprintable(f"{expr.name}()")


def _formatted(form: str, args: tuple[Expr, ...]) -> str:
    parts: list[str | Expr] = []
    for piece in re.split(r"(\{\d+\}|\{\{|\}\})", form):
        if piece in {"{{", "}}"}:
            parts.append(piece[0])
        elif re.fullmatch(r"\{\d+\}", piece):
            index = int(piece[1:-1])
            if index >= len(args):
                raise Unprintable("format()")
            parts.append(args[index])
        elif piece:
            parts.append(piece)
    merged: list[str | Expr] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return gstring(Template(tuple(merged)))


def unknown(expr: Expr) -> bool:
    """It is known only as text."""
    return isinstance(expr, Unknown)
