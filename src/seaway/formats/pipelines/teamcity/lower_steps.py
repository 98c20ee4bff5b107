"""Steps, files and caches of another system's job -> TeamCity's shape, with what that loses. Called by `lower`."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from seaway.formats.pipelines import approvers, shell
from seaway.formats.pipelines.expand import shown
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.teamcity import expressions
from seaway.formats.pipelines.teamcity.dsl import quoted
from seaway.formats.pipelines.teamcity.expressions import Names, Unprintable
from seaway.model.expression import (
    Binary,
    Call,
    Condition,
    Expr,
    Literal,
    Phase,
    Ref,
    Template,
    Text,
    Unary,
    both,
    parts,
    refs,
)
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    Job,
    Native,
    Opaque,
    Run,
    Step,
    System,
    Use,
    Variable,
)

_POSIX = frozenset({"", "sh", "bash"})
_RUN = frozenset({*_POSIX, "cmd", "bat", "batch", "pwsh", "powershell", "python"})
_REF, _BRANCH = Ref("git", ("ref",)), Ref("git", ("branch",))
_HOLE = "\ue000"
_POST: dict[str, Expr | None] = {
    "always": Call("always"),
    "cleanup": Call("always"),
    "failure": Call("failure"),
    "success": None,
}


@dataclass(slots=True)
class Scope:
    """What a text stands in. `ids`: old id of a job -> its id in TeamCity."""

    system: System
    losses: Losses
    ids: dict[str, str]
    job: str = ""
    taken: set[str] = field(default_factory=set)
    flags: frozenset[str] = frozenset()  # its parameters that are true or false

    def of(self, job: Job, losses: Losses) -> Scope:
        """The scope of one job."""
        return Scope(self.system, losses, self.ids, job.id, {one.name for one in job.variables}, self.flags)

    def text(self, value: Text) -> Text:
        """The text with ids of jobs as TeamCity has them."""
        if isinstance(value, str):
            return value
        found: list[str | Expr] = []
        for part in value.parts:
            if part == _REF:  # the parameter of a VCS root that is called so is its default branch
                why = "TeamCity knows the name of a branch: it stands behind refs/heads/, for a tag, too"
                self.losses.manual_once("git.ref", why, "check who reads it in builds of tags")
            found += ["refs/heads/", _BRANCH] if part == _REF else [part if isinstance(part, str) else self._expr(part)]
        return _joined(found)

    def asked(self, expr: Expr) -> Expr:
        """A condition with ids of jobs as TeamCity has them, and with what is true or false compared with a text."""
        if isinstance(expr, Unary) and expr.op == "!" and self._is_flag(expr.operand):
            return Binary("!=", expr.operand, Literal("true"))
        if self._is_flag(expr):
            return Binary("==", expr, Literal("true"))
        if isinstance(expr, Unary):
            return Unary(expr.op, self.asked(expr.operand))
        if isinstance(expr, Binary):
            if expr.op in {"&&", "||"}:
                return Binary(expr.op, self.asked(expr.left), self.asked(expr.right))
            return Binary(expr.op, self._expr(expr.left), self._expr(expr.right))
        if isinstance(expr, Call):
            return Call(expr.name, tuple(self._expr(one) for one in expr.args))
        return self._expr(expr)

    def _is_flag(self, expr: Expr) -> bool:
        return isinstance(expr, Ref) and expr.context == "input" and expr.path[0] in self.flags

    def _expr(self, expr: Expr) -> Expr:
        if isinstance(expr, Ref) and expr.context == "job" and len(expr.path) == 3 and expr.path[0] in self.ids:
            return Ref("job", (self.ids[str(expr.path[0])], *expr.path[1:]))
        return expr

    def variables(self, variables: Iterable[Variable]) -> tuple[Variable, ...]:
        """Variables of the environment; secrets are passwords of the project already."""
        found = []
        for one in variables:
            same = isinstance(one.value, Template) and one.value.parts == (Ref("secret", (one.name,)),)
            if not same:
                found.append(Variable(one.name, self.text(one.value), exported=True))
        return tuple({one.name: one for one in found}.values())

    def used_by(self, job: Job) -> tuple[Variable, ...]:
        """What the scripts read of the system they come from, under its old name."""
        table = {**shell.predefined(self.system)}
        if self.system is System.GITLAB_CI and job.matrix is not None:  # there, axes are variables of the environment
            table |= {axis.name: Ref("matrix", (axis.name,)) for axis in job.matrix.axes}
        axes = Names(matrix=frozenset(axis.name for axis in job.matrix.axes) if job.matrix else frozenset())
        found: dict[str, Variable] = {}
        for step in job.steps:
            if not isinstance(step.work, Run):
                continue
            plain = "".join(part for part in parts(step.work.script) if isinstance(part, str))
            for name, value in shell.exports(plain, table, step.work.shell).items():
                made = self.text(value if isinstance(value, Template) else Template((value,)))
                if name in self.taken or any(one.name == name for one in step.env):
                    continue
                try:
                    expressions.printed_text(made, axes)
                except Unprintable:
                    self.losses.dropped(
                        f"{self.job}: ${name}", "TeamCity knows nothing like it", "set it as a parameter", step.span
                    )
                    continue
                if not any(ref == Ref("env", (name,)) for ref in refs(made)):
                    found[name] = Variable(name, made)
        return tuple(found.values())


def lower(job: Job, asked: Expr | None, scope: Scope) -> tuple[Step, ...]:
    """The job's steps and those behind it; `asked` before the job is asked before each step."""
    found: list[Step] = []
    notes: list[str] = []
    posts = [(step, post.when) for post in job.post for step in post.steps]
    for step, when in [*((step, "") for step in job.steps), *posts]:
        made = _step(step, job, when, scope)
        if isinstance(made, str):
            notes += [made] if made else []
        elif isinstance(made.work, Checkout):
            found = [
                *[one for one in found if isinstance(one.work, Checkout)],
                made,
                *[one for one in found if not isinstance(one.work, Checkout)],
            ]
        elif made is not None:
            comment = "\n".join([*notes, *([made.comment] if made.comment else [])])
            notes = []
            condition = _condition(made, asked, when)
            if condition is not None:
                condition = dataclasses.replace(condition, expr=scope.asked(condition.expr))
            _add(found, dataclasses.replace(made, condition=condition, comment=comment))
    if asked is not None:
        scope.losses.approximated(
            f"job {job.id}: condition",
            "the build runs, and its steps ask the condition",
            "",
            job.condition.span if job.condition else job.span,
        )
    if notes:
        found.append(Step(Run("true"), comment="\n".join(notes), native="script"))
    return tuple(found)


def _add(found: list[Step], step: Step) -> None:
    """A script that goes on in the shell of the one before is one step with it."""
    work, before = step.work, found[-1] if found else None
    if (
        isinstance(work, Run) and work.continues and before is not None and isinstance(before.work, Run)
        and (before.work.shell, before.work.cwd, before.condition) == (work.shell, work.cwd, step.condition)
    ):  # fmt: skip
        head = "" if _lines(before.work.script) or not _is_posix(work.shell) else "set -e\n"
        merged = _joined([head, *parts(before.work.script), "\n", *parts(work.script)])
        comment = "\n".join(one for one in (before.comment, step.comment) if one)
        found[-1] = dataclasses.replace(before, work=dataclasses.replace(before.work, script=merged), comment=comment)
    else:
        found.append(
            dataclasses.replace(step, work=dataclasses.replace(work, continues=False))
            if isinstance(work, Run)
            else step
        )


def _lines(script: Text) -> int:
    return sum(part.count("\n") for part in parts(script) if isinstance(part, str))


def _is_posix(name: str) -> bool:
    return name in _POSIX


def _condition(step: Step, asked: Expr | None, when: str) -> Condition | None:
    expr = both(_POST.get(when) if when else None, both(asked, step.condition.expr if step.condition else None))
    if expr is None:
        return None
    return Condition(expr, Phase.RUN, step.condition.text if step.condition else "", step.span)


def _step(step: Step, job: Job, when: str, scope: Scope) -> Step | str:
    """The step, or a line of comment in its place."""
    losses, work = scope.losses, step.work
    what = f"{job.id}: {step.name or step.native or work.kind}"
    if when and when not in _POST:
        losses.dropped(f"{what} after {when}", "TeamCity has no such moment", "", step.span)
        return ""
    _say_lost(step, what, losses)
    if isinstance(work, Run):
        return _run(step, work, job, what, scope)
    if isinstance(work, Checkout):
        return _checkout(step, work, what, losses)
    if isinstance(work, (Use, Opaque)):
        words = work.ref.text if isinstance(work, Use) else work.text
        losses.opaque(what, "what it does is known to the other system only", "write a step that does it", step.span)
        return f"was: {words}"
    if isinstance(work, Approval):
        losses.manual(
            what,
            "a build waits for a person before it starts, not within",
            f"add the feature `approval`{approvers.chosen(work.who)}",
            step.span,
        )
        return f"was: a person approves here: {shown(work.instructions)}"
    return ""  # files and caches: they are settings of the job


def _say_lost(step: Step, what: str, losses: Losses) -> None:
    gone = (
        ("timeout", step.timeout, "TeamCity limits builds, not steps"),
        ("idle timeout", step.idle_timeout, "TeamCity finds hanging builds by itself"),
        ("retry", step.retry, "TeamCity tries builds again, not steps"),
        ("continue on error", step.continue_on_error, "a step that fails fails the build"),
    )
    for name, value, why in gone:
        if value:
            losses.dropped(f"{what}: {name}", why, "do it in the script", step.span)
    for one in step.natives:
        losses.dropped(
            f"{what}: {one.key}", "TeamCity has no counterpart", f"it was: {one.text[:200]}", one.span or step.span
        )


def _checkout(step: Step, work: Checkout, what: str, losses: Losses) -> Step:
    if work.depth is not None or work.submodules or work.lfs or (work.ref and not work.repository):
        losses.manual(
            f"{what}: options", "the VCS root says how and what is checked out", "set them at the VCS root", step.span
        )
    repository = work.repository
    if isinstance(repository, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        repository = f"https://github.com/{repository}.git"
    if repository:
        losses.manual(
            f"{what}: repository", "the server needs rights to read it", "give the VCS root its credentials", step.span
        )
    kept = Checkout(repository=repository, ref=work.ref if work.repository else "", path=work.path)
    return Step(kept, native="vcs", comment=step.comment, span=step.span)


def _run(step: Step, work: Run, job: Job, what: str, scope: Scope) -> Step:
    chosen = work.shell or job.shell
    windows = job.runner.os == "windows"
    name = chosen.split()[0] if chosen else ""
    script = _without_end(scope.text(work.script))
    command = shell.program(chosen)
    if command:
        name = "python" if command == shell.PROGRAMS["python"] else ""
    if command and not name:
        script = _read_by(command, script)
    elif name not in _RUN:
        why = "TeamCity's agents run scripts by the shell of their system"
        scope.losses.approximated(f"{what}: shell {chosen}", why, "call that shell in the script", step.span)
    head = ""
    if name in _POSIX and not windows and not work.continues:
        head = "#!/bin/bash\nset -eo pipefail\n" if name == "bash" else "set -e\n" if _lines(script) else ""
    exports = [_export(one, name, windows=windows, what=what, scope=scope) for one in step.env]
    lines = [line for line in exports if line]
    prefix: list[str | Expr] = [head] if head else []
    for line in lines:
        prefix += [*line, "\n"]
    merged = _joined([*prefix, *parts(script)]) if prefix else script
    shells = {"pwsh": "pwsh", "powershell": "powershell", "python": "python"}
    native = {"pwsh": "powerShell", "powershell": "powerShell", "python": "python"}.get(name, "script")
    cwd = scope.text(work.cwd or job.cwd)
    return Step(
        Run(merged, shells.get(name, ""), cwd, work.continues),
        step.name,
        condition=step.condition,
        natives=_image(step, native, what, scope),
        native=native,
        comment=step.comment,
        span=step.span,
    )


def _read_by(command: str, script: Text) -> Text:
    """A script for a program. TeamCity puts the values in before the shell sees the text: nothing in it is the shell's."""
    values = [part for part in parts(script) if not isinstance(part, str)]
    plain = "".join(part if isinstance(part, str) else _HOLE for part in parts(script))
    pieces = shell.here_document(command, plain, lambda _: None)[0].split(_HOLE)
    found: list[str | Expr] = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        found += [value, piece]
    return _joined(found)


def _image(step: Step, native: str, what: str, scope: Scope) -> tuple[Native, ...]:
    """The image that the step alone runs in: TeamCity has one for each step."""
    image = step.container
    if image is None or not isinstance(image.name, str):
        if image is not None:
            scope.losses.dropped(f"{what}: image", "its name is computed", "set `dockerImage`", image.span or step.span)
        return ()
    found = [Native(f"{native}.dockerImage", f"dockerImage = {quoted(image.name)}")]
    if image.options:
        found.append(Native(f"{native}.dockerRunParameters", f"dockerRunParameters = {quoted(image.options)}"))
    return tuple(found)


def _without_end(script: Text) -> Text:
    """Without the line ends behind the last line."""
    if isinstance(script, str):
        return script.rstrip("\n")
    *before, last = script.parts
    return (
        Template((*before, last.rstrip("\n")))
        if isinstance(last, str) and last.rstrip("\n")
        else Template(tuple(before))
        if isinstance(last, str)
        else script
    )


def _export(one: Variable, name: str, *, windows: bool, what: str, scope: Scope) -> list[str | Expr]:
    """A variable of one step as the first line of its script."""
    if name not in _POSIX or windows:
        scope.losses.dropped(
            f"{what}: {one.name}", "TeamCity's steps have no variables of their own", "set it in the script", one.span
        )
        return []
    value = scope.text(one.value)
    if isinstance(value, str):
        return [f"export {one.name}={shell.quoted(value)}"]
    inner = [re.sub(r'([\\"$`])', r"\\\1", part) if isinstance(part, str) else part for part in value.parts]
    return [f'export {one.name}="', *inner, '"']


def _joined(found: list[str | Expr]) -> Text:
    merged: list[str | Expr] = []
    for part in found:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if all(isinstance(part, str) for part in merged):
        return "".join(str(part) for part in merged)
    return Template(tuple(merged))


# --- files


def artifacts(job: Job, jobs: list[Job], scope: Scope) -> tuple[Artifact, ...]:
    """What the job publishes, and what it takes from earlier ones, as rules."""
    steps = (*job.steps, *(step for post in job.post for step in post.steps))
    own = [*job.artifacts, *(step.work for step in steps if isinstance(step.work, Artifact))]
    found: list[Artifact] = []
    for one in own:
        if one.direction == "up" and one.paths:
            found += _published(one, scope)
        if one.reports:
            known = tuple((kind, path) for kind, path in one.reports if kind == "junit")
            if len(known) != len(one.reports):
                scope.losses.dropped(
                    f"{job.id}: reports", "TeamCity reads only JUnit's here", "add the feature for the others", job.span
                )
            found += [Artifact("up", reports=known)] if known else []
    downs = [
        Artifact("down", paths=("**",), into=into, jobs=(scope.ids[name],))
        for name, into in _taken(job, jobs, own, scope).items()
    ]
    return (*downs, *_merged(found))


def _published(one: Artifact, scope: Scope) -> list[Artifact]:
    made = []
    for path in one.paths:
        plain = shown(path).rstrip("/")
        fixed = re.split(r"[*?\[{]", plain)[0]
        folder = fixed.rstrip("/") if fixed == plain else posixpath.dirname(fixed)
        is_file = fixed == plain and "." in posixpath.basename(plain)
        into = posixpath.dirname(plain) if is_file else folder
        made.append(
            Artifact(
                "up",
                paths=(scope.text(path) if not isinstance(path, str) else plain,),
                name=into if isinstance(path, str) else "",
            )
        )
    if one.exclude:
        made[-1] = dataclasses.replace(made[-1], exclude=one.exclude)
    if one.expires is not None or one.when != "success":
        scope.losses.dropped(
            f"{scope.job}: artifact",
            "how long and when files are kept is a rule of the project",
            "set `cleanup` and `publishArtifacts`",
        )
    return made


def _merged(found: list[Artifact]) -> list[Artifact]:
    """Those of one folder are one."""
    made: dict[Text, Artifact] = {}
    reports: list[Artifact] = []
    for one in found:
        if one.reports:
            reports.append(one)
        elif one.name in made:
            before = made[one.name]
            made[one.name] = dataclasses.replace(
                before, paths=(*before.paths, *one.paths), exclude=(*before.exclude, *one.exclude)
            )
        else:
            made[one.name] = one
    return [*made.values(), *reports]


def _taken(job: Job, jobs: list[Job], own: list[Artifact], scope: Scope) -> dict[str, Text]:
    """Whose files come along, and into which folder."""
    giving = {
        one.id
        for one in jobs
        if any(
            a.direction == "up" and a.paths
            for a in (*one.artifacts, *(s.work for s in one.steps if isinstance(s.work, Artifact)))
        )
    }
    needed = [need.job for need in job.needs or ()]
    found: dict[str, Text] = {}
    for one in own:
        if one.direction != "down":
            continue
        sources = [name for name in (one.jobs or needed) if name in giving]
        if not sources:
            scope.losses.dropped(
                f"{job.id}: artifact {shown(one.name)}", "no build that this one needs publishes files", "", job.span
            )
        found |= dict.fromkeys(sources, one.into)
    if not any(one.direction == "down" for one in own):
        names = (
            job.dependencies
            if job.dependencies is not None
            else [need.job for need in job.needs or () if need.artifacts]
        )
        found |= dict.fromkeys((name for name in names if name in giving), "")
    order = [*needed, *(name for name in found if name not in needed)]
    return {name: found[name] for name in order if name in found and name in scope.ids}


def caches(job: Job, scope: Scope) -> tuple[Cache, ...]:
    """TeamCity's build cache: a name and its folders."""
    all_of = [
        *job.caches,
        *(step.work for step in job.steps if isinstance(step.work, Cache) and step.work.action != "save"),
    ]
    paths = tuple(dict.fromkeys(str(path) for one in all_of for path in one.paths if isinstance(path, str)))
    if all_of:
        scope.losses.approximated(
            f"{job.id}: cache",
            "TeamCity's build cache has a name and no key: it is renewed when the files change",
            "",
            job.span,
        )
    return (Cache(key=f"{scope.ids[job.id]}-cache", paths=paths),) if paths else ()


__all__ = ["Literal", "Scope", "Unary", "artifacts", "caches", "lower"]
