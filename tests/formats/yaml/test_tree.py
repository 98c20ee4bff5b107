"""Nodes know where they stand; hostile text is refused with a place, quickly."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.errors import ConfigError
from seaway.formats.yaml import tree
from seaway.formats.yaml.emit import emit
from support import pace

TEXT = """\
# above a
# and more
a: |
  x
  y

# above b
b:
  - 1
  - k: v # behind

# not of c

c: é\r
d: [1, "x"]\r
e: >-\r
  foo\r
"""


def sources(text: str) -> dict[str, str]:
    found = tree.read(text, "f.yml")
    return {name: found.source(value) for name, _, value in tree.items(found.documents[0])}


def test_a_span_cut_out_of_the_text_is_the_node() -> None:
    assert sources(TEXT) == {
        "a": "|\n  x\n  y",
        "b": "- 1\n  - k: v",
        "c": "é",
        "d": '[1, "x"]',
        "e": ">-\r\n  foo",
    }
    found = tree.read(TEXT, "f.yml")
    key, value = next((key, value) for name, key, value in tree.items(found.documents[0]) if name == "b")
    span = found.span(value, key)
    assert (span.path, span.line, span.column, span.end_line, span.end_column) == ("f.yml", 8, 1, 10, 9)
    assert TEXT[span.start : span.end] == "b:\n  - 1\n  - k: v"


@given(st.dictionaries(st.text("abc", min_size=1), st.one_of(st.text(max_size=9), st.lists(st.text(max_size=5), max_size=3)), min_size=1))  # fmt: skip
def test_the_span_of_each_value_reads_back_as_the_value(document: dict[str, object]) -> None:
    text = emit(document).text
    found = tree.read(text, "f")
    for name, _, value in tree.items(found.documents[0]):
        if isinstance(document[name], str) and "\n" not in str(document[name]):
            again = tree.read(f"- {found.source(value)}\n", "f").documents[0].value[0]
            assert again.value == document[name]


def test_comments_beside_a_node_are_found() -> None:
    found = tree.read(TEXT, "f")
    comments = {name: found.comment(key) for name, key, _ in tree.items(found.documents[0])}
    assert comments == {"a": "above a\nand more", "b": "above b", "c": "", "d": "", "e": ""}
    inner = tree.get(found.documents[0], "b").value[1]
    assert found.comment(inner) == "behind"


def test_scalars_stay_as_written() -> None:
    root = tree.read("on: yes\nno: 012\nt: 1:30\nq: 'true'\nn: ~\n", "f").documents[0]
    assert [(name, value.value) for name, _, value in tree.items(root)] == [
        ("on", "yes"), ("no", "012"), ("t", "1:30"), ("q", "true"), ("n", "~"),
    ]  # fmt: skip
    assert tree.is_true(tree.get(root, "on")) is True
    assert tree.is_true(tree.get(root, "q")) is None
    assert tree.string(tree.get(root, "n"), "default") == "default"
    assert tree.integer(tree.get(root, "no")) == 12


def test_anchors_may_be_given_twice_and_an_alias_means_the_last_before_it() -> None:
    root = tree.read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "f").documents[0]
    assert {name: value.value for name, _, value in tree.items(root)} == {"a": "1", "b": "1", "c": "2", "d": "2"}


def test_merge_keys_lie_below_the_own_ones_and_may_be_a_list() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 0\n"
    merged = tree.get(tree.read(text, "f").documents[0], "c")
    assert {name: value.value for name, _, value in tree.items(merged)} == {"x": "0", "y": "1", "z": "2"}
    assert [name for name, _, _ in tree.items(merged, merge=False)] == ["<<", "x"]


def test_tags_and_several_documents_are_kept() -> None:
    found = tree.read("--- \na: !reference [.b, script]\n---\n# nothing\n---\nb: 1\n", "f")
    assert len(found.documents) == 2
    assert tree.custom_tag(tree.get(found.documents[0], "a")) == "!reference"
    assert tree.custom_tag(tree.get(found.documents[1], "b")) == ""


BAD = {
    "a tab": ("a:\n\t- b", "2:1", "cannot begin a value"),
    "an open bracket": ("a: [", "2:1", "did not find expected"),
    "an unknown alias": ("a: *q", "1:4", "undefined alias"),
    "two colons": ("a: b: c", "1:5", "a `:` that YAML does not expect"),
    "not UTF-8": (b"a: \xff", "1:4", "not UTF-8"),
    "a control character": ("a: \x00", "1:4", "U+0000"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_told_with_its_place(name: str) -> None:
    content, place, words = BAD[name]
    with pytest.raises(ConfigError) as caught:
        tree.read(content, "f.yml")
    assert place in str(caught.value).replace("f.yml:", "") or name == "an open bracket"
    assert words in str(caught.value)


HOSTILE = {
    "deep brackets": "[" * 10_000,
    "deep closed brackets": "[" * 900 + "]" * 900,
    "deep indentation": "".join(f"{' ' * n}a:\n" for n in range(500)),
    "deep dashes": "- " * 10_000 + "a",
    "a line of 10 MB": "a: " + "x" * 10_000_000,
    "deep after a second anchor": "a: &x 1\nb: &x " + "[" * 900 + "]" * 900,
}


@pytest.mark.broad
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_in_time_and_memory(name: str) -> None:
    text = HOSTILE[name]
    tracemalloc.start()
    with pace.within(1), pytest.raises(ConfigError) as caught:
        tree.read(text, "f.yml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "f.yml:" in str(caught.value)
    assert peak < 200_000_000


def test_a_billion_laughs_cost_nothing_until_somebody_follows_them() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pace.within(1):
        found = tree.read("\n".join(lines), "f")
    assert len(tree.items(found.documents[0])) == 30


@pytest.mark.parametrize(
    "text", ["a: &a [1, *a]", "m: &m {<<: *m, k: 1}", "a: &a {b: {c: [1, {d: *a}]}}", "a: &a [" + "[1], " * 99 + "*a]"]
)
def test_an_alias_inside_its_own_anchor_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"f:1:4: an alias inside its own anchor never ends"):
        tree.read(text, "f")


def test_an_anchor_that_is_used_often_is_no_circle() -> None:
    assert tree.read("a: &a [1]\nb: [*a, *a, {c: *a}]\nd: &d [*a]\ne: *d\n", "f").documents
