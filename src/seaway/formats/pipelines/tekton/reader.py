"""Tekton's documents -> model. One file may hold pipelines, runs, tasks and triggers; what is no pipeline or task is kept.

A task of a pipeline is a job; a `taskRef` to a task of the same file (or of a file that `sources` has) is resolved. `finally`
tasks wait for all others, whatever became of them.
"""

from __future__ import annotations

import dataclasses
import re

from seaway.errors import ConfigError, Problem
from seaway.formats.pipelines.sources import Sources, inside
from seaway.formats.pipelines.tekton import pac, steps
from seaway.formats.pipelines.tekton.expressions import among, template, whens
from seaway.formats.pipelines.tekton.values import cut, parameters, timeout, variables
from seaway.formats.yaml import tree as trees
from seaway.formats.yaml.kept import fields, kept, native, natives
from seaway.formats.yaml.tree import Node, Tree, get, integer, items, sequence, string, strings
from seaway.model.expression import Condition, Expr, Phase, Unknown, both, refs
from seaway.model.pipeline import (
    Axis,
    Component,
    Job,
    Matrix,
    Native,
    Need,
    Pin,
    Pipeline,
    Retry,
    System,
    Trigger,
    Unresolved,
    Variable,
)  # fmt: skip

_PAC = pac.PREFIX
FINALLY = "any"


class Reader:
    """One file."""

    def __init__(self, text: str, path: str, sources: Sources | None) -> None:
        self.tree = trees.read(text, path)
        self.sources = sources
        self.unresolved: list[Unresolved] = []
        self.natives: list[Native] = []
        self.tasks: dict[str, tuple[Tree, Node]] = {}
        self.used: set[str] = set()
        self.documents: list[tuple[str, str, Node]] = []
        for root in self.tree.documents:
            kind = string(get(root, "kind"))
            if "tekton.dev/" not in string(get(root, "apiVersion")):
                continue
            name = string(get(root, "metadata", "name")) or string(get(root, "metadata", "generateName"))
            self.documents.append((kind, name, root))
            if kind in {"Task", "ClusterTask"}:
                self.tasks[name] = (self.tree, root)

    def read(self) -> Pipeline:
        """The file's pipelines as one; raises ConfigError where no document is Tekton's."""
        if not self.documents:
            place = Problem(self.tree.path, 1, 1, "no document of Tekton stands here", "apiVersion: tekton.dev/v1")
            raise ConfigError([place])
        runs = [one for one in self.documents if one[0] in {"Pipeline", "PipelineRun"}]
        jobs: list[Job] = []
        triggers: list[Trigger] = []
        found = Pipeline(System.TEKTON, self.tree.path)
        for kind, name, root in runs:
            prefix = f"{name}/" if len(runs) > 1 else ""
            spec = self._spec(kind, root)
            jobs += self._jobs(spec, prefix)
            triggers += self._triggers(root)
        if not runs:
            jobs = [self._task_alone(name, root) for kind, name, root in self.documents if kind in {"Task", "TaskRun"}]
        for index, (kind, name, root) in enumerate(self.documents):
            self._keep(index, kind, name, root, alone=not runs)
        first = runs[0] if runs else self.documents[0]
        spec = self._spec(first[0], first[2])
        return Pipeline(
            System.TEKTON, self.tree.path, name=first[1], triggers=tuple(triggers), jobs=tuple(jobs),
            parameters=parameters(self.tree, get(spec, "params")) if runs else (), natives=tuple(self.natives),
            unresolved=tuple(self.unresolved), comment=self.tree.comment(first[2]), span=self.tree.span(first[2]),
            includes=found.includes,
        )  # fmt: skip

    def _spec(self, kind: str, root: Node) -> Node | None:
        spec = get(root, "spec")
        return get(spec, "pipelineSpec") if kind == "PipelineRun" else spec

    def _keep(self, index: int, kind: str, name: str, root: Node, *, alone: bool) -> None:
        """What is not modelled of a document."""
        tree, prefix = self.tree, f"{index}.{kind}.{name}"
        if kind in {"Task", "TaskRun", "ClusterTask"}:
            if not alone:
                if not (kind == "Task" and name in self.used):  # else it stands where it is used
                    self.natives.append(native(tree, f"{prefix}:", None, root))
                return
            rest = fields(root)
            rest.pop("spec", None)
            self.natives += natives(tree, f"{prefix}:", rest)
            return
        if kind not in {"Pipeline", "PipelineRun"}:
            self.natives.append(native(tree, f"{prefix}:", None, root))
            return
        rest = fields(root)
        rest.pop("spec", None)
        self.natives += natives(tree, f"{prefix}:", rest)
        outer = fields(get(root, "spec"))
        if kind == "PipelineRun":
            outer.pop("pipelineSpec", None)
            if "pipelineRef" in outer:
                self.unresolved.append(self._missing(outer["pipelineRef"][1]))
            self.natives += natives(tree, f"{prefix}:spec.", outer)
            outer = fields(get(root, "spec", "pipelineSpec"))
        for own in ("tasks", "finally", "params"):
            outer.pop(own, None)
        self.natives += natives(tree, f"{prefix}:pipeline.", outer)

    def _missing(self, node: Node) -> Unresolved:
        why = "it is in the cluster or fetched by a resolver; nothing is fetched here"
        name = string(get(node, "name")) or string(get(node, "resolver")) or "a reference"
        return Unresolved(name, why, self.tree.span(node))

    def _triggers(self, root: Node) -> list[Trigger]:
        """Annotations of Pipelines as Code."""
        notes = get(root, "metadata", "annotations")
        asked = {name.removeprefix(_PAC): (key, value) for name, key, value in items(notes) if name.startswith(_PAC)}
        found = pac.triggers({name: string(value) for name, (_, value) in asked.items()})
        place = next((asked[name] for name in ("on-event", "on-cel-expression") if name in asked), None)
        span = self.tree.span(place[1], place[0]) if place is not None else None
        return [dataclasses.replace(one, span=span) for one in found]

    def _jobs(self, spec: Node | None, prefix: str) -> list[Job]:
        ordinary = [self._job(node, prefix) for node in sequence(get(spec, "tasks"))]
        known = {job.id for job in ordinary}
        ordinary = [_with_implied(job, known, prefix) for job in ordinary]
        last = []
        for node in sequence(get(spec, "finally")):
            job = self._job(node, prefix)
            needs = tuple(Need(one.id, when=FINALLY) for one in ordinary)
            last.append(_replaced(job, needs=needs))
        return ordinary + last

    def _job(self, node: Node, prefix: str) -> Job:
        tree, rest = self.tree, fields(node)
        name = cut(rest, "name")
        identity = prefix + string(name)
        work, calls = self._work(rest)
        needs = tuple(Need(prefix + one) for one in strings(cut(rest, "runAfter")))
        retries = integer(rest["retries"][1]) if "retries" in rest else None
        if retries is not None:
            del rest["retries"]
        limit = timeout(rest)
        matrix = self._matrix(rest)
        condition = self._condition(rest)
        tolerant = "onError" in rest and string(rest["onError"][1]) == "continue" and bool(rest.pop("onError"))
        inputs = variables(tree, cut(rest, "params"))
        return Job(
            identity, needs=needs, steps=work.steps, services=work.services, calls=calls, matrix=matrix,
            condition=condition, timeout=limit, retry=Retry(retries) if retries else None,
            continue_on_error=tolerant, inputs=inputs, outputs=work.outputs,
            natives=(*natives(tree, "", rest), *work.natives), comment=tree.comment(node),
            span=tree.span(node), key_span=tree.span(name) if name is not None else None,
        )  # fmt: skip

    def _work(self, rest: dict[str, tuple[Node, Node]]) -> tuple[steps.Work, Component | None]:
        """Steps of the task itself, of the task that it refers to where that is at hand, else the reference."""
        spec = cut(rest, "taskSpec")
        if spec is not None:
            return steps.read(self.tree, spec), None
        ref = rest["taskRef"][1] if "taskRef" in rest else None
        if ref is None:
            return steps.NOTHING, None
        name, kind = string(get(ref, "name")), string(get(ref, "kind"))
        known = self.tasks.get(name) if not get(ref, "resolver") and kind in {"", "Task"} else None
        if known is None and self.sources is not None and name:
            known = self._from_sources(name)
        if known is not None and self.sources is not None:
            tree, root = known
            self.used.add(name)
            del rest["taskRef"]
            return steps.read(tree, get(root, "spec")), None
        if self.sources is not None and known is None:
            self.unresolved.append(self._missing(ref))
        return steps.NOTHING, _component(self.tree, ref)

    def _from_sources(self, name: str) -> tuple[Tree, Node] | None:
        """A task in a file of its own beside this one, as repositories keep them."""
        if self.sources is None or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
            return None
        for place in (f"{name}.yaml", f"{name}.yml", f"tasks/{name}.yaml", f"task-{name}.yaml", f"{name}-task.yaml"):
            text = self.sources.local(place, beside=self.tree.path)
            if text is None:
                continue
            try:
                found = trees.read(text, inside(place, self.tree.path) or place)
            except ConfigError:
                continue
            for root in found.documents:
                if string(get(root, "kind")) == "Task" and string(get(root, "metadata", "name")) == name:
                    return found, root
        return None

    def _task_alone(self, name: str, root: Node) -> Job:
        spec = get(root, "spec", "taskSpec") or get(root, "spec")
        work = steps.read(self.tree, spec)
        inputs = tuple(
            Variable(one.name, one.default or "", description=one.description, span=one.span)
            for one in parameters(self.tree, get(spec, "params"))
        )
        return Job(
            name, needs=(), steps=work.steps, services=work.services, inputs=inputs, outputs=work.outputs,
            natives=work.natives, comment=self.tree.comment(root), span=self.tree.span(root),
        )  # fmt: skip

    def _matrix(self, rest: dict[str, tuple[Node, Node]]) -> Matrix | None:
        node = cut(rest, "matrix")
        if node is None:
            return None
        axes = []
        for one in sequence(get(node, "params")):
            value = get(one, "value")
            values = tuple(template(text) for text in strings(value)) if trees.is_sequence(value) else ()
            axes.append(Axis(string(get(one, "name")), values, "" if values else string(value)))
        include = tuple(
            tuple(
                (string(get(one, "name")), template(string(get(one, "value")))) for one in sequence(get(row, "params"))
            )
            for row in sequence(get(node, "include"))
        )
        return Matrix(tuple(axes), include=include, span=self.tree.span(node))

    def _condition(self, rest: dict[str, tuple[Node, Node]]) -> Condition | None:
        pair = rest.pop("when", None)
        if pair is None:
            return None
        key, node = pair
        found: Expr | None = None
        for one in sequence(node):
            cel = get(one, "cel")
            if cel is not None:
                found = both(found, Unknown(string(cel)))
                continue
            values = strings(get(one, "values"))
            found = both(found, among(string(get(one, "input")), string(get(one, "operator"), "in"), values))
        return None if found is None else Condition(
            found, Phase.QUEUE, "" if whens(found) is not None else kept(node), self.tree.span(node, key)
        )  # fmt: skip


def _component(tree: Tree, ref: Node) -> Component:
    name = string(get(ref, "name"))
    version = ""
    resolver = string(get(ref, "resolver"))
    if resolver:
        asked = {string(get(one, "name")): string(get(one, "value")) for one in sequence(get(ref, "params"))}
        name = asked.get("name") or asked.get("pathInRepo") or asked.get("url") or resolver
        version = asked.get("version") or asked.get("revision") or asked.get("bundle", "").partition("@")[2]
    elif bundle := string(get(ref, "bundle")):
        version = bundle.partition("@")[2]
    pin = Pin.NONE
    if re.fullmatch(r"(?:sha256:)?[0-9a-f]{40,64}", version):
        pin = Pin.DIGEST
    elif version:
        pin = Pin.TAG
    elif not resolver:
        pin = Pin.LOCAL
    text = (f"{resolver}:" if resolver else "") + name + (f"@{version}" if version else "")
    return Component(text, name, version, pin, tree.span(ref))


def _with_implied(job: Job, known: set[str], prefix: str) -> Job:
    """Results of another task that it uses are edges, too."""
    needs = list(job.needs or ())
    named = {need.job for need in needs}
    for ref in refs((job.inputs, job.condition, job.steps, job.matrix)):
        other = prefix + str(ref.path[0]) if ref.context == "job" and ref.path else ""
        if other in known and other not in named and other != job.id:
            named.add(other)
            needs.append(Need(other))
    return _replaced(job, needs=tuple(needs))


def _replaced(job: Job, *, needs: tuple[Need, ...]) -> Job:

    return dataclasses.replace(job, needs=needs)
