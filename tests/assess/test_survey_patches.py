"""A patch of a rule that looks at the whole repository is tried like any other: in a pipeline's file too."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seaway.app import assess
from seaway.assess import rules

WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - run: npm install --no-audit
      - run: |
          npm test
          npm install
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two installs, and the lock file that they pass over."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/ci.yml").write_text(WORKFLOW, encoding="utf-8")
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    (tmp_path / "package-lock.json").write_text("{}", encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def only_this_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "rules", lambda: (rules.load("no-dependency-updates"),))


def test_each_install_is_patched_and_the_patch_was_tried(repository: Path) -> None:
    found = assess.assess(repository, today=date(2026, 11, 27))
    fixes = [one.fix for one in found.assessment.findings]
    assert [fix is not None and fix.verified for fix in fixes] == [True, True]
    assert assess.apply(found) == {".github/workflows/ci.yml": 2}
    text = (repository / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert text == WORKFLOW.replace("npm install", "npm ci")
    assert assess.assess(repository, today=date(2026, 11, 27)).assessment.findings == ()


def test_a_patch_after_which_the_rule_says_the_same_is_not_called_verified(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seaway.assess.rules.no_dependency_updates._Install._instead", lambda _, __: [_useless()])
    found = assess.assess(repository, today=date(2026, 11, 27))
    assert [one.fix is not None and one.fix.verified for one in found.assessment.findings] == [False, False]


def _useless() -> object:
    from seaway.formats.yaml.patch import Edit

    return Edit(0, 0, "# nothing\n")


def test_a_single_file_or_folder_says_nothing_about_what_is_missing(repository: Path) -> None:
    one = assess.assess(repository / ".github/workflows/ci.yml", today=date(2026, 11, 27))
    folder = assess.assess(repository / ".github", today=date(2026, 11, 27))
    assert one.assessment.findings == folder.assessment.findings == ()
