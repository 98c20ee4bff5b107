"""How numbers are asked for outside the gateway. Written by `config` into environments and plans, read by metrics adapters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Unit(StrEnum):
    """The unit of a histogram's bucket edges."""

    SECONDS = "s"
    MILLISECONDS = "ms"

    @property
    def in_ms(self) -> float:
        """Milliseconds in one."""
        return 1000.0 if self is Unit.SECONDS else 1.0


@dataclass(frozen=True, slots=True)
class Queries:
    """Which counters hold a service's requests and latencies: selectors of series, never sums.

    In selectors `$service` is the service's name, `$revisions` a pattern of the revisions' label values, `$labels` the
    environment's own matchers. `status_label` tells failed requests: those whose value `failed` (a whole pattern) matches.
    `revision_pattern` says what the label of one revision looks like; `$revision` in it is the revision's id.
    """

    requests: str
    revision_label: str
    status_label: str
    failed: str = "5.."
    latency: str = ""  # cumulative classic buckets; "": no latencies
    unit: Unit = Unit.SECONDS
    revision_pattern: str = "$revision"


@dataclass(frozen=True, slots=True)
class MetricsSource:
    """Where and how a source is asked. `token`: a secret reference. `url` "": the gateway's own numbers, nothing to say."""

    url: str = ""
    queries: Queries | None = None
    labels: tuple[tuple[str, str], ...] = ()
    user: str = ""
    token: str = ""
    scrape_interval: timedelta = timedelta(seconds=15)
