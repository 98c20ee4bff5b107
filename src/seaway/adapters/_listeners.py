"""Who listens on a TCP port of this machine, from /proc. Called before an instance counts as ready, and by routers.

An answer on a port proves nothing about whose answer it is: between the choice of a port and its use a stranger may take it.
"""

from __future__ import annotations

from pathlib import Path

from seaway.adapters import _procfs

_LISTEN = "0A"  # the state column of /proc/net/tcp, proc(5)


def stranger(port: int, pid: int, token: str) -> str:
    """Who listens on the port without being of the instance (`pid`, or any process with the token); "" for nobody."""
    open_sockets = sockets(port) - _held_by(pid)
    if not open_sockets:
        return ""
    for other in _procfs.bearers(token):
        open_sockets -= _held_by(other)
    if not open_sockets:
        return ""
    return f"port {port} is taken by {' and '.join(sorted(_names(open_sockets))) or 'another user'}"


def sockets(port: int) -> set[str]:
    """The sockets that listen on the port on any address, by inode number."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue  # a kernel without IPv6
        for line in lines:
            columns = line.split()
            if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                found.add(columns[9])
    return found


def holders(inodes: set[str]) -> list[int]:
    """The pids of processes that hold any of these sockets, as far as this user may see."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return sorted(pid for pid in pids if inodes & _held_by(pid))


def _names(inodes: set[str]) -> set[str]:
    names = set()
    for pid in holders(inodes):
        try:
            names.add(f"pid {pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})")
        except OSError:
            continue
    return names


def _held_by(pid: int) -> set[str]:
    held = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                held.add(target[8:-1])
    except OSError:
        return held  # it ended, or belongs to another user
    return held
