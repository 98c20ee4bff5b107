"""What another YAML 1.2 reader hands to a validator of JSON Schema: the loader's data with numbers, booleans and nothing."""

from __future__ import annotations

from typing import Any

from seaway.config import document, fields


def plain(text: str) -> Any:
    return _plain(document.parse(text.encode(), "seaway.yaml").data)


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in data]
    what = fields.kind(data)
    readers = {
        "nothing": lambda _: None,
        "boolean": lambda text: text.lower() == "true",
        "integer": int,
        "number": lambda text: float(text.replace(".inf", "inf").replace(".nan", "nan")),
    }
    return readers.get(what, str)(data)
