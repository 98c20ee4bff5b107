"""YAML text becomes data with places; hostile text becomes an error with a place, soon."""

from __future__ import annotations

import pytest

from seaway.config import document
from seaway.config.document import Place, Plain
from seaway.errors import ConfigError
from support import pace


def refusal(content: bytes | str):
    """How the text is refused, in time."""
    text = content.encode() if isinstance(content, str) else content
    with pace.within(0.5), pytest.raises(ConfigError) as caught:
        document.parse(text, "seaway.yaml")
    return caught.value.problems


def test_scalars_stay_as_written_and_remember_whether_they_had_quotes():
    data = document.parse(b"on: yes\nversion: 1.10\nquoted: '1.10'\nnothing:\n", "f").data
    assert data == {"on": "yes", "version": "1.10", "quoted": "1.10", "nothing": ""}
    assert [type(value) is Plain for value in data.values()] == [True, True, False, True]


def test_every_key_and_value_has_its_place_counted_from_one():
    found = document.parse("a:\n  ü: [x, y]\n".encode(), "f")
    assert found.keys["a", "ü"] == Place(2, 3)
    assert found.values["a", "ü", 1] == Place(2, 10)
    assert found.place(("a", "ü", 1)) == Place(2, 10)
    assert found.place(("a", "ü")) == Place(2, 3)  # of a list: its key
    assert found.place(("a", "missing")) == Place(1, 1)


def test_an_alias_stands_for_the_whole_value_and_keeps_the_place_of_its_text():
    found = document.parse(b"a: &x {b: 1}\nc: *x\n", "f")
    assert found.data["c"] == {"b": "1"}
    assert found.values["c", "b"] == Place(1, 11)


def test_a_byte_order_mark_is_not_part_of_the_first_key():
    assert document.parse("\ufeffa: 1\n".encode(), "f").data == {"a": "1"}


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        (b"", 1, 1, "empty"),
        (b"# only a comment\n", 1, 1, "empty"),
        (b"a: 1\nb: \xff\n", 2, 4, "byte 0xff is not UTF-8"),
        ("a: ü\nb: é".encode("latin-1"), 1, 4, "not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, 1, "UTF-16"),
        ("a: 1\nb: \x07\n", 2, 4, "U+0007"),
        ("a: 1\nb: x\x00y\n", 2, 5, "U+0000"),
        ("a:\n\tb: 1\n", 2, 1, "tab"),
        ("a: [1, 2\nb: 3\n", 2, 2, ""),
        ("a: b: c\n", 1, 5, "quotes around the value"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "first at 1:1"),
        ("{a: 1, ? [x] : 2}\n", 1, 10, "one word"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, 4, "tag"),
        ("a: !hunter2\n", 1, 4, "tag"),
        ("a: *nowhere\n", 1, 4, "no anchor"),
        ("a: &x [*x]\n", 1, 4, "never ends"),
        ("a: &x {b: &y {c: *x}, d: *y}\n", 1, 4, "never ends"),
        ("a: {<<: 1}\n", 1, 5, "merge keys"),
        ("a: @x\n", 1, 4, "cannot start"),
        ("a: 'x\n", 1, 4, "no closing quote"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content, line, column, words):
    problem = refusal(content)[0]
    assert (problem.line, problem.column) == (line, column), str(problem)
    assert words in str(problem)


def test_several_mistakes_are_reported_at_once():
    assert [problem.line for problem in refusal("a: 1\na: 2\nb: !t x\n<<: 3\n")] == [2, 3, 4]


def test_a_value_that_may_be_a_secret_is_not_repeated_when_it_is_no_yaml():
    for value in ("*hunter2", "!hunter2", "@hunter2", "&a *hunter2", "[hunter2", "'hunter2"):
        assert "hunter2" not in "".join(map(str, refusal(f"secrets: {{A: {value}\n")))


HOSTILE = {
    "billion laughs": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)),
    "deep flow": "[" * 10_000,
    "deep mappings": "{a: " * 10_000,
    "deep blocks": "- " * 10_000 + "x",
    "deep by aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100)),
    "very many values": "[" + "x," * 400_000 + "x]",
    "very many keys": "".join(f"k{n}: 1\n" for n in range(60_000)),
    "a line of 10 MB": "a: " + "x" * 10_000_000,
    "10 MB of lines": "a: 1\n" * 2_000_000,
    "quotes without end": "'" * 1_000_001,
    "many duplicates": "a: 1\n" * 40_000,
    "question marks": "? " * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_soon(name):
    problems = refusal(HOSTILE[name])
    assert 1 <= len(problems) <= document.MAX_PROBLEMS
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


def test_text_within_the_limits_is_read():
    nested = "[" * 60 + "]" * 60
    assert document.parse(nested.encode(), "f").data is not None
    wide = "a: [" + "x," * 10_000 + "x]"
    assert len(document.parse(wide.encode(), "f").data["a"]) == 10_001
