"""GOV-82: approvals that nobody thinks about. Run by `assess.examine`."""

from __future__ import annotations

from collections.abc import Sequence

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.facts import Shipped
from seaway.assess.runs.numbers import spread
from seaway.model.finding import Impact, Severity
from seaway.model.runs import Approval

_LEAST, _SECONDS, _OWN = 5, 60.0, 0.5


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Approvals of deployments to production with a median below a minute, or of which more than half are the author's own."""
    given = [(one, approval) for one in facts.shipped(estate) or () for approval in one.job.approvals or ()]
    if not given:
        return None
    if len(given) < _LEAST:
        return Unclear(f"only {len(given)} approvals are recorded")
    where = facts.place(estate, given[-1][0].run, given[-1][0].job.name)
    found = []
    seconds = [approval.seconds for _, approval in given if approval.seconds is not None]
    if len(seconds) >= _LEAST and (middle := spread(seconds)).high < _SECONDS:
        words = f"half of {middle.n} approvals for production were given within {middle.value:.0f} s of being asked for"
        found.append(Hit(where, words, ("quick",)))
    own = _own(given)
    if own is not None and len(own) >= _LEAST and sum(own) > _OWN * len(own):
        words = f"{sum(own)} of {len(own)} approvals for production were given by the author of the change"
        found.append(Hit(where, words, ("own",)))
    return found


def _own(given: Sequence[tuple[Shipped, Approval]]) -> list[bool] | None:
    """Whether each approval is the author's own, where it is known who that is."""
    return [approval.by == one.run.author for one, approval in given if one.run.author] or None


RULE = Rule(
    id="rubber-stamp-approval",
    number="GOV-82",
    title="Approvals are a formality",
    why="They hold up every release and find nothing, and the record says that somebody looked.",
    advice="Approve where something is to be decided, with the evidence beside it; leave the rest to checks.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("risk", "measured"),
    effort="M",
    refs=("DORA: streamlining change approval", "NIST SSDF PW.7.2"),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
