"""SAF-22: a liveness probe fails when something else does. Run by `assess.examine`.

Kubernetes restarts a container whose liveness probe fails. One that asks for the database restarts all pods at once when the
database is slow, and the restart makes it slower.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, integer, string
from seaway.model.finding import Impact, Persona, Severity

_OTHERS = re.compile(
    r"(?:^|/)(?:ready|readyz|readiness|health/ready|healthz/ready|db|database|dependencies|deep|full)(?:/?\Z|\?)"
    r"|\A/(?:actuator|management)/health/?\Z",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://([^\s/:\"'$]+)")
_HOST = re.compile(
    r"\b(?:pg_isready|redis-cli|mysqladmin|nc|mongosh?)\b[^\n;&|]{0,200}?\s(?:-h|--host)[= ]?([^\s\"'$;&|]+)"
)
_HERE = re.compile(r"localhost|127\.|0\.0\.0\.0|\[?::1|/")


def survey(estate: Estate) -> list[Hit] | None:
    """A livenessProbe on a path for readiness or with dependencies (`/ready`, Spring's whole `/actuator/health`), or a command that asks
    another host; for an auditor one that is the same as the readinessProbe and no more patient.
    """
    rows = [
        (one, container, probe)
        for one in clusters.workloads(estate, clusters.LONG_RUNNING)
        for container in one.containers
        if (probe := get(container, "livenessProbe")) is not None
    ]
    return [hit for row in rows for hit in _probe(estate, *row)] if rows else None


def _probe(estate: Estate, one: Object, container: Node, probe: Node) -> Iterator[Hit]:
    name = f"{one.title}: the livenessProbe of {clusters.name_of(container)}"
    path = get(probe, "httpGet", "path")
    if path is not None and _OTHERS.search(string(path)):
        words = f"{name} asks {string(path)}, which also fails when what it depends on does: all pods are then restarted at once"
        yield clusters.hit(estate, one, path, words, "liveness")
        return
    command = " ".join(yaml.strings(get(probe, "exec", "command")))[:2_000]
    for match in (*_ADDRESS.finditer(command), *_HOST.finditer(command)):
        if not _HERE.match(match[1]):
            words = f"{name} asks the host {match[1]}: when that is away, all pods are restarted"
            yield clusters.hit(estate, one, get(probe, "exec", "command"), words, "liveness")
            return
    ready = get(container, "readinessProbe")
    if ready is not None and _asked(probe) == _asked(ready) and _patience(probe) <= _patience(ready):
        words = f"{name} is the same as its readinessProbe and no more patient: what should only wait is restarted"
        yield clusters.hit(
            estate, one, probe, words, "same", severity=Severity.LOW, confidence=0.7, persona=Persona.AUDITOR
        )


def _asked(probe: Node) -> tuple[str, ...]:
    asked = []
    for kind in ("httpGet", "tcpSocket", "grpc", "exec"):
        node = get(probe, kind)
        asked += [f"{kind}.{name}={string(value) or yaml.strings(value)}" for name, _, value in yaml.items(node)]
    return tuple(sorted(asked))


def _patience(probe: Node) -> int:
    """Seconds until it is said to have failed, with the defaults of Kubernetes."""
    return (integer(get(probe, "failureThreshold")) or 3) * (integer(get(probe, "periodSeconds")) or 10)


RULE = Rule(
    id="probe-depends-on-others",
    number="SAF-22",
    title="A liveness probe fails when something else does",
    why="A slow database becomes an outage of everything that asks for it: all pods restart together, and again.",
    advice="Let liveness ask only whether the process hangs; let readiness ask for the rest.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="S",
    refs=("Kubernetes: liveness, readiness and startup probes", "Spring Boot: Kubernetes probes"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
