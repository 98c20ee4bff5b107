"""The bootstrap: what the proxy reads once at its start; everything that changes later is in files it watches.

Rendered for `adapters.traffic.envoy`, which starts a new proxy only when none runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seaway.formats.proxies.envoy.wire import any_of, files

# Upper edges in milliseconds: steps of at most a quarter, so that a quantile read from them is right to 25 %.
_EDGES = (
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 19, 24, 30, 37, 46, 57, 71, 89, 111, 139, 174, 217, 272, 340, 425, 531, 664, 830,
    1037, 1296, 1620, 2025, 2531, 3164, 3955, 4944, 6180, 7725, 9656, 12070, 15088, 18860, 23575, 29469, 36836, 46045,
    57556, 71945, 89931, 120000, 300000, 600000, 3600000,
)  # fmt: skip


def document(node: str, admin_socket: Path, listeners: Path, clusters: Path, *, connections: int) -> dict[str, Any]:
    """The bootstrap file. `connections`: clients that may be connected at once; more are refused, not starved."""
    limit = any_of(
        "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=connections,
    )
    monitor = {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": limit}
    return {
        "node": {"id": node, "cluster": "seaway"},
        "admin": {
            "address": {"pipe": {"path": str(admin_socket), "mode": 0o600}},
            "ignore_global_conn_limit": True,
        },
        "dynamic_resources": {
            "lds_config": files(str(listeners), str(listeners.parent)),
            "cds_config": files(str(clusters), str(clusters.parent)),
        },
        "stats_flush_interval": "0.250s",  # histograms lag by this much
        "stats_config": {
            "use_all_default_tags": False,
            "histogram_bucket_settings": [
                {"match": {"suffix": "upstream_rq_time"}, "buckets": [float(edge) for edge in _EDGES]}
            ],
        },
        "overload_manager": {"refresh_interval": "0.250s", "resource_monitors": [monitor]},
    }
