"""A finding's name over time: the same while its lines move, another when it is about something else. Called by `examine`."""

from __future__ import annotations

import hashlib
import re

_SPACE = re.compile(r"\s+")


def fingerprint(rule: str, path: str, key: tuple[str, ...], ordinal: int) -> str:
    """16 hex digits of SHA-256 over the rule, the file, what the finding is about, and which one of several alike it is.

    No line, no indentation and no neighbour goes in. `key` never holds a secret's value.
    """
    words = [rule, path.replace("\\", "/"), *(_SPACE.sub(" ", part).strip() for part in key), str(ordinal)]
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:16]
