"""The port to what divides traffic: proxies, meshes, gateways. Called by the engine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from seaway.model.instance import Fence
from seaway.model.routing import Losses, PortOwner, Probed, Routing, RoutingSeen


class Traffic(Protocol):
    """One adapter object per gateway; several services share it. Idempotent, bounded by a few seconds, crash-safe."""

    # Bring the running proxy to this routing of one service, make before break: destinations exist and are warm before a
    # route names them, and leave only after no worker names them. Starts the proxy if none runs; leaves other services as
    # they are. A routing without backends removes the service. Returns once written and accepted; `look` verifies.
    # Raises Fenced, Refused (the proxy rejected it: its words), Conflict (a foreign owner of the port), NotReachable, Full.
    def converge(self, routing: Routing, fence: Fence) -> None: ...

    # What the running proxy itself reports about a service. Raises NotReachable when no proxy answers.
    def look(self, service: str) -> RoutingSeen: ...

    # `count` requests to the readiness path through the public listener, marked so that no ledger counts them as users'.
    def probe(self, service: str, count: int) -> Probed: ...

    # What the proxy's records say happened to a service's requests that ended in [since, until), and when no proxy ran.
    def losses(self, service: str, since: datetime, until: datetime) -> Losses: ...

    # Stop the proxy (drain first, at most `seconds`); returns a line per thing it stopped or had to leave.
    def down(self, seconds: float) -> tuple[str, ...]: ...


class Portholder(Protocol):
    """The part of a router that deals with a service which already runs on the port (take-over)."""

    # Who listens on the gateway's address and is not ours; None when free or ours.
    def owner(self) -> PortOwner | None: ...

    # Stop exactly that process (pid and start time must match) and bind the port at once; returns seconds without a listener.
    def take_over(self, owner: PortOwner, fence: Fence) -> float: ...


class DeadMan(Protocol):
    """The part of a router that brings traffic back when no engine gives a sign of life (`if_engine_lost: stable`)."""

    # Prepare `routing` (all traffic on stable; its generation is used by nothing else) and put it in force once `touch` was
    # not called for `after`. Arming again replaces it. Raises Fenced, Refused, Full.
    def arm(self, routing: Routing, after: timedelta, fence: Fence) -> None: ...

    # The engine lives. Cheap (a file's time): called at every look while anything is armed.
    def touch(self) -> None: ...

    # Nothing happens to this service any more, whoever is gone.
    def disarm(self, service: str, fence: Fence) -> None: ...


class Coarse(Protocol):
    """A router that cannot divide traffic finely: the ramp rounds to its steps, and says what that costs."""

    step: int  # ppm
