"""ART-65: what a rollback would bring back is gone. Run by `assess.examine`. Only artifacts of which the history tells so are gone."""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.assess.runs import facts
from seaway.assess.runs.facts import Shipped
from seaway.model.finding import Impact, Severity

_BACK = 3  # releases


def survey(estate: Estate) -> list[Hit] | None:
    """Production whose last three releases before the present one have an artifact that is no longer there."""
    present = {
        kept.digest: kept.present for past in facts.pasts(estate) or () for run in past.runs for kept in run.artifacts
    }
    lanes: dict[tuple[str, str], list[Shipped]] = {}
    for one in facts.shipped(estate) or ():
        if one.job.artifact and one.job.conclusion.passed:
            lanes.setdefault((one.job.environment, facts.lane(one)), []).append(one)
    found, judged = [], False
    for (environment, lane), each in sorted(lanes.items()):
        newest: dict[str, Shipped] = {}
        for one in reversed(each):
            newest.setdefault(one.job.artifact or "", one)
        before = [one for digest, one in list(newest.items())[1 : _BACK + 1] if present.get(digest) is not None]
        gone = [one for one in before if present[one.job.artifact or ""] is False]
        judged = judged or bool(before)
        if gone:
            words = f"{len(gone)} of the last {len(before)} releases before the present one of {environment} cannot be brought back: their artifacts are gone"
            found.append(Hit(facts.place(estate, gone[0].run, gone[0].job.name), words, (environment, lane)))
    return found if judged else None


RULE = Rule(
    id="rollback-artifact-missing",
    number="ART-65",
    title="What a rollback would bring back is gone",
    why="The way back is a new build in the middle of an incident, of old sources with today's dependencies.",
    advice="Keep the artifacts of the last releases of each environment out of the reach of the clean-up.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("recovery", "measured"),
    effort="S",
    refs=("NIST SSDF PS.3.1", "DORA: failed deployment recovery time"),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
