"""Variables that scripts of another system find in their environment, under their old names. Called by `lower_jobs`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from seaway.formats.pipelines import outside, shell
from seaway.formats.pipelines.github_actions.expressions import Unprintable, printed_text, template
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope
from seaway.formats.pipelines.github_actions.nearest import IN_STEPS, NEAREST
from seaway.model.expression import Expr, Ref, Template, Text, parts
from seaway.model.pipeline import Job, Run, Step, System, Variable

SHORT_SHA = Ref("git", ("short_sha",))
# Scripts ask whether there is one: empty for a run of the other kind, where `ref_name` is not.
_EXACT: dict[object, str] = {Ref("git", ("tag",)): "CI_COMMIT_TAG", Ref("git", ("branch",)): "CI_COMMIT_BRANCH"}
_THERE = outside.EVERYWHERE | {"CI"}  # set by GitHub, too, with the same meaning, or by the shell itself
_HERE = ("GITHUB_", "RUNNER_", "BASH_", "INPUT_")  # GitHub's own names, and the shell's
_FOREIGN = ("CI_", "GITLAB_", "CIRCLE_", "BUILD_", "SYSTEM_", "AGENT_")
_OUTSIDE = re.compile(r"[A-Z][A-Z0-9_]{2,}\Z")
_GIVES_OUTSIDE = frozenset({System.GITLAB_CI, System.CIRCLECI, System.JENKINS, System.AZURE_PIPELINES})


def provided(job: Job, steps: tuple[Step, ...], scope: Scope) -> tuple[tuple[Variable, ...], tuple[Step, ...]]:
    """Variables for the job's environment, and its steps with what an expression cannot say set by their scripts."""
    found, short = _predefined(job, steps, scope)
    steps = tuple(_with_runner(step, scope) for step in steps)
    for name in sorted(scope.axes):
        if any(name == used for used in read_names(steps)):
            found[name] = Template((Ref("matrix", (name,)),))
    found |= _shards(job, steps)
    steps = tuple(_in_steps(step, job, scope) for step in steps)
    left = [name for name in _not_set(steps, scope) if name not in found and name not in short]
    for name in left:
        if name in scope.inputs:
            found[name] = Template((Ref("input", (name,)),))
        elif name.startswith(_FOREIGN):
            found |= _nearest(name, job, scope)
        elif _OUTSIDE.match(name) and scope.system in _GIVES_OUTSIDE:
            found[name] = Template((scope.outside(name, Place.JOB, job.span),))
    made = tuple(_with_short(step, short) for step in steps) if short else steps
    return tuple(_variable(name, text) for name, text in found.items()), made


def _variable(name: str, text: Text) -> Variable:
    secret = any(isinstance(part, Ref) and part.context == "secret" for part in parts(text))
    return Variable(name, text, secret=secret)


def _predefined(job: Job, steps: tuple[Step, ...], scope: Scope) -> tuple[dict[str, Text], list[str]]:
    """What the other system sets by itself and GitHub can say; and the names of the commit's short form."""
    found: dict[str, Text] = {}
    short: list[str] = []
    for name, value in _exported(steps, scope.system).items():
        if name in scope.known or name in _THERE or name in NEAREST:
            continue
        if value == SHORT_SHA:
            short.append(name)
            continue
        if isinstance(value, Ref) and value.context == "runner":
            continue  # steps only
        if value in _EXACT:
            found[name] = template(NEAREST[_EXACT[value]][0])
            continue
        text = scope.text(value if isinstance(value, Template) else Template((value,)), Place.JOB, job.span)
        try:
            printed_text(text)
        except Unprintable as why:
            fix = "set the variable in the script, or leave it away"
            scope.losses.dropped(f"${name}", f"GitHub has no value for {why}", fix, job.span, mark=job.span)
            continue
        found[name] = text
    return found, short


def _with_runner(step: Step, scope: Scope) -> Step:
    """A step with what its script asks about the machine, which GitHub lets only steps see."""
    given = tuple(
        Variable(name, Template((value,)))
        for name, value in _exported((step,), scope.system).items()
        if isinstance(value, Ref) and value.context == "runner" and name not in _THERE and name not in scope.known
    )
    return dataclasses.replace(step, env=(*step.env, *given)) if given else step


def _exported(steps: tuple[Step, ...], system: System) -> dict[str, Expr | Template]:
    found: dict[str, Expr | Template] = {}
    for script, kind in scripts(steps):
        found |= shell.exports(script, shell.predefined(system), kind)
    return found


def _in_steps(step: Step, job: Job, scope: Scope) -> Step:
    """A step with the values that GitHub lets only steps see."""
    wanted = [name for name in read_names((step,)) if name in IN_STEPS and name not in scope.known]
    for name in wanted:
        scope.losses.approximated(f"${name}", IN_STEPS[name][1], "", job.span, mark=job.span)
    given = tuple(Variable(name, template(IN_STEPS[name][0])) for name in wanted)
    return dataclasses.replace(step, env=(*step.env, *given)) if given else step


def _nearest(name: str, job: Job, scope: Scope) -> dict[str, Text]:
    losses = scope.losses
    if name not in NEAREST:
        fix = "set the variable in `env`, or leave it away"
        losses.dropped(f"${name}", "GitHub has no value like it", fix, job.span, mark=job.span)
        return {}
    text, reason = NEAREST[name]
    if reason:
        losses.approximated(f"${name}", reason, "", job.span, mark=job.span)
    return {name: template(text)}


def scripts(steps: tuple[Step, ...]) -> Iterator[tuple[str, str]]:
    """The fixed text of every script, with its shell."""
    for step in steps:
        if isinstance(step.work, Run):
            yield "".join(part for part in parts(step.work.script) if isinstance(part, str)), step.work.shell


def read_names(steps: tuple[Step, ...]) -> list[str]:
    """Variables that the scripts name, each once."""
    return list(dict.fromkeys(name for script, kind in scripts(steps) for name in shell.used(script, kind)))


def _not_set(steps: tuple[Step, ...], scope: Scope) -> list[str]:
    """Names that scripts read and nobody in the file sets."""
    whole = "\n".join(script for script, _ in scripts(steps))
    own = {one.name for step in steps for one in step.env}
    return [
        name
        for name in read_names(steps)
        if name not in own | _THERE
        and name not in scope.known
        and name not in scope.axes
        and not name.startswith(_HERE)
        and not outside.is_set(name, whole)
    ]


def _shards(job: Job, steps: tuple[Step, ...]) -> dict[str, Text]:
    """The number of a copy and how many there are, where scripts ask."""
    if not job.parallel or job.matrix is not None:
        return {}
    index: Text = Template((Ref("native", ("strategy", "job-index")),))
    known: dict[str, Text] = {
        "CI_NODE_INDEX": Template((Ref("matrix", ("shard",)),)),
        "CI_NODE_TOTAL": str(job.parallel),
        "CIRCLE_NODE_INDEX": index,
        "CIRCLE_NODE_TOTAL": str(job.parallel),
    }
    names = read_names(steps)
    return {name: value for name, value in known.items() if name in names}


def _with_short(step: Step, names: list[str]) -> Step:
    """The first eight characters of the commit, which only a script can take."""
    if not isinstance(step.work, Run) or step.work.shell not in {"", "bash", "sh"}:
        return step
    used = [name for name in names if name in read_names((step,))]
    if not used:
        return step
    lines = "".join(f'export {name}="$(printf %.8s "$GITHUB_SHA")"\n' for name in used)
    first, *rest = parts(step.work.script)
    pieces = (lines + first, *rest) if isinstance(first, str) else (lines, first, *rest)
    text = Template(pieces) if rest or not isinstance(first, str) else lines + first
    return dataclasses.replace(step, work=dataclasses.replace(step.work, script=text))
