"""The documentation page of seaway.yaml, made from the samples and the JSON Schema. Called by `scripts/generate-docs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seaway.config import comments, docs, schema

_HEAD = """\
# seaway.yaml

<!-- Made by scripts/generate-docs from src/seaway/config: change the samples there, then run it again. -->

One file at the root of a repository says what is released, where to, and how. It is read as data: no variable in it is expanded, no
tag, template or command is evaluated. All mistakes are reported at once, each with its line and column and the key that was
perhaps meant. Every sample here is a complete file, which `seaway docs SECTION` prints as well; `seaway schema` prints the JSON
Schema for editors.

How values are written:

- Durations have a unit: `250ms`, `90s`, `10m`, `2h`, `1h30m`.
- Shares have their sign: `99.5%`. Only `set_weight` takes a bare number, as percent.
- `true` and `false` are the only booleans; `on`, `off`, `yes` and `no` are words.
- Names of services and environments are small letters, digits and hyphens, at most 40.
- Paths of files begin where seaway.yaml stands, or at `/` or `~`.
- Limits: 1 MiB, 64 levels, 20,000 values after aliases were followed. Anchors and aliases work; merge keys (`<<`) and tags are refused.
"""


def page() -> str:
    """The whole page, as Markdown."""
    document = schema.json_schema()
    return "\n".join([_HEAD, *(_section(name, document) for name in docs.sections())])


def _section(name: str, document: dict[str, Any]) -> str:
    sample = docs.section(name)
    said = comments.of(sample, name)
    rows = []
    for path in said:
        found = schema.properties(document, path[:-1]).get(str(path[-1]))
        if found is not None:
            rows.append(f"| `{_written(path)}` | {_value(found, document)} | {_default(found)} | {_cell(said[path])} |")
    table = "\n".join(["| key | value | default | |", "|---|---|---|---|", *rows]) if rows else ""
    return f"## {name}\n\n```yaml\n{sample.rstrip()}\n```\n\n{table}\n"


def _written(path: tuple[Any, ...]) -> str:
    """`services.NAME.routes[].hosts` for a path of a sample."""
    parts = [str(part) if part in ("services", "environments", "events") else "" for part in path[:1]]
    for index, part in enumerate(path[1:], start=1):
        if isinstance(part, int):
            parts[-1] += "[]"
        else:
            parts.append("NAME" if index == 1 and path[0] != "events" else part)
    return ".".join(parts)


def _value(found: dict[str, Any], document: dict[str, Any]) -> str:
    while "$ref" in found:
        found = document["$defs"][found["$ref"].rpartition("/")[2]]
    return " or ".join(dict.fromkeys(_kinds(found)))


def _kinds(found: dict[str, Any]) -> Iterator[str]:
    if "enum" in found:
        yield ", ".join(f"`{word}`" for word in found["enum"])
    elif "const" in found:
        yield f"`{found['const']}`"
    elif "anyOf" in found:
        for choice in found["anyOf"]:
            yield from _kinds(choice)
    elif found.get("pattern", "").endswith("(?:ms|s|m|h|d))+$"):
        yield "duration"
    elif all(part in found.get("pattern", "") for part in ("[0-9]{1,2}", "%")):
        yield "percentage"
    elif found.get("type") == "integer":
        limits = [str(found[name]) for name in ("minimum", "maximum") if name in found]
        yield "whole number" + (f", {' to '.join(limits)}" if len(limits) == 2 else "")
    else:
        words = {"object": "keys", "array": "list", "boolean": "`true` or `false`", "string": "text"}
        yield words.get(str(found.get("type")), str(found.get("type", "value")))


def _default(found: dict[str, Any]) -> str:
    if "default" not in found:
        return ""
    default = found["default"]
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
