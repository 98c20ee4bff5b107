"""What a kustomization takes in and patches, as paths from the root; and what a rendered object says about where it comes from."""

from __future__ import annotations

from seaway.formats.infrastructure import helm, kubernetes, kustomize, rendered
from seaway.formats.infrastructure.helm import Chart, Values
from seaway.formats.yaml.tree import get

TEXT = """\
resources:
  - ../../base
  - web.yaml
  - https://example.invalid/x.yaml
components: [../parts/tls]
patches:
  - path: replicas.yaml
  - patch: "- op: remove"
patchesStrategicMerge:
  - sub/memory.yaml
  - |-
    kind: Deployment
    spec: {}
patchesJson6902:
  - {path: ../json.yaml, target: {kind: Service}}
"""


def test_paths_are_those_from_the_root() -> None:
    (one,) = kustomize.parse(TEXT, "overlays/prod/kustomization.yaml")
    assert (one.folder, one.changes, one.component) == ("overlays/prod", True, False)
    assert [path for _, path, _ in one.taken] == [
        "base",
        "overlays/prod/web.yaml",
        "../https://example.invalid/x.yaml",
        "overlays/parts/tls",
    ]
    assert [span.line for _, _, span in one.taken] == [2, 3, 4, 5]
    assert one.patches == ("overlays/prod/replicas.yaml", "overlays/prod/sub/memory.yaml", "overlays/json.yaml")


def test_the_root_is_a_folder_like_others() -> None:
    assert kustomize.joined("a", "..") == ""
    assert kustomize.joined("", "./a/../b.yaml") == "b.yaml"
    assert kustomize.joined("a", "../../x").startswith("..")
    assert kustomize.joined("a", "/etc/passwd").startswith("..")
    (one,) = kustomize.parse("kind: Component\nresources: [a.yaml]\n", "kustomization.yaml")
    assert (one.folder, one.component, one.changes) == ("", True, False)
    assert kustomize.parse("", "kustomization.yaml") == []
    assert kustomize.parse("- a\n", "kustomization.yaml") == []


def test_charts_and_values() -> None:
    chart, values = (
        *helm.parse("name: shop\ntype: library\n", "a/Chart.yaml"),
        *helm.parse("a: 1\n", "a/values-prod.yaml"),
    )
    assert isinstance(chart, Chart)
    assert (chart.name, chart.folder, chart.library) == ("shop", "a", True)
    assert isinstance(values, Values)
    assert helm.parse("# nothing\n", "values.yaml") == []


PLAIN = "kind: Service\napiVersion: v1\nmetadata: {name: web}\n---\nkind: Service\napiVersion: v1\nmetadata:\n  name: web-admin\nspec:\n  ports:\n    - port: 80\n"
OUTPUT = """\
apiVersion: v1
kind: Service
metadata:
  annotations:
    config.kubernetes.io/origin: |
      path: ../../repository/base/web.yaml
  name: prod-web-admin
spec:
  ports:
  - port: 80
  type: LoadBalancer
---
apiVersion: v1
kind: ConfigMap
metadata:
  annotations:
    config.kubernetes.io/origin: |
      configuredIn: ../../repository/base/kustomization.yaml
  name: settings-1
"""


def test_an_object_of_an_overlay_leads_to_the_one_that_it_was() -> None:
    known = {"base/web.yaml": kubernetes.parse(PLAIN, "base/web.yaml")}
    (one,) = rendered.of_kustomize(OUTPUT, "prod", ("/tmp/x/y", "/tmp/repository"), known)
    assert (one.path, one.made_by, one.span.line) == ("base/web.yaml", "prod", 5)
    ports = get(one.node, "spec", "ports")
    assert one.at(ports.value[0]).line == 11
    assert one.at(get(one.node, "spec", "type")).line == 10  # not there: its spec
    assert rendered.of_kustomize(OUTPUT, "prod", ("/tmp/x/y", "/tmp/elsewhere"), known) == []


def test_an_object_of_a_chart_leads_to_its_template() -> None:
    template = "{{ if .x }}\nkind: Service\n{{ end }}\nkind: Deployment\nspec:\n  replicas: {{ .n }}\n---\nkind: Deployment\nspec:\n  replicas: 2\n"
    head = "---\n# Source: shop/templates/web.yaml\napiVersion: v1\nkind: Deployment\nspec:\n  replicas: 1\n"
    other = "---\n# Source: shop/charts/redis/templates/x.yaml\napiVersion: v1\nkind: Service\n"
    first, second = rendered.of_helm(head + head + other, "", "shop", "a", {"a/templates/web.yaml": template})
    assert (first.span.line, second.span.line) == (4, 8)
    assert [one.at(get(one.node, "spec", "replicas")).line for one in (first, second)] == [6, 10]
    assert template[first.at(get(first.node, "spec")).start :].startswith("spec:\n  replicas: {{ .n }}")
