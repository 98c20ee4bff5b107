"""What an assessment says: findings, checks, scores, unknowns. Made by `assess`, gathered by `app.assess`, printed by `cli.assess`.

A rule *observes* (a hit at a place); the engine makes findings of hits, and one `Check` per rule of all its findings. Scores
are computed from checks alone, so whoever has the checks of a report can recompute its scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from seaway.model.bottleneck import Bottleneck, Outcome
from seaway.model.span import Span


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def weight(self) -> float:
        """What it weighs in a score; the first four are the risk weights of OpenSSF Scorecard."""
        return _WEIGHTS[self]

    def reaches(self, least: Severity) -> bool:
        """It is at least as bad."""
        return self.weight >= least.weight


_WEIGHTS = {
    Severity.CRITICAL: 10.0,
    Severity.HIGH: 7.5,
    Severity.MEDIUM: 5.0,
    Severity.LOW: 2.5,
    Severity.INFO: 0.0,
}


class Dimension(StrEnum):
    """What is scored; the name is the beginning of a rule's number."""

    VEL = "velocity"
    SAF = "safety"
    SEC = "security"
    ART = "artifacts"
    OBS = "observability"
    GOV = "governance"


class Status(StrEnum):
    """What became of a rule. `n/a`: nothing there that it judges; `unknown`: it could not be seen, which is no failure."""

    FAIL = "fail"
    PASS = "pass"  # noqa: S105 - not a password
    NOT_APPLICABLE = "n/a"
    UNKNOWN = "unknown"


class Persona(StrEnum):
    """Who reads. An auditor is also shown what is right to do and rarely worth stopping for."""

    REGULAR = "regular"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Impact:
    """What it costs. `metric`: lead_time, cfr, recovery, risk, cost; `method`: measured, replayed, benchmark, judgement."""

    metric: str
    method: str = "judgement"


@dataclass(frozen=True, slots=True)
class Fix:
    """A patch. `verified`: the format read the patched text, the same rule found nothing there any more, and no peer objected.

    `by`: what was asked, in order (the name of the format, the rule, a linter).
    """

    diff: str
    verified: bool
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment that silences a finding: why, until when (None: always), and where it stands."""

    reason: str
    until: date | None
    line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at one place. `confidence`: 0 to 1. `why`: what it leads to, the same for all of a rule."""

    rule: str
    number: str
    dimension: Dimension
    severity: Severity
    confidence: float
    span: Span
    message: str
    why: str
    impact: Impact
    effort: str
    fingerprint: str
    system: str
    fix: Fix | None = None
    suppressed: Suppression | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One rule over everything that was read. `severity`, `confidence`: of its worst finding, or the rule's own."""

    rule: str
    number: str
    dimension: Dimension
    severity: Severity
    confidence: float
    status: Status
    findings: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, None: not assessed. `confidence`: the share, by weight, of rules whose answer is known."""

    score: float | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Blind:
    """What could not be known, and why."""

    path: str
    line: int
    column: int
    why: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A whole assessment. `known`: how many findings the baseline left out. `files`: pipelines that were read.

    `bottlenecks`: of the pipelines whose runs are known. `forecasts`: that were stored, and what came of them.
    """

    root: str
    files: tuple[str, ...]
    scores: dict[Dimension, Score]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    unknowns: tuple[Blind, ...] = ()
    known: int = 0
    bottlenecks: tuple[Bottleneck, ...] = ()
    forecasts: tuple[Outcome, ...] = ()
