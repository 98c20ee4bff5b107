"""Refuses connections of other users before a byte is read. Named to uvicorn by `app.serving` as its protocol class.

The socket's folder keeps others out already; this holds when a folder's mode was changed by mistake.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


def uid(connection: Any) -> int | None:
    """The user at the other end of a unix socket; None for other kinds of sockets."""
    if connection.family != socket.AF_UNIX:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])


def welcome(user: int | None) -> bool:
    """Our own user, root, and TCP clients (who have their token only)."""
    return user in (None, 0, os.getuid())


class PeerProtocol(H11Protocol):
    """HTTP/1.1 for connections whose other end is the owner."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and not welcome(uid(connection)):
            transport.abort()

    def shutdown(self) -> None:
        """The server stops: event streams end by themselves, so that nothing has to be cut."""
        pulse = self.app_state.get("pulse")
        if pulse is not None:
            pulse.end()
        super().shutdown()
