"""SEC-42: what strangers write becomes part of a script, or their code runs with this repository's rights. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.rule import CLOSE, OPEN, Case, Hit, Rule, Script
from seaway.formats.pipelines.expand import in_words
from seaway.model.expression import Binary, Call, Expr, Ref, Template, Text, parts
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Checkout, Job, Run, System, TriggerKind, Use, Variable

# GitHub's event payload: the ends of names that hold free text of whoever caused the event.
_FREE = re.compile(
    r"github\.event\..*(?:\.title|\.body|\.message|\.name|\.email|\.page_name|\.head\.ref|\.head\.label|\.head_branch|\.default_branch|\.description)\Z"
    r"|github\.event\.(?:issue|comment|review|review_comment|discussion|pull_request)\.(?:title|body)\Z"
)
_TRUSTED_NAMES = re.compile(
    r"github\.event\.(?:repository|organization|sender|label|milestone|release|workflow|client_payload)\.|.*\.labels\b|.*\.repo\.(?:full_)?name\Z"
)
_FREE_NEUTRAL = frozenset({("event", "title"), ("event", "source_branch"), ("git", "message"), ("git", "title")})
_OPEN_TO_ALL = frozenset(
    {
        "pull_request_target",
        "issue_comment",
        "issues",
        "discussion",
        "discussion_comment",
        "workflow_run",
        "fork",
        "watch",
    }
)
_CLOSED = frozenset({TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.SCHEDULE, TriggerKind.MANUAL, TriggerKind.API})
_HEAD = re.compile(
    r"github\.event\.(?:pull_request|workflow_run)\.head|event\.source_branch|github\.event\.workflow_run\.head_|event\.number"
)
_GITLAB = re.compile(
    r"(?:\beval\b|\b(?:ba|da|z)?sh\s+-c\b)[^\n]*\$\{?(CI_MERGE_REQUEST_(?:TITLE|DESCRIPTION|SOURCE_BRANCH_NAME)"
    r"|CI_COMMIT_(?:MESSAGE|TITLE|DESCRIPTION|BRANCH|REF_NAME))\b"
)
_SYSTEMS = frozenset(
    {System.GITHUB_ACTIONS, System.GITLAB_CI, System.JENKINS, System.AZURE_PIPELINES, System.CIRCLECI, System.TEAMCITY}
)  # fmt: skip


def check(case: Case) -> list[Hit] | None:
    """Scripts with free text of events in them; checkouts of a stranger's head on privileged triggers."""
    found = list(_scripts(case))
    if case.system is System.GITHUB_ACTIONS:
        found += _github_scripts(case)
        found += _heads(case)
    return found if found or case.scripts else None


def _scripts(case: Case) -> Iterator[Hit]:
    for script in case.scripts:
        if case.system is System.GITLAB_CI:
            for match in _GITLAB.finditer(script.text):
                yield _hit(case, script, match[0], f"${match[1]}", None)
            continue
        assert isinstance(script.step.work, Run)  # noqa: S101 - scripts are made of those
        for expr, name in _flowing(case, script.step.work.script, script):
            words = _line_with(script.text, expr)
            yield _hit(case, script, words, name, _severity(case, name))


def _flowing(case: Case, text: Text, script: Script) -> Iterator[tuple[str, str]]:
    """(the expression in words, the free text in it) for each that becomes part of the text."""
    seen = set()
    for part in parts(text):
        if isinstance(part, str):
            continue
        for ref in _flows(part):
            name = ".".join([ref.context, *(str(one) for one in ref.path)]).removeprefix("native.")
            found = name if _is_free(case, ref, name) else _from_variable(case, ref, script)
            if found and (in_words(part), found) not in seen:
                seen.add((in_words(part), found))
                yield in_words(part), found


def _flows(expr: Expr) -> Iterator[Ref]:
    """References whose text ends up in the result: comparisons and questions only give true or false."""
    if isinstance(expr, Ref):
        yield expr
    elif isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        yield from _flows(expr.left)
        yield from _flows(expr.right)
    elif isinstance(expr, Call) and expr.name in {"format", "join", "to_json"}:
        for one in expr.args:
            yield from _flows(one)


def _is_free(case: Case, ref: Ref, name: str) -> bool:
    place = (ref.context, str(ref.path[0]) if ref.path else "")
    if case.system is System.GITHUB_ACTIONS:
        free = place in _FREE_NEUTRAL or bool(_FREE.match(name) and not _TRUSTED_NAMES.match(name))
        return free and _can_happen(case, name)
    if case.system is System.CIRCLECI:
        return place == ("git", "branch") or bool(
            re.search(r"pipeline\.event\..*(?:title|body|head\.ref|message)", name)
        )
    if case.system is System.JENKINS:
        return place in _FREE_NEUTRAL or name in {"env.CHANGE_AUTHOR_DISPLAY_NAME", "env.CHANGE_AUTHOR_EMAIL"}
    return place in _FREE_NEUTRAL


def _can_happen(case: Case, name: str) -> bool:
    """A workflow that only pushes and clocks start has no title of an issue in it."""
    kinds = {trigger.kind for trigger in case.pipeline.triggers}
    return not kinds <= _CLOSED or name == "git.message" or "commit" in name


def _from_variable(case: Case, ref: Ref, script: Script) -> str:
    """`env.TITLE`, put into the text, is as free as what the variable was made of."""
    if ref.context != "env" or not ref.path or case.system is not System.GITHUB_ACTIONS:
        return ""
    variables: list[Variable] = [
        *script.step.env,
        *(script.job.variables if script.job else ()),
        *case.pipeline.variables,
    ]
    value = next((one.value for one in variables if one.name == ref.path[0]), "")
    for part in parts(value):
        for inner in _flows(part) if not isinstance(part, str) else ():
            name = ".".join([inner.context, *(str(one) for one in inner.path)]).removeprefix("native.")
            if _is_free(case, inner, name):
                return name
    return ""


def _severity(case: Case, name: str) -> Severity | None:
    natives = {trigger.native for trigger in case.pipeline.triggers}
    if case.system is System.GITHUB_ACTIONS and natives & _OPEN_TO_ALL:
        return Severity.CRITICAL
    kinds = {trigger.kind for trigger in case.pipeline.triggers}
    return Severity.MEDIUM if name in {"git.message", "git.branch"} and kinds <= _CLOSED | {TriggerKind.OTHER} else None


def _line_with(text: str, expr: str) -> str:
    mark = f"{OPEN}{expr}{CLOSE}"
    return next((line for line in text.split("\n") if mark in line), mark)


_WORDS = {
    "event.title": "the request's title",
    "event.source_branch": "the name of the request's branch",
    "git.message": "the commit's message",
    "git.title": "the commit's message",
    "git.branch": "the branch's name",
}


def _hit(case: Case, script: Script, words: str, name: str, severity: Severity | None) -> Hit:
    return Hit(
        case.within(script.step.span, words, script.job),
        f"{_WORDS.get(name, name)} is put into the script as text: whoever writes it can write commands; hand it over in a variable instead",
        (*script.place, "script", name),
        severity,
    )


def _github_scripts(case: Case) -> Iterator[Hit]:
    """`actions/github-script`: its input `script` is a program, too."""
    for job, step in case.steps:
        if not isinstance(step.work, Use) or step.work.ref.name.lower() != "actions/github-script":
            continue
        for one in step.work.inputs:
            if one.name == "script" and isinstance(one.value, Template):
                program = Script(job, step, "", ())
                for _, name in _flowing(case, one.value, program):
                    yield _hit(case, program, "", name, _severity(case, name))


def _heads(case: Case) -> Iterator[Hit]:
    """`pull_request_target` or `workflow_run`, a checkout of the head, and something after it that runs what was checked out."""
    natives = {trigger.native for trigger in case.pipeline.triggers} & {"pull_request_target", "workflow_run"}
    if not natives:
        return
    for job in case.jobs:
        for at, step in enumerate(job.steps):
            work = step.work
            if not isinstance(work, Checkout) or not _names_head(work):
                continue
            if not any(isinstance(later.work, (Run, Use)) for later in job.steps[at + 1 :]):
                continue
            if _is_own(case, job):
                continue
            guarded = job.condition is not None or step.condition is not None
            yield Hit(
                case.within(step.span, "", job),
                f"{min(natives)} has this repository's secrets, and here it checks out and uses the code of whoever opened the request",
                (job.id, "head"),
                Severity.HIGH if guarded else Severity.CRITICAL,
                0.6 if guarded else 0.9,
                Persona.REGULAR,
            )


def _is_own(case: Case, job: Job) -> bool:
    """It runs for pushes to this repository only: the condition asks, or the trigger names the branches whose runs count."""
    text = job.condition.text if job.condition else ""
    if "head.repo" in text or "head_repository" in text or "'push'" in text or ".fork" in text:
        return True
    runs = [one for one in case.pipeline.triggers if one.native == "workflow_run"]
    requests = any(one.native == "pull_request_target" for one in case.pipeline.triggers)
    return bool(runs) and not requests and all(one.branches.include for one in runs)


def _names_head(work: Checkout) -> bool:
    return any(
        _HEAD.search(in_words(part).removeprefix("native.")) for part in parts(work.ref) if not isinstance(part, str)
    )


RULE = Rule(
    id="script-injection",
    number="SEC-42",
    title="Text that strangers write becomes part of a script",
    why="A branch's name, a title or a message with a quote and a command in it runs on the runner, with the job's secrets.",
    advice="Put the value into a variable (`env:` of the step) and use that, in double quotes, in the script. Do not check out the head of a request where secrets are.",
    severity=Severity.HIGH,
    confidence=0.95,
    impact=Impact("risk"),
    effort="S",
    refs=(
        "OpenSSF Scorecard: Dangerous-Workflow",
        "OWASP CI/CD: CICD-SEC-4",
        "NIST SSDF PW.5.1",
    ),
    systems=_SYSTEMS,
    check=check,
)
