"""Releases that are judged by numbers other than the proxy's counters: by its log, and by a real Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.prometheus_harness import Peer, line
from journeys.place import PLAIN, Place
from seaway.cli.demo.load import Load


def judged_by(place: Place, source: Any) -> None:
    production = place.document["environments"]["production"]
    production["metrics"] = source
    if isinstance(source, dict):  # looks between two scrapes would see nothing new
        production |= {"tick": source["scrape_interval"], "soak": "4s"}
        steps = production["strategy"]["canary"]["steps"]
        production["strategy"] = {"canary": {"steps": [{"pause": "4s"} if "pause" in step else step for step in steps]}}


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path)
    yield made
    made.close()


class Counting:
    """What the clients saw, as a service's own counters: a process per revision."""

    def __init__(self, peer: Peer, load: Load) -> None:
        self._peer, self._load = peer, load
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(0.1):
            self._peer.exporter.text = "".join(
                line(
                    "http_requests_total",
                    counts[kind],
                    {"job": "shop", "instance": name, "version": name, "code": code},
                )
                for name, counts in self._load.records.totals().items()
                for kind, code in (("ok", 200), ("failed", 500))
            )

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()


def test_by_the_access_log_a_good_release_goes_forward_and_a_failing_one_comes_back(shop: Place) -> None:
    judged_by(shop, "access_log")
    load = shop.load()
    shop.release(VERSION="v2")
    failing = shop.release(state="rolled_back", VERSION="v3", FAIL_RATE="0.3")
    records = load.stop()
    failed = records.totals()[failing["revisions"]["candidate"]]["failed"]
    assert failing["loss"]["failed"] == failed > 0
    assert "success-rate" in failing["reason"]
    assert shop.get()[2]["version"] == "v2"


def test_by_prometheus_a_good_release_goes_forward_and_a_failing_one_comes_back(shop: Place, peer: Peer) -> None:
    judged_by(shop, {"source": "prometheus", "url": peer.url, "template": "http", "scrape_interval": "1s"})
    load = shop.load(PLAIN)
    counting = Counting(peer, load)
    try:
        good = shop.release(VERSION="v2")
        failing = shop.release(state="rolled_back", VERSION="v3", FAIL_RATE="0.3")
    finally:
        counting.stop()
        load.stop()
    assert {each["outcome"] for each in good["verdicts"]} >= {"pass"}
    assert "success-rate" in failing["reason"]
    assert shop.get()[2]["version"] == "v2"


def test_a_prometheus_that_cannot_tell_revisions_apart_refuses_the_release(shop: Place, peer: Peer) -> None:
    judged_by(shop, {"source": "prometheus", "url": peer.url, "template": "http", "scrape_interval": "1s"})
    peer.expose(line("http_requests_total", 5, {"job": "shop", "code": 200}))
    shop.set(VERSION="v2")
    shop.write()
    done = shop.run("deploy", "production", "--detach")
    assert done.returncode == 1
    assert "no label version" in done.stderr
    assert shop.get()[2]["version"] == "v1"


def test_without_numbers_an_objective_holds_and_nothing_passes_by_itself(shop: Place, peer: Peer) -> None:
    """The negative control: a Prometheus that answers, and has nothing."""
    judged_by(shop, {"source": "prometheus", "url": peer.url, "template": "http", "scrape_interval": "1s"})
    production = shop.document["environments"]["production"]
    production["objectives"] = [{**production["objectives"][0], "on": {"no_data": "hold"}}]
    production["strategy"] = {"canary": {"steps": [{"set_weight": 20}, {"analysis": "1s"}]}}
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    held = shop.until(rollout, lambda seen: seen["state"] == "held")
    load.stop()
    assert {each["outcome"] for each in held["verdicts"]} == {"no_data"}
