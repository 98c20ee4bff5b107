"""Parts that lie: each lie is caught, and nobody is moved to where nobody can look."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from journeys.place import OBJECTIVES, PLAIN, Place, verified
from seaway.cli.demo.load import Mix

AT_20 = {"canary": {"steps": [{"set_weight": 20}, {"pause": "until promoted"}]}}


def routes(place: Place) -> Path:
    """The folder of routes that the proxy watches."""
    (found,) = (place.home.environments / "production" / "gateways").glob("*/xds/routes")
    return found


def freeze(place: Place) -> None:
    """The proxy goes on looking at the old folder, which nobody writes any more."""
    watched = routes(place)
    gone = watched.with_name("gone")
    watched.rename(gone)
    watched.mkdir()
    (watched / "rds.json").write_bytes((gone / "rds.json").read_bytes())


def rewrite(place: Place, change: Callable[[str], str]) -> None:
    """Somebody else replaces the routes."""
    file = routes(place) / "rds.json"
    beside = file.with_name("other")
    beside.write_text(change(file.read_text()))
    beside.rename(file)


def thaw(place: Place) -> None:
    """The folder that the proxy looks at is the one that is written, again."""
    frozen = routes(place)
    gone = frozen.with_name("gone")
    frozen.rename(frozen.with_name("aside"))
    gone.rename(frozen)


def test_a_frozen_folder_never_becomes_a_verified_weight(shop: Place) -> None:
    load = shop.load(PLAIN)
    freeze(shop)
    rollout = shop.submit(VERSION="v2")
    seen = shop.until(rollout, lambda seen: seen["state"] in ("rolling_back", "rolled_back", "held"))
    assert verified(seen) is None
    assert "did not report" in seen["reason"]
    thaw(shop)
    shop.agree(load.stop(), shop.ended(rollout, "rolled_back"))
    assert set(shop.counted()) == {seen["revisions"]["stable"]}


def test_a_configuration_that_the_proxy_refuses_is_told_in_its_words(shop: Place) -> None:
    """A preview host that no proxy takes: everything before it is right, the write itself succeeds."""
    shop.document["environments"]["production"]["strategy"] = AT_20
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    rewrite(shop, lambda text: text.replace('"prefix":"/"', '"prefix":7'))
    seen = shop.until(
        rollout,
        lambda seen: seen["state"] in ("rolled_back", "held", "indeterminate") or _spoke(shop, rollout),
    )
    assert seen["state"] != "succeeded"
    shop.act(rollout, "abort")
    shop.until(rollout, lambda seen: seen["state"] == "rolled_back")
    shop.agree(load.stop())
    assert shop.get()[2]["version"] == "v1"


def _spoke(shop: Place, rollout: str) -> bool:
    """Was a problem put on the record?"""
    with contextlib.closing(sqlite3.connect(f"{shop.home.database.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        told = database.execute("SELECT document FROM events").fetchall()
    return any(rollout in document and '"event":"problem"' in document.replace(" ", "") for (document,) in told)


def test_a_weight_changed_behind_our_back_is_seen_and_mended_or_held(shop: Place) -> None:
    shop.document["environments"]["production"]["strategy"] = AT_20
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    rewrite(
        shop,
        lambda text: text.replace('"weight":200000', '"weight":900000').replace('"weight":800000', '"weight":100000'),
    )
    shop.until(
        rollout,
        lambda seen: seen["state"] in ("rolled_back", "held", "indeterminate") or _spoke(shop, rollout),
    )
    shop.act(rollout, "abort")
    shop.until(rollout, lambda seen: seen["state"] == "rolled_back")
    shop.agree(load.stop())
    assert shop.get()[2]["version"] == "v1"


def test_metrics_that_cannot_be_reached_never_promote(shop: Place) -> None:
    shop.document["environments"]["production"]["strategy"] = {
        "canary": {"steps": [{"set_weight": 20}, {"pause": "2s"}]}
    }
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    (socket,) = shop.home.runtime("production").rglob("*admin*")
    shop.kill(shop.engine)
    socket.rename(socket.with_suffix(".away"))
    shop.serve()
    time.sleep(4)
    seen = shop.look(rollout)
    assert seen["state"] not in ("promoting", "soaking", "succeeded")
    assert shop.get()[0] == 200
    socket.with_suffix(".away").rename(socket)
    shop.act(rollout, "abort")
    shop.until(rollout, lambda seen: seen["state"] == "rolled_back")
    shop.agree(load.stop())


def test_an_instance_that_hangs_loses_its_traffic_and_the_release(shop: Place) -> None:
    """A stopped process accepts connections and never answers: alive to the system, dead to its users."""
    shop.document["services"]["shop"]["routes"][0]["timeout"] = "1s"
    shop.release(VERSION="v1b")
    shop.document["environments"]["production"]["strategy"] = AT_20
    old = shop.pids(r"service\.py$")
    shop.document["environments"]["production"]["objectives"] = [{**OBJECTIVES[0], "min_samples": 5, "window": "10s"}]
    load = shop.load(Mix(keepalive=24, rate=240))
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    (candidate,) = set(shop.pids(r"service\.py$")) - set(old)
    os.kill(candidate, signal.SIGSTOP)
    shop.until(rollout, lambda seen: seen["state"] == "rolled_back")
    load.stop()
    assert shop.get()[2]["version"] == "v1b"
    assert shop.recorded() == shop.counted()
