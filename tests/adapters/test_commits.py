"""The commit store on real repositories: it reads only what is new, says what git says, and never trusts a file that is damaged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from seaway import errors
from seaway.adapters import _commits, _process
from seaway.adapters._commits import Commits
from seaway.adapters._git import Git
from seaway.model.history import CUT, MERGE, SQUASH, Commit, History
from support.repositories import Repository, git

T = 1_767_600_000


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def grown(made: Repository, count: int, *, begin: str = "", name: str = "f") -> list[str]:
    shas = [begin] if begin else []
    for number in range(count):
        parents = shas[-1:] if shas else []
        shas.append(made.commit(*parents, files={f"{name}{number}": f"{number}\n"}, at=T + 60 * len(shas)))
    made.point("heads/main", shas[-1])
    return shas[1:] if begin else shas


def stored(store: Path) -> Path:
    (found,) = store.glob("*.commits")
    return found


def test_only_new_commits_are_read(made: Repository, store: Path) -> None:
    shas = grown(made, 5)
    first = Commits(Git(made.folder), store)
    assert first.read([])[0].shas == shas
    assert first.fresh == 5
    more = grown(made, 3, begin=shas[-1], name="g")
    second = Commits(Git(made.folder), store)
    history, found = second.read([shas[1]])
    assert (second.fresh, history.shas) == (3, shas + more)
    assert found == {"HEAD": more[-1], shas[1]: shas[1]}
    third = Commits(Git(made.folder), store)
    assert third.read([])[0] == history
    assert third.fresh == 0


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign", "longer"])
def test_a_damaged_store_is_made_anew(made: Repository, store: Path, damage: str) -> None:
    shas = grown(made, 5)
    Commits(Git(made.folder), store).read([])
    data = bytearray(stored(store).read_bytes())
    data[60] ^= 1
    changed = {
        "flip": bytes(data), "cut": bytes(data[:-9]), "empty": b"", "foreign": b"hello" * 99, "longer": stored(store).read_bytes() + b"x",
    }  # fmt: skip
    stored(store).write_bytes(changed[damage])
    again = Commits(Git(made.folder), store)
    assert again.read([])[0].shas == shas
    assert again.fresh == 5


def test_a_store_that_lies_would_be_believed_only_with_its_checksum(made: Repository, store: Path) -> None:
    grown(made, 2)
    history, _ = Commits(Git(made.folder), store).read([])
    history.committed[0] = 7
    stored(store).write_bytes(_commits.pack(history))
    assert Commits(Git(made.folder), store).read([])[0].committed[0] == 7  # so the tests above do read the file


def test_a_history_is_the_same_after_it_was_packed() -> None:
    history = History(shallow="cut")
    history.extend(
        [
            Commit("a" * 40, (), 1, 2),
            Commit("b" * 40, ("a" * 40,), -3, 4, squash=True, links=(("fixes", "ünï"),)),
            Commit("c" * 40, ("b" * 40, "a" * 40, "e" * 40), 5, 6),
            Commit("d" * 40, ("e" * 40,), 7, 8),
        ]
    )
    assert list(history.marks) == [0, SQUASH, MERGE | CUT, CUT]
    assert list(history.parents(2)) == [1, 0]
    assert _commits.unpack(_commits.pack(history)) == history
    assert _commits.unpack(_commits.pack(History())) == History()


def test_a_shallow_clone_is_cut_and_a_deepened_one_is_read_anew(made: Repository, store: Path, tmp_path: Path) -> None:
    shas = grown(made, 6)
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{made.folder}", "clone")
    clone = tmp_path / "clone"
    shallow, found = Commits(Git(clone), store).read([shas[0]])
    assert shallow.shas == shas[-2:]
    assert shallow.shallow
    assert shas[0] not in found
    git(clone, "fetch", "-q", "--unshallow")
    whole, found = Commits(Git(clone), store).read([shas[0]])
    assert whole.shas == shas
    assert (whole.shallow, found[shas[0]]) == ("", shas[0])


def test_names_are_resolved_when_they_are_short_and_left_out_when_nobody_has_them(made: Repository) -> None:
    shas = grown(made, 3)
    _, found = Commits(Git(made.folder), None).read([shas[0][:9], "f" * 40, "0" * 7])
    assert found == {"HEAD": shas[2], shas[0][:9]: shas[0]}


def test_a_rewritten_branch_leaves_what_was_read(made: Repository, store: Path) -> None:
    shas = grown(made, 4)
    Commits(Git(made.folder), store).read([])
    new = made.commit(shas[1], files={"z": "z"}, at=T + 999)
    made.point("heads/main", new)
    history, found = Commits(Git(made.folder), store).read([shas[3]])
    assert history.shas == [*shas, new]
    assert found["HEAD"] == new


def test_commits_of_a_path_are_found_and_the_list_grows(made: Repository, store: Path) -> None:
    base = made.commit(files={"shop/a": "1", "pay/a": "1"}, at=T)
    shop = made.commit(base, files={"shop/a": "2"}, at=T + 1)
    pay = made.commit(shop, files={"pay/a": "2"}, at=T + 2)
    made.point("heads/main", pay)
    commits = Commits(Git(made.folder), store)
    history, _ = commits.read([])
    assert list(commits.touching(history, ["shop"])) == [1, 1, 0]
    both = made.commit(pay, files={"pay/a": "3", "shop/a": "3"}, at=T + 3)
    made.point("heads/main", made.commit(both, pay, at=T + 4))
    history, _ = commits.read([])
    assert list(commits.touching(history, ["shop"])) == [1, 1, 0, 1, 0]
    assert list(Commits(Git(made.folder), None).touching(history, ["shop"])) == [1, 1, 0, 1, 0]
    assert list(commits.touching(history, ["pay/a"])) == [1, 0, 1, 1, 0]


def test_files_and_patches_are_those_of_git_and_are_kept(made: Repository, store: Path) -> None:
    base = made.commit(files={"a": "1\n"}, at=T)
    one = made.commit(base, files={"b é": "x\n", "c": "y\n"}, at=T + 1)
    twin = made.commit(base, files={"b é": "x\n", "c": "y\n"}, at=T + 2)
    other = made.commit(base, files={"c": "z\n"}, at=T + 3)
    merge = made.commit(one, other, at=T + 4)
    made.point("heads/main", merge)
    commits = Commits(Git(made.folder), store)
    assert commits.files([base, one, merge]) == {base: {"a"}, one: {"b é", "c"}, merge: set()}
    patches = commits.patches([one, twin, other, merge])
    assert patches[one] == patches[twin] != patches[other]
    assert merge not in patches
    git(made.folder, "update-ref", "-d", "refs/heads/main")
    for name in list((made.folder / ".git" / "objects").rglob("*")):
        if name.is_file():
            name.chmod(0o600)
            name.unlink()
    assert commits.patches([one, twin]) == {one: patches[one], twin: patches[twin]}


def test_a_folder_that_is_no_repository_is_refused_in_git_s_words(tmp_path: Path) -> None:
    with pytest.raises(errors.Refused, match="not a git repository"):
        Commits(Git(tmp_path), None).read([])
    with pytest.raises(errors.NotFound, match="is no folder"):
        Commits(Git(tmp_path / "nowhere"), None).read([])


def test_a_repository_without_commits_is_empty(made: Repository) -> None:
    assert Commits(Git(made.folder), None).read([]) == (History(), {})


def test_a_store_that_cannot_be_written_only_costs_time(made: Repository, tmp_path: Path) -> None:
    shas = grown(made, 2)
    assert Commits(Git(made.folder), tmp_path / "gone").read([])[0].shas == shas


def test_a_full_disk_leaves_no_half_of_a_store(made: Repository, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shas = grown(made, 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        assert Commits(Git(made.folder), store).read([])[0].shas == shas
        assert list(store.iterdir()) == []
    Commits(Git(made.folder), store).read([])
    assert len(list(store.iterdir())) == 1


def test_a_bare_repository_and_a_folder_below_one_are_read_too(made: Repository, tmp_path: Path) -> None:
    shas = grown(made, 3)
    git(tmp_path, "clone", "-q", "--bare", str(made.folder), "bare")
    (made.folder / "below").mkdir()
    for folder in (tmp_path / "bare", made.folder / "below"):
        assert Commits(Git(folder), None).read([])[0].shas == shas


def test_what_the_configuration_of_a_repository_names_is_never_run(made: Repository, tmp_path: Path) -> None:
    shas = grown(made, 3)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "diff.x.textconv", "gpg.program"):
        git(made.folder, "config", name, str(trap))
    git(made.folder, "config", "log.showSignature", "true")
    (made.folder / ".git" / "info").mkdir(exist_ok=True)
    (made.folder / ".git" / "info" / "attributes").write_text("* diff=x\n")
    commits = Commits(Git(made.folder), None)
    commits.read(shas)
    commits.patches(shas)
    commits.files(shas)
    assert not (tmp_path / "sprung").exists()
    subprocess.run(["git", "diff", shas[0], shas[1]], cwd=made.folder, capture_output=True, check=False)
    assert (tmp_path / "sprung").exists()  # the trap works


def test_tags_that_match_come_with_their_commit_and_their_date(made: Repository) -> None:
    shas = grown(made, 2)
    git(made.folder, "tag", "v1", shas[0])
    environment = {
        "GIT_COMMITTER_DATE": f"@{T + 500} +0000",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    subprocess.run(
        ["git", "tag", "-a", "-m", "x", "v2", shas[1]], cwd=made.folder, env={**os.environ, **environment}, check=True
    )
    blob = git(made.folder, "rev-parse", f"{shas[0]}:f0").decode().strip()
    git(made.folder, "tag", "v3", blob)
    git(made.folder, "tag", "other", shas[0])
    assert Git(made.folder).tags("v*") == [("v1", shas[0], T), ("v2", shas[1], T + 500)]


def test_bytes_are_captured_whole_apart_and_up_to_a_cap(tmp_path: Path) -> None:
    done = _process.capture(("sh", "-c", "cat; echo oops >&2; exit 3"), seconds=5, cap=99, stdin=b"a\0\r\xff")
    assert done == _process.Captured(3, b"a\0\r\xff", "oops\n")
    with pytest.raises(errors.Full, match="100 bytes, 99 are allowed"):
        _process.capture(("head", "-c", "100", "/dev/zero"), seconds=5, cap=99)
    assert _process.capture(("sleep", "60"), seconds=0.1, cap=1).timed_out
    with pytest.raises(errors.NotFound, match="program not found"):
        _process.capture(("no-such-program",), seconds=5, cap=1, cwd=tmp_path)
