"""Pull requests as JSON lines, `{"id","sha","commits":[{"sha","committed"}]}`. Called by `app.dora` for `--pulls`.

`sha` is what came of it on the main line (a merge, a squash, the last of a rebase); `commits` is what it had before.
"""

from __future__ import annotations

from typing import Any

from seaway.formats.history import _lines
from seaway.model.delivery import Pull

MOST_COMMITS = 10_000


def parse(data: bytes, path: str) -> list[Pull]:
    """Raises ConfigError with the place of every line that is wrong."""
    return _lines.read(data, path, _build, what="a pull request")


def _build(data: dict[str, Any]) -> Pull:
    commits = data.get("commits")
    if not isinstance(commits, list) or not 0 < len(commits) <= MOST_COMMITS:
        raise _lines.Misfit(f"commits must be a list of 1 to {MOST_COMMITS} objects", "commits")
    if not all(isinstance(each, dict) for each in commits):
        raise _lines.Misfit("commits must be objects with sha and committed", "commits")
    return Pull(
        _lines.text(data, "id"),
        _lines.sha(data),
        tuple((_lines.sha(each), _lines.moment(each, "committed")) for each in commits),
    )
