"""SEC-56: a setting of the CI system takes down one of its own fences. Run by `assess.examine`.

Libraries of Jenkins that are named by a branch are judged by unpinned-action. Variables that are not protected are settings of
GitLab's server, which no file shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.rule import Case, Hit, Rule, flat, place
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Checkout, Image, System, Variable

# Variable -> (values, what it does, severity)
_VARIABLES: dict[str, tuple[frozenset[str], str, Severity]] = {
    "CI_DEBUG_TRACE": (frozenset({"true", "1"}), "prints every variable into the log, secrets too", Severity.HIGH),
    "ACTIONS_ALLOW_UNSECURE_COMMANDS": (frozenset({"true"}), "lets whatever a program prints set variables and paths of later steps", Severity.HIGH),
    "NODE_TLS_REJECT_UNAUTHORIZED": (frozenset({"0"}), "takes any certificate for any server", Severity.HIGH),
    "GIT_SSL_NO_VERIFY": (frozenset({"true", "1"}), "takes code from any server that says it is the right one", Severity.HIGH),
    "PYTHONHTTPSVERIFY": (frozenset({"0"}), "takes any certificate for any server", Severity.HIGH),
    "GOINSECURE": (frozenset({"*"}), "takes modules from any server over any connection", Severity.HIGH),
    "GONOSUMDB": (frozenset({"*"}), "takes modules whose checksums nobody knows", Severity.MEDIUM),
    "GOFLAGS": (frozenset({"-insecure"}), "takes modules from any server over any connection", Severity.HIGH),
}  # fmt: skip
_OUTSIDE = re.compile(
    r"^(?![ \t]*(?://|\*|#))[^\n]{0,400}?(?P<words>\bJenkins\.(?:instance\b|getInstance\(\)|get\(\))|\bnew\s+GroovyShell\b|\bEval\.me\(|@Grab\(|\bThread\.currentThread\(\)|[\"']\.execute\(\)|\bnew\s+File\()",
    re.MULTILINE,
)
_ANY = re.compile(r"^[ \t]*(?P<words>agent[ \t]+any)\b", re.MULTILINE)
_PUSHES = re.compile(
    r"git\s+(?:-\S+\s+)*(?:push|fetch|pull|submodule|clone|remote|ls-remote)|semantic-release|gitversion|lerna|release-it|standard-version|auto\s+ship"
)
_PERSIST = re.compile(r"\bpersistCredentials:[ \t]*[\"']?true")


def check(case: Case) -> list[Hit]:
    """Variables that turn protection off; Jenkins outside its sandbox and on any machine; Azure's token left in the work folder."""
    found = [*_variables(case)]
    if case.system is System.JENKINS:
        found += _jenkins(case)
    if case.system is System.AZURE_PIPELINES:
        found += _azure(case)
    return found


def _variables(case: Case) -> Iterator[Hit]:
    for job, one in _all(case):
        known = _VARIABLES.get(one.name.upper().removeprefix("ENV."))
        if known is None or one.span is None:
            continue
        values, what, severity = known
        if flat(one.value).strip().lower() in values:
            span = case.within(one.span, one.name)
            yield Hit(span, f"{one.name} {what}", (job, one.name), severity)


def _all(case: Case) -> Iterator[tuple[str, Variable]]:
    yield from (("", one) for one in case.pipeline.variables)
    for stage in case.pipeline.stages:
        yield from (("", one) for one in stage.variables)
    for job in case.jobs:
        images: tuple[Image | None, ...] = (job.container, *job.services)
        listed = [*job.variables, *(one for image in images if image is not None for one in image.env)]
        listed += [one for step in job.steps for one in step.env]
        yield from ((job.id, one) for one in listed)


def _jenkins(case: Case) -> Iterator[Hit]:
    path = case.pipeline.path
    text = case.texts.get(path, "")
    for match in _OUTSIDE.finditer(text):
        span = place(text, path, match.start("words"), match.end("words"))
        words = f"`{match['words'].strip(chr(34) + chr(39))}` only works outside of the sandbox, or after an administrator has approved it for every pipeline"
        yield Hit(span, words, (match["words"],))
    any_machine = _ANY.search(text)
    if any_machine:
        span = place(text, path, any_machine.start("words"), any_machine.end("words"))
        words = "`agent any` takes whatever machine is free, the controller too where that has executors"
        yield Hit(span, words, ("agent any",), Severity.LOW, 0.7, Persona.AUDITOR)


def _azure(case: Case) -> Iterator[Hit]:
    for job in case.jobs:
        if _PUSHES.search(case.scripts_of(job)) or any(_may_push(step.work) for step in job.steps):
            continue
        for step in job.steps:
            if isinstance(step.work, Checkout) and step.work.credentials and step.span is not None:
                text = case.texts.get(step.span.path, "")
                match = _PERSIST.search(text, step.span.start, step.span.end)
                if match is not None:
                    words = "the token of the run stays in the work folder, where every later step can read it, and no step of this job pushes"
                    yield Hit(
                        place(text, step.span.path, match.start(), match.end()),
                        words,
                        (job.id, "persistCredentials"),
                        Severity.MEDIUM,
                    )


def _may_push(work: object) -> bool:
    """A component whose work is its own may need the token."""
    name = getattr(getattr(work, "ref", None), "name", "").lower()
    return any(word in name for word in ("git", "release", "version", "push", "tag"))


RULE = Rule(
    id="unsafe-ci-setting",
    number="SEC-56",
    title="A setting takes down one of the CI system's own fences",
    why="What the system does by itself to keep secrets out of logs, or one pipeline away from another, no longer holds, and nothing shows it.",
    advice="Leave the setting at its default; where it is really needed, for one step, and with the reason beside it.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("risk"),
    effort="S",
    refs=("OWASP CI/CD: CICD-SEC-7", "OWASP CI/CD: CICD-SEC-6", "NIST SSDF PO.5.2"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
