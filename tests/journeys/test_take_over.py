"""A service that already runs on the port becomes Seaway's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

import seaway.cli.demo.service as sample
from journeys.place import PLAIN, Place, free_port
from seaway.cli.demo.records import Outcome, Records
from seaway.model.routing import Gateway


@pytest.fixture
def foreign(place: Place) -> Iterator[subprocess.Popen[str]]:
    """The service, started by hand, on the port of production."""
    environment = {**os.environ, "PORT": str(place.port), "VERSION": "by-hand"}
    process = subprocess.Popen([sys.executable, sample.__file__], env=environment, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def gaps(place: Place) -> list[tuple[float, float]]:
    """When nobody answered on the port, as the router recorded it: from, until (seconds since 1970)."""
    gateway = Gateway("production", f"127.0.0.1:{place.port}")
    lines = [
        json.loads(line) for line in (place.home.gateway(gateway) / "logs" / "lives.jsonl").read_text().splitlines()
    ]
    return [(line["ended"], line["serving"]) for line in lines if line["ended"] is not None]


def refused_outside(records: Records, since: float, until: float) -> list[tuple[float, float]]:
    """Attempts to connect that were refused although, by this interval, somebody listened. However long a busy machine makes the
    gap, each refused attempt has a moment in it.
    """
    return [
        (began, ended)
        for began, ended, outcome, _ in records.rows()
        if outcome is Outcome.UNSEEN and not (began <= until and ended >= since)
    ]


def test_a_loss_outside_of_the_gap_is_caught() -> None:
    """The negative control: the gap is recorded too short, at either end."""
    records = Records()
    for began in (10.0, 10.1, 10.2):
        records.add(Outcome.UNSEEN, "", began)
        records.ended[-1] = began + 0.01
    for since, until, caught in ((10.0, 10.3, []), (10.15, 10.3, [10.0, 10.1]), (10.0, 10.15, [10.2])):
        assert [began for began, _ in refused_outside(records, since, until)] == caught


def test_what_it_loses_is_said_first_and_then_it_serves(place: Place, foreign: subprocess.Popen[str]) -> None:
    load = place.load(PLAIN)
    place.set(VERSION="v1")
    place.write()
    said = place.seaway("plan", "production")
    assert str(foreign.pid) in said
    assert place.get()[2]["version"] == "by-hand"
    place.seaway("deploy", "production", "--detach", code=2)
    done = place.release("--take-over", VERSION="v1")
    records = load.stop()
    assert foreign.wait(5) == 0
    assert place.get()[2]["version"] == "v1"
    seen = records.totals()
    assert seen["by-hand"]["failed"] == seen[done["revisions"]["candidate"]]["failed"] == 0
    ((left, serving),) = gaps(place)
    assert done["loss"]["unseen_s"] == pytest.approx(serving - left, abs=0.001)
    assert refused_outside(records, left, serving) == []
    assert records.count(Outcome.CUT) <= PLAIN.keepalive  # a client has one connection to lose
    place.release(VERSION="v2")
    assert place.get()[2]["version"] == "v2"


def test_a_process_on_another_port_is_left_alone(place: Place, foreign: subprocess.Popen[str]) -> None:
    other = free_port()
    place.document["environments"]["production"]["traffic"]["listen"] = f"127.0.0.1:{other}"
    place.release(VERSION="v1")
    assert foreign.poll() is None
    assert place.get(port=other)[2]["version"] == "v1"
