"""The keeper: one small process per instance, so that one death touches one instance.

Run as `python -I -S _keeper.py <folder>` by `adapters._kept`, for instances of services, for one-off jobs and for the
proxy. It needs the standard library only and imports little of it (a keeper stays below 15 MB). The folder holds
`spec.json` (what to run, no secret value), `keeper.lock` (held while this keeper lives: one keeper per folder),
`record.json` (what runs), perhaps `stop` (the wish to end) and `deadman.json` (what to do when the engine is gone).
The environment arrives on standard input and stays in memory: secrets are never on disk nor in argv.

SIGTERM: end the child (its stop signal, the grace, then SIGKILL to all of it), record it and leave. SIGHUP: end the
child and start it again. A child outlives its keeper: it writes to its log file itself, and no death signal is set.
"""

# The keeper loads this, and pathlib would add a megabyte to every keeper:
# ruff: noqa: PTH100, PTH104, PTH110, PTH116, PTH118, PTH120, PTH123

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import sys
import time
from typing import Any

if __name__ == "__main__":  # run by its path, isolated and without site-packages: say where the package is
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from seaway.adapters import _disk, _ports, _procfs

ALREADY_KEPT = 75  # exit status: another keeper holds the folder
LOST = 77  # exit status: the child ended and this keeper was never given its environment
UNIDENTIFIED = 76  # exit status: something runs in the child's place that cannot be proved to be ours

_WISHES = (signal.SIGTERM, signal.SIGHUP)
_FIRST_DELAY, _LONGEST_DELAY, _SETTLED = 0.1, 30.0, 60.0  # seconds: back-off between restarts, and when it begins anew
_CHORES = 1.0  # seconds between looks at the log's size and the dead-man file
_TAIL = 4000  # bytes of a job's output that its record repeats


class Keeper:
    """Starts or adopts one child, and stays until it is told to stop (a job: until the child ended)."""

    def __init__(self, folder: str, spec: dict[str, Any], given: dict[str, Any]) -> None:
        self.folder, self.spec = folder, spec
        self.env: dict[str, str] | None = given.get("env")
        self.hide: list[str] = [text for text in given.get("hide", []) if len(text) >= 4]
        self.boot = _procfs.boot_id()
        self.record: dict[str, Any] = _disk.load(self._path("record.json")) or {}
        self.pid = 0
        self.pidfd = -1
        self.own = False  # only the parent learns an exit code
        self.delay, self.again, self.born = _FIRST_DELAY, 0.0, 0.0
        self.stopping = bool(given.get("stop")) or os.path.exists(self._path("stop"))
        self.restarting = False
        self.seen: dict[str, tuple[int, float]] = {}
        self.wake, wake_end = os.pipe()
        for end in (self.wake, wake_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_restart)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WISHES)

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _on_stop(self, *_: object) -> None:
        self.stopping = True

    def _on_restart(self, *_: object) -> None:
        self.restarting = True

    # ------------------------------------------------------------ records

    def _save(self, state: str, **facts: Any) -> None:
        """Write what is so now. A full disk must not stop the child: then the old record is overwritten in place."""
        mine = {"state": state, "pid": self.pid, "token": self.spec["token"], "boot": self.boot, "since": self.born}
        self.record.update(mine, keeper=os.getpid(), keeper_started=_procfs.start_time(os.getpid()), **facts)
        data = json.dumps(self.record).encode()
        try:
            _disk.replace(self._path("record.json"), data, durable=bool(self.spec["job"]))
        except OSError:
            self._overwrite(data)

    def _overwrite(self, data: bytes) -> None:
        try:
            file = os.open(self._path("record.json"), os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            return  # never written: the token in the environment still identifies the child
        try:
            os.ftruncate(file, os.pwrite(file, data, 0))
        except OSError:
            return
        finally:
            os.close(file)

    # ------------------------------------------------------------ beginning

    def adopt(self) -> bool:
        """Take over the recorded child, or one that carries the token, where it runs without a keeper."""
        token, log, pid = self.spec["token"], self.spec["log"], int(self.record.get("pid") or 0)
        same_boot = self.record.get("boot") == self.boot
        found = _procfs.identify(pid, str(self.record.get("started")), token, log) if same_boot else "none"
        if found != "runs":
            leaders = [each for each in _procfs.bearers(token) if _procfs.stat_fields(each)[3:4] == [str(each)]]
            if not leaders and found == "stranger":
                raise SystemExit(UNIDENTIFIED)
            if not leaders:
                return False
            pid = leaders[0]
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            return False
        started = _procfs.start_time(pid)
        if started is None or not _procfs.carries(pid, token, log):
            os.close(pidfd)
            return False
        self.pid, self.pidfd, self.own, self.born = (
            pid,
            pidfd,
            False,
            float(self.record.get("since") or time.monotonic()),
        )
        self._save("running", started=started)
        return True

    def first(self) -> None:
        """Start where nothing of ours runs. A job that was ever started is over; counts of an earlier boot mean nothing."""
        if self.spec["job"] and self.record:
            self.record.setdefault("exit", None)
            self._save("ended", detail=self.record.get("detail") or _words(None))
            raise SystemExit(0)
        _procfs.sweep(self.spec["token"])
        if self.record.get("boot") != self.boot:
            port = self.record.get("port", 0)
            self.record = {"restarts": 0, "exits": [], "first": time.monotonic(), "port": port}
        else:
            self.record["restarts"] = self.record.get("restarts", 0) + 1
        self.start()

    def start(self) -> None:
        """Start the child: it waits at a gate until its pid and start time are recorded, so none ever runs unrecorded."""
        if self.env is None:
            self._save("lost", detail="its environment is not known to this keeper")
            raise SystemExit(LOST)
        port = _ports.choose(int(self.record.get("port") or 0), self.spec["ports"]) if self.spec["ports"] else 0
        environment = {**self.env, "PORT": str(port)} if port else dict(self.env)
        (gate, opener), (told, teller) = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become(gate, opener, teller, environment, port)
        os.close(gate)
        os.close(teller)
        self.pid, self.pidfd, self.own, self.born = pid, os.pidfd_open(pid), True, time.monotonic()
        self._save("running", started=_procfs.start_time(pid), port=port, detail="", error="")
        os.write(opener, b"g")
        os.close(opener)
        words = os.read(told, 1000).decode("utf-8", "replace")  # nothing but the end once the program runs
        os.close(told)
        if words:
            self.record["error"] = words

    def _become(self, gate: int, opener: int, teller: int, environment: dict[str, str], port: int) -> None:
        """In the forked child: become the program. Never returns."""
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.close(opener)
            os.setsid()
            log = _disk.open_log(self.spec["log"])
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            if os.read(gate, 1) != b"g":
                os._exit(0)  # the keeper died before it could record this child
            argv = [word.replace("${PORT}", str(port)).replace("$PORT", str(port)) for word in self.spec["argv"]]
            os.write(teller, _exec(argv, self.spec["cwd"], environment).encode())
        except (OSError, ValueError) as error:
            os.write(teller, f"program cannot be started: {error}".encode())
        finally:
            os._exit(127)

    # ------------------------------------------------------------ keeping

    def keep(self) -> None:
        """Until told to stop: start again what ended, rotate the log, watch the dead-man file."""
        while True:
            now = time.monotonic()
            self._wait(_CHORES if self.pid else min(_CHORES, self.again - now))
            if self.stopping:
                self._end_child()
                _procfs.sweep(self.spec["token"])
                self._save("stopped", ended=time.time())
                return
            if self.pid and (self.restarting or self._ended(0)):
                asked, self.restarting = self.restarting, False
                self._end_child()
                if self.spec["job"]:
                    return
                self._plan_restart(asked=asked)
            if not self.pid and (self.restarting or time.monotonic() >= self.again):
                self.restarting = False
                self.record["restarts"] = self.record.get("restarts", 0) + 1
                self.start()
            self._chores()

    def _wait(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        if self.pidfd >= 0:
            poll.register(self.pidfd, select.POLLIN)
        if not self.stopping and not self.restarting:
            poll.poll(max(0, seconds) * 1000)
        try:
            os.read(self.wake, 100)
        except BlockingIOError:
            return

    def _ended(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _end_child(self) -> None:
        """Ask, wait, kill: afterwards nothing of the child runs, and what is known of its end is recorded."""
        if not self.pid:
            return
        killed = ""
        if not self._ended(0):
            self._save("stopping" if self.stopping else "restarting")
            self._signal(self.spec["stop_signal"])
            if not self._await_end(self.spec["grace"]):
                killed = f"killed after {self.spec['grace']:g} s of grace"
                self._signal(signal.SIGKILL)
                self._ended(10)
        code = self._reap()
        _procfs.sweep(self.spec["token"])
        lived, self.pid = time.monotonic() - self.born, 0
        os.close(self.pidfd)
        self.pidfd = -1
        exits = [*self.record.get("exits", []), time.monotonic()][-10:]
        detail = self.record.pop("error", "") or self.record.pop("timed_out", "") or killed or _words(code)
        self.delay = _FIRST_DELAY if lived >= _SETTLED else self.delay
        tail = self._tail() if self.spec["job"] else ""
        missing = detail if code == 127 and "not found" in detail else ""
        self._save("ended", exit=code, detail=detail, exits=exits, tail=tail, error=missing, ended=time.time())

    def _await_end(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._ended(max(0.0, min(_CHORES, until - time.monotonic()))):
            if time.monotonic() >= until:
                return False
            self._chores()
        return True

    def _signal(self, number: int) -> None:
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except ProcessLookupError:
            return

    def _reap(self) -> int | None:
        """The exit code (negative: the signal), None for an adopted child. Its group dies while its pid is still taken."""
        if not self.own:
            return None
        os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _plan_restart(self, *, asked: bool) -> None:
        self.again = time.monotonic() + (0.0 if asked else self.delay)
        self.delay = self.delay if asked else min(self.delay * 2, _LONGEST_DELAY)

    def _tail(self) -> str:
        """The last output of a job, without the values of its secrets."""
        try:
            with open(self.spec["log"], "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            text = ""
        for secret in self.hide:
            text = text.replace(secret, "***")
        return text

    # ------------------------------------------------------------ chores

    def _chores(self) -> None:
        _disk.rotate(self.spec["log"], self.spec["log_bytes"], self.spec["log_files"])
        limit = self.spec["timeout"]
        if limit and self.pid and time.monotonic() - self.born > limit and "timed_out" not in self.record:
            self.record["timed_out"] = f"stopped: it took longer than {limit:g} s"
            self.restarting = True
        for wish in _disk.load(self._path("deadman.json")) or ():
            self._dead_man(wish)

    def _dead_man(self, wish: dict[str, Any]) -> None:
        """Rename `from` to `to` once `file` was not touched for `seconds`, measured by a clock that never jumps."""
        try:
            touched = os.stat(wish["file"]).st_mtime_ns
        except OSError:
            return
        now = time.monotonic()
        before, since = self.seen.setdefault(wish["file"], (touched, now))
        if before != touched:
            self.seen[wish["file"]] = (touched, now)
        elif now - since >= wish["seconds"] and os.path.exists(wish["from"]):
            os.rename(wish["from"], wish["to"])
            _disk.sync_folder(os.path.dirname(wish["to"]))


def _exec(argv: list[str], cwd: str, environment: dict[str, str]) -> str:
    """Become the program; returns only to say why not."""
    try:
        os.chdir(cwd)
    except OSError as error:
        return f"directory not found: {cwd} ({error.strerror})"
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - an argv list, never a shell
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return f"program not found: {argv[0]}"
        return f"program cannot be started: {argv[0]} ({error.strerror})"


def _words(code: int | None) -> str:
    if code is None:
        return "ended; its exit code is not known, because its first keeper died before it"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"exited with code {code}"


def main(folder: str) -> int:
    """Read the environment, let go of the caller, lock the folder, and keep. The caller waits for one byte: all is on."""
    given = json.loads(sys.stdin.buffer.read())
    heard, teller = os.pipe()
    if os.fork():
        os.close(teller)
        answer = os.read(heard, 1)
        os._exit(answer[0] if answer else 1)
    os.close(heard)
    os.setsid()
    for number in (0, 1):
        os.dup2(os.open(os.devnull, os.O_RDWR), number)
    status = -1
    signal.pthread_sigmask(signal.SIG_BLOCK, _WISHES)  # a wish that comes with the lock waits until it can be heard
    lock = os.open(os.path.join(folder, "keeper.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        keeper = Keeper(folder, _disk.load(os.path.join(folder, "spec.json")), given)
        if not keeper.adopt() and not keeper.stopping:
            keeper.first()
    except BlockingIOError:
        status = ALREADY_KEPT
    except SystemExit as left:
        status = int(left.code or 0)
    if status >= 0:
        os.close(lock)  # before anybody is told: who asks next must not take this one for a keeper that stays
    os.write(teller, bytes([max(status, 0)]))
    os.close(teller)
    if status < 0:
        keeper.keep()
    return max(status, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
