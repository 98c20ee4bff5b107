"""The sample service that `seaway demo` ships, and the tests and measurements too. Standard library only: it runs alone.

HTTP/1.1 on 127.0.0.1:$PORT. `/` answers with its version, `/healthz` says it is ready, `/ws` echoes (WebSocket), `/events`
streams (SSE), `/upload` counts a body. SIGTERM: no new connections, what is in flight is finished, then it ends.

Knobs (environment): VERSION, GREETING, FAIL_RATE (share of the requests to `/` that get a 500), FAIL_COUNT (at most this
many), LATENCY_MS (before each answer), START_DELAY (seconds before it listens).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

_MAX_HEAD, _MAX_MESSAGE = 65_536, 1_048_576
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n")
_KEY = re.compile(rb"\r\nsec-websocket-key: *(\S+)\r\n", re.IGNORECASE)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


@dataclass(slots=True)
class Knobs:
    """What the environment asks for."""

    version: str = "v1"
    greeting: str = ""
    fail_rate: float = 0.0
    fail_count: int | None = None
    latency: float = 0.0
    start_delay: float = 0.0

    @classmethod
    def read(cls, environment: dict[str, str]) -> Knobs:
        """From environment variables. Raises ValueError for a number that is none."""
        limit = environment.get("FAIL_COUNT", "")
        return cls(
            version=environment.get("VERSION", "v1"),
            greeting=environment.get("GREETING", ""),
            fail_rate=float(environment.get("FAIL_RATE", "0")),
            fail_count=int(limit) if limit else None,
            latency=float(environment.get("LATENCY_MS", "0")) / 1000,
            start_delay=float(environment.get("START_DELAY", "0")),
        )


@dataclass(slots=True)
class Sample:
    """The service: its knobs, its counters and its open connections."""

    knobs: Knobs
    asked: int = 0
    failed: int = 0
    stopping: bool = False
    connections: set[Connection] = field(default_factory=set)
    empty: asyncio.Event = field(default_factory=asyncio.Event)

    def fails(self) -> bool:
        """Whether this request to `/` fails: evenly spread, so that of n requests exactly floor(n * rate) do."""
        before = int(self.asked * self.knobs.fail_rate + 1e-9)
        self.asked += 1
        wanted = int(self.asked * self.knobs.fail_rate + 1e-9) > before
        if wanted and (self.knobs.fail_count is None or self.failed < self.knobs.fail_count):
            self.failed += 1
            return True
        return False

    def stop(self) -> None:
        """Let every connection end as soon as what it does is done."""
        self.stopping = True
        for connection in list(self.connections):
            connection.wind_down()
        if not self.connections:
            self.empty.set()


class Connection(asyncio.Protocol):
    """One client: requests one after the other, or a WebSocket once it was upgraded."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._buffer = bytearray()
        self._busy = False
        self._body: Body | None = None
        self._echo: Echo | None = None
        self._stream: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._sample.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._sample.connections.discard(self)
        if self._stream:
            self._stream.cancel()
        if self._sample.stopping and not self._sample.connections:
            self._sample.empty.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._echo:
            self._echo.feed(self._buffer)
        elif self._body:
            self._continue_body()
        elif not self._busy:
            self._next()

    def wind_down(self) -> None:
        """No more requests after this one."""
        if self._echo:
            self._echo.leave(1001)
        elif not self._busy and not self._body and not self._buffer:
            self._transport.close()

    def _next(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_HEAD:
                self._answer(431, {"error": "head too large"}, close=True)
            return
        head = bytes(self._buffer[: end + 4])
        del self._buffer[: end + 4]
        words = head.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3:
            self._answer(400, {"error": "not HTTP/1.1"}, close=True)
            return
        self._busy = True
        lower = head.lower()
        if b"\r\ntransfer-encoding: chunked" in lower or _LENGTH.search(lower):
            length = _LENGTH.search(lower)
            self._body = Body(int(length[1]) if length else None, words[1].decode("latin-1"))
            if b"\r\nexpect: 100-continue" in lower:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._continue_body()
        else:
            self._route(words[1].decode("latin-1"), head, 0)

    def _continue_body(self) -> None:
        body = self._body
        if body is None:
            return
        try:
            done = body.feed(self._buffer)
        except ValueError:
            self._answer(400, {"error": "a body that is none"}, close=True)
            return
        if done:
            self._body = None
            self._route(body.target, b"", body.received)

    def _route(self, target: str, head: bytes, received: int) -> None:
        path, _, query = target.partition("?")
        if path == "/ws" and (key := _KEY.search(head)):
            self._upgrade(key[1])
        elif path == "/events":
            self._stream = asyncio.ensure_future(self._events(parse_qs(query)))
        else:
            status, document = self._look_up(path, received)
            if self._sample.knobs.latency and path != "/healthz":
                asyncio.get_running_loop().call_later(self._sample.knobs.latency, self._answer, status, document)
            else:
                self._answer(status, document)

    def _look_up(self, path: str, received: int) -> tuple[int, dict[str, object]]:
        version = self._sample.knobs.version
        if path == "/healthz":
            return 200, {"ready": True, "version": version}
        if path == "/upload":
            return 200, {"received": received, "version": version}
        if path != "/":
            return 404, {"error": "not here", "version": version}
        failed = self._sample.fails()
        facts = {"version": version, "greeting": self._sample.knobs.greeting, "pid": os.getpid()}
        return (500, {"error": "broken on purpose", **facts}) if failed else (200, dict(facts))

    def _answer(self, status: int, document: dict[str, object], *, close: bool = False) -> None:
        if self._transport.is_closing():
            return
        close = close or self._sample.stopping
        body = json.dumps(document).encode()
        ending = "connection: close\r\n" if close else ""
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{ending}\r\n"
        )
        self._transport.write(head.encode() + body)
        self._busy = False
        if close:
            self._transport.close()
        elif self._buffer:
            self._next()

    def _upgrade(self, key: bytes) -> None:
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
        head = f"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
        self._transport.write(head.encode())
        self._echo = Echo(self._transport.write, self._transport.close)
        self._echo.feed(self._buffer)
        if self._sample.stopping:
            self._echo.leave(1001)

    async def _events(self, query: dict[str, list[str]]) -> None:
        """`?count=` events, one every `every` milliseconds; then the stream ends by itself."""
        count, every = int(query.get("count", ["10"])[0]), int(query.get("every", ["100"])[0])
        ending = "connection: close\r\n" if self._sample.stopping else ""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n{ending}transfer-encoding: chunked\r\n\r\n"
        self._transport.write(head.encode())
        for number in range(count):
            event = f"id: {number}\ndata: {self._sample.knobs.version}\n\n".encode()
            self._transport.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            await asyncio.sleep(every / 1000)
        self._transport.write(b"0\r\n\r\n")
        self._busy, self._stream = False, None
        if self._sample.stopping:
            self._transport.close()
        elif self._buffer:
            self._next()


@dataclass(slots=True)
class Body:
    """A request's body as it comes in: `length` bytes, or chunks when None."""

    length: int | None
    target: str
    received: int = 0

    def feed(self, buffer: bytearray) -> bool:
        """Take from the buffer what belongs to the body; True once it is complete. Raises ValueError for bad chunks."""
        if self.length is None:
            return self._chunks(buffer)
        taken = min(len(buffer), self.length - self.received)
        del buffer[:taken]
        self.received += taken
        return self.received == self.length

    def _chunks(self, buffer: bytearray) -> bool:
        while (end := buffer.find(b"\r\n")) >= 0:
            size = int(bytes(buffer[:end]).partition(b";")[0], 16)
            if size < 0 or len(buffer) < end + 4 + size:
                return False
            del buffer[: end + 4 + size]
            self.received += size
            if size == 0:
                return True
        return False


class Echo:
    """The server's side of a WebSocket (RFC 6455): every message comes back as it was."""

    def __init__(self, write: Callable[[bytes], None], close: Callable[[], None]) -> None:
        self._write = write
        self._close = close
        self._message = bytearray()
        self._kind = _TEXT
        self._left = False

    def feed(self, buffer: bytearray) -> None:
        """Take the whole frames out of the buffer."""
        while frame := _frame(buffer):
            final, opcode, payload = frame
            if payload is None or len(self._message) + len(payload) > _MAX_MESSAGE:
                self._fail(1002 if payload is None else 1009)
                return
            if opcode == _CLOSE:
                self.leave(int.from_bytes(payload[:2]) if len(payload) >= 2 else 1000)
                self._close()
                return
            if opcode == _PING:
                self._send(_PONG, payload)
            elif opcode != _PONG:
                self._kind = opcode or self._kind
                self._message += payload
                if final:
                    self._send(self._kind, bytes(self._message))
                    self._message.clear()

    def leave(self, code: int) -> None:
        """Send the closing frame, once."""
        if not self._left:
            self._left = True
            self._send(_CLOSE, code.to_bytes(2))

    def _fail(self, code: int) -> None:
        self.leave(code)
        self._close()

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((0x80 | opcode, size))
        elif size < 65_536:
            head = bytes((0x80 | opcode, 126)) + size.to_bytes(2)
        else:
            head = bytes((0x80 | opcode, 127)) + size.to_bytes(8)
        self._write(head + payload)


def _frame(buffer: bytearray) -> tuple[bool, int, bytes | None] | None:
    """The first frame: final, opcode, payload (None for one that breaks the protocol); None while it is not whole."""
    if len(buffer) < 2:
        return None
    final, opcode, masked, size, at = bool(buffer[0] & 0x80), buffer[0] & 0x0F, buffer[1] & 0x80, buffer[1] & 0x7F, 2
    if buffer[0] & 0x70 or not masked or opcode not in (0, _TEXT, _BINARY, _CLOSE, _PING, _PONG):
        return final, opcode, None
    if size > 125:
        width = 2 if size == 126 else 8
        if len(buffer) < at + width:
            return None
        size, at = int.from_bytes(buffer[at : at + width]), at + width
    if size > _MAX_MESSAGE:
        return final, opcode, None
    if len(buffer) < at + 4 + size:
        return None
    mask, payload = buffer[at : at + 4], buffer[at + 4 : at + 4 + size]
    del buffer[: at + 4 + size]
    key = int.from_bytes((bytes(mask) * (size // 4 + 1))[:size])
    return final, opcode, (int.from_bytes(payload) ^ key).to_bytes(size)


async def serve(knobs: Knobs, port: int) -> None:
    """Listen on 127.0.0.1:`port` until SIGTERM or SIGINT, then finish what is in flight. Raises OSError for a taken port."""
    sample, stop, loop = Sample(knobs), asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), knobs.start_delay)
        return
    server = await loop.create_server(lambda: Connection(sample), "127.0.0.1", port, backlog=1024)
    print(f"{time.strftime('%H:%M:%S')} {knobs.version} listens on {port}", flush=True)
    await stop.wait()
    server.close()
    sample.stop()
    await sample.empty.wait()
    print(f"{time.strftime('%H:%M:%S')} {knobs.version} ends after {sample.asked} requests", flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Knobs.read(dict(os.environ)), int(os.environ["PORT"])))
