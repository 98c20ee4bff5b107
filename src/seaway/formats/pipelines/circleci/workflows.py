"""CircleCI's workflows -> jobs with their needs, and stages where a file has several. Called by `reader`.

A workflow becomes a stage that waits for no other. The name of a single one without conditions is the pipeline's. The clock
starts one workflow and no other, and a tag only the jobs that ask for tags: here both become conditions (`started`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from seaway.formats.pipelines.circleci import logic, started
from seaway.formats.pipelines.circleci.jobs import read_job
from seaway.formats.pipelines.circleci.steps import given
from seaway.formats.pipelines.circleci.values import Context, Fields, Scope, fields_of
from seaway.formats.yaml.tree import get, is_mapping, is_scalar, is_sequence, items, sequence, string
from seaway.model.expression import Binary, Condition, Expr, Literal, Phase, Ref, Template, Text, Unary
from seaway.model.pipeline import (
    Approval,
    Axis,
    Concurrency,
    Globs,
    Job,
    Matrix,
    Native,
    Need,
    Row,
    Stage,
    Trigger,
    TriggerKind,
)
from seaway.model.span import Span

Node: TypeAlias = Any

_USE = frozenset(
    {"name", "requires", "filters", "context", "type", "matrix", "pre-steps", "post-steps", "serial-group"}
)
_STATUS = {"success": "success", "failed": "failure", "terminal": "always"}
_SCHEDULE = frozenset({"cron", "filters"})


@dataclass(slots=True)
class Found:
    """All workflows of a file."""

    name: str = ""
    stages: tuple[Stage, ...] = ()
    jobs: list[Job] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    natives: list[Native] = field(default_factory=list)
    tags: bool = False  # some job runs for them


def read_workflows(node: Node | None, context: Context) -> Found:
    """Every workflow with its jobs."""
    found = Found()
    flows = [(name, value) for name, _, value in items(node) if name != "version" and is_mapping(value)]
    for name, _, value in items(node):
        if name == "version" or not is_mapping(value):
            found.natives.append(context.native(f"workflows.{name}", value))
    single = len(flows) == 1 and not set(fields_of(flows[0][1])) - {"jobs"}
    for name, value in flows:
        found.jobs += _Workflow("" if single else name, found, context).jobs(get(value, "jobs"))
    if single:
        found.name = flows[0][0]
    else:
        stages = tuple(_stage(name, value, found, context) for name, value in flows)
        found.stages = started.by_the_clock(stages, found.triggers)
    if found.tags:
        found.jobs = started.by_tags(found.jobs, found.triggers)
    if not flows or len({one.native for one in found.triggers}) < len(flows):
        found.triggers.insert(0, Trigger(TriggerKind.PUSH, "project"))
    if found.tags:
        found.triggers.append(Trigger(TriggerKind.TAG, "filters"))
    return found


def _stage(name: str, node: Node, found: Found, context: Context) -> Stage:
    fields = fields_of(node)
    expr: Expr | None = None
    for key in ("when", "unless"):
        if key in fields:
            value = logic.condition(fields[key], context)
            one: Expr = Literal(value) if isinstance(value, bool) else value
            one = one if key == "when" else Unary("!", one)
            expr = one if expr is None else Binary("&&", expr, one)
    known = {"jobs", "when", "unless"}
    if "triggers" in fields:
        schedules = [get(one, "schedule") for one in sequence(fields["triggers"])]
        found.triggers += [_schedule(name, one, node, context) for one in schedules]
        known |= {"triggers"} if all(_is_plain(one) for one in schedules) else set()
    return Stage(
        name,
        needs=(),
        condition=Condition(expr, Phase.COMPILE, "") if expr is not None else None,
        natives=context.natives(fields, known, f"workflows.{name}."),
        span=context.span(node),
    )


def _schedule(name: str, node: Node | None, flow: Node, context: Context) -> Trigger:
    branches = get(node, "filters", "branches")
    globs = Globs(context.strings(get(branches, "only")), context.strings(get(branches, "ignore")))
    return Trigger(TriggerKind.SCHEDULE, name, globs, cron=string(get(node, "cron")), span=context.span(flow))


def _is_plain(node: Node | None) -> bool:
    """The trigger says all of it."""
    branches = fields_of(get(node, "filters", "branches"))
    filters = fields_of(get(node, "filters"))
    return not (set(fields_of(node)) - _SCHEDULE or set(filters) - {"branches"} or set(branches) - {"only", "ignore"})


class _Workflow:
    """The jobs of one workflow."""

    def __init__(self, stage: str, found: Found, context: Context) -> None:
        self._stage, self._found, self._context = stage, found, context
        self._taken = {job.id for job in found.jobs}
        self._names: dict[str, list[str]] = {}  # as `requires` says them -> ids

    def jobs(self, node: Node | None) -> list[Job]:
        entries = [one for one in sequence(node) if is_scalar(one) or len(items(one)) == 1]
        uses = [self._use(entry) for entry in entries]
        shown = [self._shown(name, fields) for name, _, fields, _ in uses]
        ids = self._identified(shown)
        return [self._job(ident, *use) for ident, use in zip(ids, uses, strict=True)]

    def _shown(self, name: str, fields: Fields) -> str:
        return self._context.plain(fields.get("name")) or string(get(fields.get("matrix"), "alias")) or name

    def _identified(self, shown: list[str]) -> list[str]:
        """The jobs' ids: their names, with numbers where one is used more than once, as CircleCI gives them, and the workflow's name
        before it where another workflow has one of that name.
        """
        often, numbers = Counter(shown), Counter[str]()
        ids: dict[str, None] = {}
        for name in shown:
            elsewhere = name in self._taken or (often[name] > 1 and f"{name}-1" in self._taken)
            first = ident = f"{self._stage}.{name}" if elsewhere else name
            while ident in ids or (often[name] > 1 and ident == first):
                numbers[name] += 1
                ident = f"{first}-{numbers[name]}"
            ids[ident] = None
            self._names.setdefault(name, []).append(ident)
        return list(ids)

    def _use(self, entry: Node) -> tuple[str, Node | None, Fields, Node]:
        if is_scalar(entry):
            return string(entry), None, {}, entry
        name, _, body = items(entry)[0]
        return name, body, fields_of(body), entry

    def _job(self, ident: str, name: str, body: Node | None, fields: Fields, entry: Node) -> Job:
        context = self._context
        self._found.used.add(name)
        matrix = _matrix(fields.get("matrix"), context)
        filters = fields.get("filters")
        condition = logic.filtered(filters, context) if filters is not None else None
        self._found.tags = self._found.tags or (condition is not None and "tags" in fields_of(filters))
        group = context.text(fields.get("serial-group"))
        span = context.span(entry)
        more: dict[str, Any] = {
            "stage": self._stage,
            "needs": tuple(self._needs(fields.get("requires"))),
            "condition": Condition(condition, Phase.COMPILE) if condition is not None else None,
            "matrix": matrix,
            "concurrency": Concurrency(group, queue=True) if group else None,
            "comment": context.tree.comment(entry) if "#" in context.tree.text else "",
            "key_span": span,
        }
        owner = f"jobs.{ident}."
        if context.plain(fields.get("type")) == "approval":
            kept = self._kept(fields, _USE, owner)
            return Job(ident, approval=Approval(), natives=kept, span=span, **more)
        found = context.library.job(name, context)
        if found is None:
            inputs = tuple(one for one in given(body, context) if one.name not in _USE)
            ref = context.library.component(name, context, entry)
            kept = self._kept({key: fields[key] for key in fields if key in _USE}, _USE, owner)
            return Job(ident, calls=ref, inputs=inputs, natives=kept, span=span, **more)
        definition, inner = found
        scope: Scope = context.library.scope(definition, body, context)
        for axis in matrix.axes if matrix else ():
            scope[axis.name] = Template((Ref("matrix", (axis.name,)),))
        declared = fields_of(fields_of(definition).get("parameters"))
        more["natives"] = self._kept(fields, (_USE - {"type"}) | declared.keys(), owner)
        around = (fields.get("pre-steps"), fields.get("post-steps"), context)
        return read_job(definition, ident, inner.within(scope), around=around, more=more)

    def _kept(self, fields: Fields, known: Iterable[str], owner: str) -> tuple[Native, ...]:
        """What a use of a job says besides: contexts, and filters that are no branches or tags."""
        context = self._context
        found = context.natives(fields, set(known) - {"context"}, owner)
        filters = fields.get("filters")
        if filters is None:
            return found
        if is_scalar(filters):
            return (*found, context.native(f"{owner}filters", filters))
        return (*found, *context.natives(fields_of(filters), {"branches", "tags"}, f"{owner}filters."))

    def _needs(self, node: Node | None) -> Iterator[Need]:
        """`requires`: names, or names with the outcomes that are waited for."""
        for name, when, span in _required(node, self._context):
            for ident in self._names.get(name, [name]):
                yield Need(ident, when, span=span)


def _required(node: Node | None, context: Context) -> Iterator[tuple[str, str, Span]]:
    for one in sequence(node) if not is_mapping(node) else (node,):
        if is_scalar(one):
            yield context.plain(one), "success", context.span(one)
            continue
        for name, _, value in items(one):
            words = context.strings(value)
            when = _STATUS.get(words[0], words[0]) if len(words) == 1 else " ".join(words)
            yield name, when or "success", context.span(one)


def _matrix(node: Node | None, context: Context) -> Matrix | None:
    if node is None:
        return None
    parameters = fields_of(get(node, "parameters"))
    axes = tuple(
        Axis(name, context.texts(value))
        if is_sequence(context.followed(value)[0])
        else Axis(name, computed=context.plain(value))
        for name, value in parameters.items()
    )
    rows: list[Row] = []
    for one in sequence(get(node, "exclude")):
        row: list[tuple[str, Text]] = [(name, context.text(value)) for name, _, value in items(one)]
        rows.append(tuple(row))
    return Matrix(axes, exclude=tuple(rows), span=context.span(node))
