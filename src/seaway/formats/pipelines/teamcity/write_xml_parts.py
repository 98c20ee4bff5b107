"""The words of one build configuration -> `<build-type>`. Called by `write_xml`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable

from seaway.errors import ConfigError
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.teamcity import dsl, kotlin, properties, specs
from seaway.formats.pipelines.teamcity.nodes import Node, param
from seaway.formats.pipelines.teamcity.properties import Kind
from seaway.formats.pipelines.teamcity.values import OPAQUE, Item, Symbol, Value
from seaway.formats.pipelines.teamcity.xml_parts import LOCKS, TESTS

_UNKNOWN = "its name in XML is not known"
_BY_HAND = "set it on the server, or keep these settings in Kotlin"
_OF_OPTIONS = {(block, known.word): known for block, known in properties.OPTIONS.values()}
_UPPER = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ORDER = (
    "options", "disabled-settings", "parameters", "build-runners", "vcs-settings", "requirements", "build-triggers",
    "artifact-dependencies", "dependencies", "build-extensions",
)  # fmt: skip


def settled(items: Iterable[Item]) -> list[Item]:
    """Words that are kept as text, as words again."""
    found: list[Item] = []
    for one in items:
        if one.word == OPAQUE and not str(one.args[0]).startswith(("<", "//")):
            found += _words_of(str(one.args[0])) or [one]
        elif one.items is not None:
            found.append(dataclasses.replace(one, items=settled(one.items)))
        else:
            found.append(one)
    return found


def _words_of(text: str) -> list[Item]:
    try:
        read = kotlin.read(text, "kept.kts")
    except ConfigError:
        return []
    return [] if read.unclear is not None or any(one.word == OPAQUE for one in read.top) else read.top


def plain(value: Value) -> str | None:
    """A value as text; None for one that is not known."""
    if isinstance(value, Symbol):
        return properties.of_symbol(value)
    return value if isinstance(value, str) else str(value) if type(value) is int else None


def comment_of(text: str) -> str:
    """Lines of a comment without their slashes."""
    return "\n".join(line.removeprefix("//").strip() for line in text.splitlines())


class Build:
    """One build configuration. `roots`: the id of each VCS root that is checked out stands in the words already."""

    def __init__(self, items: list[Item], losses: Losses, what: str) -> None:
        self.items = settled(items)
        self.losses = losses
        self.what = what
        self.blocks: dict[str, list[Node]] = {name: [] for name in _ORDER}
        self.order = ""
        self.kept: list[Node] = []
        self.template = ""

    def settings(self) -> Node:
        """`<settings>` with all its parts. What cannot be written is told."""
        for item in self.items:
            handler = _WORDS.get(item.word)
            if handler is not None:
                handler(self, item)
            elif item.word not in {"id", "name", "description"}:
                self.own(item)
        self.off()
        found = []
        for name in _ORDER:
            attributes = {"order": self.order} if name == "build-runners" and self.order else {}
            if self.blocks[name]:
                found.append(Node(name, attributes, self.blocks[name]))
        return Node("settings", {"ref": self.template} if self.template else {}, [*found, *self.kept])

    def lost(self, item: Item, why: str = _UNKNOWN) -> None:
        """A word that cannot be written."""
        text = str(item.args[0]) if item.word == OPAQUE else dsl.written(item)
        word = text.split(" ", 1)[0].split("(", 1)[0] if item.word == OPAQUE else item.word
        if item.word == OPAQUE and not text.startswith("//"):
            self.losses.opaque(f"{self.what}: {word}", "its meaning is not known", f"it was: {text[:200]}")
        elif item.word != OPAQUE:
            self.losses.dropped(f"{self.what}: {word}", why, f"{_BY_HAND}: {text[:200]}")

    def option(self, block: str, item: Item) -> bool:
        """A word that is an option of the build configuration."""
        known = _OF_OPTIONS.get((block, item.word))
        text = known.written(item.args[0]) if known is not None and item.assigned else None
        if known is None or text is None:
            return False
        self.blocks["options"].append(_option(known.param, text))
        return True

    def own(self, item: Item) -> None:
        """A word of the build configuration itself."""
        if item.word == "option" and len(item.args) == 2 and all(isinstance(one, str) for one in item.args):
            self.blocks["options"].append(_option(*item.args))
        elif item.word == OPAQUE and str(item.args[0]).startswith("<"):
            self.kept.append(Node("<", text=str(item.args[0])))
        elif not self.option("", item):
            self.lost(item)

    def templates(self, item: Item) -> None:
        """`<settings ref="...">` names one template."""
        for one in item.args:
            name = plain(one)
            if name is None or self.template:
                why = "XML settings name one template" if name is not None else _UNKNOWN
                self.losses.manual(f"{self.what}: templates", why, f"attach {name or dsl.kotlin(one)} on the server")
            else:
                self.template = name

    def params(self, item: Item) -> None:
        """`<parameters>`."""
        self.blocks["parameters"] += parameters(item.items or [], self.lost)

    def vcs(self, item: Item) -> None:
        """`<vcs-settings>`, and options of the checkout."""
        for one in item.items or ():
            name = plain(one.args[0]) if one.word == "root" and one.args else None
            rules = [rule for rule in one.args[1:] if isinstance(rule, str)]
            if name is not None and len(rules) == len(one.args) - 1 and not one.named:
                inner = [Node("checkout-rule", {"rule": line}) for rule in rules for line in rule.splitlines()]
                self.blocks["vcs-settings"].append(Node("vcs-entry-ref", {"root-id": name}, inner, comment=one.comment))
            elif not self.option("vcs", one):
                self.lost(one)

    def limits(self, item: Item) -> None:
        """`failureConditions { }`: those that are options."""
        for one in item.items or ():
            if not self.option("failureConditions", one):
                self.lost(one)

    def steps(self, item: Item) -> None:
        """`<build-runners>`."""
        made = self.blocks["build-runners"]
        for one in item.items or ():
            if one.word == "stepsOrder" and isinstance(one.args[0], list):
                self.order = ", ".join(str(name) for name in one.args[0])
            elif one.word == OPAQUE:
                made.append(Node("", comment=comment_of(str(one.args[0]))))
            else:
                made.append(self.runner(one, 1 + sum(bool(node.name) for node in made)))

    def runner(self, item: Item, number: int) -> Node:
        """One `<runner>`."""
        kind = next((one for one in properties.RUNNERS if one.word == item.word), None)
        items = list(item.items or ())
        own = {one.word: one.args[0] for one in items if one.assigned and one.word in {"id", "name", "type", "enabled"}}
        node = Node("runner", {"id": str(own.get("id", f"RUNNER_{number}")), "name": str(own.get("name", ""))})
        node.comment = item.comment
        node.attributes["type"] = kind.type if kind is not None else str(own.get("type", item.word))
        if kind is None and item.word != "step":
            why = "what this runner is called in XML is not known"
            self.losses.manual(f"{self.what}: step {item.word}", why, "choose the runner on the server")
        tests = [one for one in items if one.word == "conditions"]
        rest = [one for one in items if one not in tests and not (one.assigned and one.word in own)]
        params, unknown = properties.write(kind.fields if kind is not None else properties.STEP, rest)
        if kind is None:
            more = {one.word: one.args[0] for one in unknown if one.assigned and isinstance(one.args[0], str)}
            params, unknown = params | more, [one for one in unknown if one.word not in more]
        for one in unknown:
            self.strange(one, own)
        params = {"teamcity.step.mode": "default", **params, **(kind.fixed if kind is not None else {})}
        for one in tests:
            node.inner.append(Node("conditions", inner=self.tests(one, numbered=False)))
        shown = [param(name, value) for name, value in sorted(params.items()) if value or name not in _INVISIBLE]
        node.inner.append(Node("parameters", inner=shown))
        self.disable(node, own.get("enabled"))
        return node

    def strange(self, item: Item, own: dict[str, Value]) -> None:
        """A word of a runner that cannot be written. A step must not run when it should not."""
        if item.word == "executionMode":
            own["enabled"] = False
            name = dsl.kotlin(item.args[0]).rpartition(".")[2]
            why = f"the name of {name} in XML is not known: the step is switched off"
            self.losses.manual(f"{self.what}: executionMode", why, "choose when it runs on the server, and enable it")
        else:
            self.lost(item)

    def disable(self, node: Node, enabled: Value) -> None:
        """A step, trigger or feature that is switched off is listed by its id."""
        if enabled is False:
            self.blocks["disabled-settings"].append(Node("setting-ref", {"ref": node.attributes["id"]}))

    def off(self) -> None:
        """What was disabled in an element that is kept as it is stays there."""
        if any(node.text.startswith("<disabled-settings") for node in self.kept) and self.blocks["disabled-settings"]:
            self.losses.manual(f"{self.what}: disabled-settings", "there are two lists of them", "put them into one")

    def tests(self, item: Item, *, numbered: bool = True) -> list[Node]:
        """Requirements and conditions."""
        found: list[Node] = []
        for one in item.items or ():
            texts = [plain(value) for value in one.args]
            if one.word == OPAQUE or one.items or one.named or None in texts or not 1 <= len(texts) <= 2:
                self.lost(one)
                continue
            number = {"id": f"RQ_{len(found) + 1}"} if numbered else {}
            given = dict(zip(("name", "value"), (text or "" for text in texts), strict=False))
            found.append(Node(_dashed(one.word), number | given))
        return found

    def requirements(self, item: Item) -> None:
        """`<requirements>`."""
        self.blocks["requirements"] += self.tests(item)

    def triggers(self, item: Item) -> None:
        """`<build-triggers>`."""
        made = self.blocks["build-triggers"]
        for one in item.items or ():
            first = one.word == "vcs" and not any(node.attributes["id"] == "vcsTrigger" for node in made)
            name = "vcsTrigger" if first else f"TRIGGER_{len(made) + 1}"
            node = self.of(properties.TRIGGERS, "build-trigger", "trigger", one, name)
            made += [node] if node is not None else []

    def features(self, item: Item) -> None:
        """`<build-extensions>`."""
        made = self.blocks["build-extensions"]
        for one in item.items or ():
            name = f"BUILD_EXT_{len(made) + 1}"
            node = self.locks(one, name) or self.of(properties.FEATURES, "extension", "feature", one, name)
            made += [node] if node is not None else []

    def of(self, kinds: tuple[Kind, ...], element: str, otherwise: str, item: Item, name: str) -> Node | None:
        """A trigger or a feature; None where it cannot be written, which is told."""
        kind = next((one for one in kinds if one.word == item.word), None)
        items = list(item.items or ())
        own = {one.word: one.args[0] for one in items if one.assigned and one.word in {"id", "enabled"}}
        if item.word == otherwise:
            own |= {one.word: one.args[0] for one in items if one.assigned and one.word == "type"}
        name_in_xml = kind.type if kind is not None else own.get("type")
        if not isinstance(name_in_xml, str) or item.args:
            self.lost(item)
            return None
        rest = [one for one in items if not (one.assigned and one.word in own)]
        params, unknown = properties.write(kind.fields if kind is not None else (), rest)
        for one in unknown:
            self.lost(one)
        if params.get("schedulingPolicy") == "cron":
            params = {"cronExpression_sec": "0", "cronExpression_year": "*", **params}
        shown = [param(key, value) for key, value in sorted(params.items())]
        inner = [Node("parameters", inner=shown)] if shown else []
        attributes = {"id": str(own.get("id", name)), "type": name_in_xml}
        node = Node(element, attributes, inner, comment=item.comment)
        self.disable(node, own.get("enabled"))
        return node

    def locks(self, item: Item, name: str) -> Node | None:
        """`sharedResources`: each lock on a line."""
        items = item.items or []
        plain_ones = all(
            one.word in {"readLock", "writeLock"} and len(one.args) == 1 and isinstance(one.args[0], str) and not one.named
            for one in items
        )  # fmt: skip
        if item.word != "sharedResources" or not items or not plain_ones:
            return None
        lines = "\n".join(f"{one.args[0]} {one.word}" for one in items)
        shown = Node("parameters", inner=[param("locks-param", lines)])
        return Node("extension", {"id": name, "type": LOCKS}, [shown])

    def dependencies(self, item: Item) -> None:
        """`<dependencies>` and `<artifact-dependencies>`."""
        for one in item.items or ():
            name = plain(one.args[0]) if one.args else None
            parts = one.items or [] if one.word == "dependency" else [one]
            if name is None:
                self.lost(one)
                continue
            for part in parts:
                if part.word == "snapshot":
                    self.snapshot(name, part.items or [])
                elif part.word in {"artifacts", "artifact"}:
                    self.carried(name, part.items or [])
                else:
                    self.lost(part)

    def snapshot(self, name: str, items: list[Item]) -> None:
        """The order: this build after that one."""
        reuse = [one for one in items if one.word == "reuseBuilds" and one.assigned]
        options = [one for one in items if one.word == "option" and len(one.args) == 2]
        rest = [one for one in items if one not in reuse and one not in options]
        params, unknown = properties.write(properties.DEPENDENCY, rest)
        for one in unknown:
            self.lost(one)
        for one in reuse:
            started, successful = properties.REUSE.get(dsl.kotlin(one.args[0]).rpartition(".")[2], ("true", "true"))
            params |= {"take-started-build-with-same-revisions": started, "take-successful-builds-only": successful}
        params |= {str(one.args[0]): str(one.args[1]) for one in options}
        listed = [_option(key, value) for key, value in params.items()]
        inner = [Node("options", inner=listed)] if listed else []
        self.blocks["dependencies"].append(Node("depend-on", {"sourceBuildTypeId": name}, inner))

    def carried(self, name: str, items: list[Item]) -> None:
        """The files: from that build into this one."""
        given = {one.word: one.args[0] for one in items if one.assigned}
        attributes = {
            "sourceBuildTypeId": name,
            "cleanDestination": "true" if given.get("cleanDestination") else "false",
        }
        kept = [
            Node("<", text=str(one.args[0])) for one in items if one.word == OPAQUE and str(one.args[0]).startswith("<")
        ]
        for one in items:
            if (one.word == OPAQUE and not str(one.args[0]).startswith("<")) or one.word not in {
                "artifactRules",
                "buildRule",
                "cleanDestination",
                OPAQUE,
            }:
                self.lost(one)
        rule = given.get("buildRule")
        latest = rule.word if isinstance(rule, Item) and not rule.args and not rule.items else properties.RULE
        if rule is not None and (not isinstance(rule, Item) or rule.args or rule.items):
            self.lost(next(one for one in items if one.word == "buildRule"))
        which = kept or [Node("revisionRule", {"name": latest, "revision": f"latest.{latest}"})]
        rules = [Node("artifact", {"sourcePath": line}) for line in str(given.get("artifactRules", "")).splitlines()]
        self.blocks["artifact-dependencies"].append(Node("dependency", attributes, [*which, *rules]))


_INVISIBLE = frozenset({"use.custom.script"})
_WORDS: dict[str, Callable[[Build, Item], None]] = {
    "templates": Build.templates, "params": Build.params, "vcs": Build.vcs, "failureConditions": Build.limits,
    "steps": Build.steps, "requirements": Build.requirements, "triggers": Build.triggers, "features": Build.features,
    "dependencies": Build.dependencies,
}  # fmt: skip


def parameters(items: list[Item], lost: Callable[[Item], None]) -> list[Node]:
    """`<param>` of a project or a build configuration."""
    found = []
    for one in items:
        texts = [plain(value) for value in one.args]
        spec = specs.write(one) if one.word in specs.WORDS else one.named.get("spec", "")
        if one.items or len(texts) != 2 or None in texts or not isinstance(spec, str) or one.word == OPAQUE:
            lost(one)
            continue
        name, value = (text or "" for text in texts)
        node = param(name, value, **({"spec": spec} if spec else {}))
        node.comment = one.comment
        found.append(node)
    return found


def _option(name: str, value: str) -> Node:
    return (
        Node("option", {"name": name}, text=value) if "\n" in value else Node("option", {"name": name, "value": value})
    )


def _dashed(word: str) -> str:
    return TESTS.get(word) or _UPPER.sub("-", word).lower()
