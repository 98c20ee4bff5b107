"""The access log: its format, its lines as records, and counts over many of them.

Rendered and read for `adapters.traffic.envoy`, read for `adapters.metrics.access_log`. One line of JSON per finished request, with no byte of a client in it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from seaway.formats.proxies.envoy import names
from seaway.formats.proxies.envoy.statistics import GRPC_FAILED
from seaway.formats.proxies.envoy.wire import any_of
from seaway.model.routing import SideLoss
from seaway.model.verdict import Histogram

PROBE_HEADER = "x-seaway-probe"
# Start in seconds, duration in milliseconds, cluster, status, flags, attempts, microseconds until the last byte was sent, and
# the status of a gRPC call.
_FORMAT = (
    '{"t":%START_TIME(%s.%6f)%,"d":%DURATION%,"c":"%UPSTREAM_CLUSTER_RAW%","s":%RESPONSE_CODE%,'
    '"f":"%RESPONSE_FLAGS%","n":"%UPSTREAM_REQUEST_ATTEMPT_COUNT%","u":"%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",'
    '"g":"%GRPC_STATUS_NUMBER%"}\n'
)
_LINE = re.compile(
    rb'\{"t":([0-9]+\.[0-9]+),"d":([0-9]+),"c":"([^"]*)","s":([0-9]{1,3}),"f":"([^"]*)","n":"([^"]*)","u":"([^"]*)"'
    rb'(?:,"g":"([^"]*)")?\}\n?'
)
_CLIENT_LEFT = frozenset({"DC", "DR", "DPE", "DI"})  # the client's side ended it
_UPSTREAM_LOST = frozenset({"UC", "UR", "UF", "UT", "UO", "UH", "LR", "UPE", "URX", "SI", "NC", "UMSDR", "OM"})
_GROWTH = math.log(1.02)  # a bucket of a folded histogram is 2 % wide
_COARSE = 4  # of them make one bucket of evidence, 8 % wide
_LOWEST, _HIGHEST = 59, 255  # its first and last edge: 0.1 ms and about ten minutes
EDGES = tuple(round(0.001 * math.exp(_GROWTH * _COARSE * index), 9) for index in range(_LOWEST, _HIGHEST + 1))  # ms


def sink(path: Path, token: str) -> dict[str, Any]:
    """The access log of the public listener. Requests that carry `token` are probes and leave no line."""
    mark = {
        "name": PROBE_HEADER,
        "string_match": {"exact": token},
        "invert_match": True,
        "treat_missing_header_as_empty": True,  # else a request without the header matches neither way and leaves no line
    }
    return {
        "name": "envoy.access_loggers.file",
        "filter": {"header_filter": {"header": mark}},
        "typed_config": any_of(
            "extensions.access_loggers.file.v3.FileAccessLog",
            path=str(path),
            log_format={"text_format_source": {"inline_string": _FORMAT}},
        ),
    }


class Record(NamedTuple):
    """One finished request. `at`: end, seconds since 1970. `name` None: it reached no service of ours.

    `failed`: 5xx, no answer or half of one, or a gRPC status that says the server failed. `upgraded`: `ms` is how long the
    connection lived, not how long an answer took.
    """

    at: float
    name: names.Name | None
    failed: bool
    gave_up: bool
    retried: bool
    ms: float
    upgraded: bool = False


def parse(line: bytes) -> Record | None:
    """A line -> Record; None for anything else (a torn line, foreign text). About 2 microseconds: logs are long."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    start, duration, cluster, status, flags, attempts, sent, grpc = found.groups()
    ms = int(sent) / 1000 if sent.isdigit() else float(duration)
    judged = _judged(cluster, int(status), flags, attempts, grpc or b"")
    return Record(float(start) + int(duration) / 1000, *judged, ms, status == b"101")


@lru_cache(maxsize=4096)
def _judged(
    cluster: bytes, status: int, flags: bytes, attempts: bytes, grpc: bytes
) -> tuple[names.Name | None, bool, bool, bool]:
    """Whose request it was, and whether it failed, was given up by its client, or was sent more than once."""
    told = frozenset(flags.decode("latin-1").split(","))
    upgraded = status == 101  # every end of an upgraded connection is logged alike: what was cut is counted otherwise
    lost = bool(told & _UPSTREAM_LOST)
    gave_up = bool(told & _CLIENT_LEFT) and not lost and status < 500 and not upgraded
    refused = grpc.isdigit() and int(grpc) in GRPC_FAILED
    failed = not gave_up and (status >= 500 or refused or ((status == 0 or lost) and not upgraded))
    return names.parse(cluster.decode("latin-1")), failed, gave_up, attempts.isdigit() and int(attempts) > 1


@dataclass(slots=True)
class Tally:
    """Counts of one side. Exact while records are added; a folded histogram is right to 2 %, and the maximum exact."""

    served: int = 0
    failed: int = 0
    retried: int = 0
    max_ms: float = 0.0
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        """Count one request. One that its client gave up counts neither as served nor as failed."""
        self.served += not record.failed and not record.gave_up
        self.failed += record.failed
        self.retried += record.retried
        if not record.gave_up:
            self.max_ms = max(self.max_ms, record.ms)
            self.buckets[bucket(record.ms)] += 1

    def merge(self, other: Tally) -> None:
        self.served += other.served
        self.failed += other.failed
        self.retried += other.retried
        self.max_ms = max(self.max_ms, other.max_ms)
        self.buckets.update(other.buckets)

    def loss(self) -> SideLoss:
        """As the model says it; percentiles to 2 %."""
        if not self.buckets:
            return SideLoss(self.served, self.failed, self.retried)
        quantiles = [min(self.max_ms, _quantile(self.buckets, share)) for share in (0.5, 0.99, 0.999)]
        p50, p99, p999 = (round(value, 3) for value in quantiles)
        return SideLoss(self.served, self.failed, self.retried, p50, p99, p999, round(self.max_ms, 3))

    def encode(self) -> dict[str, Any]:
        """As JSON data."""
        buckets = {str(bucket): count for bucket, count in sorted(self.buckets.items())}
        return {"s": self.served, "f": self.failed, "r": self.retried, "m": self.max_ms, "b": buckets}


def histogram(buckets: Mapping[int, int]) -> Histogram:
    """The buckets of a tally as evidence, with the edges EDGES: each value in the bucket that holds it, none moved."""
    counts = [0] * (len(EDGES) + 1)
    for bucket, count in buckets.items():
        counts[min(max(-(-bucket // _COARSE) - _LOWEST, 0), len(EDGES))] += count
    return Histogram(EDGES, tuple(counts))


def decode(data: Mapping[str, Any]) -> Tally:
    """What `Tally.encode` wrote. Raises KeyError, TypeError or ValueError."""
    buckets = Counter({int(bucket): int(count) for bucket, count in data["b"].items()})
    return Tally(int(data["s"]), int(data["f"]), int(data["r"]), float(data["m"]), buckets)


@lru_cache(maxsize=65536)
def bucket(ms: float) -> int:
    """The number of the 2 % bucket that holds a time."""
    return math.ceil(math.log(max(ms, 0.001) / 0.001) / _GROWTH)


def _quantile(buckets: Counter[int], share: float) -> float:
    """Nearest rank: the upper edge of the bucket that holds the value."""
    rank, seen = math.ceil(share * buckets.total()), 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen >= rank:
            return 0.001 * math.exp(bucket * _GROWTH)
    return 0.0


Minutes = dict[int, dict[str, Tally]]  # minute since 1970 -> cluster name ("" for none) -> counts


def fold(lines: Iterable[bytes]) -> Minutes:
    """Counts per minute (of the end) and cluster: what stays of a file that is dropped."""
    minutes: Minutes = {}
    for line in lines:
        record = parse(line)
        if record:
            sides = minutes.setdefault(int(record.at // 60), {})
            sides.setdefault(str(record.name or ""), Tally()).add(record)
    return minutes
