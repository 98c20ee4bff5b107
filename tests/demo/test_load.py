"""The clients count what happened to them, each kind, and never ask twice for one answer."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from seaway.cli.demo import service
from seaway.cli.demo.load import Load, Mix
from seaway.cli.demo.records import Outcome, Records
from seaway.cli.demo.stream import Where
from traffic_peers import eventually

pytestmark = pytest.mark.real


@pytest.fixture
def server(free_port: int) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PORT": str(free_port), "VERSION": "v1", "FAIL_RATE": "0.1"}
    process = subprocess.Popen([sys.executable, service.__file__], env=environment, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


class Scripted(threading.Thread):
    """A server that answers each connection with one prepared answer, then does what the script says."""

    def __init__(self, *answers: bytes) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answers = list(answers)
        self.requests = 0

    def run(self) -> None:
        for answer in self.answers:
            connection, _ = self.listener.accept()
            with connection:
                if connection.recv(4096):
                    self.requests += 1
                connection.sendall(answer)
                time.sleep(0.02)
        self.listener.close()


def outcomes(records: Records) -> dict[str, int]:
    return {each.name.lower(): records.count(each) for each in Outcome}


def test_the_clients_count_what_the_server_did(server: subprocess.Popen[str], free_port: int) -> None:
    load = Load(Where(port=free_port), Mix(keepalive=3, rate=0)).start()
    time.sleep(0.5)
    records = load.stop()
    server.send_signal(signal.SIGTERM)
    asked = int(server.communicate()[0].split("ends after ")[1].split()[0])
    assert records.totals()["v1"] == {"ok": asked - asked // 10, "failed": asked // 10, "cut": 0, "unseen": 0}
    assert asked > 50


def test_each_kind_of_client_ends_whole(server: subprocess.Popen[str], free_port: int) -> None:
    mix = Mix(keepalive=0, websocket=2, idle=2, post=2, sse=2, session=0.2)
    load = Load(Where(port=free_port), mix).start()
    eventually(lambda: load.records.count(Outcome.OK) >= 3 * 2 * 2)
    found = outcomes(load.stop())
    assert found["ok"] >= 3 * 2 * 2 + 2
    assert (found["failed"], found["cut"], found["unseen"]) == (0, 0, 0)


def test_an_open_loop_asks_as_often_as_it_was_told(server: subprocess.Popen[str], free_port: int) -> None:
    began = time.monotonic()
    load = Load(Where(port=free_port), Mix(keepalive=4, rate=200)).start()
    time.sleep(1.0)
    asked = len(load.stop().ended)
    assert 150 <= asked <= 200 * (time.monotonic() - began) + 30


def test_a_server_that_dies_cuts_what_was_open_and_then_nobody_is_seen(
    server: subprocess.Popen[str], free_port: int
) -> None:
    load = Load(Where(port=free_port), Mix(keepalive=2, rate=100, websocket=1, idle=3, session=5)).start()
    time.sleep(0.4)
    server.kill()
    eventually(lambda: load.records.count(Outcome.UNSEEN) > 5)
    found = outcomes(load.stop())
    assert 4 <= found["cut"] <= 6
    assert found["unseen"] > 5


def test_an_answer_that_ends_early_is_cut_and_not_asked_for_again() -> None:
    half = b"HTTP/1.1 200 OK\r\nx-seaway-revision: shop-1\r\ncontent-length: 10\r\n\r\nhalf"
    server = Scripted(half, b"", half)
    server.start()
    load = Load(Where(port=server.port), Mix(keepalive=1, rate=20)).start()
    server.join(60)
    records = load.stop()
    assert records.totals()["shop-1"]["cut"] == 2
    assert records.count(Outcome.CUT) == 3
    assert server.requests == 3


def test_the_revision_is_what_the_router_says_before_what_the_service_says() -> None:
    body = b'{"version": "v9"}'
    answer = b"HTTP/1.1 503 X\r\nX-Seaway-Revision: shop-2\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )
    server = Scripted(answer)
    server.start()
    load = Load(Where(port=server.port), Mix(keepalive=1, rate=10)).start()
    server.join(60)
    assert load.stop().totals()["shop-2"]["failed"] == 1


def test_sums_can_be_taken_over_an_interval() -> None:
    records = Records()
    for outcome, revision in ((Outcome.OK, "a"), (Outcome.FAILED, "b"), (Outcome.OK, "a")):
        records.add(outcome, revision, time.time() - 0.5)
    ended = records.ended[1]
    assert records.totals(since=ended)["a"]["ok"] == 1
    assert records.totals(until=ended) == {"a": {"ok": 1, "failed": 0, "cut": 0, "unseen": 0}}
    assert sum(counts["ok"] for counts in records.seconds().values()) == 2
    assert records.quantile(0.99) == max(ended - began for began, ended, *_ in records.rows())


def test_no_exchange_has_no_quantile() -> None:
    assert Records().quantile(0.5) == 0.0


def test_one_process_of_load_prints_its_totals(server: subprocess.Popen[str], free_port: int) -> None:
    command = [
        sys.executable,
        "-m",
        "seaway.cli.demo.load",
        f"127.0.0.1:{free_port}",
        "--seconds",
        "0.3",
        "--keepalive",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout)["totals"]["v1"]["ok"] > 50


def test_stopping_twice_is_stopping_once(server: subprocess.Popen[str], free_port: int) -> None:
    load = Load(Where(port=free_port), Mix(keepalive=1)).start()
    assert load.stop() is load.stop()
