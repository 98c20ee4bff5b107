"""The settings of one build configuration -> a job, with what starts it. Called by `reader`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from seaway.formats.pipelines.teamcity import expressions, features, steps, triggers
from seaway.formats.pipelines.teamcity.dsl import written
from seaway.formats.pipelines.teamcity.expressions import Names
from seaway.formats.pipelines.teamcity.steps import span_of
from seaway.formats.pipelines.teamcity.values import OPAQUE, Entity, Item, Mixed, Symbol, Value, shown
from seaway.formats.pipelines.teamcity.words import BLOCKS, block_of
from seaway.model.expression import Ref, Template
from seaway.model.pipeline import (
    Artifact,
    Checkout,
    Concurrency,
    DeployTarget,
    Image,
    Job,
    Native,
    Need,
    Parameter,
    Retry,
    Runner,
    Step,
    Trigger,
    TriggerKind,
    Unresolved,
    Variable,
)
from seaway.model.span import Span

_STARTS = frozenset({"vcs", "schedule", "finishBuildTrigger"})
_TYPED = {"text": "string", "checkbox": "boolean", "select": "choice"}
_SYSTEMS = (("linux", "linux"), ("windows", "windows"), ("mac", "macos"))
_OS_NAMES = frozenset({"teamcity.agent.jvm.os.name", "teamcity.agent.os.family"})
OS_VALUES = {"linux": "Linux", "windows": "Windows", "macos": "Mac"}
ALWAYS = frozenset({"ADD_PROBLEM", "IGNORE"})


@dataclass(slots=True)
class Around:
    """What a build configuration may refer to. `jobs`: its ids; `unresolved` grows while it is read."""

    names: Names
    ids: dict[int, str]
    jobs: dict[str, str]
    unresolved: list[Unresolved] = field(default_factory=list)

    def job(self, value: Value, span: Span | None) -> str:
        """The job that a value means; `val x = template { }` holds the call, and in it what was made."""
        if isinstance(value, Item) and len(value.args) == 1 and value.word in {"buildType", "template"}:
            value = value.args[0]
        if isinstance(value, Entity) and id(value) in self.ids:
            return self.ids[id(value)]
        name = shown(value).removesuffix(".id")
        found = self.jobs.get(name) or self.jobs.get(name.rpartition(".")[2])
        if found is None:
            self.unresolved.append(
                Unresolved(name, "a build configuration that is declared in no file that was given", span)
            )
        return found or name


@dataclass(slots=True)
class Read:
    """A job, what starts it, and the parameters that a person gives."""

    job: Job
    triggers: list[Trigger] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)


def in_order(natives: Iterable[Native], needs: list[str], variables: list[str]) -> tuple[Native, ...]:
    """By the block that each stands in, as the writer has them; within a block as the file has them."""

    def place(one: Native) -> tuple[int, int, str]:
        block = block_of(one.key)
        name, part = one.key.removeprefix(f"{block}."), ""
        if block == "dependencies":
            name, _, part = name.rpartition(".")
            part = "b" if part == "artifacts" else "a"
        if block == "triggers":
            return BLOCKS.index(block), name not in _STARTS, ""
        known = needs if block == "dependencies" else variables if block == "params" else []
        name = name.removeprefix("env.") if block == "params" else name
        return BLOCKS.index(block), known.index(name) if name in known else len(known), part

    return tuple(sorted(natives, key=place))


def kept_as(item: Item) -> str:
    """The key of a word that is kept as it is."""
    if item.word != OPAQUE:
        return item.word
    return "xml" if item.source is not None and item.source.path.endswith(".xml") else "kotlin"


def declared(blocks: Iterable[Item], before: Names) -> Names:
    """The names of `params { }` and of a matrix, added to those around."""
    plain, inputs, matrix, secrets = set(before.plain), set(before.inputs), set(before.matrix), set(before.secrets)
    for item in blocks:
        if item.word == "params":
            for one in item.items or ():
                name = one.args[0] if one.args and isinstance(one.args[0], str) else ""
                for names in (plain, inputs, secrets):
                    names.discard(name)
                chosen = inputs if one.word in _TYPED else secrets if one.word == "password" else plain
                if name and not (name.startswith("env.") and chosen is not secrets):
                    chosen.add(name)
        elif item.word == "features":
            matrix |= {axis for one in item.each("matrix") for axis in features.axis_names(one)}
    return Names(frozenset(plain), frozenset(inputs), frozenset(matrix), frozenset(secrets), before.jobs)


def parameters(item: Item, names: Names) -> tuple[list[Variable], list[Parameter], list[Native]]:
    """`params { }`: variables, what a person is asked for, and what is neither."""
    variables: list[Variable] = []
    asked: list[Parameter] = []
    natives: list[Native] = []
    for one in item.items or ():
        span = span_of(one)
        name = one.args[0] if one.args and isinstance(one.args[0], str) else ""
        extra = set(one.named) - {"label", "description"} if one.word in _TYPED else set(one.named)
        if name and one.word == "param" and len(one.args) == 2 and not extra and not one.items:
            value = expressions.text(one.args[1], names)
            exported = name.startswith("env.") and len(name) > 4
            variables.append(Variable(name[4:] if exported else name, value, span=span, exported=exported))
            continue
        if name and one.word == "password" and len(one.args) == 2 and isinstance(one.args[1], str):
            exported = name.startswith("env.") and len(name) > 4
            bare = name.removeprefix("env.")
            variables.append(
                Variable(bare, Template((Ref("secret", (bare,)),)), secret=True, span=span, exported=exported)
            )
            if one.args[1] or one.named:
                natives.append(Native(f"params.{name}", written(_guarded(one)), span))
            continue
        if name and one.word in _TYPED:
            asked.append(_asked(one, name.removeprefix("env."), span))
            if name.startswith("env."):
                bare = name[4:]
                variables.append(Variable(bare, Template((Ref("input", (bare,)),)), span=span))
            if not _is_whole(one, asked[-1]):
                natives.append(Native(f"params.{name}", written(one), span))
            continue
        natives.append(Native("params", written(one), span))
    return variables, asked, natives


def _guarded(one: Item) -> Item:
    """The word without a password that somebody wrote into the file; references to one stay."""
    value = one.args[1]
    kept = value if value.startswith("credentialsJSON:") or (value[:1] == value[-1:] == "%") else "***"
    return dataclasses.replace(one, comment="", args=[one.args[0], kept if value else value])


def _asked(one: Item, name: str, span: Span | None) -> Parameter:
    value = one.args[1] if len(one.args) > 1 else one.named.get("value", "")
    options = one.named.get("options", [])
    listed = options if isinstance(options, list) else []
    words = tuple(shown(each[1] if isinstance(each, tuple) else each) for each in listed)
    described = one.named.get("description", "") or one.named.get("label", "")
    return Parameter(name, _TYPED[one.word], shown(value) or None, shown(described), options=words, span=span)


def _is_whole(one: Item, read: Parameter) -> bool:
    """The parameter says all that the word says."""
    known = {"description", *{"select": ["options"], "checkbox": ["checked", "unchecked"]}.get(one.word, [])}
    if one.word == "checkbox" and (one.named.get("checked"), one.named.get("unchecked")) != ("true", "false"):
        return False
    plain = len(one.args) == 2 and isinstance(one.args[1], str) and not one.items
    options = one.named.get("options", [])
    flat = isinstance(options, list) and all(isinstance(each, str) for each in options)
    return (
        plain
        and set(one.named) <= known
        and flat
        and (one.word != "checkbox" or read.default in {"true", "false", None})
    )


def read(entity: Entity, around: Around, job_id: str) -> Read:
    """One build configuration or template."""
    names = declared(entity.items, around.names)
    span = entity.source.span(entity.start, entity.end) if entity.source is not None else None
    name = entity.item.value("name", "")
    job = Job(
        job_id, expressions.text(name, names), template=entity.type == "Template", dependencies=(), needs=(),
        comment=entity.comment, span=span,
    )  # fmt: skip
    found = Read(job)
    made = _Made()
    for item in sorted(entity.items, key=lambda one: one.word == "maxRunningBuilds"):
        handler = _WORDS.get(item.word)
        if handler is not None:
            handler(_Part(item, made, found, around, names, job_id))
        elif item.word not in {"name", "id"}:
            key = kept_as(item)
            made.natives.append(Native(key, written(item), span_of(item)))
    found.job = dataclasses.replace(job, **_finished(made, names))
    return found


@dataclass(slots=True)
class _Made:
    """The parts of a job while it is read."""

    fields: dict[str, Value] = field(default_factory=dict)
    natives: list[Native] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    checkouts: list[Step] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    needs: dict[str, Need] = field(default_factory=dict)
    downs: list[Artifact] = field(default_factory=list)
    ups: list[Artifact] = field(default_factory=list)
    reports: list[Artifact] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """One word of a build configuration with all that reading it needs."""

    item: Item
    made: _Made
    found: Read
    around: Around
    names: Names
    job: str

    def keep(self, one: Item, key: str) -> None:
        """As it is."""
        self.made.natives.append(Native(key, written(one), span_of(one) or span_of(self.item)))


def _finished(made: _Made, names: Names) -> dict[str, Value]:
    order = list(made.needs)
    made.downs.sort(key=lambda one: order.index(one.jobs[0]) if one.jobs[0] in order else len(order))
    carried = tuple(dict.fromkeys(name for one in made.downs for name in one.jobs))
    needs = tuple(dataclasses.replace(need, artifacts=need.job in carried) for need in made.needs.values())
    listed = (*made.checkouts, *made.steps)
    container, listed = _container(listed, names)
    return made.fields | {
        "natives": in_order(made.natives, list(made.needs), [one.name for one in made.variables]), "variables": tuple({one.name: one for one in made.variables}.values()),
        "steps": listed, "container": container, "needs": needs, "dependencies": carried,
        "artifacts": (*made.downs, *made.ups, *made.reports),
    }  # fmt: skip


def _container(listed: tuple[Step, ...], names: Names) -> tuple[Image | None, tuple[Step, ...]]:
    """One image in which all steps run is the job's."""
    images = set()
    for step in listed:
        if step.native != "vcs":
            images.add(next((one.text for one in step.natives if one.key == f"{step.native}.dockerImage"), ""))
    image = images.pop() if len(images) == 1 else ""
    word, _, text = image.partition(" = ")
    if word != "dockerImage" or not text.startswith('"') or text.count('"') != 2 or "\\" in text or "$" in text:
        return None, listed
    kept = tuple(
        dataclasses.replace(step, natives=tuple(one for one in step.natives if not one.key.endswith(".dockerImage")))
        for step in listed
    )
    return Image(expressions.text(text[1:-1], names)), kept


# --- words of a build configuration


def _params(part: _Part) -> None:
    variables, asked, natives = parameters(part.item, part.names)
    part.made.variables += variables
    part.found.parameters += asked
    part.made.natives += natives


def _vcs(part: _Part) -> None:
    for one in part.item.items or ():
        if one.word == "root" and one.args and not one.items:
            part.made.checkouts.append(_checkout(one))
        else:
            part.keep(one, f"vcs.{one.word}")


def _checkout(one: Item) -> Step:
    root, rest = one.args[0], one.args[1:]
    natives: tuple[Native, ...] = ()
    path = ""
    if len(rest) == 1 and isinstance(rest[0], str) and rest[0].startswith("+:. => ") and "\n" not in rest[0]:
        path = rest[0].removeprefix("+:. => ")
    elif rest or one.named:
        natives = (Native("vcs.root", written(one), span_of(one)),)
    repository = reference = ""
    if isinstance(root, Entity):
        repository = shown(root.item.value("url", "")) or root.id
        reference = shown(root.item.value("branch", ""))
    elif not (isinstance(root, Symbol) and root.text.startswith("DslContext.settingsRoot")):
        repository = shown(root)
    work = Checkout(
        ref=expressions.template(reference),
        repository=expressions.template(repository),
        path=expressions.template(path),
    )
    return Step(work, native="vcs", natives=natives, comment=one.comment, span=span_of(one))


def _steps(part: _Part) -> None:
    for one in part.item.items or ():
        if one.assigned:  # stepsOrder
            part.keep(one, f"steps.{one.word}")
        else:
            part.made.steps.append(steps.read(one, part.names))
    if part.item.args or part.item.named:
        part.keep(dataclasses.replace(part.item, items=None), "steps")


def _triggers(part: _Part) -> None:
    for one in part.item.items or ():
        count = one.value("attempts")
        if (
            one.word == "retryBuild"
            and isinstance(count, int)
            and {each.word for each in one.items or ()} <= {"attempts"}
        ):
            part.made.fields["retry"] = Retry(count, span=span_of(one))
            continue
        found, whole = triggers.read(one, part.job)
        if found is not None and found.kind is TriggerKind.UPSTREAM:
            sources = tuple(part.around.job(name, found.span) for name in found.sources)
            found = dataclasses.replace(found, sources=sources)
        if found is not None:
            part.found.triggers.append(found)
        if not whole:
            part.keep(one, f"triggers.{one.word}")


def _dependencies(part: _Part) -> None:
    for one in part.item.items or ():
        on = one.args[0] if one.args else None
        if on is None or one.word not in {"snapshot", "artifacts", "dependency", "artifact"}:
            part.keep(one, "dependencies")
            continue
        job = part.around.job(on, span_of(one))
        inner = list(one.items or ()) if one.word == "dependency" else [one]
        for each in inner:
            if each.word == "snapshot":
                _snapshot(part, job, each, span_of(one))
            elif each.word in {"artifacts", "artifact"}:
                _carried(part, job, each)
            else:
                part.keep(each, f"dependencies.{job}")


def _snapshot(part: _Part, job: str, item: Item, span: Span | None) -> None:
    said = item.value("onDependencyFailure")
    word = said.text.rpartition(".")[2] if isinstance(said, Symbol) else ""
    when = "always" if word in ALWAYS else "success"
    part.made.needs[job] = Need(job, when, span=span)
    rest = [
        one
        for one in item.items or ()
        if one.word != "onDependencyFailure" or word not in {"FAIL_TO_START", "ADD_PROBLEM"}
    ]
    for one in rest:
        part.keep(one, f"dependencies.{job}.snapshot")


def _carried(part: _Part, job: str, item: Item) -> None:
    rules = item.value("artifactRules", "")
    found = list(_artifacts("down", rules, part.names, (job,)))
    if not found:
        part.keep(item, f"dependencies.{job}.artifacts")
        return
    part.made.downs += found
    for one in item.items or ():
        if one.word != "artifactRules":
            part.keep(one, f"dependencies.{job}.artifacts")


def _artifacts(direction: str, rules: Value, names: Names, jobs: tuple[str, ...] = ()) -> Iterator[Artifact]:
    """`+:build/libs/*.jar => libs`, one a line: those of one destination are one artifact, which it names where they go up."""
    made: dict[str, tuple[list[str], list[str]]] = {}
    if not isinstance(rules, (str, Mixed)):
        return
    lines = rules.splitlines() if isinstance(rules, str) else []
    for line in lines:
        source, arrow, into = (each.strip() for each in line.strip().partition("=>"))
        if not source:
            continue
        include, exclude = made.setdefault(into if arrow else "", ([], []))
        (exclude if source.startswith("-:") else include).append(source.removeprefix("-:").removeprefix("+:"))
    if isinstance(rules, Mixed):
        yield Artifact(direction, paths=(expressions.text(rules, names),), jobs=jobs)
    for into, (include, exclude) in made.items():
        folder = expressions.text(into, names)
        yield Artifact(
            direction, name=folder if direction == "up" else "", into=folder if direction == "down" else "",
            paths=tuple(expressions.text(one, names) for one in include),
            exclude=tuple(expressions.text(one, names) for one in exclude), jobs=jobs,
        )  # fmt: skip


def _artifact_rules(part: _Part) -> None:
    part.made.ups = [*_artifacts("up", part.item.args[0], part.names)]


def _requirements(part: _Part) -> None:
    for one in part.item.items or ():
        system = _system(one)
        if system and "runner" not in part.made.fields:
            part.made.fields["runner"] = Runner(os=system, span=span_of(one))
            if one.word != "contains" or one.args != ["teamcity.agent.jvm.os.name", OS_VALUES[system]]:
                part.keep(one, f"requirements.{one.word}")
        else:
            part.keep(one, f"requirements.{one.word}")


def _system(one: Item) -> str:
    """The operating system that a requirement asks for, or ""."""
    if (
        one.word not in {"equals", "contains", "startsWith", "matches"}
        or len(one.args) < 2
        or one.args[0] not in _OS_NAMES
    ):
        return ""
    return next((system for word, system in _SYSTEMS if word in shown(one.args[1]).lower()), "")


def _conditions(part: _Part) -> None:
    for one in part.item.items or ():
        if one.word == "executionTimeoutMin" and isinstance(one.args[0], int) and 0 < one.args[0] < 10**7:
            part.made.fields["timeout"] = timedelta(minutes=one.args[0])
        else:
            part.keep(one, f"failureConditions.{one.word}")


def _features(part: _Part) -> None:
    for one in part.item.items or ():
        found = features.read(one, part.names)
        if found is None:
            part.keep(one, f"features.{one.word}")
            continue
        name, value, whole = found
        if not whole:
            part.keep(one, f"features.{one.word}")
        if name == "caches":
            part.made.fields[name] = (*part.made.fields.get(name, ()), value)
        elif name == "ups":
            part.made.reports.append(value)
        elif name in part.made.fields:
            part.keep(one, f"features.{one.word}")
        else:
            part.made.fields[name] = value


def _type(part: _Part) -> None:
    if shown(part.item.args[0]).endswith("Type.DEPLOYMENT"):
        name = part.found.job.name or part.job
        part.made.fields["environment"] = DeployTarget(name, span=span_of(part.item))
    else:
        part.keep(part.item, "type")


def _templates(part: _Part) -> None:
    names = tuple(part.around.job(one, span_of(part.item)) for one in part.item.args)
    part.made.fields["extends"] = (*part.made.fields.get("extends", ()), *names)


def _running(part: _Part) -> None:
    """One build of a configuration at a time."""
    if part.item.args == [1] and "concurrency" not in part.made.fields:
        part.made.fields["concurrency"] = Concurrency(part.job, queue=True, span=span_of(part.item))
    else:
        part.keep(part.item, "maxRunningBuilds")


_WORDS = {
    "params": _params, "vcs": _vcs, "steps": _steps, "triggers": _triggers, "dependencies": _dependencies,
    "artifactRules": _artifact_rules, "requirements": _requirements, "failureConditions": _conditions,
    "features": _features,
    "maxRunningBuilds": _running, "type": _type, "templates": _templates, "template": _templates,
}  # fmt: skip
