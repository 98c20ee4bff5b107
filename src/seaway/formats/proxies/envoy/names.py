"""Names of clusters: the one place that knows how a service's revision is called inside Envoy. Used by this package.

A revision has up to four clusters: HTTP/1.1 or HTTP/2 towards the backend, and, for sticky services, requests that came
without an assignment are counted apart (`new`), because only they are independent draws.
"""

from __future__ import annotations

from typing import NamedTuple

_NEW, _H2 = "new", "h2"


class Name(NamedTuple):
    """A cluster: requests of a service to one revision."""

    service: str
    revision: str
    http2: bool = False
    new: bool = False

    def __str__(self) -> str:
        return "/".join([self.service, self.revision, *([_H2] if self.http2 else []), *([_NEW] if self.new else [])])


def parse(text: str) -> Name | None:
    """`api/api-0123/new` -> Name; None for a name that is not of this form."""
    parts = text.split("/")
    if len(parts) < 2 or not all(parts) or parts[2:] not in ([], [_H2], [_NEW], [_H2, _NEW]):
        return None
    return Name(parts[0], parts[1], _H2 in parts[2:], _NEW in parts[2:])
