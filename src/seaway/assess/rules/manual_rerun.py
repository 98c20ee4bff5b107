"""GOV-92: runs are started again by hand. Run by `assess.examine`. Deployments at weekends are shown to auditors: days are those of UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.numbers import proportion
from seaway.model.finding import Impact, Persona, Severity

_LEAST, _SHARE, _SURE = 20, 0.05, 0.035
_WEEKEND, _OFTEN = (5, 6), 0.1


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Pipelines of which more than 5 % of the runs were attempted again; for auditors also deployments that people start at weekends."""
    pasts = facts.pasts(estate)
    if not pasts:
        return None
    found, judged = [], False
    for past in pasts:
        attempts: dict[str, int] = {}
        for run in past.runs:
            attempts[run.id] = max(run.attempt, attempts.get(run.id, 1))
        if len(attempts) < _LEAST:
            continue
        judged = True
        again = proportion(sum(each > 1 for each in attempts.values()), len(attempts))
        if again.value > _SHARE and again.low > _SURE:
            last = next(run for run in reversed(past.runs) if run.attempt > 1)
            words = (
                f"{again.value:.0%} of {again.n} runs were started again (90 %: {again.low:.0%} to {again.high:.0%})"
            )
            found.append(Hit(facts.place(estate, last), words, (past.pipeline, "again")))
    if not judged:
        return Unclear(f"no pipeline has {_LEAST} runs")
    return [*found, *_weekends(estate)]


def _weekends(estate: Estate) -> list[Hit]:
    by_hand = [one for one in facts.shipped(estate) or () if one.job.manual or one.run.trigger == "manual"]
    late = [one for one in by_hand if datetime.fromtimestamp(one.when, UTC).weekday() in _WEEKEND]
    if len(by_hand) < _LEAST or proportion(len(late), len(by_hand)).low <= _OFTEN:
        return []
    words = f"{len(late)} of {len(by_hand)} deployments that a person started went out at a weekend"
    where = facts.place(estate, late[-1].run, late[-1].job.name)
    return [Hit(where, words, ("weekend",), persona=Persona.AUDITOR, confidence=0.6)]


RULE = Rule(
    id="manual-rerun",
    number="GOV-92",
    title="Runs are started again by hand",
    why="Somebody watches runs and presses a button, and a real failure looks like all the others.",
    advice="See which jobs are flaky or lose their machines, and mend those; retry by rule only what is known to be the network.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("lead_time", "measured"),
    effort="M",
    refs=("DORA: test automation",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
