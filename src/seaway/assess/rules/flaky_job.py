"""VEL-14: a job that fails and then passes on the same commit. Run by `assess.examine`; `runs.repeats` says what the same commit is."""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts, repeats
from seaway.assess.runs.numbers import proportion
from seaway.assess.runs.repeats import Trials
from seaway.model.finding import Impact, Severity

_LEAST, _TIMES, _SHARE = 20, 3, 0.02  # twice in a hundred commits is chance for a job that nearly never does


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Jobs that failed and then passed on at least 2 % of their commits, and on three or more."""
    pasts = facts.pasts(estate)
    if not pasts:
        return None
    found, judged = [], False
    for past in pasts:
        tried: dict[str, list[Trials]] = {}
        for one in repeats.trials(past.runs):
            tried.setdefault(one.job, []).append(one)
        for name, each in tried.items():
            flaky = [one for one in each if one.flaky]
            judged = judged or len(each) >= _LEAST
            if len(each) >= _LEAST and len(flaky) >= _TIMES and len(flaky) >= _SHARE * len(each):
                rate = proportion(len(flaky), len(each))
                words = f"{name} failed and then passed on {len(flaky)} of {len(each)} commits ({rate.value:.0%}, 90 %: {rate.low:.0%} to {rate.high:.0%})"
                last = max((run for one in flaky for run in one.runs), key=lambda run: (run.queued, run.attempt))
                found.append(Hit(facts.place(estate, last, name), words, (past.pipeline, name)))
    return found if judged else Unclear(f"no job ran on {_LEAST} commits")


RULE = Rule(
    id="flaky-job",
    number="VEL-14",
    title="A job fails and passes on the same commit",
    why="People learn to run it again, also when it is right, and every time costs a run and somebody's attention.",
    advice="Find what it depends on (time, order, network, shared data); keep it out of the way of merges until it is mended.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("lead_time", "measured"),
    effort="M",
    refs=("DORA: test automation",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
