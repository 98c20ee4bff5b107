"""Checked by mypy, never run: each adapter of the registry's table has the methods of its port, with their types."""

from __future__ import annotations

from seaway.adapters.artifacts.folder import Folder
from seaway.adapters.ci.github import GitHub
from seaway.adapters.ci.gitlab import GitLab
from seaway.adapters.events.jsonl import JsonLines
from seaway.adapters.metrics.access_log import AccessLog
from seaway.adapters.metrics.envoy import EnvoyMetrics
from seaway.adapters.metrics.prometheus import Prometheus
from seaway.adapters.secrets.env import Env
from seaway.adapters.secrets.file import File
from seaway.adapters.target.process import Process
from seaway.adapters.traffic.envoy import Envoy
from seaway.app.hands import Composition
from seaway.engine.hands import Hands
from seaway.ports.artifacts import Artifacts
from seaway.ports.ci import Ci
from seaway.ports.events import Events
from seaway.ports.metrics import Metrics, PerInstance
from seaway.ports.secrets import Secrets
from seaway.ports.target import Target
from seaway.ports.traffic import Portholder, Traffic

artifacts: type[Artifacts] = Folder
ci_github: type[Ci] = GitHub
ci_gitlab: type[Ci] = GitLab
events: type[Events] = JsonLines
metrics: type[Metrics] = EnvoyMetrics
per_instance: type[PerInstance] = EnvoyMetrics
metrics_access_log: type[Metrics] = AccessLog
metrics_prometheus: type[Metrics] = Prometheus
secrets_env: type[Secrets] = Env
secrets_file: type[Secrets] = File
target: type[Target] = Process
traffic: type[Traffic] = Envoy
portholder: type[Portholder] = Envoy
hands: type[Hands] = Composition
