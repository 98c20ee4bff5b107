"""Atomic files, full disks and fences."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from seaway import errors
from seaway.adapters import _disk, _files
from seaway.model.instance import Fence


def test_a_file_is_replaced_whole_and_private_and_nothing_stays_beside_it(tmp_path):
    path = tmp_path / "file"
    _files.replace(path, b"old")
    _files.replace(path, b"new", durable=False)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_readers_see_the_old_or_the_new_content_and_never_a_mixture(tmp_path):
    path, texts, over = tmp_path / "file", [bytes([code]) * 50_000 for code in b"ab"], threading.Event()
    path.write_bytes(texts[0])

    def write() -> None:
        for number in range(300):
            _files.replace(path, texts[number % 2], durable=False)
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        assert path.read_bytes() in texts
    writer.join()


def test_a_failed_replacement_keeps_the_old_file_and_says_full(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def no_space(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_disk.os, "write", no_space)
    with pytest.raises(errors.Full, match="no space left for"):
        _files.replace(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_errors_are_not_called_full(tmp_path):
    with pytest.raises(FileNotFoundError):
        _files.replace(tmp_path / "missing" / "file", b"")


@pytest.mark.parametrize("text", ["", "{", "nonsense"])
def test_a_torn_document_reads_as_none(tmp_path, text):
    path = tmp_path / "file"
    assert _files.read_json(path) is None
    path.write_text(text)
    assert _files.read_json(path) is None


def test_a_fence_lets_equal_and_higher_epochs_pass_and_remembers_the_highest(tmp_path):
    for epoch in (1, 1, 3, 3):
        _files.check_fence(tmp_path, Fence("e/web", epoch))
    with pytest.raises(errors.Fenced, match="epoch 2 no longer owns e/web: 3 has taken over"):
        _files.check_fence(tmp_path, Fence("e/web", 2))
    _files.check_fence(tmp_path, Fence("e/api", 2))
    assert json.loads((tmp_path / "e%2Fweb.json").read_text()) == {"epoch": 3}


def test_a_higher_epoch_that_cannot_be_recorded_does_not_pass(tmp_path, monkeypatch):
    _files.check_fence(tmp_path, Fence("s", 1))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_disk, "replace", full)
    with pytest.raises(errors.Full):
        _files.check_fence(tmp_path, Fence("s", 2))
    _files.check_fence(tmp_path, Fence("s", 1))  # and an equal one needs no space


def test_effects_under_one_fence_exclude_each_other(tmp_path):
    inside, most = [], []

    def effect() -> None:
        with _files.fenced(tmp_path, Fence("s", 1)) as held:
            inside.append(1)
            most.append(len(inside))
            held.check()
            inside.pop()

    threads = [threading.Thread(target=effect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


HOLD = """
import sys
from pathlib import Path
from seaway.adapters import _files
from seaway.model.instance import Fence
with _files.fenced(Path(sys.argv[1]), Fence("s", 1)) as held:
    print("held", flush=True)
    input()
    held.check()
"""


def test_a_newer_owner_does_not_wait_for_ever_for_a_stopped_one_which_then_learns_it(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(_files, "_PATIENCE", 0.2)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    stopped = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], **pipes)
    assert stopped.stdout
    stopped.stdout.readline()
    os.kill(stopped.pid, signal.SIGSTOP)
    with pytest.raises(errors.Conflict, match="for more than") as refused:
        _files.check_fence(tmp_path, Fence("s", 1))  # the control: an equal one may not push it aside
    assert not isinstance(refused.value, errors.Fenced)
    _files.check_fence(tmp_path, Fence("s", 2))
    os.kill(stopped.pid, signal.SIGCONT)
    _, complaint = stopped.communicate(b"\n", timeout=200)
    assert b"Fenced: epoch 1 no longer owns s" in complaint
    _files.check_fence(tmp_path, Fence("s", 2))
