"""Pushes as JSON lines, `{"sha","pushed"}`: when the server first saw a tip. Called by `app.dora` for `--pushes`."""

from __future__ import annotations

from seaway.formats.history import _lines
from seaway.model.delivery import Push


def parse(data: bytes, path: str) -> list[Push]:
    """Raises ConfigError with the place of every line that is wrong."""
    return _lines.read(data, path, lambda line: Push(_lines.sha(line), _lines.moment(line, "pushed")), what="a push")
