"""Variables that scripts of another system find in their environment, under their old names. Called by `lower_jobs`."""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines import shell
from seaway.formats.pipelines.github_actions.expressions import Unprintable, printed_text
from seaway.formats.pipelines.github_actions.lower_steps import exported
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope
from seaway.model.expression import Expr, Ref, Template, Text, parts
from seaway.model.pipeline import Job, Run, Step, System, Variable

_SHORT_SHA = Ref("git", ("short_sha",))
# Set by GitHub, too, with the same meaning, or by the shell itself.
_THERE = frozenset(
    [
        "CI",
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
        "BASH_SOURCE",
        "BASH_VERSION",
        "FUNCNAME",
        "PIPESTATUS",
        "DEBIAN_FRONTEND",
        "LC_ALL",
        "EDITOR",
        "DISPLAY",
    ]
)
_OUTSIDE = re.compile(r"[A-Z][A-Z0-9_]{2,}\Z")
_ASSIGNED = r"(?:^|[\s;&|(`])(?:export\s+|local\s+|readonly\s+|declare\s+(?:-\w+\s+)?)?{name}\+?=|\bfor\s+{name}\b|\bread\b[^\n;|&]*\b{name}\b|\bmapfile\b[^\n]*\b{name}\b|\bgetopts\s+\S+\s+{name}\b"
_GIVES_OUTSIDE = frozenset({System.GITLAB_CI, System.CIRCLECI, System.JENKINS, System.AZURE_PIPELINES})


def provided(job: Job, steps: tuple[Step, ...], scope: Scope) -> tuple[tuple[Variable, ...], tuple[Step, ...]]:
    """Variables for the job's environment, and its steps with what an expression cannot say set by their scripts."""
    found: dict[str, Variable] = {}
    short: list[str] = []
    for name, value in exported(steps, shell.predefined(scope.system)).items():
        if name in scope.known or name in _THERE:
            continue
        if value == _SHORT_SHA:
            short.append(name)
            continue
        made = scope.text(value if isinstance(value, Template) else Template((value,)), Place.JOB, job.span)
        try:
            printed_text(made)
        except Unprintable as why:
            fix = "set the variable in the script, or leave it away"
            scope.losses.dropped(f"${name}", f"GitHub has no value for {why}", fix, job.span, mark=job.span)
            continue
        found[name] = Variable(name, made)
    for name in sorted(scope.axes):
        if _reads(steps, name):
            found[name] = Variable(name, Template((Ref("matrix", (name,)),)))
    for name, text in _shards(job, steps).items():
        found[name] = Variable(name, text)
    for name in _unset(steps, scope, set(found) | set(short)):
        found[name] = Variable(name, Template((scope.outside(name, Place.JOB, job.span),)), secret=True)
    made_steps = tuple(_with_short(step, short) for step in steps) if short else steps
    return tuple(_marked(one) for one in found.values()), made_steps


def _marked(one: Variable) -> Variable:
    secret = any(isinstance(part, Ref) and part.context == "secret" for part in parts(one.value))
    return dataclasses.replace(one, secret=secret)


def _reads(steps: tuple[Step, ...], name: str) -> bool:
    return any(name in shell.used(script, kind) for script, kind in _scripts(steps))


def _scripts(steps: tuple[Step, ...]) -> list[tuple[str, str]]:
    return [
        ("".join(part for part in parts(step.work.script) if isinstance(part, str)), step.work.shell)
        for step in steps
        if isinstance(step.work, Run)
    ]


def _shards(job: Job, steps: tuple[Step, ...]) -> dict[str, Text]:
    """The number of a copy and how many there are, where scripts ask."""
    if not job.parallel or job.matrix is not None:
        return {}
    number: Expr = Ref("matrix", ("shard",))
    known: dict[str, Text] = {
        "CI_NODE_INDEX": Template((number,)),
        "CI_NODE_TOTAL": str(job.parallel),
        "CIRCLE_NODE_INDEX": Template((Ref("native", ("strategy", "job-index")),)),
        "CIRCLE_NODE_TOTAL": str(job.parallel),
    }
    return {name: value for name, value in known.items() if _reads(steps, name)}


def _unset(steps: tuple[Step, ...], scope: Scope, given: set[str]) -> list[str]:
    """Names that scripts read and nobody in the file sets: the other system has them outside."""
    if scope.system not in _GIVES_OUTSIDE:
        return []
    scripts = _scripts(steps)
    whole = "\n".join(script for script, _ in scripts)
    own = {one.name for step in steps for one in step.env}
    found: dict[str, None] = {}
    for script, kind in scripts:
        for name in shell.used(script, kind):
            if name in given or name in own or name in _THERE or name in scope.known or name in scope.axes:
                continue
            if not _OUTSIDE.match(name) or name.startswith(
                ("CI_", "GITHUB_", "RUNNER_", "BASH_", "GITLAB_", "CIRCLE_")
            ):
                continue
            if not re.search(_ASSIGNED.format(name=name), whole, re.MULTILINE):
                found[name] = None
    return list(found)


def _with_short(step: Step, names: list[str]) -> Step:
    """The first eight characters of the commit, which only a script can take."""
    if not isinstance(step.work, Run):
        return step
    script = "".join(part for part in parts(step.work.script) if isinstance(part, str))
    used = [name for name in names if name in shell.used(script, step.work.shell)]
    if not used or step.work.shell not in {"", "bash", "sh"}:
        return step
    lines = "".join(f'export {name}="$(printf %.8s "$GITHUB_SHA")"\n' for name in used)
    first, *rest = parts(step.work.script)
    pieces = (lines + first, *rest) if isinstance(first, str) else (lines, first, *rest)
    text: Text = Template(pieces) if rest or not isinstance(first, str) else lines + first
    return dataclasses.replace(step, work=dataclasses.replace(step.work, script=text))
