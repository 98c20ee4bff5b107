"""The gate in front of every route: bearer token, then nothing else. Wrapped around the API by `web.server`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from seaway.errors import Refused
from seaway.web import problem
from seaway.web.identity import Authority, Identity, Role


class Access:
    """ASGI middleware: without a known token there is one answer, 401, whatever was asked."""

    def __init__(self, app: ASGIApp, authority: Authority) -> None:
        self._app = app
        self._authority = authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        identity = self._authority.identify(credential.strip()) if scheme.lower() == "bearer" else None
        if identity is None:
            refusal = problem.response(
                401,
                "this control plane wants the token of its state folder",
                kind="refused",
                hint="seaway doctor",
                instance=request.url.path,
            )
            refusal.headers["WWW-Authenticate"] = 'Bearer realm="seaway"'
            await refusal(scope, receive, send)
            return
        scope["identity"] = identity
        await self._app(scope, receive, send)


def identity(request: Request) -> Identity:
    """Who is asking; `Access` has put it there."""
    found: Identity = request.scope["identity"]
    return found


def require(request: Request, role: Role, environment: str = "*") -> Identity:
    """The identity, if it may. Raises Refused with the role that is missing."""
    asking = identity(request)
    if not asking.may(role, environment):
        where = "" if environment == "*" else f" in {environment}"
        raise Refused(f"{asking.name} is not {role.value}{where}")
    return asking
