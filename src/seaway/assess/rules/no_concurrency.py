"""VEL-07: runs that a newer push has made pointless go on. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess.rule import Answer, Case, Edits, Hit, Rule, Unclear
from seaway.formats.yaml.patch import Edit, Unfit, add_key, line_end
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System, TriggerKind
from seaway.model.span import Span

_BLOCK = (
    "concurrency:",
    "  group: ${{ github.workflow }}-${{ github.ref }}",
    "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
)


def check(case: Case) -> Answer:
    """Workflows on pull requests without any `concurrency`; GitLab pipelines in which no job may be interrupted."""
    return _github(case) if case.system is System.GITHUB_ACTIONS else _gitlab(case)


def _github(case: Case) -> Answer:
    pipeline = case.pipeline
    request = next((one for one in pipeline.triggers if one.native == "pull_request"), None)
    if request is None or not case.jobs:
        return None
    if pipeline.concurrency is not None or any(job.concurrency is not None for job in case.jobs):
        return []
    span = request.span or case.jobs[0].key_span or pipeline.span
    if span is None:
        return []
    words = (
        "each push to a pull request starts another run, and the ones before it go on: nothing groups or cancels them"
    )
    return [Hit(_one_line(case, span), words, ("",), fix=lambda: _grouped(case))]


def _one_line(case: Case, span: Span) -> Span:
    return case.within(span, "")


def _grouped(case: Case) -> Edits:
    tree = case.tree(case.pipeline.path)
    root = tree.documents[0]
    if root.flow_style or get(root, "on") is None:
        raise Unfit("the workflow is written in one line")
    at = add_key(tree, root, "concurrency", "", after="permissions" if get(root, "permissions") is not None else "on")
    newline = line_end(tree.text)
    return [Edit(at.start, at.end, newline + newline.join(_BLOCK))]


def _gitlab(case: Case) -> Answer:
    jobs = [job for job in case.jobs if job.steps]
    if not jobs:
        return None
    if "auto_cancel" in case.texts.get(case.pipeline.path, ""):
        return []
    if any(job.interruptible is not None for job in jobs):
        return []
    if case.pipeline.unresolved:
        return Unclear("an include that was not read may say which jobs are interruptible")
    kinds = {trigger.kind for trigger in case.pipeline.triggers}
    if not kinds & {TriggerKind.PUSH, TriggerKind.PULL_REQUEST} or jobs[0].key_span is None:
        return None
    words = "no job is `interruptible`, so GitLab cannot cancel a pipeline that a newer push has made pointless once it runs"
    return [Hit(jobs[0].key_span, words, ("",))]


RULE = Rule(
    id="no-concurrency",
    number="VEL-07",
    title="Runs that are no longer wanted go on",
    why="They hold runners that the newest change waits for, and report on code that nobody will merge.",
    advice="GitHub: a `concurrency` group per branch with `cancel-in-progress`. GitLab: `interruptible: true` for all jobs that may be cut off.",
    patch="GitHub: adds a group per workflow and branch that cancels on pull requests only.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("cost"),
    effort="S",
    refs=("DORA: continuous integration, fast feedback",),
    systems=frozenset({System.GITHUB_ACTIONS, System.GITLAB_CI}),
    check=check,
)
