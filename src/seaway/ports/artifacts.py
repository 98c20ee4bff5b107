"""The port to artifacts: content-addressed copies that a rollback can restore. Called by `app` when it makes a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """An immutable copy: where it is and the sha256 over its files' names, modes and contents (64 hex digits)."""

    path: str
    digest: str


class Artifacts(Protocol):
    """A place that keeps what was released."""

    # The digest of what is at `source` now, leaving out names that match `exclude`. Raises NotFound.
    def digest(self, source: str, exclude: tuple[str, ...]) -> str: ...

    # Copy `source` in once per digest, atomically, read-only; a second call finds it. Raises NotFound, Full.
    def store(self, source: str, exclude: tuple[str, ...]) -> Stored: ...

    # Remove copies whose digest is not among `keep`; returns the removed digests.
    def prune(self, keep: frozenset[str]) -> tuple[str, ...]: ...
