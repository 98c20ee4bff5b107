"""Row `history-accuracy`: precision and recall of the rules about runs and git history, on simulated teams (bench/teams).

The teams are SYNTHETIC and know nothing of the rules' code; what they did goes through the product's readers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench import teams
from bench.figures import Figure, Settings
from bench.labelled.score import PRECISION, RECALL, low
from seaway.app import estate as reading
from seaway.assess import rules
from seaway.assess.estate import Estate, Kind
from seaway.formats.history import deployments, incidents, runs
from seaway.model.changes import Change, GitHistory
from seaway.model.finding import Persona
from seaway.model.runs import RunHistory
from support import rule_fixtures

KINDS = {Kind.RUNS, Kind.HISTORY}
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "accuracy-of-histories.md"
SEED, EACH = 20261123, 12
QUIET = {"human-change-freeze"}  # says nothing but to auditors, so it is measured as they see it


@dataclass
class Tally:
    """Of one rule: teams where it was right, wrong, and silent where it should not have been. `examples`: of mistakes."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    examples: tuple[str, ...] = ()


def estate(team: teams.Team) -> Estate:
    """A team as the rules see it."""
    case = rule_fixtures.case(teams.WORKFLOW, "github_actions")
    history = RunHistory("runs.jsonl", tuple(runs.parse(_lines(team.runs), "runs.jsonl")))
    happened: list[object] = [
        *deployments.parse(_lines(team.deployments), "d"),
        *incidents.parse(_lines(team.incidents), "i"),
    ]
    both = [
        tuple(Change(**{**one, "parents": tuple(one["parents"])}) for one in reversed(each))
        for each in (team.changes, team.pipelines)
    ]
    happened.append(GitHistory(both[0], {}, both[1]))
    return reading.with_runs(Estate((case,), (), case.texts, frozenset(case.texts)), history, happened)


def _lines(rows: list[teams.Json]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def asked() -> list[str]:
    """The rules that look at histories."""
    return [rule.id for rule in rules.rules() if rule.kinds & KINDS]


def fired(team: teams.Team, names: list[str]) -> dict[str, str]:
    """Rules that show something to a regular reader (those that speak to auditors only: to them), and what they say first."""
    subject = estate(team)
    found = {}
    for name in names:
        answer = rules.load(name).ask(subject)
        shown = (
            [one for one in answer if name in QUIET or one.persona is Persona.REGULAR]
            if isinstance(answer, list)
            else []
        )
        if shown:
            found[name] = shown[0].message
    return found


def measure(each: int, seed: int, names: list[str], *, labelled: bool = True) -> tuple[dict[str, Tally], int]:
    """Every fault and every decoy, `each` times. `labelled` False: every label is taken away, so that every finding is wrong."""
    found = {name: Tally() for name in names}
    count = 0
    for number in range(seed, seed + each):
        made = [(fault, teams.team(number, fault)) for fault in teams.FAULTS]
        made += [(decoy, teams.team(number, "", decoy)) for decoy in teams.DECOYS]
        for what, team in made:
            count += 1
            if not labelled:
                team.faults = team.unsure = frozenset()
            _count(found, f"{what} {number}", team, fired(team, names))
    return found, count


def _count(found: dict[str, Tally], what: str, team: teams.Team, said: dict[str, str]) -> None:
    for name, tally in found.items():
        if name in said and name in team.faults:
            tally.right += 1
        elif name in said and name not in team.unsure:
            tally.wrong += 1
            tally.examples += (f"WRONG at {what}: {said[name]}",)
        elif name in team.faults:
            tally.missed += 1
            tally.examples += (f"missed at {what}",)


def table(found: dict[str, Tally]) -> list[str]:
    """A line per rule."""
    lines = ["| rule | precision | at least | recall | at least | findings | faults |", "|---|---|---|---|---|---|---|"]
    for name, tally in found.items():
        shown, faults = tally.right + tally.wrong, tally.right + tally.missed
        precision = f"{tally.right / shown:.2f} | {low(tally.right, shown):.2f}" if shown else "- | -"
        recall = f"{tally.right / faults:.2f} | {low(tally.right, faults):.2f}" if faults else "- | -"
        lines.append(f"| `{name}` | {precision} | {recall} | {shown} | {faults} |")
    return lines


def rows(settings: Settings) -> Iterator[Figure]:
    """A line per rule, then precision and recall."""
    names = asked()
    found, count = measure(settings.pick(2, EACH), settings.seed, names)
    print(*table(found), "", *(one for tally in found.values() for one in tally.examples[:3]), sep="\n", end="\n\n")
    silent = measure(1, settings.seed, [])[0]
    judged = {name: tally for name, tally in found.items() if tally.right + tally.missed}
    imprecise = [
        name
        for name, tally in found.items()
        if name not in QUIET and tally.wrong and tally.right / (tally.right + tally.wrong) < PRECISION
    ]
    blind = [name for name, tally in judged.items() if tally.right / (tally.right + tally.missed) < RECALL]
    wrong = sum(tally.wrong for tally in measure(1, settings.seed, names, labelled=False)[0].values())
    yield Figure(
        "history precision", "rules about histories that reach it on simulated teams", f"{len(found) - len(imprecise)} of {len(found)} rules"
        + (f"; below: {', '.join(imprecise)}" if imprecise else ""), f"every rule >= {PRECISION}, or shown to auditors only", not imprecise, f"{count} teams", "per rule above (Wilson, lower end)",
        f"without labels {wrong} findings count as wrong ({'caught' if wrong else 'NOT caught'})",
    )  # fmt: skip
    yield Figure(
        "history recall", "rules about histories that reach it on simulated teams", f"{len(judged) - len(blind)} of {len(judged)} rules"
        + (f"; below: {', '.join(blind)}" if blind else ""), f"every rule >= {RECALL}", not blind, f"{count} teams", "per rule above (Wilson, lower end)",
        f"without rules nothing is found ({'caught' if not silent else 'NOT caught'})",
    )  # fmt: skip


def page() -> str:
    """The reference's page."""
    found, count = measure(EACH, SEED, asked())
    lines = [
        "# How often the rules about histories are right", "",
        "The rules that read runs and git history are held to simulated teams: two months of runs, deployments, incidents and commits, with habits drawn",
        "at random, sound or with one fault, or with something that looks like one (nightly tests of hours, code that often fails, a system that tells little).",
        "The simulation (`bench/teams.py`) knows nothing of the rules' code. A finding is right when the team has that fault; what a fault may break besides counts",
        "neither way. *At least* is the lower end of a 95 % interval (Wilson).", "",
        f"{count} teams, seed {SEED}; `scripts/bench history-accuracy` measures it anew. Every fault is well beyond the threshold of its rule: near it, chance decides.", "",
        *table(found), "",
        f"Shown to auditors only: {', '.join(f'`{name}`' for name in sorted(QUIET))}.", "",
        "The rule about runbooks reads texts, and is in no simulation. What other rules do is told in [accuracy](accuracy.md).", "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
