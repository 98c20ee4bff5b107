"""Texts made to hurt: a clear error with a place, or a model, within a second."""

from __future__ import annotations

import tracemalloc

import pytest

from seaway.errors import ConfigError
from seaway.formats.pipelines.azure_pipelines import parse
from seaway.formats.pipelines.sources import Sources, from_mapping
from support import pace

pytestmark = pytest.mark.broad

LAUGHS = "a: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
HOSTILE = {
    "laughs that are compiled": LAUGHS + "steps:\n- script: ${{ parameters.x }}\n",
    "laughs as branches": f"{LAUGHS}trigger: *a9\nsteps: []\n",
    "a step within itself": "steps:\n- &s\n  script: ${{ parameters.a }}\n  env: *s\n",
    "deep": "steps: " + "[" * 10_000 + "]" * 10_000,
    "no mapping": "- 1\n- 2\n",
    "something else": "services:\n  web: {image: x}\n",
    "nothing": "",
    "a control character": "steps: []\n\x00",
    "not YAML": "steps: [}\n",
    "larger than 4 MiB": "steps:\n- script: " + "x" * 5_000_000 + "\n",
}


def within_limits(text: str, sources: Sources | None = None) -> None:
    tracemalloc.start()
    try:
        with pace.within(4):  # traced, which costs about four times
            parse(text, "x.yml", sources)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 200 * 1024 * 1024


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_with_a_place(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        within_limits(HOSTILE[name])
    assert "x.yml:" in str(caught.value)


def test_templates_that_include_each_other_are_refused_with_a_place() -> None:
    files = {"a.yml": "steps:\n- template: b.yml\n", "b.yml": "steps:\n- script: x\n- template: a.yml\n"}
    with pytest.raises(ConfigError, match=r"b.yml:3:3.*leads back to itself"):
        within_limits("steps:\n- template: a.yml\n", from_mapping(files))


def test_templates_that_double_at_each_step_end_at_a_limit() -> None:
    files = {f"t{n}.yml": f"steps:\n- template: t{n + 1}.yml\n- template: t{n + 1}.yml\n" for n in range(1, 19)} | {
        "t19.yml": "steps:\n- script: x\n"
    }
    within_limits("steps:\n- template: t1.yml\n", from_mapping(files))


def test_a_template_outside_of_the_repository_is_not_asked_for() -> None:
    asked: list[str] = []

    def file(path: str) -> str | None:
        asked.append(path)
        return None

    found = parse(
        "steps:\n- template: ../../etc/passwd\n- template: /../x.yml\n- template: ok.yml\n", "x.yml", Sources(file)
    )
    assert asked == ["ok.yml"]
    assert len(found.unresolved) == 3


def test_a_loop_over_loops_ends_at_a_limit() -> None:
    values = ", ".join(str(n) for n in range(60))
    loops = "".join("  " * n + f"- ${{{{ each v{n} in parameters.many }}}}:\n" for n in range(4))
    text = f"parameters:\n- name: many\n  type: object\n  default: [{values}]\nsteps:\n{loops}{'  ' * 4}- script: x\n"
    with pytest.raises(ConfigError, match=r"x.yml:\d+:\d+.*expands to more than"):
        within_limits(text)


def test_invalid_utf_8_is_refused_with_a_place() -> None:
    with pytest.raises(ConfigError, match=r"x.yml:2:8.*not UTF-8"):
        parse(b"pr: none\nsteps: \xff\n", "x.yml")  # type: ignore[arg-type]


def test_a_long_line_is_read() -> None:
    within_limits("steps:\n- script: " + "x" * 3_000_000 + "\n")
