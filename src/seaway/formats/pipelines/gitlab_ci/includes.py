"""Which files a GitLab pipeline is made of, joined into one document. Called by the reader; files come from `Sources` only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from seaway.formats.pipelines.gitlab_ci.merge import Joiner
from seaway.formats.pipelines.sources import MAX_INCLUDE_DEPTH, Sources
from seaway.formats.yaml import tree
from seaway.formats.yaml.tree import Node, Tree
from seaway.model.pipeline import Component, Include, Pin, Unresolved

Pairs = dict[str, tuple[Node, Node]]

_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:-[\w.]+)?\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_INPUT = re.compile(r"\$\[\[\s*inputs\.([\w-]+)\s*((?:\|[^\]|]*)*)\]\]")


def content(found: Tree) -> tuple[Node | None, Node | None]:
    """The header with `spec` and the document with jobs; either may be missing."""
    documents = found.documents
    if len(documents) > 1 and tree.get(documents[0], "spec") is not None:
        return documents[0], documents[1]
    return None, documents[0] if documents else None


def described(node: Node, joiner: Joiner) -> list[tuple[Include, Node]]:
    """Every entry of `include`, as written."""
    return [(_include(entry, joiner), entry) for entry in tree.sequence(node)]


def _include(entry: Node, joiner: Joiner) -> Include:
    place = joiner.span(entry)
    if isinstance(entry, yaml.ScalarNode):
        text = tree.string(entry)
        remote = re.match(r"https?://", text)
        return Include(text, span=place) if remote else Include(text, local=text, span=place)
    found = tree.mapping(entry)
    if "local" in found:
        text = tree.string(found["local"])
        return Include(text, local=text, span=place)
    if "component" in found:
        text = tree.string(found["component"])
        name, _, version = text.rpartition("@")
        return Include(
            text, ref=Component(text, name or text, version if name else "", pin(version), place), span=place
        )
    if "project" in found:
        project, version = tree.string(found["project"]), tree.string(found.get("ref"))
        text = f"{project}{'@' + version if version else ''}: {', '.join(tree.strings(found.get('file')))}"
        return Include(text, ref=Component(text, project, version, pin(version), place), span=place)
    if "template" in found:
        text = tree.string(found["template"])
        return Include(text, ref=Component(text, f"template:{text}", "", Pin.NONE, place), span=place)
    text = ", ".join(f"{key}: {tree.string(value)}" for key, value in found.items())
    return Include(tree.string(found.get("remote")) or text, span=place)


def pin(version: str) -> Pin:
    """How a version fixes what it names."""
    if not version:
        return Pin.NONE
    return Pin.DIGEST if _COMMIT.match(version) else Pin.TAG if _VERSION.match(version) else Pin.BRANCH


@dataclass(slots=True)
class Includes:
    """Follows `include` through all files. `found` lists those of the root only."""

    joiner: Joiner
    sources: Sources
    found: list[Include] = field(default_factory=list)

    def joined(self, document: Node, library: str = "", below: tuple[str, ...] = ()) -> Pairs:
        """The document upon everything that it includes."""
        pairs: Pairs = {}
        for include, entry in (
            described(tree.get(document, "include"), self.joiner) if tree.get(document, "include") else []
        ):
            if not below:
                self.found.append(include)
            for where, name, text in self._texts(include, entry, library):
                self._add(pairs, self._file(where, name, text, entry, below))
        own = {name: (key, value) for name, key, value in tree.items(document)}
        self._add(pairs, own)
        return pairs

    def _add(self, pairs: Pairs, more: Pairs) -> None:
        for name, (key, value) in more.items():
            known = pairs.get(name)
            pairs[name] = (key, value if known is None or name == "include" else self.joiner.joined(known[1], value))

    def _file(self, library: str, name: str, text: str, entry: Node, below: tuple[str, ...]) -> Pairs:
        full = f"{library}:{name}" if library else name
        if full in below or full == self.joiner.root.path:
            raise self.joiner.problem(entry, f"`{full}` includes itself: {' -> '.join((*below, full))}")
        if len(below) >= MAX_INCLUDE_DEPTH:
            raise self.joiner.problem(entry, f"includes nest deeper than {MAX_INCLUDE_DEPTH} files")
        found = tree.read(text, full)
        self.joiner.own(found, found.documents)
        header, document = content(found)
        if not isinstance(document, yaml.MappingNode):
            return {}
        given = tree.mapping(tree.get(entry, "inputs")) if isinstance(entry, yaml.MappingNode) else {}
        if header is not None:
            document = self._with_inputs(document, self._inputs(header, given), 0)
        return self.joined(document, library, (*below, full))

    def _texts(self, include: Include, entry: Node, library: str) -> list[tuple[str, str, str]]:
        """(library, path, text) of all files that an entry names; what is not there is noted."""
        if include.local:
            return self._local(include, library)
        reason = "it is fetched from the network; name a folder that has it"
        if include.ref is not None and isinstance(entry, yaml.MappingNode):
            name, files = self._foreign(include.ref, entry)
            texts = [(name, path, text) for path in files if (text := self.sources.foreign(name, path)) is not None]
            if texts:
                return texts
            reason = f"it is in another repository; name a folder that has it: --library {name}=PATH"
        self.joiner.unresolved.append(Unresolved(include.text, reason, include.span))
        return []

    def _local(self, include: Include, library: str) -> list[tuple[str, str, str]]:
        path = include.local.lstrip("/")
        if library:
            text = self.sources.foreign(library, path)
            found = [] if text is None else [(library, path, text)]
        else:
            paths = self.sources.matching(path) if "*" in path else (path,)
            found = [("", name, text) for name in paths if (text := self.sources.local(name)) is not None]
        if not found:
            why = (
                "there is no such file in the repository" if "$" not in path else "its name is known only when it runs"
            )
            self.joiner.unresolved.append(Unresolved(include.text, why, include.span))
        return found

    @staticmethod
    def _foreign(ref: Component, entry: Node) -> tuple[str, list[str]]:
        """The name of a library and the paths to try in it."""
        if tree.get(entry, "component") is not None:
            _, _, path = ref.name.partition("/")
            project, _, name = path.rpartition("/")
            found = [f"templates/{name}.yml", f"templates/{name}/template.yml"]
            return project, found
        if ref.name.startswith("template:"):
            return "templates", [ref.name.removeprefix("template:")]
        return ref.name, [path.lstrip("/") for path in tree.strings(tree.get(entry, "file"))]

    def _inputs(self, header: Node, given: dict[str, Node]) -> dict[str, Node]:
        """Values of a file's inputs: as its user gives them, else their defaults."""
        found = {
            name: value
            for name, _, node in tree.items(tree.get(header, "spec", "inputs"))
            if (value := tree.get(node, "default"))
        }
        return {**found, **given}

    def _with_inputs(self, node: Node, inputs: dict[str, Node], depth: int) -> Node:
        """The node with `$[[ inputs.name ]]` replaced; a whole value may become a list or mapping."""
        if depth > tree.MAX_DEPTH:
            raise self.joiner.problem(node, f"nested deeper than {tree.MAX_DEPTH} levels")
        self.joiner.spend(node)
        if isinstance(node, yaml.ScalarNode):
            return self._replaced(node, inputs) if "$[[" in node.value else node
        if isinstance(node, yaml.SequenceNode):
            made = self.joiner.sequence(node, [self._with_inputs(item, inputs, depth + 1) for item in node.value])
            made.tag = node.tag
            return made
        pairs = [
            (self._with_inputs(key, inputs, depth + 1), self._with_inputs(value, inputs, depth + 1))
            for _, key, value in tree.items(node)
        ]
        return self.joiner.node(node, pairs)

    def _replaced(self, node: Node, inputs: dict[str, Node]) -> Node:
        whole = _INPUT.fullmatch(node.value.strip())
        if whole and whole[1] in inputs and not isinstance(inputs[whole[1]], yaml.ScalarNode):
            return inputs[whole[1]]

        def value(match: re.Match[str]) -> str:
            given = inputs.get(match[1])
            if not isinstance(given, yaml.ScalarNode):
                return match[0]
            text = str(given.value)
            cut = re.search(r"truncate\((\d{1,6}),\s*(\d{1,6})\)", match[2])
            return text[int(cut[1]) : int(cut[1]) + int(cut[2])] if cut else text

        return self.joiner.scalar(node, _INPUT.sub(value, node.value))
