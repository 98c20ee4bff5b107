"""How a process of the matrix ended is read once and told truthfully, however many threads start others meanwhile."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import forkserver

import pytest

from crash import matrix

CODES = [0, 3, -9] * 8

pytestmark = [pytest.mark.crash, pytest.mark.real]


def end(code: int) -> None:
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


def linger() -> None:
    signal.pause()


@pytest.fixture
def slow_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which a thread is put aside between "it has ended" and "how?"."""
    read = forkserver.read_signed

    def later(sentinel: int) -> int:
        time.sleep(0.05)
        return read(sentinel)

    monkeypatch.setattr(forkserver, "read_signed", later)


def told(turn: AbstractContextManager[object] | None = None) -> list[int | None]:
    with matrix.fork_server() as forks, ThreadPoolExecutor(4) as pool:
        asked = matrix.Forks(forks._server, turn)
        return list(pool.map(lambda code: asked.run(end, code), CODES))


def test_every_thread_hears_how_its_own_process_ended(slow_to_read: None) -> None:
    assert told() == CODES


def test_without_a_turn_of_its_own_a_thread_hears_255(slow_to_read: None) -> None:
    """The negative control: two threads read one exit code, or a process's number, and the second finds nothing."""
    try:
        heard = told(nullcontext())
    except EOFError:
        return
    assert 255 in heard


def test_a_process_that_does_not_end_is_killed_and_named_so() -> None:
    with matrix.fork_server() as forks:
        assert forks.run(linger, deadline=0.3) is None
