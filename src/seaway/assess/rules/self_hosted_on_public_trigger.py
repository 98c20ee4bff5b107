"""SEC-51: strangers' code runs on a machine that is kept. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess.rule import Case, Hit, Rule, flat
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, System

_PUBLIC = frozenset(
    {
        "pull_request",
        "pull_request_target",
        "pull_request_review",
        "pull_request_review_comment",
        "issue_comment",
        "issues",
        "discussion",
        "discussion_comment",
    }
)
_GUARDS = ("head.repo", "author_association", "github.actor ==", "github.repository_owner", "event_name")


def check(case: Case) -> list[Hit] | None:
    """Jobs on `self-hosted` labels in workflows that a fork's request or a stranger's comment starts; TeamCity's builds of everybody's requests."""
    if case.system is System.TEAMCITY:
        return _teamcity(case)
    own = [job for job in case.jobs if any(flat(label).lower() == "self-hosted" for label in job.runner.labels)]
    if not own:
        return None
    natives = sorted({trigger.native for trigger in case.pipeline.triggers} & _PUBLIC)
    if not natives:
        return []
    found = []
    for job in own:
        span = job.runner.span or job.key_span
        if span is None or _is_guarded(job):
            continue
        words = f"{natives[-1]} lets anybody who may open one run code on this machine; where the repository is public, that is everybody"
        only_requests = natives == ["pull_request"]
        found.append(Hit(span, words, (job.id, "runner"), None, 0.6 if only_requests else 0.8))
    return found


def _teamcity(case: Case) -> list[Hit] | None:
    """Configurations that build everybody's pull requests, on agents that are kept and with what the project knows."""
    asked = [
        (job, one)
        for job in case.jobs
        for one in job.natives
        if one.key == "features.pullRequests" and one.span is not None
    ]
    words = "everybody who may open a request runs code on these agents, before anybody of the project has looked at it"
    return (
        [
            Hit(case.within(one.span, "EVERYBODY"), words, (job.id, "pullRequests"), None, 0.85)
            for job, one in asked
            if "EVERYBODY" in one.text
        ]
        if asked
        else None
    )


def _is_guarded(job: Job) -> bool:
    text = job.condition.text if job.condition else ""
    return any(guard in text for guard in _GUARDS)


RULE = Rule(
    id="self-hosted-on-public-trigger",
    number="SEC-51",
    title="A kept machine runs code of strangers",
    why="What one run leaves behind (a process, a changed tool, a key in a cache) is there for the next run, which may be a release.",
    advice="Hosted machines for what strangers may start, or runners that are thrown away after one job and hold nothing.",
    severity=Severity.HIGH,
    confidence=0.8,
    impact=Impact("risk"),
    effort="M",
    refs=(
        "OWASP CI/CD: CICD-SEC-7",
        "OpenSSF Scorecard: Dangerous-Workflow",
        "SLSA: Build L3, isolated",
    ),
    systems=frozenset({System.GITHUB_ACTIONS, System.TEAMCITY}),
    check=check,
)
