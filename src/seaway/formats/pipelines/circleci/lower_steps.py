"""Steps of another system -> steps in CircleCI's shape. Called by `lower`.

Scripts stay as they are. What a script finds in its environment under another system's names, and values with variables in
them, are exported at its beginning: `environment` takes plain text only.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Final

from seaway.formats.pipelines.circleci import images
from seaway.formats.pipelines.circleci.values import joined
from seaway.formats.pipelines.circleci.words import Unprintable, logic, value
from seaway.formats.pipelines.expand import shown
from seaway.formats.pipelines.files import rooted
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.shell import double_quoted, exports, here_document, predefined, program, script_text
from seaway.formats.pipelines.shell import test as shell_test
from seaway.formats.pipelines.step_names import named_steps
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
    parts,
    walk,
)
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    Job,
    Opaque,
    Pipeline,
    Post,
    Run,
    Step,
    Use,
    Variable,
)

NOTHING: Final = Run("true")
_VERSION = re.compile(r"v?\d+(?:\.\d+)*")
_SLOT = re.compile("\ue000(\\d+)\ue001")
_SHELL_NAMES: Final[dict[Ref, str]] = {
    Ref("git", ("branch",)): "CIRCLE_BRANCH",
    Ref("git", ("tag",)): "CIRCLE_TAG",
    Ref("git", ("sha",)): "CIRCLE_SHA1",
    Ref("git", ("url",)): "CIRCLE_REPOSITORY_URL",
    Ref("event", ("actor",)): "CIRCLE_USERNAME",
    Ref("run", ("number",)): "CIRCLE_BUILD_NUM",
    Ref("run", ("id",)): "CIRCLE_WORKFLOW_ID",
    Ref("run", ("url",)): "CIRCLE_BUILD_URL",
    Ref("run", ("job",)): "CIRCLE_JOB",
    Ref("run", ("workspace",)): "PWD",
}
_STATUS: Final[dict[str, Expr | None]] = {
    "always": Call("always"),
    "failure": Call("failure"),
    "cleanup": Call("always"),
    "success": None,
}
_KNOWN: Final = (Call("always"), Call("failure"), Call("success"), Unary("!", Call("cancelled")))


def lowered(pipeline: Pipeline, job: Job, losses: Losses) -> tuple[Step, ...]:
    """The job's steps, with its caches around them and its artifacts behind, each in CircleCI's shape."""
    job = named_steps(job, pipeline, _said)
    maker = _Steps(pipeline, job, losses)
    maker.begin()
    for step in job.steps:
        maker.add(step)
    maker.end()
    for post in job.post:
        maker.add_post(post)
    maker.last_words()
    return tuple(maker.found)


def plain_variables(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Those whose values are text or values of the pipeline; the others each script exports."""
    return tuple({one.name: one for one in variables if _is_plain(one.value)}.values())


def _is_plain(text: Text) -> bool:
    for part in parts(text):
        if not isinstance(part, str):
            try:
                value(part)
            except Unprintable:
                return False
    return True


def reached(expr: Expr) -> str | None:
    """How a shell reaches a value."""
    if isinstance(expr, Ref):
        if expr == Ref("git", ("ref_name",)):
            return "${CIRCLE_TAG:-$CIRCLE_BRANCH}"
        if (name := _SHELL_NAMES.get(expr)) is not None:
            return f"${{{name}}}"
        if expr.context in {"env", "var", "secret"} and len(expr.path) == 1 and str(expr.path[0]).isidentifier():
            return f"${{{expr.path[0]}}}"
    try:
        return value(expr)
    except Unprintable:
        return None


class _Steps:
    def __init__(self, pipeline: Pipeline, job: Job, losses: Losses) -> None:
        self._pipeline, self._job, self._losses = pipeline, job, losses
        self._given = tuple(one for one in (*pipeline.variables, *job.variables) if not _is_plain(one.value))
        self._table = predefined(pipeline.system)
        self._comment = ""
        self._slots: list[Expr] = []
        self._saves: list[Step] = []
        self._attached = False
        self._begun: tuple[Step, ...] = ()
        self.found: list[Step] = []

    def begin(self) -> None:
        """The workspace, if jobs before this one give it files, and the job's caches; a checkout comes before them."""
        needs = {need.job for need in self._job.needs or () if need.artifacts}
        givers = [job for job in self._pipeline.jobs if job.id in needs and any(one.paths for one in job.artifacts)]
        first = [step for step in self._job.steps if isinstance(step.work, Checkout) and step.work.implicit]
        head = self._job.steps[:1] if self._job.caches else ()
        self._begun = tuple(step for step in head if isinstance(step.work, Checkout) and step not in first)
        first += self._begun
        for step in first:
            self.add(step)
        if givers:
            self._append(Step(Artifact("down", into=".", layer=True)))
            self._attached = True
        for cache in self._job.caches:
            self.add(Step(cache))

    def end(self) -> None:
        for artifact in self._job.artifacts:
            self.add(Step(artifact))
        self.found += self._saves

    def last_words(self) -> None:
        """What could not be written and has no step behind it."""
        if self._comment:
            self._append(Step(NOTHING))

    def add(self, step: Step) -> None:
        if self._begun and step is self._begun[0] and any(isinstance(one.work, Checkout) for one in self.found):
            return  # a cache asks for its files
        if (
            isinstance(step.work, Checkout)
            and step.work.implicit
            and any(isinstance(one.work, Checkout) for one in self.found)
        ):
            return
        for native in step.natives:
            self._losses.dropped(native.key, "a step has nothing like it", "", native.span)
        if step.timeout is not None:
            why = "CircleCI limits a step's silence and not its time; that is another thing"
            self._losses.dropped("timeout of a step", why, "put a limit into the script", step.span)
        comment = "\n".join(one for one in step.comment.splitlines() if not _VERSION.fullmatch(one))
        step = dataclasses.replace(step, natives=(), native="", timeout=None, id="", comment=comment)
        for made in self._made(step):
            self._append(made)

    def add_post(self, post: Post) -> None:
        """Work after the job is a step that waits for its outcome."""
        if post.when not in _STATUS:
            why = f"CircleCI cannot tell that a job is {post.when}"
            self._losses.dropped(f"post {post.when}", why, "write a step with `when`", post.span)
            return
        expr = _STATUS[post.when]
        for step in post.steps:
            self.add(dataclasses.replace(step, condition=Condition(expr, Phase.RUN) if expr is not None else None))

    def _append(self, step: Step) -> None:
        if self._comment:
            step = dataclasses.replace(step, comment="\n".join(one for one in (self._comment, step.comment) if one))
            self._comment = ""
        before = self.found[-1] if self.found else None
        work = step.work
        if isinstance(work, Run) and work.continues and before is not None and isinstance(before.work, Run):
            joined = dataclasses.replace(before.work, script=_joined(before.work.script, work.script))
            self.found[-1] = dataclasses.replace(before, work=joined)
            return
        self.found.append(
            dataclasses.replace(step, work=dataclasses.replace(work, continues=False))
            if isinstance(work, Run)
            else step
        )

    def _made(self, step: Step) -> Iterable[Step]:
        work = step.work
        if isinstance(work, Run):
            return [self._run(step, work)]
        if isinstance(work, Checkout):
            return [self._checkout(step, work)]
        if isinstance(work, Cache):
            return self._cached(self._conditional(step), work)
        if isinstance(work, Artifact):
            return self._artifacts(self._conditional(step), work)
        if isinstance(work, Use):
            return self._use(step, work)
        if isinstance(work, Opaque):
            self._losses.opaque("step", "its meaning is not known", "write it by hand", step.span)
            self._remember(work.text)
        return [] if isinstance(work, (Opaque, Approval)) else [step]

    def _remember(self, text: str) -> None:
        """What could not be written stands above the next step."""
        self._comment = "\n".join(one for one in (self._comment, "not converted:", text) if one)

    def _conditional(self, step: Step) -> Step:
        """A condition that CircleCI cannot say for a step without a script is dropped with a word."""
        expr = step.condition.expr if step.condition is not None else None
        if expr is None or expr in _KNOWN or _is_logic(expr):
            return step
        self._losses.dropped("step condition", "only a script can ask for it", "write a script", step.span)
        return dataclasses.replace(step, condition=None)

    def _reached(self, expr: Expr) -> str | None:
        """The same within a script: what is no variable of the shell is put in later."""
        found = reached(expr)
        if found is None or not found.startswith("<<"):
            return found
        self._slots.append(expr)
        return f"\ue000{len(self._slots) - 1}\ue001"

    def _filled(self, script: str) -> Text:
        """A script with its values put in."""
        pieces = _SLOT.split(script)
        return joined(self._slots[int(one)] if index % 2 else one for index, one in enumerate(pieces))

    def _run(self, step: Step, work: Run) -> Step:
        if command := program(work.shell):
            script, lost = here_document(command, work.script, self._reached)
            work = dataclasses.replace(work, shell="")
        else:
            script, lost = script_text(work.script, self._reached, work.shell)
        for one in lost:
            why = "CircleCI has no value for it"
            self._losses.dropped("script", why, f"write {shown(Template((one,)))} by hand", step.span)
        lines, env = self._exported(step, script, work.shell)
        before, step = self._asked(step)
        if step.continue_on_error:
            step = dataclasses.replace(step, continue_on_error=False)
            if "\n" in script.strip():
                why = "a step that fails, fails the job"
                self._losses.dropped("continue on error", why, "end the commands with `|| true`", step.span)
            else:
                script = f"{script.rstrip()} || true"
        for word in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH"):
            if word in script:
                fix = 'echo "export NAME=VALUE" >> "$BASH_ENV", or a file in the workspace'
                self._losses.manual("value handed on by a script", f"CircleCI knows no {word}", fix, step.span)
        shell = "" if work.shell in {"bash", "sh", "cmd"} else _SHELLS.get(work.shell, work.shell)
        whole = "".join(f"{line}\n" for line in (*before, *lines)) + script
        # The folder of a job is where CircleCI checks out: that of its scripts stands at each.
        cwd = work.cwd or self._job.cwd or self._pipeline.cwd
        made = Run(self._filled(whole), shell, cwd, work.continues and not lines and not before)
        return dataclasses.replace(step, work=made, env=env)

    def _asked(self, step: Step) -> tuple[list[str], Step]:
        """A condition that only the running job can answer is asked by the script itself."""
        expr = step.condition.expr if step.condition is not None else None
        if expr is None or expr in _KNOWN or _is_logic(expr):
            return [], step
        status = next(
            (one for one in _KNOWN if isinstance(expr, Binary) and expr.op == "&&" and one in (expr.left, expr.right)),
            None,
        )
        if status is not None and isinstance(expr, Binary):
            expr = expr.right if expr.left == status else expr.left
        asked = shell_test(expr, self._reached)
        condition = Condition(status, Phase.RUN) if status is not None else None
        step = dataclasses.replace(step, condition=condition)
        if asked is None:
            self._losses.dropped("step condition", "no shell can ask for it", "write it into the script", step.span)
            return [], step
        self._losses.approximated(
            "step condition", "the script asks for it, and ends where it does not hold", "", step.span
        )
        return [f"{{ {asked}; }} || exit 0"], step

    def _exported(self, step: Step, script: str, shell: str) -> tuple[list[str], tuple[Variable, ...]]:
        """Lines that export what is no plain text, and the plain variables."""
        found = exports(script, self._table, shell)
        used = [Variable(name, one if isinstance(one, Template) else Template((one,))) for name, one in found.items()]
        lines = []
        for one in (*used, *self._given, *(own for own in step.env if not _is_plain(own.value))):
            text = double_quoted(one.value, self._reached)
            if text is None:
                self._losses.dropped(f"variable {one.name}", "CircleCI has no value for it", "set it by hand", one.span)
            elif text != f'"${{{one.name}}}"':
                lines.append(f"export {one.name}={text}")
        return lines, tuple(one for one in step.env if _is_plain(one.value))

    def _checkout(self, step: Step, work: Checkout) -> Step:
        for text, construct in ((work.ref, "ref"), (work.repository, "repository"), (work.submodules, "submodules")):
            if text:
                fix = "write the git commands as a script"
                self._losses.dropped(f"{construct} of the checkout", "`checkout` takes none", fix, step.span)
        if work.depth is not None:
            self._losses.dropped("depth of the checkout", "CircleCI decides it", "", step.span)
        return dataclasses.replace(step, work=Checkout(path=work.path))

    def _cached(self, step: Step, work: Cache) -> list[Step]:
        """Restored here, saved at the end of the job."""
        if work.tool:
            known = images.CACHES.get(work.tool)
            if known is None:
                why = f"where {work.tool} keeps its files is not known"
                self._losses.dropped(f"cache of {work.tool}", why, "add save_cache and restore_cache", step.span)
                return []
            files = work.files or (known[0],)
            hashes = Call("hash_files", tuple(Literal(one) for one in files))
            key: Text = Template((f"{work.tool}-", Ref("runner", ("arch",)), "-", hashes))
            work = Cache(key, files, (known[1],), action=work.action)
        if any(set(one) & set("*?") for one in work.files):
            why = "`checksum` takes one file and no pattern"
            self._losses.manual("cache key", why, "name the lock files one by one", step.span)
        self._losses.approximated(
            "cache", "a key is written once and never again", "change the key to renew it", step.span
        )
        if work.files and not any(_hashes(part) for part in parts(work.key)):
            hashes = Call("hash_files", tuple(Literal(one) for one in work.files))
            work = dataclasses.replace(work, key=joined([*parts(work.key), "-", hashes]))
        key = _versioned(work.key)
        restore = Cache(key, work.files, fallbacks=tuple(_versioned(one) for one in work.fallbacks), action="restore")
        if work.action != "restore":
            when = work.when if work.when in {"always", "failure"} else "success"
            save = Cache(key, work.files, work.paths, action="save", when=when)
            self._saves.append(Step(save))
        return [] if work.action == "save" else [dataclasses.replace(step, work=restore)]

    def _artifacts(self, step: Step, work: Artifact) -> list[Step]:
        if work.direction == "down":
            return self._attach(step, work)
        work = rooted(work)
        if work.expires is not None:
            why = "how long artifacts are kept is a setting of the organisation"
            self._losses.dropped("expiry of an artifact", why, "", step.span)
        if work.exclude:
            self._losses.dropped("excluded paths", "artifacts are kept whole", "move the files first", step.span)
        always = {"always": Call("always"), "failure": Call("failure")}.get(work.when)
        if always is not None and step.condition is None:
            step = dataclasses.replace(step, condition=Condition(always, Phase.RUN))
        made = self._reports(step, work)
        for one in work.paths:
            name = work.name if len(work.paths) == 1 else ""
            made.append(dataclasses.replace(step, work=Artifact("up", name, (one,))))
        if work.paths and self._is_taken():
            shared = Artifact("up", paths=work.paths, into=".", layer=True)
            made.append(dataclasses.replace(step, work=shared, name=""))
        return made

    def _attach(self, step: Step, work: Artifact) -> list[Step]:
        if self._attached:
            return []
        if work.name:
            why = "the workspace has no names: all that earlier jobs gave is there"
            self._losses.approximated("artifact by name", why, "check the folders", step.span)
        if work.paths:
            named = ", ".join(shown(one) for one in work.paths)
            why = "the whole workspace is attached, where only some of its files were asked for"
            self._losses.approximated(f"artifact files {named}", why, "", step.span)
        return [dataclasses.replace(step, work=Artifact("down", into=work.into or ".", layer=True))]

    def _reports(self, step: Step, work: Artifact) -> list[Step]:
        made = []
        for kind, path in work.reports:
            if kind == "junit":
                made.append(dataclasses.replace(step, work=Artifact("up", reports=((kind, path),))))
            else:
                fix = f"store {path} as an artifact"
                self._losses.dropped(f"report {kind}", "CircleCI reads test results only", fix, step.span)
        return made

    def _is_taken(self) -> bool:
        """Some other job asks for artifacts."""
        for job in self._pipeline.jobs:
            if any(isinstance(step.work, Artifact) and step.work.direction == "down" for step in job.steps):
                return True
            if (
                job is not self._job
                and self._job.artifacts
                and any(need.artifacts and need.job == self._job.id for need in job.needs or ())
            ):
                return True
        return bool(self._pipeline.stages and self._job.artifacts)

    def _use(self, step: Step, work: Use) -> list[Step]:
        known = images.TOOLS.get(work.ref.name.lower())
        alone = (
            sum(isinstance(one.work, Use) and one.work.ref.name.lower() in images.TOOLS for one in self._job.steps) == 1
        )
        if known is not None and alone and self._job.container is None:
            return []
        why = f"{work.ref.text} is known to its own system only"
        self._losses.opaque("component", why, "find an orb that does it, or write a script", step.span)
        given = "".join(f"\n  {one.name}: {shown(one.value)}" for one in work.inputs)
        self._remember(f"{work.ref.text}{given}")
        return []


_SHELLS: Final = {"pwsh": "pwsh", "powershell": "powershell.exe"}


def _said(expr: Expr) -> str | None:
    try:
        return value(expr)
    except Unprintable:
        return None


def _is_logic(expr: Expr) -> bool:
    try:
        logic(expr)
    except Unprintable:
        return False
    return True


def _hashes(part: str | Expr) -> bool:
    return not isinstance(part, str) and any(isinstance(one, Call) and one.name == "hash_files" for one in walk(part))


def _joined(first: Text, second: Text) -> Text:
    return joined([*parts(first), "\n", *parts(second)])


def _versioned(key: Text) -> Text:
    """CircleCI's keys cannot be emptied: a version at their head can be counted up."""
    first = next(iter(parts(key)), "")
    return key if isinstance(first, str) and re.match(r"v\d", first) else joined(["v1-", *parts(key)])
