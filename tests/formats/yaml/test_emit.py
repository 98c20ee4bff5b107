"""What is written reads back as the same data, and looks as a person would write it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.yaml.emit import Flow, Note, Raw, Spaced, emit, is_bare, scalar
from seaway.formats.yaml.tree import read

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "on",
            "no",
            "1:30",
            "012",
            "1.10",
            "~",
            "",
            " a",
            "a: b",
            "a #b",
            "- a",
            "a\nb\n",
            "\n",
            "x\n\n\n",
            "'",
            '"',
            "2020-01-01",
        ]
    ),
)
data = st.recursive(
    st.one_of(texts, st.integers(-1000, 1000), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(texts, data, max_size=4))
def test_what_is_written_reads_back_as_the_same_data(document: dict[str, Any]) -> None:
    assert yaml.load(emit(document).text, Loader=yaml.CSafeLoader) == document


@given(texts)
def test_bare_text_is_text_for_every_reader(text: str) -> None:
    if is_bare(text):
        assert yaml.load(f"- {text}\n", Loader=yaml.CSafeLoader) == [text]
        assert read(f"- {text}\n", "f").documents[0].value[0].value == text


@pytest.mark.parametrize("text", ["on", "NO", "y", "1.10", "0x1f", "1:30", "null", "~", "", "2026-11-27", "1e3", ".5"])
def test_text_that_looks_like_another_type_gets_quotes(text: str) -> None:
    assert not is_bare(text)
    assert scalar(text)[0] in "'\""


def test_it_looks_as_a_person_would_write_it() -> None:
    document = {
        Raw("on"): {"push": {"branches": Flow(["main", "release/**"])}},
        "jobs": Spaced(
            {
                "test": Note(
                    {
                        "runs-on": "ubuntu-24.04",
                        "steps": [
                            {"uses": Note("actions/checkout@v4", behind="pin me")},
                            {"run": "make\nmake test\n", "if": "${{ !cancelled() }}"},
                        ],
                    },
                    above="The tests.\nBoth of them.",
                ),
                "deploy": {"script": [Raw("!reference [.setup, script]"), "echo 'it''s'"], "empty": {}, "no": None},
            }
        ),
    }
    assert emit(document, head="Made by seaway").text == (
        "# Made by seaway\n"
        "\n"
        "on:\n"
        "  push:\n"
        "    branches: [main, release/**]\n"
        "jobs:\n"
        "  # The tests.\n"
        "  # Both of them.\n"
        "  test:\n"
        "    runs-on: ubuntu-24.04\n"
        "    steps:\n"
        "      - uses: actions/checkout@v4  # pin me\n"
        "      - run: |\n"
        "          make\n"
        "          make test\n"
        "        if: ${{ !cancelled() }}\n"
        "\n"
        "  deploy:\n"
        "    script:\n"
        "      - !reference [.setup, script]\n"
        "      - echo 'it''s'\n"
        "    empty: {}\n"
        "    'no':\n"
    )


def test_marked_values_are_found_in_the_text() -> None:
    emitted = emit({"a": 1, "b": Note({"c": [1, 2]}, above="why", mark="here")}, path="out.yml")
    span = emitted.places["here"]
    assert emitted.text[span.start : span.end] == "b:\n  c:\n    - 1\n    - 2"
    assert (span.path, span.line, span.column, span.end_line) == ("out.yml", 3, 1, 6)


def test_a_foreign_type_is_refused() -> None:
    with pytest.raises(TypeError, match="set cannot be written"):
        emit({"a": {1, 2}})
