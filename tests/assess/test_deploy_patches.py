"""The patch for Helm is the same in every language of a pipeline: `--atomic` behind the command, and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seaway.app import assess
from seaway.assess import rules
from support import rule_fixtures


@pytest.fixture(autouse=True)
def only_this_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "rules", lambda: (rules.load("no-automatic-rollback"),))


@pytest.mark.parametrize("system", rule_fixtures.PATHS)
def test_helm_gets_its_option_where_it_stands(system: str, tmp_path: Path) -> None:
    (fixture,) = (rule_fixtures.FOLDER / "no-automatic-rollback" / system).glob("bad.*")
    before = fixture.read_text(encoding="utf-8")
    file = tmp_path / rule_fixtures.PATHS[system]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(before, encoding="utf-8")
    (tmp_path / ".git").mkdir()

    found = assess.assess(tmp_path, today=date(2026, 11, 27))
    verified = [one for one in found.assessment.findings if one.fix is not None and one.fix.verified]
    assert [one.message.partition("`")[2].partition("`")[0] for one in verified] == ["helm upgrade --install"]
    assess.apply(found)
    assert file.read_text(encoding="utf-8") == before.replace("helm upgrade ", "helm upgrade --atomic ")

    again = assess.assess(tmp_path, today=date(2026, 11, 27)).assessment.findings
    assert len(again) == len(found.assessment.findings) - 1


def test_a_command_that_is_not_there_as_it_is_run_is_left_alone(tmp_path: Path) -> None:
    text = 'deploy:\n  script:\n    - "helm\\x20upgrade --install shop ./chart"\n'
    (tmp_path / ".gitlab-ci.yml").write_text(text, encoding="utf-8")
    (tmp_path / ".git").mkdir()
    found = assess.assess(tmp_path, today=date(2026, 11, 27))
    assert [one.fix for one in found.assessment.findings] == [None]
