"""VEL-04: a check waits for another check from which it needs nothing. Run by `assess.examine`.

Only checks are judged: what builds, publishes or deploys may well wait for them. Some teams stop early on purpose, to save machines;
so it weighs little. What it would gain needs recorded runs (`--runs`).
"""

from __future__ import annotations

import re

from seaway.assess import building, commands, shipping
from seaway.assess.rule import Case, Hit, Rule, flat
from seaway.model.expression import Ref, refs
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Artifact, Cache, Job, System, Use

_BOUND = re.compile(
    r"hash|checksum|lock|\.sum\b|pom\.xml|requirements", re.IGNORECASE
)  # keys that follow the dependencies
_MOST = 300  # jobs of a pipeline that are judged


def check(case: Case) -> list[Hit] | None:
    """Checks that wait for checks, and take neither files nor values from them."""
    judge = _Judge(case)
    waiting = [(job, judge.waits_for(job)) for job in case.jobs[:_MOST]]
    found, judged = [], False
    for job, names in waiting:
        early = [one for name in names if (one := case.pipeline.job(name)) is not None]
        if not early or len(early) < len(names) or not all(judge.is_check(one) for one in (job, *early)):
            continue
        judged = True
        if any(judge.takes(job, one) for one in early):
            continue
        shown = " and ".join(flat(one.name) or one.id for one in early[:2])
        words = f"{flat(job.name) or job.id} waits for {shown}, and needs nothing from it: both could run at once"
        found.append(Hit(shipping.head(case, job), words, (job.id, *(one.id for one in early[:2]))))
    return found if judged else None


class _Judge:
    """What the jobs of one pipeline do, asked many times."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._texts: dict[str, str] = {}
        for script in case.scripts:
            name = script.job.id if script.job else ""
            self._texts[name] = f"{self._texts.get(name, '')}\n{script.text}"
        self._shipping = {one.key[0] for one in shipping.shipments_of(case)}
        self._building = {one.job.id for one in building.builds(case)}
        self._checks: dict[str, bool] = {}
        self._stages = [stage.name for stage in case.pipeline.stages]

    def is_check(self, job: Job) -> bool:
        """It runs tests or linters, and makes nothing that anybody else takes."""
        if job.id not in self._checks:
            self._checks[job.id] = self._is_check(job)
        return self._checks[job.id]

    def _is_check(self, job: Job) -> bool:
        if job.environment or job.approval or job.manual or job.calls or job.outputs or job.workspace:
            return False
        if job.id in self._shipping or job.id in self._building:
            return False
        if job.condition is not None or any(step.condition for step in job.steps if isinstance(step.work, Use)):
            return False
        return commands.TEST.search(self._texts.get(job.id, "")) is not None

    def waits_for(self, job: Job) -> list[str]:
        """The jobs right before it."""
        if job.needs is not None:
            return [need.job for need in job.needs if need.when == "success"]
        if not self._case.pipeline.barrier or job.stage not in self._stages:
            return []
        filled = [name for name in self._stages if any(one.stage == name for one in self._case.jobs)]
        at = filled.index(job.stage)
        return [one.id for one in self._case.jobs if at and one.stage == filled[at - 1]]

    def takes(self, job: Job, early: Job) -> bool:
        """Files or values of the earlier job come along, or may: a cache that it fills, a matrix that it makes."""
        if any(isinstance(step.work, Artifact) and step.work.direction == "down" for step in job.steps):
            return True
        given = any(one.paths for one in early.artifacts) or any(
            isinstance(step.work, Artifact) and step.work.direction == "up" and not step.work.reports
            for step in early.steps
        )
        if given and job.dependencies != () and self._case.system is System.GITLAB_CI:
            return True
        if self._caches(early) & self._caches(job):
            return True
        return any(
            isinstance(one, Ref) and one.context == "job" for one in refs((job.variables, job.steps, job.condition))
        )

    def _caches(self, job: Job) -> set[str]:
        """Keys of caches without a lock file's name: the first job fills them for the second."""
        own = [*job.caches, *(step.work for step in job.steps if isinstance(step.work, Cache))]
        keys = {flat(one.key) for one in own if one.key and not one.tool and one.action != "save"}
        return {key for key in keys if not _BOUND.search(key)}


RULE = Rule(
    id="serial-jobs",
    number="VEL-04",
    title="A check waits for another from which it needs nothing",
    why="Each change waits for the sum of both instead of the longer one, and a failed lint hides what the tests would have said.",
    advice="Let checks start at once, and let only what builds or ships wait for all of them.",
    severity=Severity.LOW,
    confidence=0.75,
    impact=Impact("lead_time"),
    effort="S",
    refs=("DORA: continuous integration, fast feedback",),
    systems=frozenset(
        {System.GITHUB_ACTIONS, System.GITLAB_CI, System.AZURE_PIPELINES, System.CIRCLECI, System.TEAMCITY}
    ),
    check=check,
)
