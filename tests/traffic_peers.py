"""Backends and clients for tests of routers: small, honest, and counting for themselves what they saw."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Loop:
    """An event loop in a thread of its own, so that tests read top-down."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any], seconds: float = 60) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def close(self) -> None:
        async def end() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Head(NamedTuple):
    """The head of a request, also as it came."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes


class Backend:
    """An instance of a revision. Answers with its name; paths choose what else it does.

    /slow/<s> answers late; /fail 500; /drop closes without an answer; /half breaks off; /events streams <n> lines a second
    apart; /socket upgrades to a WebSocket that echoes; /head answers with the head it got; POST bodies are counted.
    """

    def __init__(self, loop: Loop, name: str, port: int = 0) -> None:
        self.name, self.loop, self.port = name, loop, port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.seen: Counter[str] = Counter()
        self.ready, self.failing, self.open = True, False, 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.start()

    def start(self) -> None:
        self._server = self.loop.run(asyncio.start_server(self._serve, "127.0.0.1", self.port))

    def kill(self) -> None:
        """As kill -9 does: every connection is reset, nobody listens."""

        async def end() -> None:
            if self._server:
                self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

        self.loop.run(end())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._answer(reader, writer):
                pass
        self._writers.discard(writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.seen[path] += 1
        self.open += 1
        try:
            return await self._act(Head(method, path, headers, head), reader, writer)
        finally:
            self.open -= 1

    async def _act(self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        method, path, headers = head.method, head.path, head.headers
        body = 0
        if "content-length" in headers:
            body = len(await reader.readexactly(int(headers["content-length"])))
        elif headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                body += len(await reader.readexactly(size))
                await reader.readline()
            await reader.readline()
        verb, _, argument = path.lstrip("/").partition("/")
        if verb == "drop":
            return False
        if verb == "half":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
            await writer.drain()
            return False
        if verb == "events":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for number in range(int(argument)):
                line = f"data: {self.name} {number}\n\n".encode()
                writer.write(b"%x\r\n%s\r\n" % (len(line), line))
                await writer.drain()
                await asyncio.sleep(1)
            writer.write(b"0\r\n\r\n")
            return True
        if verb == "socket":
            return await self._echo(headers, reader, writer)
        if verb == "slow":
            await asyncio.sleep(float(argument))
        status = b"500 Oops" if verb == "fail" or (self.failing and verb != "ready") else b"200 OK"
        status = b"503 Not Ready" if verb == "ready" and not self.ready else status
        text = head.raw if verb == "head" else f"{self.name} {method} {body}".encode()
        writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(text), text))
        await writer.drain()
        return True

    async def _echo(self, headers, reader, writer) -> bool:
        accept = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + _GUID).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-accept: %s\r\n\r\n" % accept
        )
        while block := await reader.read(4096):  # masked frames come back as they are: enough for an echo of lengths
            writer.write(block)
            await writer.drain()
        return False


class Load:
    """Clients that keep their connection and never try again: every answer and every failure counts."""

    def __init__(self, loop: Loop, port: int, clients: int = 8, path: str = "/", pause: float = 0.002) -> None:
        self.loop, self.port, self.path, self.pause = loop, port, path, pause
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self._stop = False
        self._clients = [asyncio.run_coroutine_threadsafe(self._client(), loop.loop) for _ in range(clients)]

    async def _client(self) -> None:
        connection = Client(self.port)
        while not self._stop:
            try:
                status, headers, _ = await connection.request("GET", self.path)
                if status >= 500:
                    self.failures.append(f"{status} from {headers.get('x-seaway-revision', 'nobody')}")
                else:
                    self.answers[headers["x-seaway-revision"]] += 1
            except (OSError, EOFError) as error:
                self.failures.append(repr(error))
                await connection.close()
                await asyncio.sleep(0.01)
            await asyncio.sleep(self.pause)
        await connection.close()

    def stop(self) -> Load:
        self._stop = True
        for client in self._clients:
            client.result(20)
        return self


class Client:
    """One kept HTTP/1.1 connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""):
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        lines = {
            "Host": f"127.0.0.1:{self.port}",
            **({"Content-Length": str(len(body))} if body else {}),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(raw[0].split(" ")[1])
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in raw[1:] if line)}
        text = await reader.readexactly(int(found.get("content-length", 0)))
        if found.get("connection") == "close":
            await self.close()
        return status, found, text

    async def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


def eventually(check: Callable[[], Any], seconds: float = 60.0, step: float = 0.01) -> Any:
    """The first true answer of `check`; its last one when the time is over."""
    until = time.monotonic() + seconds
    while not (answer := check()) and time.monotonic() < until:
        time.sleep(step)
    return answer
