"""A job's steps -> `before_script`, `script` and `after_script`. Called by `write_job`.

GitLab runs all lines of a job in one shell. A step of another system has a shell of its own, so that what changes its
folder or variables stands in a subshell here. What runs whatever happened goes to `after_script`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from seaway.formats.pipelines import shell
from seaway.formats.pipelines.gitlab_ci import expressions
from seaway.formats.pipelines.gitlab_ci.writing import Data, Writing
from seaway.formats.pipelines.step_names import step_name
from seaway.formats.yaml.emit import Note, Raw
from seaway.model.expression import Binary, Call, Condition, Expr, Ref, Template, Unary
from seaway.model.pipeline import Checkout, Job, Opaque, Run, Step

# Files by which GitHub's steps speak to those after them.
FILES = {
    "GITHUB_ENV": ".github-env",
    "GITHUB_OUTPUT": "outputs.env",
    "GITHUB_PATH": ".github-path",
    "GITHUB_STEP_SUMMARY": ".summary",
}
_READ_BACK = {
    "GITHUB_ENV": 'while IFS= read -r line; do export "$line"; done < "$GITHUB_ENV"',
    "GITHUB_OUTPUT": 'while IFS= read -r line; do export "$line"; done < "$GITHUB_OUTPUT"',
    "GITHUB_PATH": 'export PATH="$(paste -sd: "$GITHUB_PATH"):$PATH"',
}
_BRANCH = Ref("git", ("branch",))  # which a script expects to be empty for a tag
_NOT_SIMPLE = re.compile(r"[;\n#]|(?<!&)&(?!&)|<<|^\s*(?:if|for|while|until|case|\(|\{)")
_SHELLS = frozenset({"", "bash", "sh", "bash -e {0}", "bash --noprofile --norc -eo pipefail {0}"})


@dataclass(slots=True)
class Scripts:
    """Items of the three lists; `files`: the exchange files that the steps use."""

    before: list[Any] = field(default_factory=list)
    main: list[Any] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


Other = Callable[[Step], list[Any]]


def scripts(job: Job, writing: Writing, variables: Data, other: Other) -> Scripts:
    """`variables`: of the job, to which those are added that its scripts expect. `other`: what stands for a step that is no
    script.
    """
    return _own(job) if writing.own else _Foreign(job, writing, variables, other).made()


def _own(job: Job) -> Scripts:
    found = Scripts()
    for step in job.steps:
        if not isinstance(step.work, Checkout):
            (found.before if step.native == "before_script" else found.main).append(_own_item(step))
    for post in job.post:
        found.after += [_own_item(step) for step in post.steps]
    return found


def _own_item(step: Step) -> Any:
    item: Any = Raw(step.work.text) if isinstance(step.work, Opaque) else ""
    if isinstance(step.work, Run):
        item = expressions.printed_script(step.work.script)
    return Note(item, above=step.comment) if step.comment else item


class _Foreign:
    """Steps in order; `after` once one runs whatever happened."""

    def __init__(self, job: Job, writing: Writing, variables: Data, other: Other) -> None:
        self.job, self.writing, self.variables, self.other = job, writing, variables, other
        self.found = Scripts()
        self._predefined = shell.predefined(writing.pipeline.system)

    def made(self) -> Scripts:
        groups = _groups(self.job)
        for index, group in enumerate(groups):
            last = not any(status(later[0].condition) == "success" and _is_run(later) for later in groups[index + 1 :])
            self._group(group, last=last)
        for post in self.job.post:
            self._post(post.when, list(post.steps))
        if self.found.files:
            names = " ".join(f'"${name}"' for name in self.found.files)
            self.found.main.insert(0, f"touch {names}")
        return self.found

    def _group(self, group: list[Step], *, last: bool) -> None:
        first = group[0]
        if not _is_run(group):
            self.found.main += self.other(first)
            return
        when = status(first.condition)
        body = self._body(group, last=last and not self.job.post)
        if when == "success":
            self.found.main.append(self._noted(body, first))
            self.found.main += [_READ_BACK[name] for name in self._exchanged(group) if name in _READ_BACK]
            return
        construct = f"{self.job.id}: {first.name or 'a step'} ({first.condition.text if first.condition else ''})"
        why = (
            "it runs in `after_script`: behind all others, in a shell of its own, and its failure does not fail the job"
        )
        self.writing.losses.approximated(construct, why, "", first.span)
        self._after(body, when, first)

    def _post(self, when: str, steps: list[Step]) -> None:
        told = {"always": "always", "cleanup": "always", "success": "succeeded", "failure": "failure"}.get(when)
        for group in _grouped(steps):
            if not _is_run(group):
                self.found.after += self.other(group[0])
                continue
            body = self._body(group, last=False)
            if told is None:
                why = "GitLab tells only success from failure"
                self.writing.losses.approximated(
                    f"{self.job.id}: post {when}", why, "check when it must run", group[0].span
                )
            self._after(body, told or "always", group[0])

    def _after(self, body: str, when: str, step: Step) -> None:
        word = {"failure": "failed", "succeeded": "success"}.get(when)
        if word:
            body = f'if [ "$CI_JOB_STATUS" = {word} ]; then\n{shell.indented(body)}\nfi'
        self.found.after.append(self._noted(body, step))

    def _exchanged(self, group: list[Step]) -> list[str]:
        used = {name for step in group for name in shell.used(_script_of(step)) if name in FILES}
        for name in used:
            if name not in self.found.files:
                self.found.files.append(name)
                self.variables.setdefault(name, f"$CI_PROJECT_DIR/{FILES[name]}")
        return sorted(used)

    def _body(self, group: list[Step], *, last: bool) -> str:
        """The commands of steps that share a shell, in what they need around them."""
        first = group[0]
        work = first.work
        lines = []
        for step in group:
            if isinstance(step.work, Run):
                construct = f"{self.job.id}: {step.name or 'script'}"
                kind = work.shell if isinstance(work, Run) else ""
                kind = kind or self.job.shell or self.writing.pipeline.shell
                text = self.writing.script(step.work.script, construct, step.span, kind).rstrip("\n")
                self._expected(text, step)
                lines.append(text)
        body = "\n".join(lines)
        assert isinstance(work, Run)  # noqa: S101 - for the type checker: a group begins with a script
        body = self._interpreted(body, work, first)
        setting = [*self._exports(first), *self._folder(work)]
        tolerant = first.continue_on_error is not False
        if setting or (shell.leaks(body) and (not last or tolerant)):
            body = _subshell([*setting, body])
        body = _tolerant(body) if tolerant else body
        return self._conditional(body, first)

    def _interpreted(self, body: str, work: Run, step: Step) -> str:
        name = work.shell or self.job.shell or self.writing.pipeline.shell
        if name in _SHELLS:
            return body
        if shell.program(name):
            return body
        why = f"the runner chooses the shell, not the file; this wants {name}"
        self.writing.losses.manual(
            f"{self.job.id}: shell", why, "give the job the tag of a runner with that shell", step.span
        )
        return body

    def _exports(self, step: Step) -> list[str]:
        found = []
        for one in step.env:
            value = shell.double_quoted(one.value, self.writing.in_shell)
            if value is None:
                why = "GitLab has no such value"
                self.writing.losses.dropped(f"{self.job.id}: {one.name}", why, "set the variable by hand", one.span)
                continue
            if value == f'"${{{one.name}}}"':
                continue  # it is there already
            plain = one.value if isinstance(one.value, str) else None
            found.append(f"export {one.name}={shell.quoted(plain) if plain else value}")
        return found

    def _folder(self, work: Run) -> list[str]:
        cwd = work.cwd or self.job.cwd or self.writing.pipeline.cwd
        if cwd in {"", "."}:
            return []
        word = shell.double_quoted(cwd, self.writing.in_shell) or '"."'
        return [f"cd {shell.quoted(cwd) if isinstance(cwd, str) else word}"]

    def _expected(self, text: str, step: Step) -> None:
        """Gives the script the predefined variables of its old system that it uses, under their old names."""
        for name, value in shell.exports(text, self._predefined).items():
            if name in self.variables or name in FILES:
                continue
            whole = value if isinstance(value, Template) else Template((value,))
            words = "$CI_COMMIT_BRANCH" if value == _BRANCH else self.writing.text(whole, name, step.span)
            if words:
                self.variables[name] = words
            else:
                why = "GitLab has no such value"
                self.writing.losses.manual(f"${name}", why, f"set the variable {name}, or change the script", step.span)

    def _conditional(self, body: str, step: Step) -> str:
        asked = without_status(step.condition.expr) if step.condition else None
        if asked is None or step.condition is None:
            return body
        command = shell.test(asked, self.writing.in_shell)
        if command is None:
            why = "a shell cannot decide this condition; the step never runs until a person has changed it"
            construct = f"{self.job.id}: {step.name or 'step'}: if"
            self.writing.losses.manual(
                construct, why, "write the condition into the script", step.condition.span or step.span
            )
            return f"if false; then # {' '.join(step.condition.text.split())}\n{shell.indented(body)}\nfi"
        return f"if {command}; then\n{shell.indented(body)}\nfi"

    def _noted(self, body: str, step: Step) -> Any:
        name = step_name(step, self.job, self.writing.pipeline)
        above = "\n".join(text for text in (step.comment, name) if text)
        return Note(body, above=above) if above else body


def _groups(job: Job) -> list[list[Step]]:
    return _grouped(list(job.steps))


def _grouped(steps: list[Step]) -> list[list[Step]]:
    """Steps that share a shell together."""
    found: list[list[Step]] = []
    for step in steps:
        if isinstance(step.work, Run) and step.work.continues and found and _is_run(found[-1]):
            found[-1].append(step)
        else:
            found.append([step])
    return found


def _is_run(group: list[Step]) -> bool:
    return isinstance(group[0].work, Run)


def _script_of(step: Step) -> str:
    if not isinstance(step.work, Run):
        return ""
    text = step.work.script
    return text if isinstance(text, str) else "".join(part for part in text.parts if isinstance(part, str))


_STATUSES = (
    Call("failure"),
    Call("always"),
    Call("success"),
    Unary("!", Call("cancelled")),
    Unary("!", Call("failure")),
)


def status(condition: Condition | None) -> str:
    """success, failure or always: when the step or job runs, of what ran before it."""
    parts = _conjuncts(condition.expr if condition else None)
    if Call("failure") in parts:
        return "failure"
    if Unary("!", Call("failure")) in parts:
        return "success"
    return "always" if Call("always") in parts or Unary("!", Call("cancelled")) in parts else "success"


def skips_count(condition: Condition | None) -> bool:
    """`!failure()`: what was skipped before it does not keep it from running."""
    return Unary("!", Call("failure")) in _conjuncts(condition.expr if condition else None)


def without_status(expr: Expr) -> Expr | None:
    """What of a condition is not about what ran before."""
    found: Expr | None = None
    for part in _conjuncts(expr):
        if part not in _STATUSES:
            found = part if found is None else Binary("&&", found, part)
    return found


def _conjuncts(expr: Expr | None) -> list[Expr]:
    if isinstance(expr, Binary) and expr.op == "&&":
        return [*_conjuncts(expr.left), *_conjuncts(expr.right)]
    return [] if expr is None else [expr]


def _subshell(lines: list[str]) -> str:
    return "(\n" + "\n".join(shell.indented(line) for line in lines) + "\n)"


def _tolerant(body: str) -> str:
    """The same, but its failure does not end the job. `|| true` alone would also let it go on after its first failure."""
    if not _NOT_SIMPLE.search(body):
        return f"{body} || true"
    inner = body if body.startswith("(\n") else f"(\n{shell.indented(body)}\n)"
    return f"set +e\n{inner.replace('(', '(' + chr(10) + '  set -e', 1)}\nset -e"
