"""Whose answer is it? Between the choice of a port and its use a stranger may take it, and would answer the probes.

Called before an instance counts as ready.
"""

from __future__ import annotations

from pathlib import Path

from seaway.adapters import _listeners, _procfs


def stranger(port: int, pid: int, token: str) -> str:
    """Who listens on the port without being of the instance (`pid`, or any process with the token); "" for nobody.

    Every listener counts: two sockets that share a port (SO_REUSEPORT) share its requests as well.
    """
    foreign = _not_of({pid}, _listeners.listening("127.0.0.1", port))
    foreign = _not_of(set(_procfs.bearers(token)), foreign) if foreign else foreign
    if not foreign & _listeners.listening("127.0.0.1", port):
        return ""  # looked again: a listener may have been closed while its owner was searched
    return f"port {port} is taken by {_name(foreign) or 'a process of another user'}"


def _not_of(pids: set[int], inodes: frozenset[str]) -> frozenset[str]:
    return frozenset(inode for inode in inodes if not any(_listeners.holds(pid, frozenset({inode})) for pid in pids))


def _name(inodes: frozenset[str]) -> str:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _listeners.holds(int(entry.name), inodes):
            try:
                return f"pid {entry.name} ({(entry / 'comm').read_text().strip()})"
            except OSError:
                continue
    return ""
