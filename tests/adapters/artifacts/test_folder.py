"""Copies are whole or not there, whoever is killed, whatever changes, however many store at once."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from seaway import errors
from seaway.adapters import _tree
from seaway.adapters.artifacts import folder
from seaway.adapters.artifacts.folder import Folder

STORE = "import sys; from pathlib import Path; from seaway.adapters.artifacts.folder import Folder; "
STORE += "print(Folder(Path(sys.argv[1])).store(sys.argv[2], ()).digest)"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "artifacts"


@pytest.fixture
def source(tmp_path):
    made = tmp_path / "source"
    (made / "lib").mkdir(parents=True)
    for number in range(20):
        (made / "lib" / f"{number}.txt").write_text(f"{number}\n" * 1000)
    return made


def partials(place: Path) -> list[str]:
    return [entry.name for entry in place.iterdir() if "partial" in entry.name]


def test_copies_are_read_only_and_nobody_elses_business(place, source):
    copy = Path(Folder(place).store(str(source), ()).path)
    modes = {stat.S_IMODE(path.lstat().st_mode) for path in [copy, *copy.rglob("*")]}
    assert modes == {0o500, 0o400}
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_the_name_of_a_copy_is_its_digest(place, source):
    stored = Folder(place).store(str(source), ())
    assert stored.path == str(place / stored.digest)
    assert partials(place) == []


def test_a_killed_store_leaves_no_copy_and_the_next_call_removes_what_it_left(place, source, tmp_path):
    os.mkfifo(tmp_path / "never")
    slow = STORE.replace(
        "print(",
        "from seaway.adapters.artifacts import folder; folder._seal = lambda partial: open(sys.argv[3]); print(",
    )
    process = subprocess.Popen([sys.executable, "-c", slow, str(place), str(source), str(tmp_path / "never")])
    try:
        until = time.monotonic() + 20
        while not (place.is_dir() and partials(place)) and time.monotonic() < until:
            time.sleep(0.01)
        left = partials(place)
        assert left
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert partials(place) == left
    assert not [entry for entry in place.iterdir() if len(entry.name) == 64]
    stored = Folder(place).store(str(source), ())
    assert partials(place) == []
    assert Folder(place).digest(stored.path, ()) == stored.digest


@pytest.mark.real
def test_processes_that_store_the_same_at_once_find_one_copy(place, source):
    running = [
        subprocess.Popen([sys.executable, "-c", STORE, str(place), str(source)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    digests = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert digests == {Folder(place).digest(str(source), ())}
    assert sorted(entry.name for entry in place.iterdir()) == sorted([".lock", *digests])


def test_threads_that_store_and_prune_at_once_do_not_disturb_each_other(place, source):
    failures = []

    def work(number: int) -> None:
        mine = source.parent / f"source-{number}"
        mine.mkdir()
        try:
            for turn in range(5):
                (mine / "a").write_text(f"{number} {turn % 2}")
                stored = Folder(place).store(str(mine), ())
                assert Folder(place).digest(str(mine), ()) == stored.digest
                Folder(place).prune(frozenset())
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert partials(place) == []


def test_a_source_that_changes_while_it_is_copied_is_read_again(place, source, monkeypatch):
    original, calls = _tree.content, []

    def meddling(path, into=None):
        if into is not None and not calls:
            calls.append(path)
            (source / "lib" / "1.txt").write_text("changed")
        return original(path, into)

    monkeypatch.setattr(_tree, "content", meddling)
    stored = Folder(place).store(str(source), ())
    assert calls
    monkeypatch.undo()
    assert stored.digest == Folder(place).digest(str(source), ()) == Folder(place).digest(stored.path, ())
    assert partials(place) == []


def test_a_source_that_never_settles_is_a_conflict_and_leaves_nothing(place, source, monkeypatch):
    original = _tree.content

    def meddling(path, into=None):
        with (source / "lib" / "1.txt").open("a") as file:
            file.write("more")
        return original(path, into)

    monkeypatch.setattr(_tree, "content", meddling)
    with pytest.raises(errors.Conflict, match="keeps changing"):
        Folder(place).store(str(source), ())
    assert [entry.name for entry in place.iterdir()] == [".lock"]


def test_without_space_it_is_full_and_the_partial_copy_is_gone(place, source, monkeypatch):
    def no_space(descriptor, block):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_tree, "_write", no_space)
    with pytest.raises(errors.Full):
        Folder(place).store(str(source), ())
    assert [entry.name for entry in place.iterdir()] == [".lock"]


def test_files_reach_the_disk_before_the_copy_gets_its_name(place, source, monkeypatch):
    journal: list[str] = []
    sync, rename = folder._sync, Path.rename
    monkeypatch.setattr(folder, "_sync", lambda path: (journal.append(f"sync {path.name}"), sync(path)))
    monkeypatch.setattr(Path, "rename", lambda self, to: (journal.append("rename"), rename(self, to))[1])
    Folder(place).store(str(source), ())
    named = journal.index("rename")
    assert {f"sync {number}.txt" for number in range(20)} <= set(journal[:named])
    assert "sync lib" in journal[:named]
    assert journal[named + 1 :] == [f"sync {place.name}"]


def test_a_store_waits_for_another_only_so_long(place, source, monkeypatch):
    monkeypatch.setattr(folder, "_PATIENCE", 0.1)
    with Folder(place)._alone(), pytest.raises(errors.Conflict, match="another process"):
        Folder(place).store(str(source), ())
    assert Folder(place).store(str(source), ())


def test_prune_leaves_alone_what_is_not_its_own(place, source):
    stored = Folder(place).store(str(source), ())
    (place / "notes.txt").write_text("mine")
    (place / "folder").mkdir()
    assert Folder(place).prune(frozenset()) == (stored.digest,)
    assert sorted(entry.name for entry in place.iterdir()) == [".lock", "folder", "notes.txt"]


def test_reading_a_digest_writes_nothing(place, source):
    assert len(Folder(place).digest(str(source), ())) == 64
    assert not place.exists()


def test_a_python_service_runs_in_its_read_only_copy(place, tmp_path):
    source = tmp_path / "app"
    source.mkdir()
    (source / "words.py").write_text("WORD = 'ahoy'\n")
    (source / "app.py").write_text("import words; print(words.WORD)\n")
    stored = Folder(place).store(str(source), ())
    said = subprocess.run([sys.executable, "app.py"], cwd=stored.path, capture_output=True, text=True, check=True)
    assert said.stdout == "ahoy\n"
