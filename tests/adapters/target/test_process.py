"""What is special about processes: crashes at any moment, ports, strangers, full disks. The promises are in tests/contracts."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.target_harness import ProcessHarness, fence, fill, ready, revision, until
from seaway import errors
from seaway.adapters import _files, _instances, _kept, _ports, _procfs
from seaway.adapters.target.process import _OLD_LOGS
from seaway.model.instance import InstanceState
from seaway.model.service import Probe, ProbeKind

pytestmark = pytest.mark.real


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ProcessHarness]:
    made = ProcessHarness(tmp_path)
    yield made
    made.clear()


CONVERGE = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from contracts.target_harness import ProcessHarness, fence, fill, revision
target = ProcessHarness(Path(sys.argv[1])).engine()
print("go", flush=True)
target.converge(revision(), 3, fence())
target.converge(revision(), 1, fence())
target.converge(revision(), 3, fence())
"""


@pytest.mark.parametrize("seed", range(6))
def test_an_engine_killed_at_any_moment_leaves_nothing_that_the_next_cannot_set_right(harness, tmp_path, seed):
    program = CONVERGE.format(tests=str(Path(__file__).parents[2]))
    engine = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert engine.stdout
    engine.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.25))
    engine.kill()
    engine.wait()
    engine.stdout.close()
    target, one = harness.engine(), revision()
    target.converge(one, 3, fence(2))
    ready(target, 3, one)
    until(lambda: len(harness.processes()) == 3)
    until(lambda: len(list((harness.folder / "instances").iterdir())) == 3)  # a round removes what was stopped


def test_a_stranger_on_the_port_is_not_taken_for_the_instance_and_the_instance_moves(harness):
    probe = Probe(ProbeKind.TCP, interval=timedelta(milliseconds=50))
    target, one = harness.engine(), revision(flags={"DEAF": "1"}, readiness=probe)
    target.converge(one, 1, fence())
    (first,) = target.look("web")
    with socket.create_server(("127.0.0.1", int(first.address.rpartition(":")[2]))):
        until(lambda: f"is taken by pid {os.getpid()}" in target.look("web")[0].detail)
        assert target.look("web")[0].state is InstanceState.STARTING
        until(lambda: target.look("web")[0].address != first.address)


def test_a_port_that_was_taken_while_the_instance_was_away_is_exchanged(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence())
    (first,) = ready(target, 1, one)
    harness.leave()
    harness.kill_everything()
    port = int(first.address.rpartition(":")[2])
    until(lambda: _ports.free(port))  # a process that ends closes its sockets last
    with socket.create_server(("127.0.0.1", port)):
        other = harness.engine()
        other.converge(one, 1, fence())
        (second,) = ready(other, 1, one)
    assert second.id == first.id
    assert second.address != first.address


def test_what_cannot_be_identified_is_reported_and_survives_stop_and_down(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence())
    (seen,) = ready(target, 1, one)
    harness.leave()
    harness.kill_everything()
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        path = harness.folders()[0] / "record.json"
        record = dict(_kept.last(path.parent), pid=stranger.pid, started=_procfs.start_time(stranger.pid))
        _files.replace(path, str(record).replace("'", '"').replace("None", "null").encode())
        other = harness.engine()
        other.converge(one, 1, fence(2))
        (strange,) = other.look("web")
        assert strange.state is InstanceState.FAILED
        assert f"pid {stranger.pid} runs in its place" in strange.detail
        other.converge(one, 0, fence(2))
        assert other.down()[0].startswith(f"left {seen.id} (pid {stranger.pid}) alone")
        assert stranger.poll() is None
        assert harness.processes() == []
    finally:
        stranger.kill()
        stranger.wait()


def test_on_a_full_disk_growing_is_refused_without_a_trace_and_shrinking_completes(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small tmpfs")
    harness = ProcessHarness(place)
    try:
        target, one = harness.engine(), revision()
        target.converge(one, 1, fence())
        before = ready(target, 1, one)
        fill(place)
        with pytest.raises(errors.Full):
            target.converge(one, 3, fence())
        assert target.look("web") == before
        assert len(list((harness.folder / "instances").iterdir())) == 1
        target.converge(one, 0, fence())
        until(lambda: target.look("web") == () and harness.processes() == [])
    finally:
        harness.clear()
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_readiness_is_seen_soon_and_looks_do_not_ask(harness, tmp_path):
    asked = tmp_path / "asked"
    count = Probe(ProbeKind.COMMAND, command=("sh", "-c", f"echo x >> {asked}"), interval=timedelta(seconds=1))
    target, one = harness.engine(), revision(readiness=count)
    target.converge(one, 1, fence())
    ready(target, 1, one)
    for _ in range(200):
        target.look("web")
    assert len(asked.read_text()) <= 4  # two characters a question
    quick = revision("quick", readiness=Probe(ProbeKind.TCP, interval=timedelta(seconds=20)))
    target.converge(quick, 1, fence())
    began = time.monotonic()
    ready(target, 1, quick)
    assert time.monotonic() - began < 10


def test_logs_of_instances_that_are_gone_are_kept_for_a_while_not_for_ever(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence())
    ready(target, 1, one)
    folder = harness.folder / "logs" / "web"
    for number in range(_OLD_LOGS + 5):
        (folder / f"web-old-{number}-aaaa.log").touch()
        os.utime(folder / f"web-old-{number}-aaaa.log", (number, number))
    target.converge(one, 1, fence())
    names = [path.name for path in target.logs("web")]
    assert names[0] == "web-old-5-aaaa.log"
    assert len(names) == _OLD_LOGS + 1


@pytest.mark.parametrize("moment", ["before it is looked at", "while its files go"])
def test_an_instance_that_is_being_removed_is_never_reported_as_unready(harness, monkeypatch, moment):
    """Its files go one by one, the wish to stop among the first: what is left looks like an instance that fails its probe."""
    target, one, seen = harness.engine(), revision(), []
    target.converge(one, 1, fence())
    (first,) = ready(target, 1, one)
    (folder,) = harness.folders()
    if moment == "before it is looked at":
        look = _kept.look

        def removed_first(place: Path) -> _kept.Kept:
            if (place / "stop").exists() and not look(place).keeper:
                shutil.rmtree(place)
            return look(place)

        monkeypatch.setattr(_kept, "look", removed_first)
    else:
        remove = shutil.rmtree

        def looked_at_meanwhile(place: Path, **options: bool) -> None:
            for name in ("stop", "record.json"):
                (place / name).unlink(missing_ok=True)
            seen.append(target.look("web"))
            remove(place, **options)

        monkeypatch.setattr(_instances.shutil, "rmtree", looked_at_meanwhile)
    target.converge(one, 0, fence())
    while looked := target.look("web"):
        seen.append(looked)
    until(lambda: not folder.exists())
    states = {each.state for looked in seen for each in looked if each.id == first.id}
    assert states <= {InstanceState.STOPPING}


def test_halves_left_by_a_crash_are_removed_and_those_of_other_services_are_not(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence())
    ours, theirs = (harness.folder / "instances" / f".{name}-{'0' * 12}-1-abcd" for name in ("web", "web-api"))
    for each in (ours, theirs):
        each.mkdir()
    target.converge(one, 1, fence())
    assert not ours.exists()
    assert theirs.exists()


def test_an_engine_that_was_fenced_off_no_longer_looks_after_anything(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence(1))
    ready(target, 1, one)
    other = harness.engine()
    other.converge(one, 1, fence(2))
    other.close()
    harness.kill_supervision()
    time.sleep(2.5)
    assert not harness.supervised()
    assert target.look("web")[0].detail == "its keeper died"
    other = harness.engine()
    other.converge(one, 1, fence(2))  # the control: the owner does
    assert harness.supervised()


def test_a_stopped_engine_that_goes_on_after_a_take_over_changes_nothing(harness, tmp_path):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence(1))
    before = ready(target, 1, one)
    program = CONVERGE.format(tests=str(Path(__file__).parents[2])).replace("print(", "input() or print(")
    stopped = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    stopped.send_signal(signal.SIGSTOP)
    target.converge(one, 1, fence(2))
    stopped.send_signal(signal.SIGCONT)
    _, complaint = stopped.communicate(b"\n", timeout=200)
    assert b"Fenced" in complaint
    assert target.look("web") == before
