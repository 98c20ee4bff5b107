"""A small part of the simulated teams (bench/teams): rules about histories find what was put in, and nothing in what is sound."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from bench import history_accuracy, teams
from bench.history_accuracy import PAGE, asked, fired

NAMES = asked()


def test_a_team_is_the_same_for_the_same_seed_and_knows_no_rule() -> None:
    assert teams.team(3, "flaky-job") == teams.team(3, "flaky-job")
    assert teams.team(3) != teams.team(4)
    tree = ast.parse(Path(str(teams.__file__)).read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    assert not [name for name in modules if name.startswith(("seaway", "bench", "support"))]


def test_every_rule_about_histories_has_a_fault() -> None:
    assert set(NAMES) == set(teams.FAULTS)


@pytest.mark.parametrize("decoy", teams.DECOYS)
def test_a_sound_team_hears_nothing(decoy: str) -> None:
    assert fired(teams.team(1, "", decoy), NAMES) == {}


@pytest.mark.parametrize(
    "fault", ["low-cache-hit-rate", "unsharded-tests", "manual-production-change", "large-batch", "not-built-once"]
)
def test_a_fault_is_found_and_little_else(fault: str) -> None:
    team = teams.team(2, fault)
    said = set(fired(team, NAMES))
    assert team.faults <= said <= team.faults | team.unsure


def test_a_missed_fault_and_a_wrong_finding_are_counted() -> None:
    tallies = {"flaky-job": history_accuracy.Tally(), "slow-pipeline": history_accuracy.Tally()}
    team = teams.Team(faults=frozenset({"flaky-job"}))
    history_accuracy._count(tallies, "x", team, {"slow-pipeline": "slow"})
    assert (tallies["flaky-job"].missed, tallies["slow-pipeline"].wrong) == (1, 1)
    assert "| `flaky-job` | - | - | 0.00 | 0.00 | 0 | 1 |" in history_accuracy.table(tallies)


def test_the_page_has_a_line_for_every_rule() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []
    assert f"seed {history_accuracy.SEED}" in text
