"""A service: a deployable unit with its command, probes, routes and the step that runs before it. Written by `config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class ProbeKind(StrEnum):
    """How an instance is asked."""

    HTTP = "http"
    TCP = "tcp"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to an instance. HTTP: GET `path`, 200..399 is yes. TCP: the port accepts. Command: exit 0 is yes."""

    kind: ProbeKind
    path: str = "/"
    command: tuple[str, ...] = ()
    interval: timedelta = timedelta(seconds=1)
    timeout: timedelta = timedelta(seconds=1)
    successes: int = 1
    failures: int = 3


class RollbackClass(StrEnum):
    """What a `before` step does to going back.

    revert: the old revision works after it, so an automatic rollback is safe.
    forward_only: the old revision does not work after it; a failing release is held for a person, never rolled back.
    freeze: as forward_only, and no other release may start until a person resumes.
    """

    REVERT = "revert"
    FORWARD_ONLY = "forward-only"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Before:
    """A command run once per rollout, before the first candidate instance starts (migrations)."""

    command: tuple[str, ...]
    rollback: RollbackClass
    timeout: timedelta = timedelta(minutes=10)


class Protocol(StrEnum):
    """What a backend speaks. Clients may use HTTP/1.1 or HTTP/2 towards every route; GRPC implies H2 to the backend."""

    HTTP1 = "http/1.1"
    HTTP2 = "http/2"
    GRPC = "grpc"


@dataclass(frozen=True, slots=True)
class Route:
    """Which requests reach the service and how they are treated. Empty hosts: all hosts; paths are prefixes."""

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ("/",)
    protocol: Protocol = Protocol.HTTP1
    websocket: bool = False
    timeout: timedelta | None = None  # whole request; None = unlimited
    idle_timeout: timedelta = timedelta(minutes=5)  # of one stream
    retries: int = 1  # only reset-before-request, only idempotent methods
    drain: timedelta = timedelta(seconds=30)  # how long streams on an old revision may go on


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate chain and key, as paths of PEM files; the proxy reads them, Seaway never copies them."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Sticky:
    """Keeps a user on one side: by a cookie (set by the proxy when missing) or a request header, with a salt."""

    salt: str
    cookie: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A deployable unit. `worker` services have no port and no routes. Secrets are references, never values."""

    name: str
    command: tuple[str, ...]
    artifact: str = ""  # folder or file, absolute; "" = run in `directory` as it is
    directory: str = ""  # where seaway.yaml stands, absolute
    exclude: tuple[str, ...] = ()
    worker: bool = False
    replicas: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)  # name -> "env:NAME" | "file:/path"
    stop_signal: str = "SIGTERM"
    stop_grace: timedelta = timedelta(seconds=10)
    start_timeout: timedelta = timedelta(seconds=60)
    readiness: Probe = Probe(ProbeKind.TCP)
    liveness: Probe | None = None
    before: Before | None = None
    routes: tuple[Route, ...] = ()
    sticky: Sticky | None = None
    owners: tuple[str, ...] = ()
