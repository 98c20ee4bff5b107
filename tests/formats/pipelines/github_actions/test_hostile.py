"""Texts made to hurt: a clear error with a place, or a model, within a second."""

from __future__ import annotations

import tracemalloc

import pytest

from seaway.errors import ConfigError
from seaway.formats.pipelines.github_actions import expressions, parse
from seaway.model.expression import Unknown
from support import pace

pytestmark = pytest.mark.broad

HEAD = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
LAUGHS = "a: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
HOSTILE = {
    "billion laughs": LAUGHS + HEAD + "      - run: x\n",
    "laughs as branches": f"{LAUGHS}on: {{ push: {{ branches: *a9 }} }}\njobs: {{}}\n",
    "a step within itself": HEAD + "      - &s\n        run: x\n        with: *s\n",
    "jobs within themselves": "on: push\njobs: &j\n  a: *j\n",
    "deep": "on: push\njobs: " + "[" * 10_000 + "]" * 10_000,
    "no mapping": "- 1\n- 2\n",
    "no jobs": "on: push\n",
    "jobs as text": "on: push\njobs: none\n",
    "nothing": "",
    "a control character": "on: push\njobs: {}\n\x00",
    "not YAML": "on: push\njobs: [}\n",
    "larger than 4 MiB": HEAD + "      - run: " + "x" * 5_000_000 + "\n",
}


def within_limits(text: str) -> None:
    tracemalloc.start()
    try:
        with pace.within(4):  # traced, which costs about four times
            parse(text, "x.yml")
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 200 * 1024 * 1024


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_with_a_place(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        within_limits(HOSTILE[name])
    assert "x.yml:" in str(caught.value)


def test_invalid_utf_8_is_refused_with_a_place() -> None:
    with pytest.raises(ConfigError, match=r"x.yml:2:7.*not UTF-8"):
        parse(b"on: push\njobs: \xff{}\n", "x.yml")  # type: ignore[arg-type]


def test_a_long_line_is_read() -> None:
    within_limits(HEAD + "      - run: " + "x" * 3_000_000 + "\n")


def test_aliases_that_are_used_fairly_are_read() -> None:
    text = HEAD + "      - &s { run: make }\n      - *s\n"
    job = parse(text, "x.yml").job("a")
    assert job is not None
    assert [step.work for step in job.steps] == [job.steps[0].work] * 2


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "!" * 10_000,
        "a[" * 10_000,
        "f(" * 10_000,
        "'" * 20_001,
        "a." * 10_000,
        "x" * 30_000,
        "1 ||" * 5_000,
    ],
)
def test_hostile_expressions_are_unknown(text: str) -> None:
    with pace.within(1):
        assert isinstance(expressions.expression(text), Unknown)


def test_text_that_only_begins_expressions_is_text() -> None:
    text = "${{ 'x" * 20_000
    with pace.within(2):
        assert expressions.template(text) == text
