"""Routes of all services in one configuration: who gets a request, with which weights, and what is stated about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.proxies.envoy import dump, routes, wire
from seaway.model.routing import Backend, Routing
from seaway.model.service import Probe, ProbeKind, Protocol, Route, Sticky

PROBE = Probe(ProbeKind.HTTP, "/ready")


def routing(service: str = "api", ppm: int = 250_000, **fields: Any) -> Routing:
    backends = (
        Backend(f"{service}-b", ppm, ("127.0.0.1:2",)),
        Backend(f"{service}-a", 1_000_000 - ppm, ("127.0.0.1:1",)),
    )
    return replace(Routing(service, 7, backends, (Route(),), PROBE), **fields)


def hosts(*routings: Routing, secure: bool = False) -> dict[str, list[dict[str, Any]]]:
    document = routes.document(list(routings), "secret", "v1", secure=secure)
    return {host["domains"][0]: host["routes"] for host in document["resources"][0]["virtual_hosts"]}


def paths(rules: list[dict[str, Any]]) -> list[str]:
    found = [rule["match"].get("prefix") or rule["match"].get("path_separated_prefix") for rule in rules]
    return list(dict.fromkeys(found))


def clusters(rule: dict[str, Any]) -> dict[str, int]:
    return {each["name"]: each["weight"] for each in rule["route"]["weighted_clusters"]["clusters"]}


class TestPlaces:
    def test_the_longest_prefix_of_any_service_comes_first(self) -> None:
        web = routing("web", routes=(Route(paths=("/", "/api/admin")),))
        api = routing("api", routes=(Route(paths=("/api",)),))
        assert paths(hosts(web, api)["*"]) == ["/api/admin", "/api", "/"]

    def test_a_named_host_also_carries_the_services_of_all_hosts_and_wins_over_them(self) -> None:
        shop = routing("shop", routes=(Route(hosts=("Shop.example.org",), paths=("/",)),))
        api = routing("api", routes=(Route(paths=("/", "/api")),))
        rules = hosts(shop, api)["shop.example.org"]
        assert paths(rules) == ["/api", "/"]
        assert clusters(rules[0]).keys() == {"api/api-b", "api/api-a"}
        assert clusters(rules[-1]).keys() == {"shop/shop-b", "shop/shop-a"}

    def test_named_hosts_come_before_all_hosts(self) -> None:
        assert list(hosts(routing(routes=(Route(hosts=("b.org",)), Route(paths=("/x",)))))) == [
            routes.VERIFY_HOST,
            "b.org",
            "*",
        ]

    def test_two_services_cannot_have_the_same_place(self) -> None:
        with pytest.raises(ValueError, match=r"a\.org/x is claimed by api and by web"):
            hosts(routing(routes=(Route(("a.org",), ("/x",)),)), routing("web", routes=(Route(("A.org",), ("/x/",)),)))

    def test_a_preview_host_cannot_be_the_host_of_another_service(self) -> None:
        with pytest.raises(ValueError, match="claimed"):
            hosts(
                routing(preview="api-b", preview_host="next.org"),
                routing("web", routes=(Route(("next.org",)),)),
            )

    def test_the_preview_gets_everything_on_its_host(self) -> None:
        rules = hosts(routing(ppm=0, preview="api-b", preview_host="next.org"))["next.org"]
        assert {tuple(clusters(rule).items()) for rule in rules} == {(("api/api-b", 1_000_000),)}


class TestWeights:
    @given(st.integers(0, 1_000_000))
    def test_the_candidate_is_first_and_weights_sum_to_the_whole(self, ppm: int) -> None:
        for rule in hosts(routing(ppm=ppm))["*"]:
            found = clusters(rule)
            assert list(found) == ["api/api-b", "api/api-a"]
            assert sum(found.values()) == 1_000_000
            assert found["api/api-b"] == ppm

    @pytest.mark.parametrize("weights", [(0, 0), (1, 1_000_000), (-1, 1_000_001), (500_000, 499_999)])
    def test_no_other_division_is_ever_rendered(self, weights: tuple[int, int]) -> None:
        broken = (Backend("api-b", weights[0], ()), Backend("api-a", weights[1], ()))
        with pytest.raises(ValueError, match="do not sum"):
            hosts(routing(backends=broken))

    def test_a_revision_named_twice_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="named twice"):
            hosts(routing(backends=(Backend("api-a", 0, ()), Backend("api-a", 1_000_000, ()))))

    def test_a_preview_must_be_a_backend(self) -> None:
        with pytest.raises(ValueError, match="preview api-x"):
            hosts(routing(preview="api-x", preview_host="next.org"))

    @given(st.integers(0, 1_000_000), st.booleans())
    def test_the_dump_of_a_rendered_configuration_says_its_weights(self, ppm: int, sticky: bool) -> None:
        wish = routing(ppm=ppm, sticky=Sticky("s", cookie="c") if sticky else None)
        table = routes.document([wish], "secret", "v9", secure=False)["resources"][0]
        running = dump.parse(wire.dump({"configs": [{"version_info": "v9", "route_config": table}]}))
        assert running.version == "v9"
        assert running.weights("api") == ({"api-b": ppm, "api-a": 1_000_000 - ppm}, True)
        assert running.weights("web") == ({}, True)


class TestStatements:
    def test_every_rule_states_timeout_idle_timeout_and_retries(self) -> None:
        rules = hosts(routing(routes=(Route(timeout=timedelta(seconds=90)), Route(paths=("/x",), retries=0))))["*"]
        for rule in rules:
            assert {"timeout", "idle_timeout", "retry_policy"} <= rule["route"].keys()
        assert {rule["route"]["timeout"] for rule in rules} == {"90s", "0s"}

    def test_only_methods_that_may_be_repeated_are_retried(self) -> None:
        again, once = hosts(routing())["*"]
        assert again["route"]["retry_policy"]["retry_on"] == "reset-before-request"
        assert "POST" not in again["match"]["headers"][-1]["string_match"]["safe_regex"]["regex"]
        assert once["route"]["retry_policy"] == {"retry_on": "", "num_retries": 0}
        assert "headers" not in once["match"]

    @pytest.mark.parametrize("route", [Route(retries=0), Route(protocol=Protocol.GRPC)])
    def test_without_retries_one_rule_is_enough(self, route: Route) -> None:
        assert len(hosts(routing(routes=(route,)))["*"]) == 1

    def test_websockets_pass_only_where_a_route_says_so(self) -> None:
        rules = hosts(routing(routes=(Route(paths=("/ws",), websocket=True), Route(paths=("/",)))))["*"]
        assert ["upgrade_configs" in rule["route"] for rule in rules] == [True, True, False, False]

    def test_http2_backends_have_clusters_of_their_own(self) -> None:
        rules = hosts(routing(routes=(Route(protocol=Protocol.HTTP2),)))["*"]
        assert clusters(rules[0]).keys() == {"api/api-b/h2", "api/api-a/h2"}

    def test_generations_are_told_behind_the_secret_only(self) -> None:
        (rule,) = hosts(routing())[routes.VERIFY_HOST]
        assert rule["match"] == {"path": "/secret/api"}
        assert rule["direct_response"]["body"]["inline_string"] == "7"

    def test_a_service_without_backends_has_no_rules(self) -> None:
        assert hosts(routing(backends=())) == {routes.VERIFY_HOST: []}


class TestSticky:
    COOKIE = Sticky("salt\\1", cookie="side")

    def test_known_users_are_hashed_by_salt_and_cookie_new_ones_by_the_id_that_becomes_it(self) -> None:
        rules = hosts(routing(sticky=self.COOKIE, routes=(Route(retries=0),)))["*"]
        known, new = rules
        assert known["match"]["headers"][0]["name"] == "cookie"
        assert known["route"]["hash_policy"][0]["header"]["regex_rewrite"]["substitution"] == "salt\\\\1:\\1"
        assert new["route"]["hash_policy"][0]["header"]["header_name"] == "x-request-id"
        assert "side=%REQ(X-REQUEST-ID)%" in new["response_headers_to_add"][0]["header"]["value"]
        assert "response_headers_to_add" not in known
        assert all(rule["route"]["weighted_clusters"]["use_hash_policy"] for rule in rules)

    def test_new_users_have_clusters_that_count_them_apart(self) -> None:
        known, new = hosts(routing(sticky=self.COOKIE, routes=(Route(retries=0),)))["*"]
        assert clusters(new).keys() == {f"{name}/new" for name in clusters(known)}

    def test_the_cookie_is_secure_where_clients_come_by_tls(self) -> None:
        for secure in (True, False):
            rule = hosts(routing(sticky=self.COOKIE, routes=(Route(retries=0),)), secure=secure)["*"][1]
            assert ("; Secure" in rule["response_headers_to_add"][0]["header"]["value"]) is secure

    def test_a_header_tells_users_apart_as_well(self) -> None:
        known, new = hosts(routing(sticky=Sticky("s", header="x-user"), routes=(Route(retries=0),)))["*"]
        assert known["match"]["headers"] == [{"name": "x-user", "present_match": True}]
        assert "response_headers_to_add" not in new


class TestDump:
    def test_rules_that_disagree_are_told_by_a_sum_above_the_whole(self) -> None:
        table = routes.document([routing()], "secret", "v", secure=False)["resources"][0]
        table["virtual_hosts"][1]["routes"][0]["route"]["weighted_clusters"]["clusters"][0]["weight"] = 900_000
        running = dump.parse(wire.dump({"configs": [{"route_config": table}]}))
        weights, agree = running.weights("api")
        assert not agree
        assert sum(weights.values()) > 1_000_000

    def test_the_preview_host_is_no_weight(self) -> None:
        table = routes.document([routing(preview="api-b", preview_host="next.org")], "s", "v", secure=False)[
            "resources"
        ][0]
        running = dump.parse(wire.dump({"configs": [{"route_config": table}]}))
        assert running.weights("api", "Next.org")[0] == {"api-b": 250_000, "api-a": 750_000}
        assert running.named() == {"api/api-b", "api/api-a"}

    @pytest.mark.parametrize("body", [b"", b"no", b"[]", b'{"configs": [3]}', b'{"configs": 3}'])
    def test_anything_else_is_an_error(self, body: bytes) -> None:
        with pytest.raises(ValueError):
            dump.parse(body)

    def test_a_file_says_the_generations_it_asks_for(self) -> None:
        document = routes.document([routing(), routing("web", routes=(Route(paths=("/w",)),))], "s", "v", secure=False)
        assert dump.generations(document) == {"api": 7, "web": 7}
        for other in (None, [], {}, {"resources": []}, {"resources": [{"virtual_hosts": 1}]}):
            assert dump.generations(other) == {}
