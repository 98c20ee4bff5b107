"""Gives the engine its hands: the adapters that a plan names, from the registry's table, one object per place. Used by `control_plane`, `housekeeping`.

Each place on disk remembers which adapter made it, so `down` and `logs` find what runs without a plan.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from seaway import registry
from seaway.config.home import Home
from seaway.errors import UsageError
from seaway.model import codec
from seaway.model.plan import Plan
from seaway.model.routing import Gateway
from seaway.model.sink import Sink
from seaway.ports.events import Events
from seaway.ports.metrics import Metrics
from seaway.ports.target import Target
from seaway.ports.traffic import Traffic

T = TypeVar("T")
_RECORD = "adapter.json"


def resolve(reference: str) -> str:
    """The value behind `env:NAME` or `file:/path`. Raises UnknownName for a scheme, NotFound for a missing value."""
    scheme, colon, name = reference.partition(":")
    if not colon:
        raise UsageError(
            f"{reference!r} is no secret reference",
            hint=f"write one of {', '.join(f'{known}:...' for known in registry.names('secrets'))}",
        )
    value: str = registry.load("secrets", scheme)().resolve(name)
    return value


class Composition:
    """The adapters of a state folder, made when they are first asked for and then kept: they hold threads and connections."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._made: dict[tuple[str, ...], Any] = {}
        self._lock = threading.Lock()

    def target(self, plan: Plan) -> Target:
        """What runs the instances of the plan's environment."""
        return self.target_named(plan.target, plan.environment)

    def traffic(self, plan: Plan) -> Traffic | None:
        """What divides the traffic of the plan's gateway; None for workers."""
        return self.traffic_named(plan.router, plan.gateway) if plan.gateway else None

    def metrics(self, plan: Plan) -> Metrics | None:
        """Where the numbers about the plan's revisions come from; None for workers."""
        gateway = plan.gateway
        if gateway is None:
            return None
        source = plan.metrics_source
        key = ("metrics", plan.metrics, gateway.environment, gateway.listen, codec.canonical(source))

        def make() -> Metrics:
            made: Metrics
            if source.url:  # it is elsewhere, and knows nothing of the gateway's files
                made = registry.load("metrics", plan.metrics)(source, resolve)
            else:
                folder, runtime = self._home.gateway(gateway), self._home.runtime(gateway.environment)
                made = registry.load("metrics", plan.metrics)(gateway, folder, runtime)
            return made

        return self._one(key, make)

    def receivers(self) -> Mapping[str, Events]:
        """Where events go besides the database: what the last releases' seaway.yaml named."""
        return {sink.path: self._receiver(sink) for sink in sinks(self._home)}

    def target_named(self, name: str, environment: str) -> Target:
        """The target of an environment by the adapter's name."""
        folder, runtime = self._home.target(environment), self._home.runtime(environment)

        def make() -> Target:
            _remember(folder, {"adapter": name})
            made: Target = registry.load("target", name)(folder, runtime, resolve)
            return made

        return self._one(("target", name, environment), make)

    def traffic_named(self, name: str, gateway: Gateway) -> Traffic:
        """The router of a gateway by the adapter's name."""
        folder, runtime = self._home.gateway(gateway), self._home.runtime(gateway.environment)

        def make() -> Traffic:
            _remember(folder, {"adapter": name, "gateway": codec.encode(gateway)})
            made: Traffic = registry.load("traffic", name)(gateway, folder, runtime)
            return made

        return self._one(("traffic", name, gateway.environment, gateway.listen), make)

    def targets(self) -> dict[str, Target]:
        """Environment -> its target, for every environment that was ever released to here."""
        found = {}
        for path in sorted(self._home.environments.glob(f"*/target/{_RECORD}")):
            environment = path.parent.parent.name
            found[environment] = self.target_named(_recall(path)["adapter"], environment)
        return found

    def routers(self) -> list[tuple[Gateway, Traffic]]:
        """Every gateway that was ever opened here, with its router."""
        found = []
        for path in sorted(self._home.environments.glob(f"*/gateways/*/{_RECORD}")):
            record = _recall(path)
            gateway = codec.decode(Gateway, record["gateway"])
            found.append((gateway, self.traffic_named(record["adapter"], gateway)))
        return found

    def close(self) -> None:
        """End threads and connections; what runs runs on."""
        with self._lock:
            made, self._made = list(self._made.values()), {}
        for each in made:
            close = getattr(each, "close", None)
            if close is not None:
                close()

    def _receiver(self, sink: Sink) -> Events:
        made: Events = self._one(
            ("events", sink.to, sink.path), lambda: registry.load("events", sink.to)(Path(sink.path))
        )
        return made

    def _one(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            made: T = self._made[key]
            return made


def sinks(home: Home) -> tuple[Sink, ...]:
    """The receivers that were named so far."""
    try:
        return codec.decode(tuple[Sink, ...], json.loads((home.root / "receivers.json").read_bytes()))
    except FileNotFoundError:
        return ()


def name_sinks(home: Home, named: tuple[Sink, ...]) -> None:
    """Remember receivers for the control plane; those that are known already stay."""
    known = sinks(home)
    wanted = tuple(dict.fromkeys((*known, *named)))
    if wanted != known:
        _write(home.root / "receivers.json", codec.encode(wanted))


def _remember(folder: Path, record: dict[str, Any]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / _RECORD
    if not path.exists() or _recall(path) != record:
        _write(path, record)


def _recall(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_bytes())
    return record


def _write(path: Path, data: Any) -> None:
    made = path.with_name(f".{path.name}.new")
    made.write_text(json.dumps(data), encoding="utf-8")
    made.replace(path)
