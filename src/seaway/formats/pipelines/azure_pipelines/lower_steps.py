"""Steps of another system -> steps in Azure's shape. Called by `lower`.

Scripts stay as they are, but for what binds them to their system: how a script hands values on, and which variables it
finds. Azure's `script` goes on after a failed line, so that a script of several lines says `set -e`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from seaway.formats.pipelines import outside
from seaway.formats.pipelines.azure_pipelines import tools
from seaway.formats.pipelines.azure_pipelines.printer import macro
from seaway.formats.pipelines.azure_pipelines.tasks import component, merged
from seaway.formats.pipelines.expand import shown
from seaway.formats.pipelines.files import rooted
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.shell import exports, here_document, predefined, program, used
from seaway.formats.pipelines.step_names import named_steps
from seaway.model.expression import Binary, Call, Condition, Expr, Phase, Ref, Template, Text, Unary, parts
from seaway.model.pipeline import (
    Artifact,
    Cache,
    Checkout,
    Job,
    Opaque,
    Pipeline,
    Post,
    Run,
    Step,
    System,
    Use,
    Variable,
)

_SETS = re.compile(
    r"""^(?P<lead>[ \t]*)echo[ ]+(?P<quote>["']?)(?:::set-output[ ]name=)?(?P<name>[\w-]+)=(?P<value>.*?)(?P=quote)[ ]*>>[ ]*["']?\$\{?GITHUB_(?P<where>OUTPUT|ENV)\}?["']?[ ]*$""",
    re.MULTILINE | re.VERBOSE,
)
_PATH = re.compile(r"""^([ \t]*)echo[ ]+["']?(.*?)["']?[ ]*>>[ ]*["']?\$\{?GITHUB_PATH\}?["']?[ ]*$""", re.MULTILINE)
_VERSION = re.compile(r"v?\d+(?:\.\d+)*")
_SHELLS = {"sh": "bash", "cmd": "", "pwsh": "pwsh", "powershell": "powershell", "bash": "bash", "": ""}
_WHEN: dict[str, Expr] = {
    "always": Call("always"),
    "failure": Call("failure"),
    "success": Call("success"),
    "cleanup": Call("always"),
    "aborted": Call("cancelled"),
}


def lowered(pipeline: Pipeline, job: Job, secrets: tuple[Variable, ...], losses: Losses) -> tuple[Step, ...]:
    """The job's steps, with its caches before them and its artifacts behind, each in Azure's shape."""
    job = named_steps(job, pipeline, macro)
    maker = _Steps(pipeline, job, secrets, losses)
    for cache in job.caches:
        maker.add(Step(cache))
    for step in job.steps:
        maker.add(step)
    for artifact in job.artifacts:
        maker.add(Step(artifact))
    for post in job.post:
        maker.add_post(post)
    return tuple(maker.ordered())


class _Steps:
    """The steps of one job, as they are made."""

    def __init__(self, pipeline: Pipeline, job: Job, secrets: tuple[Variable, ...], losses: Losses) -> None:
        self._pipeline, self._job, self._secrets, self._losses = pipeline, job, secrets, losses
        self._known = predefined(pipeline.system)
        # Azure maps no secret of a project into the environment by itself.
        self._project = frozenset(name for name, _ in outside.of_project(pipeline, job) if outside.is_secret(name))
        self._found: list[Step] = []
        self._comment = ""

    def ordered(self) -> Iterable[Step]:
        """The checkout first: a cache is restored into the work folder."""
        if self._comment:  # of a step that has none behind it
            self._found.append(Step(Run("true"), comment=self._comment))
        first = [step for step in self._found if isinstance(step.work, Checkout) and step.work.implicit]
        behind = next((step for step in self._found if not isinstance(step.work, Cache)), None)
        if not first and behind is not None and isinstance(behind.work, Checkout) and not behind.work.path:
            first = [behind]
        return [*first, *(step for step in self._found if step not in first)]

    def add(self, step: Step) -> None:
        for native in step.natives:
            self._losses.dropped(native.key, "a step has nothing like it", "", native.span)
        if step.idle_timeout is not None:
            why = "Azure has no limit on silence, only on the whole time of a step"
            self._losses.dropped("idle timeout", why, "set timeoutInMinutes", step.span)
        # The version of a pinned action means nothing here.
        comment = "\n".join(one for one in step.comment.splitlines() if not _VERSION.fullmatch(one))
        step = dataclasses.replace(step, natives=(), native="", idle_timeout=None, comment=comment)
        for made in self._made(step):
            comment = "\n".join(one for one in (self._comment, made.comment) if one)
            self._comment = ""
            self._append(dataclasses.replace(made, comment=comment))

    def add_post(self, post: Post) -> None:
        """Work after the job is a step with a condition."""
        when = _WHEN.get(post.when)
        if when is None:
            why = f"Azure cannot tell that a job is {post.when}"
            self._losses.dropped(f"post {post.when}", why, "write a step with a condition", post.span)
            return
        for step in post.steps:
            expr = when if step.condition is None else Binary("&&", when, step.condition.expr)
            self.add(dataclasses.replace(step, condition=Condition(expr, Phase.RUN)))

    def _append(self, step: Step) -> None:
        before = self._found[-1] if self._found else None
        if (
            isinstance(step.work, Run)
            and step.work.continues
            and before is not None
            and isinstance(before.work, Run)
            and before.condition == step.condition
        ):
            script = merged([*parts(before.work.script), "\n", *parts(step.work.script)])
            joined = dataclasses.replace(before.work, script=_stopping(script, before.work.shell))
            env = {one.name: one for one in (*before.env, *step.env)}
            self._found[-1] = dataclasses.replace(before, work=joined, env=tuple(env.values()))
        else:
            work = dataclasses.replace(step.work, continues=False) if isinstance(step.work, Run) else step.work
            self._found.append(dataclasses.replace(step, work=work))

    def _made(self, step: Step) -> list[Step]:
        """The steps that do the same."""
        work = step.work
        if isinstance(work, Run):
            return [self._run(step, work)]
        if isinstance(work, Checkout):
            return [dataclasses.replace(step, work=self._checkout(work, step))]
        if isinstance(work, Cache):
            return self._caches(step, work)
        if isinstance(work, Artifact):
            return self._artifacts(step, work)
        if isinstance(work, Use):
            return self._use(step, work)
        if isinstance(work, Opaque):
            self._losses.opaque("step", "its meaning is not known", "write it by hand", step.span)
            self._remember(work.text)
            return []
        return [step]

    def _remember(self, text: str) -> None:
        """What could not be written stands above the next step."""
        self._comment = "\n".join(one for one in (self._comment, "not converted:", text) if one)

    def _run(self, step: Step, work: Run) -> Step:
        shell = work.shell or self._job.shell or self._pipeline.shell
        if not shell and self._job.runner.os == "windows" and self._pipeline.system is System.GITHUB_ACTIONS:
            shell = "pwsh"
        target = _SHELLS.get(shell.split(" ")[0])
        if command := program(shell):
            # The macros are put in before the shell sees them: nothing in the text is the shell's.
            inner = here_document(command, "\ue000", lambda _: None)[0].split("\ue000")
            work = dataclasses.replace(
                work, script=merged([inner[0], *parts(work.script), "\n", inner[1].lstrip("\n")])
            )
            target = "bash"
        elif target is None:
            self._losses.approximated(f"shell {shell}", "Azure runs scripts with bash or PowerShell", "", step.span)
            target = "bash"
        text = script = work.script
        if isinstance(text, str):
            script = self._rebound(text, step)
        else:
            script = Template(tuple(self._rebound(one, step) if isinstance(one, str) else one for one in text.parts))
        plain = "".join(one for one in parts(script) if isinstance(one, str))
        found = exports(plain, self._known, target)
        given = tuple(
            Variable(name, value if isinstance(value, Template) else Template((value,)))
            for name, value in found.items()
            if name not in {one.name for one in step.env}
        )
        named = set(used(plain, target)) & self._project
        asked = tuple(Variable(name, Template((Ref("secret", (name,)),)), secret=True) for name in sorted(named))
        secrets = tuple(one for one in (*asked, *self._secrets) if one.name not in {own.name for own in step.env})
        cwd = work.cwd or self._job.cwd or self._pipeline.cwd
        made = Run(_stopping(script, target), target, cwd, work.continues)
        return dataclasses.replace(step, work=made, env=(*step.env, *given, *secrets))

    def _rebound(self, script: str, step: Step) -> str:
        """How a script hands values on: GitHub's files are Azure's messages."""
        if "GITHUB_" not in script:
            return script

        def said(found: re.Match[str]) -> str:
            output = ";isOutput=true" if found["where"] == "OUTPUT" else ""
            value = found["value"]
            return f'{found["lead"]}echo "##vso[task.setvariable variable={found["name"]}{output}]{value}"'

        text = _PATH.sub(r'\1echo "##vso[task.prependpath]\2"', _SETS.sub(said, script))
        if re.search(r"GITHUB_(OUTPUT|ENV|PATH)\b", text):
            fix = 'echo "##vso[task.setvariable variable=NAME;isOutput=true]VALUE"'
            self._losses.manual("value handed on by a script", "Azure takes it from a message", fix, step.span)
        return text

    def _checkout(self, work: Checkout, step: Step) -> Checkout:
        said = [(work.ref, "ref"), (work.repository, "repository")]
        for value, construct in said:
            if value:
                why = "another repository or ref is declared under resources.repositories"
                self._losses.dropped(f"{construct} of the checkout", why, "declare it and name it here", step.span)
        for one in work.inputs:
            self._losses.dropped(f"input {one.name} of the checkout", "Azure has none like it", "", step.span)
        submodules = work.submodules if work.submodules in {"", "true", "recursive"} else "true"
        return dataclasses.replace(work, ref="", repository="", submodules=submodules, component=None, inputs=())

    def _caches(self, step: Step, work: Cache) -> list[Step]:
        """One task per path: the task takes one. Its key is made of segments, files among them are hashed."""
        if work.tool:
            return self._tool_cache(step, work)
        if work.action != "both":
            why = "the task restores, and saves at the end of the job"
            self._losses.approximated(f"cache that only {work.action}s", why, "", step.span)
        if work.action == "save":
            return []
        if work.when != "success":
            self._losses.dropped("when of a cache", "the task saves after success", "", step.span)
        made = []
        for path in work.paths:
            head = f"{_last(path)}-" if len(work.paths) > 1 else ""
            fallbacks = tuple(merged([head, *parts(one)]) for one in work.fallbacks)
            key = merged([head, *parts(work.key)])
            cache = Cache(key, work.files, (_home(path),), fallbacks, component=component("Cache@2"))
            made.append(dataclasses.replace(step, work=cache, name=step.name or "Cache"))
        return made

    def _tool_cache(self, step: Step, work: Cache) -> list[Step]:
        known = tools.CACHES.get(work.tool)
        if known is None:
            why = f"where {work.tool} keeps its files is not known"
            self._losses.dropped(f"cache of {work.tool}", why, "add a Cache@2 task", step.span)
            return []
        files, variable, folder = known
        path = f"$(Pipeline.Workspace)/{folder}"
        fix = f"set {variable} to {path}, so that the tool uses the folder"
        self._losses.approximated(f"cache of {work.tool}", "the set-up task keeps none", fix, step.span)
        cache = Cache(
            Template((f"{work.tool}-", Ref("runner", ("os",)))),
            work.files or (files,),
            (path,),
            component=component("Cache@2"),
        )
        return [dataclasses.replace(step, work=cache, name=f"Cache {work.tool}")]

    def _artifacts(self, step: Step, work: Artifact) -> list[Step]:
        if work.expires is not None:
            why = "how long artifacts are kept is a setting of the project"
            self._losses.dropped("expiry of an artifact", why, "", step.span)
        if work.direction == "down":
            return [dataclasses.replace(step, work=self._taken(work))]
        work = rooted(work)
        made = []
        known: dict[str, Expr] = {"always": Unary("!", Call("cancelled")), "failure": Call("failure")}
        when = known.get(work.when)
        condition = step.condition or (Condition(when, Phase.RUN) if when else None)
        step = dataclasses.replace(step, condition=condition)
        for kind, path in work.reports:
            made += self._report(step, kind, path)
        if work.paths:
            made += self._published(step, work)
        return made

    def _report(self, step: Step, kind: str, path: str) -> list[Step]:
        condition = step.condition or Condition(Unary("!", Call("cancelled")), Phase.RUN)
        if kind == "junit":
            work = Artifact("up", reports=((kind, path),), component=component("PublishTestResults@2"))
            return [dataclasses.replace(step, work=work, condition=condition, name="Publish test results")]
        if kind in {"cobertura", "jacoco", "coverage_report"}:
            use = Use(component("PublishCodeCoverageResults@2"), (Variable("summaryFileLocation", path),))
            return [dataclasses.replace(step, work=use, condition=condition, name="Publish coverage")]
        self._losses.dropped(
            f"report {kind}", "Azure reads no such report", f"publish {path} as an artifact", step.span
        )
        return []

    def _published(self, step: Step, work: Artifact) -> list[Step]:
        """One plain path is published as it is; patterns and several paths are gathered first."""
        name = work.name or (f"workspace-{self._job.id}" if work.layer else self._job.id)
        first = work.paths[0]
        if len(work.paths) == 1 and not work.exclude and not (isinstance(first, str) and set(first) & set("*?[")):
            return [dataclasses.replace(step, work=Artifact("up", name, (_home(first),)))]
        folder = merged(["$(Build.ArtifactStagingDirectory)/", *parts(name)])
        lines: list[str | Expr] = []
        for prefix, paths in (("", work.paths), ("!", work.exclude)):
            for path in paths:
                lines += [prefix, *parts(path), "\n"]
        inputs = (Variable("Contents", merged(lines)), Variable("TargetFolder", folder))
        gathered = Use(component("CopyFiles@2"), inputs)
        return [
            dataclasses.replace(step, work=gathered, name="Gather files", id=""),
            dataclasses.replace(step, work=Artifact("up", name, (folder,))),
        ]

    def _taken(self, work: Artifact) -> Artifact:
        if len(work.jobs) > 1:
            why = "a task takes one artifact, or all"
            self._losses.approximated("artifacts of some jobs", why, "", None)
        name = work.name or (f"workspace-{work.jobs[0]}" if work.layer and len(work.jobs) == 1 else "")
        if not name and len(work.jobs) == 1:
            name = work.jobs[0]
        into = work.into or Template((Ref("run", ("workspace",)),))
        return Artifact("down", name, work.paths, into=into, component=component("DownloadPipelineArtifact@2"))

    def _use(self, step: Step, work: Use) -> list[Step]:
        found = tools.task(work)
        if found is not None:
            for name in found.left:
                self._losses.dropped(f"input {name} of {work.ref.name}", "the task has none like it", "", step.span)
            return [dataclasses.replace(step, work=found.use)]
        why = f"{work.ref.text} is known to its own system only"
        self._losses.opaque("component", why, "find a task of Azure's that does it, or a script", step.span)
        given = "".join(f"\n  {one.name}: {shown(one.value)}" for one in work.inputs)
        self._remember(f"{work.ref.text}{given}")
        return []


def _stopping(script: Text, shell: str) -> Text:
    """A script of several lines ends where one fails, as in the other systems."""
    pieces = parts(script)
    text = "".join(one for one in pieces if isinstance(one, str)).strip()
    if shell not in {"", "bash"} or "\n" not in text or text.startswith(("set -e", "#!")):
        return script
    return merged(["set -e\n", *pieces])


def _last(path: Text) -> str:
    text = path if isinstance(path, str) else "".join(one for one in path.parts if isinstance(one, str))
    return text.rstrip("/").rsplit("/", 1)[-1] or "files"


def _home(path: Text) -> Text:
    """Azure knows no `~`."""
    if isinstance(path, str):
        return f"$(HOME)/{path[2:]}" if path.startswith("~/") else path
    first = path.parts[0]
    if isinstance(first, str) and first.startswith("~/"):
        return Template((f"$(HOME)/{first[2:]}", *path.parts[1:]))
    return path
