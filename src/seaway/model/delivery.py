"""What happened on the way to users: deployments, incidents, pushes and pull requests. Read by `formats.history`, counted by `assess.dora`.

Times are seconds since 1970 (UTC), because thousands of them are subtracted at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a deployment ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Kind(StrEnum):
    """What whoever deployed said it was."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    HOTFIX = "hotfix"


class Seen(StrEnum):
    """Who noticed an incident first."""

    ALERT = "alert"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of one service to one environment. `sha` "": the source is not known.

    `exposed`: when the first user saw it, None when nobody said; a failed one that was exposed did reach users. `region`: one of
    several places of one environment. `parts`: ids of the regions' deployments that this one stands for.
    """

    id: str
    service: str
    environment: str
    sha: str
    started: float
    finished: float
    outcome: Outcome = Outcome.SUCCEEDED
    kind: Kind | None = None
    region: str = ""
    exposed: float | None = None
    parts: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """True when it finished and serves."""
        return self.outcome is Outcome.SUCCEEDED

    @property
    def seen(self) -> float | None:
        """When users first saw it, None when they never did."""
        return self.exposed if self.exposed is not None else self.finished if self.succeeded else None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `started`: when somebody noticed; `resolved` None: it goes on. `caused_by`: a deployment's id or a commit.

    `impact`: the first bad signal, `mitigated`: when users were well again, `version`: what the alert's label said, `seen_by`: who
    noticed it first, `alert` or `person`; each where known.
    """

    id: str
    service: str
    started: float
    resolved: float | None = None
    caused_by: str = ""
    impact: float | None = None
    mitigated: float | None = None
    version: str = ""
    seen_by: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """The server saw `sha`, and all that it reaches, at this time."""

    sha: str
    pushed: float


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request: `sha` is what came of it on the main line, `commits` what it had (sha, committer time)."""

    id: str
    sha: str
    commits: tuple[tuple[str, float], ...]
