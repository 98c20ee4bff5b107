"""The whole house on real processes and a real Envoy, by its commands alone: deploy, watch, show, abort, undo, down."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

SERVICE = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = os.environ["MARK"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        print(*words, flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
CONFIGURATION = """
services:
  shop:
    command: [{python}, shop.py]
    artifact: app
    readiness: {{http: {{path: /}}}}
    environment: {{MARK: {mark}}}
    routes: [{{paths: [/], drain: 100ms}}]
environments:
  production:
    traffic: {{listen: "127.0.0.1:{port}"}}
    strategy: {{canary: {{steps: [{{set_weight: 20}}, {{pause: {pause}}}]}}}}
    soak: {soak}
    tick: 200ms
"""


class Desk:
    """A folder with a service, a state folder, and a shell without a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "app").mkdir()
        (folder / "app" / "shop.py").write_text(SERVICE)

    def configure(self, mark: str, *, pause: str = "300ms", soak: str = "300ms") -> None:
        text = CONFIGURATION.format(python=sys.executable, mark=mark, port=self.port, pause=pause, soak=soak)
        (self.folder / "seaway.yaml").write_text(text)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "seaway", *arguments],
            cwd=self.folder,
            env={**os.environ, "SEAWAY_HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def seaway(self, *arguments: str, code: int = 0) -> str:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=180)
        assert process.returncode == code, f"seaway {' '.join(arguments)}: {process.returncode}\n{out}\n{err}"
        return out + err if code else out

    def show(self, name: str = "production") -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.seaway("rollout", "show", name, "--json"))
        return document

    def state(self) -> str:
        """The rollout's state; "" while there is none, or nobody answers yet."""
        process = self.start("rollout", "show", "production", "--json")
        out, _ = process.communicate(timeout=180)
        return str(json.loads(out)["state"]) if process.returncode in {0, 1, 3, 4, 6} and out.startswith("{") else ""

    def answer(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    def processes(self) -> list[str]:
        """Command lines of everything that runs from this folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if str(self.home).encode() in path.read_bytes() + path.with_name("cmdline").read_bytes():
                    found.append(path.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # it has ended meanwhile
                continue
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.seaway("down", "--yes")
    deadline = time.monotonic() + 60
    while made.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert made.processes() == []


def test_a_ci_job_releases_twice_without_a_terminal_or_a_control_plane(desk: Desk) -> None:
    desk.configure("one")
    said = desk.seaway("deploy", "production", "--detach", code=2)
    assert "--detach needs a control plane that stays" in said
    first = desk.seaway("deploy", "production")
    assert re.match(r"ro-\S+ succeeded", first)
    assert desk.answer() == "one"
    desk.seaway("rollout", "list", code=5)  # the engine ended with its command; what it released runs on

    desk.configure("two")
    events = [json.loads(line) for line in desk.seaway("deploy", "production", "--json").splitlines()]
    names = [event["customData"]["seaway"]["event"] for event in events]
    assert names[0] == "rollout.admitted"
    assert names[-1] == "rollout.finished"
    assert {"weight.verified", "promoted"} <= set(names)
    numbers = [event["customData"]["seaway"]["sequence"] for event in events]
    assert numbers == sorted(set(numbers))
    assert desk.answer() == "two"


def test_a_release_is_aborted_and_another_one_undone(desk: Desk) -> None:
    desk.configure("one")
    desk.seaway("serve", "--detach")
    desk.seaway("deploy", "production")
    saved = desk.folder / "saved.json"

    desk.configure("two", pause="60s")
    name = desk.seaway("deploy", "production", "--detach").strip()
    wait(lambda: desk.show(name)["weights"][desk.show(name)["revisions"]["candidate"]]["verified"] == 200_000)
    desk.seaway("rollout", "abort", name, "-m", "second thoughts")
    desk.seaway("rollout", "watch", name, code=3)
    document = desk.show(name)
    assert document["state"] == "rolled_back"
    assert "second thoughts" in document["reason"]
    assert desk.answer() == "one"

    desk.configure("three", soak="60s")
    desk.seaway("plan", "production", "--out", str(saved))
    name = desk.seaway("deploy", "production", "--plan", str(saved), "--detach").strip()
    wait(lambda: desk.show(name)["state"] == "soaking")
    assert desk.answer() == "three"
    said = desk.seaway("rollout", "undo", "production")
    assert re.match(r"shop-\w+ serves production at 100 %, verified after \d+(\.\d)? s", said), said
    assert desk.answer() == "one"
    desk.seaway("rollout", "status", name, code=3)


def test_an_undo_of_a_finished_release_is_a_new_rollout_to_the_revision_before(desk: Desk) -> None:
    desk.configure("one")
    desk.seaway("serve", "--detach")
    desk.seaway("deploy", "production")
    desk.configure("two")
    stale = desk.folder / "stale.json"
    desk.seaway("plan", "production", "--out", str(stale))
    second = desk.seaway("deploy", "production").split()[0]
    said = desk.seaway("deploy", "production", "--plan", str(stale), code=2)
    assert "the plan was made when" in said
    desk.seaway("rollout", "undo", "production")
    document = desk.show()
    assert document["id"] != second
    assert document["undo"]
    desk.seaway("rollout", "status", document["id"])
    assert desk.answer() == "one"
    assert "GET / HTTP/1.1" in desk.seaway("logs", "production", "-n", "-1")


def test_of_two_commands_that_race_one_control_plane_remains(desk: Desk) -> None:
    racing = [desk.start("serve", "--detach") for _ in range(3)]
    ends = [(process.communicate(timeout=180), process.returncode) for process in racing]
    assert [code for _, code in ends] == [0, 0, 0], ends
    serving = [line for line in desk.processes() if line.rstrip().endswith("seaway serve")]
    assert len(serving) == 1
    said = desk.seaway("serve", code=1)
    assert "another control plane runs" in said
    desk.seaway("rollout", "list")  # the loser has not taken the socket along
    desk.seaway("serve", "--stop")
    desk.seaway("rollout", "list", code=5)


def test_the_engine_of_a_ci_job_ends_with_its_command_however_that_ends(desk: Desk) -> None:
    desk.configure("one", soak="60s")
    job = desk.start("deploy", "production")
    wait((desk.home / "run" / "control.sock").exists)
    wait(lambda: desk.state() == "soaking")
    job.kill()
    job.communicate()
    wait(lambda: not [line for line in desk.processes() if line.rstrip().endswith("seaway serve")])
    assert desk.answer() == "one"  # what it released runs on
    desk.seaway("serve", "--detach")
    assert desk.show()["state"] == "soaking"  # and the next engine goes on where it was


def test_a_control_plane_that_cannot_start_says_why(desk: Desk) -> None:
    desk.home.mkdir(mode=0o700)
    (desk.home / "engine.sqlite").write_text("this is no database, and long enough to be looked at as one" * 20)
    said = desk.seaway("serve", "--detach", code=5)
    assert "the control plane did not start" in said
    assert "is not a database" in said
    (desk.home / "engine.sqlite").unlink()


def wait(condition: Any) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
