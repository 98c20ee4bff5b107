"""What to mend first: rules that fail, by gain over effort, and the same as a roadmap. Called by `document`; pure.

    gain   = weight of the rule's worst finding * its confidence: what the rule takes from its dimension, before it is made a share
    value  = gain / effort, where S counts 1, M 3 and L 9; a rule whose every finding has a verified patch counts as S

Scores before and after are those of `score`, reckoned again with the rule passed. Nothing is estimated that was not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from seaway.assess.rule import Rule
from seaway.assess.score import scores
from seaway.model.finding import Assessment, Check, Dimension, Finding, Score, Severity, Status

EFFORT = {"S": 1.0, "M": 3.0, "L": 9.0}
DAYS = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class Move:
    """One rule made to pass. `patches`: how many of its `findings` have a verified patch; `before`, `after`: its dimension's score."""

    rule: Rule
    check: Check
    findings: int
    patches: int
    effort: str
    gain: float
    before: float | None
    after: float | None

    @property
    def value(self) -> float:
        """Gain over effort."""
        return self.gain / EFFORT[self.effort]


@dataclass(frozen=True, slots=True)
class Phase:
    """What to do until this day, and the scores when it and all before it are done."""

    days: int
    moves: tuple[Move, ...]
    scores: Mapping[Dimension, Score]


def moves(found: Assessment, rules: Iterable[Rule]) -> tuple[Move, ...]:
    """The best first; findings that a baseline knows and rules that weigh nothing are no moves."""
    known = {rule.id: rule for rule in rules}
    own: dict[str, list[Finding]] = {}
    for one in found.findings:
        own.setdefault(one.rule, []).append(one)
    made = [
        _move(found, check, known[check.rule], own[check.rule])
        for check in found.checks
        if check.status is Status.FAIL and check.rule in own and check.severity.weight > 0
    ]
    return tuple(sorted(made, key=lambda one: (-one.value, -one.gain, one.check.number)))


def _move(found: Assessment, check: Check, rule: Rule, findings: Sequence[Finding]) -> Move:
    patches = sum(one.fix is not None and one.fix.verified for one in findings)
    after = scores(passed(found.checks, {rule.id: rule}))[rule.dimension]
    return Move(
        rule,
        check,
        len(findings),
        patches,
        "S" if patches == len(findings) else rule.effort,
        round(check.severity.weight * check.confidence, 3),
        found.scores[rule.dimension].score,
        after.score,
    )


def passed(checks: Iterable[Check], rules: Mapping[str, Rule]) -> list[Check]:
    """The checks with these rules passed: each then weighs what its rule weighs."""
    return [
        replace(one, status=Status.PASS, severity=rules[one.rule].severity, findings=0) if one.rule in rules else one
        for one in checks
    ]


def roadmap(found: Assessment, listed: Sequence[Move]) -> tuple[Phase, ...]:
    """Small things and everything critical in 30 days, middle ones in 60, large ones in 90; phases without a move are left out."""
    done: dict[str, Rule] = {}
    made = []
    for days in DAYS:
        now = tuple(one for one in listed if _due(one) == days)
        done |= {one.rule.id: one.rule for one in now}
        if now:
            made.append(Phase(days, now, scores(passed(found.checks, done))))
    return tuple(made)


def _due(move: Move) -> int:
    return DAYS[0] if move.check.severity is Severity.CRITICAL else dict(zip(EFFORT, DAYS, strict=True))[move.effort]
