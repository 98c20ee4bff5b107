"""VEL-10: the whole history is fetched and nothing reads it. Run by `assess.examine`."""

from __future__ import annotations

import re

from seaway.assess import commands
from seaway.assess.rule import Case, Edits, Hit, Rule
from seaway.formats.yaml.patch import Edit
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Checkout, Job, Step, System, Use
from seaway.model.span import Span

# Actions that are known to read no history. Whatever else is used may need it.
_BLIND = re.compile(
    r"(?:actions|ruby)/(?:setup-[\w-]+|cache|upload-artifact|download-artifact)(?:/\w+)?\Z|docker/(?:setup-[\w-]+|login-action|build-push-action)\Z"
    r"|(?:NodeTool|UseNode|GoTool|JavaToolInstaller|Cache|UsePythonVersion|UseDotNet|Npm|Maven|Gradle|DotNetCoreCLI|PublishTestResults|PublishBuildArtifacts|PublishPipelineArtifact|Docker)\Z"
)
_DEPTH = re.compile(r"\b(?:fetch-depth|fetchDepth)[\"']?:[ \t]*[\"']?(0)\b")
_OWN_SCRIPT = re.compile(
    r"(?:^|[\s;&|])(?:\./(?!\.\.)|bash\s|sh\s|python3?\s(?!-m\s+(?:pytest|unittest|flake8|ruff|mypy|pylint|black)\b))\S+|\b(?:make|just|task|npm\s+run|yarn\s+run|pnpm\s+run)\s+(?!test\b|lint\b|build\b)\S+",
    re.MULTILINE,
)


def check(case: Case) -> list[Hit] | None:
    """Depth 0 in jobs whose commands and actions are all known to need no history."""
    found: list[Hit] = []
    checkouts = False
    for job in case.jobs:
        for step in job.steps:
            if not isinstance(step.work, Checkout):
                continue
            checkouts = True
            span = _gitlab(case, job) if case.system is System.GITLAB_CI else _written(case, step)
            if span is not None and not _needs_history(case, job):
                words = f"the whole history is fetched, and nothing in {job.id} reads it"
                found.append(Hit(span, words, (job.id,), fix=lambda step=step: _shallow(case, step)))  # type: ignore[misc]
    return found if checkouts else None


def _written(case: Case, step: Step) -> Span | None:
    if not isinstance(step.work, Checkout) or step.work.depth != 0 or step.span is None:
        return None
    return case.within(step.span, next(iter(_depth_words(case, step)), ""))


def _depth_words(case: Case, step: Step) -> list[str]:
    assert step.span is not None  # noqa: S101 - asked before
    match = _DEPTH.search(case.texts.get(step.span.path, ""), step.span.start, step.span.end)
    return [match[0]] if match else []


def _gitlab(case: Case, job: Job) -> Span | None:
    """The variable GIT_DEPTH: the job's, else the pipeline's."""
    for one in (*job.variables, *case.pipeline.variables):
        if one.name == "GIT_DEPTH":
            return one.span if one.value == "0" else None
    return None


def _needs_history(case: Case, job: Job) -> bool:
    script = case.scripts_of(job)
    if commands.HISTORY.search(script) or _OWN_SCRIPT.search(script) or not script:
        return True
    return (
        any(isinstance(step.work, Use) and not _BLIND.match(step.work.ref.name) for step in job.steps)
        or job.calls is not None
    )


def _shallow(case: Case, step: Step) -> Edits:
    if step.span is None or case.system is System.GITLAB_CI:
        return ()
    match = _DEPTH.search(case.texts[step.span.path], step.span.start, step.span.end)
    return [Edit(match.start(1), match.end(1), "1")] if match else ()


RULE = Rule(
    id="full-clone",
    number="VEL-10",
    title="The whole history is fetched and nothing reads it",
    why="In a repository that has grown, each job waits for commits of many years.",
    advice="Leave the depth at the system's default.",
    patch="Sets the depth to 1.",
    severity=Severity.LOW,
    confidence=0.8,
    impact=Impact("lead_time"),
    effort="S",
    refs=("DORA: continuous integration, fast feedback",),
    systems=frozenset({System.GITHUB_ACTIONS, System.GITLAB_CI, System.AZURE_PIPELINES}),
    check=check,
)
