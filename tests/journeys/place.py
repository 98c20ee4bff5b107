"""A place for a journey: a state folder, a sample service, its seaway.yaml, clients, and the commands of a user.

The commands run as processes, as a user's do; looking is done through the client of the API. At the end everything is
stopped and the system is asked whether something is left.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

import seaway.cli.demo.service as sample
from seaway.adapters.traffic.envoy import Envoy
from seaway.app.client import Client
from seaway.cli.demo.load import Load, Mix
from seaway.cli.demo.records import Outcome, Records
from seaway.cli.demo.stream import Where
from seaway.config.home import Home
from seaway.errors import Conflict, SeawayError
from seaway.model.routing import Gateway, Losses

Json = dict[str, Any]
PATIENCE = 180.0  # seconds for what takes one or two here: waiting longer costs nothing where it comes, and a machine may be busy
MIX = Mix(keepalive=4, rate=160, websocket=2, post=2, session=0.6)
PLAIN = Mix(keepalive=4, rate=200)
ENDED = ("succeeded", "failed", "rolled_back", "superseded")
CANARY = {"canary": {"steps": [{"set_weight": 20}, {"pause": "500ms"}, {"set_weight": 50}, {"pause": "500ms"}]}}
OBJECTIVES = [{"success_rate": {"at_least": "95%"}, "min_samples": 20, "window": "5s", "on": {"no_data": "continue"}}]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sw-", dir="/tmp"))
        self.home = Home(self.folder / "s")
        self.shop = self.folder / "shop"
        self.shop.mkdir()
        shutil.copy(sample.__file__, self.shop / "service.py")
        self.port = free_port()
        self.loads: list[Load] = []
        self.disks: list[Path] = []  # other folders that belong to this place
        self.environment = {**os.environ, "SEAWAY_HOME": str(self.home.root), "NO_COLOR": "1"}
        self.began = datetime.now(UTC)
        self.asked = Records()  # what `get` asked
        self._client: Client | None = None
        self.document: Json = {"services": {"shop": self.service()}, "environments": {"production": self.production()}}

    # ------------------------------------------------------------ what is released

    def service(self, **changes: Any) -> Json:
        drained = {"paths": ["/"], "websocket": True, "drain": "10s"}
        return {
            "command": [sys.executable, "service.py"], "artifact": ".", "replicas": 1, "environment": {"VERSION": "v1"},
            "readiness": {"http": {"path": "/healthz"}, "interval": "200ms"}, "stop_grace": "3s", "start_timeout": "30s",
            "routes": [drained], **changes,
        }  # fmt: skip

    def production(self, **changes: Any) -> Json:
        return {
            "traffic": {"listen": f"127.0.0.1:{self.port}"}, "strategy": CANARY, "objectives": OBJECTIVES, "soak": "500ms",
            "tick": "250ms", **changes,
        }  # fmt: skip

    def set(self, **knobs: Any) -> None:
        """Environment variables of the sample service."""
        self.document["services"]["shop"]["environment"] = {name: str(value) for name, value in knobs.items()}

    def write(self) -> Path:
        path = self.shop / "seaway.yaml"
        path.write_text(yaml.safe_dump(self.document, sort_keys=False))
        return path

    # ------------------------------------------------------------ commands

    def run(self, *words: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "seaway", *words]
        return subprocess.run(
            command, cwd=self.shop, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def seaway(self, *words: str, code: int = 0, timeout: float = PATIENCE) -> str:
        """Run a command, expect its exit code; stdout."""
        done = self.run(*words, timeout=timeout)
        assert done.returncode == code, (
            f"seaway {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.log()}"
        )
        return done.stdout

    def serve(self) -> None:
        self.seaway("serve", "--detach")

    def submit(self, *words: str, environment: str = "production", **knobs: Any) -> str:
        """Start a release and leave; its id."""
        if knobs:
            self.set(**knobs)
        self.write()
        return self.seaway("deploy", environment, "--detach", *words).strip()

    def release(self, *words: str, state: str = "succeeded", environment: str = "production", **knobs: Any) -> Json:
        """Start a release, wait for its end and its losses, expect its state; the rollout."""
        return self.ended(self.submit(*words, environment=environment, **knobs), state)

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = Client(self.home, answer=60.0)
        return self._client

    def look(self, rollout: str) -> Json:
        return self.client.document(rollout)

    def until(self, rollout: str, is_so: Callable[[Json], bool], limit: float = PATIENCE) -> Json:
        """Look until it is so."""
        deadline, seen = time.monotonic() + limit, {}
        while time.monotonic() < deadline:
            with contextlib.suppress(SeawayError):
                seen = self.look(rollout)
                if is_so(seen):
                    return seen
            time.sleep(0.02)
        raise AssertionError(f"not within {limit} s:\n{json.dumps(seen, indent=1)[:6000]}\n{self.log()}")

    def ended(self, rollout: str, state: str = "succeeded") -> Json:
        found = self.until(
            rollout, lambda seen: seen["state"] in ENDED and (seen["loss"] or {}).get("served") is not None
        )
        assert found["state"] == state, (
            f"{found['state']}: {found['reason']}\n{json.dumps(found, indent=1)[:6000]}\n{self.log()}"
        )
        return found

    def ended_without_traffic(self, rollout: str) -> Json:
        """A worker has no ledger."""
        found = self.until(rollout, lambda seen: seen["state"] in ENDED)
        assert found["state"] == "succeeded", found
        return found

    def at(self, rollout: str, percent: float) -> Json:
        """Wait until the candidate has this share, verified."""
        return self.until(rollout, lambda seen: verified(seen) == round(percent * 10_000))

    def act(self, rollout: str, action: str, **words: Any) -> Json:
        return self.client.act(rollout, action, **words)

    def promote(self, rollout: str, *, full: bool = False) -> None:
        """End the pause of the rollout, once it is in it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.act(rollout, "promote", full=full)
            except Conflict:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def events(self, rollout: str) -> list[Json]:
        """All events of a rollout that has ended, each with its time (seconds since 1970) as `at`."""
        found: list[Json] = []
        for sequence_and_event in self.client.events(rollout):
            if sequence_and_event is None:
                continue
            event = sequence_and_event[1]
            at = datetime.fromisoformat(event["context"]["timestamp"]).timestamp()
            found.append({**event["customData"]["seaway"], "at": at})
            if found[-1]["event"] == "rollout.finished":
                break
        return found

    def log(self) -> str:
        with contextlib.suppress(OSError):
            return self.home.control_log.read_text()[-3000:]
        return ""

    # ------------------------------------------------------------ clients

    def load(self, mix: Mix = MIX, port: int = 0, **where: str) -> Load:
        self.loads.append(Load(Where(port=port or self.port, **where), mix).start())
        return self.loads[-1]

    def get(self, path: str = "/", host: str = "localhost", port: int = 0) -> tuple[int, str, Json]:
        """Status, revision, document."""
        connection, began = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE), time.time()
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            body, revision = answer.read(), answer.headers.get("x-seaway-revision", "")
            if not port:
                self.asked.add(Outcome.FAILED if answer.status >= 500 else Outcome.OK, revision, began)
            return answer.status, revision, json.loads(body) if body[:1] == b"{" else {}
        finally:
            connection.close()

    def counted(self, service: str = "shop") -> dict[str, tuple[int, int]]:
        """Revision -> (ok, failed or cut) over all clients of this place that have stopped, as they counted it."""
        found: dict[str, tuple[int, int]] = {}
        for records in (self.asked, *(load.records for load in self.loads)):
            for name, each in records.totals().items():
                if name.startswith(f"{service}-"):
                    ok, lost = found.get(name, (0, 0))
                    found[name] = (ok + each["ok"], lost + each["failed"] + each["cut"])
        return found

    def recorded(self, service: str = "shop") -> dict[str, tuple[int, int]]:
        """Revision -> (served, failed) as the proxy recorded it."""
        sides = self.losses(service).sides
        return {name: (side.served, side.failed) for name, side in sides.items() if side.served or side.failed}

    def losses(self, service: str = "shop", environment: str = "production", port: int = 0) -> Losses:
        """All that the proxy recorded since this place was made."""
        gateway = Gateway(environment, f"127.0.0.1:{port or self.port}")
        router = Envoy(gateway, self.home.gateway(gateway), self.home.runtime(environment))
        return router.losses(service, self.began, datetime.now(UTC))

    def agree(self, records: Records, *documents: Json, service: str = "shop", failed: int = 0) -> None:
        """Clients lost nothing but `failed`; they and the ledger count the same, over all and for each rollout."""
        seen = {outcome.name.lower(): records.count(outcome) for outcome in Outcome}
        assert (seen["failed"], seen["cut"], seen["unseen"]) == (failed, 0, 0), records.totals()
        assert self.recorded(service) == self.counted(service)
        for document in documents:
            self.agree_within(records, document)

    def agree_within(self, records: Records, document: Json) -> None:
        """The rollout's own ledger: exact, but for exchanges that were under way at its first or last moment."""
        since, until = (datetime.fromisoformat(document[name]).timestamp() for name in ("created", "ended"))
        rows = [*records.rows(), *self.asked.rows()]
        inside = [row for row in rows if row[0] >= since and row[1] < until]
        astride = [
            row for row in rows if row[1] >= since and row[0] < until and not (row[0] >= since and row[1] < until)
        ]
        loss = document["loss"]
        served = sum(row[2] is Outcome.OK for row in inside)
        lost = sum(row[2] is Outcome.FAILED for row in inside)
        assert served <= loss["served"] <= served + len(astride), (served, len(astride), loss)
        assert lost <= loss["failed"] <= lost + sum(row[2] is Outcome.FAILED for row in astride), (lost, loss)

    # ------------------------------------------------------------ processes

    def processes(self) -> dict[int, str]:
        """Pid -> command of all that belongs to this place, as the system knows it."""
        marks, found = [os.fsencode(folder) for folder in (self.folder, *self.disks)], {}
        for process in Path("/proc").iterdir():
            if process.name.isdecimal() and int(process.name) != os.getpid():
                with contextlib.suppress(OSError):
                    command = (process / "cmdline").read_bytes()
                    about = command + (process / "environ").read_bytes() + os.fsencode((process / "cwd").readlink())
                    if command and any(mark in about for mark in marks):
                        found[int(process.name)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def pids(self, pattern: str) -> list[int]:
        return [pid for pid, command in self.processes().items() if re.search(pattern, command)]

    @property
    def engine(self) -> int:
        return int(self.client.health()["pid"])

    @property
    def envoy(self) -> int:
        (pid,) = self.pids(r"/envoy -c ")
        return pid

    def kill(self, *pids: int, number: int = signal.SIGKILL) -> None:
        """Kill processes of this place and wait until they are gone."""
        for pid in pids:
            os.kill(pid, number)
        deadline = time.monotonic() + PATIENCE
        while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.005)

    def close(self) -> list[str]:
        """Stop everything; what was still there afterwards (it is killed)."""
        for load in self.loads:
            load.stop()
        if self._client:
            self._client.__exit__()
        if self.home.root.exists():
            self.run("down", "--yes")
        deadline = time.monotonic() + PATIENCE
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            shutil.rmtree(self.folder, ignore_errors=True)
        return list(left.values())


def verified(document: Json) -> int | None:
    """The candidate's verified weight, ppm."""
    return (document["weights"].get(document["revisions"]["candidate"]) or {}).get("verified")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def opened() -> Iterator[Place]:
    place = Place()
    try:
        yield place
    finally:
        left = place.close()
    assert left == [], "still running after `seaway down`"
