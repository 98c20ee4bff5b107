"""Each rule finds what its fixtures mark, at its line, and nothing else; table, numbers, fixtures and pages fit together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seaway.assess import rules
from seaway.assess.rule import Rule
from support import rule_fixtures

ROOT = Path(__file__).parent.parent.parent
FIXTURES = list(rule_fixtures.fixtures())
# The numbers of the specification: one name each, for ever.
NUMBERS = {
    "no-dependency-cache": "VEL-01",
    "cache-key-without-lockfile": "VEL-02",
    "no-concurrency": "VEL-07",
    "full-clone": "VEL-10",
    "retry-hides-failure": "VEL-16",
    "missing-timeout": "VEL-17",
    "duplicate-trigger": "VEL-20",
    "concurrent-deployments": "SAF-31",
    "unpinned-action": "SEC-41",
    "script-injection": "SEC-42",
    "excessive-permissions": "SEC-43",
    "long-lived-cloud-keys": "SEC-44",
    "plaintext-secret": "SEC-45",
    "secret-in-argv": "SEC-46",
    "self-hosted-on-public-trigger": "SEC-51",
    "curl-pipe-shell": "SEC-52",
    "deprecated-syntax": "GOV-94",
}


@pytest.mark.parametrize(("rule", "system", "file"), FIXTURES, ids=lambda one: getattr(one, "stem", one))
def test_a_rule_finds_what_is_marked_and_nothing_else(rule: str, system: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = rule_fixtures.hits(rules.load(rule), rule_fixtures.case(text, system))
    assert {hit.span.line for hit in found} == rule_fixtures.expected(text), [
        (str(hit.span), hit.message) for hit in found
    ]
    for hit in found:
        assert 0 < hit.span.end - hit.span.start < 400
        lines = text.splitlines()
        assert hit.span.column <= len(lines[hit.span.line - 1])


def test_a_fixture_that_is_marked_wrongly_is_caught() -> None:
    file = rule_fixtures.FOLDER / "missing-timeout/github_actions/bad.yml"
    text = file.read_text(encoding="utf-8").replace(rule_fixtures.MARK, "nothing")
    found = rule_fixtures.hits(rules.load("missing-timeout"), rule_fixtures.case(text, "github_actions"))
    assert {hit.span.line for hit in found} != rule_fixtures.expected(text)


def missing(rule: Rule, folder: Path) -> list[str]:
    """Systems of a rule without a marked and an unmarked fixture, and the other way round."""
    wrong = []
    for system in sorted(one.value for one in rule.systems):
        texts = [file.read_text(encoding="utf-8") for file in (folder / rule.id / system).glob("*")]
        if not any(rule_fixtures.expected(text) for text in texts):
            wrong.append(f"{rule.id} finds nothing for {system}")
        if all(rule_fixtures.expected(text) for text in texts):
            wrong.append(f"{rule.id} has nothing sound for {system}")
    known = {one.value for one in rule.systems}
    return wrong + [one.name for one in (folder / rule.id).iterdir() if one.name not in known]


@pytest.mark.parametrize("rule", rules.rules(), ids=lambda rule: rule.id)
def test_a_rule_has_fixtures_of_both_kinds_for_each_system(rule: Rule) -> None:
    assert missing(rule, rule_fixtures.FOLDER) == []


def test_a_missing_fixture_is_caught(tmp_path: Path) -> None:
    rule = rules.load("no-concurrency")
    (tmp_path / rule.id / "github_actions").mkdir(parents=True)
    (tmp_path / rule.id / "tekton").mkdir()
    assert len(missing(rule, tmp_path)) == 5


def test_names_numbers_files_and_fixtures_are_the_same_set() -> None:
    files = {file.stem.replace("_", "-") for file in (ROOT / "src/seaway/assess/rules").glob("[a-z]*.py")}
    folders = {file.name for file in rule_fixtures.FOLDER.iterdir() if "-" in file.name}
    assert set(rules.TABLE) == files == folders == set(NUMBERS)
    assert {rule.id: rule.number for rule in rules.rules()} == NUMBERS
    assert len(set(NUMBERS.values())) == len(NUMBERS)
    assert all(re.fullmatch(r"(VEL|SAF|SEC|ART|OBS|GOV)-\d\d", number) for number in NUMBERS.values())


@pytest.mark.parametrize("rule", rules.rules(), ids=lambda rule: rule.id)
def test_a_rule_is_told_whole_on_its_page(rule: Rule) -> None:
    page = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8")
    section = page.split(f"\n### {rule.id}\n")[1].split("\n### ")[0]
    for words in (rule.number, rule.severity.value, rule.title, rule.why, rule.advice, *rule.refs):
        assert words in section
    assert rule.refs
    assert rule.effort in {"S", "M", "L"}
    assert 0 < rule.confidence <= 1
