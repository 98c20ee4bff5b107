"""VEL-19: many changes go out at once. Run by `assess.examine`.

Deployments are those of the run history or of `--deployments`; the first one that is known only says from where to count.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import changes, facts
from seaway.assess.runs.numbers import spread
from seaway.model.changes import GitHistory
from seaway.model.finding import Impact, Severity

_LEAST, _COMMITS = 10, 10


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Deployments to production that bring more than 10 new commits in the median, merges not counted."""
    history = changes.history(estate)
    shas = _deployed(estate)
    if history is None or not shas:
        return None
    batches = _batches(history, shas)
    if len(batches) < _LEAST:
        return Unclear(f"the commits of only {len(batches)} deployments are in this clone")
    size = spread([float(count) for count in batches])
    where = changes.place(estate) or (
        facts.place(estate, shipped[-1].run) if (shipped := facts.shipped(estate)) else None
    )
    if where is None or size.low <= _COMMITS:
        return []
    words = f"half of {size.n} deployments brought more than {size.value:.0f} new commits"
    return [Hit(where, words, ("batch",))]


def _deployed(estate: Estate) -> list[str]:
    """Commits in production, by time."""
    by_runs = [(one.when, one.run.sha) for one in facts.shipped(estate) or () if one.job.conclusion.passed]
    told = [(one.finished, one.sha) for one in facts.recorded(estate) if one.succeeded]
    return [sha for _, sha in sorted(by_runs or told) if sha]


def _batches(history: GitHistory, shas: list[str]) -> list[int]:
    """How many commits each deployment brought that none before it had; those that brought none are no batch."""
    owned: set[str] = set()
    found = []
    for sha in shas:
        new = changes.reached(history, sha, owned)
        if owned and (count := sum(len(one.parents) < 2 for one in new)):
            found.append(count)
        owned |= {one.sha for one in new}
    return found


RULE = Rule(
    id="large-batch",
    number="VEL-19",
    title="Many changes go out at once",
    why="When something breaks, it is one of many, and to take it back takes all of them back.",
    advice="Deploy each merge; where that is not possible yet, deploy by the clock rather than by the fill.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("cfr", "measured"),
    effort="M",
    refs=("DORA: working in small batches",),
    kinds=frozenset({Kind.HISTORY}),
    survey=survey,
)
