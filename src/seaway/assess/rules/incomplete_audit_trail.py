"""GOV-90: deployments of which not everything is known. Run by `assess.examine`.

A history that never tells approvals says nothing about them. Where some deployments have them, those without are the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.assess.runs import facts
from seaway.assess.runs.facts import Shipped
from seaway.model.finding import Impact, Severity

_PARTS: Mapping[str, Callable[[Shipped], bool]] = {
    "commit": lambda one: bool(one.run.sha),
    "approver": lambda one: bool(one.job.approvals) or bool(one.run.reviewers),
    "artifact": lambda one: bool(one.job.artifact),
    "evidence": lambda one: bool(one.run.evidence),
}


def survey(estate: Estate) -> list[Hit] | None:
    """Deployments to production without a commit, an approver, an artifact or evidence, where others of the same pipeline have it."""
    lanes: dict[str, list[Shipped]] = {}
    for one in facts.shipped(estate) or ():
        if one.job.conclusion.passed:
            lanes.setdefault(one.run.pipeline, []).append(one)
    if not lanes:
        return None
    found = []
    for pipeline, each in sorted(lanes.items()):
        for part, has in _PARTS.items():
            without = [one for one in each if not has(one)]
            if without and len(without) < len(each):
                words = f"{len(without)} of {len(each)} deployments to {without[-1].job.environment} have no {part} on record"
                where = facts.place(estate, without[-1].run, without[-1].job.name)
                found.append(Hit(where, words, (pipeline, part)))
    return found


RULE = Rule(
    id="incomplete-audit-trail",
    number="GOV-90",
    title="Not everything is on record about a deployment",
    why="When something is wrong with a release, nobody can say what it was, who let it out and on what grounds.",
    advice="Record commit, approver, digest and evidence with every deployment, emergencies included; refuse one without.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("risk", "measured"),
    effort="M",
    refs=("NIST SSDF PS.3.2", "OWASP CI/CD: CICD-SEC-10"),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
