"""GOV-84: production changes that no pipeline made. Run by `assess.examine`.

Needs a list of what was deployed that does not come from the pipelines themselves (`--deployments`, as a cluster or a control plane
writes it), and is judged only within the time that the run history covers.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.facts import Shipped
from seaway.model.delivery import Deployment
from seaway.model.finding import Impact, Severity

_LEAST = 5  # deployments within the time of the runs
_SLACK = 3600.0  # seconds between a job's end and the deployment's


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Recorded deployments to production that no run of a pipeline made: none of its commit, and none that ended at its time."""
    told = facts.recorded(estate)
    shipped = facts.shipped(estate)
    if not told or not shipped:
        return None
    first, last = min(one.run.queued for one in shipped), shipped[-1].when + _SLACK
    inside = [one for one in told if first <= one.finished <= last]
    if len(inside) < _LEAST:
        return Unclear(f"only {len(inside)} recorded deployments fall into the time of the runs")
    by_hand = [one for one in inside if not any(_made(one, run) for run in shipped)]
    if not by_hand:
        return []
    where = facts.place(estate, shipped[-1].run, shipped[-1].job.name)
    named = ", ".join(one.id for one in by_hand[-3:])
    words = (
        f"{len(by_hand)} of {len(inside)} deployments to production were made by no pipeline, the last ones: {named}"
    )
    return [Hit(where, words, ("by hand",))]


def _made(one: Deployment, by: Shipped) -> bool:
    same = bool(one.sha and by.run.sha) and (one.sha.startswith(by.run.sha) or by.run.sha.startswith(one.sha))
    return same or (by.run.queued <= one.finished <= by.when + _SLACK and not (one.sha and by.run.sha))


RULE = Rule(
    id="manual-production-change",
    number="GOV-84",
    title="Production is changed by hand",
    why="Nobody reviewed it, no test saw it, and the next release quietly takes it back.",
    advice="Let only the pipeline's identity change production; keep a recorded way for emergencies.",
    severity=Severity.HIGH,
    confidence=0.8,
    impact=Impact("risk", "measured"),
    effort="M",
    refs=("DORA: deployment automation", "OWASP CI/CD: CICD-SEC-1"),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
