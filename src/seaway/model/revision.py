"""A revision: artifact + configuration, content-addressed; what a target runs and what a rollback restores."""

from __future__ import annotations

from dataclasses import dataclass

from seaway.model.service import Service


@dataclass(frozen=True, slots=True)
class Revision:
    """`id` = `<service>-<first 12 hex of digest>`; digest = sha256 over the canonical JSON of the service's configuration
    (replicas left out: scale is not identity; of an immutable artifact also where it came from) and the artifact's digest. `artifact` is the immutable copy in the state
    folder, or "" when the service runs in place; `immutable` says whether a rollback restores the code too.
    """

    id: str
    digest: str
    service: Service
    artifact: str
    artifact_digest: str
    immutable: bool
