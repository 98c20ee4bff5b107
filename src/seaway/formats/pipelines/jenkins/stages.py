"""`stages { }` -> jobs and their order. Called by `declarative`.

A stage with steps is a job; a stage around others is a `Stage`. The order of the outermost stages is that of `Pipeline.stages`;
within one of them edges between jobs say it: what runs in parallel has no edge. An agent is given to every job below it.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from seaway.formats.groovy import Script, constant, nodes
from seaway.formats.groovy.nodes import Stmt
from seaway.formats.pipelines.jenkins import agent as agents
from seaway.formats.pipelines.jenkins import conditions, known_steps, matrix, options, sections
from seaway.formats.pipelines.jenkins.agent import Agent
from seaway.formats.pipelines.jenkins.calls import Word, truth, word
from seaway.formats.pipelines.jenkins.expressions import Scope
from seaway.formats.pipelines.jenkins.steps import Steps
from seaway.model.expression import Binary, Condition, Expr, Ref, Template
from seaway.model.pipeline import Approval, Checkout, Job, Matrix, Native, Need, Post, Stage, Step, Variable


@dataclass(frozen=True, slots=True)
class Around:
    """What the blocks around a stage give it. `first`: jobs that must be over before; `top`: outermost, ordered by stages."""

    scope: Scope
    agent: Agent
    parent: str = ""
    needs: tuple[Need, ...] = ()
    matrix: Matrix | None = None
    checkout: bool = True
    cell: Cell | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What a matrix says of each of its cells, given to every job in it; `whole`: the cell is one job, which has it all."""

    parts: Parts
    whole: bool


@dataclass(slots=True)
class Parts:
    """The sections of one stage."""

    found: dict[str, Word] = field(default_factory=dict)
    rest: list[Stmt] = field(default_factory=list)


_NO_CELL = Parts()


class Stages:
    """Collects the jobs and stages of one file."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.jobs: list[Job] = []
        self.stages: list[Stage] = []
        self.ids: set[str] = set()
        self.names: set[str] = set()

    def read(self, call: Word, around: Around) -> None:
        """The outermost stages."""
        for statement in call.body or []:
            inner = word(statement)
            if inner is not None and inner.name == "stage" and inner.body is not None:
                self.stage(inner, around)
            else:
                self.unknown(statement, around)

    def unknown(self, statement: Stmt, around: Around) -> list[str]:
        """Something that is not a stage where one belongs: a job with its text."""
        inner = word(statement)
        name = (inner.text() if inner else None) or (inner.name if inner else "") or "groovy"
        reader = Steps(self.script, around.scope)
        steps = (reader.opaque(statement, inner.name if inner else ""),)
        return [self.add({"name": name, "steps": steps}, name, around, statement)]

    def add(self, fields: dict[str, Any], name: str, around: Around, node: nodes.Node) -> str:
        """The job with these fields takes its place."""
        identity = self.identity(name, around.parent)
        stage = around.parent
        span = self.script.span(node.start, node.end)
        if not stage:
            stage = self.unique(name)
            self.stages.append(Stage(stage, span=span))
        owner = around.agent.owner
        self.jobs.append(Job(identity, stage=stage, needs=around.needs, span=span, workspace=owner, **fields))
        return identity

    def unique(self, name: str) -> str:
        """A stage's name that no other has."""
        found, number = name, 1
        while found in self.names:
            number += 1
            found = f"{name} ({number})"
        self.names.add(found)
        return found

    def identity(self, name: str, parent: str) -> str:
        """A job's id: its name in small letters, with the name of the stage around it where another job has it."""
        plain = slug(name)
        found, number = plain, 1
        if found in self.ids and parent:
            plain = found = f"{slug(parent)}-{plain}"
        while found in self.ids:
            number += 1
            found = f"{plain}-{number}"
        self.ids.add(found)
        return found

    def finished(self) -> tuple[Job, ...]:
        """All jobs; a workspace of one job alone needs no name."""
        jobs = with_files(self.jobs)
        count = Counter(job.workspace for job in jobs)
        return tuple(dataclasses.replace(job, workspace="") if count[job.workspace] < 2 else job for job in jobs)

    # --- one stage -------------------------------------------------------------------------------------------------

    def stage(self, call: Word, around: Around) -> list[str]:
        """The stage's jobs; answers with the ids of those that end it."""
        name = _title(call, around.scope)
        parts = _parts(call.body or [])
        scope = sections.scope_of(parts.found.get("environment"), around.scope)
        if scope is not around.scope:
            around = dataclasses.replace(around, scope=scope)
        if (chosen := parts.found.get("agent")) is not None:
            around = dataclasses.replace(around, agent=agents.agent(chosen, self.script, scope))
        if options.skips_checkout(parts.found.get("options")):
            around = dataclasses.replace(around, checkout=False)
        if "stages" in parts.found:
            return self._sequence(parts.found["stages"], self._group(call, name, parts, around))
        if "parallel" in parts.found:
            return self._parallel(parts.found["parallel"], self._group(call, name, parts, around))
        if "matrix" in parts.found:
            return self._matrix(parts.found["matrix"], self._group(call, name, parts, around))
        only = _only_parallel(parts.found.get("steps"))
        branches = _as_branches(only) if only is not None else None
        if only is not None and branches is not None:
            if truth(only.named.get("failFast")):
                parts.found["failFast"] = Word("failFast", [only.named["failFast"]], node=only.node)
            return self._branches(branches, self._group(call, name, parts, around))
        return [self._leaf(call, name, parts, around)]

    def _leaf(self, call: Word, name: str, parts: Parts, around: Around) -> str:
        node = call.node
        assert node is not None  # noqa: S101 - every word of a file has its place
        scope = around.scope
        reader = Steps(self.script, scope, on_agent=not around.agent.nobody)
        steps = self._checkout(around) + reader.read(parts.found["steps"].body or [] if "steps" in parts.found else [])
        made = options.for_stage(parts.found.get("options"), self.script, scope)
        cell = around.cell.parts if around.cell is not None else _NO_CELL
        limits = options.for_stage(cell.found.get("options"), self.script, scope) if self._is_whole(around) else made
        key = call.args[0] if call.args else None
        fields = {
            "name": name,
            "condition": _together(
                sections.condition(cell.found.get("when"), self.script, scope),
                sections.condition(parts.found.get("when"), self.script, scope),
            ),
            "runner": around.agent.runner,
            "container": around.agent.container,
            "matrix": around.matrix,
            "variables": (*axes(around.matrix), *self._variables(cell, parts, scope)),
            "steps": tuple(self._once(steps)),
            "timeout": made.timeout or limits.timeout,
            "retry": made.retry or limits.retry,
            "concurrency": made.concurrency or limits.concurrency,
            "approval": self._approval(parts, around)
            or (self._approval(cell, around) if self._is_whole(around) else None),
            "post": self._post(cell if self._is_whole(around) else _NO_CELL, parts, around),
            "natives": (
                *around.agent.natives,
                *(
                    self._natives(_given(cell), limits.natives if limits is not made else (), scope)
                    if cell.found
                    else ()
                ),
                *self._natives(parts, made.natives, scope, own=True),
            ),
            "comment": self.script.comment(node.start),
            "key_span": self.script.span(key.start, key.end) if key is not None else None,
        }
        return self.add(fields, name, around, node)

    @staticmethod
    def _is_whole(around: Around) -> bool:
        return around.cell is not None and around.cell.whole

    def _variables(self, cell: Parts, parts: Parts, scope: Scope) -> tuple[Variable, ...]:
        """Of the matrix and of the stage itself, which win."""
        own = sections.variables(parts.found.get("environment"), self.script, scope)
        if "environment" not in cell.found:
            return own
        names = {one.name for one in own}
        given = sections.variables(cell.found.get("environment"), self.script, scope)
        return (*(one for one in given if one.name not in names), *own)

    def _post(self, cell: Parts, parts: Parts, around: Around) -> tuple[Post, ...]:
        """The stage's own, and behind it what the matrix does after each cell."""
        on_agent = not around.agent.nobody
        if "post" not in cell.found:
            return self.post(parts.found.get("post"), around.scope, on_agent=on_agent)
        found = {one.when: one for one in self.post(parts.found.get("post"), around.scope, on_agent=on_agent)}
        for one in self.post(cell.found.get("post"), around.scope, on_agent=on_agent):
            own = found.get(one.when)
            found[one.when] = one if own is None else dataclasses.replace(own, steps=(*own.steps, *one.steps))
        return tuple(found.values())

    def _checkout(self, around: Around) -> list[Step]:
        """A declarative stage finds the repository's files without a word."""
        return [Step(Checkout(implicit=True))] if around.checkout and not around.agent.nobody else []

    @staticmethod
    def _once(steps: list[Step]) -> list[Step]:
        """The checkout that nobody wrote is not there where somebody wrote the same."""
        written = any(fetches(step) for step in steps)
        return [step for step in steps if not (written and isinstance(step.work, Checkout) and step.work.implicit)]

    def _approval(self, parts: Parts, around: Around) -> Approval | None:
        call = parts.found.get("input")
        if call is None:
            return None
        own = "agent" in parts.found
        step = known_steps.approval(sections.flattened(call), around.scope, held=not own and not around.agent.nobody)
        if step is None or not isinstance(step.work, Approval):
            return None
        return step.work

    def _natives(
        self, parts: Parts, found: tuple[Native, ...], scope: Scope, *, own: bool = False
    ) -> tuple[Native, ...]:
        natives = list(found)
        if (call := parts.found.get("when")) is not None:
            natives += conditions.when(call, scope)[1]
        for key in ("tools", "input", "failFast"):
            call = parts.found.get(key)
            if call is not None and key == "failFast":
                natives += [Native("failFast", "true")] if truth(call.value()) else []
            elif call is not None and key == "input" and own:
                natives += sections.input_settings(call, self.script)
            elif call is not None and (key != "input" or not sections.plain_input(call)):
                natives += sections.kept(key, call, self.script)
        natives += [self._kept(statement) for statement in parts.rest]
        return tuple(natives)

    def _kept(self, statement: Stmt) -> Native:
        return Native("stage", self.script.source(statement), self.script.span(statement.start, statement.end))

    def post(self, call: Word | None, scope: Scope, *, on_agent: bool = True) -> tuple[Post, ...]:
        """`post { always { } }`."""
        found = []
        for statement in call.body or [] if call else []:
            inner = word(statement)
            if inner is not None:
                steps = tuple(Steps(self.script, scope, on_agent).read(inner.body or []))
                found.append(Post(inner.name, steps, self.script.span(statement.start, statement.end)))
        return tuple(found)

    # --- a stage around others -------------------------------------------------------------------------------------

    def _group(self, call: Word, name: str, parts: Parts, around: Around) -> Around:
        """The stage takes its place; the answer is what it gives to those within."""
        node = call.node
        assert node is not None  # noqa: S101 - every word of a file has its place
        scope = around.scope
        made = options.for_group(parts.found.get("options"), self.script)
        unique = self.unique(name)
        approval = parts.found.get("input")
        stage = Stage(
            unique,
            needs=around.needs if around.parent else None,
            condition=sections.condition(parts.found.get("when"), self.script, scope),
            variables=sections.variables(parts.found.get("environment"), self.script, scope),
            post=self.post(parts.found.get("post"), scope),
            parent=around.parent,
            natives=self._natives(parts, made, scope)
            + (sections.kept("input", approval, self.script) if approval and sections.plain_input(approval) else ()),
            span=self.script.span(node.start, node.end),
        )
        self.stages.append(stage)
        if "agent" in parts.found:
            around = dataclasses.replace(around, agent=dataclasses.replace(around.agent, owner=unique))
        return dataclasses.replace(around, parent=unique)

    def _sequence(self, block: Word, around: Around) -> list[str]:
        last = [need.job for need in around.needs]
        for statement in block.body or []:
            inner = word(statement)
            here = dataclasses.replace(around, needs=tuple(Need(job) for job in last))
            if inner is not None and inner.name == "stage" and inner.body is not None:
                last = self.stage(inner, here) or last
            else:
                last = self.unknown(statement, here)
        return last

    def _parallel(self, block: Word, around: Around) -> list[str]:
        ends: list[str] = []
        for statement in block.body or []:
            inner = word(statement)
            if inner is not None and inner.name == "stage" and inner.body is not None:
                ends += self.stage(inner, around)
            elif inner is not None and inner.name == "failFast":
                self._fails_fast(inner, around)
            else:
                ends += self.unknown(statement, around)
        return ends

    def _fails_fast(self, call: Word, around: Around) -> None:
        for index, stage in enumerate(self.stages):
            if stage.name == around.parent and truth(call.value()):
                self.stages[index] = dataclasses.replace(stage, natives=(*stage.natives, Native("failFast", "true")))

    def _matrix(self, block: Word, around: Around) -> list[str]:
        parts = _parts(block.body or [])
        made = matrix.read(parts.found.get("axes"), parts.found.get("excludes"), self.script, around.scope)
        names = frozenset(axis.name for axis in made.axes)
        scope = dataclasses.replace(around.scope, matrix=around.scope.matrix | names)
        scope = sections.scope_of(parts.found.get("environment"), scope)
        cell = Cell(parts, whole=_is_one_job(parts))
        inside = dataclasses.replace(around, scope=scope, matrix=made, cell=cell)
        if options.skips_checkout(parts.found.get("options")):
            inside = dataclasses.replace(inside, checkout=False)
        if (chosen := parts.found.get("agent")) is not None:
            owner = around.parent
            inside = dataclasses.replace(inside, agent=agents.agent(chosen, self.script, scope, owner=owner))
        self._matrix_extras(parts, whole=cell.whole)
        return self._sequence(parts.found["stages"], inside) if "stages" in parts.found else []

    def _matrix_extras(self, parts: Parts, *, whole: bool) -> None:
        """What jobs cannot have one by one stays with the stage around them: what is done once for a cell of several jobs."""
        stage = self.stages[-1]
        kept: list[Native] = []
        for key in () if whole else ("options", "post", "input"):
            if key in parts.found:
                kept += sections.kept(f"matrix.{key}", parts.found[key], self.script)
        kept += [self._kept(statement) for statement in parts.rest]
        kept += sections.odd_variables(parts.found.get("environment"), self.script)
        self.stages[-1] = dataclasses.replace(stage, natives=(*stage.natives, *kept))

    def _branches(self, branches: list[Word], around: Around) -> list[str]:
        """`parallel a: { }, b: { }` as the only step: each branch is a job."""
        ends = []
        for branch in branches:
            node = branch.node
            assert node is not None  # noqa: S101 - every word of a file has its place
            reader = Steps(self.script, around.scope, on_agent=not around.agent.nobody)
            steps = self._checkout(around) + reader.read(branch.body or [])
            fields = {
                "name": branch.name,
                "runner": around.agent.runner,
                "container": around.agent.container,
                "matrix": around.matrix,
                "variables": axes(around.matrix),
                "steps": tuple(self._once(steps)),
                "natives": around.agent.natives,
            }
            ends.append(self.add(fields, branch.name, around, node))
        return ends


def with_files(jobs: list[Job]) -> list[Job]:
    """Who goes on in a folder that holds the repository's files finds them there."""
    held: set[str] = set()
    found = []
    for job in jobs:
        if any(isinstance(step.work, Checkout) and (step.work.implicit or fetches(step)) for step in job.steps):
            held.add(job.workspace)
            found.append(job)
        elif job.workspace and job.workspace in held:
            found.append(dataclasses.replace(job, steps=(Step(Checkout(implicit=True)), *job.steps)))
        else:
            found.append(job)
    return found


def fetches(step: Step) -> bool:
    """`checkout scm`, whatever happens."""
    return step.work == Checkout() and step.condition is None


def _is_one_job(parts: Parts) -> bool:
    """A matrix with one stage, and no other stages within that."""
    inner = [word(statement) for statement in parts.found["stages"].body or []] if "stages" in parts.found else []
    only = inner[0] if len(inner) == 1 else None
    if only is None or only.name != "stage":
        return False
    found = _parts(only.body or []).found
    return (
        "steps" in found and _only_parallel(found["steps"]) is None and "options" not in found and "input" not in found
    )


def _given(cell: Parts) -> Parts:
    """What the jobs of a cell keep as natives."""
    return Parts({key: call for key, call in cell.found.items() if key in {"when", "tools"}})


def _together(first: Condition | None, second: Condition | None) -> Condition | None:
    """Both must hold."""
    if first is None or second is None:
        return first or second
    return dataclasses.replace(first, expr=Binary("&&", first.expr, second.expr), text="")


def _title(call: Word, scope: Scope) -> str:
    found = call.text("name")
    if found is None:
        value = call.value("name")
        found = scope.text[value.start : value.end].strip("\"'") if value is not None else ""
    return found or "stage"


def slug(name: str) -> str:
    """A name as an id."""
    return re.sub(r"[^\w]+", "-", name.strip().lower()).strip("-") or "stage"


def axes(found: Matrix | None) -> tuple[Variable, ...]:
    """In Jenkins the value on an axis is a variable of the same name."""
    return tuple(Variable(axis.name, Template((Ref("matrix", (axis.name,)),))) for axis in found.axes) if found else ()


_SECTIONS = frozenset(
    {
        "agent",
        "steps",
        "stages",
        "parallel",
        "matrix",
        "when",
        "environment",
        "options",
        "post",
        "tools",
        "input",
        "failFast",
    }
    | {"axes", "excludes", "parameters", "triggers", "libraries"}
)


def _parts(body: list[Stmt]) -> Parts:
    found = Parts()
    for statement in body:
        call = word(statement)
        if call is not None and call.name in _SECTIONS and call.name not in found.found:
            found.found[call.name] = call
        else:
            found.rest.append(statement)
    return found


def _only_parallel(call: Word | None) -> Word | None:
    """The `parallel` of steps that are nothing else, in `script { }` or not."""
    body = call.body if call else None
    while body is not None and len(body) == 1:
        inner = word(body[0])
        if inner is None:
            return None
        if inner.name == "parallel" and inner.body is None and not inner.args:
            return inner
        body = inner.body if inner.name == "script" else None
    return None


def _as_branches(call: Word) -> list[Word] | None:
    found = []
    for name, value in call.named.items():
        if isinstance(value, nodes.Closure) and not value.parameters and value.body:
            found.append(Word(name, [], {}, value.body, value))
        elif name != "failFast" or not isinstance(value, nodes.Constant):
            return None
    return found or None


def parts(body: list[Stmt]) -> Parts:
    """The sections of a block, and what is none."""
    return _parts(body)


__all__ = ["Around", "Expr", "Parts", "Stages", "constant", "parts", "slug"]
