"""The routes of `/api/v1`. Each handler reads its words, asks the control plane in a thread and renders the answer.

Built by `web.server`. Every POST is idempotent by its Idempotency-Key; every refusal is a problem document.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seaway.errors import UsageError
from seaway.model import codec
from seaway.model.plan import Plan
from seaway.web import access
from seaway.web.idempotency import Answer, Answers
from seaway.web.identity import Role

if TYPE_CHECKING:
    from seaway.app.control_plane import ControlPlane

BODY_LIMIT = 1024 * 1024  # bytes; a plan of a hundred steps has 30 kB
_ACTIVE = {"": None, "true": True, "false": False}
_ROLES = {"approve": Role.APPROVER, "reject": Role.APPROVER}


def routes() -> list[Route]:
    """Every path of the API but the event stream."""
    one = "/api/v1/rollouts/{rollout}"
    return [
        Route("/api/v1/health", health, methods=["GET"]),
        Route("/api/v1/rollouts", rollouts, methods=["GET"]),
        Route("/api/v1/rollouts", submit, methods=["POST"]),
        Route(one, rollout, methods=["GET"]),
        Route(f"{one}/why", why, methods=["GET"]),
        Route(f"{one}/{{action}}", act, methods=["POST"]),
        Route("/api/v1/placements", placements, methods=["GET"]),
        Route("/api/v1/placements/{environment}/{service}", placement, methods=["GET"]),
        Route("/api/v1/shutdown", shutdown, methods=["POST"]),
    ]


def plane(request: Request) -> ControlPlane:
    """The control plane that this application serves."""
    found: ControlPlane = request.app.state.plane
    return found


async def body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises UsageError for anything else, HTTP 413 above BODY_LIMIT."""
    text = b""
    async for chunk in request.stream():
        text += chunk
        if len(text) > BODY_LIMIT:
            raise HTTPException(413, f"a body may have {BODY_LIMIT} bytes")
    try:
        data = json.loads(text or b"{}")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise UsageError("the body must be a JSON object")
    return data


def text(data: dict[str, Any], name: str, default: str = "") -> str:
    """A member that must be a string."""
    value = data.get(name, default)
    if not isinstance(value, str):
        raise UsageError(f"{name!r} must be a string")
    return value


def flag(data: dict[str, Any], name: str) -> bool:
    """A member that must be true, false or missing (false)."""
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{name!r} must be true or false")
    return value


async def health(request: Request) -> Response:
    """Version, process and epoch: answers once the engine runs."""
    return JSONResponse(await to_thread.run_sync(plane(request).health))


async def rollouts(request: Request) -> Response:
    """All rollouts, newest first, as far as the asker may see them."""
    asking = access.identity(request)
    query = request.query_params
    if query.get("active", "") not in _ACTIVE:
        raise UsageError("active is true or false")
    active = _ACTIVE[query.get("active", "")]
    found = await to_thread.run_sync(
        lambda: plane(request).documents(query.get("service", ""), query.get("environment", ""), active=active)
    )
    seen = [document for document in found if asking.may(Role.VIEWER, document["environment"])]
    return JSONResponse({"format": "seaway.rollouts/v1", "rollouts": seen})


async def rollout(request: Request) -> Response:
    """One rollout as `seaway.rollout/v1`."""
    document = await to_thread.run_sync(plane(request).document, request.path_params["rollout"])
    access.require(request, Role.VIEWER, document["environment"])
    return JSONResponse(document)


async def why(request: Request) -> Response:
    """The chain of what is waited for, by whom, until when, and what happens then."""
    document = await to_thread.run_sync(plane(request).document, request.path_params["rollout"])
    access.require(request, Role.VIEWER, document["environment"])
    return JSONResponse(await to_thread.run_sync(plane(request).why, request.path_params["rollout"]))


async def placements(request: Request) -> Response:
    """What every service runs in every environment."""
    asking = access.identity(request)
    found = await to_thread.run_sync(plane(request).placements)
    seen = [item for item in found if asking.may(Role.VIEWER, item["environment"])]
    return JSONResponse({"format": "seaway.placements/v1", "placements": seen})


async def placement(request: Request) -> Response:
    """What one service runs in one environment."""
    environment, service = request.path_params["environment"], request.path_params["service"]
    access.require(request, Role.VIEWER, environment)
    found = await to_thread.run_sync(plane(request).placement, environment, service)
    return JSONResponse({"format": "seaway.placement/v1", **found})


async def submit(request: Request) -> Response:
    """A plan becomes a rollout: 201 with its id."""
    data = await body(request)
    try:
        plan = codec.decode(Plan, data.get("plan"), "$.plan")
    except (codec.CodecError, TypeError, ValueError) as error:
        raise UsageError(f"this is not a plan: {error}", hint="seaway plan ENV --json prints one") from error
    asking = access.require(request, Role.DEPLOYER, plan.environment)
    origin = text(data, "origin", "person")
    key = _key(request, data)

    def call() -> Answer:
        return 201, {"id": plane(request).submit(plan, actor=asking.name, origin=origin, key=key)}

    return await _once(request, key, data, call)


async def act(request: Request) -> Response:
    """A person's word to a rollout: 202 once it is recorded; the event stream says what came of it."""
    name, action = request.path_params["rollout"], request.path_params["action"]
    data = await body(request)
    if action not in _ACTIONS:
        raise HTTPException(404, f"a rollout knows no {action!r}; it knows {', '.join(sorted(_ACTIONS))}")
    document = await to_thread.run_sync(plane(request).document, name)
    asking = access.require(request, _ROLES.get(action, Role.DEPLOYER), document["environment"])
    key = _key(request, data)

    def call() -> Answer:
        return 202, _ACTIONS[action](plane(request), _Asked(name, asking.name, key, data))

    return await _once(request, key, data, call)


async def shutdown(request: Request) -> Response:
    """Ends this process after the answer; what it manages runs on."""
    data = await body(request)
    access.require(request, Role.ADMIN)
    stop: Callable[[], None] = request.app.state.stop

    def call() -> Answer:
        stop()
        return 202, {"stopping": True}

    # The stamp of the process is part of the call: a key repeated to the next control plane does not stop that one.
    return await _once(request, _key(request, data), {**data, "process": request.app.state.stamp}, call)


def _key(request: Request, data: dict[str, Any]) -> str:
    return request.headers.get("idempotency-key", "") or text(data, "key")


async def _once(request: Request, key: str, data: dict[str, Any], act: Callable[[], Answer]) -> Response:
    answers: Answers = request.app.state.answers
    call = [access.identity(request).name, request.url.path, data]
    status, document = await to_thread.run_sync(answers.once, key, call, act)
    return JSONResponse(document, status)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One person's word: to which rollout, by whom, under which key, with which further words."""

    rollout: str
    actor: str
    key: str
    data: dict[str, Any]


def _promote(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return plane.promote(asked.rollout, actor=asked.actor, key=asked.key, full=flag(asked.data, "full"))


def _pause(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return plane.pause(asked.rollout, actor=asked.actor, key=asked.key)


def _resume(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return plane.resume(asked.rollout, actor=asked.actor, key=asked.key)


def _abort(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return plane.abort(asked.rollout, actor=asked.actor, key=asked.key, reason=text(asked.data, "reason"))


def _retry(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return plane.retry(asked.rollout, actor=asked.actor, key=asked.key)


def _undo(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return plane.undo(asked.rollout, actor=asked.actor, key=asked.key, to=text(asked.data, "to"))


def _approve(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return _decide(plane, asked, approved=True)


def _reject(plane: ControlPlane, asked: _Asked) -> dict[str, Any]:
    return _decide(plane, asked, approved=False)


def _decide(plane: ControlPlane, asked: _Asked, *, approved: bool) -> dict[str, Any]:
    return plane.approve(
        asked.rollout,
        actor=asked.actor,
        key=asked.key,
        plan_hash=text(asked.data, "plan_hash"),
        approved=approved,
        comment=text(asked.data, "comment"),
    )


_ACTIONS: dict[str, Callable[[ControlPlane, _Asked], dict[str, Any]]] = {
    "promote": _promote,
    "pause": _pause,
    "resume": _resume,
    "abort": _abort,
    "retry": _retry,
    "undo": _undo,
    "approve": _approve,
    "reject": _reject,
}
