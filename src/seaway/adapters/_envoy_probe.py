"""Probes through the public listener, marked so that no record counts them as users'. Called by the router adapter."""

from __future__ import annotations

import http.client
import ssl
import time
from collections import Counter

from seaway.formats.proxies.envoy import access_log, routes, wire
from seaway.model.routing import Gateway, Probed, Routing
from seaway.model.service import ProbeKind

_EACH, _ALL = 2.0, 5.0  # seconds for one probe, and for all of them
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what "all addresses" means for a client


def probe(gateway: Gateway, routing: Routing, count: int, token: str) -> Probed:
    """`count` requests over kept connections; one that is not answered by this service below 500 has failed."""
    host, path = _target(routing)
    revisions = {backend.revision for backend in routing.backends}
    answered: Counter[str] = Counter()
    failed, until = 0, time.monotonic() + _ALL
    connection = _connect(gateway)
    for _ in range(count):
        try:
            if time.monotonic() >= until:
                raise TimeoutError
            connection.request("GET", path, headers={"Host": host or gateway.listen, access_log.PROBE_HEADER: token})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            failed += 1
            continue
        revision = answer.getheader(routes.REVISION_HEADER, "")
        if answer.status < 500 and revision in revisions:
            answered[revision] += 1
        else:
            failed += 1
    connection.close()
    return Probed(dict(answered), failed)


def _connect(gateway: Gateway) -> http.client.HTTPConnection:
    address, port = wire.split(gateway.listen)
    where = _ANYWHERE.get(address, address)
    if gateway.tls is None:
        return http.client.HTTPConnection(where, port, timeout=_EACH)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own listener, on our own address
    return http.client.HTTPSConnection(where, port, timeout=_EACH, context=context)


def _target(routing: Routing) -> tuple[str, str]:
    """A host and a path that surely lead to this service: the readiness path where a route covers it."""
    wanted = routing.readiness.path if routing.readiness.kind is ProbeKind.HTTP else "/"
    for route in routing.routes:
        for path in route.paths:
            prefix = path.rstrip("/")
            if wanted == prefix or wanted.startswith(prefix + "/"):
                return _host(route.hosts), wanted
    first = routing.routes[0]
    return _host(first.hosts), first.paths[0]


def _host(hosts: tuple[str, ...]) -> str:
    """A host that matches; a pattern `*.example.org` is met by a name below it."""
    return hosts[0].replace("*", "seaway-probe") if hosts else ""
