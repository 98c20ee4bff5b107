"""Settings in Kotlin -> the tree of what they say. Called by `reader`."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from seaway.formats.pipelines.sources import Sources
from seaway.formats.pipelines.teamcity.evaluate import Machine
from seaway.formats.pipelines.teamcity.scope import Lazy, Scope
from seaway.formats.pipelines.teamcity.source import Node, Source, mistake, tree
from seaway.formats.pipelines.teamcity.values import OPAQUE, Entity, Item

_LATER = frozenset({"property_declaration", "function_declaration", "class_declaration", "object_declaration"})
_ASIDE = frozenset({"import", "package_header", "file_annotation", "shebang_line", "type_alias"})


@dataclass(slots=True)
class Settings:
    """`top`: what stands outside of all declarations; `entities`: what the file declares and makes; `unclear`: first mistake."""

    source: Source
    top: list[Item] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    unclear: int | None = None
    files: list[str] = field(default_factory=list)


def read(text: str, path: str, sources: Sources | None = None) -> Settings:
    """A settings file, carried out; with `sources` what other files of its folder declare is known. Raises ConfigError."""
    source = Source(text, path)
    root = tree(source)
    machine = Machine()
    found = Settings(source)
    wrong = mistake(root)
    places = [start for start, _ in source.skipped] + ([wrong.start_byte] if wrong is not None else [])
    found.unclear = source.at(min(places)) if places else None
    scope = Scope(source, target=found.top)
    _declare(machine, root, scope)
    for place, other in _beside(path, sources):
        inner = Source(other, place)
        _declare(machine, tree(inner), Scope(inner))
        found.files.append(place)
    nodes = [node for node in root.named_children if node.type not in _LATER and node.type not in _ASIDE]
    _carry_out(machine, nodes, scope)
    found.top += {(one.start, one.source and one.source.path): one for one in machine.lost}.values()
    for start, end in source.skipped:
        found.top.append(Item(OPAQUE, [source.cut(start, end)], source=source, start=start, end=end))
    found.entities = machine.entities
    return found


def _carry_out(machine: Machine, nodes: list[Node], scope: Scope) -> None:
    """The statements of the top level, then every object that they did not use."""
    try:
        machine.block(nodes, scope)
        for declared in list(scope.names.values()):
            if isinstance(declared, Lazy) and declared.node.type == "object_declaration":
                machine.force(declared)
    except RecursionError:
        scope.source.refuse(0, "the settings are nested too deep")


def _declare(machine: Machine, root: Node, scope: Scope) -> None:
    machine.packages.add(scope.source.package)
    for part in range(scope.source.package.count(".")):
        machine.packages.add(scope.source.package.rsplit(".", part + 1)[0])
    for node in root.named_children:
        if node.type in _LATER:
            machine.declare_later(node, scope)
    for name, value in scope.names.items():
        machine.shared.setdefault(name, value)


def _beside(path: str, sources: Sources | None) -> list[tuple[str, str]]:
    """The other Kotlin files of the settings folder."""
    if sources is None:
        return []
    folder = path[: path.index(".teamcity/") + len(".teamcity")] if ".teamcity/" in path else posixpath.dirname(path)
    places = [place for place in sources.matching(f"{folder}/**/*.kt") if place != path and "/target/" not in place]
    return [(place, text) for place in places if (text := sources.local("/" + place)) is not None]
