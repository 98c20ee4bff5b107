"""python-hcl2 reads the same resources, with the same written-out values, from every file of Terraform that tests have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hcl2
import pytest

from seaway.formats.infrastructure import terraform

TESTS = Path(__file__).parents[2]
FILES = sorted(
    {*TESTS.rglob("assess/rules/*/terraform/**/*.tf"), *TESTS.rglob("formats/infrastructure/terraform/files/*.tf")}
)
pytestmark = pytest.mark.real  # the peer makes its tables when it is first used, which takes seconds


def plain(value: Any) -> Any:
    """A value as it is written, without the peer's quotes; None for what must be evaluated."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and value.startswith('"') and "${" not in value:
        return value.strip('"')
    return None


def theirs(text: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for block in hcl2.loads(text).get("resource", []):
        for kind, named in block.items():
            for name, body in named.items() if isinstance(named, dict) else ():
                values = {key: plain(value) for key, value in body.items() if not key.startswith("__")}
                found[f"{kind}.{name}".replace('"', "")] = {
                    key: value for key, value in values.items() if value is not None
                }
    return found


def ours(text: str) -> dict[str, dict[str, Any]]:
    blocks = [one for one in terraform.parse(text, "x.tf") if one.kind == "resource"]
    return {
        one.name: {key: value.literal for key, value in one.values.items() if value.literal is not None}
        for one in blocks
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: "-".join(file.parts[-4:]))
def test_the_peer_reads_the_same(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert ours(text) == theirs(text)


def test_another_value_would_be_seen() -> None:
    text = 'resource "a" "b" {\n  x = "1"\n}\n'
    assert ours(text) == theirs(text) == {"a.b": {"x": "1"}}
    assert ours(text) != theirs(text.replace("1", "2"))
