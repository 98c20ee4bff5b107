"""Sections about shipping in Markdown: headings of both kinds, fences, lines with their exact places, hostile texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from seaway.formats.infrastructure import detect, runbook
from support import pace

FILE = Path(__file__).parent / "runbook/files/README.md"


def test_the_lines_below_headings_about_shipping_are_told() -> None:
    text = FILE.read_text(encoding="utf-8")
    found = runbook.parse(text, "README.md")
    assert [(one.span.line, one.heading, one.code) for one in found][:3] == [
        (5, "Deployment", False), (8, "Deployment", True), (9, "Deployment", True),
    ]  # fmt: skip
    assert {one.heading for one in found} == {"Deployment", "Rolling back"}
    for one in found:
        assert text[one.span.start : one.span.end] == one.text


def test_a_heading_below_one_about_shipping_belongs_to_it_and_one_beside_it_does_not() -> None:
    text = "# Release\r\n\r\na\r\n## Steps\r\nb\r\n# Else\r\nc\r\nDeploying\r\n---\r\nd\r\n"
    found = runbook.parse(text, "x.md")
    assert [one.text for one in found if one.text != "---"] == ["a", "b", "d"]
    for one in found:
        assert text[one.span.start : one.span.end] == one.text


def test_a_heading_in_a_fence_is_none() -> None:
    found = runbook.parse("# Usage\n```\n# Deploy\nmake\n```\nx\n", "x.md")
    assert found == []


@pytest.mark.broad
@pytest.mark.parametrize("word", ["# deploy\n", "```\n", "=" * 900 + "\n", "a" * 5000, "#" * 500 + " ", "\n---"])
def test_hostile_texts_cost_a_moment(word: str) -> None:
    with pace.within(1.0):
        runbook.parse("# Deploy\n" + word * (300_000 // len(word)), "x.md")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("README.md", "runbook"), ("docs/Deployment.md", "runbook"), ("ops/runbooks-rollback.markdown", "runbook"), ("docs/api.md", ""),
        ("releases.txt", ""), ("readme/x.md", ""),
    ],
)  # fmt: skip
def test_names_say_what_a_runbook_is(path: str, kind: str) -> None:
    assert detect.by_name(path) == kind
