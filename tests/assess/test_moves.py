"""What to mend first is ordered by gain over effort, its scores are those of the formula, and each phase builds on the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from seaway.assess import document, examine, moves, rules
from seaway.assess.flow.ways import ways
from seaway.assess.score import scores
from seaway.model.finding import Assessment, Dimension, Fix, Severity, Status
from support import rule_fixtures

WORKFLOW = """\
on: {pull_request: {}, push: {branches: [main]}}
permissions: write-all
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/deploy@main
      - run: echo ${{ github.head_ref }}
  test:
    needs: build
    runs-on: ubuntu-24.04
    steps:
      - run: make
"""


def found(known: frozenset[str] = frozenset()) -> Assessment:
    done = examine.Examination(rules.rules(), date(2026, 3, 2))
    done.look(rule_fixtures.case(WORKFLOW, "github_actions"))
    return examine.assessment(done, "", ["ci.yml"], known)


def listed(assessment: Assessment) -> tuple[moves.Move, ...]:
    return moves.moves(assessment, rules.rules())


def test_the_best_come_first() -> None:
    all_of_them = listed(found())
    values = [one.gain / moves.EFFORT[one.effort] for one in all_of_them]
    assert len(values) > 3
    assert values == sorted(values, reverse=True)
    assert values != values[::-1]
    failed = {one.rule for one in found().checks if one.status is Status.FAIL}
    assert {one.rule.id for one in all_of_them} == failed
    for one in all_of_them:
        assert one.gain == pytest.approx(one.check.severity.weight * one.check.confidence, abs=1e-3)


def test_the_score_after_a_move_is_the_score_without_its_findings() -> None:
    for one in listed(found()):
        assert one.before == found().scores[one.rule.dimension].score
        done = examine.Examination(rules.rules(), date(2026, 3, 2))
        done.look(rule_fixtures.case(WORKFLOW, "github_actions"))
        done.findings = [each for each in done.findings if each.rule != one.rule.id]
        assert one.after == scores(done.checks())[one.rule.dimension].score
        assert one.after > one.before


def test_a_patch_for_every_place_makes_it_small() -> None:
    base = found()
    big = next(one for one in listed(base) if one.rule.id == "unpinned-action")
    rule = replace(big.rule, effort="L")
    others = [one for one in rules.rules() if one.id != rule.id]
    assert next(one for one in moves.moves(base, [*others, rule]) if one.rule.id == rule.id).effort == "L"
    patched = replace(base, findings=tuple(replace(one, fix=Fix("", verified=True)) for one in base.findings))
    assert next(one for one in moves.moves(patched, [*others, rule]) if one.rule.id == rule.id).effort == "S"
    tried = replace(base, findings=tuple(replace(one, fix=Fix("", verified=False)) for one in base.findings))
    assert next(one for one in moves.moves(tried, [*others, rule]) if one.rule.id == rule.id).effort == "L"


def test_what_a_baseline_knows_is_no_move() -> None:
    everything = found()
    known = frozenset(one.fingerprint for one in everything.findings if one.rule != "script-injection")
    assert [one.rule.id for one in listed(found(known))] == ["script-injection"]


def test_the_roadmap_holds_every_move_once_and_ends_without_failures() -> None:
    base = found()
    phases = moves.roadmap(base, listed(base))
    done = [one.rule.id for phase in phases for one in phase.moves]
    assert sorted(done) == sorted(one.rule.id for one in listed(base))
    assert [phase.days for phase in phases] == sorted({phase.days for phase in phases})
    for dimension, score in phases[-1].scores.items():
        assert score.score == (None if base.scores[dimension].score is None else 100)
    first = phases[0]
    assert all(one.effort == "S" or one.check.severity is Severity.CRITICAL for one in first.moves)
    before = base.scores[Dimension.SEC].score
    assert (first.scores[Dimension.SEC].score or 0) >= (before or 0)
    assert moves.roadmap(base, ()) == ()


def test_the_document_has_moves_phases_and_paths() -> None:
    case = rule_fixtures.case(WORKFLOW, "github_actions")
    made = document.document(found(), document.Told(None, ways([case.pipeline])))
    assert [one["rule"] for one in made["moves"]] == [one.rule.id for one in listed(found())]
    assert made["dora"] == []
    assert made["dora_basis"] is None
    assert made["critical_paths"][0]["critical"] == ["build", "test"]
    assert made["critical_paths"][0]["total"] == 2
    named = {rule for phase in made["roadmap"] for rule in phase["rules"]}
    assert named == {one["rule"] for one in made["moves"]}


def test_jobs_without_an_order_and_in_a_circle_have_no_path() -> None:
    alone = WORKFLOW.replace("    needs: build\n", "")
    circle = WORKFLOW.replace("  build:\n", "  build:\n    needs: test\n")
    for text in (alone, circle):
        assert ways([rule_fixtures.case(text, "github_actions").pipeline]) == ()
