"""A service that already runs on the port becomes Seaway's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

import seaway.cli.demo.service as sample
from journeys.place import PLAIN, Place, free_port
from seaway.cli.demo.records import Outcome


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
    lost = records.count(Outcome.CUT) + records.count(Outcome.UNSEEN)
    seen = records.totals()
    assert seen["by-hand"]["failed"] == seen[done["revisions"]["candidate"]]["failed"] == 0
    assert lost <= 20
    place.release(VERSION="v2")
    assert place.get()[2]["version"] == "v2"


def test_a_process_on_another_port_is_left_alone(place: Place, foreign: subprocess.Popen[str]) -> None:
    other = free_port()
    place.document["environments"]["production"]["traffic"]["listen"] = f"127.0.0.1:{other}"
    place.release(VERSION="v1")
    assert foreign.poll() is None
    assert place.get(port=other)[2]["version"] == "v1"
