"""Charts and overlays are judged as a cluster would get them, at their own lines; what cannot be rendered is unknown, never wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seaway.adapters import _render
from seaway.app import assess, rendering
from seaway.assess import rules
from seaway.assess.estate import Estate
from seaway.assess.examine import Examination
from seaway.errors import NotReachable, Refused
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import get, string
from seaway.model.finding import Persona
from support import peers

WEB = """\
# what serves
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: log
          image: log:1
        - name: web
          image: web:1
          ports: [{containerPort: 80}]
"""
SERVICE = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n"
BASE = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": WEB + SERVICE}
OVERLAY = {
    **BASE,
    "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\npatches: [{path: probe.yaml}]\n",
    "prod/probe.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
    "      containers:\n        - name: web\n          ports: [{containerPort: 80}]\n          readinessProbe: {httpGet: {path: /ready, port: 80}}\n",
}
TEMPLATE = """\
{{- if .Values.web.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: "web:{{ .Values.web.tag }}"
          ports:
            - containerPort: 80
{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ required "a name is needed" .Values.service }}
spec: {selector: {app: web}}
"""
CHART = {
    "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "charts/shop/values.yaml": "web: {enabled: true, tag: 1}\nservice: web\n",
    "charts/shop/templates/web.yaml": TEMPLATE,
    "charts/shop/templates/_helpers.tpl": '{{ define "x" }}{{ end }}\n',
}


@pytest.fixture
def kustomize(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_render, "found", lambda _name: str(peers.program("kubectl")))
    monkeypatch.setattr(_render, "SECONDS", 120.0)  # a busy machine is no mistake
    monkeypatch.setattr(rendering, "MAX_SECONDS", 600.0)


@pytest.fixture
def helm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_render, "found", lambda _name: str(peers.program("helm")))
    monkeypatch.setattr(_render, "SECONDS", 120.0)
    monkeypatch.setattr(rendering, "MAX_SECONDS", 600.0)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_render, "found", lambda _name: "")


def read(folder: Path, files: dict[str, str]) -> tuple[Estate, list[tuple[str, int, str]]]:
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    done = Examination(rules.rules(), date(2026, 11, 27))
    return assess.survey(folder, done), [(one.path, one.line, one.why) for one in done.unknowns]


def named(estate: Estate, kind: str = "Deployment") -> list[Object]:
    return [one for one in estate.all(Object) if one.kind == kind]


@pytest.mark.usefixtures("kustomize")
def test_an_overlay_is_judged_as_it_is_made_at_the_lines_of_its_base(tmp_path: Path) -> None:
    estate, unknowns = read(tmp_path, OVERLAY)
    assert unknowns == []
    (one,) = named(estate)
    assert (one.name, one.path, one.made_by) == ("prod-web", "base/web.yaml", "prod")
    assert (one.span.path, one.span.line) == ("base/web.yaml", 2)
    by_name = {string(get(container, "name")): container for container in one.containers}
    assert get(by_name["web"], "readinessProbe", "httpGet") is not None
    assert one.at(get(by_name["web"], "image")).line == 14
    assert one.at(by_name["log"]).line == 11
    # what the patch adds has no line in the base: the nearest that has one
    assert one.at(get(by_name["web"], "readinessProbe", "httpGet", "path")).line == 13


@pytest.mark.usefixtures("kustomize")
def test_without_its_patch_the_same_overlay_is_found_wanting(tmp_path: Path) -> None:
    files = {**OVERLAY, "prod/kustomization.yaml": "resources: [../base]\nimages: [{name: web, newTag: v2}]\n"}
    del files["prod/probe.yaml"]
    estate, _ = read(tmp_path, files)
    found = rules.load("no-probe").ask(estate)
    assert isinstance(found, list)
    assert [(one.span.path, one.span.line) for one in found] == [("base/web.yaml", 13)]
    estate, _ = read(tmp_path, OVERLAY)
    assert rules.load("no-probe").ask(estate) == []


@pytest.mark.usefixtures("kustomize")
def test_overlays_of_one_base_say_the_same_once_and_development_is_for_an_auditor(tmp_path: Path) -> None:
    bare = "resources: [../base]\nnamePrefix: x-\nimages: [{name: web, newTag: v2}]\n"
    both = {**BASE, "prod/kustomization.yaml": bare, "eu/kustomization.yaml": bare.replace("x-", "eu-")}
    for files, count in ((both, 1), ({**BASE, "dev/kustomization.yaml": bare}, 0)):
        folder = tmp_path / str(count)
        read(folder, files)
        found = assess.assess(folder, today=date(2026, 11, 27)).assessment.findings
        assert [one.rule for one in found].count("no-probe") == count


@pytest.mark.usefixtures("bare")
def test_without_the_program_files_are_judged_as_they_stand_and_that_is_said(tmp_path: Path) -> None:
    estate, unknowns = read(tmp_path, OVERLAY)
    assert [(one.name, one.path, one.made_by) for one in named(estate)] == [("web", "base/web.yaml", "")]
    ((path, line, why),) = unknowns
    assert (path, line) == ("prod/kustomization.yaml", 1)
    assert "neither kustomize nor kubectl is installed" in why


@pytest.mark.usefixtures("bare")
def test_a_kustomization_that_changes_nothing_needs_no_program(tmp_path: Path) -> None:
    estate, unknowns = read(tmp_path, {**BASE, "prod/kustomization.yaml": "resources: [../base]\nnamespace: shop\n"})
    assert (len(named(estate)), unknowns) == (1, [])


FORBIDDEN = {
    "https://example.invalid/x.yaml": "resources: [https://example.invalid/x.yaml]\npatches: [{path: probe.yaml}]\n",
    "github.com/acme/base?ref=v1": "resources: ['github.com/acme/base?ref=v1']\npatches: [{path: probe.yaml}]\n",
    "../../outside": "resources: [../../outside]\npatches: [{path: probe.yaml}]\n",
    "/etc": "resources: [/etc]\npatches: [{path: probe.yaml}]\n",
    "passwd": "resources: [../base]\npatches: [{path: ../../../etc/passwd}]\n",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_nothing_beyond_the_repository_is_rendered(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_render, "found", lambda _name: "kustomize")
    monkeypatch.setattr(_render, "kustomization", lambda _folder: pytest.fail("it was run"))
    _, unknowns = read(tmp_path, {**OVERLAY, "prod/kustomization.yaml": FORBIDDEN[name]})
    ((path, _, why),) = unknowns
    assert path == "prod/kustomization.yaml"
    assert f"{name} is not among the files that were read" in why or ("passwd" in why and name == "passwd")


@pytest.mark.usefixtures("kustomize")
def test_circles_end_and_are_told(tmp_path: Path) -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b]\npatches: [{path: x.yaml}]\n",
        "b/kustomization.yaml": "resources: [../a]\n",
        "a/x.yaml": WEB,
        "top/kustomization.yaml": "resources: [../c]\nimages: [{name: web, newTag: v2}]\n",
        "c/kustomization.yaml": "resources: [../c]\n",
    }
    estate, unknowns = read(tmp_path, files)
    assert named(estate) == []
    told = {path: why for path, _, why in unknowns}
    assert set(told) == {"a/kustomization.yaml", "b/kustomization.yaml", "top/kustomization.yaml"}
    assert "take in each other" in told["a/kustomization.yaml"]
    assert "judged as they stand: kubectl refused" in told["top/kustomization.yaml"]


def test_a_program_that_does_not_end_or_says_too_much_is_an_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "kustomize"
    program.parent.mkdir()
    monkeypatch.setattr(_render, "found", lambda _name: str(program))
    monkeypatch.setattr(_render, "MAX_BYTES", 1_000)
    for script, seconds, words in (
        ("sleep 60", 0.5, "did not end"),
        ("head -c 2000 /dev/zero", 60.0, "2000 bytes"),
        ("exit 3", 60.0, "refused"),
    ):
        monkeypatch.setattr(_render, "SECONDS", seconds)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        estate, unknowns = read(tmp_path / "repository", OVERLAY)
        assert len(named(estate)) == 1
        assert [words in why for _, _, why in unknowns] == [True]


def test_only_so_many_are_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "MAX_RENDERED", 0)
    monkeypatch.setattr(_render, "found", lambda _name: "kustomize")
    _, unknowns = read(tmp_path, {**OVERLAY, **CHART})
    assert ["only 0 are rendered" in why for _, _, why in unknowns] == [True, True]
    monkeypatch.setattr(rendering, "MAX_RENDERED", 9)
    monkeypatch.setattr(rendering, "MAX_SECONDS", -1.0)
    _, unknowns = read(tmp_path, {**OVERLAY, **CHART})
    assert ["s were over" in why for _, _, why in unknowns] == [True, True]


@pytest.mark.usefixtures("helm")
def test_a_chart_is_judged_as_it_is_made_at_the_lines_of_its_templates(tmp_path: Path) -> None:
    estate, unknowns = read(tmp_path, CHART)
    assert unknowns == []
    (one,) = named(estate)
    place = "charts/shop/templates/web.yaml"
    assert (one.name, one.path, one.made_by) == ("release-web", place, "charts/shop")
    assert (one.span.path, one.span.line) == (place, 3)
    assert one.at(one.containers[0]).line == 11
    assert one.at(get(one.containers[0], "image")).line == 12
    assert TEMPLATE[one.at(one.containers[0]).start :].startswith("- name: web\n")
    assert [service.span.line for service in named(estate, "Service")] == [18]
    found = rules.load("no-probe").ask(estate)
    assert isinstance(found, list)
    assert [(hit.span.path, hit.span.line) for hit in found] == [(place, 11)]


@pytest.mark.usefixtures("helm")
def test_what_a_chart_opens_a_port_for_without_a_service_serves_nobody(tmp_path: Path) -> None:
    controller = TEMPLATE.split("---\n", maxsplit=1)[0]
    estate, unknowns = read(tmp_path, {**CHART, "charts/shop/templates/web.yaml": controller})
    assert (len(named(estate)), unknowns) == (1, [])
    assert rules.load("no-probe").ask(estate) is None


@pytest.mark.usefixtures("helm")
def test_what_a_charts_own_values_leave_open_is_for_an_auditor(tmp_path: Path) -> None:
    production = {**CHART, "charts/shop/values-prod.yaml": "service: shop\n"}
    for files, who in ((CHART, Persona.AUDITOR), (production, Persona.REGULAR)):
        found = rules.load("no-resource-requests").ask(read(tmp_path, files)[0])
        assert isinstance(found, list)
        assert [one.persona for one in found] == [who]


@pytest.mark.usefixtures("helm")
def test_values_of_production_count_where_there_are_some(tmp_path: Path) -> None:
    off = "web: {enabled: false}\n"
    estate, _ = read(
        tmp_path, {**CHART, "charts/shop/values-prod.yaml": off, "charts/shop/values-dev.yaml": "service: d\n"}
    )
    assert named(estate) == []
    assert [one.made_by for one in named(estate, "Service")] == ["charts/shop charts/shop/values-prod.yaml"]


@pytest.mark.usefixtures("helm")
def test_a_chart_that_helm_refuses_is_an_unknown_in_its_words(tmp_path: Path) -> None:
    estate, unknowns = read(tmp_path, {**CHART, "charts/shop/values.yaml": "web: {enabled: true}\n"})
    assert estate.all(Object) == []
    ((path, _, why),) = unknowns
    assert path == "charts/shop/Chart.yaml"
    assert "a name is needed" in why


@pytest.mark.usefixtures("bare")
def test_without_helm_each_chart_is_one_unknown_and_no_template_is_broken_yaml(tmp_path: Path) -> None:
    more = {f"root/{name.removeprefix('charts/shop/')}": text for name, text in CHART.items()}
    library = {"lib/Chart.yaml": "name: lib\ntype: library\n", "lib/templates/_x.yaml": "{{ x }}"}
    empty = {"no/Chart.yaml": "name: no\n"}
    estate, unknowns = read(tmp_path, {**CHART, **more, **library, **empty})
    assert estate.all(Object) == []
    assert [(path, "helm is not installed" in why) for path, _, why in unknowns] == [
        ("charts/shop/Chart.yaml", True),
        ("root/Chart.yaml", True),
    ]


@pytest.mark.usefixtures("bare")
def test_a_chart_that_is_made_first_is_one_unknown(tmp_path: Path) -> None:
    files = {name.replace("Chart.yaml", "Chart.template.yaml"): text for name, text in CHART.items()}
    estate, ((path, _, why),) = read(tmp_path, files)
    assert (path, estate.all(Object)) == ("charts/shop/Chart.template.yaml", [])
    assert "made by something first" in why


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("part", ["charts/shop/templates/web.yaml", "charts/shop/templates"])
def test_a_part_of_a_chart_is_no_broken_yaml(tmp_path: Path, part: str) -> None:
    read(tmp_path, CHART)
    done = Examination(rules.rules(), date(2026, 11, 27))
    assert assess.survey(tmp_path / part, done).all(Object) == []
    assert [(one.path, one.why) for one in done.unknowns] == [
        ("charts/shop/templates/web.yaml", "this is a template of a chart: assess charts/shop")
    ]


def test_what_is_no_chart_keeps_its_folder_of_templates(tmp_path: Path) -> None:
    estate, _ = read(tmp_path, {"deploy/templates/web.yaml": WEB})
    assert len(named(estate)) == 1
    assert rendering.is_template("a/templates/b/c.yaml", frozenset({"a"}))
    assert rendering.is_template("templates/c.yaml", frozenset({""}))
    assert not rendering.is_template("b/templates/c.yaml", frozenset({"a", ""}))


def test_helm_runs_in_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "helm"
    program.write_text('#!/bin/sh\nprintf "%s " "$HOME" "$KUBECONFIG" "${TOKEN:-none}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.setattr(_render, "found", lambda _name: str(program))
    home, settings, token, *words = _render.chart(tmp_path, [tmp_path / "v.yaml"]).split()
    assert home != str(Path.home())
    assert settings.startswith(home)
    assert token == "none"
    assert words == ["template", "release", str(tmp_path), "--values", str(tmp_path / "v.yaml")]
    program.write_text("#!/bin/sh\nprintf '# Warning: old\\nError: no chart\\nbye\\n' >&2\nexit 1\n")
    with pytest.raises(Refused, match="helm refused: Error: no chart"):
        _render.chart(tmp_path, [])
    program.write_text("#!/bin/sh\nsleep 60\n")
    monkeypatch.setattr(_render, "SECONDS", 0.3)
    with pytest.raises(NotReachable):
        _render.chart(tmp_path, [])
