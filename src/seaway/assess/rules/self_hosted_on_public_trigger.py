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
    """Jobs on `self-hosted` labels in workflows that a fork's request or a stranger's comment starts."""
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
    systems=frozenset({System.GITHUB_ACTIONS}),
    check=check,
)
