"""The shape of one entry of `services:` at the edge, and the service it becomes. Called by `config.file`.

The defaults are those of `model.service`; what a key means is written in the samples.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from seaway.config.fields import (
    Boolean,
    Command,
    Duration,
    Exclude,
    Fields,
    Host,
    Integer,
    Reference,
    Signal,
    Span,
    Text,
    Token,
    UrlPath,
    Variable,
    Written,
    choice,
)
from seaway.model.service import (
    Before,
    Probe,
    ProbeKind,
    Protocol,
    RollbackClass,
    Route,
    Service,
    Sticky,
)

_SERVICE = Service(name="", command=())
_ROUTE = Route()
_PROBE = Probe(ProbeKind.TCP)
_BEFORE = Before((), RollbackClass.REVERT)


class HttpFields(Fields):
    path: UrlPath = _PROBE.path


class TcpFields(Fields):
    pass


class ProbeFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("http", "tcp", "command")

    http: HttpFields = HttpFields()
    tcp: TcpFields = TcpFields()
    command: Command = ()
    interval: Span = _PROBE.interval
    timeout: Span = _PROBE.timeout
    successes: Annotated[Integer, Field(ge=1, le=100)] = _PROBE.successes
    failures: Annotated[Integer, Field(ge=1, le=100)] = _PROBE.failures

    @property
    def kind(self) -> ProbeKind:
        return next(kind for kind in ProbeKind if kind.value in self.model_fields_set)

    def probe(self) -> Probe:
        return Probe(
            self.kind, self.http.path, self.command, self.interval, self.timeout, self.successes, self.failures
        )


class BeforeFields(Fields):
    command: Command
    rollback: Annotated[RollbackClass, choice(RollbackClass)]
    timeout: Span = _BEFORE.timeout

    def before(self) -> Before:
        return Before(self.command, self.rollback, self.timeout)


class RouteFields(Fields):
    hosts: Annotated[list[Host], Field(min_length=1)] = []  # noqa: RUF012 - frozen, like every field
    paths: Annotated[list[UrlPath], Field(min_length=1)] = list(_ROUTE.paths)  # noqa: RUF012
    protocol: Annotated[Protocol, choice(Protocol)] = _ROUTE.protocol
    websocket: Boolean = _ROUTE.websocket
    timeout: Span | None = _ROUTE.timeout
    idle_timeout: Span = _ROUTE.idle_timeout
    retries: Annotated[Integer, Field(ge=0, le=10)] = _ROUTE.retries
    drain: Duration = _ROUTE.drain

    def route(self) -> Route:
        return Route(
            hosts=tuple(self.hosts),
            paths=tuple(self.paths),
            protocol=self.protocol,
            websocket=self.websocket,
            timeout=self.timeout,
            idle_timeout=self.idle_timeout,
            retries=self.retries,
            drain=self.drain,
        )


class StickyFields(Fields):
    one_of: ClassVar[tuple[str, ...]] = ("cookie", "header")

    cookie: Token = ""
    header: Token = ""
    salt: Annotated[Text, Field(min_length=1, max_length=64)] = ""

    def sticky(self, service: str) -> Sticky:
        return Sticky(self.salt or service, self.cookie, self.header.lower())


class ServiceFields(Fields):
    command: Command
    artifact: Annotated[Text, Field(min_length=1)] = ""
    exclude: list[Exclude] = []  # noqa: RUF012
    worker: Boolean = _SERVICE.worker
    replicas: Annotated[Integer, Field(ge=1, le=1000)] = _SERVICE.replicas
    environment: dict[Variable, Written] = {}  # noqa: RUF012
    secrets: dict[Variable, Reference] = {}  # noqa: RUF012
    stop_signal: Signal = _SERVICE.stop_signal
    stop_grace: Duration = _SERVICE.stop_grace
    start_timeout: Span = _SERVICE.start_timeout
    readiness: ProbeFields | None = None
    liveness: ProbeFields | None = None
    before: BeforeFields | None = None
    routes: Annotated[list[RouteFields], Field(min_length=1)] = [RouteFields()]  # noqa: RUF012
    sticky: StickyFields | None = None
    owners: list[Text] = []  # noqa: RUF012

    @model_validator(mode="after")
    def _whole(self) -> ServiceFields:
        twice = sorted(set(self.environment) & set(self.secrets))
        if twice:
            raise ValueError(f"{', '.join(twice)} stands in `environment` and in `secrets`: keep one of them")
        if self.worker:
            self._refuse_network()
        elif "PORT" in {*self.environment, *self.secrets}:
            raise ValueError("PORT is handed to each instance, a port of its own: remove it from the file")
        return self

    def _refuse_network(self) -> None:
        for name in ("routes", "sticky"):
            if name in self.model_fields_set:
                raise ValueError(f"a worker has no port, so it can have no {name}: remove `{name}`, or `worker: true`")
        for name, probe in (("readiness", self.readiness), ("liveness", self.liveness)):
            if probe and probe.kind is not ProbeKind.COMMAND:
                raise ValueError(f"a worker has no port: its {name} can only be a `command`, not {probe.kind}")

    def service(self, name: str, folder: Path) -> Service:
        """The model's service; paths become absolute, beginning at `folder`, where the file stands."""
        return Service(
            name=name,
            command=self.command,
            artifact=str((folder / Path(self.artifact).expanduser()).resolve()) if self.artifact else "",
            directory=str(folder),
            exclude=tuple(self.exclude),
            worker=self.worker,
            replicas=self.replicas,
            environment=dict(self.environment),
            secrets=dict(self.secrets),
            stop_signal=self.stop_signal,
            stop_grace=self.stop_grace,
            start_timeout=self.start_timeout,
            readiness=self.readiness.probe() if self.readiness else _SERVICE.readiness,
            liveness=self.liveness.probe() if self.liveness else None,
            before=self.before.before() if self.before else None,
            routes=() if self.worker else tuple(route.route() for route in self.routes),
            sticky=self.sticky.sticky(name) if self.sticky else None,
            owners=tuple(self.owners),
        )
