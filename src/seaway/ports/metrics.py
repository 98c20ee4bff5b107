"""The port to numbers about a service's revisions. Called by the engine's watch, answered as model samples."""

from __future__ import annotations

from typing import Protocol

from seaway.model.verdict import Sample


class Metrics(Protocol):
    """Sources of evidence. Absent data is absent, never zero; NaN and stale values are errors, never numbers."""

    # Cumulative counters of these revisions now; a revision without any data is missing from the answer.
    # Raises NotReachable (no answer) and Refused (an answer that is no evidence: NaN, stale, malformed).
    def sample(self, service: str, revisions: tuple[str, ...]) -> dict[str, Sample]: ...

    # Raises like `sample` when the source cannot serve this service at all; called before a rollout starts.
    def check(self, service: str) -> None: ...


class PerInstance(Protocol):
    """The part of a source that tells instances apart: how differently they fail at the same time is how clustered failures are."""

    # Counters of each instance of a revision, by its address; without latencies. Raises like `sample`.
    def instances(self, service: str, revision: str) -> dict[str, Sample]: ...
