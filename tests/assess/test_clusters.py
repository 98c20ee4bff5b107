"""What rules take for serving, for production, for a development matter; and many objects cost a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from seaway.assess import aside, clusters, examine, rules
from seaway.assess.estate import Estate, Kind
from seaway.assess.images import ImageName, named
from seaway.formats.infrastructure import kubernetes
from seaway.model.finding import Persona
from support import pace

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web%s, namespace: %s}
spec:
  template:
    metadata: {labels: {app: web%s}}
    spec:
      containers: [{name: web, image: "%s", ports: [{containerPort: 80}]}]
"""


def estate(*texts: str, path: str = "web.yaml") -> Estate:
    text = "---\n".join(texts)
    return Estate(things=kubernetes.parse(text, path), texts={path: text}, kinds={path: Kind.KUBERNETES})


def web(name: str = "", image: str = "web:1", namespace: str = "shop") -> str:
    return WEB % (name, namespace, name, image)


def service(selector: str, namespace: str = "shop") -> str:
    head = f"apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: {namespace}}}\n"
    return f"{head}spec: {{selector: {{{selector}}}}}\n"


@pytest.mark.parametrize(
    ("texts", "serves"),
    [
        ([web()], True),
        ([web(), service("app: web")], True),
        ([web(), service("app: other")], False),
        ([web(), service("app: web, tier: front")], False),
        ([web(), service("")], True),  # without a selector it chooses nobody: somebody else says where it leads
        ([web(), service("app: other", "elsewhere")], True),
        ([web(), service("app: web").replace("name: s,", "name: web-metrics,"), service("app: other")], False),
        ([web(image="docker.io/bitnami/redis:8")], False),
        ([web(image="registry.example/prerender:8")], True),
    ],
)
def test_what_serves_is_what_a_service_chooses(texts: list[str], *, serves: bool) -> None:
    assert bool(clusters.serving(estate(*texts))) is serves


def test_replicas_are_those_that_a_scaler_keeps() -> None:
    scaler = "kind: %s\napiVersion: a/v1\nmetadata: {name: s, namespace: shop}\nspec: {scaleTargetRef: {name: web}%s}\n"
    for more, count in (
        ("", 1),
        (scaler % ("HorizontalPodAutoscaler", ""), 1),
        (scaler % ("HorizontalPodAutoscaler", ", minReplicas: 3"), 3),
        (scaler % ("ScaledObject", ", minReplicaCount: 3"), None),
    ):
        found = estate(web(), more) if more else estate(web())
        (one,) = clusters.workloads(found)
        assert clusters.replicas(found, one) == count


@pytest.mark.parametrize(
    ("path", "namespace", "expected"),
    [
        ("overlays/prod/web.yaml", "", True),
        ("k8s/web.yaml", "shop-production", True),
        ("values.prod.yaml", "", True),
        ("products/web.yaml", "", False),
        ("k8s/reproduction.yaml", "delivery", False),
    ],
)
def test_production_is_known_by_its_name(path: str, namespace: str, *, expected: bool) -> None:
    (one,) = clusters.workloads(estate(web(namespace=namespace or '""'), path=path))
    assert clusters.production(one) is expected


def test_examples_tests_and_development_are_aside() -> None:
    for path in (
        "examples/web.yaml",
        "a/test/x.yaml",
        "docker-compose.dev.yml",
        "k8s/dev/x.yaml",
        ".devcontainer/Dockerfile",
    ):
        assert aside.aside(path), path
    for path in (
        "web.yaml",
        "k8s/prod/web.yaml",
        "latest/web.yaml",
        "devices/web.yaml",
        "contest/web.yaml",
        "api/Dockerfile",
    ):
        assert not aside.aside(path), path


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nginx", ImageName("docker.io", "nginx", "", "")),
        ("library/nginx:1", ImageName("docker.io", "library/nginx", "1", "")),
        ("localhost/a", ImageName("localhost", "a", "", "")),
        ("r.example:5000/a/b:1@sha256:ab", ImageName("r.example:5000", "a/b", "1", "sha256:ab")),
        ("acme/web:latest", ImageName("docker.io", "acme/web", "latest", "")),
        ("", None),
        ("${IMAGE}", None),
        ("<image>", None),
        (":1", None),
    ],
)
def test_names_of_images(text: str, name: ImageName | None) -> None:
    assert named(text) == name


def test_official_and_loose_names() -> None:
    rows = [
        (text, named(text)) for text in ("nginx", "library/nginx:latest", "acme/web:1", "nginx@sha256:ab", "quay.io/x")
    ]
    found = [(one.official, one.loose) for _, one in rows if one is not None]
    assert found == [("nginx", True), ("nginx", True), ("", False), ("nginx", False), ("", True)]


@pytest.mark.parametrize("rule", ["no-progressive-delivery", "no-disruption-budget", "not-scraped"])
def test_what_is_missing_is_judged_only_where_all_was_seen(rule: str) -> None:
    monitor = "apiVersion: v1\nkind: PodMonitor\nmetadata: {name: m}\nspec: {selector: {matchLabels: {app: other}}}\n"
    found = estate(web(namespace="prod").replace("spec:\n  t", "spec:\n  replicas: 2\n  t"), monitor)
    answer = rules.load(rule).ask(found)
    assert isinstance(answer, list)
    assert [one.persona for one in answer].count(Persona.REGULAR) == 1
    part = replace(found, whole=False, known={})
    answer = rules.load(rule).ask(part)
    assert not answer or all(one.persona is Persona.AUDITOR for one in answer if isinstance(answer, list))


def test_many_objects_cost_a_moment() -> None:
    many = estate(*(web(f"-{number}") + "---\n" + service(f"app: web-{number}") for number in range(600)))
    with pace.within(6.0):
        examine.Examination(rules.rules(), date(2026, 11, 27)).survey(many)
