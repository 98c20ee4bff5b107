"""`seaway assess` reads git's last year where there is one, and says when it could not."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from seaway import errors
from seaway.adapters._git import Git
from seaway.cli import main


def report(capsys: pytest.CaptureFixture[str], path: Path) -> dict[str, Any]:
    assert main.run(["assess", str(path), "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def commit(folder: Path, number: int, who: str, path: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(f"on: push\njobs: {{}}\n# {number}\n")
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "GIT_AUTHOR_NAME": who, "GIT_AUTHOR_EMAIL": f"{who}@example.com",
        "GIT_COMMITTER_NAME": who, "GIT_COMMITTER_EMAIL": f"{who}@example.com",
        "GIT_COMMITTER_DATE": f"{int(time.time()) - 90_000 + number} +0000",
    }  # fmt: skip
    for words in (["add", "-A"], ["commit", "-q", "-m", f"Change {number}"]):
        subprocess.run(["git", "-C", str(folder), *words], env=environment, check=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for number in range(10):
        commit(tmp_path, number, "ann", ".github/workflows/ci.yml")
    for number, who in enumerate(("bob", "cid", "dee", "eve"), 10):
        commit(tmp_path, number, who, f"src/{who}.py")
    return tmp_path


def test_who_changes_the_pipelines_is_read_from_git(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [one for one in report(capsys, repository)["findings"] if one["rule"] == "single-maintainer"]
    assert [(one["path"], one["line"]) for one in found] == [(".github/workflows/ci.yml", 1)]
    assert "all 10 changes to the pipelines" in found[0]["message"]
    commit(repository, 20, "bob", ".github/workflows/ci.yml")
    assert "single-maintainer" not in {one["rule"] for one in report(capsys, repository)["findings"]}


def test_git_that_takes_too_long_is_an_unknown_and_ends_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_words: object, **_more: object) -> bytes:
        raise errors.NotReachable("git log took longer than 20 s")

    monkeypatch.setattr(Git, "ask", ask)
    found = report(capsys, repository)
    assert "the history was not read: git log took longer than 20 s" in [one["why"] for one in found["unknowns"]]
    assert found["files"] == [".github/workflows/ci.yml"]


def test_a_folder_without_history_says_nothing_about_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitlab-ci.yml").write_text("a: {script: make}\n")
    found = report(capsys, tmp_path)
    assert not [one for one in found["unknowns"] if "history was not read" in one["why"]]
