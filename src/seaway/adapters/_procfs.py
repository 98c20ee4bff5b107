"""Which process is which, as Linux tells it: a process is known by its pid, its start time and a token it carries.

Called by the keeper (so: standard library only, few imports) and, through `adapters._files`, by every adapter that must
not signal a stranger.
"""

# The keeper loads this, and pathlib would add a megabyte to every keeper:
# ruff: noqa: PTH115, PTH123, PTH208

from __future__ import annotations

import os
import signal
import time


def boot_id() -> str:
    """The identity of this boot: a record of another one describes no living process."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on (state first), [] when there is no such process (proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return []


def start_time(pid: int) -> str | None:
    """When the process started, in clock ticks since boot; None when it is gone or is ending (it has no memory any more)."""
    fields = stat_fields(pid)
    return fields[19] if len(fields) > 20 and fields[0] not in "ZX" and fields[20] != "0" else None


def carries(pid: int, token: str, log: str = "") -> bool:
    """Whether the process has the token in its environment, or, where it overwrote that, still writes to `log`.

    A process whose environment may not be read (it changed its user) is not contradicted: pid and start time decide.
    """
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except PermissionError:
        return True
    except OSError:
        return False
    tokens = [entry[13:] for entry in entries if entry.startswith(b"SEAWAY_TOKEN=")]
    return token.encode() in tokens if tokens else bool(log) and _writes_to(pid, log)


def _writes_to(pid: int, log: str) -> bool:
    for number in (1, 2):
        try:
            if os.readlink(f"/proc/{pid}/fd/{number}") == os.path.realpath(log):
                return True
        except OSError:
            continue
    return False


def alive(pid: int, started: str, token: str, log: str = "") -> bool:
    """Whether exactly this process still runs: same pid, same start time, and it carries the token."""
    return pid > 0 and start_time(pid) == started and carries(pid, token, log)


def identify(pid: int, started: str, token: str, log: str = "") -> str:
    """`none`: that process is gone. `runs`: it is ours. `stranger`: it is there, but nothing proves that it is ours."""
    for _ in range(5):  # while a program begins, its environment cannot be read for a moment
        if pid <= 0 or start_time(pid) != started:
            return "none"
        if carries(pid, token, log):
            return "runs"
        time.sleep(0.005)
    return "stranger"


def bearers(token: str) -> list[int]:
    """All living processes with the token in their environment, oldest first; never the caller."""
    wanted, found = b"SEAWAY_TOKEN=" + token.encode(), []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if wanted not in file.read().split(b"\0"):
                    continue
        except OSError:
            continue
        started = start_time(int(name))
        if started is not None:
            found.append((int(started), int(name)))
    return [pid for _, pid in sorted(found)]


def sweep(token: str) -> None:
    """Kill everything that still carries the token, however it detached itself."""
    for _ in range(5):  # a process may fork between the look and the kill
        found = bearers(token)
        for pid in found:
            try:
                pidfd = os.pidfd_open(pid)
            except OSError:
                continue
            if carries(pid, token):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.close(pidfd)
        if not found:
            return
        time.sleep(0.01)
