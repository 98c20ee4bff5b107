"""How users stay on their side: a salted hash of a cookie or header picks among the weighted clusters. Used by `routes`.

Envoy's own cookie policy takes no salt and, with weighted clusters, issues no cookie. So the `cookie` header itself is
hashed after a rewrite that leaves salt and value; a user without a cookie is hashed by the request id, which becomes the
cookie. The candidate stands first among the clusters, so raising its weight moves users to it and nobody away from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seaway.model.service import Sticky

_MONTH = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Arrival:
    """One way a request comes: with its matchers, what is hashed, what the answer gets; `new`: without an assignment."""

    headers: tuple[Mapping[str, Any], ...] = ()
    hash_policy: Mapping[str, Any] = field(default_factory=dict)
    response_headers: tuple[Mapping[str, Any], ...] = ()
    new: bool = False


def arrivals(sticky: Sticky | None, *, secure: bool) -> tuple[Arrival, ...]:
    """The ways to arrive, in the order they are tried; one without conditions for a service that is not sticky."""
    if sticky is None:
        return (Arrival(),)
    if sticky.cookie:
        value = rf"(?:.*;\s*)?{re.escape(sticky.cookie)}=([^;]+).*"
        known = {"name": "cookie", "string_match": {"safe_regex": {"regex": value}}}
        cookie = f"{sticky.cookie}=%REQ(X-REQUEST-ID)%; Path=/; Max-Age={_MONTH}; HttpOnly; SameSite=Lax"
        setting = {
            "header": {"key": "set-cookie", "value": cookie + ("; Secure" if secure else "")},
            "append_action": "APPEND_IF_EXISTS_OR_ADD",
        }
        first = Arrival((known,), _hash("cookie", value, sticky.salt))
        return first, Arrival((), _hash("x-request-id", "(.*)", sticky.salt), (setting,), new=True)
    present = {"name": sticky.header, "present_match": True}
    known_by_header = Arrival((present,), _hash(sticky.header, "(.*)", sticky.salt))
    return known_by_header, Arrival((), _hash("x-request-id", "(.*)", sticky.salt), new=True)


def _hash(header: str, pattern: str, salt: str) -> dict[str, Any]:
    """Hash salt and value together: another salt is another, independent division of the same users."""
    literal = salt.replace("\\", "\\\\")  # a backslash would begin a reference to a group
    rewrite = {"pattern": {"regex": f"^{pattern}$"}, "substitution": f"{literal}:\\1"}
    return {"header": {"header_name": header, "regex_rewrite": rewrite}}
