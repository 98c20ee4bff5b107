"""Routing: what a router is asked to do for one service, and what the running proxy says it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from seaway.model.service import Probe, Route, Sticky, Tls


@dataclass(frozen=True, slots=True)
class Gateway:
    """One listening proxy: shared by the services of an environment that name the same address."""

    environment: str
    listen: str  # "127.0.0.1:8080"
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Backend:
    """One revision as a destination: its weight (ppm) and the addresses ("127.0.0.1:41001") of its ready instances."""

    revision: str
    weight: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routing:
    """The wished state for one service. `backends`: candidate first, then stable (order matters to sticky hashing).

    A backend with weight 0 stays connected and warm. `preview`: this revision answers on the preview host as well.
    `generation` grows with every wish of this service; the proxy is read back for it. `listen` False: everything is loaded, and
    the address is left to whoever has it (before a take-over).
    """

    service: str
    generation: int
    backends: tuple[Backend, ...]
    routes: tuple[Route, ...]
    readiness: Probe
    sticky: Sticky | None = None
    preview: str = ""
    preview_host: str = ""
    listen: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """Cumulative since the proxy started: requests that were sent to a revision, and streams open on it at this moment.

    `assigned`: of a sticky service, the requests that came without an assignment (new users), who are independent draws;
    None where users are not sticky.
    """

    started: int
    active: int
    assigned: int | None = None


@dataclass(frozen=True, slots=True)
class RoutingSeen:
    """What the running proxy itself reports, never what a file says.

    `workers`: generation of this service per worker thread. `rejected`: configurations refused since the proxy started.
    `weights`: revision -> ppm in the running configuration. `proxy`: identity of the process (a restart changes it).
    """

    at: datetime
    proxy: str
    workers: tuple[int, ...]
    rejected: int
    weights: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, Counts] = field(default_factory=dict)
    problem: str = ""  # e.g. the proxy's own words about a rejected configuration

    def verified(self, generation: int) -> bool:
        """True when every worker serves this generation."""
        return bool(self.workers) and all(worker == generation for worker in self.workers)


@dataclass(frozen=True, slots=True)
class Probed:
    """Result of probes to the readiness path through the public listener: answers per revision, and failures."""

    answered: Mapping[str, int]
    failed: int


@dataclass(frozen=True, slots=True)
class SideLoss:
    """What the proxy recorded for one revision in an interval. Latencies in milliseconds, None without requests."""

    served: int = 0
    failed: int = 0
    retried: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    p999_ms: float | None = None
    max_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Losses:
    """Proxy records of an interval: per revision ("" = requests that reached none), and time without a proxy."""

    sides: Mapping[str, SideLoss] = field(default_factory=dict)
    unseen: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class PortOwner:
    """A process that is not ours and listens on the gateway's address."""

    pid: int
    started: str  # start time in clock ticks since boot, from the system
    command: str
    user: str
