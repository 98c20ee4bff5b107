"""Files that jobs keep and give to each other, in the shape that most systems share. Called by writers."""

from __future__ import annotations

import dataclasses

from seaway.model.expression import Template, Text, parts
from seaway.model.pipeline import Artifact


def rooted(work: Artifact) -> Artifact:
    """An upload whose paths begin at the work folder: a root that they are below (CircleCI's workspace) is put before them."""
    if work.direction != "up" or work.into in {"", ".", "./"}:
        return dataclasses.replace(work, into="") if work.direction == "up" else work
    return dataclasses.replace(work, paths=tuple(_joined(work.into, path) for path in work.paths), into="")


def _joined(root: Text, path: Text) -> Text:
    if isinstance(root, str) and isinstance(path, str):
        return f"{root.rstrip('/')}/{path}"
    return Template((*parts(root), "/", *parts(path)))
