"""One engine per state folder; a stopped one is replaced, and changes nothing when it goes on."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.harness import Bench, eventually
from seaway.engine import lease
from seaway.engine.lock import Lock
from seaway.errors import Conflict
from seaway.model.rollout import State
from support import plans, simulated

TESTS = Path(__file__).parents[1]


class Other:
    """An engine in another process."""

    def __init__(self, root: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(TESTS / "engine" / "second.py"), str(root), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.said.extend(iter(self.process.stdout.readline, ""))

    def says(self, word: str, seconds: float = 30.0) -> str:
        eventually(lambda: any(line.startswith(word) for line in self.said), seconds)
        return next(line for line in self.said if line.startswith(word)).strip()

    def send(self, signal_: signal.Signals) -> None:
        self.process.send_signal(signal_)


@contextmanager
def other(root: Path, *words: str) -> Iterator[Other]:
    started = Other(root, *words)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()
        started._reader.join(5)
        started.process.stdout.close()  # type: ignore[union-attr]


def make_old(root: Path) -> None:
    """Let the last heartbeat look as old as it is after 20 s, without waiting for them."""
    long_ago = time.time() - 20
    with closing(sqlite3.connect(root / "engine.sqlite")) as connection, connection:
        connection.execute("UPDATE nodes SET heartbeat = ?", (long_ago,))
    os.utime(root / "engine.lock", (long_ago, long_ago))


@pytest.mark.real
def test_a_second_engine_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    with other(tmp_path) as first:
        first.says("running")
        with other(tmp_path) as second:
            words = second.says("refused")
            assert f"process {first.process.pid}" in words
            assert "--take-over" in words
        with other(tmp_path, "take-over") as third:
            assert "sign of life" in third.says("refused")


@pytest.mark.real
def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    with other(tmp_path) as first:
        epoch = int(first.says("running").split()[1])
        first.send(signal.SIGKILL)
        first.process.wait()
        with other(tmp_path) as second:
            assert int(second.says("running").split()[1]) > epoch


@pytest.mark.real
def test_an_engine_that_was_stopped_replaced_and_continued_changes_nothing(tmp_path: Path) -> None:
    """It is stopped in the middle of an effect: the router hears of it after the newer engine has aborted the rollout."""
    with Bench(tmp_path, hands(tmp_path)).running() as engine:
        bench = Bench(tmp_path, hands(tmp_path), engine)
        bench.release("a")
        made = plans.plan("b", engine.placement("production", "shop"), where=plans.environment(plans.canary(hold=True)))
        long = timedelta(minutes=5)  # two starts of an engine on a busy machine lie between the beginning and the end
        rollout = bench.submit(plan=replace(made, prepare_timeout=long, verify_timeout=long))
        bench.until(rollout, lambda now: now.state is State.PREPARING or now.step > 0)
    with other(tmp_path, "slow") as old:
        old.says("running")
        eventually((tmp_path / "reached").exists)
        old.send(signal.SIGSTOP)
        make_old(tmp_path)
        with Bench(tmp_path, hands(tmp_path)).running(take_over=True) as engine:
            bench = Bench(tmp_path, hands(tmp_path), engine)
            bench.until(rollout, lambda now: now.state is State.HELD)
            before, events = bench.log(), bench.events()
            stored = journal(tmp_path)
            (tmp_path / "go").touch()
            old.send(signal.SIGCONT)
            assert "taken over" in old.says("lost") or "is over" in old.says("lost")
            assert bench.log() == before
            assert bench.events() == events
            assert journal(tmp_path) == stored
            found = engine.rollout(rollout)
            assert found is not None
            assert found.epoch == engine.epoch
        assert [line for line in old.said if line.startswith("refused")] == []


@pytest.mark.real
def test_an_idle_engine_that_was_replaced_ends_by_its_next_heartbeat(tmp_path: Path) -> None:
    with other(tmp_path) as old:
        old.says("running")
        old.send(signal.SIGSTOP)
        make_old(tmp_path)
        with other(tmp_path, "take-over") as new:
            new.says("running")
            old.send(signal.SIGCONT)
            old.says("lost")
            assert old.process.wait(20) == 0
            assert new.process.poll() is None


def test_a_living_engine_is_not_replaced_because_a_clock_jumped(bench: Bench) -> None:
    with bench.running():
        ahead = Lock(bench.root / "engine.lock", bench.root / "engine.sqlite", wall=lambda: time.time() + 3600)
        with pytest.raises(Conflict, match="lives"):
            ahead.acquire(take_over=True)


def test_a_dead_engines_folder_is_taken_without_asking(bench: Bench) -> None:
    (bench.root / "engine.lock").write_text('{"pid": 1}')
    with bench.running(take_over=True):
        holder = lease.last_holder(bench.root / "engine.sqlite")
        assert holder is not None
        assert holder.pid == os.getpid()


def hands(root: Path) -> simulated.SimulatedHands:
    return simulated.SimulatedHands(simulated.FileWorld(root / "world.json"))


def journal(root: Path) -> list[tuple[object, ...]]:
    """Everything that says what happened."""
    found: list[tuple[object, ...]] = []
    with closing(sqlite3.connect(root / "engine.sqlite")) as connection:
        for table in ("rollouts", "effects", "events", "inbox", "placements", "operation_outputs", "workflow_output"):
            found += connection.execute(f"SELECT * FROM {table}").fetchall()
    return sorted(map(repr, found))  # type: ignore[arg-type]
