"""VEL-17: a job that hangs is not ended for hours. Run by `assess.examine`.

TeamCity has no limit unless a configuration says one. GitLab and Tekton end jobs after an hour unless told otherwise, CircleCI after ten silent minutes, Azure after an hour: there only
an explicit "never" counts.
"""

from __future__ import annotations

import re
from datetime import timedelta

from seaway.assess.rule import Case, Edits, Hit, Rule, flat, place
from seaway.assess.shipping import head
from seaway.formats.yaml.patch import add_key
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, System, TriggerKind

MINUTES = 60  # what the patch writes: long for nearly every job, and a sixth of GitHub's default
_NEVER = re.compile(r"\b(?:timeoutInMinutes|timeout)[\"']?:[ \t]*[\"']?0[smh]?\b")


def check(case: Case) -> list[Hit] | None:
    """Jobs that may run for GitHub's six hours, Jenkins pipelines and TeamCity's configurations without any limit, Azure jobs and Tekton tasks
    with none.
    """
    if case.system is System.GITHUB_ACTIONS:
        return _github(case)
    if case.system is System.JENKINS:
        return _jenkins(case)
    if case.system is System.TEAMCITY:
        return _teamcity(case)
    return _never(case)


def _teamcity(case: Case) -> list[Hit] | None:
    jobs = [job for job in case.jobs if job.steps and job.approval is None]
    if not jobs or case.pipeline.unresolved:
        return None
    return [
        Hit(
            head(case, job),
            f"{flat(job.name) or job.id} holds its agent when it hangs, until somebody looks: it has no executionTimeoutMin",
            (job.id,),
        )
        for job in jobs
        if job.timeout is None
    ]


def _github(case: Case) -> list[Hit] | None:
    if any(one.kind is TriggerKind.CALL and one.native == "action" for one in case.pipeline.triggers):
        return None
    jobs = [job for job in case.jobs if job.steps and job.calls is None]
    found = []
    for job in jobs:
        limited = job.timeout is not None or any(one.key.endswith("timeout-minutes") for one in job.natives)
        if limited or all(step.timeout is not None for step in job.steps) or job.key_span is None:
            continue
        words = f"{flat(job.name) or job.id} may run for six hours when it hangs: it has no timeout-minutes"
        found.append(Hit(job.key_span, words, (job.id,), fix=lambda job=job: _limited(case, job)))  # type: ignore[misc]
    return found if jobs else None


def _limited(case: Case, job: Job) -> Edits:
    assert job.key_span is not None  # noqa: S101 - asked before
    tree = case.tree(job.key_span.path)
    start = job.key_span.start
    jobs = get(tree.documents[0], "jobs")
    node = (
        next((value for key, value in jobs.value if key.start_mark.index == start), None) if jobs is not None else None
    )
    return [add_key(tree, node, "timeout-minutes", str(MINUTES), after="runs-on")] if node is not None else ()


def _jenkins(case: Case) -> list[Hit] | None:
    pipeline = case.pipeline
    jobs = [job for job in case.jobs if job.steps]
    if not jobs:
        return None
    if pipeline.timeout is not None or any(job.timeout for job in jobs) or any(step.timeout for _, step in case.steps):
        return []
    if re.search(r"\btimeout\s*\(", case.texts.get(pipeline.path, "")):
        return []
    span = pipeline.span
    words = "no stage and no option of this pipeline has a timeout: a build that hangs holds its executor until somebody looks"
    return [Hit(case.within(span, ""), words, ("",))]


def _never(case: Case) -> list[Hit] | None:
    found = []
    jobs = [job for job in case.jobs if job.span is not None]
    for job in jobs:
        span = job.span
        if span is None or (job.timeout is not None and job.timeout > timedelta(0)):
            continue
        text = case.texts.get(span.path, "")
        own = (one for one in _NEVER.finditer(text, span.start, span.end) if _column(text, one.start()) == span.column)
        match = next(own, None)
        if match is not None:
            words = f"{job.id} is never ended, however long it hangs: its timeout is 0"
            found.append(Hit(place(text, span.path, match.start(), match.end()), words, (job.id,)))
    return found if jobs else None


def _column(text: str, at: int) -> int:
    """Keys of the job itself stand where it begins; those of its steps stand further in."""
    return at - text.rfind("\n", 0, at)


RULE = Rule(
    id="missing-timeout",
    number="VEL-17",
    title="A job that hangs is not ended",
    why="It holds a runner, and everything that waits for it, for hours, and each hour is paid for.",
    advice="A limit of about twice the usual duration.",
    patch="GitHub: adds `timeout-minutes: 60`.",
    severity=Severity.LOW,
    confidence=0.95,
    impact=Impact("cost"),
    effort="S",
    refs=("DORA: continuous integration, fast feedback",),
    systems=frozenset({System.GITHUB_ACTIONS, System.JENKINS, System.AZURE_PIPELINES, System.TEKTON, System.TEAMCITY}),
    check=check,
)
