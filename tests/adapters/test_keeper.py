"""The keeper with real children: restarts, adoption, logs, the dead-man file, full disks, and who is never signalled."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.target_harness import SERVER, fill, until
from seaway.adapters import _keeper, _kept, _procfs
from seaway.adapters._kept import Child, Launch, Order

pytestmark = pytest.mark.real
PYTHON = (sys.executable, "-S", "-E")
SLEEP = (*PYTHON, "-c", "import time; time.sleep(600)")
_numbers = itertools.count()


class Kept:
    """One folder with a keeper, for a test."""

    def __init__(self, folder: Path, argv: tuple[str, ...], **changes: Any) -> None:
        self.folder, self.token = folder, f"token-{os.getpid()}-{next(_numbers)}"
        self.log = folder.with_suffix(".log")
        given = {"argv": argv, "cwd": "/", "token": self.token, "log": str(self.log), "grace": 2.0, **changes}
        _kept.prepare(folder, Order(**given))
        self.environment = {"PATH": os.environ["PATH"], "SEAWAY_TOKEN": self.token, "SEAWAY_INSTANCE": "i"}

    def launch(self, **more: str) -> str:
        return _kept.launch({self.folder: Launch({**self.environment, **more})}).get(self.folder, "")

    @property
    def now(self) -> _kept.Kept:
        return _kept.look(self.folder)

    def kill_keeper(self) -> None:
        os.kill(_kept.keeper(self.folder), signal.SIGKILL)
        until(lambda: not _kept.keeper(self.folder))


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[..., Kept]]:
    made: list[Kept] = []

    def make(argv: tuple[str, ...] = SLEEP, folder: Path | None = None, **changes: Any) -> Kept:
        made.append(Kept(folder or tmp_path / f"kept-{len(made)}", argv, **changes))
        return made[-1]

    yield make
    for each in made:
        if pid := _kept.keeper(each.folder):
            os.kill(pid, signal.SIGKILL)
        for pid in _procfs.bearers(each.token):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


# ------------------------------------------------------------ one keeper, one child


def test_only_one_keeper_lives_in_a_folder_however_many_are_started_at_once(keep):
    one = keep()
    threads = [threading.Thread(target=one.launch) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_procfs.bearers(one.token)) == 1
    assert one.now.keeper
    assert one.now.child is Child.RUNS


def test_a_keeper_is_small(keep):
    one = keep()
    one.launch()
    (resident,) = [line for line in Path(f"/proc/{one.now.keeper}/status").read_text().splitlines() if "VmRSS" in line]
    assert int(resident.split()[1]) < 15 * 1024


def test_a_child_that_ends_is_started_again_with_growing_pauses(keep):
    one = keep((*PYTHON, "-c", "import sys; sys.exit(3)"))
    one.launch()
    until(lambda: len(one.now.record.get("exits", [])) >= 4)
    pauses = [later - earlier for earlier, later in itertools.pairwise(one.now.record["exits"])]
    assert pauses[0] >= 0.1
    assert pauses[1] >= 0.2
    assert pauses[2] >= 0.4
    assert one.now.record["exit"] == 3


def test_the_port_is_handed_over_in_environment_and_argv_and_kept_over_restarts(keep, tmp_path):
    show = "import os, sys, time; print(os.environ['PORT'], sys.argv[1], flush=True); time.sleep(600)"
    one = keep((*PYTHON, "-c", show, ":$PORT"), ports=str(tmp_path / "ports"))
    one.launch()
    port = one.now.port
    until(lambda: one.log.read_text() == f"{port} :{port}\n")
    os.kill(one.now.pid, signal.SIGKILL)
    until(lambda: one.now.record["restarts"] == 1 and one.now.pid)
    assert one.now.port == port


def test_the_stop_signal_reaches_the_child_and_its_group_dies_with_it(keep):
    polite = (
        "import signal, sys, time, os; signal.signal(signal.SIGINT, lambda *_: (print('bye', flush=True), sys.exit(0)))"
    )
    one = keep(
        (*PYTHON, "-c", f"{polite}\nos.fork()\nprint('up', flush=True)\ntime.sleep(600)"), stop_signal=signal.SIGINT
    )
    one.launch()
    until(lambda: one.log.exists() and one.log.read_text().count("up") == 2)
    assert len(_procfs.bearers(one.token)) == 2
    assert _kept.stop([one.folder]) == {}
    until(lambda: not one.now.keeper)
    assert one.log.read_text().count("bye") >= 1
    assert _procfs.bearers(one.token) == []
    assert one.now.record["exit"] == 0


def test_a_child_never_runs_before_it_is_recorded(keep, tmp_path):
    mark = tmp_path / "ran"
    one = keep((*PYTHON, "-c", f"open({str(mark)!r}, 'w'); import time; time.sleep(600)"))
    dies = (
        "import json, os, sys\nfrom seaway.adapters import _keeper\n"
        "_keeper.Keeper._save = lambda *_, **__: os._exit(9)\n"
        "folder = sys.argv[1]\nspec = json.load(open(folder + '/spec.json'))\n"
        f"_keeper.Keeper(folder, spec, {{'env': {one.environment!r}}}).start()"
    )
    assert subprocess.run([sys.executable, "-c", dies, str(one.folder)], check=False).returncode == 9
    until(lambda: not _procfs.bearers(one.token))
    assert not mark.exists()
    one.launch()  # the control: this child does leave its mark
    until(mark.exists)


def test_a_child_writes_on_when_its_keeper_is_killed(keep):
    count = "import time\nfor n in range(10**6): print(n, flush=True); time.sleep(0.01)"
    one = keep((*PYTHON, "-c", count))
    one.launch()
    until(lambda: one.log.exists() and one.log.stat().st_size)
    one.kill_keeper()
    size = one.log.stat().st_size
    until(lambda: one.log.stat().st_size > size + 50)
    assert one.now.child is Child.RUNS


def test_a_job_that_takes_too_long_is_stopped_and_says_so(keep):
    one = keep(job=True, timeout=0.2)
    one.launch()
    until(lambda: not one.now.keeper)
    assert one.now.record["state"] == "ended"
    assert one.now.record["detail"] == "stopped: it took longer than 0.2 s"


# ------------------------------------------------------------ identity


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def forge(one: Kept, **facts: Any) -> None:
    path = one.folder / "record.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def test_a_record_that_names_a_stranger_with_another_start_time_harms_nobody_and_the_child_is_found(keep, stranger):
    one = keep()
    one.launch()
    child = one.now.pid
    one.kill_keeper()
    forge(one, pid=stranger.pid)
    assert one.now.child is Child.NONE
    assert one.launch() == ""
    assert one.now.pid == child
    _kept.stop([one.folder])
    until(lambda: not one.now.keeper)
    assert stranger.poll() is None
    assert _procfs.start_time(child) is None  # the control: what is ours was stopped


def test_a_stranger_in_the_recorded_place_is_left_alone_and_nothing_is_started_beside_it(keep, stranger):
    one = keep()
    one.launch()
    child = one.now.pid
    one.kill_keeper()
    os.kill(child, signal.SIGKILL)
    until(lambda: _procfs.start_time(child) is None)
    forge(one, pid=stranger.pid, started=_procfs.start_time(stranger.pid))
    assert one.now.child is Child.STRANGER
    assert "cannot be identified" in one.launch()
    assert "cannot be identified" in _kept.stop([one.folder])[one.folder]
    assert stranger.poll() is None
    assert _procfs.bearers(one.token) == []


def test_a_record_of_an_earlier_boot_describes_nobody(keep, stranger):
    one = keep()
    one.launch()
    child = one.now.pid
    one.kill_keeper()
    os.kill(child, signal.SIGKILL)
    until(lambda: _procfs.start_time(child) is None)
    forge(one, boot="another", pid=stranger.pid, started=_procfs.start_time(stranger.pid), restarts=7)
    assert one.now.child is Child.NONE
    assert one.launch() == ""
    assert one.now.record["restarts"] == 0
    assert stranger.poll() is None


def test_a_process_that_hides_its_environment_is_known_by_the_log_it_writes_to(tmp_path):
    log = tmp_path / "log"
    with log.open("ab") as file:
        process = subprocess.Popen(SLEEP, stdout=file, env={})
    try:
        started = _procfs.start_time(process.pid) or ""
        assert _procfs.alive(process.pid, started, "t", str(log))
        assert not _procfs.alive(process.pid, started, "t", str(tmp_path / "other"))
        assert not _procfs.alive(process.pid, started, "t")
        assert not _procfs.alive(process.pid, "1", "t", str(log))
    finally:
        process.kill()
        process.wait()


def test_the_token_of_another_instance_contradicts_the_log(tmp_path):
    log = tmp_path / "log"
    with log.open("ab") as file:
        process = subprocess.Popen(SLEEP, stdout=file, env={"SEAWAY_TOKEN": "other"})
    try:
        until(lambda: _procfs.carries(process.pid, "other"))
        assert not _procfs.carries(process.pid, "t", str(log))
    finally:
        process.kill()
        process.wait()


def test_a_name_with_brackets_and_blanks_does_not_confuse_the_start_time(tmp_path):
    program = tmp_path / "a) R 1 (b"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(program), "600"])
    try:
        until(lambda: "a) R 1 (b" in Path(f"/proc/{process.pid}/stat").read_text())
        assert abs(int(_procfs.start_time(process.pid) or 0) - int(_procfs.start_time(os.getpid()) or 0)) < 10**7
        assert _procfs.stat_fields(process.pid)[1] == str(os.getpid())
    finally:
        process.kill()
        process.wait()
    assert _procfs.start_time(process.pid) is None


# ------------------------------------------------------------ logs, dead man, full disk


def test_a_log_is_rotated_by_size_and_its_writer_notices_nothing(keep):
    one = keep((*PYTHON, str(SERVER)), log_bytes=20_000, log_files=3)
    one.launch(CHATTY="2000", DEAF="1")  # 180 kB
    until(lambda: Path(f"{one.log}.1").exists() and one.log.stat().st_size == 0)
    last = Path(f"{one.log}.1").read_text().splitlines()[-1]
    assert last.startswith("line 001999 ")
    assert one.now.record["restarts"] == 0
    with one.log.open("ab") as file:
        file.write(b"y" * 30_000)
    until(lambda: Path(f"{one.log}.2").exists() and one.log.stat().st_size == 0)
    assert Path(f"{one.log}.2").read_text().splitlines()[-1] == last
    with one.log.open("ab") as file:
        file.write(b"z" * 30_000)
    until(lambda: one.log.stat().st_size == 0)
    assert sorted(path.name for path in one.log.parent.glob("*.log*")) == [
        f"kept-0.log{end}" for end in ("", ".1", ".2")
    ]


def test_a_log_below_the_limit_is_left_alone(keep):
    one = keep((*PYTHON, str(SERVER)), log_bytes=20_000)
    one.launch(CHATTY="10", DEAF="1")
    time.sleep(1.3)
    assert len(one.log.read_text().splitlines()) == 11


def test_the_prepared_file_takes_its_place_only_when_the_dead_man_file_was_not_touched(keep, tmp_path):
    alive, prepared, place = tmp_path / "alive", tmp_path / "prepared", tmp_path / "place"
    alive.touch()
    prepared.write_text("stable")
    place.write_text("now")
    one = keep()
    wish = {"file": str(alive), "seconds": 1.5, "from": str(prepared), "to": str(place)}
    (one.folder / "deadman.json").write_text(json.dumps([wish]))
    one.launch()
    os.utime(alive, (0, 0))  # a clock that jumps is a sign of life, not an age
    for _ in range(25):
        time.sleep(0.1)
        alive.touch()
    assert place.read_text() == "now"
    began = time.monotonic()
    until(lambda: place.read_text() == "stable")
    assert time.monotonic() - began > 1
    assert not prepared.exists()


def test_a_full_disk_neither_prevents_a_restart_nor_a_stop(keep, small_disk):
    one = keep(folder=small_disk / "kept")
    one.launch()
    fill(small_disk)
    os.kill(one.now.pid, signal.SIGKILL)
    until(lambda: one.now.record["restarts"] == 1 and one.now.pid)
    one.kill_keeper()
    assert one.launch() == ""
    assert one.now.child is Child.RUNS
    one.kill_keeper()
    assert _kept.stop([one.folder]) == {}
    until(lambda: not one.now.keeper)
    assert _procfs.bearers(one.token) == []


def test_a_keeper_that_cannot_begin_is_reported_with_the_place_of_its_complaint(keep):
    one = keep()
    (one.folder / "spec.json").write_text("{")
    assert "keeper.log" in one.launch()
    assert "Traceback" in (one.folder / "keeper.log").read_text()


def test_the_delay_between_restarts_is_bounded_and_begins_anew_after_a_minute():
    keeper = _keeper.Keeper.__new__(_keeper.Keeper)
    keeper.delay = _keeper._FIRST_DELAY
    delays = []
    for _ in range(12):
        delays.append(keeper.delay)
        keeper._plan_restart(asked=False)
    assert delays[:4] == [0.1, 0.2, 0.4, 0.8]
    assert delays[-1] == 30.0
