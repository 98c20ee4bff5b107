"""What the comments of the samples say about each key: the one source of every description of a key.

Called by `config.schema` (descriptions) and `config.reference` (the documentation page). The comment of a key is the
unbroken run of comment lines right above it, or what follows it on its own line.
"""

from __future__ import annotations

from seaway.config import docs, document
from seaway.config.document import Path


def descriptions() -> dict[Path, str]:
    """Path of a key (`("services", "shop", "command")`) -> what its comment says, over all samples."""
    found: dict[Path, str] = {}
    for name in docs.sections():
        for path, text in of(docs.section(name), name).items():
            found.setdefault(path, text)
    return found


def of(sample: str, name: str) -> dict[Path, str]:
    """The same for one sample; keys without a comment are missing."""
    lines = sample.splitlines()
    places = document.parse(sample.encode(), name).keys
    texts = {path: _comment(lines, place.line - 1, place.column - 1) for path, place in places.items()}
    return {path: text for path, text in texts.items() if text}


def _comment(lines: list[str], index: int, column: int) -> str:
    before = lines[index][:column].strip()
    if before not in ("", "-"):
        return ""  # a key inside braces: the line's comment belongs to the first one
    said: list[str] = []
    above = index - 1
    while above >= 0 and lines[above].lstrip().startswith("#"):
        said.insert(0, lines[above].lstrip().removeprefix("#").strip())
        above -= 1
    _, mark, trailing = lines[index].partition(" # ")
    if mark:
        said.append(trailing.strip())
    return " ".join(said).strip()
