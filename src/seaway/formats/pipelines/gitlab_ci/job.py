"""One job of a GitLab pipeline -> `model.pipeline.Job`. Called by `read`, which says what it inherits.

Every key is read by the function of its name below, or kept as Native: nothing is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from seaway.formats.pipelines.gitlab_ci import place, rules, values
from seaway.formats.pipelines.gitlab_ci.expressions import script, template
from seaway.formats.pipelines.gitlab_ci.includes import pin
from seaway.formats.pipelines.gitlab_ci.merge import Joiner
from seaway.formats.yaml import tree
from seaway.formats.yaml.tree import Node
from seaway.model.expression import Call, Condition, Expr, Text, both
from seaway.model.pipeline import (
    Axis,
    Cache,
    Checkout,
    Component,
    Concurrency,
    Job,
    Matrix,
    Native,
    Need,
    Opaque,
    Pin,
    Post,
    Retry,
    Row,
    Run,
    Runner,
    Step,
    Variable,
)

_TEXT = "tag:yaml.org,2002:str"
MAX_ROWS = 200  # jobs that one matrix may make, GitLab's own limit
Pairs = dict[str, tuple[Node, Node]]


@dataclass(slots=True)
class Scope:
    """What a job finds around it: variables of the pipeline by name, and whether what it inherits is known."""

    joiner: Joiner
    variables: dict[str, str] = field(default_factory=dict)
    resolved: bool = False
    clone: Checkout | None = None  # of a job without variables of its own

    def __post_init__(self) -> None:
        self.clone = checkout(self.variables)


def read(name: str, key: Node, node: Node, pairs: Pairs, scope: Scope) -> Job:
    """`node`: the job where it is written; `pairs`: its keys with what it inherits."""
    return _Reader(name, pairs, scope).job(key, node)


class _Reader:
    """Reads each key once; `known` collects the fields of the job."""

    def __init__(self, name: str, pairs: Pairs, scope: Scope) -> None:
        self.name, self.pairs, self.scope, self.joiner = name, pairs, scope, scope.joiner
        self.fields: dict[str, Any] = {}
        self.natives: list[Native] = []
        self.entries = self._matrix_entries() if "parallel" in pairs else []
        self.axes = frozenset(axis for entry in self.entries for axis, _, _ in tree.items(entry))
        own = {one for one, _, _ in tree.items(self.node("variables"))}
        self.known = frozenset(own | set(scope.variables))

    def node(self, key: str) -> Node | None:
        pair = self.pairs.get(key)
        return pair[1] if pair else None

    def text(self, node: Node | None) -> Text:
        return template(tree.string(node), self.axes, self.known)

    def keep(self, path: str, node: Node) -> None:
        """Keeps a value as it is. `path`: from the job on; its last part is the key."""
        key = path.rpartition(".")[2].removesuffix("[]")
        text = values.kept(key, node, self.joiner.tree(node).text)
        self.natives.append(Native(f"{self.name}.{path}", text, self.joiner.span(node)))

    def job(self, key: Node, node: Node) -> Job:
        template_job = self.name.startswith(".")
        for name, (_, value) in self.pairs.items():
            reader = _READERS.get(name)
            if reader is not None:
                reader(self, value)
            elif name not in _TOGETHER:
                self.keep(name, value)
        when = self._when()
        calls = self.fields.get("calls")
        steps = () if calls or template_job else self._checkout(key)
        before = self._scripts("before_script")
        steps += (*before, *self._scripts("script", goes_on=bool(before)))
        after = self._scripts("after_script")
        if "stage" not in self.fields and not template_job and (self.scope.resolved or "extends" not in self.pairs):
            self.fields["stage"] = "test"
        return Job(
            id=self.name,
            template=template_job,
            steps=steps,
            post=(Post("always", after, self.joiner.span(self.pairs["after_script"][1])),) if after else (),
            natives=tuple(sorted(self.natives, key=lambda native: native.key)),
            comment=self.joiner.tree(key).comment(key, key.start_mark.column),
            span=self.joiner.span(node, key),
            key_span=self.joiner.span(key),
            **{**self.fields, **when},
        )

    # What runs.

    def _scripts(self, key: str, *, goes_on: bool = False) -> tuple[Step, ...]:
        """The lines of one script; `goes_on`: in the shell of the one before."""
        node = self.node(key)
        if node is None:
            return ()
        native = "before_script" if key == "before_script" else ""
        found: list[Step] = []
        span = self.joiner.span if self.joiner.owners else self.joiner.root.span
        for line in rules.flat(node, self.joiner):
            if isinstance(line, yaml.ScalarNode) and line.tag == _TEXT:
                if tree.is_null(line):
                    continue
                work: Run | Opaque = Run(script(line.value.rstrip("\n")), continues=goes_on or bool(found))
            else:
                text = values.kept(key, line, self.joiner.tree(line).text)
                work = Opaque(text.removeprefix(f"{key}:").strip())
            found.append(Step(work, native=native, span=span(line), comment=self._comment(line)))
        return tuple(found)

    def _comment(self, line: Node) -> str:
        """The comment above an item of a list, or behind it."""
        found = self.joiner.tree(line)
        if "#" not in found.text:
            return ""
        start = found.text.rfind("\n", 0, line.start_mark.index) + 1
        dash = found.text[start : line.start_mark.index]
        return found.comment(line, dash.index("-")) if dash.strip() == "-" else ""

    def _checkout(self, key: Node) -> tuple[Step, ...]:
        """The clone that GitLab makes before a job's script, as its variables say."""
        own = self.node("variables")
        if own is None:
            found = self.scope.clone
        else:
            given = {name: tree.string(tree.get(node, "value") or node) for name, _, node in tree.items(own)}
            found = checkout({**self.scope.variables, **given})
        return (Step(found, span=self.joiner.span(key)),) if found else ()

    # What decides.

    def _when(self) -> dict[str, Any]:
        """Condition, `manual` and tolerance, from `rules`, or from `only`, `except` and `when`."""
        when = tree.string(self.node("when"))
        listed = self.fields.get("rules", ())
        found: dict[str, Any] = {}
        if listed:
            if when:
                self.keep("when", self.pairs["when"][1])
            expr: Expr | None = rules.folded(listed)
            found["manual"] = rules.manual(listed)
            if found["manual"] and expr == rules.NEVER:
                expr = None
        else:
            expr = None
            if "only" in self.pairs or "except" in self.pairs:
                expr = rules.policies(self.node("only"), self.node("except"), self.axes, self.known)
                for key in ("only", "except"):
                    if key in self.pairs:
                        self.keep(key, self.pairs[key][1])
            status = _STATUSES.get(when)
            expr = both(expr, status)
            if when == "manual":
                found["manual"] = True
                found["continue_on_error"] = self.fields.get("continue_on_error", True)
            elif when and status is None and when != "on_success":
                self.keep("when", self.pairs["when"][1])
        if expr is not None and expr != rules.RUNS:
            words = " | ".join(rule.condition.text for rule in listed if rule.condition) or self._policies(when)
            found["condition"] = Condition(expr, text=words)
        return found

    def _policies(self, when: str) -> str:
        """`only`, `except` and `when` in a line for people."""
        found = []
        for key in ("only", "except"):
            node = self.node(key)
            if node is not None:
                words = [*tree.strings(tree.get(node, "refs")), *tree.strings(tree.get(node, "variables"))]
                words += tree.strings(tree.get(node, "changes"))
                found.append(f"{key} {', '.join(words or tree.strings(node))}")
        return "; ".join([*found, *([f"when: {when}"] if when else [])])

    def read_rules(self, node: Node) -> None:
        self.fields["rules"] = rules.read(node, self.joiner, f"{self.name}.rules", self.axes, self.known)

    def read_needs(self, node: Node) -> None:
        found: list[Need] = []
        for entry in rules.flat(node, self.joiner):
            given = {name: value for name, _, value in tree.items(entry)}
            name = tree.string(given.get("job")) if given else tree.string(entry)
            if not name or "pipeline" in given or "project" in given or tree.custom_tag(entry):
                self.keep("needs[]", entry)
                continue
            for inner, value in given.items():
                if inner not in {"job", "artifacts", "optional"}:
                    self.keep(f"needs[{len(found)}].{inner}", value)
            artifacts = tree.is_true(given.get("artifacts")) is not False
            optional = tree.is_true(given.get("optional")) is True
            found.append(Need(name, artifacts=artifacts, optional=optional, span=self.joiner.span(entry)))
        self.fields["needs"] = tuple(found)

    def read_dependencies(self, node: Node) -> None:
        self.fields["dependencies"] = tree.strings(node)

    def read_parallel(self, node: Node) -> None:
        count = tree.integer(node)
        if count is not None:
            self.fields["parallel"] = count
            return
        entries = self.entries
        if not entries:
            self.keep("parallel", node)
            return
        rows = [self._axes(entry) for entry in entries]
        total = sum(_size(axes) for axes in rows)
        if total > MAX_ROWS or any(not axis.values for axes in rows for axis in axes):
            text = values.kept("parallel", node, self.joiner.tree(node).text)
            self.fields["matrix"] = Matrix(computed=text, span=self.joiner.span(node))
        elif len(rows) == 1:
            self.fields["matrix"] = Matrix(axes=rows[0], span=self.joiner.span(node))
        else:
            made = tuple(row for axes in rows for row in _product(axes))
            self.fields["matrix"] = Matrix(include=made, span=self.joiner.span(node))

    def _matrix_entries(self) -> list[Node]:
        listed = rules.flat(tree.get(self.node("parallel"), "matrix"), self.joiner)
        return [entry for entry in listed if isinstance(entry, yaml.MappingNode)]

    def _axes(self, entry: Node) -> tuple[Axis, ...]:
        return tuple(
            Axis(name, tuple(template(text, (), self.known) for text in tree.strings(value)))
            for name, _, value in tree.items(entry)
        )

    def read_allow_failure(self, node: Node) -> None:
        tolerant = tree.is_true(node)
        if tolerant is None:
            self.keep("allow_failure", node)
        self.fields["continue_on_error"] = tolerant is not False

    def read_retry(self, node: Node) -> None:
        attempts = tree.integer(tree.get(node, "max") if isinstance(node, yaml.MappingNode) else node)
        if attempts is None or (attempts == 0 and isinstance(node, yaml.MappingNode)):
            self.keep("retry", node)
            return
        for name, _, value in tree.items(node):
            if name not in {"max", "when"}:
                self.keep(f"retry.{name}", value)
        if attempts:
            self.fields["retry"] = Retry(attempts, tree.strings(tree.get(node, "when")), self.joiner.span(node))

    def read_timeout(self, node: Node) -> None:
        found = values.duration(tree.string(node))
        if found is None:
            self.keep("timeout", node)
        else:
            self.fields["timeout"] = found

    def read_interruptible(self, node: Node) -> None:
        self.fields["interruptible"] = tree.is_true(node)
        if self.fields["interruptible"] is None and not tree.is_null(node):
            self.keep("interruptible", node)

    # Where it belongs.

    def read_stage(self, node: Node) -> None:
        self.fields["stage"] = tree.string(node)

    def read_extends(self, node: Node) -> None:
        if not self.scope.resolved:
            self.fields["extends"] = tree.strings(node)

    def read_variables(self, node: Node) -> None:
        found = []
        for name, key, value in tree.items(node):
            if isinstance(value, yaml.MappingNode):
                for inner, _, one in tree.items(value):
                    if inner not in {"value", "description"}:
                        self.keep(f"variables.{name}.{inner}", one)
            found.append(variable(name, key, value, self.text, self.joiner))
        self.fields["variables"] = tuple(found)

    def read_tags(self, node: Node) -> None:
        labels = tuple(template(text, self.axes, self.known) for text in tree.strings(node))
        self.fields["runner"] = Runner(labels, os=place.system(labels), span=self.joiner.span(node))

    def read_image(self, node: Node) -> None:
        self.fields["container"] = place.image(node, self.joiner, self.text, "image")

    def read_services(self, node: Node) -> None:
        self.fields["services"] = tuple(
            place.image(one, self.joiner, self.text, "services") for one in rules.flat(node, self.joiner)
        )

    def read_environment(self, node: Node) -> None:
        self.fields["environment"] = place.environment(node, self.joiner, self.text)

    def read_resource_group(self, node: Node) -> None:
        self.fields["concurrency"] = Concurrency(self.text(node), queue=True, span=self.joiner.span(node))

    # What it keeps and gives away.

    def read_cache(self, node: Node) -> None:
        found: list[Cache] = []
        for entry in rules.flat(node, self.joiner):
            if tree.custom_tag(entry) or not isinstance(entry, yaml.MappingNode):
                self.keep("cache[]", entry)
                continue
            cache, rest = place.cache(entry, self.text)
            for path, value in rest:
                self.keep(f"cache[{len(found)}].{path}", value)
            found.append(cache)
        self.fields["caches"] = tuple(found)

    def read_artifacts(self, node: Node) -> None:
        if not isinstance(node, yaml.MappingNode):
            self.keep("artifacts", node)
            return
        artifact, rest = place.artifact(node, self.text)
        for path, value in rest:
            self.keep(f"artifacts.{path}", value)
        self.fields["artifacts"] = (artifact,)

    def read_trigger(self, node: Node) -> None:
        span = self.joiner.span(node)
        if not isinstance(node, yaml.MappingNode):
            text = tree.string(node)
            self.fields["calls"] = Component(text, text, "", Pin.NONE, span)
            return
        found = tree.mapping(node)
        included = found.get("include")
        inputs = tree.items(found.get("inputs"))
        local = [tree.get(one, "local") or one for one in tree.sequence(included)]
        if included is not None and len(local) == 1 and isinstance(local[0], yaml.ScalarNode):
            text = tree.string(local[0])
            self.fields["calls"] = Component(text, text, "", Pin.LOCAL, span)
            entry = tree.sequence(included)[0]
            inputs += tree.items(tree.get(entry, "inputs"))
            rest = [(f"include.{key}", one) for key, _, one in tree.items(entry) if key not in {"local", "inputs"}]
        elif included is None and "project" in found:
            text, branch = tree.string(found["project"]), tree.string(found.get("branch"))
            self.fields["calls"] = Component(text, text, branch, pin(branch), span)
            rest = []
        else:
            self.keep("trigger", node)
            self.fields["calls"] = Component("child pipeline", span=span)
            return
        for path, value in [*rest, *found.items()]:
            if path not in {"include", "project", "branch", "inputs"}:
                self.keep(f"trigger.{path}", value)
        self.fields["inputs"] = tuple(variable(name, key, value, self.text, self.joiner) for name, key, value in inputs)


def variable(name: str, key: Node, node: Node, text: Callable[[Node | None], Text], joiner: Joiner) -> Variable:
    """`NAME: value`, or with `value` and `description`."""
    detailed = isinstance(node, yaml.MappingNode)
    value = tree.get(node, "value") if detailed else node
    return Variable(
        name,
        text(value),
        description=tree.string(tree.get(node, "description")) if detailed else "",
        span=joiner.span(node, key),
    )


def checkout(variables: dict[str, str]) -> Checkout | None:
    """How GitLab clones under these variables; None: not at all."""
    if variables.get("GIT_STRATEGY") in {"none", "empty"}:
        return None
    depth = variables.get("GIT_DEPTH", "")
    submodules = variables.get("GIT_SUBMODULE_STRATEGY", "")
    return Checkout(
        depth=int(depth) if depth.isdecimal() and len(depth) < 9 else None,
        submodules="" if submodules == "none" else submodules,
        implicit=True,
    )


def _size(axes: tuple[Axis, ...]) -> int:
    size = 1
    for axis in axes:
        size *= len(axis.values)
    return size


def _product(axes: tuple[Axis, ...]) -> list[Row]:
    names = [axis.name for axis in axes]
    return [tuple(zip(names, row, strict=True)) for row in itertools.product(*(axis.values for axis in axes))]


_STATUSES: dict[str, Expr] = {"always": Call("always"), "on_failure": Call("failure"), "never": rules.NEVER}
_TOGETHER = frozenset({"script", "before_script", "after_script", "when", "only", "except"})
_READERS: dict[str, Callable[[_Reader, Node], None]] = {
    "allow_failure": _Reader.read_allow_failure,
    "artifacts": _Reader.read_artifacts,
    "cache": _Reader.read_cache,
    "dependencies": _Reader.read_dependencies,
    "environment": _Reader.read_environment,
    "extends": _Reader.read_extends,
    "image": _Reader.read_image,
    "interruptible": _Reader.read_interruptible,
    "needs": _Reader.read_needs,
    "parallel": _Reader.read_parallel,
    "resource_group": _Reader.read_resource_group,
    "retry": _Reader.read_retry,
    "rules": _Reader.read_rules,
    "services": _Reader.read_services,
    "stage": _Reader.read_stage,
    "tags": _Reader.read_tags,
    "timeout": _Reader.read_timeout,
    "trigger": _Reader.read_trigger,
    "variables": _Reader.read_variables,
}
KEYS = frozenset(_READERS) | _TOGETHER
