"""The JSON schemas of CI services, as check-jsonschema carries them: peers that judge what the writers write."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml


@cache
def schema(name: str) -> dict[str, Any]:
    """A vendored schema. Skips the test where check-jsonschema is missing."""
    found = importlib.util.find_spec("check_jsonschema")
    if found is None or found.origin is None:
        pytest.skip("check-jsonschema is not installed: pip install --group dev")
    path = Path(found.origin).parent / "builtin_schemas" / "vendor" / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def _fits(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[Any]:
    """Patterns are JavaScript's: `\\p{L}` is not Python's, nor is every escape."""
    try:
        found = re.search(pattern, instance) if isinstance(instance, str) else True
    except re.error:
        import regress  # comes with check-jsonschema

        found = regress.Regex(pattern, "u").find(instance)
    if not found:
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def validator(name: str) -> Any:
    kind = jsonschema.validators.validator_for(schema(name))
    return jsonschema.validators.extend(kind, {"pattern": _fits})(schema(name))


def leaves(error: Any) -> Iterator[Any]:
    """The mistakes within a mistake of `anyOf` and the like."""
    if not error.context:
        yield error
    for inner in error.context:
        yield from leaves(inner)


def at(document: Any, path: Sequence[Any]) -> Any:
    for part in path:
        document = document[part]
    return document


def mistakes(name: str, text: str) -> list[str]:
    """What the schema says against a file whose scalars are strings, as services take them; a field that the schema wants as a
    truth value or number may be one, too.
    """
    document = yaml.load(text, yaml.CBaseLoader)
    typed = yaml.load(text, yaml.CSafeLoader)
    while True:
        errors = list(validator(name).iter_errors(document))
        wanted = [
            path
            for error in errors
            for leaf in leaves(error)
            if (path := list(leaf.absolute_path))
            and leaf.validator in {"type", "enum"}
            and isinstance(at(document, path), str)
            and isinstance(at(typed, path), (bool, int))
        ]
        if not errors or not wanted:
            break
        for path in wanted:
            at(document, path[:-1])[path[-1]] = at(typed, path)
    best = [jsonschema.exceptions.best_match([error]) for error in errors]
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:300]}" for one in best]
