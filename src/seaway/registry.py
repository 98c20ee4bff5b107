"""The visible tables: port -> name -> "module:Class", and kind of format -> name -> module. Asked by `app`.

Nothing is imported before it is used. Third parties add entry points in the group `seaway.<port>`; those are asked only
for a name that this table does not have, because asking costs tens of milliseconds.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from seaway.errors import UnknownName

TABLE: Mapping[str, Mapping[str, str]] = {
    "artifacts": {"folder": "seaway.adapters.artifacts.folder:Folder"},
    "ci": {
        "github": "seaway.adapters.ci.github:GitHub",
        "gitlab": "seaway.adapters.ci.gitlab:GitLab",
    },
    "events": {"jsonl": "seaway.adapters.events.jsonl:JsonLines"},
    "metrics": {
        "access_log": "seaway.adapters.metrics.access_log:AccessLog",
        "envoy": "seaway.adapters.metrics.envoy:EnvoyMetrics",
        "prometheus": "seaway.adapters.metrics.prometheus:Prometheus",
    },
    "secrets": {
        "env": "seaway.adapters.secrets.env:Env",
        "file": "seaway.adapters.secrets.file:File",
    },
    "target": {"process": "seaway.adapters.target.process:Process"},
    "traffic": {"envoy": "seaway.adapters.traffic.envoy:Envoy"},
}

FORMATS: Mapping[str, Mapping[str, str]] = {
    "infrastructure": {
        "alertmanager": "seaway.formats.monitoring.alertmanager",
        "ansible": "seaway.formats.infrastructure.ansible",
        "compose": "seaway.formats.infrastructure.compose",
        "dockerfile": "seaway.formats.infrastructure.dockerfile",
        "flags": "seaway.formats.infrastructure.flags",
        "grafana": "seaway.formats.monitoring.grafana",
        "helm": "seaway.formats.infrastructure.helm",
        "kubernetes": "seaway.formats.infrastructure.kubernetes",
        "kustomize": "seaway.formats.infrastructure.kustomize",
        "owners": "seaway.formats.infrastructure.code_owners",
        "runbook": "seaway.formats.infrastructure.runbook",
        "prometheus": "seaway.formats.monitoring.prometheus.files",
        "spinnaker": "seaway.formats.infrastructure.spinnaker",
        "terraform": "seaway.formats.infrastructure.terraform",
    },
    "pipelines": {
        "azure_pipelines": "seaway.formats.pipelines.azure_pipelines",
        "circleci": "seaway.formats.pipelines.circleci",
        "github_actions": "seaway.formats.pipelines.github_actions",
        "gitlab_ci": "seaway.formats.pipelines.gitlab_ci",
        "jenkins": "seaway.formats.pipelines.jenkins",
        "teamcity": "seaway.formats.pipelines.teamcity",
        "teamcity_xml": "seaway.formats.pipelines.teamcity_xml",
        "tekton": "seaway.formats.pipelines.tekton",
    },
}


def names(port: str) -> tuple[str, ...]:
    """Names of the table for one port, sorted. Raises UnknownName for a port that does not exist."""
    if port not in TABLE:
        raise UnknownName("port", port, list(TABLE))
    return tuple(sorted(TABLE[port]))


def load(port: str, name: str) -> type[Any]:
    """The class behind a name of a port. Raises UnknownName with the known names, third parties' among them."""
    known = names(port)
    if name in known:
        return _import(TABLE[port][name])
    foreign = _entry_points(port)
    if name in foreign:
        return _import(foreign[name])
    raise UnknownName(port, name, [*known, *foreign])


def _import(place: str) -> type[Any]:
    module, _, attribute = place.partition(":")
    found: type[Any] = getattr(importlib.import_module(module), attribute)
    return found


def _entry_points(port: str) -> dict[str, str]:
    from importlib import metadata

    return {point.name: point.value for point in metadata.entry_points(group=f"seaway.{port}")}


def formats(kind: str) -> tuple[str, ...]:
    """Names of one kind of format, sorted."""
    return tuple(sorted(FORMATS[kind]))


def load_format(kind: str, name: str) -> Any:
    """The module that reads (and perhaps writes) a format. Raises UnknownName with the known names."""
    known = FORMATS[kind]
    if name not in known:
        raise UnknownName(f"format of {kind}", name, list(known))
    return importlib.import_module(known[name])
