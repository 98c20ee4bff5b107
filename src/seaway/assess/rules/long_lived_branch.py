"""VEL-18: branches live long, or bring much at once. Run by `assess.examine`.

A branch's age is counted from its first commit, which a rebase makes younger: it is never less than what is said. Sizes leave out what
tools write.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import changes
from seaway.assess.runs.numbers import spread
from seaway.model.finding import Impact, Severity

_LEAST, _DAY = 20, 86_400.0
_DAYS, _LINES = 3 * _DAY, 400


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """The branches merged in the last year, if half of them were older than 3 days; the changes, if half had more than 400 lines."""
    history, where = changes.history(estate), changes.place(estate)
    if history is None or where is None:
        return None
    ages = [one.seconds for one in changes.merged(history) if not all(changes.is_bot(each) for each in one.own)]
    sizes = [float(lines) for lines in changes.sizes(history)]
    if len(ages) < _LEAST and len(sizes) < _LEAST:
        return Unclear("the clone is shallow: git fetch --unshallow") if history.cut else None
    found = []
    if len(ages) >= _LEAST and (age := spread(ages)).low > _DAYS:
        words = f"half of {age.n} branches were merged more than {age.value / _DAY:.0f} days after their first commit"
        found.append(Hit(where, words, ("age",)))
    if len(sizes) >= _LEAST and (size := spread(sizes)).low > _LINES:
        words = f"half of {size.n} changes had more than {size.value:.0f} lines to review"
        found.append(Hit(where, words, ("size",)))
    return found


RULE = Rule(
    id="long-lived-branch",
    number="VEL-18",
    title="Branches live long",
    why="What was never together is put together late, and nobody reviews hundreds of lines as well as fifty.",
    advice="Smaller changes, merged daily; a flag for what is not finished.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("lead_time", "measured"),
    effort="L",
    refs=("DORA: trunk-based development", "DORA: working in small batches"),
    kinds=frozenset({Kind.HISTORY}),
    survey=survey,
)
