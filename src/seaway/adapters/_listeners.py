"""Who listens on an address, as Linux tells it. Called by routers before they bind, and to take a port over."""

from __future__ import annotations

import ipaddress
import os
import pwd
import signal
import socket
from contextlib import suppress
from pathlib import Path

from seaway import errors
from seaway.adapters import _files
from seaway.model.routing import PortOwner

_LISTEN = "0A"


def listening(host: str, port: int) -> frozenset[str]:
    """Inodes of listening sockets that keep others from binding host:port; empty when it is free."""
    wanted = _address(host)
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            address, _, hexadecimal = fields[1].partition(":")
            if fields[3] == _LISTEN and int(hexadecimal, 16) == port and _meets(_unpack(address), wanted):
                found.add(fields[9])
    return frozenset(found)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return ipaddress.ip_address(socket.gethostbyname(host))


def _unpack(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The kernel prints addresses as words in host order (little-endian on the platforms that Seaway supports)."""
    raw = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    address = ipaddress.ip_address(raw)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _meets(
    theirs: ipaddress.IPv4Address | ipaddress.IPv6Address, ours: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> bool:
    if theirs.version != ours.version:
        return theirs.is_unspecified if theirs.version == 6 else ours.is_unspecified
    return theirs == ours or theirs.is_unspecified or ours.is_unspecified


def holds(pid: int, inodes: frozenset[str]) -> bool:
    """Whether the process has one of these sockets open; False where that may not be known."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    try:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # it was closed meanwhile
                if str(handle.readlink()) in wanted:
                    return True
    except OSError:
        return False
    return False


def owner(host: str, port: int, *, ours: int) -> PortOwner | None:
    """Who else listens there; None when it is free or process `ours` does. pid 0: another user's, whose name is not known."""
    inodes = listening(host, port)
    if not inodes or (ours and holds(ours, inodes)):
        return None
    processes = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    pids = sorted(each for each in processes if holds(each, inodes))
    parents = [pid for pid in pids if _parent(pid) not in pids]  # a server that forked: the one that began it
    pid = (parents or pids or [0])[0]
    if not pid:
        return None if not listening(host, port) else PortOwner(0, "", "a process of another user", "")
    return PortOwner(pid, _files.start_time(pid) or "", _command(pid), _user(pid))


def _parent(pid: int) -> int:
    try:
        return int(
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        )
    except OSError:
        return 0


def _command(pid: int) -> str:
    """The command line, cut to 200 characters, without control characters."""
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ").strip()
    except OSError:
        return ""
    return "".join(letter for letter in text if letter.isprintable())[:200]


def _user(pid: int) -> str:
    try:
        number = Path(f"/proc/{pid}").stat().st_uid
        return pwd.getpwuid(number).pw_name
    except (OSError, KeyError):
        return ""


def ask_to_end(found: PortOwner) -> int:
    """SIGTERM to exactly this process; returns a handle (pidfd) to it. Raises Conflict when it is no longer the same one."""
    try:
        handle = os.pidfd_open(found.pid)
    except OSError:
        handle = -1
    if handle < 0 or _files.start_time(found.pid) != found.started:
        if handle >= 0:
            os.close(handle)
        message = f"process {found.pid} ({found.command}) is no longer the one that listened when the plan was made"
        raise errors.Conflict(message, hint="make a new plan: `seaway plan`")
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
    except PermissionError as error:
        os.close(handle)
        message = (
            f"process {found.pid} ({found.command}) belongs to {found.user or 'another user'} and cannot be stopped"
        )
        raise errors.Refused(message, hint=f"stop it as {found.user or 'that user'}, then deploy again") from error
    except ProcessLookupError:
        pass
    return handle
