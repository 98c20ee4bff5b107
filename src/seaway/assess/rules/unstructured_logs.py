"""OBS-75: logs are written for eyes. Run by `assess.examine`.

Only what is set on purpose is judged: a program's own default no file shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.compose import Service
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, string
from seaway.model.finding import Impact, Severity

_SETTING = re.compile(r"(?:\A|_)LOG(?:GING|GER|S)?_(?:FORMAT|FORMATTER|ENCODING|STYLE|OUTPUT_FORMAT)\Z", re.IGNORECASE)
_OPTION = re.compile(r"\A--?(?:log|logging|logger|zap)[._-]?(?:format|encoder|encoding)[= ]?(.*)\Z", re.IGNORECASE)
_FOR_EYES = frozenset({"text", "plain", "plaintext", "console", "pretty", "simple", "human", "tty", "fancy"})
_FOR_MACHINES = re.compile(r"json|logfmt|ecs|gelf|structured|cbor", re.IGNORECASE)


def survey(estate: Estate) -> list[Hit] | None:
    """Variables (`LOG_FORMAT`) and options (`--log-format`) of containers that ask for text, console or pretty logs."""
    found, judged = [], False
    for one in clusters.workloads(estate, clusters.LONG_RUNNING):
        for container in one.containers:
            for name, value, node in _settings(container):
                judged = judged or bool(_FOR_MACHINES.search(value)) or value.lower() in _FOR_EYES
                if value.lower() in _FOR_EYES:
                    words = f"{one.title}: {name} asks for logs as {value}, which no search can take apart"
                    found.append(clusters.hit(estate, one, node, words, f"{clusters.name_of(container)} {name}"))
    for service in estate.all(Service):
        for name, value, node in service.environment:
            judged = judged or bool(_SETTING.search(name))
            if _SETTING.search(name) and value.lower() in _FOR_EYES:
                words = f"{service.name}: {name} asks for logs as {value}, which no search can take apart"
                place = estate.within(service.at(node), "")
                found.append(Hit(place, words, (service.name, name), persona=clusters.deployed(service)))
    return found if judged else None


def _settings(container: Node) -> Iterator[tuple[str, str, Node]]:
    yield from (row for row in clusters.environment(container) if _SETTING.search(row[0]))
    words = [*yaml.scalars(get(container, "command")), *yaml.scalars(get(container, "args"))]
    for number, node in enumerate(words):
        text = string(node)
        match = _OPTION.match(text) if len(text) < 200 else None
        if match:
            value = match[1] or (string(words[number + 1]) if number + 1 < len(words) else "")
            yield text.partition("=")[0], value, node


RULE = Rule(
    id="unstructured-logs",
    number="OBS-75",
    title="Logs are written for eyes",
    why="At night somebody greps; with a trace id and a version in fields, the same question is a filter.",
    advice="JSON with trace_id and service.version as fields.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("recovery"),
    effort="S",
    refs=(
        "OpenTelemetry: logs data model",
        "Elastic Common Schema: service.version",
        "DORA: monitoring and observability",
    ),
    kinds=frozenset({Kind.KUBERNETES, Kind.COMPOSE}),
    survey=survey,
)
