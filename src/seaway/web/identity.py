"""Who is asking, and what they may do. Used by `web.access` for every request; the form that more people and teams extend.

A role counts in one environment or, under "*", in all. The local owner is one identity: the user of the operating system, admin everywhere.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What a person may do: look; start and steer releases; decide gates; everything."""

    VIEWER = "viewer"
    DEPLOYER = "deployer"
    APPROVER = "approver"
    ADMIN = "admin"


_IMPLIED = {
    Role.VIEWER: frozenset(Role),
    Role.DEPLOYER: frozenset({Role.DEPLOYER, Role.ADMIN}),
    Role.APPROVER: frozenset({Role.APPROVER, Role.ADMIN}),
    Role.ADMIN: frozenset({Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A named person or program; `roles` are pairs of an environment (or "*") and a role there."""

    name: str
    roles: frozenset[tuple[str, Role]]

    def may(self, role: Role, environment: str = "*") -> bool:
        """True when a role held for this environment, or for all, is or implies `role`."""
        return any(held in _IMPLIED[role] and place in ("*", environment) for place, held in self.roles)


class Authority(Protocol):
    """Knows whose credential something is."""

    # The identity behind a bearer token, None when it is nobody's; takes the same time for every wrong one.
    def identify(self, credential: str) -> Identity | None: ...


class LocalOwner:
    """The one identity of a control plane on a private socket: whoever can read the token file of its state folder."""

    def __init__(self, token: str, name: str) -> None:
        self._token = token.encode()
        self._identity = Identity(name, frozenset({("*", Role.ADMIN)}))

    def identify(self, credential: str) -> Identity | None:
        return self._identity if hmac.compare_digest(credential.encode(), self._token) else None
