"""GOV-89: a change freeze that only people know of. Run by `assess.examine`.

Seen as a long time without any deployment to production while the main line went on, in a repository that deploys often otherwise. That
may have had other reasons, so it is shown to auditors.
"""

from __future__ import annotations

import itertools
import re

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.numbers import quantile
from seaway.model.delivery import Kind as Purpose
from seaway.model.finding import Impact, Persona, Severity

_LEAST, _DAY = 20, 86_400.0
_SHORTEST, _TIMES, _GOING_ON = 10 * _DAY, 14, 10
_WRITTEN = re.compile(r"freeze|frozen|blackout", re.IGNORECASE)


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Ten days or more without a deployment to production, fourteen times the usual pause, while ten runs or more succeeded, and no freeze in any file."""
    shipped = [
        one
        for one in facts.shipped(estate) or ()
        if one.job.conclusion.passed and one.job.kind is not Purpose.ROLLBACK  # the way back is open in a freeze, too
    ]
    if not shipped:
        return None
    if len(shipped) < _LEAST:
        return Unclear(f"only {len(shipped)} deployments to production are recorded")
    pauses = [(after.when - before.when, before, after) for before, after in itertools.pairwise(shipped)]
    usual = quantile(sorted(pause for pause, _, _ in pauses), 0.5)
    length, before, after = max(pauses, key=lambda one: (one[0], one[1].when))
    if length < max(_SHORTEST, _TIMES * usual) or any(_WRITTEN.search(text) for text in estate.texts.values()):
        return []
    line = before.run.branch
    going_on = [
        run
        for past in facts.pasts(estate) or ()
        for run in past.whole
        if before.when < run.queued < after.when and run.branch == line
    ]
    if len(going_on) < _GOING_ON:
        return []
    words = f"nothing was deployed to production for {length / _DAY:.0f} days, while {len(going_on)} runs on {line or 'its branch'} succeeded: if that was a freeze, no file says so"
    where = facts.place(estate, after.run, after.job.name)
    return [Hit(where, words, ("freeze",), persona=Persona.AUDITOR)]


RULE = Rule(
    id="human-change-freeze",
    number="GOV-89",
    title="A change freeze is known to people only",
    why="Somebody who has not heard of it deploys, and what piled up meanwhile goes out at once on the first day after.",
    advice="Write freezes where the pipeline reads them: a window that holds deployments, with an end and a way for emergencies.",
    severity=Severity.LOW,
    confidence=0.5,
    impact=Impact("risk", "measured"),
    effort="S",
    refs=("DORA: streamlining change approval",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
