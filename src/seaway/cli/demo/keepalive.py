"""A client that asks one question again and again on one connection, and never asks twice for one answer. Used by `demo.load`."""

from __future__ import annotations

import asyncio
import contextlib
import time

from seaway.cli.demo.records import Outcome, Records
from seaway.cli.demo.stream import Where, revision_in, version_in


class KeepAlive(asyncio.Protocol):
    """One client that asks `/` again and again on one connection, at its own times (an open loop), or without a break."""

    def __init__(self, where: Where, records: Records, interval: float, first: float) -> None:
        self._where = where
        self._records = records
        self._ending: asyncio.Event | None = None
        self._interval = interval
        self._due = first
        self._request = f"GET {where.path} HTTP/1.1\r\nhost: {where.name}\r\n\r\n".encode()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._loop = asyncio.get_running_loop()
        self._connecting: asyncio.Task[None] | None = None
        self.began = 0.0  # of the request under way, 0.0 for none
        self._wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        if self.began:
            self._end(Outcome.CUT, revision_in(self._buffer))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[: end + 2].lower()
        at = head.find(b"\r\ncontent-length: ")
        length = int(head[at + 18 : head.find(b"\r\n", at + 18)]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        closing = b"\r\nconnection: close" in head
        if closing and self._transport:
            self._transport.close()
            self._transport = None
        self._end(
            Outcome.FAILED if head[9:10] == b"5" else Outcome.OK, revision_in(head) or version_in(self._buffer[end:])
        )

    async def finish(self, patience: float) -> None:
        """Ask nothing more; wait for the answer that is due, at most `patience` seconds, then count it as cut."""
        self._ending = asyncio.Event()
        if self.began:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), patience)
        if self.began:
            self._end(Outcome.CUT, "")
        if self._transport:
            self._transport.close()

    def _wait(self) -> None:
        delay = self._due - time.monotonic() if self._interval else 0.0
        self._due += self._interval
        if delay > 0:
            self._loop.call_later(delay, self._ask)
        else:
            self._loop.call_soon(self._ask)

    def _ask(self) -> None:
        if self._ending:
            return
        self.began, self._buffer = time.time(), b""
        if self._transport and not self._transport.is_closing():
            self._transport.write(self._request)
        else:
            self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        where = self._where
        try:
            await self._loop.create_connection(lambda: self, where.host, where.port)
        except OSError:
            await asyncio.sleep(0.01)  # nobody listens: not thousands of times a second
            self._end(Outcome.UNSEEN, "")
            return
        if self._transport:
            self._transport.write(self._request)

    def _end(self, outcome: Outcome, revision: str) -> None:
        self._records.add(outcome, revision, self.began)
        self.began = 0.0
        if self._ending:
            self._ending.set()
        else:
            self._wait()
