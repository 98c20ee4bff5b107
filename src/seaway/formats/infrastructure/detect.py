"""Which kind of infrastructure or monitoring file a path is, by its name and else by its first words. Called by `app.estate`."""

from __future__ import annotations

import re

_NAMES: tuple[tuple[re.Pattern[str], str], ...] = ()
_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^apiVersion:\s*\S", re.MULTILINE), "kubernetes"),
)  # fmt: skip
_LOOKED_INTO = (".yml", ".yaml")
_HEAD = 65_536


def by_name(path: str) -> str:
    """The kind whose files are called like this, or ""."""
    return next((kind for pattern, kind in _NAMES if pattern.search(path)), "")


def may_be(path: str) -> bool:
    """The name says nothing, and the text may."""
    return path.endswith(_LOOKED_INTO)


def by_text(text: str) -> str:
    """The kind that this looks like, or ""."""
    head = text[:_HEAD]
    return next((kind for sign, kind in _SIGNS if sign.search(head)), "")
