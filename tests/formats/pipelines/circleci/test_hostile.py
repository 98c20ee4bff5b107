"""Texts made to hurt: a clear error with a place, or a model, within a second."""

from __future__ import annotations

import tracemalloc

import pytest

from seaway.errors import ConfigError
from seaway.formats.pipelines.circleci import parse
from support import pace

pytestmark = pytest.mark.broad

LAUGHS = "a: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
JOB = "jobs:\n  build:\n    docker: [{image: x}]\n    steps: "
CALLS = (
    "commands:\n"
    + "".join(f"  c{n}: {{steps: [c{n + 1}, c{n + 1}]}}\n" for n in range(16))
    + "  c16: {steps: [checkout]}\n"
)
HOSTILE = {
    "laughs as steps": f"{LAUGHS}{JOB}*a9\n",
    "a job within itself": "jobs:\n  build: &b\n    docker: [{image: x}]\n    environment: *b\n",
    "a command within itself": f"commands:\n  a: {{steps: [b]}}\n  b: {{steps: [a]}}\n{JOB}[a]\n",
    "commands that double": f"{CALLS}{JOB}[c0]\n",
    "deep": JOB + "[" * 10_000 + "]" * 10_000,
    "deep orbs": "orbs:\n" + "".join(f"{'  ' * (2 * n + 1)}o:\n{'  ' * (2 * n + 2)}orbs:\n" for n in range(12)),
    "no mapping": "- 1\n",
    "something else": "services: {web: {image: x}}\n",
    "nothing": "",
    "a control character": f"{JOB}[]\n\x00",
    "not YAML": f"{JOB}[}}\n",
    "larger than 4 MiB": f"{JOB}[{{run: {'x' * 5_000_000}}}]\n",
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
        parse(b"version: 2.1\njobs: \xff\n", "x.yml")  # type: ignore[arg-type]


def test_a_long_line_is_read() -> None:
    within_limits(f"{JOB}[{{run: {'x' * 3_000_000}}}]\n")


def test_a_parameter_that_holds_itself_ends() -> None:
    text = f"commands:\n  a:\n    parameters: {{x: {{type: string, default: << parameters.x >>}}}}\n    steps: [{{run: << parameters.x >>}}]\n{JOB}[a]\n"
    job = parse(text, "x.yml").jobs[0]
    assert job.steps[0].work.script == "<< parameters.x >>"  # type: ignore[union-attr]


def test_a_pattern_that_takes_for_ever_is_not_tried() -> None:
    condition = f"{{matches: {{pattern: '^(a+)+$', value: {'a' * 40}b}}}}"
    with pace.within(1):
        parse(f"{JOB}[{{when: {{condition: {condition}, steps: [checkout]}}}}]\n", "x.yml")
