"""Small words of Envoy's JSON: typed messages, durations, addresses. Used by the renderers of this package."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

TYPE = "type.googleapis.com/envoy."


def any_of(message: str, **fields: Any) -> dict[str, Any]:
    """A typed message (`google.protobuf.Any` in JSON)."""
    return {"@type": TYPE + message, **fields}


def seconds(value: timedelta) -> str:
    """`1.5s`, as protobuf writes durations."""
    return f"{value.total_seconds():.3f}".rstrip("0").rstrip(".") + "s"


def split(address: str) -> tuple[str, int]:
    """`127.0.0.1:8080`, `[::1]:8080` -> host and port. Raises ValueError."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65_536 or not host:
        raise ValueError(f"{address!r} is not an address of the form host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def socket_address(address: str) -> dict[str, Any]:
    """An address of a listener or an endpoint. Raises ValueError."""
    host, port = split(address)
    compatible = {"ipv4_compat": True} if host == "::" else {}
    return {"socket_address": {"address": host, "port_value": port, **compatible}}


def files(path: str, folder: str) -> dict[str, Any]:
    """A configuration source: the file at `path`, read again whenever something is renamed into `folder`."""
    return {
        "path_config_source": {"path": path, "watched_directory": {"path": folder}},
        "resource_api_version": "V3",
    }


def dump(document: Any) -> bytes:
    """The document as bytes, compact and in a stable order."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
