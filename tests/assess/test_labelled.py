"""A small part of the labelled set (bench/labelled): rules find what was put in, and nothing in what is sound; the scoring can tell."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from bench.assess_accuracy import PAGE, table
from bench.labelled import faults_canary, faults_ways
from bench.labelled import score as scoring
from bench.labelled.decoys import DECOYS, Decoy
from bench.labelled.draft import Label, labels
from bench.labelled.faults import FAULTS
from bench.labelled.projects import SYSTEMS, draft
from bench.labelled.sample import Sample, samples, written

from seaway.assess import rules

pytestmark = pytest.mark.broad

FOLDER = Path(__file__).parents[2] / "bench" / "labelled"
FOUND = list(samples(7, 1))
WAYS = frozenset(
    {"canary-without-analysis", "analysis-not-split-by-version", "canary-metric-unavailable", "no-synthetic-probe", "no-path-filter",
     "approval-without-record", "unverified-artifact", "click-operations", "retry-hides-failure"}
)  # fmt: skip


def test_the_set_is_the_same_for_the_same_seed_and_covers_the_systems() -> None:
    assert list(samples(7, 1))[:20] == FOUND[:20]
    assert {one.system for one in FOUND} == set(SYSTEMS)
    assert len(FOUND) > 200
    assert sum(not one.wrong for one in FOUND) >= len(SYSTEMS) * 6
    assert not any("#@" in text for one in FOUND for text in one.files.values())


def test_faults_and_projects_know_no_rule() -> None:
    for file in sorted(FOLDER.glob("*.py")):
        names = {
            name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            for name in ([one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        }  # fmt: skip
        assert file.stem == "score" or not any(name.startswith("seaway") for name in names), file


@pytest.mark.parametrize("part", range(4))
def test_sound_projects_are_quiet_and_faults_are_found(part: int) -> None:
    some = [one for at, one in enumerate(FOUND) if at % 48 == part * 12 or (not one.wrong and at % 24 == part * 6)]
    measured = scoring.score(some, frozenset(FAULTS))
    wrong = [words for one in measured.values() for words in one.shown.examples if words.startswith("WRONG")]
    assert wrong == []
    assert sum(one.shown.seen for one in measured.values()) >= 2


def first(rule: str) -> Sample:
    return next(one for one in FOUND if one.faults == (rule,))


def test_a_missed_fault_and_a_wrong_finding_are_counted() -> None:
    sample = first("curl-pipe-shell")
    only = frozenset({"curl-pipe-shell"})
    right = scoring.score([sample], only)["curl-pipe-shell"]
    assert (right.shown.right, right.shown.seen, right.precise, right.complete) == (1, 1, True, True)
    elsewhere = replace(sample, wrong=tuple(replace(one, line=one.line + 40) for one in sample.wrong))
    wrong = scoring.score([elsewhere], only)["curl-pipe-shell"]
    assert (wrong.shown.wrong, wrong.shown.missed, wrong.precise, wrong.complete) == (1, 1, False, False)
    assert [words.split()[0] for words in wrong.shown.examples] == ["WRONG", "MISSED"]


@pytest.mark.parametrize("rule", sorted(set(FAULTS) & WAYS))
def test_faults_of_canaries_and_of_ways_are_found_and_look_alikes_are_none(rule: str) -> None:
    some = [one for one in FOUND if one.faults == (rule,)]
    assert len(some) >= 12
    measured = scoring.score(some, frozenset({rule}))[rule]
    assert (measured.precise, measured.complete) == (True, True), measured.shown.examples
    assert (measured.shown.wrong, measured.quiet) == (0, False)


def test_each_look_alike_of_canaries_and_of_ways_is_quiet() -> None:
    put = []
    for number, (decoy, systems) in enumerate(DECOYS):
        if decoy.__module__ not in {faults_canary.__name__, faults_ways.__name__}:
            continue
        for system in sorted(systems or set(SYSTEMS)):
            made = next(
                (one for one in (_with(decoy, system, number, turn) for turn in range(40)) if one is not None), None
            )
            put += [] if made is None else [made]
    assert len(put) >= 25
    measured = scoring.score(put, WAYS)
    assert [words for one in measured.values() for words in one.shown.examples] == []


def _with(decoy: Decoy, system: str, number: int, turn: int) -> Sample | None:
    """None where the look-alike does not fit what the dice made."""
    dice = Random(f"{number} {system} {turn}")
    made = draft(system, dice)
    before = str(made)
    decoy(made, dice)
    return None if str(made) == before else written(made, dice)


def test_a_rule_that_is_off_by_default_is_measured_as_auditors_see_it() -> None:
    found = scoring.score([first("no-provenance")], frozenset({"no-provenance"}))["no-provenance"]
    assert found.quiet
    assert found.tally is found.asked
    assert (found.precise, found.complete) == (True, True)


def test_a_file_that_cannot_be_read_is_no_sample() -> None:
    sample = replace(FOUND[0], files={".gitlab-ci.yml": "a: [\n"})
    with pytest.raises(ValueError, match=r"\.gitlab-ci\.yml"):
        scoring.score([sample])


def test_marks_are_taken_out_and_told() -> None:
    text, found = labels("a: 1 #@one\nb: 2 #@two* #@three\n# a comment\n", "f")
    assert text == "a: 1\nb: 2\n# a comment\n"
    assert found == [Label("one", "f", 1), Label("two", "f", 0), Label("three", "f", 2)]


def test_the_page_has_a_line_for_every_rule_that_was_measured() -> None:
    listed = [line.split("`")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert set(listed) <= set(rules.TABLE)
    assert len(listed) >= 25
    assert len(table({})) == 2


def test_lower_ends_are_those_of_wilson() -> None:
    assert scoring.low(10, 10) == pytest.approx(0.7225, abs=1e-4)
    assert scoring.low(0, 0) == 0
