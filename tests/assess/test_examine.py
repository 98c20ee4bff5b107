"""Scores are what the formula says, fingerprints survive moved lines, suppressions need a reason and end, unknown is no failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.assess import baseline, examine, rules, suppress
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Case, Hit
from seaway.assess.score import CRITICAL_CAP, scores
from seaway.errors import ConfigError
from seaway.model.finding import Blind, Check, Dimension, Persona, Severity, Status
from support import rule_fixtures

TODAY = date(2026, 3, 2)
WORKFLOW = """\
on: push
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/deploy@main
      - run: make
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/deploy@main
      - uses: acme/deploy@main
"""


def check(severity: Severity, status: Status, confidence: float = 1.0) -> Check:
    return Check("rule", "SEC-41", Dimension.SEC, severity, confidence, status)


def look(text: str, persona: Persona = Persona.REGULAR, **more: str) -> examine.Examination:
    done = examine.Examination(rules.rules(), TODAY, persona)
    done.look(rule_fixtures.case(text, "github_actions", **more))
    return done


def test_a_score_is_what_the_specification_reckons() -> None:
    rows = [
        check(Severity.CRITICAL, Status.PASS),
        check(Severity.HIGH, Status.FAIL, 0.8),
        check(Severity.MEDIUM, Status.PASS),
        check(Severity.LOW, Status.UNKNOWN),
    ]
    found = scores(rows)[Dimension.SEC]
    assert found.score == pytest.approx(73.3)
    assert found.confidence == pytest.approx(0.9)


def test_a_critical_failure_caps_the_score_and_nothing_else_does() -> None:
    rest = [check(Severity.HIGH, Status.PASS)] * 20
    assert scores([check(Severity.CRITICAL, Status.FAIL), *rest])[Dimension.SEC].score == CRITICAL_CAP
    assert scores([check(Severity.HIGH, Status.FAIL), *rest])[Dimension.SEC].score == pytest.approx(95.2)


def test_nothing_that_weighs_gives_no_score() -> None:
    for rows in ([], [check(Severity.INFO, Status.PASS)], [check(Severity.HIGH, Status.NOT_APPLICABLE)]):
        assert scores(rows)[Dimension.SEC].score is None
    blind = scores([check(Severity.HIGH, Status.UNKNOWN)])[Dimension.SEC]
    assert (blind.score, blind.confidence) == (None, 0.0)


_CHECKS = st.lists(
    st.builds(check, st.sampled_from(Severity), st.sampled_from(Status), st.floats(0, 1)), min_size=1, max_size=30
)


@given(_CHECKS)
def test_a_score_is_a_share_and_unknowns_do_not_lower_it(rows: list[Check]) -> None:
    found = scores(rows)[Dimension.SEC]
    assert found.score is None or 0 <= found.score <= 100
    known = [one for one in rows if one.status is not Status.UNKNOWN]
    assert scores(known)[Dimension.SEC].score == found.score


def recomputed(done: examine.Examination) -> dict[Dimension, float | None]:
    """Scores again, from findings and from which rules could be applied."""
    rows = []
    for one in done.checks():
        own = [finding for finding in done.findings if finding.rule == one.rule]
        if one.status is Status.FAIL:
            worst = max(own, key=lambda each: (each.severity.weight * each.confidence, each.severity.weight))
            rows.append((one.dimension, worst.severity.weight, worst.confidence, worst.severity is Severity.CRITICAL))
        elif one.status is Status.PASS:
            rows.append((one.dimension, one.severity.weight, 0.0, False))
    found: dict[Dimension, float | None] = {}
    for dimension in Dimension:
        own_rows = [row for row in rows if row[0] is dimension]
        whole = sum(row[1] for row in own_rows)
        score = 100 * (1 - sum(row[1] * row[2] for row in own_rows) / whole) if whole else None
        if score is not None and any(row[3] for row in own_rows):
            score = min(score, 40)
        found[dimension] = None if score is None else round(score, 1)
    return found


@pytest.mark.parametrize("file", [file for _, _, file in rule_fixtures.fixtures() if file.stem == "bad"][::5], ids=str)
def test_the_scores_of_a_report_are_recomputed_from_its_findings(file: object) -> None:
    rule, system, path = next(one for one in rule_fixtures.fixtures() if one[2] == file)
    done = examine.Examination(rules.rules(), TODAY)
    done.look(rule_fixtures.case(path.read_text(encoding="utf-8"), system))
    whole = examine.assessment(done, "", [], frozenset())
    assert {one: score.score for one, score in whole.scores.items()} == recomputed(done)
    assert any(one.rule == rule for one in whole.findings)


def prints(text: str) -> list[str]:
    return sorted(one.fingerprint for one in look(text).findings)


def test_fingerprints_stay_when_lines_move() -> None:
    before = prints(WORKFLOW)
    assert len(before) == len(set(before)) > 4
    twenty = "".join(f"# line {number}\n" for number in range(20))
    assert prints(twenty + WORKFLOW) == before
    inside = WORKFLOW.replace("      - run: make\n", twenty.replace("# ", "      # ") + "      - run: make\n")
    assert prints(inside) == before
    first, second = WORKFLOW.index("  build:"), WORKFLOW.index("  test:")
    swapped = WORKFLOW[:first] + WORKFLOW[second:] + WORKFLOW[first:second]
    assert prints(swapped) == before


def test_fingerprints_tell_jobs_rules_files_and_subjects_apart() -> None:
    before = prints(WORKFLOW)
    assert prints(WORKFLOW.replace("  build:", "  compile:")) != before
    assert prints(WORKFLOW.replace("acme/deploy@main", "acme/deploy@next")) != before
    one = look(WORKFLOW).findings
    assert len({finding.fingerprint for finding in one if finding.rule == "unpinned-action"}) == 3


def test_a_comment_silences_one_rule_on_its_line() -> None:
    text = WORKFLOW.replace(
        "@main\n      - run", "@main  # seaway: ignore[unpinned-action] our own until=2026-03-02\n      - run"
    )
    done = look(text)
    assert len([one for one in done.findings if one.rule == "unpinned-action"]) == 2
    assert [(one.rule, one.suppressed.reason) for one in done.suppressed if one.suppressed] == [
        ("unpinned-action", "our own")
    ]


def test_a_comment_alone_on_a_line_speaks_for_the_next_and_one_for_the_file_for_all() -> None:
    above = WORKFLOW.replace("  build:\n", "  # seaway: ignore[missing-timeout] short\n  build:\n")
    assert [one.span.line for one in look(above).findings if one.rule == "missing-timeout"] == [11]
    whole = "# seaway: ignore-file[missing-timeout, unpinned-action] an example\n" + WORKFLOW
    assert {one.rule for one in look(whole).findings} & {"missing-timeout", "unpinned-action"} == set()
    assert {one.rule: one.status for one in look(whole).checks()}["unpinned-action"] is Status.PASS


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("ignore[missing-timeout] short until=2026-03-01", "ended on 2026-03-01"),
        ("ignore[missing-timeout]", "reason is missing"),
        ("ignore[missing-timeout] short until=tomorrow", "no day"),
        ("ignore[missing-timeouts] short", "no rule 'missing-timeouts'"),
    ],
)
def test_a_comment_that_cannot_count_has_no_effect_and_is_told(words: str, why: str) -> None:
    done = look(f"# seaway: {words.replace('ignore[', 'ignore-file[')}\n" + WORKFLOW)
    assert len([one for one in done.findings if one.rule == "missing-timeout"]) == 2
    assert any(why in one.why and one.line == 1 for one in done.unknowns)


def test_a_comment_of_a_jenkinsfile_counts_too() -> None:
    found = suppress.read(
        "// seaway: ignore[missing-timeout] short\npipeline {}\n", "Jenkinsfile", {"missing-timeout"}, TODAY
    )
    assert (2, "missing-timeout") in found.lines


def test_a_file_that_cannot_be_read_makes_rules_unknown_and_never_fail() -> None:
    clean = look(WORKFLOW.replace("    runs-on", "    timeout-minutes: 5\n    runs-on"))
    status = {one.rule: one.status for one in clean.checks()}
    assert status["missing-timeout"] is Status.PASS
    score = scores(clean.checks())[Dimension.VEL]
    clean.unreadable(Blind("x.yml", 3, 1, "not YAML"), "github_actions")
    after = {one.rule: one.status for one in clean.checks()}
    assert after["missing-timeout"] is Status.UNKNOWN
    assert after["unpinned-action"] is Status.FAIL
    assert scores(clean.checks())[Dimension.VEL].confidence < score.confidence


def test_what_several_pipelines_include_is_found_once_at_its_own_place() -> None:
    action = "runs:\n  using: composite\n  steps:\n    - uses: acme/tool@main\n"
    caller = WORKFLOW.replace("- run: make", "- uses: ./.github/actions/tool")
    texts = {".github/workflows/ci.yml": caller, ".github/actions/tool/action.yml": action}
    done = examine.Examination(rules.rules(), TODAY)
    from seaway.formats.pipelines import github_actions
    from seaway.formats.pipelines.sources import Sources

    for path, text in texts.items():
        done.look(Case(github_actions.parse(text, path, Sources(texts.get)), texts))
    inner = [one for one in done.findings if one.span.path.endswith("action.yml") and one.rule == "unpinned-action"]
    assert [(one.span.line, one.span.column) for one in inner] == [(4, 13)]


def test_an_auditor_is_shown_more() -> None:
    text = WORKFLOW.replace("ubuntu-24.04\n", "ubuntu-24.04\n    container: node:24.1\n", 1)
    regular, auditor = look(text), look(text, Persona.AUDITOR)
    extra = {one.message for one in auditor.findings} - {one.message for one in regular.findings}
    assert any("node:24.1" in words for words in extra)
    assert len(regular.findings) < len(auditor.findings)


def test_what_only_an_auditor_is_shown_is_not_called_passed() -> None:
    text = WORKFLOW.replace("- run: make", "- run: npm publish", 1)

    def status(persona: Persona, published: str) -> Status:
        done = look(text.replace("npm publish", published), persona)
        case = rule_fixtures.case(text.replace("npm publish", published), "github_actions")
        done.survey(Estate([case], texts=case.texts))
        return {one.rule: one.status for one in done.checks()}["no-sbom"]

    assert status(Persona.AUDITOR, "npm publish") is Status.FAIL
    assert status(Persona.REGULAR, "npm publish") is Status.NOT_APPLICABLE
    assert status(Persona.REGULAR, "syft . && npm publish") is Status.PASS


def test_a_baseline_leaves_out_what_is_known() -> None:
    done = look(WORKFLOW)
    known = frozenset(one.fingerprint for one in done.findings if one.rule == "missing-timeout")
    whole = examine.assessment(done, "", [], known)
    assert {one.rule for one in whole.findings} == {"unpinned-action"}
    assert whole.known == 2
    assert whole.scores == examine.assessment(done, "", [], frozenset()).scores


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": "seaway.plan/v1", "findings": []}', '{"format": "seaway.assessment/v1"}']
)
def test_a_baseline_that_is_no_report_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        baseline.fingerprints(text, "old.json")
    assert caught.value.problems[0].path == "old.json"
    assert "--format json" in caught.value.hint


def test_a_rule_may_look_at_pipelines_and_at_the_repository() -> None:
    asked: list[str] = []

    def check(_case: Case) -> list[Hit]:
        asked.append("pipeline")
        return []

    def survey(_estate: Estate) -> list[Hit]:
        asked.append("repository")
        return []

    rule = replace(rules.load("full-clone"), check=check, kinds=frozenset({Kind.DOCKERFILE}), survey=survey)
    done = examine.Examination((rule,), TODAY)
    done.look(rule_fixtures.case(WORKFLOW, "github_actions"))
    done.survey(Estate())
    assert asked == ["pipeline", "repository"]
    assert [one.status for one in done.checks()] == [Status.PASS]
    for name in ("dockerfile", "github_actions"):
        done = examine.Examination((rule,), TODAY)
        done.unreadable(Blind("Dockerfile", 1, 1, "not text"), name)
        assert [one.status for one in done.checks()] == [Status.UNKNOWN]
