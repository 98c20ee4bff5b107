"""Evidence request by request, from the access log that the gateway's proxy writes anyway. Called by the engine's watch.

Exact where counters are not: each finished request counts for the revision that served it, with its own duration, from the
first request on. Counting begins when this object is first asked, and the log is followed from there.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from seaway import errors
from seaway.adapters._envoy_files import Layout, Stored
from seaway.adapters._envoy_follow import Follower
from seaway.adapters._envoy_proxy import Process
from seaway.formats.proxies.envoy import access_log
from seaway.model.routing import Gateway
from seaway.model.verdict import Sample


@dataclass(slots=True)
class _Counts:
    """Of one revision since counting began."""

    requests: int = 0
    failed: int = 0
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, record: access_log.Record) -> None:
        """One that its client gave up counts with the time that it waited: else a release that hangs would look well."""
        self.requests += 1
        self.failed += record.failed
        if not record.upgraded:
            self.buckets[access_log.bucket(record.ms)] += 1


class AccessLog:
    """Counts of the gateway's finished requests. Lines reach the log at most a quarter of a second after the request's end."""

    def __init__(self, gateway: Gateway, folder: Path, runtime: Path) -> None:
        self._gateway = gateway
        self._layout = Layout(folder, runtime)
        self._process = Process(self._layout, workers=0)
        self._follower = Follower(self._layout)
        self._counts: dict[tuple[str, str], _Counts] = {}
        self._epoch = ""
        self._lock = threading.Lock()

    def sample(self, service: str, revisions: tuple[str, ...]) -> dict[str, Sample]:
        if not self._process.identity():
            message = f"no proxy runs for {self._gateway.listen}: nothing is recorded"
            raise errors.NotReachable(message, hint="seaway rollout why")
        with self._lock:
            self._follow()
            at = datetime.now(UTC)
            found = {name: self._counted(service, name) for name in revisions}
        return {
            name: Sample(name, at, each.requests, each.failed, access_log.histogram(each.buckets), self._epoch)
            for name, each in found.items()
            if each is not None
        }

    def check(self, service: str) -> None:
        if self._process.identity():
            self.sample(service, ())

    def _follow(self) -> None:
        try:
            if not self._follower.follow(self._take):
                self._counts.clear()
                self._epoch = str(time.time_ns())
        except OSError as error:
            message = f"the access log of {self._gateway.listen} cannot be read: {error.strerror}"
            raise errors.NotReachable(message, hint=f"ls -l {self._layout.logs}") from error

    def _take(self, line: bytes) -> None:
        record = access_log.parse(line)
        if record and record.name:
            self._counts.setdefault((record.name.service, record.name.revision), _Counts()).add(record)

    def _counted(self, service: str, revision: str) -> _Counts | None:
        """A revision that the gateway routes to and that got no request has the count zero; one that it does not know, none."""
        counted = self._counts.get((service, revision))
        if counted is None:
            routing = Stored(self._layout).one(service)
            if routing and revision in (backend.revision for backend in routing.backends):
                return _Counts()
        return counted
