"""One connection of a client of the slow kinds: HTTP/1.1 by hand, and the client's side of a WebSocket. Used by `demo.load`."""

from __future__ import annotations

import asyncio
import base64
import os
from dataclasses import dataclass

from seaway.cli.demo.records import Outcome

_REVISION = b"\r\nx-seaway-revision: "
_VERSION = b'"version": "'
_READ_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Where:
    """Where the clients go: an address, the Host header they send, the path of the plain requests."""

    host: str = "127.0.0.1"
    port: int = 8080
    name: str = "localhost"
    path: str = "/"


class Stream:
    """A connection of the slow kinds."""

    def __init__(self, where: Where, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._where = where
        self._reader = reader
        self._writer = writer
        self.revision = ""

    @classmethod
    async def connect(cls, where: Where) -> Stream:
        """Raises OSError when nobody listens."""
        return cls(where, *await asyncio.open_connection(where.host, where.port, limit=_READ_LIMIT))

    def close(self) -> None:
        self._writer.close()

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def ask(self, method: str, path: str, headers: str) -> None:
        await self.send(f"{method} {path} HTTP/1.1\r\nhost: {self._where.name}\r\n{headers}\r\n".encode())

    async def head(self) -> tuple[int, bytes]:
        """Status and head in lower case. Raises EOFError."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        self.revision = revision_in(head)
        return int(head[9:12]), head

    async def answer(self) -> tuple[int, bytes]:
        """Status and the whole body. Raises EOFError for an answer that was cut."""
        status, head = await self.head()
        if b"\r\ntransfer-encoding: chunked" not in head:
            at = head.find(b"\r\ncontent-length: ") + 18
            return status, await self._reader.readexactly(int(head[at : head.find(b"\r\n", at)]))
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return status, body

    async def upgrade(self) -> bool:
        """Become a WebSocket; False when the server does not."""
        key = base64.b64encode(os.urandom(16)).decode()
        await self.ask(
            "GET",
            "/ws",
            f"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n",
        )
        status, _ = await self.head()
        return status == 101

    async def say(self, first: int, payload: bytes) -> None:
        """A masked frame of at most 125 bytes."""
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        await self.send(bytes((first, 0x80 | len(payload))) + mask + masked)

    async def hear(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame (of at most 125 bytes). Raises EOFError."""
        first, size = await self._reader.readexactly(2)
        return first & 0x0F, await self._reader.readexactly(size)

    async def part(self) -> Outcome:
        """Close as RFC 6455 says: the server answers and ends the connection first."""
        await self.say(0x88, (1000).to_bytes(2))
        opcode, _ = await self.hear()
        await self._reader.read()
        return Outcome.OK if opcode == 8 else Outcome.CUT


def revision_in(head: bytes) -> str:
    """What a router of Seaway says answered, "" for any other server."""
    at = head.find(_REVISION)
    return head[at + len(_REVISION) : head.find(b"\r\n", at + 2)].decode("latin-1") if at >= 0 else ""


def version_in(body: bytes) -> str:
    """What the sample service itself says it is, "" for any other."""
    at = body.find(_VERSION)
    return body[at + len(_VERSION) : body.find(b'"', at + len(_VERSION))].decode("latin-1") if at >= 0 else ""
