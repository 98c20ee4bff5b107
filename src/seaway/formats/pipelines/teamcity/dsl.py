"""The tree of settings as Kotlin. Called by the readers for what is kept as it is, and by the writer for all it writes."""

from __future__ import annotations

import re

from seaway.formats.pipelines.teamcity.values import OPAQUE, Entity, Hole, Id, Item, Mixed, Symbol, Value

INDENT = "    "
_DOLLAR = re.compile(r"\$(?=[A-Za-z_{`])")


def kotlin(value: Value, indent: str = "") -> str:
    """A value as an expression."""
    if value is None or isinstance(value, (bool, int, float)):
        return "null" if value is None else str(value).lower()
    if isinstance(value, Id):
        return f"{value.kind}({quoted(value)})"
    if isinstance(value, str):
        return quoted(value, indent)
    if isinstance(value, Mixed):
        return '"' + "".join(_escaped(one) if isinstance(one, str) else f"${{{one.text}}}" for one in value.parts) + '"'
    if isinstance(value, (Symbol, Hole)):
        return value.text
    if isinstance(value, Entity):
        return value.symbol or f"RelativeId({quoted(value.id)})"
    if isinstance(value, Item):
        return written(value, indent)
    return _gathered(value, indent)


def _gathered(value: Value, indent: str) -> str:
    """A pair, a dictionary or a list."""
    if isinstance(value, tuple):
        return " to ".join(kotlin(one, indent) for one in value)
    if isinstance(value, dict):
        return f"mapOf({', '.join(kotlin(pair, indent) for pair in value.items())})"
    if isinstance(value, list) and any(isinstance(one, Item) for one in value):
        inner = indent + INDENT
        return "listOf(\n" + ",\n".join(f"{inner}{kotlin(one, inner)}" for one in value) + f"\n{indent})"
    return f"listOf({', '.join(kotlin(one, indent) for one in value)})" if isinstance(value, list) else str(value)


def quoted(text: str, indent: str = "") -> str:
    """A text literal: in three quotes where it has several lines and comes back unchanged from them."""
    lines = text.split("\n")
    plain = (
        len(lines) > 1
        and '"""' not in text
        and not text.endswith('"')
        and all(char >= " " or char in "\n\t" for char in text)
        and not any(line and not line.strip() for line in lines)
        and lines[0].strip()
        and lines[-1].strip()
        and any(line[:1] not in " \t" for line in lines if line)
        and not any(line.strip() != line.strip(" \t") for line in lines)
    )
    if not plain:
        return f'"{_escaped(text)}"'
    inner = indent + INDENT
    body = "\n".join(f"{inner}{_DOLLAR.sub(_DOLLAR_SIGN, line)}" if line else "" for line in lines)
    return f'"""\n{body}\n{indent}""".trimIndent()'


_DOLLAR_SIGN = "${'$'}"


def _escaped(text: str) -> str:
    found = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    found = _DOLLAR.sub(r"\\$", found)
    return "".join(
        char if char >= " " and char not in "\x7f\x85\u2028\u2029" else f"\\u{ord(char):04x}" for char in found
    )


def written(item: Item, indent: str = "") -> str:
    """One word with its arguments and its block."""
    if item.word == OPAQUE:
        lines = str(item.args[0]).split("\n") if item.args else [""]
        return "\n".join([lines[0], *(f"{indent}{line}" if line.strip() else line for line in lines[1:])])
    if item.assigned:
        return f"{item.word} = {kotlin(item.args[0], indent)}"
    inner = indent + INDENT
    args = [kotlin(one, indent) for one in item.args]
    args += [f"{key} = {_named(value, indent)}" for key, value in item.named.items()]
    called = f"({', '.join(args)})" if args or item.items is None else ""
    if item.items is None:
        return f"{item.word}{called}"
    if not item.items:
        return f"{item.word}{called} {{\n{indent}}}"
    return f"{item.word}{called} {{\n{block(item.items, inner)}\n{indent}}}"


def block(items: list[Item], indent: str) -> str:
    """Statements, one below the other, with the comments above them."""
    lines: list[str] = []
    for item in items:
        lines += [f"{indent}// {line}" for line in item.comment.splitlines()]
        lines.append(f"{indent}{written(item, indent)}")
    return "\n".join(lines)


def spaced(items: list[Item], indent: str = INDENT) -> str:
    """Statements with an empty line around each that has a block."""
    found: list[str] = []
    for at, item in enumerate(items):
        if at and (item.items is not None or items[at - 1].items is not None):
            found.append("")
        found.append(block([item], indent))
    return "\n".join(found)


def _named(value: Value, indent: str) -> str:
    if isinstance(value, Item) and value.items is not None and not value.args:
        return f"{{\n{block(value.items, indent + INDENT)}\n{indent}}}"
    return kotlin(value, indent)
