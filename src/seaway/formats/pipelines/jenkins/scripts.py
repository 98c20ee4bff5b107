"""The text of `sh '''...'''` <-> a script as a person would write it alone: without the indentation of the file around it.

A script with a heredoc or a quote over several lines is left as it is, in both directions: there the indentation counts.
"""

from __future__ import annotations

import re

from seaway.model.expression import Expr, Template, Text

_HOLE = "\ue000"
SHELLS = {"sh": "", "bat": "cmd", "powershell": "powershell", "pwsh": "pwsh"}
BASH = "#!/usr/bin/env bash\nset -eo pipefail\n"
_PROGRAMS = {"#!/usr/bin/env python3\n": "python"}
SHEBANGS = {"bash": BASH, **{shell: line for line, shell in _PROGRAMS.items()}}
_PROGRAM = re.compile(r"#!/usr/bin/env ([a-z]\w*)\n")
_INDENT = re.compile(r"^[ \t]*(?=[^ \t\n])", re.MULTILINE)


def cleaned(text: Text) -> Text:
    """Without the first line end, the indentation that all lines share, and white space behind."""
    if isinstance(text, str):
        return _cleaned(text)
    values = [part for part in text.parts if not isinstance(part, str)]
    flat = "".join(part if isinstance(part, str) else _HOLE for part in text.parts)
    if flat.count(_HOLE) != len(values):
        return text
    return filled(_cleaned(flat), values)


def filled(flat: str, values: list[Expr]) -> Text:
    """The text with values again in the places of the holes."""
    parts: list[str | Expr] = []
    for index, piece in enumerate(flat.split(_HOLE)):
        if index:
            parts.append(values[index - 1])
        if piece:
            parts.append(piece)
    return Template(tuple(parts)) if values else flat


def _cleaned(text: str) -> str:
    text = text.replace("\r\n", "\n")
    own_line = text.lstrip(" \t").startswith("\n")
    text = text.lstrip(" \t")[1:] if own_line else text
    text = text.rstrip()
    if not own_line and "\n" not in text:
        return text.lstrip()
    if not may_indent(text):
        return text
    first, _, rest = text.partition("\n")
    return _dedented(text) if own_line else "\n".join([first.lstrip(), _dedented(rest)])


def _dedented(text: str) -> str:
    text = re.sub(r"^[ \t]+$", "", text, flags=re.MULTILINE)
    indents = _INDENT.findall(text)
    if not indents:
        return text
    shared = indents[0]
    for one in indents[1:]:
        size = next(
            (at for at, pair in enumerate(zip(shared, one, strict=False)) if pair[0] != pair[1]),
            min(len(shared), len(one)),
        )
        shared = shared[:size]
    return re.sub(rf"^{re.escape(shared)}", "", text, flags=re.MULTILINE) if shared else text


def may_indent(text: str) -> bool:
    """No line of it is within a heredoc or a quote, so white space before it means nothing."""
    if "<<" in text or "@'" in text or '@"' in text:
        return False
    quote = ""
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            index += 1
        elif quote:
            if char == "\n":
                return False
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (index == 0 or text[index - 1] in " \t\n;"):
            end = text.find("\n", index)
            index = (len(text) if end < 0 else end) - 1
        index += 1
    return not quote


def shell_of(text: Text) -> tuple[str, Text]:
    """The program that a first line names, and the script without that line."""
    first = text if isinstance(text, str) else text.parts[0]
    if isinstance(first, str) and first.startswith("#!"):
        for shell, line in SHEBANGS.items():
            if first.startswith(line):
                rest = first[len(line) :]
                return shell, rest if isinstance(text, str) else Template(
                    (rest, *text.parts[1:]) if rest else text.parts[1:]
                )
        found = _PROGRAM.match(first)
        if found is not None and found[1] not in {"bash", "sh", "python3"}:
            rest = first[found.end() :]
            return found[1], rest if isinstance(text, str) else Template(
                (rest, *text.parts[1:]) if rest else text.parts[1:]
            )
    return "", text
