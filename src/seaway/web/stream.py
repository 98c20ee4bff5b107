"""The event stream: server-sent events that a client can resume where it was. Mounted by `web.server`.

One task per process looks for new events while somebody listens; listeners read the ledger from their own place on, so a slow one holds nobody up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from seaway.errors import UsageError
from seaway.web import access
from seaway.web.api import plane
from seaway.web.identity import Identity, Role

if TYPE_CHECKING:
    from seaway.app.control_plane import ControlPlane

LOOK = 0.04  # seconds between looks for new events
HEARTBEAT = 10.0  # seconds after which a silent stream says that it lives
_BATCH = 500


class Pulse:
    """Knows the newest sequence number and wakes whoever waits for a newer one. Lives in the server's event loop."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.newest = 0  # sequence number that was seen last, 0 before the first look
        self.closed = False  # the server stops: streams end instead of holding it up
        self._listeners = 0
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def newer(self, than: int, seconds: float) -> bool:
        """True as soon as an event after `than` exists; False after `seconds` without one, or at the end."""
        self._listeners += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds):
                while self.newest <= than and not self.closed:
                    await self._moved.wait()
        except TimeoutError:
            return False
        else:
            return not self.closed
        finally:
            self._listeners -= 1

    def end(self) -> None:
        """Wake every stream for the last time. Called by each connection when the server begins to stop."""
        self.closed = True
        self._wake()

    async def close(self) -> None:
        """End every stream and the task."""
        self.end()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _look(self) -> None:
        idle = 0
        while idle < 25 and not self.closed:  # a second without listeners
            newest = await to_thread.run_sync(self._plane.newest)
            if newest != self.newest:
                self.newest = newest
                self._wake()
            idle = 0 if self._listeners else idle + 1
            await asyncio.sleep(LOOK)


async def events(request: Request) -> StreamingResponse:
    """All events, or those of one rollout, from `Last-Event-ID` (or ?after=) on: first those that exist, then as they come."""
    asking = (
        access.require(request, Role.VIEWER) if not request.query_params.get("rollout") else access.identity(request)
    )
    rollout = request.query_params.get("rollout", "")
    if rollout:
        document = await to_thread.run_sync(plane(request).document, rollout)
        access.require(request, Role.VIEWER, document["environment"])
    after = _after(request.headers.get("last-event-id") or request.query_params.get("after") or "0")
    return StreamingResponse(
        _lines(request, rollout, after, asking),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def route() -> Route:
    """The stream's path."""
    return Route("/api/v1/events", events, methods=["GET"])


def _after(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise UsageError("Last-Event-ID is the number of the last event that was seen")
    return int(text)


async def _lines(request: Request, rollout: str, after: int, asking: Identity) -> AsyncIterator[str]:
    pulse: Pulse = request.app.state.pulse
    heartbeat: float = request.app.state.heartbeat
    yield f": {asking.name} listens after {after}\n\n"
    while not pulse.closed:
        newest = pulse.newest  # taken before the look: what comes in between is seen by the next one
        batch = await to_thread.run_sync(plane(request).events, after, rollout, _BATCH)
        for sequence, event in batch:
            after = sequence
            yield render(sequence, event)
        if len(batch) < _BATCH and not await pulse.newer(newest, heartbeat):
            yield ": still here\n\n"


def render(sequence: int, event: dict[str, Any]) -> str:
    """One event of the stream; JSON has no line breaks, so one data line holds it."""
    return f"id: {sequence}\nevent: {event['context']['type']}\ndata: {json.dumps(event, separators=(',', ':'))}\n\n"
