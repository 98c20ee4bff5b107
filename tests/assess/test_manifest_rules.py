"""What rules on manifests keep for an auditor, and how bad they find it: what is right to do and rarely urgent."""

from __future__ import annotations

import pytest

from seaway import registry
from seaway.assess import rules
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit
from seaway.model.finding import Persona, Severity

HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n"


def web(rest: str, head: str = HEAD) -> str:
    return f"{head}        - {{name: web, image: 'r.example/web:1', {rest}}}\n"


def hits(rule: str, text: str, path: str = "web.yaml", kind: str = "kubernetes") -> list[Hit]:
    things = registry.load_format("infrastructure", kind).parse(text, path)
    estate = Estate(things=things, texts={path: text}, files=frozenset({path}), kinds={path: Kind(kind)})
    answer = rules.load(rule).ask(estate)
    assert isinstance(answer, list)
    return answer


ONLY_AUDITORS = [
    ("probe-depends-on-others", web("livenessProbe: {grpc: {port: 1}}, readinessProbe: {grpc: {port: 1}}"), "no more patient"),
    ("no-disruption-budget", web("ports: [{containerPort: 80}], lifecycle: {preStop: {sleep: {seconds: 5}}}"), "keeps some of its 3 pods"),
    ("mutable-image-tag", web("command: [x]"), "a tag without a digest"),
    ("no-resource-requests", web("resources: {requests: {cpu: 1, memory: 1Gi}}"), "no limit of memory"),
    ("privileged-container", web("command: [x]"), "nothing says runAsNonRoot"),
    ("privileged-container", web("securityContext: {privileged: true}", HEAD.replace("Deployment", "DaemonSet")), "is privileged"),
    ("unsafe-strategy", web("ports: [{containerPort: 80}]", HEAD.replace("replicas: 3", "replicas: 1")), "has one replica"),
    ("no-tracing", web("ports: [{containerPort: 80}]"), "send no traces"),
    ("no-tracing", web("env: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: x}, {name: OTEL_SERVICE_NAME, value: web}]"), "without service.version"),
    ("no-admission-verification", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n", "whatever the repository names"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text", "words"), ONLY_AUDITORS)
def test_what_is_rarely_urgent_is_for_an_auditor(rule: str, text: str, words: str) -> None:
    found = hits(rule, text)
    assert [words in one.message for one in found] == [True]
    assert [one.persona for one in found] == [Persona.AUDITOR]


def test_a_more_patient_liveness_probe_may_ask_the_same() -> None:
    same = "livenessProbe: {grpc: {port: 1}, failureThreshold: 9}, readinessProbe: {grpc: {port: 1}}"
    assert hits("probe-depends-on-others", web(same)) == []
    other = "livenessProbe: {grpc: {port: 1}}, readinessProbe: {grpc: {port: 2}}"
    assert hits("probe-depends-on-others", web(other)) == []


def test_what_waits_longer_than_it_lives_is_worse_than_no_budget() -> None:
    text = web("lifecycle: {preStop: {exec: {command: [sleep, '30']}}}, ports: [{containerPort: 80}]")
    severe = [one for one in hits("no-disruption-budget", text) if one.severity is Severity.HIGH]
    assert ["30 s and the pod is killed after 30 s" in one.message for one in severe] == [True]
    assert hits("no-disruption-budget", text.replace("'30'", "'29'"))[0].severity is not Severity.HIGH


def test_the_same_in_an_example_is_for_an_auditor() -> None:
    text = web("securityContext: {privileged: true}")
    for path, who in (("k8s/web.yaml", Persona.REGULAR), ("examples/web.yaml", Persona.AUDITOR)):
        assert [one.persona for one in hits("privileged-container", text, path)] == [who]


def test_tags_that_a_kustomization_puts_in_are_not_missing() -> None:
    plain = web("command: [x]").replace("r.example/web:1", "r.example/web")
    image = "images: [{name: r.example/web, newTag: 1.0.0}]\n"
    things = [
        *registry.load_format("infrastructure", "kubernetes").parse(plain, "web.yaml"),
        *registry.load_format("infrastructure", "kustomize").parse(image, "kustomization.yaml"),
    ]
    texts = {"web.yaml": plain, "kustomization.yaml": image}
    kinds = {"web.yaml": Kind.KUBERNETES, "kustomization.yaml": Kind.KUSTOMIZE}
    estate = Estate(things=things, texts=texts, kinds=kinds)
    assert rules.load("mutable-image-tag").ask(estate) == []
    answer = rules.load("mutable-image-tag").ask(Estate(things=things[:1], texts=texts, kinds=kinds))
    assert isinstance(answer, list)
    assert [one.persona for one in answer] == [Persona.REGULAR]


def test_a_container_engine_given_away_by_compose_is_for_an_auditor() -> None:
    text = "services:\n  proxy:\n    image: r.example/proxy:1\n    volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']\n"
    assert [one.persona for one in hits("privileged-container", text, "compose.yaml", "compose")] == [Persona.AUDITOR]


def test_docker_hub_is_a_matter_of_production() -> None:
    text = web("command: [x]").replace("r.example/web:1", "nginx:1.29")
    assert [one.span.line for one in hits("public-registry-in-production", text, "prod/web.yaml")] == [9]
    placeholder = text.replace("nginx:1.29", "web")
    assert hits("public-registry-in-production", placeholder, "prod/web.yaml") == []
    assert rules.load("public-registry-in-production").ask(Estate()) is None
