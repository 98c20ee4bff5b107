"""The sample service: what it answers, how it fails on purpose, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from seaway.cli.demo import service
from traffic_peers import eventually

pytestmark = pytest.mark.real
PROGRAM = Path(service.__file__)
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(free_port: int) -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []

    def launch(*, wait: bool = True, **knobs: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PORT": str(free_port), **knobs}
        begun.append(
            subprocess.Popen([sys.executable, "-I", str(PROGRAM)], env=environment, stdout=subprocess.PIPE, text=True)
        )
        if wait:
            assert "listens" in begun[-1].stdout.readline()
        return begun[-1]

    yield launch
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()


def get(port: int, path: str = "/", method: str = "GET", body: bytes | None = None) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    data = json.loads(answer.read())
    connection.close()
    return answer.status, data


def test_it_says_which_version_it_is_and_that_it_is_ready(start: Start, free_port: int) -> None:
    start(VERSION="v7", GREETING="ahoy")
    status, document = get(free_port)
    assert (status, document["version"], document["greeting"]) == (200, "v7", "ahoy")
    assert get(free_port, "/healthz") == (200, {"ready": True, "version": "v7"})
    assert get(free_port, "/nowhere")[0] == 404


@pytest.mark.parametrize(("rate", "count", "failed"), [("0.3", "", 30), ("1", "7", 7), ("0", "", 0)])
def test_exactly_as_many_requests_fail_as_were_asked_for(
    start: Start, free_port: int, rate: str, count: str, failed: int
) -> None:
    start(FAIL_RATE=rate, FAIL_COUNT=count)
    connection, statuses = http.client.HTTPConnection("127.0.0.1", free_port, timeout=60), []
    for _ in range(100):
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    assert statuses.count(500) == failed
    assert statuses.count(200) == 100 - failed


def test_a_body_is_counted_whether_its_length_is_known_or_not(start: Start, free_port: int) -> None:
    start()
    assert get(free_port, "/upload", "POST", b"x" * 70_000)[1]["received"] == 70_000
    connection = http.client.HTTPConnection("127.0.0.1", free_port, timeout=60)
    connection.request("POST", "/upload", body=iter([b"abc", b"d" * 5000]), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["received"] == 5003
    connection.close()


@pytest.mark.parametrize("size", [0, 5, 125, 126, 70_000])
def test_a_websocket_echoes_messages_of_every_size(start: Start, free_port: int, size: int) -> None:
    start()
    with connect(f"ws://127.0.0.1:{free_port}/ws") as socket_:
        socket_.send("é" * size)
        assert socket_.recv() == "é" * size
        socket_.send(bytes(size))
        assert socket_.recv() == bytes(size)
        assert socket_.ping().wait(60)


def test_a_websocket_puts_fragments_together(start: Start, free_port: int) -> None:
    start()
    with connect(f"ws://127.0.0.1:{free_port}/ws") as socket_:
        socket_.send(iter(["one ", "two ", "three"]))
        assert socket_.recv() == "one two three"


def test_an_unmasked_frame_ends_the_websocket(start: Start, free_port: int) -> None:
    start()
    with socket.create_connection(("127.0.0.1", free_port), 60) as raw:
        raw.sendall(b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nsec-websocket-key: abc\r\n\r\n\x81\x02hi")
        data = b""
        while piece := raw.recv(1000):
            data += piece
    assert data.endswith(b"\x88\x02" + (1002).to_bytes(2))


def test_events_come_one_by_one_and_end_by_themselves(start: Start, free_port: int) -> None:
    start(VERSION="v3")
    connection = http.client.HTTPConnection("127.0.0.1", free_port, timeout=60)
    connection.request("GET", "/events?count=3&every=10")
    answer = connection.getresponse()
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.read() == b"".join(f"id: {number}\ndata: v3\n\n".encode() for number in range(3))
    connection.close()


def test_told_to_stop_it_finishes_what_is_in_flight_and_takes_nothing_new(start: Start, free_port: int) -> None:
    process = start(LATENCY_MS="2000")
    busy = http.client.HTTPConnection("127.0.0.1", free_port, timeout=60)
    busy.request("GET", "/")
    idle = socket.create_connection(("127.0.0.1", free_port), 60)
    with connect(f"ws://127.0.0.1:{free_port}/ws") as socket_:
        time.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        answer = busy.getresponse()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        answer.read()
        assert idle.recv(10) == b""
        with pytest.raises(Exception, match="1001"):
            socket_.recv(timeout=60)
    busy.close()
    idle.close()
    assert process.wait(60) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port), 60)


def handles_sigterm(pid: int) -> bool:
    """Python has started and the program has said what SIGTERM means: on a busy machine that takes its time."""
    caught = Path(f"/proc/{pid}/status").read_text().partition("SigCgt:")[2].split()[0]
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def test_a_late_start_listens_late_and_can_be_stopped_before(start: Start, free_port: int) -> None:
    process = start(START_DELAY="60", wait=False)
    eventually(lambda: handles_sigterm(process.pid))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port), 60)
    process.terminate()
    assert process.wait(60) == 0


def test_a_request_that_is_none_is_refused(start: Start, free_port: int) -> None:
    start()
    with socket.create_connection(("127.0.0.1", free_port), 60) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_two_requests_in_one_packet_get_two_answers(start: Start, free_port: int) -> None:
    start()
    with socket.create_connection(("127.0.0.1", free_port), 60) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 2)
        data = b""
        while data.count(b"HTTP/1.1 200") < 2:
            data += raw.recv(1000)
