"""What pipelines did: runs and their jobs, as a CI system recorded them. Read by `formats.history.runs`, fetched through the port `ci`.

Times are seconds since 1970 (UTC). What nobody told is None, which is not the same as none: a run whose `approvals` are None may have
been approved, one whose approvals are empty was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seaway.model.delivery import Kind


class Conclusion(StrEnum):
    """How a run or a job ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    TIMEOUT = "timeout"

    @property
    def passed(self) -> bool:
        """It did what it should."""
        return self is Conclusion.SUCCESS

    @property
    def failed(self) -> bool:
        """It said no, or did not end in time; a cancelled one says nothing about the code."""
        return self in {Conclusion.FAILURE, Conclusion.TIMEOUT}


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's decision about a job. `requested`, `decided`: None where nobody told."""

    by: str
    requested: float | None = None
    decided: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long it was thought about, None where one of the times is not known."""
        return None if self.requested is None or self.decided is None else max(0.0, self.decided - self.requested)


@dataclass(frozen=True, slots=True)
class Kept:
    """An artifact of a run. `present` None: nobody told whether it is still there."""

    digest: str
    present: bool | None = None


@dataclass(frozen=True, slots=True)
class JobRun:
    """One execution of one job. `needs` None: nobody told what it waits for.

    `queued`: when it could have begun, `started`: when a machine did. `environment`: where it deploys to, "" nowhere. `artifact`: the
    digest that it built or deployed. `cache`: whether its cache was hit. `manual`: a person starts it.
    """

    name: str
    conclusion: Conclusion
    needs: tuple[str, ...] | None = None
    queued: float | None = None
    started: float | None = None
    finished: float | None = None
    runner: str = ""
    environment: str = ""
    kind: Kind | None = None
    manual: bool = False
    cache: bool | None = None
    artifact: str | None = None
    approvals: tuple[Approval, ...] | None = None

    @property
    def ran(self) -> bool:
        """A machine worked on it, and it is known how long."""
        return self.started is not None and self.finished is not None and self.conclusion is not Conclusion.SKIPPED

    @property
    def work(self) -> float:
        """Seconds of a machine; 0 where none worked."""
        return self.finished - self.started if self.started is not None and self.finished is not None else 0.0

    @property
    def queue(self) -> float:
        """Seconds between "could begin" and "began"; 0 where one of them is not known."""
        return self.started - self.queued if self.started is not None and self.queued is not None else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of one run of a pipeline. `id`: the same for all attempts. `pipeline`: the path of its file.

    `actor`: who started it; `author`: who made the change; `reviewers`: who looked at the change. `line`: in the file it was read from.
    `broke_glass`: the ordinary way was left on purpose, `reviewed`: when somebody looked at that afterwards.
    """

    id: str
    pipeline: str
    sha: str
    queued: float
    finished: float
    conclusion: Conclusion
    jobs: tuple[JobRun, ...] = ()
    attempt: int = 1
    branch: str = ""
    trigger: str = ""
    actor: str = ""
    author: str = ""
    reviewers: tuple[str, ...] | None = None
    evidence: tuple[str, ...] | None = None
    artifacts: tuple[Kept, ...] = ()
    broke_glass: bool = False
    reviewed: float | None = None
    url: str = ""
    line: int = field(default=1, compare=False)

    @property
    def seconds(self) -> float:
        """From the moment it could begin to its end."""
        return self.finished - self.queued


@dataclass(frozen=True, slots=True)
class RunHistory:
    """All that is known of past runs. `path`: the file, or what stands for one."""

    path: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A run that has ended, as a CI system lists it. `mark`: changes when the run does. `told`: the system's own words."""

    id: str
    mark: str
    told: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class CiSource:
    """Where runs are asked for. `url`: of the interface, `project`: as the system names it, `patience`: seconds that may be waited because
    the system allows no more questions.
    """

    url: str
    project: str
    patience: float = 900.0
