"""Who owns a path is what GitHub and GitLab say: the last pattern counts, once per section."""

from __future__ import annotations

import pytest

from seaway.formats.infrastructure import code_owners, detect
from support import pace


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*", "a/b/c.yml", True),
        ("*.yml", "a/b/c.yml", True),
        ("*.js", "a/b/c.yml", False),
        ("/.github/", ".github/workflows/ci.yml", True),
        (".github", ".github/workflows/ci.yml", True),
        (".github/workflows/*", ".github/workflows/ci.yml", True),
        (".github/*", ".github/workflows/ci.yml", False),
        ("/docs/", "app/docs/a.md", False),
        ("docs/", "app/docs/a.md", True),
        ("docs/", "docs", False),
        ("**/logs", "build/logs/a", True),
        ("/build/**", "build/x/y", True),
        ("apps/*/k8s/", "apps/shop/k8s/a.yaml", True),
        ("/.gitlab-ci.yml", ".gitlab-ci.yml", True),
        (".gitlab-ci.yml", "sub/.gitlab-ci.yml", True),
        ("/ci", "circus/a", False),
    ],
)
def test_a_pattern_is_about_what_its_folders_say(pattern: str, path: str, fits: bool) -> None:
    assert code_owners.matches(pattern, path) is fits


def owners(text: str, path: str) -> tuple[str, ...]:
    (found,) = code_owners.parse(text, "CODEOWNERS")
    return found.of(path)


def test_the_last_pattern_counts_and_one_without_owners_takes_them_away() -> None:
    text = "# all\n* @all  # everybody\n/infra/ @ops @sec\n/infra/sandbox/\n"
    assert owners(text, "a.py") == ("@all",)
    assert owners(text, "infra/main.tf") == ("@ops", "@sec")
    assert owners(text, "infra/sandbox/x.tf") == ()


def test_sections_count_each_by_itself_and_lend_their_owners() -> None:
    text = "* @all\n[Pipelines][2] @ops\n.gitlab-ci.yml\n^[Docs]\n*.md @writers\n"
    assert owners(text, ".gitlab-ci.yml") == ("@all", "@ops")
    assert owners(text, "a.md") == ("@all", "@writers")


def test_an_entry_knows_its_place() -> None:
    text = "# first\n  /a\\ b/ @x\n"
    (found,) = code_owners.parse(text, "CODEOWNERS")
    (entry,) = found.entries
    assert (entry.pattern, entry.span.line, entry.span.column) == ("/a b/", 2, 3)
    assert text[entry.span.start : entry.span.end] == "/a\\ b/ @x"


def test_the_file_is_known_by_its_name() -> None:
    assert detect.by_name(".github/CODEOWNERS") == detect.by_name("CODEOWNERS") == "owners"
    assert detect.by_name("CODEOWNERS.md") == ""


@pytest.mark.parametrize(
    "text", ["", "\n", "[", "[a]", "^[x] @a\n", "\\", "@only", "*" * 5_000 + " @a", "/" * 3_000 + " @a"]
)
def test_any_text_is_answered_in_a_moment(text: str) -> None:
    (found,) = code_owners.parse(text, "CODEOWNERS")
    with pace.within(0.5):
        assert isinstance(found.of("a/" * 200 + "b"), tuple)


def test_many_patterns_are_cut_and_the_rest_is_not_read() -> None:
    (found,) = code_owners.parse("*.a @x\n" * (code_owners.MAX_PATTERNS + 5), "CODEOWNERS")
    assert len(found.entries) == code_owners.MAX_PATTERNS
