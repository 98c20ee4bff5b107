"""The parts of a build configuration in XML -> words of the DSL. Called by `xml`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seaway.formats.pipelines.teamcity import properties, specs
from seaway.formats.pipelines.teamcity.elements import Element
from seaway.formats.pipelines.teamcity.properties import Field, Fields, Kind
from seaway.formats.pipelines.teamcity.source import Source
from seaway.formats.pipelines.teamcity.values import OPAQUE, Item, Value

LOCKS = "JetBrains.SharedResources"
_TESTS = {"not-exists": "doesNotExist"}
TESTS = {word: name for name, word in _TESTS.items()}
_DEFAULT_IDS = re.compile(r"(?:TRIGGER|BUILD_EXT)_\d+|vcsTrigger")
_LOCK_WORDS = frozenset({"readLock", "writeLock"})


def params_of(one: Element) -> list[Element]:
    """`<parameters>` of an element, or those that stand in it directly."""
    inner = one.first("parameters")
    return (inner if inner is not None else one).all("param")


def _text(param: Element) -> str:
    return param.get("value") or param.text


@dataclass(frozen=True, slots=True)
class Place:
    """Makes words that know where in the file they stand."""

    source: Source

    def item(self, one: Element, word: str, args: list[Value], items: list[Item] | None = None) -> Item:
        """`word(args) { items }`."""
        return Item(word, args, {}, items, source=self.source, start=one.start, end=one.end)

    def assigned(self, one: Element, word: str, value: Value) -> Item:
        """`word = value`."""
        return Item(word, [value], assigned=True, source=self.source, start=one.start, end=one.end)

    def raw(self, one: Element) -> Item:
        """An element that has no word in the DSL: with its text."""
        text = self.source.cut(one.start, one.end)
        return Item(OPAQUE, [text], source=self.source, start=one.start, end=one.end)

    def properties(self, one: Element, fields: Fields, kind: Kind | None = None) -> list[Item]:
        """`<parameters>`: those that the DSL has words for, by these; the others as `param`."""
        given = {each.get("name"): each for each in params_of(one)}
        found = {name: _text(each) for name, each in given.items()}
        made = {name: (word, value) for name, word, value in properties.read(fields, found)}
        fixed = kind.fixed if kind is not None else {}
        items = []
        for name, each in given.items():
            if name in made:
                word, value = made[name]
                items += [self.assigned(each, word, value)] if word else []
            elif fixed.get(name) != found[name]:
                items.append(self.item(each, "param", [name, found[name]]))
        return items

    def typed(self, one: Element) -> list[Item]:
        """`type = ...` and all its parameters."""
        return [self.assigned(one, "type", one.get("type")), *self.properties(one, ())]

    def option(self, one: Element) -> Item:
        """One `<option>` of a build configuration."""
        name, value = one.get("name"), _text(one)
        block, known = properties.OPTIONS.get(name, ("", None))
        made = self.item(one, "option", [name, value]) if known is None else self._known(one, known, value)
        return made if not block else self.item(one, block, [], [made])

    def _known(self, one: Element, known: Field, value: str) -> Item:
        return self.assigned(one, known.word, known.read(value))

    def tests(self, one: Element) -> list[Item]:
        """Conditions and requirements: `<does-not-equal name="..." value="..."/>`."""
        return [self.item(each, _camel(each.name), _compared(each)) for each in one.inner]


def _compared(one: Element) -> list[Value]:
    return [value for key in ("name", "value") if (value := one.attributes.get(key)) is not None]


def _camel(name: str) -> str:
    if name in _TESTS:
        return _TESTS[name]
    first, *rest = name.split("-")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def parameters(one: Element, place: Place) -> Item:
    """`<parameters>` of a project or a build configuration."""
    items = []
    for each in one.all("param"):
        spec = each.get("spec")
        word, named = (specs.read(spec) if spec else None) or ("param", {"spec": spec} if spec else {})
        made = place.item(each, word, [each.get("name"), _text(each)])
        made.named, made.comment = named, each.comment
        items.append(made)
    return place.item(one, "params", [], items)


def runners(one: Element, place: Place, off: set[str]) -> list[Item]:
    """`<build-runners>`."""
    items = [_runner(each, place, number, off) for number, each in enumerate(one.all("runner"), 1)]
    if one.get("order"):
        items.append(place.assigned(one, "stepsOrder", [name.strip() for name in one.get("order").split(",")]))
    return [place.item(one, "steps", [], items)]


def _runner(one: Element, place: Place, number: int, off: set[str]) -> Item:
    kind = _kind(one)
    items = []
    if one.get("id") and one.get("id") != f"RUNNER_{number}":  # that one the server gives
        items.append(place.assigned(one, "id", one.get("id")))
    if one.get("name"):
        items.append(place.assigned(one, "name", one.get("name")))
    if kind is None:
        items.append(place.assigned(one, "type", one.get("type")))
    if one.get("id") in off:
        items.append(place.assigned(one, "enabled", value=False))
    items += [place.item(each, "conditions", [], place.tests(each)) for each in one.all("conditions")]
    items += place.properties(one, kind.fields if kind is not None else properties.STEP, kind)
    made = place.item(one, kind.word if kind is not None else "step", [], items)
    made.comment = one.comment
    return made


def _kind(one: Element) -> Kind | None:
    kind = next((kind for kind in properties.RUNNERS if kind.type == one.get("type")), None)
    given = {each.get("name"): _text(each) for each in params_of(one)}
    if kind is not None and kind.word == "script" and "command.executable" in given:
        return kind if given.get("use.custom.script") == "true" else properties.EXEC
    return kind


def triggers(one: Element, place: Place, off: set[str]) -> list[Item]:
    """`<build-triggers>`."""
    return [
        place.item(one, "triggers", [], [_of(properties.TRIGGERS, "trigger", each, place, off) for each in one.inner])
    ]


def features(one: Element, place: Place, off: set[str]) -> list[Item]:
    """`<build-extensions>`."""
    items = []
    for each in one.inner:
        locks = _locks(each, place) if each.get("id") not in off else None
        items.append(locks or _of(properties.FEATURES, "feature", each, place, off))
    return [place.item(one, "features", [], items)]


def _of(kinds: tuple[Kind, ...], otherwise: str, one: Element, place: Place, off: set[str]) -> Item:
    kind = next((kind for kind in kinds if kind.type == one.get("type")), None)
    items = place.typed(one) if kind is None else place.properties(one, kind.fields, kind)
    if one.get("id") in off:
        items.insert(0, place.assigned(one, "enabled", value=False))
    if one.get("id") not in {"", one.get("type")} and not _DEFAULT_IDS.fullmatch(one.get("id")):
        items.insert(0, place.assigned(one, "id", one.get("id")))
    made = place.item(one, kind.word if kind is not None else otherwise, [], items)
    made.comment = one.comment
    return made


def _locks(one: Element, place: Place) -> Item | None:
    """`sharedResources { writeLock("name") }`: a lock on each line, as `name writeLock`."""
    given = {each.get("name"): _text(each) for each in params_of(one)}
    if one.get("type") != LOCKS or set(given) != {"locks-param"}:
        return None
    items = []
    for line in given["locks-param"].splitlines():
        name, _, word = line.strip().rpartition(" ")
        if word not in _LOCK_WORDS or not name:
            return None
        items.append(place.item(one, word, [name]))
    return place.item(one, "sharedResources", [], items)


def requirements(one: Element, place: Place, _off: set[str]) -> list[Item]:
    """`<requirements>`."""
    return [place.item(one, "requirements", [], place.tests(one))]


def depends_on(one: Element, place: Place, _off: set[str]) -> list[Item]:
    """`<dependencies>`: the order of builds."""
    items = []
    for each in one.all("depend-on"):
        options = each.first("options")
        inner = [_dependency(option, place) for option in options.all("option")] if options is not None else []
        items.append(place.item(each, "snapshot", [each.get("sourceBuildTypeId")], inner))
    return [place.item(one, "dependencies", [], items)]


def _dependency(one: Element, place: Place) -> Item:
    name, value = one.get("name"), _text(one)
    known = next((known for known in properties.DEPENDENCY if known.param == name), None)
    if known is None:
        return place.item(one, "option", [name, value])
    return place.assigned(one, known.word, known.read(value))


def artifacts(one: Element, place: Place, _off: set[str]) -> list[Item]:
    """`<artifact-dependencies>`: the files of builds."""
    items = []
    for each in one.all("dependency"):
        rules = each.all("artifact")
        inner = (
            [place.assigned(each, "artifactRules", "\n".join(rule.get("sourcePath") for rule in rules))]
            if rules
            else []
        )
        inner += [rule for part in each.inner if part.name != "artifact" for rule in _rule(part, place)]
        if each.get("cleanDestination") == "true":
            inner.append(place.assigned(each, "cleanDestination", value=True))
        items.append(place.item(each, "artifacts", [each.get("sourceBuildTypeId")], inner))
    return [place.item(one, "dependencies", [], items)]


def _rule(one: Element, place: Place) -> list[Item]:
    """Which build the files come from: of the chain, or the last one, unless it says another."""
    name, revision = one.get("name"), one.get("revision")
    if one.name != "revisionRule" or revision != f"latest.{name}" or set(one.attributes) != {"name", "revision"}:
        return [place.raw(one)]
    if name == properties.RULE:
        return []
    return [place.assigned(one, "buildRule", Item(name)) if name.isalnum() else place.raw(one)]
