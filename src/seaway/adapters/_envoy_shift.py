"""One change of a gateway, make before break: clusters, then listeners, then routes, then what no route names any more.

Called by the router adapter while it holds the gateway's fence. Every effect is preceded by a look at the fence.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters import _files
from seaway.adapters._envoy_admin import Workers
from seaway.adapters._envoy_files import Layout, Stored
from seaway.adapters._envoy_proxy import Process
from seaway.formats.proxies.envoy import clusters, listeners, names, routes, statistics, wire
from seaway.model.instance import Fence
from seaway.model.routing import Gateway, Routing
from seaway.model.service import Protocol, Tls

_LISTENING = r"^(listener_manager\.(lds\.version_text|total_listeners_warming)|sds\.gateway\.version_text)$"
_WARM = 3.0  # seconds until the proxy must have found a healthy instance of what gets traffic


def gateway_fence(layout: Layout, fence: Fence) -> Fence:
    """The fence of the whole gateway: services share it, so it takes the highest epoch that any of them brought."""
    record = _files.read_json(layout.fences / "gateway.json")
    known = record.get("epoch", 0) if isinstance(record, dict) else 0
    return Fence("gateway", max(int(known), fence.epoch))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a gateway consists of here."""

    gateway: Gateway
    layout: Layout
    stored: Stored
    process: Process
    workers: Workers


class Shift:
    """The steps of one change. Each is idempotent and ends when the running proxy took it."""

    def __init__(self, parts: Parts, held: Sequence[_files.Held]) -> None:
        self._gateway, self._layout, self._stored = parts.gateway, parts.layout, parts.stored
        self._process, self._workers, self._held = parts.process, parts.workers, held
        self._secrets = parts.layout.secrets()

    def to(self, routing: Routing, *, public: bool) -> None:
        """Bring the proxy to this routing of one service. `public`: the port is ours or free.

        Raises Refused, Conflict, NotReachable, Full.
        """
        before = self._stored.load()
        after = {**before, routing.service: routing}
        if not routing.backends:
            del after[routing.service]
        self._check(after)
        if not before and not after:
            return
        self._begin(before)
        self._refuse_removal(routing)
        wanted = self._rendered(after)
        leaving = {name: each for name, each in self._on_disk().items() if name not in wanted}
        self._put_clusters({**leaving, **wanted})
        if routing.backends:
            self._await_health(before.get(routing.service), routing)
        if public and not self.listens():  # who comes in first must not find an empty house
            self._put_routes(routing, after)
            self._put_listeners(after, public=public)
        else:
            self._put_listeners(after, public=public)
            self._put_routes(routing, after)
        if leaving:
            self._remove(wanted, leaving)

    def _check(self, after: Mapping[str, Routing]) -> None:
        try:
            for routing in after.values():
                if routing.backends:
                    routes.check(routing)
                clusters.render(routing)
        except ValueError as error:
            raise errors.Refused(str(error), hint="seaway rollout why") from error
        try:
            self._routes(after)
        except ValueError as error:
            raise errors.Conflict(str(error), hint="give one of them other hosts or paths in seaway.yaml") from error

    def _begin(self, before: Mapping[str, Routing]) -> None:
        """The proxy runs; a new one starts with everything that was there before it."""
        layout = self._layout
        first = {
            layout.clusters: _versioned(clusters.document(self._rendered(before).values(), "")),
            layout.routes: self._routes(before),
            layout.listeners: self._listeners(before, public=False),
        }
        for path, document in first.items():
            if not path.exists():
                self._guard()
                _files.replace(path, wire.dump(document))
        self._guard()
        self._process.ensure()

    def _guard(self) -> None:
        for held in self._held:
            held.check()

    # ------------------------------------------------------------ documents

    def _rendered(self, routings: Mapping[str, Routing]) -> dict[str, dict[str, Any]]:
        return {name: each for routing in routings.values() for name, each in clusters.render(routing).items()}

    def _routes(self, routings: Mapping[str, Routing]) -> dict[str, Any]:
        ordered = [routings[service] for service in sorted(routings)]
        secure = self._gateway.tls is not None
        return _versioned(routes.document(ordered, self._secrets.verify, "", secure=secure))

    def _listeners(self, routings: Mapping[str, Routing], *, public: bool) -> dict[str, Any]:
        grpc = any(route.protocol is Protocol.GRPC for each in routings.values() for route in each.routes)
        layout = self._layout
        places = listeners.Places(layout.routes, layout.access_log, layout.verify_socket, layout.certificate)
        token = self._secrets.probe
        return _versioned(listeners.document(self._gateway, places, token, "", public=public, grpc=grpc))

    def _on_disk(self) -> dict[str, dict[str, Any]]:
        document = _files.read_json(self._layout.clusters)
        return {each["name"]: each for each in document["resources"]} if isinstance(document, dict) else {}

    # ------------------------------------------------------------ steps

    def _refuse_removal(self, routing: Routing) -> None:
        """A revision leaves only after the running proxy gave it weight 0; a whole service may leave at once."""
        if not routing.backends:
            return
        old = self._stored.one(routing.service)
        running, _ = self._process.admin.running().weights(routing.service, old.preview_host if old else "")
        staying = {backend.revision for backend in routing.backends}
        for revision, ppm in running.items():
            if ppm and revision not in staying:
                message = f"{revision} still has weight {ppm} ppm in the running proxy: it cannot be removed"
                raise errors.Conflict(message, hint="move its traffic first; it leaves with a later change")

    def _put_clusters(self, wanted: Mapping[str, dict[str, Any]]) -> None:
        document = _versioned(clusters.document(wanted.values(), ""))
        data = wire.dump(document)
        expected = {
            "cluster_manager.cds.version_text": document["version_info"],
            "cluster_manager.warming_clusters": "0",
        }

        def taken() -> bool:
            found = self._process.admin.statistics(r"^cluster_manager\.(cds\.version_text|warming_clusters)$")
            return found == expected

        if not (_same(self._layout.clusters, data) and taken()):
            self._guard()
            self._process.put(self._layout.clusters, data, taken, "clusters")

    def _await_health(self, before: Routing | None, after: Routing) -> None:
        """What gets more traffic than before has an instance that the proxy itself finds healthy."""
        old = {backend.revision: backend.weight for backend in before.backends} if before else {}
        growing = {each.revision for each in after.backends if each.weight > old.get(each.revision, 0)}
        for each in after.backends:
            if each.revision in growing and not each.addresses:
                raise errors.Refused(
                    f"{each.revision} has no instance that could take more traffic", hint="seaway rollout why"
                )
        waiting = [str(name) for name, each in clusters.wanted(after) if each.revision in growing]
        until = time.monotonic() + _WARM
        while waiting:
            found = self._process.admin.statistics(rf"^cluster\.{after.service}/.*\.membership_healthy$")
            waiting = [each for each in waiting if not statistics.number(found, f"cluster.{each}.membership_healthy")]
            if waiting and time.monotonic() >= until:
                revision = waiting[0].split("/")[1]
                message = f"the proxy finds no healthy instance of {revision}: its readiness check fails"
                raise errors.NotReachable(message, hint="seaway logs")
            time.sleep(0.005 if waiting else 0)

    def _put_listeners(self, routings: Mapping[str, Routing], *, public: bool) -> None:
        document = self._listeners(routings, public=public)
        data = wire.dump(document)
        expected = {
            "listener_manager.lds.version_text": document["version_info"],
            "listener_manager.total_listeners_warming": "0",
        }
        if self._gateway.tls and public:
            expected["sds.gateway.version_text"] = self._put_certificate(self._gateway.tls)

        def taken() -> bool:
            found = self._process.admin.statistics(_LISTENING)
            return {name: found.get(name) for name in expected} == expected

        if not (_same(self._layout.listeners, data) and taken()):
            self._guard()
            self._process.put(self._layout.listeners, data, taken, "listeners")

    def _put_certificate(self, tls: Tls) -> str:
        """Where certificate and key are; answers the version. A listener that is already there has to take it now."""
        place = self._layout.certificate
        document = _versioned(listeners.certificate(tls, place, ""))
        version, data = str(document["version_info"]), wire.dump(document)

        def taken() -> bool:
            return self._process.admin.statistics(_LISTENING).get("sds.gateway.version_text") == version

        if not _same(place, data):
            self._guard()
            if self.listens():
                self._process.put(place, data, taken, "certificate")
            else:
                _files.replace(place, data)
        return version

    def _put_routes(self, routing: Routing, after: Mapping[str, Routing]) -> None:
        service = routing.service
        document = self._routes(after)
        data = wire.dump(document)
        generation = routing.generation if routing.backends else -1
        proxy = self._process.identity()

        def taken() -> bool:
            if set(self._workers.generations(service, proxy)) != {generation}:
                return False
            return self._process.admin.running().version == str(document["version_info"])

        if _same(self._layout.routes, data) and taken():
            self._settle(routing, propose=True)
            return
        self._guard()
        if routing.backends:
            self._stored.propose(routing)
        try:
            self._process.put(self._layout.routes, data, taken, "routes")
        except errors.PortError:
            self._stored.withdraw(service)
            raise
        self._settle(routing, propose=False)

    def _settle(self, routing: Routing, *, propose: bool) -> None:
        if not routing.backends:
            self._stored.forget(routing.service)
            return
        if propose:
            if self._stored.one(routing.service) == routing:
                return
            self._stored.propose(routing)
        self._stored.settle(routing.service)

    def _remove(self, wanted: Mapping[str, dict[str, Any]], leaving: Mapping[str, dict[str, Any]]) -> None:
        """Every worker serves the new routes by now; the running configuration says so too before anything goes."""
        named = self._process.admin.running().named()
        still = {name: each for name, each in leaving.items() if name in named}
        self._put_clusters({**wanted, **still})
        if still:
            revision = (names.parse(min(still)) or names.Name("", min(still))).revision
            raise errors.Conflict(
                f"{revision} is still named by a route of the running proxy", hint="seaway rollout why"
            )

    # ------------------------------------------------------------ the port itself

    def listens(self) -> bool:
        """Whether the running proxy has the gateway's address."""
        if not self._process.pid():
            return False
        try:
            found = self._process.admin.statistics(r"^listener_manager\.total_listeners_active$")
        except errors.PortError:
            return False
        return statistics.number(found, "listener_manager.total_listeners_active") > 1

    def ready(self) -> None:
        """Everything but the public listener is loaded and running. Raises NotReachable, Refused."""
        self._begin(self._stored.load())

    def open(self) -> None:
        """Listen on the gateway's address. Raises Refused when it cannot be bound."""
        self._put_listeners(self._stored.load(), public=True)

    def close(self) -> None:
        """Stop listening on the gateway's address; connections drain."""
        self._put_listeners(self._stored.load(), public=False)


def _versioned(document: dict[str, Any]) -> dict[str, Any]:
    """The version is the content's: what the proxy reports can be nothing else."""
    text = json.dumps(document["resources"], sort_keys=True)
    return {**document, "version_info": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _same(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
