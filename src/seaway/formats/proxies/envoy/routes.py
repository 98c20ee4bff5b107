"""Routes: every service of a gateway in one RouteConfiguration. Rendered for `adapters.traffic.envoy`.

A request finds its host first (a host that some service names, else all hosts), then the longest path prefix. Hosts that
are named also carry the routes of services without hosts. The virtual host `seaway.verify` answers, behind a secret path,
with the generation of each service: what a worker says there is what it serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seaway.formats.proxies.envoy import names
from seaway.formats.proxies.envoy.sticky import Arrival, arrivals
from seaway.formats.proxies.envoy.wire import TYPE, seconds
from seaway.model import weight
from seaway.model.routing import Backend, Routing
from seaway.model.service import Protocol, Route

NAME = "public"
VERIFY_HOST = "seaway.verify"
REVISION_HEADER = "x-seaway-revision"
_ANY = "*"
_IDEMPOTENT = "GET|HEAD|OPTIONS|PUT|DELETE|TRACE"  # RFC 9110, 9.2.2


@dataclass(frozen=True, slots=True)
class _Place:
    """One path prefix of one host, and what happens there."""

    host: str
    path: str
    route: Route
    routing: Routing
    backends: tuple[Backend, ...]


def document(routings: Iterable[Routing], secret: str, version: str, *, secure: bool) -> dict[str, Any]:
    """The RDS file. `secret`: first part of the path that tells generations; `secure`: clients come by TLS.

    Raises ValueError where two services claim the same host and path, or weights are no division of the whole.
    """
    served = [routing for routing in routings if routing.backends]
    for routing in served:
        check(routing)
    places = _places(served)
    hosts = sorted({place.host for place in places}, key=lambda host: (host == _ANY, host))
    tables = [_virtual_host(host, places, secure=secure) for host in hosts]
    configuration = {
        "@type": TYPE + "config.route.v3.RouteConfiguration",
        "name": NAME,
        "ignore_port_in_host_matching": True,
        "virtual_hosts": [_verify(served, secret), *tables],
    }
    return {"version_info": version, "resources": [configuration]}


def check(routing: Routing) -> None:
    """Raises ValueError for weights that Envoy would refuse, or that say less or more than all the traffic."""
    weights = {backend.revision: backend.weight for backend in routing.backends}
    if len(weights) != len(routing.backends):
        raise ValueError(f"{routing.service}: a revision is named twice among the backends")
    if min(weights.values()) < 0 or sum(weights.values()) != weight.WHOLE:
        raise ValueError(f"{routing.service}: weights {sorted(weights.values())} do not sum to {weight.WHOLE} ppm")
    if routing.preview and routing.preview not in weights:
        raise ValueError(f"{routing.service}: the preview {routing.preview} is not among the backends")


def _places(routings: Iterable[Routing]) -> list[_Place]:
    places: dict[tuple[str, str], _Place] = {}
    for routing in routings:
        for place in [*_public(routing), *_preview(routing)]:
            other = places.setdefault((place.host, place.path), place)
            if other is not place:
                where = f"{'all hosts' if place.host == _ANY else place.host}{place.path}"
                raise ValueError(f"{where} is claimed by {other.routing.service} and by {routing.service}")
    return list(places.values())


def _public(routing: Routing) -> list[_Place]:
    return [
        _Place(host.lower(), path.rstrip("/") or "/", route, routing, routing.backends)
        for route in routing.routes
        for host in route.hosts or (_ANY,)
        for path in route.paths
    ]


def _preview(routing: Routing) -> list[_Place]:
    """The preview host reaches one revision, on every path of the service."""
    if not (routing.preview and routing.preview_host):
        return []
    (chosen,) = (backend for backend in routing.backends if backend.revision == routing.preview)
    alone = (Backend(chosen.revision, weight.WHOLE, chosen.addresses),)
    host = routing.preview_host.lower()
    paths = {path.rstrip("/") or "/": route for route in reversed(routing.routes) for path in route.paths}
    return [_Place(host, path, route, routing, alone) for path, route in paths.items()]


def _virtual_host(host: str, places: list[_Place], *, secure: bool) -> dict[str, Any]:
    here = {place.path: place for place in places if place.host == _ANY}
    here |= {place.path: place for place in places if place.host == host}
    ordered = sorted(here.values(), key=lambda place: (-len(place.path), place.path))
    rules = [rule for place in ordered for rule in _rules(place, secure=secure)]
    return {"name": "all hosts" if host == _ANY else host, "domains": [host], "routes": rules}


def _verify(routings: Iterable[Routing], secret: str) -> dict[str, Any]:
    answers = [
        {
            "match": {"path": f"/{secret}/{routing.service}"},
            "direct_response": {"status": 200, "body": {"inline_string": str(routing.generation)}},
        }
        for routing in routings
    ]
    return {"name": VERIFY_HOST, "domains": [VERIFY_HOST], "routes": answers}


def _rules(place: _Place, *, secure: bool) -> list[dict[str, Any]]:
    """A rule per way to arrive and, where something is retried, one more for the methods that may be."""
    match = {"prefix": "/"} if place.path == "/" else {"path_separated_prefix": place.path}
    retried = place.route.retries > 0 and place.route.protocol is not Protocol.GRPC
    rules = []
    for arrival in arrivals(place.routing.sticky, secure=secure):
        if retried:
            rules.append(_rule(place, match, arrival, retries=place.route.retries))
        rules.append(_rule(place, match, arrival, retries=0))
    return rules


def _rule(place: _Place, match: Mapping[str, Any], arrival: Arrival, *, retries: int) -> dict[str, Any]:
    method = {"name": ":method", "string_match": {"safe_regex": {"regex": _IDEMPOTENT}}}
    headers = [*arrival.headers, *([method] if retries else [])]
    extra = {"response_headers_to_add": list(arrival.response_headers)} if arrival.response_headers else {}
    return {
        "match": {**match, **({"headers": headers} if headers else {})},
        "route": _action(place, arrival, retries),
        **extra,
    }


def _action(place: _Place, arrival: Arrival, retries: int) -> dict[str, Any]:
    route = place.route
    action: dict[str, Any] = {
        "timeout": seconds(route.timeout) if route.timeout else "0s",
        "idle_timeout": seconds(route.idle_timeout),
        "weighted_clusters": _weighted(place, arrival),
        "retry_policy": _retry(retries),
    }
    if arrival.hash_policy:
        action["hash_policy"] = [dict(arrival.hash_policy)]
    if route.websocket:
        action["upgrade_configs"] = [{"upgrade_type": "websocket", "enabled": True}]
    if route.protocol is Protocol.GRPC:
        action["max_stream_duration"] = {"grpc_timeout_header_max": action["timeout"]}  # 0s: as long as the client says
    return action


def _weighted(place: _Place, arrival: Arrival) -> dict[str, Any]:
    http2 = place.route.protocol is not Protocol.HTTP1
    clusters = [
        {
            "name": str(names.Name(place.routing.service, backend.revision, http2, arrival.new)),
            "weight": backend.weight,
            "response_headers_to_add": [
                {
                    "header": {"key": REVISION_HEADER, "value": backend.revision},
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                }
            ],
        }
        for backend in place.backends
    ]
    return {"clusters": clusters, **({"use_hash_policy": True} if arrival.hash_policy else {})}


def _retry(retries: int) -> dict[str, Any]:
    """Only what the backend surely never saw; `retry_on` empty states that nothing is retried."""
    if not retries:
        return {"retry_on": "", "num_retries": 0}
    other = {
        "name": "envoy.retry_host_predicates.previous_hosts",
        "typed_config": {"@type": TYPE + "extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"},
    }
    return {
        "retry_on": "reset-before-request",
        "num_retries": retries,
        "retry_host_predicate": [other],
        "host_selection_retry_max_attempts": 5,
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.05s"},
    }
