"""OBS-74: requests cannot be followed, or not be told apart. Run by `assess.examine`."""

from __future__ import annotations

from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, string
from seaway.model.finding import Impact, Persona, Severity

_ENDPOINTS = frozenset({"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"})
_INJECTS = "instrumentation.opentelemetry.io/inject-"


def survey(estate: Estate) -> list[Hit] | None:
    """Containers that send traces without the name of their service (`OTEL_SERVICE_NAME`, or `service.name` in `OTEL_RESOURCE_ATTRIBUTES`); where
    some send traces, workloads that serve and send none; for an auditor traces without `service.version`, and repositories without any.
    """
    serving = clusters.serving(estate)
    running = clusters.workloads(estate, clusters.LONG_RUNNING)
    if not running:
        return None
    tracing = {id(one) for one in running if _traces(one)}
    found = [hit for one in running if id(one) in tracing for hit in _sent(estate, one)]
    silent = [one for one in serving if id(one) not in tracing]
    if tracing:
        for one in silent:
            words = f"{one.title} sends no traces, although others here do: each request is lost there"
            found.append(clusters.hit(estate, one, one.get("metadata", "name"), words, "silent", confidence=0.7))
    elif silent:
        words = f"{silent[0].title} and all else here send no traces: a slow request cannot be followed"
        more = {"severity": Severity.LOW, "confidence": 0.6, "persona": Persona.AUDITOR}
        found.append(clusters.hit(estate, silent[0], silent[0].get("metadata", "name"), words, "none", **more))
    return found


def _traces(one: Object) -> bool:
    if any(name.startswith(_INJECTS) and value != "false" for name, value in one.pod_annotations.items()):
        return True
    return any(name.startswith("OTEL_") for container in one.containers for name in _names(container)) or any(
        get(container, "envFrom") is not None and "otel" in string(get(container, "image")).lower()
        for container in one.containers
    )


def _names(container: Node) -> Iterator[str]:
    yield from (string(get(one, "name")) for one in yaml.sequence(get(container, "env")))


def _sent(estate: Estate, one: Object) -> Iterator[Hit]:
    if any(name.startswith(_INJECTS) for name in one.pod_annotations):
        return  # the operator says whose they are
    for container in one.containers:
        names = set(_names(container))
        settings = {name: value for name, value, _ in clusters.environment(container)}
        attributes = settings.get("OTEL_RESOURCE_ATTRIBUTES", "")
        hidden = get(container, "envFrom") is not None or (
            "OTEL_RESOURCE_ATTRIBUTES" in names and "OTEL_RESOURCE_ATTRIBUTES" not in settings
        )
        if not names & _ENDPOINTS or hidden:
            continue
        endpoint = next(
            each for each in yaml.sequence(get(container, "env")) if string(get(each, "name")) in _ENDPOINTS
        )
        if "OTEL_SERVICE_NAME" not in names and "service.name=" not in attributes:
            words = f"{one.title}: {clusters.name_of(container)} sends traces without the name of its service, so all are of unknown_service"
            yield clusters.hit(
                estate, one, endpoint, words, f"{clusters.name_of(container)} name", severity=Severity.MEDIUM
            )
        elif "service.version=" not in attributes:
            words = f"{one.title}: {clusters.name_of(container)} sends traces without service.version: releases cannot be compared"
            more = {"severity": Severity.LOW, "persona": Persona.AUDITOR}
            yield clusters.hit(estate, one, endpoint, words, f"{clusters.name_of(container)} version", **more)


RULE = Rule(
    id="no-tracing",
    number="OBS-74",
    title="Requests cannot be followed, or not be told apart",
    why="Finding which of ten services is slow takes hours of reading logs, and the bad release stays out meanwhile.",
    advice="OTEL_EXPORTER_OTLP_ENDPOINT with OTEL_SERVICE_NAME, and service.version in OTEL_RESOURCE_ATTRIBUTES.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("recovery"),
    effort="M",
    refs=(
        "OpenTelemetry: SDK environment variables",
        "OpenTelemetry: semantic conventions, service",
        "DORA: monitoring and observability",
    ),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
