"""GOV-86: one person knows the pipelines. Run by `assess.examine`.

Somebody who works alone is no finding, and neither is who has named others in CODEOWNERS. Two addresses of one name are one person.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import changes
from seaway.formats.infrastructure.code_owners import Owners
from seaway.model.changes import Change
from seaway.model.finding import Impact, Severity

_LEAST, _TEAM = 10, 4


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Pipelines whose last changes, ten or more within a year, one person made alone, in a repository where four or more people work."""
    history, where = changes.history(estate), changes.place(estate)
    if history is None or where is None:
        return None
    touched = [one for one in history.pipelines if not changes.is_bot(one)]
    team = {_name(one) for one in history.changes if not changes.is_bot(one)}
    if len(touched) < _LEAST or len(team) < _TEAM:
        return Unclear("the clone is shallow: git fetch --unshallow") if history.cut else None
    people = {_name(one) for one in touched}
    mails = {one.mail for one in touched}
    if (len(people) > 1 and len(mails) > 1) or any(len(one.of(where.path)) > 1 for one in estate.all(Owners)):
        return []
    words = f"all {len(touched)} changes to the pipelines within a year are {touched[0].who}'s, of {len(team)} people who work here"
    return [Hit(where, words, ("pipelines",))]


def _name(one: Change) -> str:
    return " ".join(one.who.lower().split())


RULE = Rule(
    id="single-maintainer",
    number="GOV-86",
    title="One person knows the pipelines",
    why="When they are away, nobody dares to change how things ship, and a release that breaks waits for them.",
    advice="Let a second person make the next changes; name both in CODEOWNERS.",
    severity=Severity.LOW,
    confidence=0.8,
    impact=Impact("risk", "measured"),
    effort="M",
    refs=("OpenSSF Scorecard: Contributors",),
    kinds=frozenset({Kind.HISTORY}),
    survey=survey,
)
