"""Settings in XML -> the same tree as Kotlin's, so that one reader serves both. Called by `reader`.

A folder of settings is `project-config.xml`, `buildTypes/<id>.xml` and `vcsRoots/<id>.xml`; all of them may also stand within one
`<project>`. Nothing is dropped but what the server counts by itself: UUIDs, and the numbers of requirements and triggers.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from seaway.formats.pipelines.sources import Sources
from seaway.formats.pipelines.teamcity import xml_parts
from seaway.formats.pipelines.teamcity.elements import Element, tree
from seaway.formats.pipelines.teamcity.kotlin import Settings
from seaway.formats.pipelines.teamcity.properties import ROOT
from seaway.formats.pipelines.teamcity.source import Source
from seaway.formats.pipelines.teamcity.values import Entity, Id, Item, Symbol
from seaway.formats.pipelines.teamcity.xml_parts import Place

BUILDS = frozenset({"build-type", "template"})
NOTE = "The whole project in one document: with an output folder, seaway convert writes the files that TeamCity keeps."
SETTINGS_ROOT = Symbol("DslContext.settingsRoot")
_VERSION = re.compile(r"/schemas/(\d+\.\d+)/")


@dataclass(slots=True)
class _Folder:
    """What build configurations refer to: VCS roots by their id, and the one that the settings themselves are in."""

    roots: dict[str, Entity] = field(default_factory=dict)
    own: str = ""


def read(text: str, path: str, sources: Sources | None = None) -> Settings:
    """The settings of one file; with `sources` a project's build configurations and VCS roots are read from the files beside it."""
    source = Source(text, path)
    root = tree(source)
    place = Place(source)
    found = Settings(source)
    folder = _Folder()
    if root.name in BUILDS:
        parent = posixpath.dirname(posixpath.dirname(path))
        _roots(parent, sources, folder, found)
        name = _id_of(path)
        found.entities.append(_build(root, place, name, folder))
        found.entities += _templates(root, posixpath.dirname(path), sources, folder, found)
    elif root.name == "project":
        _roots(posixpath.dirname(path), sources, folder, found)
        version = _version(root, place)
        found.top += version
        items = _project(root, place, found, folder)
        comment = _comment(root)
        found.top.append(Item("project", items=items, source=source, start=root.start, end=root.end, comment=comment))
        items += _beside(path, sources, found, folder)
    else:
        source.refuse(root.start, f"<{root.name}> is no project and no build configuration")
    _keep_own(folder)
    found.entities += folder.roots.values()
    return found


def _id_of(path: str) -> str:
    return posixpath.basename(path).removesuffix(".xml")


def _comment(root: Element) -> str:
    return "" if root.comment == NOTE else root.comment.removesuffix(f"\n{NOTE}")


def _version(root: Element, place: Place) -> list[Item]:
    """The schema names the version of the settings, as Kotlin's first line does."""
    match = _VERSION.search(root.get("xsi:noNamespaceSchemaLocation"))
    return [place.assigned(root, "version", match[1])] if match is not None else []


# --- files beside


def _files(pattern: str, sources: Sources | None, found: Settings) -> Iterator[tuple[Element, Place]]:
    for path in sources.matching(pattern) if sources is not None else ():
        text = sources.local("/" + path) if sources is not None else None
        if text is not None and path != found.source.path:
            place = Place(Source(text, path))
            found.files.append(path)
            yield tree(place.source), place


def _roots(folder: str, sources: Sources | None, known: _Folder, found: Settings) -> None:
    """`vcsRoots/*.xml`, and in `project-config.xml` the root of the settings."""
    for root, place in _files(posixpath.join(folder, "vcsRoots/*.xml"), sources, found):
        if root.name == "vcs-root":
            _known_root(root, place, _id_of(place.source.path), known)
    if found.source.path != posixpath.join(folder, "project-config.xml"):
        for root, _ in _files(posixpath.join(folder, "project-config.xml"), sources, found):
            known.own = _settings_root(root)


def _beside(path: str, sources: Sources | None, found: Settings, folder: _Folder) -> list[Item]:
    items = []
    for root, place in _files(posixpath.join(posixpath.dirname(path), "buildTypes/*.xml"), sources, found):
        if root.name in BUILDS:
            made = _build(root, place, _id_of(place.source.path), folder)
            items.append(place.item(root, "template" if root.name == "template" else "buildType", [made]))
    return items


def _templates(
    root: Element, folder: str, sources: Sources | None, known: _Folder, found: Settings
) -> Iterator[Entity]:
    """The template of a build configuration that is read by itself."""
    settings = root.first("settings")
    name = settings.get("ref") if settings is not None else ""
    if name and name.replace("_", "").isalnum():
        for one, place in _files(posixpath.join(folder, f"{name}.xml"), sources, found):
            if one.name == "template":
                yield _build(one, place, name, known)


def _known_root(one: Element, place: Place, name: str, folder: _Folder) -> None:
    """A VCS root: its parameters stand in it directly."""
    kind = "GitVcsRoot" if one.get("type") == ROOT.type else "VcsRoot"
    made = Entity(kind, name, source=place.source, start=one.start, end=one.end, comment=one.comment)
    if kind == "VcsRoot":
        made.items.append(place.assigned(one, "type", one.get("type")))
    for each in one.inner:
        if each.name in {"name", "description"} and each.text.strip():
            made.items.append(place.assigned(each, each.name, each.text.strip()))
        elif each.name != "param":
            made.items.append(place.raw(each))
    made.items += place.properties(one, ROOT.fields if kind == "GitVcsRoot" else ())
    folder.roots[name] = made


def _keep_own(folder: _Folder) -> None:
    """No checkout says where the root of the settings points: it has to be kept, once a person has set it."""
    root = folder.roots.get(folder.own)
    if root is not None and _is_set(folder):
        root.fields["is_own"] = True
    elif root is not None:
        del folder.roots[folder.own]


def _is_set(folder: _Folder) -> bool:
    """The root of the settings has an address, not only a name."""
    root = folder.roots.get(folder.own)
    return root is not None and (bool(root.item.value("url")) or len(root.items) > 2)


def _settings_root(project: Element) -> str:
    """The VCS root that the settings are kept in: `versionedSettings` names it."""
    extensions = project.first("project-extensions")
    for one in extensions.inner if extensions is not None else ():
        if one.get("type") == "versionedSettings":
            return next((each.get("value") for each in xml_parts.params_of(one) if each.get("name") == "rootId"), "")
    return ""


# --- elements -> words


def _project(root: Element, place: Place, found: Settings, folder: _Folder) -> list[Item]:
    items: list[Item] = []
    folder.own = _settings_root(root)
    for one in root.all("vcs-root"):
        _known_root(one, place, one.get("id"), folder)
    for one in root.inner:
        if one.name in BUILDS and one.inner:
            made = _build(one, place, one.get("id"), folder)
            found.entities.append(made)
            items.append(place.item(one, "buildType" if one.name == "build-type" else "template", [made]))
        elif one.name in {"name", "description"}:
            if one.text.strip():
                items.append(place.assigned(one, one.name, one.text.strip()))
        elif one.name == "parameters":
            items.append(xml_parts.parameters(one, place))
        elif one.name == "project-extensions":
            extensions = [each for each in one.inner if _is_set(folder) or not _only_names_the_root(each)]
            inner = [place.item(each, "feature", [], place.typed(each)) for each in extensions]
            items += [place.item(one, "features", [], inner)] if inner else []
        elif one.name != "vcs-root" and not _is_empty(one):
            items.append(place.raw(one))
    return items


def _only_names_the_root(one: Element) -> bool:
    """Versioned settings that are off, for a VCS root that nobody has set: they say which checkouts are of the settings' own."""
    given = {each.get("name"): each.get("value") for each in xml_parts.params_of(one)}
    return (
        one.get("type") == "versionedSettings" and set(given) == {"enabled", "rootId"} and given["enabled"] == "false"
    )


def _is_empty(one: Element) -> bool:
    return not (one.inner or one.attributes or one.text.strip()) and one.name == "cleanup"


def _build(root: Element, place: Place, name: str, folder: _Folder) -> Entity:
    kind = "Template" if root.name == "template" else "BuildType"
    made = Entity(kind, source=place.source, start=root.start, end=root.end, comment=_comment(root))
    if root.get("id") or name:
        made.items.append(Item("id", [root.get("id") or name]))
    for one in root.inner:
        if one.name == "settings":
            if one.get("ref"):
                made.items.append(place.item(one, "templates", [Id(one.get("ref"), "AbsoluteId")]))
            made.items += _settings(one, place, folder)
        elif one.name in {"name", "description"}:
            if one.text.strip():
                made.items.append(place.assigned(one, one.name, one.text.strip()))
        else:
            made.items.append(place.raw(one))
    if root.get("name"):
        made.items.append(place.assigned(root, "name", root.get("name")))
    return made


def _settings(root: Element, place: Place, folder: _Folder) -> Iterator[Item]:
    """The children of `<settings>`."""
    disabled = root.first("disabled-settings")
    off = {one.get("ref") for one in disabled.all("setting-ref")} if disabled is not None else set()
    for one in root.inner:
        if one.name == "options":
            yield from (place.option(each) for each in one.all("option"))
        elif one.name == "vcs-settings":
            yield _vcs(one, place, folder)
        elif one.name in _SETTINGS:
            yield from _SETTINGS[one.name](one, place, off)
        elif one.name != "disabled-settings" and not _is_empty(one):
            yield place.raw(one)
    here = {each.get("id") for one in root.inner for each in one.inner}
    if disabled is not None and off - here:  # of a template
        yield place.raw(disabled)


def _vcs(one: Element, place: Place, folder: _Folder) -> Item:
    items = []
    for each in one.inner:
        name = each.get("root-id")
        if each.name == "vcs-entry-ref":
            rules = [rule.get("rule") for rule in each.inner if rule.get("rule")]
            root = SETTINGS_ROOT if name == folder.own and name else folder.roots.get(name) or Id(name, "AbsoluteId")
            made = place.item(each, "root", [root, *rules])
            made.comment = each.comment
            items.append(made)
        else:
            items.append(place.raw(each))
    return place.item(one, "vcs", [], items)


_Part = Callable[[Element, Place, "set[str]"], "list[Item]"]
_SETTINGS: dict[str, _Part] = {
    "parameters": lambda one, place, _: [xml_parts.parameters(one, place)],
    "build-runners": xml_parts.runners,
    "build-triggers": xml_parts.triggers,
    "build-extensions": xml_parts.features,
    "requirements": xml_parts.requirements,
    "dependencies": xml_parts.depends_on,
    "artifact-dependencies": xml_parts.artifacts,
}
