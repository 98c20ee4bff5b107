"""What the rows about switches stand on: a place with a control plane, Envoy and the sample service; load as processes of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from journeys.place import Place, opened  # the journeys' own, so that both speak of the same thing
from seaway.app import planning, serving

Json = dict[str, Any]


@contextlib.contextmanager
def ground(**production: Any) -> Iterator[Place]:
    """v1 is stable, and nothing drains longer than it must."""
    before = os.environ.get("SEAWAY_HOME")
    with opened() as place:
        os.environ["SEAWAY_HOME"] = str(place.home.root)
        try:
            serving.ensure(place.home)
            environment = {"objectives": [], "soak": "0s", "tick": "1s", **production}
            place.document["environments"]["production"] = place.production(**environment)
            ship(place, VERSION="v0")
            yield place
        finally:
            os.environ.pop("SEAWAY_HOME") if before is None else os.environ.__setitem__("SEAWAY_HOME", before)


def submit(place: Place, **knobs: Any) -> str:
    """As `seaway deploy --detach`, without a new interpreter for each."""
    place.set(**knobs)
    made = planning.plan("production", path=place.write(), release=True)
    return place.client.submit(made, key=os.urandom(8).hex())


def ship(place: Place, state: str = "succeeded", **knobs: Any) -> Json:
    return place.ended(submit(place, **knobs), state)


def moment(events: list[Json], name: str, **facts: Any) -> float:
    """When an event with these facts happened first, seconds since 1970. Raises LookupError."""
    for event in events:
        if event["event"] == name and all(event.get(key) == value for key, value in facts.items()):
            return float(event["at"])
    raise LookupError(f"no {name} {facts} among {[each['event'] for each in events]}")


class Crowd:
    """Clients in a process of their own, until `stop`."""

    def __init__(self, port: int, **mix: float) -> None:
        words = [word for name, value in mix.items() for word in (f"--{name}", f"{value:g}")]
        command = [sys.executable, "-m", "seaway.cli.demo.load", f"127.0.0.1:{port}", "--seconds", "86400", *words]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.began = time.monotonic()

    def stop(self) -> dict[str, dict[str, int]]:
        """Revision -> outcome -> exchanges."""
        self._process.send_signal(signal.SIGTERM)
        said, _ = self._process.communicate(timeout=60)
        totals: dict[str, dict[str, int]] = json.loads(said)["totals"]
        return totals

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
