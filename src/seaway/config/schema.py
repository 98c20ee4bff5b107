"""The JSON Schema of seaway.yaml, for editors, `seaway schema` and the documentation. Called by `cli`, `config.problems` and
`config.reference`.

Structure and defaults come from the shapes that read the file, descriptions from the comments of the samples: neither is
written twice.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from seaway.config import comments
from seaway.config.document import Path

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANY = "NAME"  # stands for the name of any service, environment or variable in a path

Json = dict[str, Any]


def json_schema() -> Json:
    """The whole schema, draft 2020-12, with a description for every key."""
    document = copy.deepcopy(shape())
    for path, text in comments.descriptions().items():
        properties_here = properties(document, path[:-1])
        if path and path[-1] in properties_here:
            properties_here[str(path[-1])].setdefault("description", text)
    return {"$schema": DIALECT, "title": "seaway.yaml", **document}


@functools.cache
def shape() -> Json:
    """The schema without descriptions. Do not change the answer: it is shared."""
    from seaway.config.file import FileFields

    document = FileFields.model_json_schema(by_alias=True, mode="validation")
    _tidy(document)
    document.pop("title", None)
    return document


def properties(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Key -> schema of the mapping at `path`; {} where no keys are known."""
    node: Any = _resolved(document, document)
    for part in path:
        node = _below(document, node, part)
        if node is None:
            return {}
    found: dict[str, Any] = node.get("properties", {})
    return found


def sections(document: Mapping[str, Any]) -> Iterator[Path]:
    """The path of every mapping with known keys, outermost first; names are ANY, items of lists 0."""
    pending: list[tuple[Path, Any]] = [((), document)]
    while pending:
        path, node = pending.pop(0)
        node = _resolved(document, node)
        if "properties" in node:
            yield path
            pending += [((*path, key), value) for key, value in node["properties"].items()]
        elif "items" in node:
            pending.append(((*path, 0), node["items"]))
        elif (named := _named(node)) is not None:
            pending.append(((*path, ANY), named))


def _below(document: Mapping[str, Any], node: Mapping[str, Any], part: str | int) -> Any:
    found = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part, _named(node))
    return None if not isinstance(found, Mapping) else _resolved(document, found)


def _named(node: Mapping[str, Any]) -> Any:
    """The schema of values under free names."""
    patterns = node.get("patternProperties")
    found = next(iter(patterns.values())) if patterns else node.get("additionalProperties")
    return found if isinstance(found, Mapping) else None


def _resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = document["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _tidy(node: Any) -> None:
    """Take out what no reader of the file needs (titles, notes for programmers, `null`), and say limits in the dialect's words."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
        return
    if not isinstance(node, dict):
        return
    choices = node.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        node.pop("anyOf")
        node.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
    _speak_the_dialect(node)
    for value in list(node.values()):
        _tidy(value)


def _speak_the_dialect(node: Json) -> None:
    if "patternProperties" in node:
        node["additionalProperties"] = False
    for ours, theirs in (("ge", "minimum"), ("le", "maximum")):
        if ours in node:
            node[theirs] = node.pop(ours)
    for noise in ("title", "description"):
        if isinstance(node.get(noise), str):
            del node[noise]
