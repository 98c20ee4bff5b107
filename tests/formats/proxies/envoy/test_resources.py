"""Clusters, listeners and the bootstrap: the statements that keep traps shut."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from seaway.formats.proxies.envoy import bootstrap, clusters, listeners, wire
from seaway.model.routing import Backend, Gateway, Routing
from seaway.model.service import Probe, ProbeKind, Protocol, Route, Sticky, Tls

PLACES = listeners.Places(Path("/g/rds.json"), Path("/g/access.log"), Path("/r/verify.sock"), Path("/g/s/sds.json"))


def routing(**fields: Any) -> Routing:
    backends = (Backend("api-b", 0, ("127.0.0.1:2",)), Backend("api-a", 1_000_000, ("127.0.0.1:1", "[::1]:3")))
    return replace(
        Routing("api", 1, backends, (Route(),), Probe(ProbeKind.HTTP, "/ready", interval=timedelta(seconds=2))),
        **fields,
    )


class TestClusters:
    def test_each_revision_has_one_with_its_endpoints(self) -> None:
        found = clusters.render(routing())
        assert set(found) == {"api/api-b", "api/api-a"}
        endpoints = found["api/api-a"]["load_assignment"]["endpoints"][0]["lb_endpoints"]
        assert [each["endpoint"]["address"]["socket_address"]["address"] for each in endpoints] == ["127.0.0.1", "::1"]

    def test_a_check_asks_with_the_address_as_host(self) -> None:
        (endpoint,) = clusters.render(routing())["api/api-b"]["load_assignment"]["endpoints"][0]["lb_endpoints"]
        assert endpoint["endpoint"]["health_check_config"] == {"hostname": "127.0.0.1:2"}

    def test_a_warm_side_is_checked_as_often_as_a_busy_one(self) -> None:
        (check,) = clusters.render(routing())["api/api-b"]["health_checks"]
        assert check["interval"] == check["no_traffic_interval"] == "2s"
        assert check["http_health_check"]["path"] == "/ready"

    @pytest.mark.parametrize("kind", [ProbeKind.TCP, ProbeKind.COMMAND])
    def test_what_a_proxy_cannot_ask_is_asked_by_connecting(self, kind: ProbeKind) -> None:
        (check,) = clusters.render(routing(readiness=Probe(kind)))["api/api-a"]["health_checks"]
        assert check["tcp_health_check"] == {}

    def test_mixed_protocols_and_sticky_users_have_a_cluster_each(self) -> None:
        wish = routing(routes=(Route(), Route(paths=("/g",), protocol=Protocol.GRPC)), sticky=Sticky("s", cookie="c"))
        names = {name for name in clusters.render(wish) if name.startswith("api/api-a")}
        assert names == {"api/api-a", "api/api-a/new", "api/api-a/h2", "api/api-a/h2/new"}
        assert "codec_client_type" in clusters.render(wish)["api/api-a/h2"]["health_checks"][0]["http_health_check"]

    def test_equal_wishes_are_equal_bytes(self) -> None:
        one = clusters.document(clusters.render(routing()).values(), "v")
        other = clusters.document(reversed(list(clusters.render(routing()).values())), "v")
        assert wire.dump(one) == wire.dump(other)

    def test_nothing_is_throttled(self) -> None:
        (limits,) = clusters.render(routing())["api/api-a"]["circuit_breakers"]["thresholds"]
        assert min(limits.values()) >= 1024


class TestListeners:
    def render(self, gateway: Gateway, *, public: bool = True, grpc: bool = False) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = listeners.document(gateway, PLACES, "token", "v", public=public, grpc=grpc)[
            "resources"
        ]
        return found

    def test_no_listener_shares_its_address(self) -> None:
        both = self.render(Gateway("e", "127.0.0.1:8080"))
        assert [each["name"] for each in both] == ["verify", "public"]
        assert all(each["enable_reuse_port"] is False for each in both)

    def test_before_a_take_over_only_the_workers_can_be_asked(self) -> None:
        assert [each["name"] for each in self.render(Gateway("e", "127.0.0.1:8080"), public=False)] == ["verify"]

    def test_tls_offers_http2(self) -> None:
        (chain,) = self.render(Gateway("e", "0.0.0.0:443", Tls("/c.pem", "/k.pem")))[1]["filter_chains"]
        context = chain["transport_socket"]["typed_config"]["common_tls_context"]
        assert context["alpn_protocols"] == ["h2", "http/1.1"]

    def test_a_certificate_is_read_again_whenever_its_file_is_replaced(self) -> None:
        (secret,) = listeners.certificate(Tls("/c.pem", "/k.pem"), PLACES.certificate, "v")["resources"]
        assert secret["tls_certificate"]["private_key"] == {"filename": "/k.pem"}
        assert secret["tls_certificate"]["watched_directory"] == {"path": "/g/s"}

    def test_workers_are_read_back_from_the_same_routes(self) -> None:
        sources = [
            each["filter_chains"][0]["filters"][0]["typed_config"]["rds"]
            for each in self.render(Gateway("e", "127.0.0.1:1"))
        ]
        assert sources[0] == sources[1]

    def test_calls_of_grpc_are_counted_only_where_there_are_any(self) -> None:
        for grpc in (True, False):
            manager = self.render(Gateway("e", "127.0.0.1:1"), grpc=grpc)[1]["filter_chains"][0]["filters"][0][
                "typed_config"
            ]
            names = [each["name"].rpartition(".")[2] for each in manager["http_filters"]]
            assert names == ["health_check", *["grpc_stats"][: int(grpc)], "router"]

    @pytest.mark.parametrize("listen", ["", "8080", ":80", "a:b", "a:0", "a:65536"])
    def test_an_address_that_is_none_is_an_error(self, listen: str) -> None:
        with pytest.raises(ValueError, match="is not an address"):
            self.render(Gateway("e", listen))


def test_the_bootstrap_listens_to_nobody_else() -> None:
    document = bootstrap.document(
        "n", Path("/r/admin.sock"), Path("/g/l/lds.json"), Path("/g/c/cds.json"), connections=10
    )
    assert document["admin"]["address"]["pipe"]["mode"] == 0o600
    assert "socket_address" not in str(document)
    assert document["dynamic_resources"]["cds_config"]["path_config_source"]["watched_directory"] == {"path": "/g/c"}


def test_durations_are_written_for_protobuf() -> None:
    written = [wire.seconds(timedelta(milliseconds=value)) for value in (0, 1, 1500, 90_000)]
    assert written == ["0s", "0.001s", "1.5s", "90s"]
