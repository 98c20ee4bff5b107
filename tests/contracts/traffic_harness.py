"""What the contract of routers is tested with: a factory per router, and a stage of backends around one gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters.metrics.envoy import EnvoyMetrics
from seaway.adapters.traffic.envoy import Envoy
from seaway.model.instance import Fence
from seaway.model.routing import Backend as Destination
from seaway.model.routing import Gateway, Routing, RoutingSeen
from seaway.model.service import Probe, ProbeKind, Route, Sticky, Tls
from traffic_peers import Backend, Client, Loop, free_port

WHOLE = 1_000_000


@dataclass(frozen=True)
class Factory:
    """A router: how it is made, its metrics, and how its running configuration is tampered with for negative controls."""

    name: str
    router: Callable[[Gateway, Path, Path], Any]
    metrics: Callable[[Gateway, Path, Path], Any]
    tamper: Any


class EnvoyTamper:
    """Negative controls for Envoy: what an outsider or a defect could do to it."""

    def freeze(self, folder: Path) -> None:
        """The watched folder of routes is another one from now on: the proxy looks at the old inode."""
        routes = folder / "xds" / "routes"
        gone = routes.with_name("gone")
        routes.rename(gone)
        routes.mkdir()
        (routes / "rds.json").write_bytes((gone / "rds.json").read_bytes())

    def write(self, folder: Path, change: Callable[[str], str]) -> None:
        """Somebody else replaces the routes file."""
        place = folder / "xds" / "routes" / "rds.json"
        beside = place.with_name("other")
        beside.write_text(change(place.read_text()))
        beside.rename(place)

    def weights(self, folder: Path, old: int, new: int) -> None:
        self.write(folder, lambda text: text.replace(f'"weight":{old}', f'"weight":{new}'))

    def invalid(self, folder: Path) -> None:
        self.write(folder, lambda text: text.replace('"prefix":"/"', '"prefix":7'))


FACTORIES = [Factory("envoy", Envoy, EnvoyMetrics, EnvoyTamper())]


class Stage:
    """One gateway, and backends that are made when they are first named."""

    def __init__(self, factory: Factory, folder: Path, runtime: Path, tls: Tls | None = None) -> None:
        self.factory, self.folder, self.runtime = factory, folder, runtime
        self.port = free_port()
        self.gateway = Gateway("test", f"127.0.0.1:{self.port}", tls)
        self.loop = Loop()
        self.backends: dict[str, Backend] = {}
        self.routers: list[Any] = []
        self.router = self.another()
        self.generation = 0

    def another(self) -> Any:
        """A second object for the same gateway, as another process would have."""
        router = self.factory.router(self.gateway, self.folder, self.runtime)
        self.routers.append(router)
        return router

    def metrics(self) -> Any:
        return self.factory.metrics(self.gateway, self.folder, self.runtime)

    def backend(self, name: str) -> Backend:
        if name not in self.backends:
            self.backends[name] = Backend(self.loop, name)
        return self.backends[name]

    def routing(self, weights: dict[str, int], *, service: str = "api", **fields: Any) -> Routing:
        """The next wish: weights in ppm by revision (= name of its one backend), candidate first."""
        self.generation += 1
        basic = Routing(
            service,
            self.generation,
            tuple(Destination(name, ppm, (self.backend(name).address,)) for name, ppm in weights.items()),
            (Route(websocket=True),),
            Probe(ProbeKind.HTTP, "/ready"),
        )
        return replace(basic, **fields)

    def fence(self, service: str = "api", epoch: int = 1) -> Fence:
        return Fence(f"test/{service}", epoch)

    def shift(self, weights: dict[str, int], *, service: str = "api", **fields: Any) -> RoutingSeen:
        """Converge and look."""
        routing = self.routing(weights, service=service, **fields)
        self.router.converge(routing, self.fence(service))
        seen: RoutingSeen = self.router.look(service)
        assert seen.verified(routing.generation)
        return seen

    def fly(self, path: str = "/", method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b""):
        """A request that was sent, on a connection of its own: a future of status, headers, text."""

        async def once() -> Any:
            client = Client(self.port)
            try:
                return await client.request(method, path, headers, body)
            finally:
                await client.close()

        return asyncio.run_coroutine_threadsafe(once(), self.loop.loop)

    def request(self, path: str = "/", method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b""):
        """One request and its answer: status, headers, text."""
        return self.fly(path, method, headers, body).result(60)

    def close(self) -> None:
        with suppress(errors.PortError):
            self.router.down(0)
        for backend in self.backends.values():
            backend.kill()
        self.loop.close()


STICKY = Sticky(salt="salt-1", cookie="seaway")
