"""The example report is what the code prints now, and every key of it is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support import assessment_document

PAGE = assessment_document.FILE.parent / "index.md"


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_the_example_is_what_is_printed() -> None:
    recorded = json.loads(assessment_document.FILE.read_text(encoding="utf-8"))
    assert assessment_document.fresh() == assessment_document.without_linter(recorded)


def test_every_key_is_explained() -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## An assessment\n")[1].split("\n## ")[0]
    assert [key for key in keys(assessment_document.fresh()) if f"`{key}`" not in section] == []
