"""Texts that want to hurt the reader: each gets an error with a place, or is read, soon and within little memory."""

from __future__ import annotations

import tracemalloc

import pytest

from seaway.errors import ConfigError
from seaway.formats.pipelines import gitlab_ci
from seaway.formats.pipelines.sources import from_mapping
from support import pace

pytestmark = pytest.mark.broad

NAME = ".gitlab-ci.yml"
LAUGHS = "a0: &a0 {script: [x]}\n" + "".join(
    f"a{n}: &a{n} {{k: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)
LISTS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
MERGES = ".a0: &a0 {script: [x]}\n" + "".join(
    f".a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)


def attempt(text: str, **more: str) -> str:
    """The error's text, or "" for none; in time and memory."""
    files = {f"{key}.yml": value for key, value in more.items()}
    tracemalloc.start()
    try:
        with pace.within(4):  # traced, which costs about four times
            gitlab_ci.parse(text, NAME, from_mapping({NAME: text, **files}))
        found = ""
    except ConfigError as error:
        found = str(error)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000_000
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{LISTS}job:\n  script: *a11\n", "values"),
        (f"{LAUGHS}job:\n  variables: *a11\n  script: x\n", ""),
        (f"{LAUGHS}job:\n  weird: *a11\n  script: x\n", ""),
        (f"{MERGES}job:\n  <<: *a11\n", ""),
        (f"{MERGES}job:\n  extends: .a11\n", ""),
        ("a:\n  extends: b\nb:\n  extends: a\n", "extends itself: a -> b -> a"),
        ("a:\n  script: [!reference [a, script]]\n", "leads back to itself"),
        (
            ".a:\n  x: !reference [.b, x]\n.b:\n  x: !reference [.a, x]\nc:\n  script: !reference [.a, x]\n",
            "leads back",
        ),
        (f"include: {NAME}\na: {{script: x}}\n", "includes itself"),
        ("a: &a\n  script: [*a]\n", "never ends"),
        ("a: &a\n  variables: *a\n", "never ends"),
        ("a: &a\n  <<: *a\n  script: x\n", "never ends"),
        ("a:\n" + "".join(f"{' ' * depth}x:\n" for depth in range(2, 2_000)), "deeper"),
        ("a: " + "[" * 10_000, "deeper"),
        ("a: {script: '" + "x" * 3_000_000 + "'}", ""),
        ("a: {script: '" + "x" * 10_000_000 + "'}", "larger than"),
        ("a: {rules: [{if: '" + "(" * 9_000 + "'}], script: x}", ""),
        ("a: {image: '" + "$A" * 200_000 + "', script: x}", ""),
        (
            "a: {parallel: {matrix: [{"
            + ", ".join(f"A{n}: [1,2,3,4,5,6,7,8,9]" for n in range(40))
            + "}]}, script: x}",
            "",
        ),
        ("a: {timeout: '" + "1h " * 100_000 + "'}", ""),
        ("just text", "no jobs"),
        ("", "no jobs"),
        ("- a\n- b\n", "no jobs"),
        ("a: [", "expected"),
    ],
    ids=range(24),
)
def test_hostile_text_is_answered(text: str, words: str) -> None:
    found = attempt(text)
    assert words in found
    assert bool(found) == bool(words)
    if words:
        assert f"{NAME}:" in found


def test_files_that_include_each_other_are_named() -> None:
    found = attempt("include: /one.yml\na: {script: x}\n", one="include: two.yml\n", two="include: one.yml\n")
    assert "one.yml -> two.yml -> one.yml" in found
    assert "two.yml:1:10" in found


def test_includes_that_multiply_end() -> None:
    many = {f"f{n}": f"include: [{', '.join([f'f{n + 1}.yml'] * 9)}]\n" for n in range(15)}
    found = attempt("include: f0.yml\na: {script: x}\n", **many)
    assert found == ""


@pytest.mark.parametrize("path", ["../secret.yml", "/../../etc/passwd", "a/../../b.yml", "..\\b.yml", "**/../../*.yml"])
def test_no_include_leaves_the_repository(path: str) -> None:
    asked: list[str] = []

    def answer(place: str) -> str | None:
        asked.append(place)
        return None

    sources = from_mapping({})
    sources.file = answer
    pipeline = gitlab_ci.parse(f"include: '{path}'\na: {{script: x}}\n", NAME, sources)
    assert not [place for place in asked if ".." in place or place.startswith("/")]
    assert len(pipeline.unresolved) == 1


def test_bytes_that_are_not_text_have_a_place() -> None:
    with pytest.raises(ConfigError, match=r"not UTF-8"):
        gitlab_ci.parse(b"a: \xff\n", NAME)  # type: ignore[arg-type]
