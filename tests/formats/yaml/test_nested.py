"""A text inside a literal block keeps its places; other scalars have none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.nested import nested
from seaway.formats.yaml.tree import get

LINES = st.lists(
    st.text(st.sampled_from("ab: -#{}ä"), max_size=8).map(lambda line: f"x{line}".rstrip()), min_size=1, max_size=6
)


@given(
    lines=LINES,
    indent=st.integers(1, 6),
    blank=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    sign=st.sampled_from(["|", "|-", "|+"]),
)
def test_each_word_inside_stands_where_it_stands_outside(
    lines: list[str], indent: int, blank: bool, end: str, sign: str
) -> None:
    body = end.join((" " * indent + line) if line else "" for line in ([lines[0], "", *lines[1:]] if blank else lines))
    text = f"before: 1{end}data:{end} key: {sign}{end} {body.replace(end, end + ' ')}{end} other: 2{end}"
    outer = yaml.read(text, "map.yml")
    inside = nested(outer, get(outer.documents[0], "data", "key"))
    assert inside is not None
    inner = yaml.Tree("map.yml", inside.text, [])
    at = 0
    for line in lines:
        start = inside.text.index(line, at)
        at = start + len(line)
        span = inside.outside(inner.place(start, at))
        assert text[span.start : span.end] == line
        assert text.count("\n", 0, span.start) + 1 == span.line


@pytest.mark.parametrize("value", ["plain", '"quoted: text"', ">\n    folded: text", "[a]", "{a: b}"])
def test_other_values_have_no_text_of_their_own(value: str) -> None:
    outer = yaml.read(f"data:\n  key: {value}\n", "map.yml")
    assert nested(outer, get(outer.documents[0], "data", "key")) is None


def test_an_indentation_that_is_written_is_kept() -> None:
    text = "data:\n  key: |2\n      deep: 1\n    more: 2\n"
    outer = yaml.read(text, "map.yml")
    inside = nested(outer, get(outer.documents[0], "data", "key"))
    assert inside is not None
    at = inside.text.index("more")
    span = inside.outside(yaml.Tree("map.yml", inside.text, []).place(at, at + 4))
    assert text[span.start : span.end] == "more"
