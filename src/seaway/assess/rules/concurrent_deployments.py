"""SAF-31: two deployments to one place can run at once. Run by `assess.examine`.

Azure's exclusive locks are kept on the server, and Tekton has other means: no file shows them, so nothing is said there.
"""

from __future__ import annotations

import re

from seaway.assess import commands
from seaway.assess.rule import Case, Edits, Hit, Rule, flat
from seaway.assess.shipping import head
from seaway.formats.yaml.patch import add_key, plain
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, System, TriggerKind

_LOCKED = re.compile(r"\b(?:lock\s*\(|milestone\b|disableConcurrentBuilds\b)")
_MEANS = {System.GITLAB_CI: "resource_group", System.CIRCLECI: "serial-group", System.TEAMCITY: "maxRunningBuilds = 1"}
_NO_DEPLOY = frozenset({"stop", "prepare", "verify", "access"})


def check(case: Case) -> list[Hit] | None:
    """Jobs with an environment, or with a command that deploys, and nothing that lets only one of them run."""
    if case.system is System.JENKINS:
        return _jenkins(case)
    if case.pipeline.triggers and all(one.kind is TriggerKind.CALL for one in case.pipeline.triggers):
        return None  # whoever calls it decides
    jobs = [job for job in case.jobs if _is_deployment(case, job)]
    found = []
    for job in jobs:
        if job.concurrency is not None or case.pipeline.concurrency is not None:
            continue
        how = _MEANS.get(case.system, "concurrency")
        where = flat(job.environment.name) if job.environment else "the same place"
        words = f"two runs of {flat(job.name) or job.id} can deploy to {where} at once, and the older may win: it has no {how}"
        found.append(Hit(head(case, job), words, (job.id,), fix=lambda job=job: _exclusive(case, job)))  # type: ignore[misc]
    return found if jobs else None


def _is_deployment(case: Case, job: Job) -> bool:
    one = job.environment
    if one is not None:
        return isinstance(one.name, str) and "$" not in one.name and one.action not in _NO_DEPLOY and not job.manual
    return commands.deploys(case.scripts_of(job)) and job.matrix is None


def _jenkins(case: Case) -> list[Hit] | None:
    jobs = [job for job in case.jobs if commands.deploys(case.scripts_of(job)) and job.key_span is not None]
    if not jobs:
        return None
    locks = [match.start() for match in _LOCKED.finditer(case.texts.get(case.pipeline.path, ""))]
    if any(not any(_holds(job, lock) for job in case.jobs) for lock in locks):
        return []  # around all of them
    jobs = [job for job in jobs if not any(_holds(job, lock) for lock in locks)]
    words = (
        "two builds can deploy at once, and the older may win: there is no lock, milestone or disableConcurrentBuilds"
    )
    return [Hit(job.key_span, f"{job.id}: {words}", (job.id,)) for job in jobs if job.key_span is not None]


def _holds(job: Job, at: int) -> bool:
    return job.span is not None and job.span.start <= at < job.span.end


def _exclusive(case: Case, job: Job) -> Edits:
    """One group per environment, in which the newer run waits."""
    if case.system not in {System.GITHUB_ACTIONS, System.GITLAB_CI}:
        return ()
    if job.environment is None or not isinstance(job.environment.name, str) or job.key_span is None:
        return ()
    tree = case.tree(job.key_span.path)
    jobs = get(tree.documents[0], "jobs") if case.system is System.GITHUB_ACTIONS else tree.documents[0]
    if jobs is None:
        return ()
    node = next((value for key, value in jobs.value if key.start_mark.index == job.key_span.start), None)
    if node is None:
        return ()
    name = plain(job.environment.name)
    if case.system is System.GITLAB_CI:
        return [add_key(tree, node, "resource_group", name, after="environment")]
    return [add_key(tree, node, "concurrency", plain(f"deploy-{job.environment.name}"), after="environment")]


RULE = Rule(
    id="concurrent-deployments",
    number="SAF-31",
    title="Two deployments to one place can run at once",
    why="Two merges in quick succession race, and the older change may end up on top while the newer is reported as live.",
    advice="One group per environment that waits and does not cancel: `concurrency`, `resource_group`, `lock`, `serial-group`, `maxRunningBuilds = 1`.",
    patch="Adds `concurrency` or `resource_group` named after the environment.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("cfr"),
    effort="S",
    refs=("DORA: deployment automation", "OWASP CI/CD: CICD-SEC-1"),
    systems=frozenset({System.GITHUB_ACTIONS, System.GITLAB_CI, System.JENKINS, System.CIRCLECI, System.TEAMCITY}),
    check=check,
)
