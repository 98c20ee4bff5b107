"""Prometheus' own files: the server's configuration, and rules that alert or record. Asked by `app.estate`.

The same groups of rules stand in objects of Prometheus' operator: `rules_of` reads them there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.document import Document
from seaway.formats.yaml.tree import Node, Tree
from seaway.model.span import Span

_CONFIGURATION = frozenset(
    [
        "global",
        "runtime",
        "alerting",
        "rule_files",
        "scrape_configs",
        "scrape_config_files",
        "storage",
        "remote_write",
        "remote_read",
        "tracing",
        "otlp",
    ]
)
_RULES = frozenset({"groups", "namespace"})


@dataclass(frozen=True, slots=True)
class Configuration(Document):
    """A server's configuration."""

    @property
    def jobs(self) -> list[Node]:
        """What it scrapes."""
        return [one for one in yaml.sequence(self.get("scrape_configs")) if yaml.is_mapping(one)]


@dataclass(frozen=True)
class MonitoringRule(Document):
    """A rule that alerts (`alert`) or records (`record`). `group`: its group's node, whose labels are the rule's as well."""

    group: Node

    @cached_property
    def alert(self) -> str:
        """The alert's name, or ""."""
        return self.string("alert")

    @cached_property
    def name(self) -> str:
        """Of the alert or of the series that it records."""
        return self.alert or self.string("record")

    @cached_property
    def expression(self) -> str:
        """What it asks."""
        return self.string("expr")

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What it adds, with what its group adds."""
        given = yaml.mapping(yaml.get(self.group, "labels")) | yaml.mapping(self.get("labels"))
        return {name: yaml.string(value) for name, value in given.items()}

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        """What it tells a reader."""
        return {name: yaml.string(value) for name, value in yaml.mapping(self.get("annotations")).items()}

    @property
    def place(self) -> Span:
        """Where its name stands."""
        return self.at(self.get("alert") or self.get("record"))


def parse(text: str, path: str) -> list[Configuration | MonitoringRule]:
    """A configuration, or all rules of a file; nothing for what only looks like one of them. Raises ConfigError."""
    tree = yaml.read(text, path)
    found: list[Configuration | MonitoringRule] = []
    for document in tree.documents:
        keys = {name for name, _, _ in yaml.items(document)}
        if "groups" in keys and keys <= _RULES:
            found += rules_of(tree, document)
        elif keys & {"scrape_configs", "rule_files", "alerting"} and keys <= _CONFIGURATION:
            found.append(Configuration(path, tree, document))
    return found


def rules_of(
    tree: Tree, node: Node | None, source: Callable[[Node | None], Span] | None = None
) -> Iterator[MonitoringRule]:
    """The rules under `groups` of a mapping. `source`: as `Document` has it."""
    for group in yaml.sequence(yaml.get(node, "groups")):
        for one in yaml.sequence(yaml.get(group, "rules")):
            named = yaml.get(one, "alert") or yaml.get(one, "record")
            if named is not None and yaml.is_scalar(yaml.get(one, "expr")):
                yield MonitoringRule(tree.path, tree, one, group, source=source)
