"""Answers that say no, as RFC 9457 problem documents. Used by every handler of `web`; `app.client` reads them back."""

from __future__ import annotations

import http
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from seaway.errors import SeawayError

_STATUS = {
    "usage": 400,
    "key_reused": 422,
    "configuration": 400,
    "platform": 400,
    "plan": 409,
    "unknown": 404,
    "not_found": 404,
    "conflict": 409,
    "fenced": 409,
    "refused": 403,
    "not_reachable": 503,
    "unreachable": 503,
    "full": 507,
}


def document(status: int, detail: str, *, kind: str = "", hint: str = "", instance: str = "") -> dict[str, Any]:
    """The members of a problem document; `kind` is the kind of a SeawayError, "" for one of HTTP's own."""
    return {
        "type": f"urn:seaway:problem:{kind}" if kind else "about:blank",
        "title": kind.replace("_", " ") or http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
        "instance": instance,
    }


def response(status: int, detail: str, *, kind: str = "", hint: str = "", instance: str = "") -> Response:
    """The document as a response of its media type."""
    return JSONResponse(
        document(status, detail, kind=kind, hint=hint, instance=instance),
        status,
        media_type="application/problem+json",
    )


def of_seaway(request: Request, error: Exception) -> Response:
    """A SeawayError: its words are for people and go out as they are."""
    assert isinstance(error, SeawayError)  # noqa: S101 - the router's table says so
    status = _STATUS.get(error.kind, 500)
    return response(status, error.message, kind=error.kind, hint=error.hint, instance=request.url.path)


def of_http(request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - the router's table says so
    return response(error.status_code, error.detail, instance=request.url.path)


def of_surprise(request: Request, error: Exception) -> Response:
    """Anything else: its text may hold what is nobody's business, so only its type goes out; the log has the rest."""
    return response(
        500,
        f"the control plane met an unexpected {type(error).__name__}",
        kind="error",
        hint="seaway doctor",
        instance=request.url.path,
    )
