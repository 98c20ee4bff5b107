"""Listeners: the public one, and the one on a unix socket through which each worker is read back.

Rendered for `adapters.traffic.envoy`. Both serve the same RouteConfiguration from the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seaway.formats.proxies.envoy import access_log, routes
from seaway.formats.proxies.envoy.wire import any_of, files, socket_address
from seaway.model.routing import Gateway
from seaway.model.service import Tls

PUBLIC, VERIFY = "public", "verify"
_CERTIFICATE = "gateway"
_HCM = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_NOBODY = {
    "unix_sockets": False,
    "cidr_ranges": [{"address_prefix": "192.0.2.0", "prefix_len": 32}],
}  # documentation net


@dataclass(frozen=True, slots=True)
class Places:
    """Where the running proxy finds and leaves things: absolute paths."""

    routes: Path
    access_log: Path
    verify_socket: Path
    certificate: Path


def document(gateway: Gateway, places: Places, token: str, version: str, *, public: bool, grpc: bool) -> dict[str, Any]:
    """The LDS file. `token`: value of the header that marks probes; `public` False leaves the port to somebody else.

    Raises ValueError for an address that is none.
    """
    verify = _listener(VERIFY, _pipe(places.verify_socket), _manager(VERIFY, places, _plain()))
    verify |= {"ignore_global_conn_limit": True}
    listeners = [verify]
    if public:
        manager = _manager(PUBLIC, places, _public(places, token, grpc=grpc))
        open_to_all = _listener(PUBLIC, socket_address(gateway.listen), manager)
        open_to_all |= {"per_connection_buffer_limit_bytes": 65_536, "tcp_backlog_size": 4_096}
        if gateway.tls:
            open_to_all["filter_chains"][0]["transport_socket"] = _tls(places.certificate)
        listeners.append(open_to_all)
    return {"version_info": version, "resources": listeners}


def _listener(name: str, address: dict[str, Any], manager: dict[str, Any]) -> dict[str, Any]:
    return {
        **any_of("config.listener.v3.Listener"),
        "name": name,
        "stat_prefix": name,
        "address": address,
        # With SO_REUSEPORT a second proxy would silently take half of the connections.
        "enable_reuse_port": False,
        # Connections live long: each goes to the worker that has fewest, and every worker can be reached for read-back.
        "connection_balance_config": {"exact_balance": {}},
        "filter_chains": [{"filters": [manager]}],
    }


def _pipe(path: Path) -> dict[str, Any]:
    return {"pipe": {"path": str(path), "mode": 0o600}}


def _manager(name: str, places: Places, fields: dict[str, Any]) -> dict[str, Any]:
    source = files(str(places.routes), str(places.routes.parent))
    rds = {"route_config_name": routes.NAME, "config_source": source}
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": any_of(_HCM, stat_prefix=name, rds=rds, **fields),
    }


def _plain() -> dict[str, Any]:
    return {"codec_type": "HTTP1", "http_filters": [_router()], "stream_idle_timeout": "0s"}


def _public(places: Places, token: str, *, grpc: bool) -> dict[str, Any]:
    return {
        "codec_type": "AUTO",
        "server_header_transformation": "PASS_THROUGH",
        "use_remote_address": True,
        "internal_address_config": _NOBODY,  # nobody outside chooses request ids or speaks to the proxy by headers
        "normalize_path": True,
        "request_headers_timeout": "15s",  # slow heads are attacks; slow bodies are users
        "request_timeout": "0s",
        "stream_idle_timeout": "300s",  # every route states its own
        "common_http_protocol_options": {"idle_timeout": "600s"},
        "http2_protocol_options": {
            "max_concurrent_streams": 128,
            "initial_stream_window_size": 262_144,
            "initial_connection_window_size": 1_048_576,
            "allow_connect": True,  # WebSocket over HTTP/2, RFC 8441
        },
        "drain_timeout": "5s",
        "upgrade_configs": [{"upgrade_type": "websocket", "enabled": False}],  # a route allows it
        "access_log": [access_log.sink(places.access_log, token)],
        "http_filters": [_probes(token), *([_grpc_statistics()] if grpc else []), _router()],
    }


def _probes(token: str) -> dict[str, Any]:
    """Our own probes pass like everybody's requests and are counted in no result and no latency: they are no evidence."""
    marked = [{"name": access_log.PROBE_HEADER, "string_match": {"exact": token}}]
    check = any_of("extensions.filters.http.health_check.v3.HealthCheck", pass_through_mode=True, headers=marked)
    return {"name": "envoy.filters.http.health_check", "typed_config": check}


def _router() -> dict[str, Any]:
    router = any_of("extensions.filters.http.router.v3.Router", suppress_envoy_headers=True)
    return {"name": "envoy.filters.http.router", "typed_config": router}


def _grpc_statistics() -> dict[str, Any]:
    """A failed gRPC call is an HTTP 200: its own status is counted per cluster."""
    counts = any_of("extensions.filters.http.grpc_stats.v3.FilterConfig", stats_for_all_methods=False)
    return {"name": "envoy.filters.http.grpc_stats", "typed_config": counts}


def certificate(tls: Tls, place: Path, version: str) -> dict[str, Any]:
    """The SDS file, which stands at `place`. Whenever it is replaced, even by itself, certificate and key are read again."""
    secret = {
        **any_of("extensions.transport_sockets.tls.v3.Secret"),
        "name": _CERTIFICATE,
        "tls_certificate": {
            "certificate_chain": {"filename": tls.certificate},
            "private_key": {"filename": tls.key},
            "watched_directory": {"path": str(place.parent)},
        },
    }
    return {"version_info": version, "resources": [secret]}


def _tls(place: Path) -> dict[str, Any]:
    source = {"name": _CERTIFICATE, "sds_config": files(str(place), str(place.parent))}
    context = {
        "tls_certificate_sds_secret_configs": [source],
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
    }
    downstream = any_of("extensions.transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context=context)
    return {"name": "envoy.transport_sockets.tls", "typed_config": downstream}
