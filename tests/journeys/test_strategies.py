"""The other strategies, other kinds of services, and several at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from journeys.place import PLAIN, Place, free_port, opened


def test_blue_green_shows_the_new_side_first_and_switches_at_once(shop: Place) -> None:
    shop.document["environments"]["production"]["strategy"] = {
        "blue-green": {"preview_host": "preview.localhost", "auto_promotion": False}
    }
    load = shop.load()
    rollout = shop.submit(VERSION="v2")
    shop.until(
        rollout,
        lambda seen: (
            bool(seen["waiting"])
            and any(step["kind"] == "preview" and step["outcome"] == "done" for step in seen["steps"])
        ),
    )
    assert shop.get(host="preview.localhost")[2]["version"] == "v2"
    assert shop.get()[2]["version"] == "v1"
    shop.seaway("rollout", "promote", rollout)
    done = shop.ended(rollout)
    records = load.stop()
    assert shop.get()[2]["version"] == "v2"
    assert shop.get(host="preview.localhost")[2]["version"] == "v2"
    seen = {name: sum(counts.values()) for name, counts in records.totals().items()}
    assert all(seen.values())
    assert (done["loss"]["failed"], done["loss"]["cut"], done["loss"]["unseen_s"]) == (0, 0, 0)
    assert not any(counts["failed"] + counts["cut"] + counts["unseen"] for counts in records.totals().values())


def test_rolling_replaces_four_instances_one_after_the_other(place: Place) -> None:
    place.document["services"]["shop"]["replicas"] = 4
    place.document["environments"]["production"]["strategy"] = {"rolling": {"max_surge": 1, "max_unavailable": 0}}
    place.release(VERSION="v1")
    assert len(place.pids(r"service\.py$")) == 4
    load, most = place.load(), 0
    rollout = place.submit(VERSION="v2")

    def ended(seen: dict) -> bool:
        nonlocal most
        most = max(most, sum(seen["instances"].values()))
        return seen["state"] == "succeeded"

    place.until(rollout, ended)
    done = place.ended(rollout)
    place.agree(load.stop(), done)
    assert most <= 5
    assert len(place.pids(r"service\.py$")) == 4
    assert place.get()[2]["version"] == "v2"


def test_a_worker_is_replaced_without_a_port(place: Place) -> None:
    place.document["services"] = {
        "queue": {
            "command": [sys.executable, "-c", "import time\nwhile True: time.sleep(1)"],
            "worker": True,
            "environment": {"VERSION": "v1"},
            "stop_grace": "2s",
        }
    }
    del place.document["environments"]["production"]["strategy"]
    del place.document["environments"]["production"]["objectives"]
    place.write()
    place.ended_without_traffic(place.seaway("deploy", "production", "--detach").strip())
    old = place.pids("time.sleep")
    assert len(old) == 1
    place.document["services"]["queue"]["environment"] = {"VERSION": "v2"}
    place.write()
    place.ended_without_traffic(place.seaway("deploy", "production", "--detach").strip())
    new = place.pids("time.sleep")
    assert len(new) == 1
    assert new != old


def test_two_services_behind_one_proxy_do_not_notice_each_other(place: Place) -> None:
    api = place.service(environment={"VERSION": "a1"})
    api["routes"] = [{"paths": ["/api"], "drain": "2s"}]
    api["readiness"] = {"tcp": {}}
    place.document["services"]["api"] = api
    place.write()
    for service in ("shop", "api"):
        place.ended(place.seaway("deploy", "production", "--service", service, "--detach").strip())
    shop, other = place.load(), place.load(PLAIN, path="/api")
    place.document["services"]["shop"]["environment"] = {"VERSION": "v2"}
    place.document["services"]["api"]["environment"] = {"VERSION": "a2"}
    place.write()
    rollouts = [place.seaway("deploy", "production", "--service", name, "--detach").strip() for name in ("shop", "api")]
    documents = [place.ended(rollout) for rollout in rollouts]
    place.agree(shop.stop(), documents[0], service="shop")
    place.agree(other.stop(), documents[1], service="api")
    assert len(place.pids("/envoy -c ")) == 1


def test_production_takes_only_what_is_stable_in_staging(place: Place) -> None:
    staging = free_port()
    place.document["environments"] = {
        "staging": place.production(traffic={"listen": f"127.0.0.1:{staging}"}, objectives=[]),
        "production": place.production(promote_from="staging"),
    }
    place.set(VERSION="v1")
    place.write()
    refused = place.run("deploy", "production", "--detach")
    assert refused.returncode == 2
    assert "staging" in refused.stderr
    place.release(environment="staging")
    place.release(environment="production")
    load = place.load()
    place.set(VERSION="v2")
    place.write()
    assert place.run("deploy", "production", "--detach").returncode == 2
    place.release(environment="staging")
    done = place.release(environment="production")
    place.agree(load.stop(), done)
    assert place.get(port=staging)[2]["version"] == place.get()[2]["version"] == "v2"


@pytest.fixture
def waiting() -> Iterator[Place]:
    """v1 is stable; the next release stops at 20 % and waits for a person."""
    with opened() as place:
        place.serve()
        place.release(VERSION="v1")
        place.document["environments"]["production"]["strategy"] = {
            "canary": {"steps": [{"set_weight": 20}, {"pause": "until promoted"}]}
        }
        yield place


def test_a_newer_release_supersedes_the_one_on_its_way(waiting: Place) -> None:
    load = waiting.load()
    older = waiting.submit(VERSION="v2")
    waiting.at(older, 20)
    newer = waiting.submit(VERSION="v3")
    gone = waiting.ended(older, "superseded")
    waiting.at(newer, 20)
    waiting.promote(newer, full=True)
    done = waiting.ended(newer)
    waiting.agree(load.stop(), gone, done)
    assert waiting.get()[2]["version"] == "v3"
    assert waiting.seaway("rollout", "status", older, code=6)


def test_a_newer_release_waits_its_turn(waiting: Place) -> None:
    waiting.document["environments"]["production"]["concurrency"] = "queue"
    load = waiting.load()
    older = waiting.submit(VERSION="v2")
    waiting.at(older, 20)
    newer = waiting.submit(VERSION="v3")
    time.sleep(0.5)
    assert waiting.look(newer)["state"] == "pending"
    assert older in waiting.seaway("rollout", "why", newer)
    waiting.promote(older, full=True)
    first = waiting.ended(older)
    waiting.at(newer, 20)
    waiting.promote(newer, full=True)
    second = waiting.ended(newer)
    waiting.agree(load.stop(), first, second)
    assert waiting.get()[2]["version"] == "v3"


def test_a_newer_release_is_refused_where_the_environment_says_so(waiting: Place) -> None:
    waiting.document["environments"]["production"]["concurrency"] = "reject"
    load = waiting.load()
    older = waiting.submit(VERSION="v2")
    waiting.at(older, 20)
    waiting.set(VERSION="v3")
    waiting.write()
    refused = waiting.run("deploy", "production", "--detach")
    assert refused.returncode in (1, 2)
    assert older in refused.stderr
    waiting.promote(older, full=True)
    waiting.agree(load.stop(), waiting.ended(older))
    assert waiting.get()[2]["version"] == "v2"


def test_a_release_waits_for_a_named_person(shop: Place) -> None:
    shop.document["environments"]["production"]["gates"] = [{"approval": {}}]
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    shop.until(rollout, lambda seen: bool(seen["waiting"]) and "approv" in seen["waiting"]["for"])
    assert len(shop.pids(r"service\.py$")) == 1
    shop.seaway("approve", rollout)
    shop.agree(load.stop(), shop.ended(rollout))
    refused = shop.submit(VERSION="v3")
    shop.until(refused, lambda seen: bool(seen["waiting"]) and "approv" in seen["waiting"]["for"])
    shop.seaway("reject", refused)
    shop.until(refused, lambda seen: seen["state"] in ("failed", "rolled_back"))
    assert shop.get()[2]["version"] == "v2"
