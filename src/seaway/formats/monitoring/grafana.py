"""Grafana's dashboards as JSON, of the classic schema and of the second one: panels and their queries. Asked by `app.estate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.document import Document, read_json
from seaway.formats.yaml.tree import Node, Tree

_DEPTH = 4  # of panels in rows


@dataclass(frozen=True, slots=True)
class Query:
    """`source`: the kind of its data source as far as it is said; `expression`: what it asks, where it asks with a text."""

    source: str
    expression: str
    node: Node


@dataclass(frozen=True, slots=True)
class Panel(Document):
    """`kind`: `timeseries`, `stat`, ..."""

    title: str
    kind: str
    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Dashboard(Document):
    """`variables`: names; `annotations`: names of those that are asked for, without the one that every dashboard has."""

    title: str
    panels: tuple[Panel, ...]
    variables: tuple[str, ...]
    annotations: tuple[str, ...]


def parse(text: str, path: str) -> list[Dashboard]:
    """The dashboard of a file; nothing for what only looks like one. Raises ConfigError."""
    tree = read_json(text, path)
    found = []
    for document in tree.documents:
        inner = yaml.get(document, "dashboard")
        node = inner if yaml.is_mapping(inner) else document
        if yaml.get(node, "kind") is not None and yaml.is_mapping(yaml.get(node, "spec", "elements")):
            found.append(_second(tree, node))
        elif yaml.is_sequence(yaml.get(node, "panels")) or yaml.is_sequence(yaml.get(node, "rows")):
            found.append(_classic(tree, node))
    return found


def _classic(tree: Tree, node: Node) -> Dashboard:
    listed = [one for name in ("panels", "rows") for one in yaml.sequence(yaml.get(node, name))]
    variables = [yaml.string(yaml.get(one, "name")) for one in yaml.sequence(yaml.get(node, "templating", "list"))]
    annotations = [
        yaml.string(yaml.get(one, "name"))
        for one in yaml.sequence(yaml.get(node, "annotations", "list"))
        if yaml.string(yaml.get(one, "builtIn")) not in {"1", "true"}
        and yaml.string(yaml.get(one, "enable")) != "false"
    ]
    title = yaml.string(yaml.get(node, "title"))
    return Dashboard(
        tree.path, tree, node, title, tuple(_panels(tree, listed, 0)), tuple(variables), tuple(annotations)
    )


def _panels(tree: Tree, nodes: list[Node], depth: int) -> Iterator[Panel]:
    for node in nodes:
        inner = yaml.sequence(yaml.get(node, "panels"))
        if inner and depth < _DEPTH:
            yield from _panels(tree, inner, depth + 1)
        kind = yaml.string(yaml.get(node, "type"))
        if kind and kind != "row":
            source = _source(yaml.get(node, "datasource"))
            queries = [
                Query(_source(yaml.get(one, "datasource")) or source, yaml.string(yaml.get(one, "expr")), one)
                for one in yaml.sequence(yaml.get(node, "targets"))
            ]
            yield Panel(tree.path, tree, node, yaml.string(yaml.get(node, "title")), kind, tuple(queries))


def _source(node: Node | None) -> str:
    return (yaml.string(yaml.get(node, "type")) if yaml.is_mapping(node) else yaml.string(node)).lower()


def _second(tree: Tree, node: Node) -> Dashboard:
    spec = yaml.get(node, "spec")
    panels = [
        _panel(tree, one)
        for one in yaml.mapping(yaml.get(spec, "elements")).values()
        if yaml.string(yaml.get(one, "kind")) == "Panel"
    ]
    variables = [
        yaml.string(yaml.get(one, "spec", "name")) for one in yaml.sequence(yaml.get(spec, "variables"))
    ]  # fmt: skip
    annotations = [
        yaml.string(yaml.get(one, "spec", "name"))
        for one in yaml.sequence(yaml.get(spec, "annotations"))
        if yaml.string(yaml.get(one, "spec", "builtIn")) != "true"
    ]
    title = yaml.string(yaml.get(spec, "title"))
    return Dashboard(tree.path, tree, node, title, tuple(panels), tuple(variables), tuple(annotations))


def _panel(tree: Tree, node: Node) -> Panel:
    spec = yaml.get(node, "spec")
    kind = yaml.string(yaml.get(spec, "vizConfig", "group")) or yaml.string(yaml.get(spec, "vizConfig", "kind"))
    queries = []
    for one in yaml.sequence(yaml.get(spec, "data", "spec", "queries")):
        query = yaml.get(one, "spec", "query")
        source = yaml.string(yaml.get(query, "group")) or yaml.string(yaml.get(query, "kind"))
        queries.append(Query(source.lower(), yaml.string(yaml.get(query, "spec", "expr")), query or one))
    return Panel(tree.path, tree, node, yaml.string(yaml.get(spec, "title")), kind, tuple(queries))
