"""Each rule finds what its fixtures mark, at its line, and nothing else; table, numbers, fixtures and pages fit together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seaway.assess import rules
from seaway.assess.rule import Rule
from seaway.model.finding import Persona
from support import rule_fixtures

ROOT = Path(__file__).parent.parent.parent
# The numbers of the specification: one name each, for ever.
NUMBERS = {
    "no-dependency-cache": "VEL-01",
    "cache-key-without-lockfile": "VEL-02",
    "low-cache-hit-rate": "VEL-03",
    "serial-jobs": "VEL-04",
    "dominant-job": "VEL-05",
    "long-queue": "VEL-06",
    "no-concurrency": "VEL-07",
    "no-path-filter": "VEL-08",
    "unsharded-tests": "VEL-09",
    "full-clone": "VEL-10",
    "dockerfile-layer-order": "VEL-11",
    "heavy-image": "VEL-12",
    "image-rebuilt-per-environment": "VEL-13",
    "flaky-job": "VEL-14",
    "slow-pipeline": "VEL-15",
    "retry-hides-failure": "VEL-16",
    "missing-timeout": "VEL-17",
    "long-lived-branch": "VEL-18",
    "large-batch": "VEL-19",
    "duplicate-trigger": "VEL-20",
    "no-probe": "SAF-21",
    "probe-depends-on-others": "SAF-22",
    "unsafe-strategy": "SAF-23",
    "no-disruption-budget": "SAF-24",
    "no-progressive-delivery": "SAF-25",
    "canary-without-analysis": "SAF-26",
    "analysis-not-split-by-version": "SAF-27",
    "no-automatic-rollback": "SAF-28",
    "no-smoke-test": "SAF-29",
    "migration-in-deploy-step": "SAF-30",
    "concurrent-deployments": "SAF-31",
    "mutable-image-tag": "SAF-32",
    "no-resource-requests": "SAF-33",
    "unsafe-terraform-apply": "SAF-34",
    "unsafe-ansible-play": "SAF-35",
    "gitops-sync-without-checks": "SAF-36",
    "pipeline-without-safeguards": "SAF-37",
    "flag-without-expiry": "SAF-38",
    "environment-drift": "SAF-39",
    "slow-rollback": "SAF-40",
    "unpinned-action": "SEC-41",
    "script-injection": "SEC-42",
    "excessive-permissions": "SEC-43",
    "long-lived-cloud-keys": "SEC-44",
    "plaintext-secret": "SEC-45",
    "secret-in-argv": "SEC-46",
    "no-security-scan": "SEC-47",
    "no-sbom": "SEC-48",
    "no-provenance": "SEC-49",
    "no-admission-verification": "SEC-50",
    "self-hosted-on-public-trigger": "SEC-51",
    "curl-pipe-shell": "SEC-52",
    "privileged-container": "SEC-53",
    "no-dependency-updates": "SEC-54",
    "no-code-owners": "SEC-55",
    "unsafe-ci-setting": "SEC-56",
    "not-built-once": "ART-57",
    "untraceable-version": "ART-58",
    "mutable-version": "ART-59",
    "no-retention": "ART-60",
    "mutable-registry": "ART-61",
    "unverified-artifact": "ART-62",
    "not-reproducible": "ART-63",
    "public-registry-in-production": "ART-64",
    "rollback-artifact-missing": "ART-65",
    "promotion-by-rebuild": "ART-66",
    "not-scraped": "OBS-67",
    "no-slo": "OBS-68",
    "unreachable-burn-alert": "OBS-69",
    "incomplete-alert": "OBS-70",
    "wrong-promql": "OBS-71",
    "alert-to-nobody": "OBS-72",
    "incomplete-dashboard": "OBS-73",
    "no-tracing": "OBS-74",
    "unstructured-logs": "OBS-75",
    "no-deployment-event": "OBS-76",
    "no-synthetic-probe": "OBS-77",
    "alerts-per-deployment": "OBS-78",
    "no-pipeline-telemetry": "OBS-79",
    "canary-metric-unavailable": "OBS-80",
    "manual-job": "GOV-81",
    "rubber-stamp-approval": "GOV-82",
    "approval-without-record": "GOV-83",
    "manual-production-change": "GOV-84",
    "click-operations": "GOV-85",
    "single-maintainer": "GOV-86",
    "copied-pipeline": "GOV-87",
    "no-policy-as-code": "GOV-88",
    "human-change-freeze": "GOV-89",
    "incomplete-audit-trail": "GOV-90",
    "separation-of-duties": "GOV-91",
    "manual-rerun": "GOV-92",
    "unreviewed-break-glass": "GOV-93",
    "deprecated-syntax": "GOV-94",
}


@pytest.mark.parametrize(
    ("rule", "system", "file"), list(rule_fixtures.fixtures()), ids=lambda one: getattr(one, "stem", one)
)
def test_a_rule_finds_what_is_marked_and_nothing_else(rule: str, system: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = rule_fixtures.hits(rules.load(rule), rule_fixtures.case(text, system), rule_fixtures.persona(file))
    assert {hit.span.line for hit in found} == rule_fixtures.expected(text), [
        (str(hit.span), hit.message) for hit in found
    ]
    for hit in found:
        assert 0 < hit.span.end - hit.span.start < 400
        lines = text.splitlines()
        assert hit.span.column <= len(lines[hit.span.line - 1])


@pytest.mark.parametrize(
    ("rule", "kind", "folder"), list(rule_fixtures.estates()), ids=lambda one: getattr(one, "stem", one)
)
def test_a_survey_finds_what_is_marked_and_nothing_else(rule: str, kind: str, folder: Path) -> None:
    found = rule_fixtures.survey(rules.load(rule), folder, rule_fixtures.persona(folder))
    assert {(hit.span.path, hit.span.line) for hit in found} == rule_fixtures.marked(folder), [
        (str(hit.span), hit.message) for hit in found
    ]
    for hit in found:
        assert 0 <= hit.span.end - hit.span.start < 400


AUDITORS = [one for one in rule_fixtures.everything() if rule_fixtures.persona(one[2]) is Persona.AUDITOR]


@pytest.mark.parametrize(("rule", "system", "place"), AUDITORS, ids=lambda one: getattr(one, "stem", one))
def test_what_is_for_auditors_is_not_shown_to_others(rule: str, system: str, place: Path) -> None:
    asked = rules.load(rule)
    if place.is_dir():
        assert rule_fixtures.survey(asked, place) == []
    else:
        assert rule_fixtures.hits(asked, rule_fixtures.case(place.read_text(encoding="utf-8"), system)) == []


@pytest.mark.parametrize("rule", [rule for rule in rules.rules() if rule.auditor], ids=lambda rule: rule.id)
def test_a_rule_for_auditors_says_nothing_to_others(rule: Rule) -> None:
    own = [place for name, _, place in rule_fixtures.everything() if name == rule.id and rule_fixtures.marked(place)]
    assert own
    assert all(rule_fixtures.persona(place) is Persona.AUDITOR for place in own)


def test_a_fixture_that_is_marked_wrongly_is_caught() -> None:
    file = rule_fixtures.FOLDER / "missing-timeout/github_actions/bad.yml"
    text = file.read_text(encoding="utf-8").replace(rule_fixtures.MARK, "nothing")
    found = rule_fixtures.hits(rules.load("missing-timeout"), rule_fixtures.case(text, "github_actions"))
    assert {hit.span.line for hit in found} != rule_fixtures.expected(text)


def missing(rule: Rule, folder: Path) -> list[str]:
    """Systems and kinds of a rule without a marked and an unmarked fixture, and the other way round."""
    wrong = []
    known = {one.value for one in rule.systems} | {one.value for one in rule.kinds}
    for name in sorted(known):
        marks = [rule_fixtures.marked(one) for one in (folder / rule.id / name).glob("*")]
        if not any(marks):
            wrong.append(f"{rule.id} finds nothing for {name}")
        if all(marks):
            wrong.append(f"{rule.id} has nothing sound for {name}")
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
    assert set(rules.TABLE) == files == folders
    assert [rule.number for rule in rules.rules()] == [NUMBERS[name] for name in rules.TABLE]
    assert sorted(rules.TABLE, key=lambda name: NUMBERS[name][4:]) == list(rules.TABLE)
    assert len(set(NUMBERS.values())) == len(NUMBERS) == 94
    assert all(re.fullmatch(r"(VEL|SAF|SEC|ART|OBS|GOV)-\d\d", number) for number in NUMBERS.values())


@pytest.mark.parametrize("rule", rules.rules(), ids=lambda rule: rule.id)
def test_a_rule_is_told_whole_on_its_page(rule: Rule) -> None:
    page = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8")
    section = page.split(f"\n### {rule.id}\n")[1].split("\n### ")[0]
    for words in (rule.number, rule.severity.value, rule.title, rule.why, rule.advice, *rule.refs):
        assert words in section
    assert rule.check is not None or rule.survey is not None
    assert bool(rule.systems) == (rule.check is not None)
    assert bool(rule.kinds) == (rule.survey is not None)
    assert rule.refs
    assert rule.effort in {"S", "M", "L"}
    assert 0 < rule.confidence <= 1
