"""Instances: one running copy of a revision, and one-off jobs, as a target reports them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class InstanceState(StrEnum):
    """starting -> ready <-> unready -> stopping -> gone; failed: will not become ready (kept exiting, or timed out)."""

    STARTING = "starting"
    READY = "ready"
    UNREADY = "unready"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class InstanceSeen:
    """One instance now. `address` is "" for workers. `detail` says why it is not ready, in words a person can use."""

    id: str
    revision: str
    state: InstanceState
    address: str = ""
    pid: int = 0
    restarts: int = 0
    detail: str = ""


class JobState(StrEnum):
    """A one-off command: `missing` means it was never started."""

    MISSING = "missing"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job by its key; `exit_code` once it ended, `tail` the last lines of its output."""

    key: str
    state: JobState
    exit_code: int | None = None
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    """Carried by every port call: the scope (a service in an environment) and the owner's epoch. Adapters keep the highest
    epoch seen per scope on disk, at the point of effect, and raise Fenced for a lower one.
    """

    scope: str
    epoch: int
