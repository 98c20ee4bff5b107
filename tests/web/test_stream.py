"""The event stream: everything once, in order, from where the reader was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from seaway.web.identity import LocalOwner
from seaway.web.server import application
from surface_plane import FakePlane

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/api/v1/events",
    "raw_path": b"/api/v1/events",
    "query_string": b"",
    "root_path": "",
    "server": None,
    "client": None,
}


class Listener:
    """One reader of the stream, without a network."""

    def __init__(self, app: Any, query: str = "", last: str = "") -> None:
        self.text = ""
        self.status = 0
        self.gone = asyncio.Event()
        headers = [(b"authorization", b"Bearer t"), *([(b"last-event-id", last.encode())] if last else [])]
        scope = {**SCOPE, "headers": headers, "query_string": query.encode()}
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self.gone.is_set():
            self.gone.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.text += message.get("body", b"").decode()

    def ids(self) -> list[int]:
        return [int(line.removeprefix("id: ")) for line in self.text.splitlines() if line.startswith("id: ")]

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 - any condition, not only one that can be told
                await asyncio.sleep(0.005)


async def listening(plane: FakePlane, tmp_path: Path, story: Any, **parts: Any) -> None:
    authority = LocalOwner("t", "mona")
    parts = {"stop": lambda: None, "heartbeat": 5.0, **parts}
    app = application(plane, authority, tmp_path / "answers.sqlite", **parts)  # type: ignore[arg-type]
    async with app.router.lifespan_context(app):
        await story(app)


def test_what_exists_comes_first_then_what_happens(tmp_path: Path) -> None:
    plane = FakePlane()
    plane.emit("one")
    plane.emit("two")

    async def story(app: Any) -> None:
        listener = Listener(app)
        await listener.until(lambda: listener.ids() == [1, 2])
        plane.emit("three")
        await listener.until(lambda: listener.ids() == [1, 2, 3])
        assert "event: dev.three\ndata: {" in listener.text
        listener.task.cancel()

    asyncio.run(listening(plane, tmp_path, story))


@pytest.mark.parametrize(("query", "last"), [("", "2"), ("after=2", "")])
def test_a_reader_resumes_behind_what_it_saw(tmp_path: Path, query: str, last: str) -> None:
    plane = FakePlane()
    for _ in range(4):
        plane.emit()

    async def story(app: Any) -> None:
        listener = Listener(app, query, last)
        await listener.until(lambda: listener.ids() == [3, 4])
        listener.task.cancel()

    asyncio.run(listening(plane, tmp_path, story))


def test_a_reader_of_one_rollout_hears_nothing_of_others(tmp_path: Path) -> None:
    plane = FakePlane()
    plane.emit(rollout="ro-1")
    plane.emit(rollout="ro-2")

    async def story(app: Any) -> None:
        listener = Listener(app, "rollout=ro-2")
        await listener.until(lambda: listener.ids() == [2])
        plane.emit(rollout="ro-1")
        plane.emit(rollout="ro-2")
        await listener.until(lambda: listener.ids() == [2, 4])
        listener.task.cancel()

    asyncio.run(listening(plane, tmp_path, story))


def test_more_events_than_a_batch_arrive_without_waiting(tmp_path: Path) -> None:
    plane = FakePlane()
    for _ in range(1203):
        plane.emit()

    async def story(app: Any) -> None:
        listener = Listener(app)
        await listener.until(lambda: len(listener.ids()) == 1203)
        assert listener.ids() == sorted(set(listener.ids()))
        listener.task.cancel()

    asyncio.run(listening(plane, tmp_path, story))


def test_a_silent_stream_says_that_it_lives(tmp_path: Path) -> None:
    async def story(app: Any) -> None:
        listener = Listener(app)
        await listener.until(lambda: listener.text.count(": still here") >= 2)
        listener.task.cancel()

    asyncio.run(listening(FakePlane(), tmp_path, story, heartbeat=0.05))


def test_events_of_other_rollouts_do_not_make_a_reader_look_without_pause(tmp_path: Path) -> None:
    plane = FakePlane()
    looks: list[int] = []
    events = plane.events

    def counted(*words: Any) -> Any:
        looks.append(1)
        return events(*words)

    plane.events = counted  # type: ignore[method-assign]
    plane.emit(rollout="ro-1")

    async def story(app: Any) -> None:
        listener = Listener(app, "rollout=ro-2")
        await asyncio.sleep(0.3)
        assert len(looks) <= 3
        listener.task.cancel()

    asyncio.run(listening(plane, tmp_path, story))


def test_the_end_of_the_server_ends_the_stream(tmp_path: Path) -> None:
    listeners: list[Listener] = []

    async def story(app: Any) -> None:
        listeners.append(Listener(app))
        await listeners[0].until(lambda: listeners[0].text)

    async def whole() -> None:
        await listening(FakePlane(), tmp_path, story)
        await asyncio.wait_for(listeners[0].task, 60)

    asyncio.run(whole())


@pytest.mark.parametrize("last", ["-1", "x", "1.5", "9" * 30, "²"])
def test_a_place_that_is_no_number_is_refused(tmp_path: Path, last: str) -> None:
    async def story(app: Any) -> None:
        listener = Listener(app, last=last)
        await listener.task
        assert listener.status == 400

    asyncio.run(listening(FakePlane(), tmp_path, story))
