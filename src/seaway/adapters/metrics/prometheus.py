"""Evidence from a Prometheus, or from anything that speaks its query API (Thanos, Mimir, VictoriaMetrics). Called by the engine's watch.

Raw counters are asked for, by process, and their growth is taken here: at every scrape since the last look, restarts among them.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from seaway import errors
from seaway.adapters._http import Http
from seaway.formats.monitoring.prometheus import answers, promql
from seaway.formats.monitoring.prometheus.answers import Malformed, Said, Series
from seaway.formats.monitoring.prometheus.growth import Counted, Growth, Process, Total
from seaway.model.metrics import MetricsSource
from seaway.model.verdict import Sample

_STALE = 3  # scrape intervals: older numbers are no numbers
_STEPS = 240  # scrapes that are looked at again after a pause, at most
_HINT = "seaway docs metrics"


@dataclass(slots=True)
class _Service:
    """What is known of one service since it was first asked for."""

    growth: Growth = field(default_factory=Growth)
    looked: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Prometheus:
    """Counts as the scrapes had them: `at` of a sample is the time of a scrape, so between two scrapes it does not move."""

    def __init__(self, source: MetricsSource, resolve: Callable[[str], str]) -> None:
        if source.queries is None:
            raise errors.UsageError("Prometheus needs queries", hint=_HINT)
        self._source, self._queries = source, source.queries
        token = (lambda: resolve(source.token)) if source.token else None
        self._http = Http(source.url, token=token, user=source.user)
        self._failed = re.compile(self._queries.failed)
        self._epoch = str(time.time_ns())
        self._services: dict[str, _Service] = {}
        self._lock = threading.Lock()

    def sample(self, service: str, revisions: tuple[str, ...]) -> dict[str, Sample]:
        with self._lock:
            known = self._services.setdefault(service, _Service())
        with known.lock:
            return self._sample(known, service, revisions)

    def check(self, service: str) -> None:
        """Raises Refused when requests are counted without a label that tells revisions, or failures, apart."""
        queries = self._queries
        labels = (queries.revision_label, queries.status_label)
        chosen = promql.selector(queries.requests, self._source, queries, service, ())
        found = self._ask("query", promql.kinds(chosen, *labels))
        for label in labels:
            if found and not any(series.labels.get(label) for series in found):
                raise errors.Refused(f"the requests of {service} have no label {label}: {chosen}", hint=_HINT)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _sample(self, known: _Service, service: str, revisions: tuple[str, ...]) -> dict[str, Sample]:
        present, measured, now = self._measured(service, revisions)
        if not present:
            return {}
        try:
            for at, seen in self._seen(service, revisions, known.looked, now):
                known.growth.take(at, seen)
            known.looked = now
            found = {name: self._counted(name, measured, known.growth.totals.get(name)) for name in present}
        except Malformed as error:
            raise self._refused(error) from error
        return {name: sample for name, sample in found.items() if sample}

    def _measured(self, service: str, revisions: tuple[str, ...]) -> tuple[frozenset[str], float, float]:
        """The revisions that have numbers, since when all of those count, and the time of the question there.

        Processes are measured one after the other, so the numbers are as old as the oldest of them: what was routed after that
        is perhaps not in them. One that is measured no more does not count. Raises Refused where none of a revision is fresh.
        """
        queries, times, now = self._queries, dict[str, list[float]](), 0.0
        chosen = promql.selector(queries.requests, self._source, queries, service, revisions)
        for series in self._ask("query", promql.newest(chosen, queries.revision_label)):
            name = promql.owner(queries, series.labels.get(queries.revision_label, ""), revisions)
            now, measured = series.points[-1]
            if name:
                times.setdefault(name, []).append(measured)
        patience = _STALE * self._source.scrape_interval.total_seconds()
        for name, found in times.items():
            if now - max(found) > patience:
                message = f"the newest numbers of {name} in {self._http.place} are {now - max(found):.0f} s old"
                raise errors.Refused(message, hint="see whether its targets are scraped; check metrics.scrape_interval")
        fresh = [at for found in times.values() for at in found if now - at <= patience]
        return frozenset(times), min(fresh, default=0.0), now

    def _seen(
        self, service: str, revisions: tuple[str, ...], since: float, now: float
    ) -> Iterator[tuple[float, Mapping[Process, Mapping[Counted, int]]]]:
        """The counters of every process at each scrape after `since`, or now alone for the first time."""
        queries, step = self._queries, self._source.scrape_interval.total_seconds()
        steps = min(int((now - since) / step), _STEPS) if since else 0
        times = {"start": f"{now - steps * step:.3f}", "end": f"{now:.3f}", "step": f"{step:.3f}"}
        moments: dict[float, dict[Process, dict[Counted, int]]] = {}
        for text, label in ((queries.requests, queries.status_label), (queries.latency, "le")):
            if text:
                chosen = promql.selector(text, self._source, queries, service, revisions)
                found = self._ask("query_range", promql.per_process(chosen, queries.revision_label, label), times)
                self._collect(found, label, revisions, moments)
        yield from sorted(moments.items())

    def _collect(
        self,
        found: Sequence[Series],
        label: str,
        revisions: tuple[str, ...],
        moments: dict[float, dict[Process, dict[Counted, int]]],
    ) -> None:
        queries = self._queries
        for series in found:
            labels = series.labels
            name = promql.owner(queries, labels.get(queries.revision_label, ""), revisions)
            if name is None:
                continue
            if label != "le" and label not in labels:
                raise Malformed(f"the requests of {name} have no label {label}, so failures cannot be told")
            process = (name, *(labels.get(each, "") for each in (queries.revision_label, *promql.PROCESS)))
            key: Counted = ("le", answers.edge(labels)) if label == "le" else ("status", labels[label])
            for at, value in series.points:
                moments.setdefault(at, {}).setdefault(process, {})[key] = answers.count(value, labels)

    def _counted(self, name: str, at: float, total: Total | None) -> Sample | None:
        requests = total.requests() if total else {}
        if total is None or not requests:
            return None
        failed = sum(value for status, value in requests.items() if self._failed.fullmatch(status))
        latency = total.latency(self._queries.unit.in_ms)
        return Sample(name, datetime.fromtimestamp(at, UTC), sum(requests.values()), failed, latency, self._epoch)

    def _ask(self, path: str, expression: str, times: Mapping[str, str] | None = None) -> list[Series]:
        answer = self._http.get(f"api/v1/{path}", {"query": expression, **(times or {})})
        if answer.status in (401, 403):
            words = f"{self._http.place} answered {answer.status}: {self._http.quote(answer.body)}"
            raise errors.Refused(words, hint="check metrics.token, and what it may read")
        try:
            return answers.read(answer.json())
        except Said as error:
            kind = errors.NotReachable if error.again else errors.Refused
            raise kind(f"{self._http.place} says {self._http.quote(str(error))}", hint=_HINT) from error
        except Malformed as error:
            raise self._refused(error) from error
        except ValueError as error:
            words = f"{self._http.place} answered {answer.status} {answer.kind} instead of numbers: {self._http.quote(answer.body)}"
            raise errors.Refused(words, hint="metrics.url is the address before /api/v1") from error

    def _refused(self, error: Malformed) -> errors.Refused:
        return errors.Refused(f"{self._http.place}: {error}", hint=_HINT)
