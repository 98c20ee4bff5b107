"""OBS-78: people notice before the alerts do. Run by `assess.examine`.

Needs incidents (`--incidents`) that tell who saw them first (`seen_by`), and deployments to set them against.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.numbers import proportion
from seaway.model.delivery import Incident
from seaway.model.finding import Impact, Severity

_LEAST, _RELEASES = 5, 10
_SHARE, _SURE, _RATIO = 0.5, 0.45, 1.0  # more than half, and not by a few incidents' chance


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Incidents of which people saw more than half first, or more alerts than deployments to production in the same time."""
    shipped = facts.shipped(estate)
    told = [one for one in estate.all(Incident) if one.seen_by]
    if not shipped or not told:
        return None
    if len(told) < _LEAST:
        return Unclear(f"only {len(told)} incidents tell who saw them first")
    last = shipped[-1]
    where = facts.place(estate, last.run, last.job.name)
    found = []
    seen = proportion(sum(one.seen_by == "person" for one in told), len(told))
    if seen.value > _SHARE and seen.low > _SURE:
        words = f"people saw {seen.value:.0%} of {seen.n} incidents before any alert did"
        found.append(Hit(where, words, ("people",)))
    inside = [one for one in told if shipped[0].when <= one.started <= last.when and one.seen_by == "alert"]
    if len(shipped) >= _RELEASES and len(inside) > _RATIO * len(shipped):
        words = (
            f"{len(inside)} alerts came in the time of {len(shipped)} deployments to production: more than one for each"
        )
        found.append(Hit(where, words, ("alerts",)))
    return found


RULE = Rule(
    id="alerts-per-deployment",
    number="OBS-78",
    title="Alerts come too late, or too often",
    why="What customers report first has hurt them already, and where every release rings a bell nobody looks up any more.",
    advice="Alert on what users see (errors, latency against an objective), and nothing that needs no action.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("recovery", "measured"),
    effort="M",
    refs=("DORA: monitoring and observability",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
