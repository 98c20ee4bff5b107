"""Statistics of the proxy: counts per revision whatever cluster they lie in, and nothing made of nothing."""

from __future__ import annotations

import json
import re

import pytest

from seaway.formats.proxies.envoy import statistics
from seaway.model.routing import Counts
from seaway.model.verdict import Histogram

TEXT = b"""cluster_manager.cds.version_text: "abc"
cluster_manager.cds.update_rejected: 1
cluster_manager.cds.update_failure: 2
cluster.api/api-a.upstream_rq_total: 5
cluster.api/api-a.upstream_rq_active: 2
cluster.api/api-a/new.upstream_rq_total: 3
cluster.api/api-a/h2/new.upstream_rq_total: 1
cluster.web/web-a.upstream_rq_total: 9
cluster.api/api-a.upstream_rq_time: P0(nan,1.0) P25(nan,1.0)
nonsense
"""


def test_lines_are_names_and_values() -> None:
    found = statistics.values(TEXT)
    assert found["cluster_manager.cds.version_text"] == "abc"
    assert statistics.number(found, "cluster.api/api-a.upstream_rq_total") == 5
    assert statistics.number(found, "missing") == 0
    assert "nonsense" not in found


def test_all_clusters_of_a_revision_are_one_side() -> None:
    found = statistics.values(TEXT)
    assert statistics.counts(found, "api", sticky=True) == {"api-a": Counts(9, 2, 4)}
    assert statistics.counts(found, "api", sticky=False) == {"api-a": Counts(9, 2)}


def test_refused_and_unreadable_configurations_are_both_counted() -> None:
    assert statistics.rejected(statistics.values(TEXT)) == 3


def test_expressions_find_this_service_and_no_other() -> None:
    for expression in (statistics.routing_filter("a.i"), statistics.metrics_filter("a.i")):
        assert not re.search(expression, "cluster.api/api-a.upstream_rq_total")
    assert re.search(statistics.routing_filter("api"), "cluster.api/api-a/new.upstream_rq_total")
    assert re.search(statistics.metrics_filter("api"), "cluster.api/api-a/h2.grpc.14")
    assert not re.search(statistics.metrics_filter("api"), "cluster.api/api-a.external.upstream_rq_time")
    assert not re.search(statistics.metrics_filter("api"), "cluster.my-api/api-a.upstream_rq_completed")


def test_latencies_of_several_clusters_add_up() -> None:
    def histogram(name: str, *counts: int) -> dict[str, object]:
        buckets = [{"upper_bound": edge, "cumulative": count} for edge, count in zip((1, 2), counts, strict=True)]
        return {"name": f"cluster.{name}.upstream_rq_time", "buckets": buckets}

    entries = [
        {"name": "cluster.api/api-a.upstream_rq_completed", "value": 3},
        {"name": "cluster.api/api-a/new.upstream_rq_completed", "value": 2},
        {"name": "cluster.api/api-a.upstream_rq_5xx", "value": 1},
        {"name": "cluster.api/api-a.grpc.14", "value": 1},
        {"name": "cluster.api/api-a.grpc.0", "value": 7},
        {"histograms": [histogram("api/api-a", 1, 3), histogram("api/api-a/new", 2, 2)]},
    ]
    found = statistics.outcomes(json.dumps({"stats": entries}).encode(), "api", ("api-a", "api-b"))
    assert found == {"api-a": (5, 2, Histogram((1.0, 2.0), (3, 2, 0)))}


def clusters(*hosts: tuple[str, int, str, int], cluster: str = "shop/shop-1") -> bytes:
    """`/clusters` as Envoy writes it: address, port, statistic, value; a value of 0 has no `value`."""
    listed: dict[tuple[str, int], list[dict[str, str]]] = {}
    for address, port, name, value in hosts:
        stat = {"name": name, **({"value": str(value)} if value else {})}
        listed.setdefault((address, port), []).append(stat)
    statuses = [
        {"address": {"socket_address": {"address": address, "port_value": port}}, "stats": stats}
        for (address, port), stats in listed.items()
    ]
    return json.dumps({"cluster_statuses": [{"name": cluster, "host_statuses": statuses}, {"name": "other"}]}).encode()


def test_instances_are_told_apart() -> None:
    body = clusters(
        ("127.0.0.1", 1, "rq_success", 90), ("127.0.0.1", 1, "rq_error", 10), ("127.0.0.1", 2, "rq_success", 50),
        ("127.0.0.1", 2, "rq_error", 0), ("127.0.0.1", 2, "rq_total", 60),
    )  # fmt: skip
    assert statistics.instances(body, "shop", "shop-1") == {"127.0.0.1:1": (100, 10), "127.0.0.1:2": (50, 0)}
    assert statistics.instances(body, "shop", "shop-2") == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"cluster_statuses": [{"name": 3}]}', clusters(("127.0.0.1", 1, "rq_error", -4)),
     b'{"cluster_statuses": [{"name": "shop/shop-1", "host_statuses": [{}]}]}'],
)  # fmt: skip
def test_clusters_that_cannot_be_read_are_no_evidence(body: bytes) -> None:
    with pytest.raises(statistics.Malformed):
        statistics.instances(body, "shop", "shop-1")
