"""Settings -> a pipeline: which build configurations there are, in which projects, and what is declared around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from seaway.errors import ConfigError, Problem
from seaway.formats.pipelines.sources import Sources
from seaway.formats.pipelines.teamcity import chains, jobs, kotlin, xml
from seaway.formats.pipelines.teamcity.dsl import INDENT, block, written
from seaway.formats.pipelines.teamcity.expressions import Names
from seaway.formats.pipelines.teamcity.jobs import Around, Read
from seaway.formats.pipelines.teamcity.kotlin import Settings
from seaway.formats.pipelines.teamcity.steps import span_of
from seaway.formats.pipelines.teamcity.values import Entity, Item, Value, shown
from seaway.model.pipeline import (
    Include,
    Job,
    Native,
    Parameter,
    Pipeline,
    System,
    Trigger,
    TriggerKind,
    Unresolved,
    Variable,
)
from seaway.model.span import Span

BUILDS = frozenset({"BuildType", "Template"})
_OUTSIDE = frozenset({"version", "kotlin", "xml"})  # stands before the project
_NO_PROJECT = "a project that is declared in no file that was given"
MAX_DEPTH = 30  # projects within projects


@dataclass(slots=True)
class _Member:
    """A build configuration with the parameters of the projects around it."""

    entity: Entity
    params: list[Item]


@dataclass(slots=True)
class _Tree:
    """What the projects hold together."""

    members: dict[int, _Member] = field(default_factory=dict)
    params: list[Item] = field(default_factory=list)
    chains: list[Item] = field(default_factory=list)
    natives: list[Native] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    roots: list[Item] = field(default_factory=list)  # the top project's own words
    seen: set[int] = field(default_factory=set)


def read(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The pipeline of a file in Kotlin or XML. Raises ConfigError where it is no settings of TeamCity."""
    is_xml = path.endswith(".xml") or text.lstrip("\ufeff \t\r\n").startswith("<")
    settings = xml.read(text, path, sources) if is_xml else kotlin.read(text, path, sources)
    tree = _Tree()
    for item in settings.top:
        _top(item, tree)
    for entity in settings.entities:
        if entity.type in BUILDS and id(entity) not in tree.members:
            if tree.roots and entity.type == "BuildType" and entity.source is settings.source:
                span = entity.source.span(entity.start, entity.end) if entity.source is not None else None
                tree.unresolved.append(
                    Unresolved(entity.id, "declared here and registered in no project that could be read", span)
                )
            tree.members[id(entity)] = _Member(entity, [])
        elif entity.type == "Project" and id(entity) not in tree.seen and entity.source is settings.source:
            _project(entity.items, tree, [], "", 0)
    if not tree.members and not tree.roots:
        _refuse(settings)
    if settings.unclear is not None:
        tree.unresolved.append(_mistake(settings))
    return _pipeline(settings, tree, path, resolve=sources is not None)


def _mistake(settings: Settings) -> Unresolved:
    """The first place that could not be read: what stands there may be missing from the model."""
    at, source = settings.unclear or 0, settings.source
    line, column = source.position(at)
    text = source.text[at:].split("\n", 1)[0][:80].strip() or "the end of the file"
    span = Span(source.path, line, column, line, column + len(text), at, at + len(text))
    return Unresolved(text, "this is no Kotlin that could be read: what it says may be missing", span)


def _refuse(settings: Settings) -> None:
    at = settings.unclear or 0
    what = (
        "this is no Kotlin that could be read"
        if settings.unclear is not None
        else "there is no project and no build configuration"
    )
    raise ConfigError(
        [Problem(settings.source.path, *settings.source.position(at), what)], hint="name .teamcity/settings.kts"
    )


def _top(item: Item, tree: _Tree) -> None:
    """A statement outside of all declarations."""
    if item.word == "project":
        tree.roots.append(item)
        for one in item.args:
            if isinstance(one, Entity):
                tree.seen.add(id(one))
                _project(one.items, tree, [], "", 0)
            else:
                tree.unresolved.append(Unresolved(shown(one), _NO_PROJECT, span_of(item)))
        _project(item.items or [], tree, [], "", 0)
    elif item.word in {"sequential", "buildType", "template"}:
        _project([item], tree, [], "", 0)
    else:
        key = jobs.kept_as(item)
        tree.natives.append(Native(key, written(item), span_of(item)))


def _project(items: list[Item], tree: _Tree, around: list[Item], name: str, depth: int) -> None:
    """The words of one project; `name`: of a project within the top one, else ""."""
    own = [item for item in items if item.word == "params"]
    if not name:
        tree.params += own
    inherited = [*around, *(own if name else [])]
    for item in items:
        if item.word in {"buildType", "template"}:
            _register(item, tree, inherited)
        elif item.word == "subProject" and depth < MAX_DEPTH:
            _sub_project(item, tree, inherited, name, depth)
        elif item.word == "sequential":
            tree.chains.append(item)
            for one in chains.registered(item):
                _register(one, tree, inherited)
        elif item.word != "params" and not _is_plain_root(item):
            key = jobs.kept_as(item)
            tree.natives.append(Native(f"{name}{key}", written(item), span_of(item)))


def _is_plain_root(item: Item) -> bool:
    """A VCS root that is declared in Kotlin: its values stand at the checkouts that use it."""
    return item.word == "vcsRoot" and all(isinstance(one, Entity) for one in item.args) and not item.items


def _sub_project(item: Item, tree: _Tree, around: list[Item], name: str, depth: int) -> None:
    for inner, label in _inner(item):
        tree.natives.append(Native(f"{name}subProject", _summary(inner, label), span_of(item)))
        _project(inner, tree, around, f"{name}{label}.", depth + 1)
    for one in item.args:
        if isinstance(one, Entity):
            tree.seen.add(id(one))
        else:
            tree.unresolved.append(Unresolved(shown(one), _NO_PROJECT, span_of(item)))


def _inner(item: Item) -> Iterator[tuple[list[Item], str]]:
    for one in item.args:
        if isinstance(one, Entity):
            yield one.items, one.id
    if item.items is not None:
        made = Entity("Project", items=item.items)
        yield item.items, made.id


def _summary(items: list[Item], label: str) -> str:
    """What is left of a project within a project: its name and its builds, which stand in the one pipeline now."""
    names = [_named(one) for item in items if item.word == "buildType" for one in (item.args or [item])]
    return f"{label}: {', '.join(names)}"


def _named(value: Value) -> str:
    return Entity("BuildType", items=value.items or []).id if isinstance(value, Item) else shown(value)


def _register(item: Item, tree: _Tree, params: list[Item]) -> None:
    """`buildType(X)` or `buildType { ... }`."""
    if item.items is not None and not item.args:
        kind = "Template" if item.word == "template" else "BuildType"
        made = Entity(kind, "", {}, item.items, item.source, item.start, item.end, item.comment)
        tree.members.setdefault(id(made), _Member(made, params))
        item.args.append(made)  # so that a chain finds the same one
        return
    for one in item.args:
        if isinstance(one, Entity) and one.type in BUILDS:
            tree.members.setdefault(id(one), _Member(one, params))
        elif not isinstance(one, Entity):
            tree.unresolved.append(
                Unresolved(
                    shown(one), "a build configuration that is declared in no file that was given", span_of(item)
                )
            )


def _ids(members: list[_Member]) -> tuple[dict[int, str], dict[str, str]]:
    """An id for each, and what each is called by."""
    ids: dict[int, str] = {}
    known: dict[str, str] = {}
    taken: set[str] = set()
    for at, member in enumerate(members, 1):
        name = member.entity.id or f"build_{at}"
        found, count = name, 2
        while found in taken:
            found, count = f"{name}_{count}", count + 1
        taken.add(found)
        ids[id(member.entity)] = found
        known.setdefault(name, found)
        if member.entity.symbol:
            known.setdefault(member.entity.symbol, found)
    return ids, known


def _pipeline(settings: Settings, tree: _Tree, path: str, *, resolve: bool) -> Pipeline:
    members = list(tree.members.values())
    ids, known = _ids(members)
    root = jobs.declared(tree.params, Names(jobs=known))
    variables: list[Variable] = []
    asked: list[Parameter] = []
    for item in tree.params:
        more, inputs, natives = jobs.parameters(item, root)
        variables, asked = [*variables, *more], [*asked, *inputs]
        tree.natives += natives
    around = Around(root, ids, known)
    templates = {ids[id(member.entity)]: member.entity for member in members if member.entity.type == "Template"}
    found: list[Read] = []
    for member in members:
        entity = _with_params(member)
        if resolve and entity.type == "Template":
            continue
        if resolve:
            entity = _with_templates(entity, templates, around)
        found.append(jobs.read(entity, around, ids[id(member.entity)]))
    tree.natives += _roots(settings.entities)
    made = chains.ordered(tree.chains, [one.job for one in found], around)
    name = next((shown(item.value("name", "")) for item in tree.roots if item.value("name", "")), "")
    natives = [one for one in tree.natives if not (one.key == "name" and one.text.startswith("name = "))]
    return Pipeline(
        System.TEAMCITY, path, name, _merged(found),
        tuple({one.name: one for one in [*asked, *(each for one in found for each in one.parameters)]}.values()),
        tuple({one.name: one for one in variables}.values()),
        jobs=made,
        includes=tuple(Include(place, place) for place in settings.files),
        natives=tuple(sorted(natives, key=lambda one: one.key not in _OUTSIDE)),
        unresolved=tuple({one.text: one for one in [*around.unresolved, *tree.unresolved]}.values()),
        comment=tree.roots[0].comment if tree.roots else "",
    )  # fmt: skip


def _roots(entities: list[Entity]) -> list[Native]:
    """VCS roots that say more than where a checkout comes from: whole, as Kotlin."""
    found = []
    for one in entities:
        if not one.type.endswith("VcsRoot"):
            continue
        words = {item.word for item in one.items}
        plain = one.type == "GitVcsRoot" and words <= {"name", "url", "branch"}
        if plain and one.item.value("name") in (None, one.item.value("url")) and "is_own" not in one.fields:
            continue
        span = one.source.span(one.start, one.end) if one.source is not None else None
        name = one.symbol or one.id or "Root"
        text = f"object {name} : {one.type}({{\n{block(one.items, INDENT)}\n}})"
        found.append(Native(f"vcsRoot.{name}", text, span))
    return found


def _with_params(member: _Member) -> Entity:
    """The configuration with the parameters of inner projects, which its own win over."""
    if not member.params:
        return member.entity
    return dataclasses.replace(member.entity, items=[*member.params, *member.entity.items])


def _with_templates(entity: Entity, templates: dict[str, Entity], around: Around) -> Entity:
    """What its templates hold stands in the configuration, first; templates that are not there stay references."""
    items: list[Item] = []
    missing: list[Item] = []
    for item in entity.items:
        if item.word in {"templates", "template"}:
            for one in item.args:
                template = templates.get(around.job(one, span_of(item)))
                kept = (
                    [each for each in template.items if each.word not in {"id", "name"}] if template is not None else []
                )
                items += kept
                if template is None:
                    missing.append(dataclasses.replace(item, args=[one]))
    rest = [item for item in entity.items if item.word not in {"templates", "template"}]
    return dataclasses.replace(entity, items=[*missing, *items, *rest])


def _merged(found: list[Read]) -> tuple[Trigger, ...]:
    """Equal triggers of several configurations are one."""
    made: dict[Trigger, list[str]] = {}
    first: dict[Trigger, Trigger] = {}
    for one in found:
        if one.job.template:
            continue
        for trigger in [*one.triggers, *_pull_requests(one.job)]:
            key = dataclasses.replace(trigger, span=None, jobs=())
            first.setdefault(key, trigger)
            names = made.setdefault(key, [])
            if one.job.id not in names:
                names.append(one.job.id)
    return tuple(dataclasses.replace(first[key], jobs=tuple(names)) for key, names in made.items())


def _pull_requests(job: Job) -> list[Trigger]:
    """`pullRequests` shows pull requests as branches: with it they start the build as well."""
    kept = next((one for one in job.natives if one.key == "features.pullRequests"), None)
    return [Trigger(TriggerKind.PULL_REQUEST, "pullRequests", span=kept.span)] if kept is not None else []
