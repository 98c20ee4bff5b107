"""The last changes of a real repository: merges with their sizes, people, pipelines, shallow clones, names that are hostile."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from seaway import errors
from seaway.adapters._git import Git
from seaway.adapters._recent import recent
from seaway.assess.runs import changes
from seaway.formats.history import recent as format_


def git(folder: Path, *words: str, when: int = 0) -> str:
    moment = f"{1_790_000_000 + when} +0000"
    environment = {
        "PATH": "/usr/bin:/bin", "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "Ann@Example.com", "GIT_COMMITTER_NAME": "Server",
        "GIT_COMMITTER_EMAIL": "s@example.com", "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "HOME": str(folder),
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-C", str(folder), *words], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, path: str, lines: int, subject: str, when: int) -> str:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("x\n" * lines)
    git(folder, "add", "-A", when=when)
    git(folder, "commit", "-q", "-m", subject, when=when)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, ".github/workflows/ci.yml", 3, "First\x02 of all", 0)
    git(tmp_path, "checkout", "-q", "-b", "side")
    commit(tmp_path, "a tab\tb.txt", 7, "On the side", 1000)
    commit(tmp_path, "c.txt", 5, "More", 2000)
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "merge", "-q", "--no-ff", "-m", "Merge side", "side", when=90_000)
    commit(tmp_path, "d.txt", 11, "Last (#4)", 91_000)
    return tmp_path


def test_a_branch_is_as_old_as_its_first_commit_and_as_large_as_all_of_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seaway.adapters._recent._SINCE", "--since=2020-01-01")
    found = recent(Git(repository), [".github/workflows/ci.yml"])
    assert len(found.changes) == 5
    (branch,) = changes.merged(found)
    assert branch.seconds == 89_000
    assert len(branch.own) == 2
    assert sorted(changes.sizes(found)) == [11, 12]
    assert found.lines[branch.merge.sha] == {"a tab\tb.txt": 7, "c.txt": 5}
    assert [(one.who, one.mail) for one in found.pipelines] == [("Ann", "ann@example.com")]
    assert not found.cut
    assert len(changes.reached(found, found.changes[0].sha[:9], set())) == 5
    assert changes.reached(found, "abcdef1234", set()) == []


def test_a_shallow_clone_says_so(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seaway.adapters._recent._SINCE", "--since=2020-01-01")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", str(clone))
    found = recent(Git(clone), [])
    assert found.cut
    assert len(found.changes) == 1


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(errors.Refused, match="not a git repository"):
        recent(Git(tmp_path), [])
    git(tmp_path, "init", "-q")
    with pytest.raises(errors.Refused, match="does not have any commits"):
        recent(Git(tmp_path), [])


@pytest.mark.parametrize("data", [b"", b"\x02", b"\x02a\x00b", b"nothing", b"\x02" + b"a\x00" * 5 + b"never\x00"])
def test_a_log_that_is_none_is_no_change(data: bytes) -> None:
    assert [one for one in format_.changes(data) if one.committed] == []
    assert all(not paths for paths in format_.sizes(data).values())
