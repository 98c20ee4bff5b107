"""The proxy's statistics as text and JSON -> numbers. Read by the router (counts, rejections) and the metrics adapter.

What the counters of a cluster count, found by experiment with Envoy 1.40:

| counter | counts |
|---|---|
| upstream_rq_completed | answers that began, local ones among them: no healthy instance, refused connection, reset before the answer |
| upstream_rq_5xx | those of them with 5xx: a reset before the answer is a local 503; what was retried with success is not in it |
| upstream_rq_total | requests handed to a connection: grows at the start, retries and upgraded connections included |
| upstream_rq_active | open now: an upgraded connection counts until it ends |
| upstream_rq_time | milliseconds until the answer's end, for completed requests |

An answer that breaks off in its middle stays a 2xx here; the access log tells (flag UC, UR or UPE).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from seaway.formats.proxies.envoy import names
from seaway.model.routing import Counts
from seaway.model.verdict import Histogram

# gRPC statuses that say "the server failed" (as 5xx does), not "the call was wrong":
# UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
GRPC_FAILED = (2, 4, 12, 13, 14, 15)
REFUSALS = "[.]update_(rejected|failure)$"
_COUNTED = ("upstream_rq_completed", "upstream_rq_5xx", *(f"grpc.{status}" for status in GRPC_FAILED))


def routing_filter(service: str) -> str:
    """Expression for the statistics that `counts` and `rejected` need."""
    return rf"^cluster\.{re.escape(service)}/.*\.upstream_rq_(total|active)$|{REFUSALS}"


def metrics_filter(service: str) -> str:
    """Expression for the statistics that `outcomes` needs."""
    return rf"^cluster\.{re.escape(service)}/[^.]*\.(upstream_rq_(completed|5xx|time)|grpc\.[0-9]+)$"


def values(text: bytes) -> dict[str, str]:
    """Lines `name: value` of the plain form; quotes of text values are taken off."""
    pairs = (line.partition(": ") for line in text.decode("utf-8", "replace").splitlines())
    return {name: value.strip('"') for name, colon, value in pairs if colon}


def number(found: Mapping[str, str], name: str) -> int:
    """One counter or gauge, 0 when it does not exist (Envoy makes many only when they first count)."""
    text = found.get(name, "0")
    return int(text) if text.isdecimal() else 0


def rejected(found: Mapping[str, str]) -> int:
    """Configurations refused since the proxy's start, of all kinds: invalid ones, and files that could not be read."""
    return sum(number(found, name) for name in found if name.endswith((".update_rejected", ".update_failure")))


def counts(found: Mapping[str, str], service: str, *, sticky: bool) -> dict[str, Counts]:
    """Requests per revision of a service."""
    sides: dict[str, Counts] = {}
    for name in sorted({parsed for parsed in map(_cluster, found) if parsed and parsed.service == service}):
        started = number(found, f"cluster.{name}.upstream_rq_total")
        active = number(found, f"cluster.{name}.upstream_rq_active")
        before = sides.get(name.revision, Counts(0, 0, 0))
        assigned = (before.assigned or 0) + (started if name.new else 0)
        sides[name.revision] = Counts(before.started + started, before.active + active, assigned)
    if sticky:
        return sides
    return {revision: Counts(side.started, side.active) for revision, side in sides.items()}


def _cluster(statistic: str) -> names.Name | None:
    scope, _, rest = statistic.partition(".")
    return names.parse(rest.rpartition(".")[0]) if scope == "cluster" else None


class Malformed(ValueError):
    """An answer that is no evidence: no JSON, a missing part, a value that is no number."""


def outcomes(body: bytes, service: str, revisions: Iterable[str]) -> dict[str, tuple[int, int, Histogram]]:
    """Per revision: requests completed, requests failed, latencies. A revision without any counter is absent.

    Raises Malformed: nothing is guessed, and NaN or a negative count is never a number.
    """
    scalars, histograms = _parse(body)
    found: dict[str, tuple[int, int, Histogram]] = {}
    for revision in revisions:
        clusters = [name for name in scalars if name.service == service and name.revision == revision]
        if not any("upstream_rq_completed" in scalars[name] for name in clusters):
            continue
        requests = sum(scalars[name].get("upstream_rq_completed", 0) for name in clusters)
        bad = sum(sum(count for what, count in scalars[name].items() if what in _COUNTED[1:]) for name in clusters)
        latencies = [histograms[name] for name in clusters if name in histograms]
        found[revision] = (requests, min(bad, requests), _sum(latencies))
    return found


def instances(body: bytes, service: str, revision: str) -> dict[str, tuple[int, int]]:
    """Of `/clusters` as JSON: per instance (`127.0.0.1:41001`) the requests that were answered, and those that failed.

    Raises Malformed. gRPC statuses are not in it: a failed call counts as answered there.
    """
    found: dict[str, tuple[int, int]] = {}
    try:
        for cluster in json.loads(body).get("cluster_statuses", ()):
            name = names.parse(cluster["name"])
            if name is None or name.service != service or name.revision != revision:
                continue
            for host in cluster.get("host_statuses", ()):
                where = host["address"]["socket_address"]
                stats = {stat["name"]: _whole(int(stat.get("value", 0))) for stat in host.get("stats", ())}
                answered, failed = found.get(f"{where['address']}:{where['port_value']}", (0, 0))
                bad = stats.get("rq_error", 0)
                found[f"{where['address']}:{where['port_value']}"] = (
                    answered + stats.get("rq_success", 0) + bad,
                    failed + bad,
                )
    except Malformed:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"the proxy's clusters cannot be read: {error!r:.200}") from error
    return found


def _parse(body: bytes) -> tuple[dict[names.Name, dict[str, int]], dict[names.Name, Histogram]]:
    scalars: dict[names.Name, dict[str, int]] = {}
    histograms: dict[names.Name, Histogram] = {}
    try:
        entries = json.loads(body)["stats"]
        for entry in entries:
            for histogram in entry.get("histograms", ()):
                name = _name_of(histogram["name"])[0]
                if name:
                    histograms[name] = _histogram(histogram["buckets"])
            if "name" in entry:
                name, what = _name_of(entry["name"])
                if name and what in _COUNTED:
                    scalars.setdefault(name, {})[what] = _whole(entry["value"])
    except Malformed:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"the proxy's statistics cannot be read: {error!r:.200}") from error
    return scalars, histograms


def _name_of(statistic: str) -> tuple[names.Name | None, str]:
    """`cluster.api/api-1.grpc.13` -> the cluster and `grpc.13`."""
    _, _, rest = statistic.partition(".")
    cluster, _, what = rest.partition(".")
    return names.parse(cluster), what


def _histogram(buckets: Any) -> Histogram:
    """Envoy's cumulative counts -> counts per bucket; nothing lies above the last edge that Envoy reports."""
    edges, totals = [], []
    for bucket in buckets:
        edge = bucket["upper_bound"]
        if not isinstance(edge, (int, float)) or isinstance(edge, bool) or not math.isfinite(edge):
            raise Malformed(f"a latency bucket ends at {edge!r:.40}")
        edges.append(float(edge))
        totals.append(_whole(bucket["cumulative"]))
    if edges != sorted(set(edges)) or totals != sorted(totals):
        raise Malformed("the latency buckets are not cumulative")
    steps = [after - before for before, after in zip([0, *totals[:-1]], totals, strict=True)] if totals else []
    return Histogram(tuple(edges), (*steps, 0)) if edges else Histogram()


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed(f"a counter is {value!r:.40}, which is no count")
    return value


def _sum(histograms: list[Histogram]) -> Histogram:
    present = [histogram for histogram in histograms if histogram.edges]
    if not present:
        return Histogram()
    if len({histogram.edges for histogram in present}) > 1:
        raise Malformed("the latency buckets of one revision differ")
    counts_ = tuple(sum(column) for column in zip(*(histogram.counts for histogram in present), strict=True))
    return Histogram(present[0].edges, counts_)
