"""A free port for an instance, given to nobody else at the same moment. Called by the keeper before each start."""

# The keeper loads this, and pathlib would add a megabyte to every keeper:
# ruff: noqa: PTH123

from __future__ import annotations

import fcntl
import os
import socket
import time

_CLAIM = 60.0  # seconds for which a port given to one instance is given to no other
_LOW = 15000  # below the range of outgoing connections, which would otherwise take a port before its instance binds it


def choose(last: int, claims: str) -> int:
    """`last` while it is free, else a new port, claimed in the file `claims` against keepers that choose at this moment."""
    if last and free(last):
        return last
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        high = max(int(file.read().split()[0]), _LOW + 1000)
    try:
        handle = os.open(claims, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return _pick(set(), high)  # two instances may then meet at a port: one of them starts again with another
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return _claim(handle, high)
    finally:
        os.close(handle)


def free(port: int) -> bool:
    """Whether nothing listens: binding any address sees the listeners on loopback too."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("", port))
        except OSError:
            return False
        return True


def _claim(handle: int, high: int) -> int:
    now, claims = time.monotonic(), {}
    for line in os.read(handle, 1 << 16).decode("ascii", "replace").splitlines():
        port, _, at = line.partition(" ")
        if port.isdigit() and at.isdigit() and 0 <= now - int(at) < _CLAIM:
            claims[int(port)] = int(at)
    chosen = _pick(set(claims), high)
    claims[chosen] = int(now)
    lines = "".join(f"{port} {at}\n" for port, at in claims.items()).encode()
    try:
        os.ftruncate(handle, os.pwrite(handle, lines, 0))
    except OSError:
        return chosen  # a full disk costs the claim, not the port
    return chosen


def _pick(taken: set[int], high: int) -> int:
    for _ in range(200):
        port = _LOW + int.from_bytes(os.urandom(4), "big") % (high - _LOW)
        if port not in taken and free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:  # a crowded machine: let the system choose
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])
