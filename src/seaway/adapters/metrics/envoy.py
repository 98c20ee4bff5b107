"""Evidence from the proxy's own counters: what the guards of a rollout are judged by. Called by the engine's watch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from seaway import errors
from seaway.adapters._envoy_files import Layout
from seaway.adapters._envoy_proxy import Process
from seaway.formats.proxies.envoy import statistics
from seaway.model.routing import Gateway
from seaway.model.verdict import Sample


class EnvoyMetrics:
    """Counters of the gateway's running proxy. Latencies lag by a quarter of a second, counts do not."""

    def __init__(self, gateway: Gateway, folder: Path, runtime: Path) -> None:
        self._gateway = gateway
        self._process = Process(Layout(folder, runtime), workers=0)

    def sample(self, service: str, revisions: tuple[str, ...]) -> dict[str, Sample]:
        expression = quote(statistics.metrics_filter(service), safe="")
        proxy, body = self._ask(f"/stats?format=json&histogram_buckets=cumulative&filter={expression}")
        try:
            found = statistics.outcomes(body, service, revisions)
        except statistics.Malformed as error:
            raise errors.Refused(str(error), hint="seaway logs") from error
        at = datetime.now(UTC)
        return {
            revision: Sample(revision, at, requests, failed, latency, epoch=proxy)
            for revision, (requests, failed, latency) in found.items()
        }

    def instances(self, service: str, revision: str) -> dict[str, Sample]:
        """Counters of each instance of a revision, as PerInstance says; an instance that leaves takes its counters with it."""
        proxy, body = self._ask("/clusters?format=json")
        try:
            found = statistics.instances(body, service, revision)
        except statistics.Malformed as error:
            raise errors.Refused(str(error), hint="seaway logs") from error
        at = datetime.now(UTC)
        return {
            address: Sample(revision, at, requests, failed, epoch=proxy)
            for address, (requests, failed) in found.items()
        }

    def _ask(self, path: str) -> tuple[str, bytes]:
        """The proxy's identity, and its answer."""
        proxy = self._process.identity()
        if not proxy:
            message = f"no proxy runs for {self._gateway.listen}: there are no counters"
            raise errors.NotReachable(message, hint="seaway rollout why")
        return proxy, self._process.admin.get(path)

    def check(self, service: str) -> None:
        if self._process.identity():
            self.sample(service, ())
