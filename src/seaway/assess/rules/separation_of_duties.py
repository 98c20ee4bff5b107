"""GOV-91: one person brings a change to production alone. Run by `assess.examine`.

Judged only where the author is known and the history tells who approved or reviewed, if only that nobody did.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.assess.runs import facts
from seaway.model.finding import Impact, Severity


def survey(estate: Estate) -> list[Hit] | None:
    """Deployments to production whose author is the only one who is on record for them."""
    told = [
        one
        for one in facts.shipped(estate) or ()
        if one.job.conclusion.passed
        and one.run.author
        and (one.job.approvals is not None or one.run.reviewers is not None)
    ]
    if not told:
        return None
    alone = [one for one in told if not any(facts.people(one)) and one.run.actor in {"", one.run.author}]
    lanes = sorted({one.run.pipeline for one in alone})
    found = []
    for pipeline in lanes:
        own = [one for one in alone if one.run.pipeline == pipeline]
        all_ = [one for one in told if one.run.pipeline == pipeline]
        last = own[-1]
        words = f"{len(own)} of {len(all_)} deployments to {last.job.environment} had nobody but their author, the last one {last.run.author}'s"
        found.append(Hit(facts.place(estate, last.run, last.job.name), words, (pipeline,)))
    return found


RULE = Rule(
    id="separation-of-duties",
    number="GOV-91",
    title="One person brings a change to production alone",
    why="A mistake, a stolen account or bad intent needs one person only.",
    advice="A second person for every change, at review or at the gate, and nobody counts for their own.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("risk", "measured"),
    effort="S",
    refs=("OpenSSF Scorecard: Code-Review", "OWASP CI/CD: CICD-SEC-1"),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
