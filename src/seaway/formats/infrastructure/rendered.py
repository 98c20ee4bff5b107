"""What Helm and Kustomize print -> objects that know the file and the line that they come from. Called by `app.rendering`.

Kustomize names the file of each object in an annotation; the same way is gone in that file as far as it leads. Helm names the
template in a comment; there the lines with the same keys are looked for, one below the other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from seaway.formats.infrastructure.kubernetes import Keys, Object, objects, parse
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, string
from seaway.model.span import Span

_DOCUMENT = re.compile(r"^---[ \t]*$", re.MULTILINE)
_SOURCE = re.compile(r"^# Source: (\S+)$", re.MULTILINE)
_KIND = re.compile(r"^kind:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
ORIGIN = "config.kubernetes.io/origin"


def of_kustomize(
    output: str, made_by: str, folders: tuple[str, str], known: Mapping[str, list[Object]]
) -> list[Object]:
    """The objects of a kustomization. `folders`: what the origins' paths count from, and the repository's root, both absolute;
    `known`: the plain objects of each file.

    Left out is what stands in no file, such as generated settings. Raises ConfigError.
    """
    found = []
    for one in parse(output, made_by):
        path = _origin(one, *folders)
        plain = [other for other in known.get(path, ()) if other.kind == one.kind]
        if plain:
            alike = [other for other in plain if other.name and other.name in one.name]
            own = max(alike or plain, key=_length)
            found.append(replace(one, path=path, made_by=made_by, called=own.name, source=_in(own)))
    return found


def _length(one: Object) -> int:
    return len(one.name)


def _origin(one: Object, folder: str, root: str) -> str:
    text = one.annotations.get(ORIGIN, "")
    path = next((line[5:].strip() for line in text.split("\n") if line.startswith("path:")), "")
    return posixpath.relpath(posixpath.join(folder, path), root) if path else ""


def _in(origin: Object) -> Callable[[Keys], Span]:
    def source(keys: Keys) -> Span:
        node: Node = origin.node
        for key in keys:
            below = _below(node, key)
            if below is None:
                break
            node = below
        return origin.tree.span(node)

    return source


def _below(node: Node, key: str | int) -> Node | None:
    if not yaml.is_sequence(node):
        return get(node, str(key))
    for number, one in enumerate(yaml.sequence(node)):
        if key == (string(get(one, "name")) or number):
            return one
    return None


def of_helm(output: str, made_by: str, chart: str, folder: str, texts: Mapping[str, str]) -> list[Object]:
    """The objects of a chart of this name. `folder`: where it lies; `texts`: its templates by path.

    Left out is what no template of these made, such as charts in archives. Raises ConfigError.
    """
    found: list[Object] = []
    counts: dict[tuple[str, str], int] = {}
    for document in _DOCUMENT.split(output):
        named = _SOURCE.search(document)
        if named is None:
            continue
        inside = named[1].removeprefix(f"{chart}/")
        path = posixpath.join(folder, inside)
        text = texts.get(path)
        if text is None:
            continue
        tree = yaml.read(document, path)
        for one in (made for node in tree.documents for made in objects(tree, node)):
            number = counts[path, one.kind] = counts.get((path, one.kind), -1) + 1
            called = one.name.removeprefix("release-")
            place = _among(text, path, one, number)
            found.append(replace(one, path=path, made_by=made_by, called=called, source=place))
    return found


def _among(text: str, path: str, one: Object, number: int) -> Callable[[Keys], Span]:
    kinds = [match for match in _KIND.finditer(text) if match[1].strip("\"'") == one.kind]
    begun = kinds[min(number, len(kinds) - 1)].start() if kinds else 0

    def source(keys: Keys) -> Span:
        start, end = _line(text, begun)
        at = end
        for key in keys:
            match = _written(key).search(text, at) if isinstance(key, str) else None
            if match is None and isinstance(key, int):
                continue  # an item has no name: its list's place will do
            if match is None:
                break
            start, end = _line(text, match.start("key"))
            at = match.end()
        return _span(text, path, start, end)

    return source


def _written(key: str) -> re.Pattern[str]:
    return re.compile(
        rf"^[ \t]*(?:-[ \t]+)?(?:name:[ \t]*)?(?P<key>[\"']?{re.escape(key)}[\"']?)[ \t]*(?::|$)", re.MULTILINE
    )


def _line(text: str, at: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())


def _span(text: str, path: str, start: int, end: int) -> Span:
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return Span(path, line, column, line, column + end - start, start, end)
