"""Clusters: one per (service, revision) and way of use, with its endpoints inline. Rendered for `adapters.traffic.envoy`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seaway.formats.proxies.envoy import names
from seaway.formats.proxies.envoy.wire import TYPE, any_of, seconds, socket_address
from seaway.model.routing import Backend, Routing
from seaway.model.service import Probe, ProbeKind, Protocol

# Circuit breakers protect a mesh from itself; in front of one's own processes they would only throttle. So: out of the way.
_CONNECTIONS, _REQUESTS, _RETRIES = 65_535, 1_000_000, 1_024
# Frameworks close idle keep-alive connections after 2 s (gunicorn), 5 s (uvicorn, Node) or more. A request that meets such
# a close is lost, so the proxy closes first.
_UPSTREAM_IDLE = "1.5s"
_TCP, _HTTP = "tcp_health_check", "http_health_check"


def wanted(routing: Routing) -> list[tuple[names.Name, Backend]]:
    """Every cluster that the routing's routes may name, with its backend."""
    uses = sorted({route.protocol is not Protocol.HTTP1 for route in routing.routes} or {False})
    kinds = [False, True] if routing.sticky else [False]
    return [
        (names.Name(routing.service, backend.revision, http2, new), backend)
        for backend in routing.backends
        for http2 in uses
        for new in kinds
    ]


def render(routing: Routing) -> dict[str, dict[str, Any]]:
    """Clusters of a routing by name."""
    return {str(name): _cluster(name, backend.addresses, routing.readiness) for name, backend in wanted(routing)}


def document(clusters: Iterable[dict[str, Any]], version: str) -> dict[str, Any]:
    """The CDS file: all clusters of the gateway, sorted by name so that equal wishes are equal bytes."""
    return {"version_info": version, "resources": sorted(clusters, key=lambda each: str(each["name"]))}


def _cluster(name: names.Name, addresses: tuple[str, ...], readiness: Probe) -> dict[str, Any]:
    endpoints = [_endpoint(address) for address in sorted(addresses)]
    breaker = {"max_connections": _CONNECTIONS, "max_pending_requests": _REQUESTS, "max_requests": _REQUESTS}
    protocol: dict[str, Any] = {"http2_protocol_options": {}} if name.http2 else {"http_protocol_options": {}}
    options = any_of(
        "extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config=protocol,
        common_http_protocol_options={"idle_timeout": _UPSTREAM_IDLE},
    )
    return {
        "@type": TYPE + "config.cluster.v3.Cluster",
        "name": str(name),
        "type": "STATIC",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {"cluster_name": str(name), "endpoints": [{"lb_endpoints": endpoints}]},
        "health_checks": [_health_check(readiness, http2=name.http2)],
        "ignore_health_on_host_removal": True,
        # Below 1 % healthy (none at all) every instance is tried: a check that flaps must not turn into an outage.
        "common_lb_config": {"healthy_panic_threshold": {"value": 1.0}},
        "circuit_breakers": {"thresholds": [{**breaker, "max_retries": _RETRIES}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
    }


def _endpoint(address: str) -> dict[str, Any]:
    """One instance. Its own address is the Host of health checks: Envoy would send the cluster's name, which is no host."""
    checked = {"hostname": address}
    return {"endpoint": {"address": socket_address(address), "health_check_config": checked}}


def _health_check(probe: Probe, *, http2: bool) -> dict[str, Any]:
    interval = seconds(probe.interval)
    check: dict[str, Any] = {
        "timeout": seconds(probe.timeout),
        "interval": interval,
        "no_traffic_interval": interval,  # 60 s by default: a warm side would go stale
        "unhealthy_threshold": max(1, probe.failures),
        "healthy_threshold": max(1, probe.successes),
        "reuse_connection": False,  # a kept connection would meet the backend's keep-alive timeout
    }
    if probe.kind is not ProbeKind.HTTP:
        return {**check, _TCP: {}}
    codec = "HTTP2" if http2 else "HTTP1"
    request = {"path": probe.path, "expected_statuses": [{"start": 200, "end": 400}], "codec_client_type": codec}
    return {**check, _HTTP: request}
