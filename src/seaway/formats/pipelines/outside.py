"""What a pipeline takes from outside its file: secrets, variables of the project, variables that only its old system sets.

None of them comes along with the text, so each is told once: who converts has to make it, or to change the script. Called by
the writers, for pipelines of other systems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from seaway.formats.pipelines import shell
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import parts, refs
from seaway.model.pipeline import Job, Pipeline, Run, Step, System
from seaway.model.span import Span

# Set by every system with the same meaning, or by the shell itself.
EVERYWHERE = frozenset(
    [
        "HOME",
        "PATH",
        "PWD",
        "OLDPWD",
        "USER",
        "LOGNAME",
        "SHELL",
        "HOSTNAME",
        "LANG",
        "TERM",
        "TMPDIR",
        "TEMP",
        "TMP",
        "RANDOM",
        "SECONDS",
        "LINENO",
        "IFS",
        "UID",
        "EUID",
        "PPID",
        "OPTARG",
        "OPTIND",
        "REPLY",
        "BASH",
        "FUNCNAME",
        "PIPESTATUS",
        "DEBIAN_FRONTEND",
        "LC_ALL",
        "EDITOR",
        "DISPLAY",
    ]
)
# How names begin that only one system sets.
_PREFIXES: dict[System, tuple[str, ...]] = {
    System.GITHUB_ACTIONS: ("GITHUB_", "RUNNER_", "ACTIONS_"),
    System.GITLAB_CI: ("CI_", "GITLAB_"),
    System.JENKINS: ("JENKINS_", "HUDSON_", "CHANGE_", "JOB_"),
    System.AZURE_PIPELINES: ("BUILD_", "SYSTEM_", "AGENT_", "PIPELINE_", "TF_BUILD"),
    System.CIRCLECI: ("CIRCLE_",),
    System.TEAMCITY: ("TEAMCITY_",),
}
_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{2,}\Z")
_SECRET = re.compile(
    r"(?:^|_)(?:TOKEN|SECRETS?|PASS(?:WORD|PHRASE|WD)?|(?:API|ACCESS|DEPLOY|SSH|PRIVATE|AUTH)_?KEY|KEY|PAT|CREDENTIALS?)(?:_|$)"
)
# Systems whose projects have variables that every script finds in its environment.
_GIVING = frozenset({System.GITLAB_CI, System.CIRCLECI, System.JENKINS, System.AZURE_PIPELINES})
_NAMES = {
    System.GITHUB_ACTIONS: "GitHub",
    System.GITLAB_CI: "GitLab",
    System.JENKINS: "Jenkins",
    System.AZURE_PIPELINES: "Azure",
    System.CIRCLECI: "CircleCI",
    System.TEAMCITY: "TeamCity",
    System.TEKTON: "Tekton",
}
Fix = Callable[[str, bool], str]


def is_secret(name: str) -> bool:
    """The name of a variable says that its value is one."""
    return bool(_SECRET.search(re.sub(r"\W", "_", name).upper()))


def tell(pipeline: Pipeline, losses: Losses, system: System, fix: Fix, known: frozenset[str] = frozenset()) -> None:
    """Each of them, once. `fix(name, secret)`: how a person makes it; `known`: what the target gives by itself."""
    for name, secret, span in _asked(pipeline):
        if name not in known:
            word = f"secret {name}" if secret else f"${name}"
            losses.manual(word, "its value is kept outside the file, and is not carried over", fix(name, secret), span)
    source = _NAMES.get(pipeline.system, pipeline.system.value)
    seen: set[str] = set()
    for job in pipeline.jobs:
        for name, step in foreign(pipeline, job):
            if name not in known | seen:
                seen.add(name)
                why = f"only {source} sets it, and {_NAMES[system]} has no value like it"
                losses.dropped(f"${name}", why, "set the variable by hand, or change the script", step.span or job.span)


def _asked(pipeline: Pipeline) -> list[tuple[str, bool, Span | None]]:
    """(name, is it a secret, first place) of secrets and of the project's variables."""
    found: dict[str, tuple[bool, Span | None]] = {}
    for owner in (*pipeline.jobs, pipeline):
        if isinstance(owner, Job) and owner.template:
            continue
        places: Iterable[object] = (
            (*owner.steps, *owner.variables, owner)
            if isinstance(owner, Job)
            else (*pipeline.variables, pipeline.post, pipeline.stages)
        )
        for place in places:
            for ref in refs(place):
                if ref.context in {"secret", "var"} and len(ref.path) == 1:
                    span = getattr(place, "span", None) or getattr(owner, "span", None)
                    found.setdefault(str(ref.path[0]), (ref.context == "secret", span))
    for job in pipeline.jobs:
        for name, step in of_project(pipeline, job):
            found.setdefault(name, (is_secret(name), step.span or job.span))
    return [(name, secret, span) for name, (secret, span) in found.items()]


def of_project(pipeline: Pipeline, job: Job) -> Iterator[tuple[str, Step]]:
    """Variables that scripts of the job read, nobody in the file sets, and the project gives."""
    if pipeline.system not in _GIVING:
        return
    table = shell.predefined(pipeline.system)
    for name, step in _unset(pipeline, job):
        if _PROJECT.match(name) and name not in table and not name.startswith(_PREFIXES.get(pipeline.system, ())):
            yield name, step


def foreign(pipeline: Pipeline, job: Job) -> Iterator[tuple[str, Step]]:
    """Variables that scripts of the job read and only the old system sets, beside those that its table explains."""
    prefixes = _PREFIXES.get(pipeline.system, ())
    table = shell.predefined(pipeline.system)
    for name, step in _unset(pipeline, job):
        if name not in table and prefixes and name.startswith(prefixes):
            yield name, step


def _unset(pipeline: Pipeline, job: Job) -> Iterator[tuple[str, Step]]:
    """Names that scripts read and nobody in the file sets, with the step."""
    if job.template:
        return
    works = [(step, step.work) for step in (*job.steps, *(one for post in job.post for one in post.steps))]
    scripts = [(step, _plain(work), work.shell) for step, work in works if isinstance(work, Run)]
    if not any("$" in text or "%" in text for _, text, _ in scripts):
        return
    given = _given(pipeline, job)
    whole = "\n".join(
        _plain(step.work) for one in pipeline.jobs for step in one.steps if isinstance(step.work, Run)
    )  # fmt: skip
    for step, text, kind in scripts:
        own = {one.name for one in step.env}
        for name in shell.used(text, kind):
            if name not in EVERYWHERE and name not in given | own and not is_set(name, whole):
                yield name, step


def _given(pipeline: Pipeline, job: Job) -> set[str]:
    """What the file itself sets."""
    stages = {stage.name: stage for stage in pipeline.stages}
    found = {one.name for one in (*pipeline.variables, *job.variables)} | {one.name for one in pipeline.parameters}
    found |= {one.name for rule in (*job.rules, *pipeline.rules) for one in rule.variables}
    found |= {one.name for trigger in pipeline.triggers for one in trigger.inputs}
    stage = stages.get(job.stage)
    while stage is not None:
        found |= {one.name for one in stage.variables}
        stage = stages.get(stage.parent) if stage.parent != stage.name else None
    if job.container is not None:
        found |= {one.name for one in job.container.env}
    if job.matrix is not None:
        found |= {axis.name for axis in job.matrix.axes} | {name for row in job.matrix.include for name, _ in row}
        found |= {name for _, row in job.matrix.named for name, _ in row}
    return found | {name.upper().replace(".", "_") for name in found}


def _plain(work: object) -> str:
    return "".join(one for one in parts(work.script) if isinstance(one, str)) if isinstance(work, Run) else ""


def is_set(name: str, script: str) -> bool:
    """A script gives it a value, or hands it on to later ones."""
    if name not in script:
        return False
    words = (
        rf"(?:^|[\s;&|(`\"'])(?:export\s+|local\s+|readonly\s+|declare\s+(?:-\w+\s+)?)?{name}\+?="
        rf"|\bfor\s+{name}\b|\b(?:read|mapfile|getopts)\b[^\n;|&]*\b{name}\b|variable={name}\b|\$env:{name}\s*="
    )
    return re.search(words, script, re.MULTILINE) is not None


__all__ = ["EVERYWHERE", "foreign", "is_secret", "is_set", "of_project", "tell"]
