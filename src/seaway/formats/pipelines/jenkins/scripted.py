"""A scripted pipeline -> model, as far as its meaning can be known. Called by `reader` for files without `pipeline { }`.

`node` gives an agent, `stage` and the branches of `parallel` are jobs, `if` around them is their condition, `finally` and
`catch` around them run after the pipeline. Steps outside of every stage go to the stage that follows, or to the last one.
Anything else stays: an Opaque step where it runs, a Native where it defines something.
"""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.groovy import Script, nodes
from seaway.formats.groovy.nodes import Stmt
from seaway.formats.pipelines.jenkins import agent as agents
from seaway.formats.pipelines.jenkins import declarative, libraries, options, parameters, wrappers
from seaway.formats.pipelines.jenkins.agent import NOBODY, Agent
from seaway.formats.pipelines.jenkins.calls import Word, head, listed, word
from seaway.formats.pipelines.jenkins.expressions import Known, Scope, expression, template
from seaway.formats.pipelines.jenkins.stages import Around, Stages
from seaway.formats.pipelines.jenkins.steps import Steps
from seaway.model.expression import Condition, Expr, Phase, both, negated
from seaway.model.pipeline import (
    Concurrency,
    Include,
    Job,
    Native,
    Need,
    Parameter,
    Pipeline,
    Post,
    Retry,
    Stage,
    Step,
    System,
    Trigger,
)

_STAGE = re.compile(r"\b(?:stage|node)\b[ \t]*[({\"']|\bparallel\b")
_DEFINITIONS = nodes.Method | nodes.Kept | nodes.Import


def read(script: Script, known: Known) -> Pipeline:
    """The pipeline of a whole file. `known`: see `constants`."""
    return _Reader(script, known).pipeline()


class _Reader:
    """Collects what the statements of one file say."""

    def __init__(self, script: Script, known: Known) -> None:
        self.script = script
        self.known = known
        self.collected = Stages(script)
        self.natives: list[Native] = []
        self.includes: list[Include] = []
        self.parameters: list[Parameter] = []
        self.triggers: list[Trigger] = []
        self.post: list[Post] = []
        self.options = options.Options()

    def pipeline(self) -> Pipeline:
        """Everything together."""
        body = [statement for statement in self.script.body if not self._defines(statement)]
        names = frozenset(one.name for one in self.parameters)
        scope = Scope(self.script.text, names, constants=self.known)
        self._run(body, Around(scope, NOBODY, checkout=False), "pipeline", None)
        end = len(self.script.text)
        return Pipeline(
            System.JENKINS,
            self.script.path,
            triggers=tuple(self.triggers),
            parameters=tuple(self.parameters),
            concurrency=self.options.concurrency,
            stages=tuple(self.collected.stages),
            jobs=self._jobs(),
            includes=tuple(self.includes),
            post=tuple(self.post),
            natives=tuple(self.natives),
            span=self.script.span(0, end),
        )

    def _jobs(self) -> tuple[Job, ...]:
        """All jobs; where one `node` is around them all, its workspace is that of the pipeline."""
        jobs = self.collected.finished()
        names = {job.workspace for job in jobs}
        machines = {(job.runner, job.container) for job in jobs}
        if len(names) == len(machines) == 1 and "" not in names:
            return tuple(dataclasses.replace(job, workspace="pipeline") for job in jobs)
        return jobs

    def _kept(self, key: str, statement: nodes.Node, text: str = "") -> None:
        span = self.script.span(statement.start, statement.end)
        self.natives.append(Native(key, text or self.script.source(statement), span))

    def _defines(self, statement: Stmt) -> bool:
        """Taken: what runs nothing by itself."""
        found = libraries.read(statement, self.script)
        if found:
            self.includes += found
            return True
        inner = word(statement)
        if inner is not None and inner.name == "properties" and inner.body is None:
            self._properties(inner, statement)
            return True
        if isinstance(statement, _DEFINITIONS | nodes.Annotated):
            self._kept("groovy.before", statement)
            return True
        return False

    def _properties(self, call: Word, statement: Stmt) -> None:
        items = listed(call.value("properties"))
        if not items:
            self._kept("properties", statement)
        for item in items:
            inner = word(item)
            name = inner.name if inner else ""
            if inner is not None and name == "parameters":
                for one in listed(inner.value()):
                    made = parameters.parameter(found) if (found := word(one)) is not None else None
                    if made is None:
                        self._kept("parameters", one)
                    else:
                        self.parameters.append(made)
            elif inner is not None and name == "pipelineTriggers":
                for one in listed(inner.value()):
                    triggers = declarative.trigger(one, self.script)
                    if triggers is None:
                        self._kept("triggers", one)
                    else:
                        self.triggers += triggers
            elif inner is not None and name == "disableConcurrentBuilds" and not inner.named:
                concurrency = Concurrency(options.RUN, queue=True)
                self.options = dataclasses.replace(self.options, concurrency=concurrency)
            else:
                self._kept(f"options.{name}" if inner is not None else "properties", item)

    # --- what runs -------------------------------------------------------------------------------------------------

    def _run(self, body: list[Stmt], around: Around, name: str, asked: Expr | None) -> list[str]:
        """Statements in order; answers with the jobs that end them."""
        loose: list[Stmt] = []
        last = [need.job for need in around.needs]
        made_any = False
        for statement in _grouped(body):
            here = dataclasses.replace(around, needs=tuple(Need(job) for job in last) if around.parent else ())
            index = len(self.collected.jobs)
            ends = self._part(statement, here, asked, name)
            if ends is None:
                loose.append(statement)
                continue
            if loose and index < len(self.collected.jobs):
                self._attach(index, self._steps(loose, around), before=True)
                loose = []
            made_any = made_any or bool(ends)
            last = ends or last
        if loose and made_any:
            self._attach(len(self.collected.jobs) - 1, self._steps(loose, around), before=False)
        elif loose:
            here = dataclasses.replace(around, needs=tuple(Need(job) for job in last) if around.parent else ())
            only = word(loose[0]) if len(loose) == 1 and name == "pipeline" else None
            last = [self._job(only.name if only else name, loose, here, asked, loose[0])]
        return last if made_any or loose else []

    def _attach(self, index: int, steps: list[Step], *, before: bool) -> None:
        job = self.collected.jobs[index]
        merged = (*steps, *job.steps) if before else (*job.steps, *steps)
        self.collected.jobs[index] = dataclasses.replace(job, steps=merged)

    def _steps(self, body: list[Stmt], around: Around) -> list[Step]:
        return Steps(self.script, around.scope, on_agent=not around.agent.nobody).read(body)

    def _part(self, statement: Stmt, around: Around, asked: Expr | None, name: str) -> list[str] | None:
        """Jobs of a statement that has some, else None."""
        if not _STAGE.search(self.script.text, statement.start, statement.end):
            return None
        if isinstance(statement, nodes.If):
            return self._if(statement, around, asked)
        if isinstance(statement, nodes.Try):
            return self._try(statement, around, asked)
        call = (
            word(statement)
            if not isinstance(statement, _Open)
            else Word("stage", statement.args, {}, statement.body, statement)
        )
        return None if call is None else self._called(call, statement, around, asked, name)

    def _called(self, call: Word, statement: Stmt, around: Around, asked: Expr | None, name: str) -> list[str] | None:
        if call.name == "parallel":
            return self._parallel(call, around, asked, "parallel")
        if call.body is None or call.parameters:
            return None
        if call.name == "node":
            return self._run(call.body, dataclasses.replace(around, agent=self._agent(call, around)), name, asked)
        if call.name == "stage":
            return self._stage(call, around, asked)
        if "." in call.name and not call.name.startswith("docker."):
            return None
        if call.name in {"retry", "timeout"}:
            return self._limited(call, statement, around, asked, name)
        text = head(self.script.text, call)
        if call.name in {"timestamps", "ansiColor"} and around.agent is NOBODY and not around.parent:
            self._kept(f"options.{call.name}", call.node or statement, text if call.args else f"{call.name}()")
        else:
            self._kept("around", call.node or statement, text)
        known = call.name in wrappers.READERS or call.name in wrappers.COMMON
        return self._run(call.body, around, name if known else call.name, asked)

    def _limited(self, call: Word, statement: Stmt, around: Around, asked: Expr | None, name: str) -> list[str]:
        """`retry` and `timeout` around one job are the job's; around several they are of none of them, and are kept."""
        before = len(self.collected.jobs)
        ends = self._run(call.body or [], around, name, asked)
        job = self.collected.jobs[before] if len(self.collected.jobs) == before + 1 else None
        attempts, length = options.attempts(call), parameters.duration(call, "MINUTES")
        if job is not None and call.name == "retry" and attempts and job.retry is None:
            made = dataclasses.replace(job, retry=Retry(attempts - 1))
        elif job is not None and call.name == "timeout" and length and call.only("time", "unit") and not job.timeout:
            made = dataclasses.replace(job, timeout=length)
        else:
            self._kept("around", call.node or statement, head(self.script.text, call))
            return ends
        self.collected.jobs[before] = made
        return ends

    def _agent(self, call: Word, around: Around) -> Agent:
        value = call.value("label")
        runner = agents.runner(template(value, around.scope), self.script, call)
        return Agent(runner, owner=f"node {len(self.collected.jobs) + 1}")

    def _stage(self, call: Word, around: Around, asked: Expr | None) -> list[str]:
        body = call.body or []
        name = call.text("name")
        value = call.value("name")
        if name is None:
            name = self.script.source(value).strip("\"'") if value is not None else "stage"
        inner = word(body[0]) if len(body) == 1 else None
        if inner is not None and inner.name == "parallel":
            return self._parallel(inner, around, asked, name) or [
                self._job(name, body, around, asked, call.node or body[0])
            ]
        if inner is not None and inner.name == "node" and inner.body is not None:
            around = dataclasses.replace(around, agent=self._agent(inner, around))
            body = inner.body
        if any(self._holds_stages(statement) for statement in body):
            return self._run(body, around, name, asked)
        return [self._job(name, body, around, asked, call.node or body[0])]

    def _holds_stages(self, statement: Stmt) -> bool:
        return bool(_STAGE.search(self.script.text, statement.start, statement.end))

    def _job(self, name: str, body: list[Stmt], around: Around, asked: Expr | None, node: nodes.Node) -> str:
        only = word(body[0]) if len(body) == 1 else None
        container = None
        if only is not None and only.name == "docker.image().inside" and only.body is not None and not only.parameters:
            container = wrappers.image(only, around.scope)
            body = only.body if container else body
        fields = {
            "name": name,
            "condition": Condition(asked, Phase.RUN) if asked is not None else None,
            "runner": around.agent.runner,
            "container": container or around.agent.container,
            "steps": tuple(self._steps(body, around)),
            "natives": around.agent.natives,
            "comment": self.script.comment(node.start),
        }
        return self.collected.add(fields, name, around, node)

    def _parallel(self, call: Word, around: Around, asked: Expr | None, name: str) -> list[str] | None:
        node = call.node
        branches = {key: value for key, value in call.named.items() if isinstance(value, nodes.Closure)}
        if not branches or node is None or call.args:
            return None
        unique = self.collected.unique(name)
        span = self.script.span(node.start, node.end)
        self.collected.stages.append(
            Stage(unique, around.needs if around.parent else None, parent=around.parent, span=span)
        )
        inside = dataclasses.replace(around, parent=unique)
        ends: list[str] = []
        for key, value in branches.items():
            if isinstance(value, nodes.Closure) and value.body:
                ends += self._run(value.body, inside, key, asked)
        return ends

    def _if(self, statement: nodes.If, around: Around, asked: Expr | None) -> list[str]:
        ends: list[str] = []
        before = asked
        for condition, body in statement.branches:
            own = expression(condition, around.scope)
            ends += self._run(body, around, "if", both(before, own))
            before = both(before, negated(own))
        if statement.otherwise:
            ends += self._run(statement.otherwise, around, "else", before)
        return ends

    def _try(self, statement: nodes.Try, around: Around, asked: Expr | None) -> list[str]:
        ends = self._run(statement.body, around, "try", asked)
        span = self.script.span(statement.start, statement.end)
        for when, body in [("failure", one[2]) for one in statement.catches] + [("always", statement.last or [])]:
            if body:
                self.post.append(Post(when, tuple(self._steps(body, around)), span))
        return ends


@dataclasses.dataclass(slots=True)
class _Open(nodes.Node):
    """`stage 'x'` without braces, with the statements up to the next one."""

    args: list[nodes.Expr]
    body: list[Stmt]


def _grouped(body: list[Stmt]) -> list[Stmt]:
    found: list[Stmt] = []
    current: _Open | None = None
    for statement in body:
        call = word(statement)
        if call is not None and call.name == "stage" and call.body is None and call.value("name") is not None:
            args = [value] if (value := call.value("name")) is not None else []
            current = _Open(statement.start, statement.end, args, [])
            found.append(current)  # type: ignore[arg-type]
        elif current is not None:
            current.body.append(statement)
            current.end = statement.end
        else:
            found.append(statement)
    return found
