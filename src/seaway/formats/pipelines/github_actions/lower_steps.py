"""Steps, caches and artifacts of another system -> GitHub's steps. Called by `lower_jobs`."""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines import approvers, commands, shell
from seaway.formats.pipelines.github_actions import foreign, lower_files
from seaway.formats.pipelines.github_actions.expressions import Unprintable, printed_text
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope
from seaway.model.expression import Call, Condition, Expr, Literal, Phase, Ref, Template, Text, both, parts
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    Opaque,
    Post,
    Run,
    Step,
    System,
    Use,
    Variable,
)

_PUSHES = re.compile(r"\bgit\s[^\n;|&]{0,200}?\bpush\b")
_ACTION = re.compile(r"(?:[\w.-]+/[\w.-]+(?:/[\w./-]+)?@[\w./-]+|\./\S+|docker://\S+)\Z")
_SHELLS = frozenset({"", "bash", "sh", "pwsh", "powershell", "cmd", "python"})
_POST = {"always": "always", "cleanup": "always", "failure": "failure", "aborted": "cancelled", "success": "success"}


def lower(steps: tuple[Step, ...], scope: Scope) -> tuple[Step, ...]:
    """The steps of a job: what goes on in one shell is one step."""
    found = []
    for step in _joined(steps):
        if step.condition is not None and step.condition.expr == Literal(value=False):
            scope.losses.dropped(f"step {step.name or step.native}".strip(), "it is switched off", "", step.span)
        else:
            found.append(_lowered(step, scope))
    return tuple(found)


def _joined(steps: tuple[Step, ...]) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        before = found[-1] if found else None
        if before is not None and _goes_on(before, step):
            assert isinstance(before.work, Run)  # noqa: S101 - `_goes_on` says so
            assert isinstance(step.work, Run)  # noqa: S101
            script = _lines(before.work.script, step.work.script)
            comment = "\n".join(filter(None, (before.comment, step.comment)))
            work = dataclasses.replace(before.work, script=script)
            found[-1] = dataclasses.replace(before, work=work, comment=comment)
        else:
            found.append(step)
    return found


def _goes_on(before: Step, step: Step) -> bool:
    if not (isinstance(before.work, Run) and isinstance(step.work, Run) and step.work.continues):
        return False
    one, two = before, step
    same = (one.condition, one.env, one.continue_on_error) == (two.condition, two.env, two.continue_on_error)
    return same and not step.name and before.work.shell == step.work.shell


def _lines(first: Text, second: Text) -> Text:
    pieces: list[str | Expr] = []
    ends = [*parts(first), "" if _ends_line(first) else "\n", *parts(second), "" if _ends_line(second) else "\n"]
    for piece in ends:
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        elif piece:
            pieces.append(piece)
    return (
        "".join(str(piece) for piece in pieces)
        if all(isinstance(one, str) for one in pieces)
        else Template(tuple(pieces))
    )


def _ends_line(text: Text) -> bool:
    last = parts(text)[-1:] or ("",)
    return isinstance(last[0], str) and last[0].endswith("\n")


def _lowered(step: Step, scope: Scope) -> Step:
    work, env = _work(step, scope)
    losses = scope.losses
    if step.retry is not None:
        fix = "repeat the command in the script itself, where it is safe to run twice"
        losses.dropped("retry", "GitHub does not repeat a step", fix, step.retry.span or step.span, mark=step.span)
    if step.idle_timeout is not None:
        why = "GitHub has no limit for silence; its `timeout-minutes` is for the whole step"
        losses.dropped("idle timeout", why, "set timeout-minutes on the step or job", step.span, mark=step.span)
    for one in step.natives:
        losses.dropped(
            one.key, "GitHub has no counterpart", f"it was: {one.text[:200]}", one.span or step.span, mark=step.span
        )
    tolerant = step.continue_on_error
    return dataclasses.replace(
        step,
        work=work,
        name=step.name,
        condition=scope.condition(step.condition, Place.ASKED, step.span),
        env=(*env, *scope.variables(step.env, Place.STEP)),
        continue_on_error=tolerant
        if isinstance(tolerant, bool)
        else scope.condition(tolerant, Place.STEP, step.span) or True,
        retry=None,
        idle_timeout=None,
        natives=(),
        native="",
    )


def _work(step: Step, scope: Scope) -> tuple[Run | Use | Checkout | Cache | Artifact, tuple[Variable, ...]]:
    work = step.work
    if isinstance(work, Run):
        return run(work, scope, step)
    if isinstance(work, Checkout):
        return checkout(work, scope), ()
    if isinstance(work, Cache):
        return lower_files.cache(work, scope, step), ()
    if isinstance(work, Artifact):
        return lower_files.artifact(work, scope, step.span), ()
    if isinstance(work, Use) and _ACTION.match(work.ref.text):
        return dataclasses.replace(work, inputs=scope.variables(work.inputs, Place.STEP)), ()
    if isinstance(work, Use) and (known := foreign.action(work, step, scope)) is not None:
        return known, ()
    if isinstance(work, Approval):
        fix = f"make an environment with required reviewers{approvers.chosen(work.who)} and name it in the job"
        scope.losses.manual(
            "approval", "GitHub asks for approvals by environments, outside the file", fix, step.span, mark=step.span
        )
        return Run('echo "::notice::approved by the environment\'s reviewers"'), ()
    return _by_hand(
        work.ref.text if isinstance(work, Use) else work.text if isinstance(work, Opaque) else "", step, scope
    ), ()


def _by_hand(text: str, step: Step, scope: Scope) -> Run:
    """A step that fails until a person has written it: work that is left out in silence would be worse."""
    what = (step.native or text).strip().splitlines()
    first = what[0][:80] if what else "a step"
    fix = "write the step by hand: it fails until then"
    if isinstance(step.work, Opaque):
        scope.losses.opaque(first, "its meaning is not known", fix, step.span, mark=step.span)
    else:
        scope.losses.dropped(first, "GitHub has no counterpart that is known", fix, step.span, mark=step.span)
    quoted = "".join(f"# {line}".rstrip() + "\n" for line in text.strip().splitlines()[:40])
    return Run(f"# Written in another system as:\n{quoted}echo '::error::this step is to be written by hand'\nexit 1\n")


_LANGUAGES = ("python", "perl", "ruby", "node")  # no shells: a value stands in their text, as it did before


def run(work: Run, scope: Scope, step: Step) -> tuple[Run, tuple[Variable, ...]]:
    """A script stays as it is; what the other system would have put into its text comes in by variables."""
    env: dict[str, Variable] = {}

    def printer(expr: Expr) -> str | None:
        if isinstance(expr, Ref) and expr.context == "env" and len(expr.path) == 1:
            name = str(expr.path[0])
        else:
            name = variable_name(expr)
            env[name] = Variable(name, scope.text(Template((expr,)), Place.STEP, step.span))
        return (
            f"$env:{name}"
            if work.shell in {"pwsh", "powershell"}
            else f"%{name}%"
            if work.shell == "cmd"
            else f"${{{name}}}"
        )

    if work.shell.rpartition("/")[2].startswith(_LANGUAGES):
        text = scope.text(work.script, Place.STEP, step.span)
        if isinstance(text, Template):
            why = (
                f"its values stand in the text of a script in {work.shell}: who can choose one, can choose what is run"
            )
            scope.losses.manual("values in a script", why, "read them from variables of the environment", step.span)
        return Run(text or "", shell_name(work.shell), scope.text(work.cwd, Place.STEP, step.span)), ()
    script, _ = shell.script_text(work.script, printer)
    if scope.system is System.AZURE_PIPELINES and work.shell in {"", "bash", "sh"}:
        script = commands.for_github(script)
    commands.tell(scope.system, dataclasses.replace(step, work=Run(script)), None, scope.losses, "GitHub")
    name = shell_name(work.shell)
    if name.endswith(" {0}"):
        why = "GitHub runs it as a command that gets the script's path"
        scope.losses.approximated(f"shell {work.shell}", why, "", step.span)
    return Run(script or "true", name, scope.text(work.cwd, Place.STEP, step.span)), tuple(env.values())


def said(expr: Expr, scope: Scope) -> str | None:
    """A value within a step's name."""
    if isinstance(expr, Ref) and expr.context == "var":
        return None
    try:
        return printed_text(scope.text(Template((expr,)), Place.STEP))
    except Unprintable:
        return None


def shell_name(text: str) -> str:
    """GitHub's name of a shell; another program is called with the script's path."""
    words = text.split()
    if words[:1] == ["/usr/bin/env"]:
        words = words[1:]
    program = words[0].rpartition("/")[2] if words else ""
    known = {"bat": "cmd", "batch": "cmd", "python3": "python"}.get(program, program)
    return known if known in _SHELLS else f"{text} {{0}}"


def variable_name(expr: Expr) -> str:
    """A variable's name for a value: git.sha is GIT_SHA, what only the other system knows keeps its name."""
    if isinstance(expr, Ref):
        words = [part for part in expr.path if isinstance(part, str)]
        return re.sub(r"\W+", "_", "_".join(words if expr.context == "native" else [expr.context, *words])).upper()
    return f"VALUE_{re.sub(r'[^A-Z]', '', str(expr).upper())[:12]}"


def checkout(work: Checkout, scope: Scope) -> Checkout:
    """The repository, without leaving a token behind in its folder, unless the job says so."""
    credentials = work.credentials if work.credentials is not None else False
    return dataclasses.replace(
        work,
        ref=scope.text(work.ref, Place.STEP),
        repository=scope.text(work.repository, Place.STEP),
        path=scope.text(work.path, Place.STEP),
        credentials=credentials,
        implicit=False,
        component=None,
        inputs=(),
    )


def pushes(steps: tuple[Step, ...]) -> bool:
    """Whether a script pushes to the repository."""
    return any(
        isinstance(one.work, Run)
        and any(isinstance(part, str) and _PUSHES.search(part) for part in parts(one.work.script))
        for one in steps
    )


def post(found: Post, scope: Scope) -> tuple[Step, ...]:
    """Steps after the others: with a condition on how those ended."""
    word = _POST.get(found.when)
    if word is None:
        fix = "test `job.status` in a step with `if: always()`"
        scope.losses.dropped(f"post {found.when}", "GitHub does not know how the last run ended", fix, found.span)
        return ()
    made = lower(found.steps, scope)
    if word == "success":
        return made
    asked = Call(word)
    return tuple(
        dataclasses.replace(
            step,
            condition=Condition(asked if step.condition is None else _with(asked, step.condition.expr), Phase.RUN),
            continue_on_error=scope.system is System.GITLAB_CI or step.continue_on_error,
        )
        for step in made
    )


def _with(asked: Expr, expr: Expr) -> Expr:
    return both(asked, expr) or asked
