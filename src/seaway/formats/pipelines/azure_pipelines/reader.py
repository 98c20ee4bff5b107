"""An Azure Pipelines file -> the model. Called through the package by everything that reads pipelines.

A file without `trigger` and `pr` is started by every push and every pull request: the model says so, too. Checks and approvals
of environments, variable groups and service connections are kept in Azure DevOps: the file only names them, and so do we.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from seaway.errors import ConfigError, Problem
from seaway.formats.pipelines.azure_pipelines.context import Context, Fields, fields_of
from seaway.formats.pipelines.azure_pipelines.expressions import Names
from seaway.formats.pipelines.azure_pipelines.jobs import job_name, read_job, read_jobs
from seaway.formats.pipelines.azure_pipelines.steps import template_ref
from seaway.formats.pipelines.azure_pipelines.templates import Expansion, guard_of
from seaway.formats.pipelines.azure_pipelines.triggers import read_triggers, trigger_natives
from seaway.formats.pipelines.sources import Sources
from seaway.formats.yaml.aliases import check_aliases
from seaway.formats.yaml.tree import Tree, get, is_mapping, is_sequence, read, sequence, string, strings
from seaway.model.expression import Phase
from seaway.model.pipeline import Include, Job, Native, Need, Parameter, Pipeline, Stage, System

Node: TypeAlias = Any

_KNOWN = frozenset(
    {"parameters", "variables", "stages", "jobs", "steps", "trigger", "pr", "schedules", "extends"}
)  # fmt: skip
_JOB_KEYS = frozenset({"pool", "strategy", "container", "services", "continueOnError", "workspace", "condition"})
_TELLING = _KNOWN | {"resources", "pool"}


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The pipeline of a file; with `sources` its templates stand where they are used. Raises ConfigError."""
    tree = read(text, path)
    if not tree.documents or not is_mapping(tree.documents[0]):
        raise ConfigError(
            [Problem(path, 1, 1, "this is no Azure pipeline", "it is a mapping with steps, jobs or stages")]
        )
    check_aliases(tree)
    return _pipeline(tree, sources)


def _pipeline(tree: Tree, sources: Sources | None) -> Pipeline:
    root, unresolved = tree.documents[0], []
    if "${{" in tree.text or (sources is not None and ("template:" in tree.text or "extends:" in tree.text)):
        expansion = Expansion(tree, sources)
        root, unresolved = expansion.root(), expansion.unresolved
    fields = fields_of(root)
    if not fields.keys() & _TELLING:
        raise tree.problem(root, "this is no Azure pipeline: it has neither steps, jobs nor stages")
    context = Context(tree, Names(jobs=_identities(fields)), unresolved=unresolved)
    resources = fields.get("resources")
    for one in sequence(get(resources, "containers")):
        context.containers[string(get(one, "container"))] = one
    return _assembled(root, fields, context)


def _assembled(root: Node, fields: Fields, context: Context) -> Pipeline:
    variables, natives = context.variables(fields.get("variables"), "")
    stages, jobs = _body(fields, context)
    if (extends := fields.get("extends")) is not None:
        ref = template_ref(get(extends, "template"), context)
        context.includes.append(Include(ref.text, ref.name if not ref.version else "", ref, context.span(extends)))
    single = "jobs" not in fields and "stages" not in fields
    known = _KNOWN | {"pool"} | (_JOB_KEYS if single else frozenset())
    return Pipeline(
        system=System.AZURE_PIPELINES,
        path=context.tree.path,
        triggers=read_triggers(fields, context),
        parameters=_parameters(fields.get("parameters"), context),
        variables=variables,
        stages=stages,
        jobs=jobs,
        includes=tuple(context.includes),
        natives=(
            *natives,
            *trigger_natives(fields, context),
            *((context.native("extends", extends),) if extends is not None else ()),
            *_parameter_natives(fields.get("parameters"), context),
            *context.natives(fields, {*known, "resources"}),
            *_resources(fields.get("resources"), jobs, context),
        ),
        unresolved=tuple(context.unresolved),
        comment=_head(context.tree),
        span=context.span(root),
    )


def _resources(node: Node | None, jobs: tuple[Job, ...], context: Context) -> Iterator[Native]:
    """Resources, without the containers that jobs hold."""
    places = {image.span for job in jobs for image in (job.container, *job.services) if image is not None}
    for kind, value in fields_of(node).items():
        if kind != "containers":
            yield context.native(f"resources.{kind}", value)
            continue
        for one in sequence(value):
            if context.span(one) not in places:
                yield context.native(f"resources.containers.{string(get(one, 'container'))}", one)


def _head(tree: Tree) -> str:
    """The comment at the top of the file."""
    found = []
    for line in tree.text.splitlines():
        if not line.startswith("#"):
            break
        found.append(line[1:].removeprefix(" "))
    return "\n".join(found)


def _identities(fields: Fields) -> dict[tuple[str, str], str]:
    """(stage, job) -> id in the model: the job's name, with its stage before it where several stages have one of that name."""
    found: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for stage, jobs in _named_jobs(fields):
        for name in jobs:
            if (stage, name) in found:
                continue
            ident = name if name not in taken else f"{stage}.{name}"
            taken.add(ident)
            found[stage, name] = ident
    return found


def _named_jobs(fields: Fields) -> Iterator[tuple[str, list[str]]]:
    if is_sequence(fields.get("stages")):
        for index, stage in enumerate(fields["stages"].value, start=1):
            yield _stage_name(stage, index), _job_names(get(stage, "jobs"))
    elif is_sequence(fields.get("jobs")):
        yield "", _job_names(fields["jobs"])


def _job_names(node: Node | None) -> list[str]:
    jobs = [fields_of(job) for job in sequence(node)] if is_sequence(node) else []
    return [string(job.get("template")) or job_name(job, index) for index, job in enumerate(jobs, start=1)]


def _stage_name(node: Node, index: int) -> str:
    return string(get(node, "stage")) or string(get(node, "template")) or f"Stage{index}"


def _body(fields: Fields, context: Context) -> tuple[tuple[Stage, ...], tuple[Job, ...]]:
    """A file is a list of stages, of jobs, or of the steps of one job."""
    pool = fields.get("pool")
    if is_sequence(fields.get("stages")):
        stages: list[Stage] = []
        jobs: list[Job] = []
        for index, node in enumerate(fields["stages"].value, start=1):
            stage, inner = _stage(node, _stage_name(node, index), pool, context)
            stages.append(stage)
            jobs += inner
        return tuple(stages), tuple(jobs)
    if is_sequence(fields.get("jobs")):
        return (), tuple(read_jobs(fields["jobs"], "", pool, context))
    if is_sequence(fields.get("steps")):
        own = {key: value for key, value in fields.items() if key in _JOB_KEYS or key == "steps"}
        return (), (read_job(fields["steps"], own, ("", "Job"), pool, context),)
    return (), ()


def _stage(node: Node, name: str, pool: Node | None, context: Context) -> tuple[Stage, list[Job]]:
    fields = fields_of(node)
    if "template" in fields:
        return _template_stage(node, name, fields, context)
    owner = f"stages.{name}."
    variables, natives = context.variables(fields.get("variables"), owner)
    context.names.stage = ""
    condition = context.condition(fields.get("condition"), guard_of(node), Phase.QUEUE)
    known = {"stage", "dependsOn", "condition", "variables", "jobs", "pool"}
    stage = Stage(
        name,
        needs=tuple(Need(one) for one in strings(fields["dependsOn"]) if one) if "dependsOn" in fields else None,
        condition=condition,
        variables=variables,
        natives=(*natives, *context.natives(fields, known, owner)),
        span=context.span(node),
    )
    return stage, list(read_jobs(fields.get("jobs"), name, fields.get("pool", pool), context))


def _template_stage(node: Node, name: str, fields: Fields, context: Context) -> tuple[Stage, list[Job]]:
    """Stages of a template that is not read: one stage with one job that stands for all of them."""
    ref = template_ref(fields["template"], context)
    condition = context.condition(None, guard_of(node), Phase.QUEUE)
    job = Job(
        id=ref.text,
        stage=name,
        condition=condition,
        calls=ref,
        inputs=context.pairs(fields.get("parameters")),
        span=context.span(node),
    )
    natives = context.natives(fields, {"template", "parameters"}, f"stages.{name}.")
    return Stage(name, natives=natives, span=context.span(node)), [job]


def _parameters(node: Node | None, context: Context) -> tuple[Parameter, ...]:
    """Parameters that have a type. Those of the old form, a mapping, belong to templates: they have their default alone."""
    if is_mapping(node):
        return tuple(Parameter(name, "object", _default(value, context)) for name, value in fields_of(node).items())
    found = []
    for item in sequence(node):
        fields = fields_of(item)
        kind = string(fields.get("type"), "string")
        options = strings(fields.get("values"))
        default = _default(fields.get("default"), context)
        found.append(
            Parameter(
                name=string(fields.get("name")),
                type="choice" if options and kind == "string" else kind,
                default=default,
                description=string(fields.get("displayName")),
                required=default is None,
                options=options,
                span=context.span(item),
            )
        )
    return tuple(found)


def _parameter_natives(node: Node | None, context: Context) -> Iterator[Native]:
    """What the noun does not hold of a parameter."""
    known = {"name", "type", "default", "displayName", "values"}
    for item in sequence(node) if is_sequence(node) else ():
        yield from context.natives(fields_of(item), known, f"parameters.{string(get(item, 'name'))}.")


def _default(node: Node | None, context: Context) -> str | None:
    if node is None:
        return None
    return str(node.value) if not (is_mapping(node) or is_sequence(node)) else context.raw(node)
