"""Model -> `settings.kts`: one project, an object for each build configuration. Called by `render`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.teamcity import dsl, kotlin, write_jobs, write_steps
from seaway.formats.pipelines.teamcity.expressions import Names
from seaway.formats.pipelines.teamcity.told import PROJECT, Told
from seaway.formats.pipelines.teamcity.values import Item, Symbol, shown, to_id
from seaway.formats.pipelines.teamcity.words import BLOCKS, PACKAGES, RESERVED, TYPES, block_of
from seaway.formats.pipelines.teamcity.write_jobs import Target, Writer
from seaway.formats.pipelines.teamcity.write_steps import assign, raw
from seaway.model.loss import Written
from seaway.model.pipeline import Checkout, Job, Native, Parameter, Pipeline
from seaway.model.span import Span

VERSION = "2024.12"  # the DSL's, where the pipeline names none
_PACKAGE = "jetbrains.buildServer.configs.kotlin"
_SYMBOL = re.compile(r"[A-Z_][A-Za-z0-9_]*")
_WORDS = {"string": "text", "number": "text", "boolean": "checkbox", "choice": "select"}


def write(pipeline: Pipeline, losses: Losses) -> Written:
    """The text, and what it does not say."""
    told = Told(losses, PROJECT, pipeline.span)
    target = Target(told, _symbols(pipeline), pipeline.triggers)
    kept = [one.text for one in pipeline.natives if one.key.startswith("vcsRoot.")]
    target.roots |= {place: symbol for text in kept for place, symbol in _known_root(text)}
    known = set(target.roots.values())
    for job in pipeline.jobs:
        for place, symbol in _named_roots(job):
            target.roots.setdefault(place, symbol)
    around = names_of(pipeline)
    jobs = [(job, Writer(job, names_in(job, around), target).items()) for job in pipeline.jobs]
    project = _project(pipeline, around, target)
    objects = [f"object {target.symbols[job.id]} : {_kind(job)}({{\n{dsl.spaced(items)}\n}})" for job, items in jobs]
    objects = [_commented(job.comment, text) for (job, _), text in zip(jobs, objects, strict=True)]
    objects += kept
    for (url, branch), symbol in target.roots.items():
        if symbol in known:
            continue
        own = [assign("name", url), assign("url", url), *([assign("branch", branch)] if branch else [])]
        objects.append(f"object {symbol} : GitVcsRoot({{\n{dsl.block(own, dsl.INDENT)}\n}})")
    version = [one.text for one in pipeline.natives if one.key == "version"] or [f'version = "{VERSION}"']
    whole = _commented(pipeline.comment, f"project {{\n{dsl.spaced(project.items or [])}\n}}")
    body = "\n\n".join([*version, whole, *objects])
    text = f"{_imports(body)}\n\n{body}\n"
    return Written(text, losses.all(_places(text, pipeline.path, target.symbols)))


def _places(text: str, path: str, symbols: dict[str, str]) -> dict[Hashable, Span]:
    """The line that begins each job, and the project."""
    begins = {PROJECT: "project {", **{job: f"object {symbol} :" for job, symbol in symbols.items()}}
    found: dict[Hashable, Span] = {}
    starts = {line: (number, at) for number, line, at in _numbered(text)}
    for mark, begin in begins.items():
        line = next((one for one in starts if one.startswith(begin)), None)
        if line is not None:
            number, at = starts[line]
            found[mark] = Span(path, number, 1, number, len(line) + 1, at, at + len(line))
    return found


def _numbered(text: str) -> Iterator[tuple[int, str, int]]:
    at = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("object ", "project ")):
            yield number, line, at
        at += len(line) + 1


def _known_root(text: str) -> list[tuple[tuple[str, str], str]]:
    """Where the VCS root of an object points, and its name."""
    found = kotlin.read(text, "x.kts").entities
    return [((shown(one.item.value("url", "")), shown(one.item.value("branch", ""))), one.symbol) for one in found]


def _named_roots(job: Job) -> Iterator[tuple[tuple[str, str], str]]:
    """VCS roots of which checkouts are kept as text, `root(Main, "+:a")`: they are declared under the name that this says."""
    for step in job.steps:
        work = step.work
        kept = next((one.text for one in step.natives if one.key == "vcs.root"), "")
        if (
            not kept
            or not isinstance(work, Checkout)
            or not isinstance(work.repository, str)
            or not isinstance(work.ref, str)
        ):
            continue
        named = kept.removeprefix("root(").partition(",")[0].strip().rstrip(")")
        if _SYMBOL.fullmatch(named) and work.repository and named != work.repository:
            yield (work.repository, work.ref), named


def _kind(job: Job) -> str:
    return "Template" if job.template else "BuildType"


def _commented(comment: str, text: str) -> str:
    return "".join(f"// {line}\n" for line in comment.splitlines()) + text


def _symbols(pipeline: Pipeline) -> dict[str, str]:
    """The name of each job's object."""
    found: dict[str, str] = {}
    taken = set(RESERVED)
    for job in pipeline.jobs:
        ascii_only = job.id.encode("ascii", "ignore").decode()
        name = job.id if _SYMBOL.fullmatch(job.id) else to_id(ascii_only) or "Build"
        made, count = (f"{name}Build" if name in RESERVED else name), 2
        while made in taken:
            made, count = f"{name}_{count}", count + 1
        taken.add(made)
        found[job.id] = made
    return found


def names_of(pipeline: Pipeline) -> Names:
    """What the project declares."""
    return Names(
        frozenset(one.name for one in pipeline.variables if not one.exported and not one.secret),
        frozenset(one.name for one in pipeline.parameters),
        secrets=frozenset(f"env.{one.name}" if one.exported else one.name for one in pipeline.variables if one.secret),
    )


def names_in(job: Job, around: Names) -> Names:
    own = {one.name for one in job.variables}
    declared = {f"env.{one.name}" if one.exported else one.name for one in job.variables}
    secrets = {f"env.{one.name}" if one.exported else one.name for one in job.variables if one.secret}
    plain = {one.name for one in job.variables if not one.exported and not one.secret}
    return Names(
        (around.plain - (declared & own)) | plain,
        around.inputs - plain - secrets,
        frozenset(axis.name for axis in job.matrix.axes) if job.matrix else frozenset(),
        (around.secrets - declared) | secrets,
    )


def _project(pipeline: Pipeline, names: Names, target: Target) -> Item:
    losses = target.losses
    items: list[Item] = []
    if pipeline.name:
        items.append(assign("name", write_steps.text(pipeline.name, names, losses, "name")))
    for one in pipeline.natives:
        if one.key in {"version", "params"} or one.key.startswith("params."):
            continue
        if one.key in {"kotlin", "xml"}:
            losses.opaque(one.key, "its meaning is not known", f"it was: {one.text[:200]}", one.span)
        elif one.key.startswith("vcsRoot."):
            pass  # an object of its own
        elif "." in one.key or one.key == "subProject":
            losses.approximated(
                one.key, "projects within the project are written as one project", f"it was: {one.text[:200]}", one.span
            )
        else:
            items.append(raw(one.text))
    params = project_params(pipeline, names, losses)
    if params:
        items.append(Item("params", items=params))
    items += [Item("vcsRoot", [Symbol(symbol)]) for symbol in dict.fromkeys(target.roots.values())]
    items += [Item("template" if job.template else "buildType", [target.ref(job.id)]) for job in pipeline.jobs]
    return Item("project", items=items)


def project_params(pipeline: Pipeline, names: Names, losses: Losses) -> list[Item]:
    """`params { ... }` of the project."""
    declared = [native for job in pipeline.jobs for native in job.natives if native.key.startswith("params.")]
    found = _parameters(pipeline.parameters, pipeline.natives, declared)
    asked = {one.name for one in pipeline.parameters}
    kept = tuple(
        one for one in pipeline.natives if one.key.startswith("params") and one.key.removeprefix("params.") not in asked
    )
    return found + write_jobs.params(
        pipeline.variables, kept, lambda value, what: write_steps.text(value, names, losses, what)
    )


def _parameters(parameters: tuple[Parameter, ...], own: tuple[Native, ...], of_jobs: list[Native]) -> list[Item]:
    """`text`, `checkbox` and `select`; those that a job declares by itself stand there."""
    kept = {one.key.removeprefix("params."): one.text for one in own if one.key.startswith("params.")}
    elsewhere = {one.key.removeprefix("params.").removeprefix("env.") for one in of_jobs}
    found: list[Item] = []
    for one in parameters:
        if one.name in kept:
            found.append(raw(kept[one.name]))
        elif one.name not in elsewhere:
            item = Item(_WORDS.get(one.type, "text"), [one.name, one.default or ""])
            if one.description:
                item.named["description"] = one.description
            if item.word == "checkbox":
                item.named |= {"checked": "true", "unchecked": "false"}
            if item.word == "select":
                item.named["options"] = list(one.options)
            found.append(item)
    return found


def _imports(body: str) -> str:
    """The imports of the words that the text uses."""
    used = {f"{_PACKAGE}.*"}
    for package, words in PACKAGES.items():
        used |= {
            f"{_PACKAGE}.{package}.{word}" for word in words if re.search(rf"(?<![\w.\"]){word}(?:\(.*\))? \{{", body)
        }
    for name, package in TYPES.items():
        if re.search(rf"(?<![\w.]){name}\.", body):
            used.add(f"{_PACKAGE}.{package}.{name}")
    return "\n".join(f"import {one}" for one in sorted(used))


__all__ = ["BLOCKS", "block_of", "write"]
