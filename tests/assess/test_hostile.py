"""Texts made to keep the rules busy are judged in a moment: their patterns go back and forth over a line, so lines are cut."""

from __future__ import annotations

from datetime import date

import pytest

from seaway.assess import examine, rule, rules
from support import pace, rule_fixtures

pytestmark = pytest.mark.broad

SIZE = 300_000
HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n"


def scripted(word: str) -> str:
    """A workflow whose one line of script repeats a word."""
    return HEAD + "          " + word * (SIZE // len(word)) + "\n"


WORDS = {
    "downloads": "curl ",
    "pipes": "curl a| ",
    "openings": "wget http://",
    "tests": "mvn ",
    "deployments": "kubectl ",
    "installs": "pip install ",
    "secrets": "echo $",
    "options": "docker login ",
    "arguments": "--build-arg a=",
    "forgiveness": "|| ",
    "comments": "# seaway: ignore[",
    "addresses": "a://",
    "keys": "xoxb-",
    "history": "git rev-parse ",
    "assignments": "a=b ",
    "shells": "sh -c $(",
    "pushes": "docker push a/a:1 ",
    "releases": "helm upgrade ",
    "tags": "a/a:latest",
    "options of installs": "npm install --a",
    "folders": "cd a -C a ",
    "copies": "rsync a:a ",
    "migrations": "flyway ",
    "builds": "docker build $(date ",
}


@pytest.mark.parametrize("name", WORDS)
def test_a_long_line_costs_a_moment(name: str) -> None:
    case = rule_fixtures.case(scripted(WORDS[name]), "github_actions")
    done = examine.Examination(rules.rules(), date(2026, 3, 2))
    with pace.within(1.0):
        done.look(case)


def test_many_long_lines_cost_a_moment() -> None:
    line = ("          " + "curl mvn kubectl docker login $ --build-arg a=" * 20 + "\n") * 400
    case = rule_fixtures.case(HEAD + line, "github_actions")
    with pace.within(3.0):
        examine.Examination(rules.rules(), date(2026, 3, 2)).look(case)
    assert sum(len(one.text) for one in case.scripts) <= rule.MAX_SCRIPTS


def test_lines_that_are_not_cut_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "MAX_LINE", SIZE)
    monkeypatch.setattr(rule, "MAX_SCRIPTS", SIZE)
    case = rule_fixtures.case(HEAD + "          " + "curl " * 7_000 + "\n", "github_actions")
    check = rules.load("curl-pipe-shell").check
    with pytest.raises(AssertionError, match="than a calm one"), pace.within(0.1):
        check(case)
