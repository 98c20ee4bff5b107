"""The example documents of pipelines are what the code prints now, and their keys are explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support import pipeline_documents

FRESH = pipeline_documents.documents()


@pytest.mark.parametrize("name", FRESH)
def test_the_example_is_what_is_printed(name: str) -> None:
    assert json.loads((pipeline_documents.FOLDER / name).read_text(encoding="utf-8")) == FRESH[name]


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


@pytest.mark.parametrize("name", FRESH)
def test_every_key_is_explained(name: str) -> None:
    page = (pipeline_documents.FOLDER / "index.md").read_text(encoding="utf-8")
    told = page[page.index("## A pipeline") :]
    # names of axes and of kinds of loss are values here
    assert {key for key in keys(FRESH[name]) if f"`{key}`" not in told} <= {"format", "DATABASE", "ref"}
