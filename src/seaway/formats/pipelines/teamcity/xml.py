"""Settings in XML -> the same tree as Kotlin's, so that one reader serves both. Called by `reader`.

Nothing of a document type is followed: no entities, no files. Size and depth are bounded.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from seaway.formats.pipelines.sources import Sources
from seaway.formats.pipelines.teamcity.kotlin import Settings
from seaway.formats.pipelines.teamcity.source import LARGEST, Source
from seaway.formats.pipelines.teamcity.values import Entity, Id, Item, Symbol, Value
from seaway.formats.pipelines.teamcity.words import ENUMS, FEATURES, RUNNERS, TRIGGERS, Property

_SPECS = frozenset({"text", "password", "checkbox", "select"})
MAX_DEPTH = 60
MAX_ELEMENTS = 100_000


@dataclass(slots=True)
class Element:
    """One element with its place in bytes."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int = 0
    text: str = ""
    inner: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """The elements of this name within."""
        return [one for one in self.inner if one.name == name]

    def first(self, *path: str) -> Element | None:
        """The first at a path below."""
        found: Element | None = self
        for name in path:
            found = next((one for one in found.inner if one.name == name), None) if found is not None else None
        return found

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)


def tree(source: Source) -> Element:
    """The root element. Raises ConfigError with a place: too large, too deep, entities, not XML."""
    if len(source.text) > LARGEST:
        source.refuse(0, f"the file is larger than {LARGEST:,} characters")
    parser = expat.ParserCreate()
    parser.buffer_text = True
    stack = [Element("", {}, 0)]
    count = 0

    def refuse(what: str) -> NoReturn:
        source.refuse(source.at(max(0, parser.CurrentByteIndex)), what)

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MAX_DEPTH or count > MAX_ELEMENTS:
            refuse("the elements are nested too deep" if len(stack) > MAX_DEPTH else "there are too many elements")
        made = Element(name, dict(attributes), parser.CurrentByteIndex)
        stack[-1].inner.append(made)
        stack.append(made)

    def ended(_name: str) -> None:
        closed = stack.pop()
        at = parser.CurrentByteIndex
        closed.end = at if source.data[at - 2 : at] == b"/>" else source.data.find(b">", at) + 1

    def text(found: str) -> None:
        stack[-1].text += found

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = started, ended, text
    parser.EntityDeclHandler = lambda *_: refuse("entities are not followed in settings")
    parser.StartDoctypeDeclHandler = lambda *_: refuse("a document type does not belong into settings")
    try:
        parser.Parse(source.data, True)
    except expat.ExpatError as error:
        line = source.lines[min(error.lineno, len(source.lines)) - 1]
        source.refuse(min(line + error.offset, len(source.text)), f"not XML: {expat.ErrorString(error.code)}")
    return stack[0].inner[0]


def read(text: str, path: str, sources: Sources | None = None) -> Settings:
    """The settings of one file; with `sources` a project's build configurations are read from the files beside it."""
    source = Source(text, path)
    root = tree(source)
    found = Settings(source)
    if root.name in {"build-type", "template"}:
        found.entities.append(_build(root, source, _id_of(path)))
    elif root.name == "project":
        items = _project(root, source, found)
        found.top.append(Item("project", items=items, source=source, start=root.start, end=root.end))
        _beside(path, sources, items, found)
    else:
        source.refuse(root.start, f"<{root.name}> is no project and no build configuration")
    return found


def _id_of(path: str) -> str:
    return posixpath.basename(path).removesuffix(".xml")


def _beside(path: str, sources: Sources | None, items: list[Item], found: Settings) -> None:
    folder = posixpath.dirname(path)
    for place in sources.matching(f"{folder}/buildTypes/*.xml") if sources is not None else ():
        text = sources.local("/" + place) if sources is not None else None
        if text is None:
            continue
        source = Source(text, place)
        root = tree(source)
        found.files.append(place)
        if root.name in {"build-type", "template"}:
            made = _build(root, source, _id_of(place))
            word = "template" if root.name == "template" else "buildType"
            items.append(Item(word, [made], source=source, start=root.start, end=root.end))


# --- elements -> words


def _project(root: Element, source: Source, found: Settings) -> list[Item]:
    items: list[Item] = []
    for one in root.inner:
        if one.name in {"build-type", "template"} and one.inner:
            made = _build(one, source, one.get("id"))
            found.entities.append(made)
            items.append(_item(one, source, "buildType" if one.name == "build-type" else "template", [made]))
        elif one.name in {"name", "description"}:
            if one.text.strip():
                items.append(_assigned(one, source, one.name, one.text.strip()))
        elif one.name == "parameters":
            items.append(_params(one, source))
        elif one.name == "project-extensions":
            items += [_item(each, source, "feature", [], _typed(each, source)) for each in one.inner]
        else:
            items.append(_raw(one, source))
    return items


def _build(root: Element, source: Source, name: str) -> Entity:
    made = Entity("Template" if root.name == "template" else "BuildType", source=source, start=root.start, end=root.end)
    if root.get("id") or name:
        made.items.append(Item("id", [root.get("id") or name]))
    for one in root.inner:
        if one.name == "settings":
            if one.get("ref"):
                made.items.append(_item(one, source, "templates", [Id(one.get("ref"), "AbsoluteId")]))
            for each in one.inner:
                made.items += _setting(each, source)
        elif one.name in {"name", "description"}:
            if one.text.strip():
                made.items.append(_assigned(one, source, one.name, one.text.strip()))
        else:
            made.items.append(_raw(one, source))
    if root.get("name"):
        made.items.append(_assigned(root, source, "name", root.get("name")))
    return made


def _setting(one: Element, source: Source) -> list[Item]:
    """One child of `<settings>`."""
    if one.name == "options":
        return [_option(each, source) for each in one.all("option")]
    if one.get("ref") and one.name == "settings-ref":
        return [_item(one, source, "templates", [one.get("ref")])]
    maker = _SETTINGS.get(one.name)
    return maker(one, source) if maker is not None else [_raw(one, source)]


def _option(one: Element, source: Source) -> Item:
    name, value = one.get("name"), one.get("value") or one.text
    if name == "executionTimeoutMin" and value.isdigit():
        return _item(one, source, "failureConditions", [], [_assigned(one, source, name, int(value))])
    if name == "buildConfigurationType":
        return _assigned(one, source, "type", Symbol(f"BuildTypeSettings.Type.{value}"))
    return _assigned(one, source, name, int(value) if name == "maxRunningBuilds" and value.isdigit() else value)


def _params(one: Element, source: Source) -> Item:
    items = []
    for each in one.all("param"):
        name, value, spec = each.get("name"), each.get("value") or each.text, each.get("spec")
        word = spec.split(" ", 1)[0] if spec else "param"
        made = _item(each, source, word if word in _SPECS else "param", [name, value])
        if spec and word != "password":
            made.named["spec"] = spec
        items.append(made)
    return _item(one, source, "params", [], items)


def _runners(one: Element, source: Source) -> list[Item]:
    return [_item(one, source, "steps", [], [_runner(each, source) for each in one.all("runner")])]


def _runner(one: Element, source: Source) -> Item:
    word, table = RUNNERS.get(one.get("type"), ("step", {}))
    items = [_assigned(one, source, key, one.get(key)) for key in ("id", "name") if one.get(key)]
    if word == "step":
        items.append(_assigned(one, source, "type", one.get("type")))
    for condition in one.all("conditions"):
        tests = [
            _item(
                each,
                source,
                _camel(each.name),
                [v for k in ("name", "value") if (v := each.attributes.get(k)) is not None],
            )
            for each in condition.inner
        ]
        items.append(_item(condition, source, "conditions", [], tests))
    items += _properties(one, source, table)
    return _item(one, source, word, [], items)


def _properties(one: Element, source: Source, table: dict[str, Property]) -> list[Item]:
    """`<parameters>`: those that the DSL has words for, by these; the others as `param`."""
    found: list[Item] = []
    parameters = one.first("parameters")
    for each in parameters.all("param") if parameters is not None else ():
        name, value = each.get("name"), each.get("value") or each.text
        known = table.get(name)
        if known is None:
            found.append(_item(each, source, "param", [name, value]))
        elif known.word:
            found.append(_assigned(each, source, known.word, known.value(value)))
    return found


def _triggers(one: Element, source: Source) -> list[Item]:
    items = []
    for each in one.all("build-trigger"):
        word, table = TRIGGERS.get(each.get("type"), ("trigger", {}))
        inner = _properties(each, source, table)
        if word == "schedule":
            inner = _policy(inner)
        if word == "trigger":
            inner.insert(0, _assigned(each, source, "type", each.get("type")))
        items.append(_item(each, source, word, [], inner))
    return [_item(one, source, "triggers", [], items)]


def _policy(items: list[Item]) -> list[Item]:
    """The fields of a schedule, gathered."""
    fields = {"hour", "minute", "dayOfWeek", "timezone", "minutes", "hours", "dayOfMonth", "month", "year", "seconds"}
    kind = next((one.args[0] for one in items if one.word == "schedulingPolicy"), "daily")
    inner = [one for one in items if one.word in fields]
    for one in inner:
        if kind != "cron" and one.word in {"hour", "minute"} and str(one.args[0]).isdigit():
            one.args = [int(one.args[0])]
    rest = [one for one in items if one.word not in fields and one.word != "schedulingPolicy"]
    if kind not in {"daily", "weekly", "cron"}:
        return items
    return [Item("schedulingPolicy", [Item(kind, items=inner)], assigned=True), *rest]


def _features(one: Element, source: Source) -> list[Item]:
    return [_item(one, source, "features", [], [_feature(each, source) for each in one.inner])]


def _feature(one: Element, source: Source) -> Item:
    word, table = FEATURES.get(one.get("type"), ("feature", {}))
    if word == "feature":
        return _item(one, source, "feature", [], _typed(one, source))
    return _item(one, source, word, [], _properties(one, source, table))


def _typed(one: Element, source: Source) -> list[Item]:
    return [_assigned(one, source, "type", one.get("type")), *_properties(one, source, {})]


def _requirements(one: Element, source: Source) -> list[Item]:
    items = [
        _item(
            each, source, _camel(each.name), [v for k in ("name", "value") if (v := each.attributes.get(k)) is not None]
        )
        for each in one.inner
    ]
    return [_item(one, source, "requirements", [], items)]


def _roots(one: Element, source: Source) -> list[Item]:
    items = []
    for each in one.inner:
        if each.name == "vcs-entry-ref":
            rules = [rule.get("rule") for rule in each.inner if rule.get("rule")]
            items.append(_item(each, source, "root", [Symbol(each.get("root-id")), *rules]))
        else:
            items.append(_raw(each, source))
    return [_item(one, source, "vcs", [], items)]


def _depends_on(one: Element, source: Source) -> list[Item]:
    items = []
    for each in one.all("depend-on"):
        options = each.first("options")
        inner = [_dependency(option, source) for option in options.all("option")] if options is not None else []
        items.append(_item(each, source, "snapshot", [each.get("sourceBuildTypeId")], inner))
    return [_item(one, source, "dependencies", [], items)]


def _dependency(one: Element, source: Source) -> Item:
    word = {
        "run-build-if-dependency-failed": "onDependencyFailure",
        "run-build-if-dependency-failed-to-start": "onDependencyCancel",
    }
    name, value = one.get("name"), one.get("value")
    if name in word:
        action = ENUMS["failure"].get(value, value)
        return _assigned(one, source, word[name], Symbol(f"FailureAction.{action}"))
    return _item(one, source, "option", [name, value])


def _artifact_dependencies(one: Element, source: Source) -> list[Item]:
    items = []
    for each in one.all("dependency"):
        inner = []
        for part in each.inner:
            if part.name == "artifact":
                inner.append(_assigned(part, source, "artifactRules", part.get("sourcePath")))
            else:
                inner.append(_raw(part, source))
        if each.get("cleanDestination") == "true":
            inner.append(_assigned(each, source, "cleanDestination", value=True))
        items.append(_item(each, source, "artifacts", [each.get("sourceBuildTypeId")], inner))
    return [_item(one, source, "dependencies", [], items)]


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _item(one: Element, source: Source, word: str, args: list[Value], items: list[Item] | None = None) -> Item:
    return Item(word, args, {}, items, source=source, start=one.start, end=one.end)


def _assigned(one: Element, source: Source, word: str, value: Value) -> Item:
    return Item(word, [value], assigned=True, source=source, start=one.start, end=one.end)


def _raw(one: Element, source: Source) -> Item:
    """An element that has no word in the DSL: with its text."""
    return Item("?", [source.cut(one.start, one.end)], source=source, start=one.start, end=one.end)


_SETTINGS: dict[str, Callable[[Element, Source], list[Item]]] = {
    "parameters": lambda one, source: [_params(one, source)], "build-runners": _runners, "build-triggers": _triggers,
    "build-extensions": _features, "requirements": _requirements, "vcs-settings": _roots, "dependencies": _depends_on,
    "artifact-dependencies": _artifact_dependencies,
}  # fmt: skip
