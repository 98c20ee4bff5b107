"""One job -> one task of a Tekton pipeline. Called by `writer`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

from seaway.formats.pipelines import approvers, outside, shell
from seaway.formats.pipelines.expand import in_words, shown
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.simple import by_branch_or_tag, mapped, simplified, truths, with_matches
from seaway.formats.pipelines.step_names import step_name
from seaway.formats.pipelines.tekton import expressions, missing, pac
from seaway.formats.pipelines.tekton.values import written
from seaway.formats.pipelines.toolchains import toolchain
from seaway.formats.yaml.emit import Flow, Note
from seaway.formats.yaml.kept import restored
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Ref, Template, Text, is_plain, parts, refs
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    Image,
    Job,
    Matrix,
    Need,
    Opaque,
    Parameter,
    Pipeline,
    Run,
    Step,
    System,
    Use,
    Variable,
)  # fmt: skip

CLONE, SOURCE = "clone", "source"
FOLDER = f"$(workspaces.{SOURCE}.path)"
_SECRETS = "ci-secrets"
_IMAGES = {"windows": "mcr.microsoft.com/windows/servercore:ltsc2022"}
_DEFAULT_IMAGE = "debian:bookworm"
_NAMES = re.compile(r"[^a-z0-9-]+")
# In a pipeline that Pipelines as Code does not start, who starts it says these.
ASKED = [{"name": "repo-url", "description": "The repository"}, {"name": "revision", "description": "The commit"}]
_PARAMETERS = {Ref("git", ("sha",)): "$(params.revision)", Ref("git", ("url",)): "$(params.repo-url)"}


@dataclass(frozen=True, slots=True)
class Told:
    """What every task must know of the whole. `clones`: the repository's files are in a shared workspace; `pac`: Pipelines as
    Code starts it, and puts values into its text.
    """

    pipeline: Pipeline
    losses: Losses
    clones: bool
    pac: bool = True

    @property
    def own(self) -> bool:
        return self.pipeline.system is System.TEKTON


def to_make(name: str, secret: bool) -> str:  # noqa: ARG001 - called by position
    """How a person makes what the tasks read from outside."""
    return f"kubectl create secret generic {_SECRETS} --from-literal={name}=..."


def name_of(text: Text, path: str = "") -> str:
    """A name that Kubernetes takes."""
    plain = text if isinstance(text, str) and text else path.rpartition("/")[2].partition(".")[0]
    return _NAMES.sub("-", plain.lower()).strip("-")[:50] or "pipeline"


def parameter(one: Parameter) -> dict[Any, Any]:
    """A declared parameter."""
    kind = one.type if one.type in {"array", "object"} else ""
    found: dict[Any, Any] = {"name": one.name} | ({"type": kind} if kind else {})
    if one.description:
        found["description"] = one.description
    if one.default is not None:
        found["default"] = restored(one.default) if kind else one.default
    elif not one.required:
        found["default"] = ""
    return found


def clone(told: Told) -> dict[Any, Any]:
    """The task that fills the workspace."""
    ref = {"resolver": "hub", "params": [{"name": "name", "value": "git-clone"}, {"name": "kind", "value": "task"}]}
    url, revision = (_piece(Ref("git", (name,)), told) for name in ("url", "sha"))
    given = [{"name": "url", "value": url}, {"name": "revision", "value": revision}]
    return {"name": CLONE, "taskRef": ref, "workspaces": [{"name": "output", "workspace": SOURCE}], "params": given}


def task(job: Job, needs: tuple[Need, ...], told: Told) -> Note:
    """The task, with its job's comment above it."""
    found: dict[Any, Any] = {"name": job.id if told.own else name_of(job.id)}
    if needs:
        found["runAfter"] = Flow([need.job if told.own else name_of(need.job) for need in needs])
    if job.condition is not None and (entries := _whens(job, job.condition, told)):
        found["when"] = entries
    found |= _controls(job, told)
    for native in job.natives if told.own else ():
        if not native.key.startswith("taskSpec."):
            found[native.key] = restored(native.text)
    if job.calls is not None and told.own:
        found.setdefault("taskRef", {"name": job.calls.name})
    elif job.calls is not None:
        told.losses.opaque(job.calls.text, "another pipeline of another system", "write it as a task", job.span)
        found["taskSpec"] = {"steps": [_note_step(job.calls.text)]}
    else:
        found["taskSpec"] = _spec(job, told)
        if told.clones and any(isinstance(step.work, Checkout) for step in job.steps):
            found["workspaces"] = [{"name": SOURCE, "workspace": SOURCE}]
    if not told.own:
        missing.tell(job, needs, told.losses)
    return Note(found, above=job.comment, mark=("job", job.id))


def _controls(job: Job, told: Told) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    if job.matrix is not None:
        found |= _matrix(job, job.matrix, told)
    if job.retry is not None:
        found["retries"] = job.retry.attempts
    if job.timeout is not None:
        found["timeout"] = written(job.timeout)
    if job.continue_on_error is not False:
        found["onError"] = "continue"
    if job.inputs:
        found["params"] = [{"name": one.name, "value": _said(one.value, told, job)} for one in job.inputs]
    return found


def _whens(job: Job, condition: Condition, told: Told) -> list[dict[Any, Any]]:
    if condition.expr in {Call("always"), Call("success")}:
        return []
    expr = condition.expr if told.own else mapped(simplified(truths(condition.expr)), _on_branch)
    if expr == Literal(value=True):
        return []
    entries = expressions.whens(expr)
    if entries is None and told.own:
        return restored(condition.text) if condition.text else []
    values = [one for one in refs(expr) if pac.printed(one) is not None]
    if entries is not None and (told.pac or not values):
        return [{"input": value, "operator": operator, "values": list(values)} for value, operator, values in entries]
    said = pac.cel(by_branch_or_tag(with_matches(_without_success(expr))), lambda one: _piece(one, told))
    if said is not None:
        why = "`when` compares values only: this is an expression, which the cluster must allow"
        fix = "turn on the feature flag enable-cel-in-whenexpression"
        told.losses.approximated(f"condition {condition.text}".strip(), why, fix, condition.span or job.span)
        return [{"cel": said}]
    why = "`when` compares parameters and results only: the task does not run until a person has looked"
    fix = "say it in the annotation on-cel-expression, or in the script, and take the entry away"
    told.losses.manual(f"condition {condition.text}".strip(), why, fix, condition.span or job.span)
    return [{"input": "condition", "operator": "in", "values": ["reviewed"]}]


def _on_branch(expr: Expr) -> Expr | None:
    """For a tag, `source_branch` holds its whole ref: whether there is a branch is whether there is no tag."""
    if isinstance(expr, Binary) and expr.left == Ref("git", ("branch",)) and expr.right == Literal(""):
        return Binary("==" if expr.op == "!=" else "!=", Ref("git", ("tag",)), Literal(""))
    return None


def _without_success(expr: Expr) -> Expr:
    """A task runs only after success anyway."""
    if isinstance(expr, Binary) and expr.op == "&&" and Call("success") in (expr.left, expr.right):
        return _without_success(expr.right if expr.left == Call("success") else expr.left)
    return expr


def _matrix(job: Job, matrix: Matrix, told: Told) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    if matrix.axes:
        found["params"] = [
            {"name": axis.name, "value": axis.computed or [_said(one, told, job) for one in axis.values]}
            for axis in matrix.axes
        ]
    if rows := (*matrix.include, *(row for _, row in matrix.named)):
        found["include"] = [
            {"params": [{"name": name, "value": _said(value, told, job)} for name, value in row]} for row in rows
        ]
    if matrix.exclude:
        told.losses.dropped(
            "matrix exclude", "a matrix of Tekton has no excludes", "list the rows under include", matrix.span
        )
    return {"matrix": found}


def _spec(job: Job, told: Told) -> dict[Any, Any]:
    spec: dict[Any, Any] = {}
    names = {name for axis in (job.matrix.axes if job.matrix else ()) for name in (axis.name,)}
    names |= {name for row in (job.matrix.include if job.matrix else ()) for name, _ in row}
    names |= {name for _, row in (job.matrix.named if job.matrix else ()) for name, _ in row}
    if names and not told.own:
        spec["params"] = [{"name": name} for name in sorted(names)]
    if told.clones and any(isinstance(step.work, Checkout) for step in job.steps):
        spec["workspaces"] = [{"name": SOURCE}]
    if job.outputs:
        spec["results"] = [
            {"name": one.name} | ({"description": one.description} if one.description else {}) for one in job.outputs
        ]
    shared = () if told.own else _environment(job, told)
    if shared:
        spec["stepTemplate"] = {"env": [_variable(one, told, job) for one in shared]}
    spec["steps"] = _steps(job, told) or [{"name": "nothing", "image": _DEFAULT_IMAGE, "script": "true\n"}]
    if job.services:
        spec["sidecars"] = [_sidecar(one, told, job) for one in job.services]
    for native in job.natives if told.own else ():
        if native.key.startswith("taskSpec."):
            spec[native.key.removeprefix("taskSpec.")] = restored(native.text)
    return spec


def _environment(job: Job, told: Told) -> tuple[Variable, ...]:
    """Variables of the pipeline, of the job, of the system it came from, and the secrets that scripts name."""
    found = {one.name: one for one in (*_exports(job, told), *told.pipeline.variables, *job.variables)}
    for ref in refs(job.steps):
        if ref.context == "secret" and len(ref.path) == 1 and isinstance(ref.path[0], str):
            found.setdefault(ref.path[0], Variable(ref.path[0], Template((ref,)), secret=True, span=job.span))
    for name, _ in outside.of_project(told.pipeline, job):
        found.setdefault(name, Variable(name, Template((Ref("secret", (name,)),)), secret=True, span=job.span))
    return tuple(found.values())


def _exports(job: Job, told: Told) -> tuple[Variable, ...]:
    """Variables of the system it came from that its scripts use, under their old names."""
    table = shell.predefined(told.pipeline.system)
    script = "\n".join(
        str(part) for step in job.steps if isinstance(step.work, Run) for part in parts(step.work.script)
    )
    found = []
    for name, meaning in shell.exports(script, table).items():
        value = meaning if isinstance(meaning, Template) else Template((meaning,))
        if _printed(value, told) is None:
            told.losses.dropped(
                f"${name}", "Tekton does not give its scripts this", "set it in the task's env", job.span
            )
        else:
            found.append(Variable(name, value))
    return tuple(found)


def _steps(job: Job, told: Told) -> list[Any]:
    found: list[Any] = []
    for step in job.steps:
        work = step.work
        if isinstance(work, Run) and work.continues and found and "script" in found[-1].value:
            before = found[-1].value["script"].rstrip("\n")
            found[-1].value["script"] = f"{before}\n{_said(work.script, told, job).rstrip()}\n"
        elif isinstance(work, Run):
            found.append(Note(_run(step, work, job, told), above=step.comment))
        elif isinstance(work, Use) and told.own:
            found.append(Note(_common(step, job, told) | _given(work, told, job)))
        elif isinstance(work, Opaque) and told.own:
            found.append(Note(restored(work.text)))
        else:
            found += _foreign(step, told)
    return found


def _run(step: Step, work: Run, job: Job, told: Told) -> dict[Any, Any]:
    found = _common(step, job, told)
    script = _said(work.script, told, job)
    head = ""
    if work.shell.startswith("/") or " " in work.shell:
        head = f"#!{work.shell}\n"
    elif work.shell and work.shell != "sh":
        head = f"#!/usr/bin/env {work.shell}\n"
    elif not told.own and not work.shell:
        head = "#!/usr/bin/env bash\nset -eu\n" if told.pipeline.system is System.GITHUB_ACTIONS else ""
    folder = _said(work.cwd, told, job) if work.cwd else ""
    if not told.own and told.clones and any(isinstance(one.work, Checkout) for one in job.steps):
        folder = f"{FOLDER}/{folder}" if folder else FOLDER
    if folder:
        found["workingDir"] = folder
    if step.native == "command" and told.own:
        return found | {"command": shlex.split(script)}
    return found | {"script": head + script}


def _common(step: Step, job: Job, told: Told) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    if step.name or not told.own:
        found["name"] = (
            step.name
            if told.own
            else name_of(step_name(step, job, told.pipeline) or f"step-{1 + job.steps.index(step)}")
        )
    image = step.container or job.container
    installed = None if told.own or image is not None else _installed(job)
    if image is not None or installed:
        found["image"] = _said(image.name if image is not None else installed or "", told, job)
    elif not told.own:
        found["image"] = _IMAGES.get(job.runner.os, _DEFAULT_IMAGE)
        told.losses.approximated(
            f"runner {', '.join(shown(label) for label in job.runner.labels) or 'default'}",
            f"a step runs in an image, here {found['image']}, which lacks the tools of a hosted machine",
            "name an image that has them", job.runner.span or job.span,
        )  # fmt: skip
    if step.env:
        found["env"] = [_variable(one, told, job) for one in step.env]
    if step.timeout is not None:
        found["timeout"] = written(step.timeout)
    if step.continue_on_error is not False:
        found["onError"] = "continue"
    if step.condition is not None:
        told.losses.dropped(
            f"condition {step.condition.text}".strip(), "a step of Tekton has no condition", "test it in the script",
            step.condition.span or step.span,
        )  # fmt: skip
    for native in step.natives if told.own else ():
        found[native.key] = restored(native.text)
    return found


def _installed(job: Job) -> Text:
    """The image of the one language that the job installs, "" for none or several."""
    found = {one.image for step in job.steps if isinstance(step.work, Use) and (one := toolchain(step.work))}
    return found.pop() if len(found) == 1 else ""


def _given(work: Use, told: Told, job: Job) -> dict[Any, Any]:
    given = [{"name": one.name, "value": _said(one.value, told, job)} for one in work.inputs]
    return {"params": given} if given else {}


def _foreign(step: Step, told: Told) -> list[Any]:
    """Work that only other systems know."""
    work, losses = step.work, told.losses
    if isinstance(work, Checkout):
        return []
    if isinstance(work, Use) and (tool := toolchain(work)):
        losses.approximated(
            work.ref.text, f"the image {shown(tool.image)} has the language instead", "check its other tools", step.span
        )
        return []
    if isinstance(work, Cache):
        losses.dropped(
            "cache", "Tekton keeps no files between runs by itself", "a workspace on a lasting volume", step.span
        )
        return []
    if isinstance(work, Artifact):
        losses.approximated(
            f"artifact {work.direction}", "tasks share one workspace, so files are there without being named",
            "check that no two tasks write the same path", step.span,
        )  # fmt: skip
        return []
    if isinstance(work, Approval):
        who = approvers.chosen(work.who)
        fix = f"the custom task approval-task{f', with its approvers{who}' if who else ''}"
        losses.manual("approval", "core Tekton asks nobody", fix, step.span)
        return []
    text = work.ref.text if isinstance(work, Use) else work.text if isinstance(work, Opaque) else ""
    losses.opaque(text.strip().splitlines()[0] if text.strip() else "step", "its meaning is not known here",
                  "write it as a script", step.span)  # fmt: skip
    return [_note_step(text)]


def _note_step(text: str) -> Note:
    step = {"name": "by-hand", "image": _DEFAULT_IMAGE, "script": "echo 'not converted' >&2\nexit 1\n"}
    return Note(step, above=f"To be written by hand:\n{text.strip()}")


def _sidecar(image: Image, told: Told, job: Job) -> dict[Any, Any]:
    name = image.alias or name_of(str(image.name).rpartition("/")[2].partition(":")[0])
    found: dict[Any, Any] = {"name": name, "image": _said(image.name, told, job)}
    if image.command:
        found["command"] = list(image.command)
    if image.ports:
        found["ports"] = [{"containerPort": int(port)} for port in image.ports if port.isdecimal()]
    if image.env:
        found["env"] = [_variable(one, told, job) for one in image.env]
    for native in image.natives if told.own else ():
        found[native.key] = restored(native.text)
    return found


def _variable(one: Variable, told: Told, job: Job) -> dict[Any, Any]:
    secret = _secret(one)
    if secret:
        store, key = secret
        return {"name": one.name, "valueFrom": {"secretKeyRef": {"name": store, "key": key}}}
    return {"name": one.name, "value": _said(one.value, told, job)}


def _secret(one: Variable) -> tuple[str, str] | None:
    if isinstance(one.value, str):
        return None
    only = one.value.parts[0] if len(one.value.parts) == 1 else None
    is_secret = isinstance(only, Ref) and only.context == "secret" and len(only.path) == 1
    if not isinstance(only, Ref) or not is_secret:
        return None
    store, _, key = str(only.path[0]).rpartition("/")
    return store or _SECRETS, key


def _printed(value: Text, told: Told) -> str | None:
    found = []
    for part in parts(value):
        piece = part if isinstance(part, str) else _piece(part, told)
        if piece is None:
            return None
        found.append(piece)
    return "".join(found)


def _piece(part: Expr, told: Told) -> str | None:
    if isinstance(part, Ref) and part.context in {"env", "secret"} and len(part.path) == 1:
        return f"${{{part.path[0]}}}"
    if not told.pac and pac.printed(part) is not None:
        return _PARAMETERS.get(part) if isinstance(part, Ref) and told.clones else None
    return expressions.printed(part)


def _said(value: Text, told: Told, job: Job) -> str:
    """A text in Tekton's words; an expression that it does not know stays visible and is a loss."""
    if is_plain(value):
        return str(value)
    found = []
    for part in parts(value):
        piece = part if isinstance(part, str) else _piece(part, told)
        if piece is None:
            words = in_words(part) if not isinstance(part, str) else part
            told.losses.dropped(f"expression {words}", "Tekton has no such value", "give it as a parameter", job.span)
            piece = f"<{words}>"
        found.append(piece)
    return "".join(found)
