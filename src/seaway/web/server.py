"""Puts the application together. `app.serving` names `create` to uvicorn as an import string, so nothing below imports `web`."""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from seaway.app import serving
from seaway.errors import SeawayError
from seaway.web import api, problem, stream
from seaway.web.access import Access
from seaway.web.idempotency import Answers
from seaway.web.identity import Authority, LocalOwner

if TYPE_CHECKING:
    from seaway.app.control_plane import ControlPlane


def application(
    plane: ControlPlane,
    authority: Authority,
    answers: Path,
    *,
    stop: Callable[[], None],
    started: Callable[[], None] = lambda: None,
    heartbeat: float = stream.HEARTBEAT,
) -> Starlette:
    """The API over a control plane that runs; it is stopped with the server. `started` is called when requests can be answered,
    `stop` when somebody asks for shutdown.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, stream.Pulse]]:
        app.state.answers = Answers(answers)
        app.state.pulse = stream.Pulse(plane)
        started()
        try:
            yield {"pulse": app.state.pulse}
        finally:
            await app.state.pulse.close()
            app.state.answers.close()
            await to_thread.run_sync(plane.stop)

    app = Starlette(
        routes=[*api.routes(), stream.route()],
        middleware=[Middleware(Access, authority=authority)],
        exception_handlers={
            SeawayError: problem.of_seaway,
            HTTPException: problem.of_http,
            Exception: problem.of_surprise,
        },
        lifespan=lifespan,
    )
    app.state.plane = plane
    app.state.stop = stop
    app.state.heartbeat = heartbeat
    app.state.stamp = uuid.uuid4().hex
    return app


def create() -> Starlette:
    """Uvicorn's factory: what to serve stands in the environment, where `app.serving` has put it."""
    settings = serving.settings()
    serving.follow_parent(settings)
    plane = serving.plane(settings)
    _start(plane)
    return application(
        plane,
        LocalOwner(serving.token(settings), serving.owner()),
        settings.answers,
        stop=lambda: os.kill(os.getpid(), signal.SIGTERM),
        started=lambda: serving.publish(settings),
    )


def _start(plane: ControlPlane) -> None:
    """Start before the server does, so that a refusal ends the command with its own words; not in the event loop's thread."""
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(plane.start).result()
        except TypeError as error:  # uvicorn takes it for a factory that wants arguments
            raise RuntimeError("the engine did not start") from error
