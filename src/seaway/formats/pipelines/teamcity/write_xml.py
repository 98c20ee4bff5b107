"""Model -> settings in XML: a project, its build configurations, its VCS roots. Called by `teamcity_xml`.

It begins with the same words that Kotlin is made of, so what the one can say the other says as well; a word whose name in XML is
not known is told as a loss. TeamCity keeps the parts in files of their own; `bundle` has all of them in one document.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Hashable
from dataclasses import dataclass, field

from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.teamcity import dsl, kotlin, properties, write_steps, writer
from seaway.formats.pipelines.teamcity.expressions import Names
from seaway.formats.pipelines.teamcity.nodes import Node, document, param, without_forbidden
from seaway.formats.pipelines.teamcity.told import PROJECT, Told
from seaway.formats.pipelines.teamcity.unrolled import unrolled
from seaway.formats.pipelines.teamcity.values import Item, Value, shown
from seaway.formats.pipelines.teamcity.write_jobs import Target, Writer
from seaway.formats.pipelines.teamcity.write_steps import assign, raw
from seaway.formats.pipelines.teamcity.write_xml_parts import Build, parameters, plain, settled
from seaway.formats.pipelines.teamcity.xml import NOTE
from seaway.model.loss import Written, WrittenFiles
from seaway.model.pipeline import Checkout, Job, Native, Pipeline, System
from seaway.model.span import Span

_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_VERSION = re.compile(r'version\s*=\s*"(\d+\.\d+)"')


@dataclass(slots=True)
class Made:
    """The parts of a project. `own`: the id of the VCS root that the settings are kept in, "" where nothing asks for it."""

    project: Node
    builds: dict[str, Node]
    roots: dict[str, Node]
    schema: dict[str, str]
    losses: Losses


def bundle(pipeline: Pipeline, lowered: Pipeline, losses: Losses) -> Written:
    """The whole project as one document."""
    made = _make(pipeline, lowered, losses)
    root = made.project
    root.comment = f"{root.comment}\n{NOTE}".strip()
    root.attributes |= made.schema
    for name, node in {**made.builds, **made.roots}.items():
        node.attributes = {"id": name, **node.attributes}
        root.inner.append(node)
    text = document(root)
    return Written(text, made.losses.all(_places(text, pipeline.path, list(made.builds))))


def files(pipeline: Pipeline, lowered: Pipeline, losses: Losses) -> WrittenFiles:
    """The project as TeamCity keeps it: `project-config.xml`, `buildTypes/<id>.xml`, `vcsRoots/<id>.xml`."""
    made = _make(pipeline, lowered, losses)
    nodes = {"project-config.xml": made.project}
    nodes |= {f"buildTypes/{name}.xml": node for name, node in made.builds.items()}
    nodes |= {f"vcsRoots/{name}.xml": node for name, node in made.roots.items()}
    found = []
    for place, node in nodes.items():
        node.attributes |= made.schema
        found.append((place, document(node)))
    texts = dict(found)
    places: dict[Hashable, Span] = {PROJECT: _whole("project-config.xml", texts)}
    places |= {name: _whole(f"buildTypes/{name}.xml", texts) for name in made.builds}
    return WrittenFiles(tuple(found), made.losses.all(places))


def _whole(place: str, found: dict[str, str]) -> Span:
    text = found[place]
    return Span(place, 1, 1, text.count("\n") + 1, 1, 0, len(text))


def _places(text: str, path: str, names: list[str]) -> dict[Hashable, Span]:
    """The line that begins each build configuration, and the project."""
    begins = {PROJECT: "<project "} | {name: f' id="{name}"' for name in names}
    found: dict[Hashable, Span] = {}
    at = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("<project ", "  <build-type ", "  <template ")):
            mark = next((mark for mark, begin in begins.items() if begin in line and mark not in found), None)
            if mark is not None:
                found[mark] = Span(path, number, 1, number, len(line) + 1, at, at + len(line))
        at += len(line) + 1
    return found


# --- the parts


@dataclass(slots=True)
class _Target(Target):
    """Ids stand for themselves. `own`: of the VCS root that the settings are in."""

    own: str = ""
    asked: bool = False
    named: set[str] = field(default_factory=set)

    def own_root(self) -> str:
        """The id of the settings' VCS root; from now on the project has to declare it."""
        self.asked = True
        taken = {*self.symbols, *self.roots.values()}
        if not self.own:
            self.own = next(name for name in ("Repository", "SettingsRoot", "SettingsRoot_") if name not in taken)
        return self.own


class _Writer(Writer):
    """VCS roots by their ids: XML has no word for the one that the settings are in."""

    target: _Target

    def roots(self) -> list[Item]:
        """`vcs { root(...) }`."""
        found = []
        for step in self.job.steps:
            if isinstance(step.work, Checkout):
                kept = next((one.text for one in step.natives if one.key == "vcs.root"), "")
                found.append(Item("root", [self._root(step.work), *self._rules(step.work, kept)], comment=step.comment))
        return found

    def kept(self, one: Native) -> Item:
        """A statement or an element as it is."""
        return raw(one.text)

    def _root(self, work: Checkout) -> Value:
        if not work.repository:
            return self.target.own_root()
        key = (self.text(work.repository, "repository"), self.text(work.ref, "ref"))
        if not work.ref and key[0].replace("_", "").isalnum():
            return key[0]
        return self.target.roots.setdefault(key, self.target.new_root())

    def _rules(self, work: Checkout, kept: str) -> list[Value]:
        if kept:
            return [rule for one in kotlin.read(kept, "kept.kts").top for rule in one.args[1:]]
        return [f"+:. => {self.text(work.path, 'path')}"] if work.path else []


def _make(pipeline: Pipeline, lowered: Pipeline, losses: Losses) -> Made:
    told = Told(losses, PROJECT, pipeline.span)
    whole = unrolled(lowered, told)
    roots = [
        entity
        for one in whole.natives
        if one.key.startswith("vcsRoot.")
        for entity in kotlin.read(one.text, "kept.kts").entities
    ]
    target = _Target(told, {job.id: job.id for job in whole.jobs}, whole.triggers, own=_own(whole))
    target.roots |= {_place(root.item): root.symbol for root in roots}
    around = writer.names_of(whole)
    builds = {job.id: _build(job, around, target) for job in whole.jobs}
    declared = {root.symbol: _root(root.item, told) for root in roots}
    project = _project(whole, around, target)
    for (url, branch), name in target.roots.items():
        words = [assign("name", url), assign("url", url), *([assign("branch", branch)] if branch else [])]
        declared.setdefault(name, _root(Item("GitVcsRoot", items=words), told))
    if target.asked:
        _declare_own(target, project, declared, told)
    for name, node in builds.items():
        if without_forbidden(node):
            told.dropped(f"{name}: control characters", "XML cannot hold them", "write them by an escape", mark=name)
    if sum(without_forbidden(node) for node in (project, *declared.values())):
        told.dropped("control characters", "XML cannot hold them", "write them by an escape")
    foreign = pipeline.system is not System.TEAMCITY
    if foreign and not any(one.name == "name" for one in project.inner):
        project.inner.insert(
            0, Node("name", text=posixpath.basename(pipeline.path).strip(".").partition(".")[0] or "Project")
        )
    return Made(project, builds, declared, _schema(whole, foreign=foreign), losses)


def _schema(pipeline: Pipeline, *, foreign: bool) -> dict[str, str]:
    kept = next(
        (match[1] for one in pipeline.natives if one.key == "version" and (match := _VERSION.match(one.text))), ""
    )
    version = writer.VERSION if foreign else kept
    place = f"https://www.jetbrains.com/teamcity/schemas/{version}/" if version else ""
    return {"xmlns:xsi": _SCHEMA, "xsi:noNamespaceSchemaLocation": f"{place}project-config.xsd"}


def _own(pipeline: Pipeline) -> str:
    """The VCS root that kept settings of the project name as theirs."""
    for item in settled(Item("?", [one.text]) for one in pipeline.natives if one.key in {"features", "feature"}):
        for one in item.items or ():
            words = {each.args[0]: each.args[1] for each in one.each("param") if len(each.args) == 2}
            if one.value("type") == "versionedSettings" and isinstance(words.get("rootId"), str):
                return str(words["rootId"])
    return ""


def _place(root: Item) -> tuple[str, str]:
    return shown(root.value("url", "")), shown(root.value("branch", ""))


def _declare_own(target: _Target, project: Node, declared: dict[str, Node], losses: Losses) -> None:
    """`DslContext.settingsRoot` of Kotlin: a VCS root whose address a person sets, named by versioned settings that are off."""
    extensions = next((one for one in project.inner if one.name == "project-extensions"), None)
    if extensions is None:
        extensions = Node("project-extensions")
        at = 1 + max(
            [at for at, one in enumerate(project.inner) if one.name in {"name", "description", "parameters"}],
            default=-1,
        )
        project.inner.insert(at, extensions)
    if not any(one.attributes.get("type") == "versionedSettings" for one in extensions.inner):
        inner = [param("enabled", "false"), param("rootId", target.own)]
        attributes = {"id": f"PROJECT_EXT_{len(extensions.inner) + 1}", "type": "versionedSettings"}
        extensions.inner.append(Node("extension", attributes, [Node("parameters", inner=inner)]))
    if target.own not in declared:
        declared[target.own] = Node(
            "vcs-root", {"type": properties.ROOT.type}, [Node("name", text=target.own), param("url", "")]
        )
        losses.manual(
            f"VCS root {target.own}", "XML settings name the address of their own repository",
            f"set `url` and `branch` of the VCS root {target.own}",
        )  # fmt: skip


def _root(item: Item, losses: Losses) -> Node:
    """`<vcs-root>`."""
    words = {
        one.word: one.args[0]
        for one in item.items or ()
        if one.assigned and one.word in {"name", "description", "type"}
    }
    rest = [one for one in item.items or () if one.word not in {*words, "id"}]
    params, unknown = properties.write(properties.ROOT.fields if item.word == "GitVcsRoot" else (), rest)
    for one in unknown:
        losses.dropped(
            f"VCS root: {one.word}", "its name in XML is not known", f"set it on the server: {dsl.written(one)[:200]}"
        )
    kind = properties.ROOT.type if item.word == "GitVcsRoot" else shown(words.get("type", item.word))
    texts = [Node(word, text=shown(words[word])) for word in ("name", "description") if word in words]
    return Node("vcs-root", {"type": kind}, [*texts, *(param(key, value) for key, value in sorted(params.items()))])


def _build(job: Job, around: Names, target: _Target) -> Node:
    job_writer = _Writer(job, writer.names_in(job, around), target)
    losses = Told(target.losses, job.id, job.span)
    build = Build(job_writer.items(), losses, job.id)
    texts = {
        one.word: plain(one.args[0]) for one in build.items if one.assigned and one.word in {"name", "description"}
    }
    inner = [Node(word, text=texts[word] or "") for word in ("name", "description") if word in texts]
    return Node("template" if job.template else "build-type", {}, [*inner, build.settings()], comment=job.comment)


def _project(pipeline: Pipeline, names: Names, target: _Target) -> Node:
    """`<project>` without its build configurations."""
    losses = target.losses
    node = Node("project", comment=pipeline.comment)
    if pipeline.name:
        node.inner.append(Node("name", text=write_steps.text(pipeline.name, names, losses, "name")))
    rest: list[Node] = []
    for one in pipeline.natives:
        if one.key not in {"version", "params"} and not one.key.startswith(("params.", "vcsRoot.")):
            _kept(one, node, rest, losses)
    params = parameters(
        settled(writer.project_params(pipeline, names, losses)),
        lambda item: losses.dropped(
            item.word, "its name in XML is not known", f"set it on the server: {dsl.written(item)[:200]}"
        ),
    )
    node.inner += [Node("parameters", inner=params)] if params else []
    extensions = [one for one in rest if one.name == "extension"]
    for number, extension in enumerate(extensions, 1):
        extension.attributes = {"id": f"PROJECT_EXT_{number}", **extension.attributes}
    node.inner += [Node("project-extensions", inner=extensions)] if extensions else []
    node.inner += [one for one in rest if one.name != "extension"]
    return node


def _kept(one: Native, node: Node, rest: list[Node], losses: Losses) -> None:
    """A native of the project."""
    if one.text.startswith("<"):
        rest.append(Node("<", text=one.text))
        return
    if "." in one.key or one.key == "subProject":
        losses.approximated(
            one.key, "projects within the project are written as one project", f"it was: {one.text[:200]}", one.span
        )
        return
    for item in settled([Item("?", [one.text])]):
        text = plain(item.args[0]) if item.assigned and item.args else None
        if item.word == "description" and text is not None:
            node.inner.append(Node("description", text=text))
        elif item.word == "features":
            rest += [made for each in item.items or () if (made := _extension(each, losses)) is not None]
        elif item.word == "?":
            losses.opaque(one.key, "its meaning is not known", f"it was: {one.text[:200]}", one.span)
        else:
            _not_known(item, losses)


def _extension(item: Item, losses: Losses) -> Node | None:
    kind = item.value("type")
    params, unknown = properties.write((), [one for one in item.items or () if one.word not in {"type", "id"}])
    if item.word != "feature" or not isinstance(kind, str) or unknown:
        _not_known(item, losses)
        return None
    inner = [Node("parameters", inner=[param(key, value) for key, value in sorted(params.items())])] if params else []
    return Node("extension", {"type": kind}, inner)


def _not_known(item: Item, losses: Losses) -> None:
    text = dsl.written(item)[:200]
    losses.dropped(
        item.word, "its name in XML is not known", f"set it on the server, or keep these settings in Kotlin: {text}"
    )
