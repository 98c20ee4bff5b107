"""`.gitlab-ci.yml` -> `model.pipeline.Pipeline`. Called through `gitlab_ci.parse`."""

from __future__ import annotations

import dataclasses

import yaml

from seaway.errors import ConfigError, Problem
from seaway.formats.pipelines.gitlab_ci import includes, job, rules, values
from seaway.formats.pipelines.gitlab_ci.expressions import KIND, template
from seaway.formats.pipelines.gitlab_ci.merge import Document, Joiner
from seaway.formats.pipelines.sources import Sources
from seaway.formats.yaml import tree
from seaway.formats.yaml.tree import Node, Tree
from seaway.model.expression import Binary, Condition, Literal, Text
from seaway.model.pipeline import Include, Job, Native, Parameter, Pipeline, Stage, System, TriggerKind, Variable

STAGES = ("build", "test", "deploy")
DEFAULTS = (
    "after_script", "artifacts", "before_script", "cache", "hooks", "id_tokens", "identity", "image", "interruptible",
    "retry", "services", "tags", "timeout",
)  # fmt: skip
_OLD_DEFAULTS = ("after_script", "before_script", "cache", "image", "services")  # as keys of the file itself
_NO_JOBS = frozenset({"default", "include", "spec", "stages", "types", "variables", "workflow", *_OLD_DEFAULTS})
_TYPES = {"string": "string", "boolean": "boolean", "number": "number", "array": "array"}


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The pipeline as written; with `sources` resolved. Raises ConfigError for what is no GitLab pipeline."""
    found = tree.read(text, path)
    header, document = includes.content(found)
    if not isinstance(document, yaml.MappingNode):
        message = "this is no GitLab pipeline: it has no jobs"
        raise ConfigError([Problem(path, 1, 1, message, "a pipeline is a mapping of job names to jobs")])
    joiner = Joiner(found)
    followed = includes.Includes(joiner, sources) if sources is not None else None
    if followed is not None:
        pairs = followed.joined(document)
        listed: list[Include] = followed.found
    else:
        pairs = {name: (key, value) for name, key, value in tree.items(document)}
        listed = [one for one, _ in includes.described(pairs["include"][1], joiner)] if "include" in pairs else []
    reader = _Reader(found, joiner, Document(joiner, pairs, resolve=sources is not None), resolved=sources is not None)
    made = reader.pipeline(header)
    return dataclasses.replace(made, includes=tuple(listed), index={})


class _Reader:
    def __init__(self, found: Tree, joiner: Joiner, document: Document, *, resolved: bool) -> None:
        self.tree, self.joiner, self.document, self.resolved = found, joiner, document, resolved
        self.natives: list[Native] = []
        self.variables: dict[str, str] = {}
        self.names: set[str] = set()  # of the jobs

    def pipeline(self, header: Node | None) -> Pipeline:
        variables = self._variables()
        scope = job.Scope(self.joiner, self.variables, self.resolved)
        self.names = {name for name, (_, value) in self.document.pairs.items() if self._is_job(name, value)}
        jobs = [self._job(name, key, scope) for name, (key, _) in self.document.pairs.items() if name in self.names]
        workflow = self.document.value("workflow")
        listed = rules.read(tree.get(workflow, "rules"), self.joiner, "workflow.rules", (), self.variables)
        asks = self.joiner.owners or any(word in self.tree.text for word in ("CI_PIPELINE_SOURCE", "only:", "except:"))
        conditions = [one.condition.expr for one in jobs if asks and one.condition and not one.template]
        started = rules.triggers(listed, conditions)
        if not listed and any(one.kind is TriggerKind.PULL_REQUEST for one in started):
            jobs = [_only_on_pushes(one) for one in jobs]
        self._keep_rest(workflow)
        self._keep_includes()
        return Pipeline(
            System.GITLAB_CI,
            self.tree.path,
            name=self._text(tree.get(workflow, "name")),
            triggers=started,
            parameters=self._parameters(header),
            variables=variables,
            stages=self._stages(jobs),
            barrier=True,
            jobs=tuple(jobs),
            rules=listed,
            comment=_head(self.tree),
            natives=tuple(sorted(self.natives, key=lambda native: native.key)),
            unresolved=tuple(dict.fromkeys(self.joiner.unresolved)),
            span=self.tree.place(0, len(self.tree.text)),
        )

    def _is_job(self, name: str, value: Node) -> bool:
        if name in _NO_JOBS or not isinstance(value, yaml.MappingNode) or tree.custom_tag(value):
            return False
        return not name.startswith(".") or bool(_JOB_KEYS & {one for one, _, _ in tree.items(value)})

    def _job(self, name: str, key: Node, scope: job.Scope) -> Job:
        node = self.document.value(name)
        own = {one: (at, value) for one, at, value in tree.items(node)}
        pairs = self._with_defaults(own) if self.resolved and not name.startswith(".") else own
        return job.read(name, key, self.document.pairs[name][1], pairs, scope)

    def _with_defaults(self, own: job.Pairs) -> job.Pairs:
        """The job's keys, and those of `default` that it has not and that `inherit` lets in."""
        inherit = own.get("inherit", (None, None))[1]
        wanted = tree.get(inherit, "default")
        allowed = set(DEFAULTS)
        if isinstance(wanted, yaml.SequenceNode):
            allowed &= set(tree.strings(wanted))
        elif tree.is_true(wanted) is False:
            allowed = set()
        if "trigger" in own:
            allowed = set()
        found = {name: pair for name, pair in own.items() if name != "inherit" and not tree.is_null(pair[1])}
        if inherit is not None and tree.get(inherit, "variables") is not None:
            found["inherit"] = own["inherit"]
        for name, key, value in tree.items(self.document.value("default")):
            if name in allowed and name not in own:
                found[name] = (key, value)
        for name in _OLD_DEFAULTS:
            if name in allowed and name not in own and name not in found and name in self.document.pairs:
                value = self.document.value(name)
                if value is not None:
                    found[name] = (self.document.pairs[name][0], value)
        return found

    def _variables(self) -> tuple[Variable, ...]:
        pairs = tree.items(self.document.value("variables"))
        for name, _, node in pairs:
            self.variables[name] = tree.string(tree.get(node, "value") if isinstance(node, yaml.MappingNode) else node)
        found = []
        for name, key, node in pairs:
            if isinstance(node, yaml.MappingNode):
                for inner, _, value in tree.items(node):
                    if inner not in {"value", "description"}:
                        self._keep(f"variables.{name}.{inner}", inner, value)
            found.append(job.variable(name, key, node, self._text, self.joiner))
        return tuple(found)

    def _text(self, node: Node | None) -> Text:
        return template(tree.string(node), (), self.variables)

    def _stages(self, jobs: list[Job]) -> tuple[Stage, ...]:
        key = "stages" if "stages" in self.document.pairs else "types"
        node = self.document.value(key)
        named = [(tree.string(one), self.joiner.span(one)) for one in tree.sequence(node)] if node else []
        names = [(name, place) for name, place in named if name not in {".pre", ".post"}]
        if not named:
            names = [(name, None) for name in STAGES]  # type: ignore[misc]
        used = {one.stage for one in jobs}
        found = [Stage(name, span=place) for name, place in names]
        first = [Stage(".pre")] if ".pre" in used else []
        return (*first, *found, *([Stage(".post")] if ".post" in used else []))

    def _parameters(self, header: Node | None) -> tuple[Parameter, ...]:
        found = []
        for name, key, node in tree.items(tree.get(header, "spec", "inputs")):
            given = tree.mapping(node)
            for inner, value in given.items():
                if inner not in {"type", "default", "description", "options"}:
                    self._keep(f"spec.inputs.{name}.{inner}", inner, value)
            kind = _TYPES.get(tree.string(given.get("type"), "string"), "string")
            default = given.get("default")
            if default is not None and not isinstance(default, yaml.ScalarNode):
                self._keep(f"spec.inputs.{name}.default", "default", default)
            options = tree.strings(given.get("options"))
            found.append(
                Parameter(
                    name,
                    type="choice" if options and kind == "string" else kind,
                    default=tree.string(default) if isinstance(default, yaml.ScalarNode) else None,
                    description=tree.string(given.get("description")),
                    required="default" not in given,
                    options=options,
                    span=self.joiner.span(node, key),
                )
            )
        for name, _, value in tree.items(tree.get(header, "spec")):
            if name != "inputs":
                self._keep(f"spec.{name}", name, value)
        return tuple(found)

    def _keep_rest(self, workflow: Node | None) -> None:
        """What is neither a job nor read above."""
        for name, _, value in tree.items(workflow):
            if name not in {"name", "rules"}:
                self._keep(f"workflow.{name}", name, value)
        for name, (_, value) in self.document.pairs.items():
            if name in {"include", "stages", "types", "variables", "workflow"} or name in self.names:
                continue
            if self.resolved and (name in {"default", *_OLD_DEFAULTS} or name.startswith(".")):
                continue
            self._keep(name, name, value)

    def _keep_includes(self) -> None:
        """Entries of `include` as they are, but for those that stand in the document now."""
        pair = self.document.pairs.get("include")
        lost = {one.span for one in self.joiner.unresolved}
        for entry in tree.sequence(pair[1]) if pair else []:
            if not self.resolved or self.joiner.span(entry) in lost:
                self._keep("include[]", "include", entry)

    def _keep(self, path: str, key: str, node: Node) -> None:
        text = values.kept(key, node, self.joiner.tree(node).text)
        self.natives.append(Native(path, text, self.joiner.span(node)))


def _head(found: Tree) -> str:
    """The comment at the top of the file, where a blank line ends it."""
    lines: list[str] = []
    for line in found.text.splitlines():
        if not line.startswith("#"):
            return "\n".join(lines) if not line.strip() else ""
        lines.append(line[1:].removeprefix(" "))
    return ""


_JOB_KEYS = frozenset(
    {"extends", "trigger", "rules", "only", "except", "stage", "needs", "parallel", "when", *job.KEYS}
)


def _only_on_pushes(made: Job) -> Job:
    """Without `workflow:rules`, a job that has no rules of its own does not run for merge requests."""
    limited = any(native.key in {f"{made.id}.only", f"{made.id}.except"} for native in made.natives)
    if made.rules or limited or made.template:
        return made
    expr = Binary("!=", KIND, Literal("pull_request"))
    if made.condition is not None:
        return dataclasses.replace(
            made, condition=Condition(Binary("&&", expr, made.condition.expr), text=made.condition.text)
        )
    return dataclasses.replace(made, condition=Condition(expr))
