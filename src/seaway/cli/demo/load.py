"""Load from clients that never retry: keep-alive, WebSocket, slow POST and SSE. Used by the demo, the journeys and the measurements.

Each exchange is recorded on its own, as the client saw it: what became of it, which revision answered, when it began and
ended. Standard library only; `python -m seaway.cli.demo.load HOST:PORT` is one process of load and prints its totals.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from seaway.cli.demo.keepalive import KeepAlive
from seaway.cli.demo.records import Outcome, Records
from seaway.cli.demo.stream import Stream, Where


@dataclass(frozen=True, slots=True)
class Mix:
    """How many clients of each kind. `rate`: plain requests per second over all keep-alive clients, 0 = as fast as they can.

    `websocket` clients talk for `session` seconds, close, and come again; `idle` ones connect and only listen until the
    end. `post` clients send their body over `session` seconds; `sse` clients read a stream of that length.
    """

    keepalive: int = 4
    rate: float = 200.0
    websocket: int = 0
    idle: int = 0
    post: int = 0
    sse: int = 0
    session: float = 1.0


class Clients:
    """All the clients of one process on one event loop. `start`, then `stop`: what is in flight is waited for."""

    def __init__(self, where: Where, mix: Mix) -> None:
        self.where = where
        self.mix = mix
        self.records = Records()
        self.stopping = False
        self._plain: list[KeepAlive] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin on the running event loop."""
        mix = self.mix
        interval = mix.keepalive / mix.rate if mix.rate else 0.0
        now = time.monotonic()
        for number in range(mix.keepalive):
            first = now + interval * number / mix.keepalive
            self._plain.append(KeepAlive(self.where, self.records, interval, first))
        plans: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (mix.websocket, self._websocket), (mix.idle, self._idle), (mix.post, self._post), (mix.sse, self._sse)
        ]  # fmt: skip
        for count, client in plans:
            self._tasks += [asyncio.ensure_future(client()) for _ in range(count)]

    async def stop(self, patience: float = 15.0) -> None:
        """Ask for nothing more; wait for what is under way, at most `patience` seconds, then count it as cut."""
        self.stopping = True
        await asyncio.gather(*(client.finish(patience) for client in self._plain))
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()

    async def _again(self, exchange: Callable[[Stream], Awaitable[Outcome]]) -> None:
        """One client of a slow kind: exchange after exchange, each on a connection of its own."""
        while not self.stopping:
            began, revision, outcome = time.time(), "", Outcome.UNSEEN
            try:
                stream = await Stream.connect(self.where)
            except OSError:
                self.records.add(outcome, revision, began)
                await asyncio.sleep(0.02)
                continue
            try:
                outcome = Outcome.CUT
                outcome = await exchange(stream)
            except (OSError, EOFError, ValueError, asyncio.CancelledError):
                await asyncio.sleep(0)
            finally:
                self.records.add(outcome, stream.revision, began)
                stream.close()

    async def _websocket(self) -> None:
        async def talk(stream: Stream) -> Outcome:
            if not await stream.upgrade():
                return Outcome.FAILED
            until = time.monotonic() + self.mix.session
            while time.monotonic() < until and not self.stopping:
                payload = os.urandom(32)
                await stream.say(0x82, payload)
                if await stream.hear() != (2, payload):
                    return Outcome.CUT
                await asyncio.sleep(0.02)
            return await stream.part()

        await self._again(talk)

    async def _idle(self) -> None:
        async def listen(stream: Stream) -> Outcome:
            if not await stream.upgrade():
                return Outcome.FAILED
            ended = asyncio.ensure_future(stream.hear())
            while not self.stopping and not ended.done():
                await asyncio.wait([ended], timeout=0.05)
            if ended.done():
                return Outcome.CUT
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ended
            return await stream.part()

        await self._again(listen)

    async def _post(self) -> None:
        async def upload(stream: Stream) -> Outcome:
            pieces = max(2, int(self.mix.session / 0.1))
            await stream.ask("POST", "/upload", f"content-length: {pieces * 100}\r\n")
            for _ in range(pieces):
                await stream.send(b"x" * 100)
                await asyncio.sleep(self.mix.session / pieces)
            status, body = await stream.answer()
            whole = status < 500 and json.loads(body).get("received") == pieces * 100
            return Outcome.OK if whole else Outcome.FAILED

        await self._again(upload)

    async def _sse(self) -> None:
        async def read(stream: Stream) -> Outcome:
            count = max(1, int(self.mix.session / 0.05))
            await stream.ask("GET", f"/events?count={count}&every=50", "")
            status, body = await stream.answer()
            return Outcome.OK if status < 500 and body.count(b"data:") == count else Outcome.FAILED

        await self._again(read)


class Load:
    """Clients on a thread of their own, so that blocking code can start, look at and stop them."""

    def __init__(self, where: Where, mix: Mix) -> None:
        self._clients = Clients(where, mix)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="load", daemon=True)

    @property
    def records(self) -> Records:
        """What happened so far."""
        return self._clients.records

    def start(self) -> Load:
        """Begin; returns itself."""
        self._thread.start()
        return self

    def stop(self) -> Records:
        """End and wait for what is in flight; all the records. A second call only returns them."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        return self.records

    def _main(self) -> None:
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        self._clients.start()
        await self._stop.wait()
        await self._clients.stop()


def _main() -> None:
    parser = argparse.ArgumentParser(description="Load from clients that never retry; prints totals as JSON.")
    parser.add_argument("address", help="host:port")
    for name, default in (("keepalive", 8), ("websocket", 0), ("idle", 0), ("post", 0), ("sse", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rate", type=float, default=0.0, help="requests per second; 0: as fast as they can")
    parser.add_argument("--session", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=2.0)
    options: dict[str, Any] = vars(parser.parse_args())
    host, _, port = options.pop("address").rpartition(":")
    seconds = options.pop("seconds")
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    load = Load(Where(host, int(port)), Mix(**options)).start()
    told.wait(seconds)
    records = load.stop()
    print(json.dumps({"totals": records.totals(), "seconds": seconds}))


if __name__ == "__main__":
    _main()
