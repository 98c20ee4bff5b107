"""ART-57: environments get different builds of one commit. Run by `assess.examine`.

Only digests that the history tells are compared, of jobs that are the same but for the name of their environment: one commit of
a repository may be several services.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.assess.runs import facts
from seaway.assess.runs.facts import Shipped
from seaway.model.finding import Impact, Severity

_LEAST = 2  # commits: one may be a mishap


def survey(estate: Estate) -> list[Hit] | None:
    """Commits whose digest in production is another one than in an environment before it, on two commits or more."""
    found: list[Hit] = []
    several = [each for each in _commits(estate).values() if len({one.job.environment for one in each}) > 1]
    other: dict[str, list[Shipped]] = {}
    for each in several:
        production = next((one for one in reversed(each) if facts.is_production(one.job.environment)), None)
        if production is None:
            continue
        before = [one for one in each if one.job.environment != production.job.environment]
        digests = {one.job.artifact for one in each if one.job.environment == production.job.environment}
        if any(one.job.artifact not in digests for one in before):
            other.setdefault(facts.lane(production), []).append(production)
    for lane, each in sorted(other.items()):
        if len(each) >= _LEAST:
            last = max(each, key=lambda one: one.when)
            words = f"{len(each)} commits reached {last.job.environment} as another artifact than the one that was tried before"
            found.append(Hit(facts.place(estate, last.run, last.job.name), words, (lane, last.job.environment)))
    return found if several else None


def _commits(estate: Estate) -> dict[tuple[str, str], list[Shipped]]:
    """Successful deployments with a digest, by commit and what was shipped."""
    made: dict[tuple[str, str], list[Shipped]] = {}
    for past in facts.pasts(estate) or ():
        for run in past.runs:
            for job in run.jobs:
                if run.sha and job.environment and job.artifact and job.conclusion.passed:
                    one = Shipped(run, job)
                    made.setdefault((run.sha, facts.lane(one)), []).append(one)
    return made


RULE = Rule(
    id="not-built-once",
    number="ART-57",
    title="Environments get different builds of one commit",
    why="What was tested is not what runs: another base image, dependency or clock can make the second build another program.",
    advice="Build once, keep the digest, and promote that digest from environment to environment.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("cfr", "measured"),
    effort="M",
    refs=("DORA: continuous delivery", "NIST SSDF PS.3.1"),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
