"""GOV-93: an emergency way was used, and nobody looked at it afterwards. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.assess.runs import facts
from seaway.model.finding import Impact, Severity

_DAYS = 5 * 86_400.0


def survey(estate: Estate) -> list[Hit] | None:
    """Runs that broke the glass and were not reviewed within five days, as far as the history goes."""
    pasts = facts.pasts(estate) or []
    broken = [run for past in pasts for run in past.runs if run.broke_glass]
    if not broken:
        return None
    end = max(run.finished for past in pasts for run in past.runs)
    found = []
    for run in broken:
        late = run.reviewed is None and end - run.finished > _DAYS
        if late or (run.reviewed is not None and run.reviewed - run.finished > _DAYS):
            who = f" by {run.actor}" if run.actor else ""
            when = "was reviewed only after" if run.reviewed is not None else "has not been reviewed in"
            passed = ((run.reviewed if run.reviewed is not None else end) - run.finished) / 86_400
            words = f"run {run.id}{who} went round the ordinary way and {when} {passed:.0f} days"
            found.append(Hit(facts.place(estate, run), words, (run.pipeline, run.id)))
    return found


RULE = Rule(
    id="unreviewed-break-glass",
    number="GOV-93",
    title="An emergency was never looked at again",
    why="What was let through in a hurry stays, and the emergency way becomes the usual one.",
    advice="Open a review with every use, give it an owner and a day, and close it with what was learnt.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("risk", "measured"),
    effort="S",
    refs=("OWASP CI/CD: CICD-SEC-1",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
