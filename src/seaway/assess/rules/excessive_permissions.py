"""SEC-43: the run's token may do more than the run needs. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.rule import Case, Edits, Hit, Rule
from seaway.formats.yaml.patch import Edit, add_key, line_end
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Permissions, Run, System, TriggerKind, Use
from seaway.model.span import Span

_READS = re.compile(
    r"actions/(?:checkout|cache|setup-[\w-]+|upload-artifact|download-artifact)(?:/[\w-]+)?\Z|docker/setup-[\w-]+\Z"
)
_WRITES = re.compile(r"\bgh\s|\bgit\s+push|GITHUB_TOKEN|secrets\.GITHUB_TOKEN|github\.token|api\.github\.com")


def check(case: Case) -> list[Hit] | None:
    """`write-all`, and jobs for which nobody said anything."""
    pipeline = case.pipeline
    if all(trigger.kind is TriggerKind.CALL for trigger in pipeline.triggers) or not case.jobs:
        return None
    return [*_too_much(case), *_nothing_said(case)]


def _too_much(case: Case) -> Iterator[Hit]:
    places: list[tuple[str, Permissions | None]] = [("", case.pipeline.permissions)]
    places += [(job.id, job.permissions) for job in case.jobs]
    for name, one in places:
        if one is None or one.span is None:
            continue
        where = f"the job {name}" if name else "every job"
        if one.all == "write":
            yield Hit(one.span, f"the token of {where} may write everything", (name, "write-all"), Severity.HIGH, 0.95)
        elif not name and len(case.jobs) > 1 and (writes := [scope for scope, may in one.scopes if may == "write"]):
            words = f"every job may write {', '.join(writes)}: give it to the job that does"
            yield Hit(one.span, words, (name, "write"), Severity.LOW, persona=Persona.AUDITOR)


def _nothing_said(case: Case) -> Iterator[Hit]:
    silent = [job for job in case.jobs if job.permissions is None and (job.key_span or job.span)]
    if case.pipeline.permissions is not None or not silent:
        return
    first = silent[0]
    span: Span | None = first.key_span or first.span
    assert span is not None  # noqa: S101 - asked above
    whom = f"of the job {first.id}" if len(silent) == 1 else f"of {len(silent)} jobs"
    words = (
        f"nobody says what the token {whom} may do: it is whatever the repository's settings give, perhaps everything"
    )
    yield Hit(span, words, ("", "none"), None, 0.8, fix=lambda: _read_only(case))


def _read_only(case: Case) -> Edits:
    """`contents: read` for all, only where nothing in the workflow can be seen to need more."""
    for _, step in case.steps:
        if isinstance(step.work, Use) and not _READS.match(step.work.ref.name.lower()):
            return ()
        if isinstance(step.work, Run) and _WRITES.search(case.texts[case.pipeline.path]):
            return ()
    if any(job.calls is not None or job.permissions is not None for job in case.jobs):
        return ()
    tree = case.tree(case.pipeline.path)
    root = tree.documents[0]
    if get(root, "on") is None:
        return ()
    if root.flow_style:
        return ()
    at = add_key(tree, root, "permissions", "", after="on")
    newline = line_end(tree.text)
    return [Edit(at.start, at.end, f"{newline}permissions:{newline}  contents: read")]


RULE = Rule(
    id="excessive-permissions",
    number="SEC-43",
    title="The run's token may do more than the run needs",
    why="Any step, action or dependency that turns bad can push code, releases and packages with that token.",
    advice="`permissions: {contents: read}` for the workflow, and what one job needs at that job.",
    patch="Adds `contents: read` where nothing in the workflow can be seen to need more.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("risk"),
    effort="S",
    refs=("OpenSSF Scorecard: Token-Permissions", "OWASP CI/CD: CICD-SEC-5", "NIST SSDF PO.5.2"),
    systems=frozenset({System.GITHUB_ACTIONS}),
    check=check,
)
