"""Giving orders to keepers and reading what they record. Called by adapters that run programs (targets, routers).

Each kept thing has a folder of its own. `prepare` writes the intent there, `launch` makes sure that a keeper lives (it adopts
a running child whose keeper died, and starts one otherwise), `stop` ends both; `look` says how it stands.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters import _files, _keeper, _procfs

_LOCK = struct.Struct("hhxxxxqqixxxx")  # struct flock of 64-bit Linux: type, whence, start, length, pid

_ANSWER = 10.0  # seconds a new keeper may take until its child runs


@dataclass(frozen=True, slots=True)
class Order:
    """What a keeper keeps. `token` must be the value of SEAWAY_TOKEN in the environment. Times in seconds.

    `ports`: a file for claims; when given, the keeper chooses a port at each start, hands it over as PORT (and for `$PORT` in
    argv) and records it. `job`: run once, never again; `timeout` (0: none) stops a job. `log` gets stdout and stderr.
    """

    argv: tuple[str, ...]
    cwd: str
    token: str
    log: str
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0
    ports: str = ""
    job: bool = False
    timeout: float = 0.0
    log_bytes: int = 10 * 1024 * 1024
    log_files: int = 5


@dataclass(frozen=True, slots=True)
class Launch:
    """The environment a keeper hands to its child (None: adopt only), and the values to take out of a job's tail."""

    environment: Mapping[str, str] | None
    hide: tuple[str, ...] = ()
    stop: bool = False


class Child(StrEnum):
    """The recorded child: `stranger` means that something runs in its place which cannot be proved to be ours."""

    NONE = "none"
    RUNS = "runs"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Kept:
    """How a kept thing stands. `record` is the keeper's last word ({} when it never wrote one in this boot)."""

    keeper: int
    child: Child
    stopping: bool
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        """The child's pid while it runs, else 0."""
        return int(self.record["pid"]) if self.child is Child.RUNS else 0

    @property
    def port(self) -> int:
        """The port that was last handed over, 0 for none."""
        return int(self.record.get("port") or 0)


def prepare(folder: Path, order: Order) -> None:
    """Write the intent; an existing one is replaced (it holds from the next keeper on). Raises Full."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {**asdict(order), "stop_signal": int(order.stop_signal)}
    with _files.room(folder):
        (folder / "keeper.lock").touch(0o600)
    _files.replace(folder / "spec.json", json.dumps(document).encode(), durable=order.job)


def launch(wishes: Mapping[Path, Launch]) -> dict[Path, str]:
    """Make a keeper live in each folder, all at once; returns once each has started or adopted its child (or found it kept).

    The answer names the folders where that was not possible, with the reason. About 50 ms for one.
    """
    started = {folder: _spawn(folder, wish) for folder, wish in wishes.items()}
    failed = {}
    for folder, process in started.items():
        code = _status(process)
        if code == _keeper.UNIDENTIFIED:
            failed[folder] = "a process in its place cannot be identified and was left alone"
        elif code == _keeper.LOST:
            failed[folder] = "nothing runs, and no environment was given to start it with"
        elif code not in (0, _keeper.ALREADY_KEPT):
            failed[folder] = f"its keeper ended with status {code}; see {folder / 'keeper.log'}"
    return failed


def _status(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_ANSWER)
    except subprocess.TimeoutExpired:  # the keeper itself is a child of this one, and goes on
        process.kill()
        return process.wait()


def _spawn(folder: Path, wish: Launch) -> subprocess.Popen[bytes]:
    environment = None if wish.environment is None else dict(wish.environment)
    given = json.dumps({"env": environment, "hide": wish.hide, "stop": wish.stop}).encode()
    try:
        complaints = os.open(folder / "keeper.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise errors.NotFound(f"cannot keep {folder}: {error.strerror}") from error
        complaints = os.open(os.devnull, os.O_WRONLY)
    try:
        argv = [sys.executable, "-I", "-S", _keeper.__file__, os.fspath(folder)]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=complaints, stderr=complaints, cwd="/", env={})
    finally:
        os.close(complaints)
    if process.stdin is None:
        raise errors.PortError("the keeper has no standard input")
    try:
        with process.stdin as pipe:
            pipe.write(given)
    except BrokenPipeError:
        return process  # it ended at once: its status tells
    return process


def keeper(folder: Path) -> int:
    """The pid of the keeper that lives in the folder, 0 for none: the kernel says who holds the lock."""
    try:
        handle = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        answer = fcntl.fcntl(handle, fcntl.F_GETLK, _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    finally:
        os.close(handle)
    kind, _, _, _, pid = _LOCK.unpack(answer)
    return 0 if kind == fcntl.F_UNLCK else int(pid)


def look(folder: Path) -> Kept:
    """How the kept thing stands now; about 0.1 ms."""
    pid, record = keeper(folder), last(folder)
    record = record if record.get("boot") == _procfs.boot_id() else {}
    return Kept(
        pid, _child(folder, pid, record), (folder / "stop").exists() or record.get("state") == "stopping", record
    )


def last(folder: Path) -> Mapping[str, Any]:
    """The keeper's last word, also from before the machine started; {} when there was none."""
    document = _files.read_json(folder / "record.json")
    return document if isinstance(document, dict) else {}


def order(folder: Path) -> Mapping[str, Any]:
    """The order as it was prepared, as plain data. Raises NotFound."""
    document = _files.read_json(folder / "spec.json")
    if not isinstance(document, dict):
        raise errors.NotFound(f"{folder} holds no order for a keeper", hint=f"remove {folder}")
    return document


def _child(folder: Path, living: int, record: Mapping[str, Any]) -> Child:
    pid, started = int(record.get("pid") or 0), str(record.get("started"))
    if living and living == record.get("keeper"):  # it holds the child by a handle: its word is enough
        return Child.RUNS if pid and _procfs.start_time(pid) == started else Child.NONE
    spec = _files.read_json(folder / "spec.json")
    log = spec["log"] if isinstance(spec, dict) else ""
    return Child(_procfs.identify(pid, started, str(record.get("token")), log))


def stop(folders: Sequence[Path]) -> dict[Path, str]:
    """Wish the end of these: keepers are told, children without one get one that ends them. Returns at once; idempotent.

    The answer names the folders where that was not possible, with the reason. Needs no space on the disk.
    """
    orphans = {}
    for folder in folders:
        with contextlib.suppress(OSError):  # a full disk: the keeper is told anyway
            (folder / "stop").touch(0o600)
        if not tell(folder, signal.SIGTERM):
            orphans[folder] = Launch(None, stop=True)
    return launch(orphans)


def restart(folder: Path) -> bool:
    """Ask the keeper to end the child and to start it again; False when no keeper lives."""
    return tell(folder, signal.SIGHUP)


def tell(folder: Path, number: int) -> bool:
    """Signal the folder's keeper, and surely nobody else; False when none lives."""
    pid = keeper(folder)
    try:
        pidfd = os.pidfd_open(pid) if pid else -1
    except OSError:
        return False
    if pidfd < 0:
        return False
    try:
        if keeper(folder) != pid:  # it still holds the lock, so the handle is the keeper's
            return False
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(pidfd)
    return True
