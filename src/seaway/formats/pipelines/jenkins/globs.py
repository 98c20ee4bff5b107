"""Jenkins' patterns of names (Ant style: `*` stops at a slash, `**` does not) <-> regular expressions."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_BACK = re.compile(r"\(\?:\.\*/\)\?|\.\*|\[\^/\]\*|\[\^/\]|\\?.", re.DOTALL)


def is_pattern(text: str) -> bool:
    """It has wildcards."""
    return "*" in text or "?" in text


def pattern(glob: str) -> str:
    """The regular expression of a glob."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "^" + "".join(words.get(piece) or re.escape(piece) for piece in _PIECE.findall(glob)) + "$"


def glob(expression: str) -> str | None:
    """The glob whose expression this is, or None."""
    if not (expression.startswith("^") and expression.endswith("$")):
        return None
    words = {"(?:.*/)?": "**/", ".*": "**", "[^/]*": "*", "[^/]": "?"}
    found = "".join(words.get(piece, piece.removeprefix("\\")) for piece in _BACK.findall(expression[1:-1]))
    return found if pattern(found) == expression and is_pattern(found) else None
