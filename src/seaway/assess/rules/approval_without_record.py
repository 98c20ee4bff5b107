"""GOV-83: an approval that anybody may give, that never ends, or that gives itself. Run by `assess.examine`.

Environments' reviewers, and who may start a job by hand, are settings of the server and not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import places, shipping
from seaway.assess.rule import Case, Hit, Rule, flat, place
from seaway.assess.shipping import What
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Approval, Job, Step, System, Use

_INPUT = re.compile(
    r"^(?![ \t]*(?://|\*))[^\n/]*?\b(?P<words>input)\b(?:[ \t]*\(|[ \t]+(?:message|id|ok)\b|[ \t]*\{|[ \t]+['\"])",
    re.MULTILINE,
)
_LIMIT = re.compile(r"\btimeout[ \t]*\(")
_REACH = 600  # characters around an `input` in which its own words are looked for
_RESUMES = re.compile(r"\bonTimeout:[ \t]*[\"']?resume", re.IGNORECASE)


def check(case: Case) -> list[Hit] | None:
    """Jenkins' `input` without submitter or limit, Azure's validation that resumes by itself, GitLab's manual deployments without an environment."""
    if case.system is System.JENKINS:
        return _jenkins(case)
    if case.system is System.AZURE_PIPELINES:
        return _azure(case)
    return _gitlab(case)


def _jenkins(case: Case) -> list[Hit] | None:
    path = case.pipeline.path
    text = case.texts.get(path, "")
    asked = list(_INPUT.finditer(text))
    found = []
    limited = case.pipeline.timeout is not None or _LIMIT.search(text) is not None
    for number, match in enumerate(asked):
        start = match.start("words")
        own = text[start : min(start + _REACH, asked[number + 1].start() if number + 1 < len(asked) else len(text))]
        wrong = (
            []
            if "submitter" in own
            else ["anybody who may see the build may give it, and nothing says who did (no submitter)"]
        )
        wrong += [] if limited else ["it waits for ever (no timeout)"]
        if wrong:
            found.append(
                Hit(
                    place(text, path, start, match.end("words")),
                    f"this approval has a hole: {', and '.join(wrong)}",
                    ("input", str(len(wrong))),
                )
            )
    return found if asked else None


def _azure(case: Case) -> list[Hit] | None:
    judged, found = False, []
    for job, step in case.steps:
        if not _is_validation(step):
            continue
        judged = True
        text, span = case.texts.get(step.span.path, "") if step.span else "", step.span
        match = _RESUMES.search(text, span.start, span.end) if span else None
        if span is not None and match is not None:
            words = "nobody has to approve: when the time is over, the run goes on by itself"
            found.append(
                Hit(
                    place(text, span.path, match.start(), match.end()),
                    words,
                    (job.id if job else "", "onTimeout"),
                    Severity.HIGH,
                )
            )
    return found if judged else None


def _is_validation(step: Step) -> bool:
    return isinstance(step.work, Approval) or (
        isinstance(step.work, Use) and step.work.ref.name.lower() == "manualvalidation"
    )


def _gitlab(case: Case) -> list[Hit] | None:
    deploying = {one.key[0] for one in shipping.shipments_of(case) if one.what is What.DEPLOYMENT}
    manual = [job for job in case.jobs if job.manual and job.id in deploying]
    return list(_unrecorded(manual)) if manual else None


def _unrecorded(jobs: list[Job]) -> Iterator[Hit]:
    for job in jobs:
        if job.environment is None and job.key_span is not None:
            where = places.environment_of(job)
            words = f"{flat(job.name) or job.id} deploys when a person says so, and no environment keeps who did and what went out: it cannot be protected either"
            yield Hit(job.key_span, words, (job.id,), Severity.MEDIUM if where == "production" else None)


RULE = Rule(
    id="approval-without-record",
    number="GOV-83",
    title="An approval leaves no record, never ends, or gives itself",
    why="Afterwards nobody can say who let a change through; and an approval that waits for weeks lets through what nobody remembers.",
    advice="Named approvers, a limit after which the answer is no, and an environment that keeps who said yes to what.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("risk"),
    effort="S",
    refs=("DORA: streamlining change approval", "OWASP CI/CD: CICD-SEC-1", "NIST SSDF PO.3.3"),
    systems=frozenset({System.JENKINS, System.AZURE_PIPELINES, System.GITLAB_CI}),
    check=check,
)
