"""Probes: thresholds, pace, and what is said when the answer is no. Ports and listeners beside them."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from contracts.target_harness import until
from seaway.adapters import _ports, _probes, _vouch
from seaway.adapters._probes import Answer, Prober, Question
from seaway.model.service import Probe, ProbeKind

FAST = timedelta(milliseconds=20)


@pytest.fixture
def prober() -> Iterator[Prober]:
    made = Prober()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("results", "up"),
    [
        ("", None),
        ("n", None),
        ("nn", False),
        ("y", None),
        ("yy", True),
        ("yyn", True),
        ("yynn", False),
        ("ynyn", None),
        ("yynny", False),
    ],
)
def test_thresholds_count_results_in_a_row(results, up):
    answer, probe = Answer(), Probe(ProbeKind.TCP, successes=2, failures=2)
    for result in results:
        _probes.weigh(answer, probe, "" if result == "y" else "no")
    assert answer.up is up


def test_questions_come_often_until_the_first_yes_and_then_at_the_probes_own_pace():
    question, answer = Question(Probe(ProbeKind.HTTP), 1), Answer()
    assert _probes.pace(question, answer) == 0.02
    answer.since -= 60
    assert _probes.pace(question, answer) == 0.1
    assert _probes.pace(Question(Probe(ProbeKind.COMMAND), 1), answer) == 0.25
    assert _probes.pace(Question(Probe(ProbeKind.HTTP), 1, eager=False), answer) == 1.0
    answer.up = True
    assert _probes.pace(question, answer) == 1.0


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.mark.parametrize(
    ("status", "words"), [(200, ""), (302, ""), (404, "GET /404 answered 404"), (500, "GET /500 answered 500")]
)
def test_http_answers_from_200_to_399_are_yes(status, words):
    with http.server.HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert _probes.ask(Question(Probe(ProbeKind.HTTP, f"/{status}"), server.server_port)) == words
        thread.join()


def test_silence_refusal_and_nonsense_are_told_apart():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        slow = Probe(ProbeKind.HTTP, timeout=timedelta(seconds=0.1))
        assert _probes.ask(Question(slow, port)) == "no answer within 0.1 s"

        def nonsense() -> None:
            for _ in range(2):
                with silent.accept()[0] as client:
                    client.sendall(b"SSH-2.0-x\r\n\r\n")

        thread = threading.Thread(target=nonsense)
        thread.start()
        assert _probes.ask(Question(Probe(ProbeKind.HTTP), port)) == "the answer is not HTTP (BadStatusLine)"
        thread.join()
    assert _probes.ask(Question(Probe(ProbeKind.TCP), port)) == f"port {port}: Connection refused"


def test_a_slow_command_is_a_no():
    slow = Probe(ProbeKind.COMMAND, command=("sleep", "5"), timeout=timedelta(seconds=0.1))
    assert _probes.ask(Question(slow, 0, environment=lambda: dict(os.environ))) == "sleep took longer than 0.1 s"


def test_an_answer_that_nobody_vouches_for_is_a_no(prober):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        question = Question(Probe(ProbeKind.TCP, interval=FAST), port, vouch=lambda: "a stranger")
        until(lambda: prober.ask("k", question).strange)
        assert prober.ask("k", question).up is not True
        until(lambda: prober.ask("control", Question(Probe(ProbeKind.TCP, interval=FAST), port)).up)


def test_what_is_forgotten_is_asked_no_more_and_what_is_closed_neither(prober, tmp_path):
    asked = tmp_path / "asked"
    command = ("sh", "-c", f"echo x >> {asked}")
    question = Question(
        Probe(ProbeKind.COMMAND, command=command, interval=FAST), 0, environment=lambda: dict(os.environ)
    )
    prober.ask("k", question)
    prober.first(["k"], 5)
    assert prober.ask("k", question).asked >= 1
    prober.forget(lambda key: key != "k")
    time.sleep(0.2)
    size = asked.stat().st_size
    time.sleep(0.2)
    assert asked.stat().st_size == size
    prober.close()
    assert prober.ask("other", question).asked == 0


def test_a_free_port_is_kept_and_a_taken_one_exchanged(tmp_path):
    claims = str(tmp_path / "ports")
    chosen = {_ports.choose(0, claims) for _ in range(30)}
    assert len(chosen) == 30  # each claimed for a while
    port = chosen.pop()
    assert _ports.choose(port, claims) == port
    with socket.create_server(("127.0.0.1", port)):
        assert not _ports.free(port)
        assert _ports.choose(port, claims) != port
    assert _ports.choose(0, str(tmp_path / "no" / "ports")) > 0


def test_a_probe_that_breaks_says_so_and_is_asked_again(prober):
    def broken() -> str:
        raise ZeroDivisionError("oh")

    with socket.create_server(("127.0.0.1", 0)) as server:
        question = Question(Probe(ProbeKind.TCP, interval=FAST), server.getsockname()[1], vouch=broken)
        until(lambda: prober.ask("k", question).asked > 2)
    assert prober.ask("k", question).up is False


def test_a_listener_is_told_from_a_stranger():
    other = subprocess.Popen(["sleep", "600"], env={"SEAWAY_TOKEN": "its-token"})
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            assert _vouch.stranger(port, os.getpid(), "no-token") == ""
            assert f"port {port} is taken by pid {os.getpid()} (" in _vouch.stranger(port, other.pid, "its-token")
        assert _vouch.stranger(port, other.pid, "its-token") == ""
    finally:
        other.kill()
        other.wait()


def test_a_second_listener_that_shares_the_port_is_seen():
    listen = "import os, socket, time; s = socket.socket(); s.setsockopt(1, 15, 1); s.bind(('127.0.0.1', {port})); s.listen(); time.sleep(600)"
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        other = subprocess.Popen([sys.executable, "-S", "-c", listen.format(port=port)])
        try:
            until(lambda: f"port {port} is taken by pid {other.pid}" in _vouch.stranger(port, os.getpid(), "none"))
        finally:
            other.kill()
            other.wait()
