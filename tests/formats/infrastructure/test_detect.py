"""A file is taken for what it is by words that stand only in such files; what merely looks similar is left alone."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from seaway.errors import ConfigError
from seaway.formats.infrastructure import detect
from seaway.registry import load_format

FOLDER = Path(__file__).parent
FILES = [
    pytest.param(folder.parent.name, file, id=f"{folder.parent.name}-{file.name}")
    for folder in sorted(FOLDER.glob("*/files"))
    for file in sorted(folder.iterdir())
    if folder.parent.name != "kubernetes"
]

RULES = "groups:\n  - name: a\n    rules:\n      - alert: Down\n        expr: up == 0\n"
ROUTING = "route:\n  receiver: team\nreceivers:\n  - name: team\n"
PLAYS = "---\n- hosts: web\n  roles: [nginx]\n"
SETTINGS = "global:\n  scrape_interval: 15s\nscrape_configs:\n  - job_name: a\n"
FLAGS = "flags:\n  a:\n    state: ENABLED\n    variants: {on: true}\n    defaultVariant: on\n"
SPINNAKER = '{"stages": [{"refId": "1", "type": "wait", "requisiteStageRefIds": []}]}'
DASHBOARD = '{"title": "x", "panels": [], "schemaVersion": 39}'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (RULES, "prometheus"),
        ("# rules\n" + RULES, "prometheus"),
        (SETTINGS, "prometheus"),
        (ROUTING, "alertmanager"),
        (PLAYS, "ansible"),
        (FLAGS, "flags"),
        (SPINNAKER, "spinnaker"),
        (DASHBOARD, "grafana"),
        ("apiVersion: v1\nkind: ConfigMap\ndata:\n  rules.yml: |\n    groups:\n", "kubernetes"),
    ],
)
def test_a_text_is_known_by_its_words_and_has_things(text: str, kind: str) -> None:
    assert detect.by_text(text) == kind
    if kind != "kubernetes":
        assert load_format("infrastructure", kind).parse(text, "x")


LOOKALIKES = {
    "users": "#cloud-config\ngroups:\n  - admins\nrules: []\nexpr: none\n",
    "log shipper": "server: {}\npositions: {}\nclients: []\nscrape_configs:\n  - job_name: x\n",
    "telemetry": "receivers:\n  otlp: {}\nroute: here\nservice: {receiver: x}\n",
    "inventory": "all:\n  hosts:\n    a: {}\n",
    "inventories": "- name: x\n  inner: {a: 1, hosts: b}\n  tasks: []\n",
    "options": "flags:\n  - a\nvariants: []\ndefaultVariant: x\n",
    "log queries": '{"panels": {}, "schemaVersion": 1}',
    "stages": '{"stages": ["a"], "requisiteStageRefIds": []}',
}


@pytest.mark.parametrize("name", LOOKALIKES)
def test_what_merely_looks_similar_has_no_things(name: str) -> None:
    text = LOOKALIKES[name]
    kind = detect.by_text(text)
    if kind:
        assert not list(load_format("infrastructure", kind).parse(text, "x"))


def test_without_the_lookalikes_question_they_would_be_taken() -> None:
    assert sum(bool(detect.by_text(text)) for text in LOOKALIKES.values()) >= 5


@pytest.mark.parametrize(
    ("path", "kind"),
    [("infra/main.tf", "terraform"), ("x.tofu", "terraform"), ("deploy/roles/web/tasks/main.yml", "ansible"), ("a.tfvars", ""), ("tasks/main.yml", "")],
)  # fmt: skip
def test_names_say_what_some_files_are(path: str, kind: str) -> None:
    assert detect.by_name(path) == kind


def test_json_files_that_are_surely_something_else_are_not_opened() -> None:
    assert detect.may_be("dashboards/shop.json")
    assert not any(
        detect.may_be(name) for name in ("package.json", "a/package-lock.json", "tsconfig.app.json", "x.txt")
    )


@pytest.mark.parametrize("kind", ["prometheus", "alertmanager", "ansible", "flags", "grafana", "spinnaker"])
def test_readers_answer_any_text_with_things_or_a_place(kind: str) -> None:
    reader = load_format("infrastructure", kind)
    texts = (
        "",
        "a",
        "[]",
        "{}",
        "- - -",
        "null",
        "{a: &x [*x]}",
        "a: [",
        "\t",
        "&a [*a]",
        "x: !!binary y",
        "groups: {rules: 3}\n",
        "- hosts:\n",
    )
    for text in (*texts, RULES.replace("up == 0", "[a]"), "route: {routes: [1, {routes: 2}]}\nreceivers: [1, {}]\n"):
        with contextlib.suppress(ConfigError):
            assert all(one.path == "x" for one in reader.parse(text, "x"))


@pytest.mark.parametrize(("kind", "file"), FILES)
def test_a_whole_file_is_known_and_all_its_things_have_places_in_it(kind: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert (detect.by_name(file.name) or detect.by_text(text)) == kind
    things = load_format("infrastructure", kind).parse(text, file.name)
    assert things
    for one in things:
        span = getattr(one, "span", None) or one.head
        assert 0 <= span.start < span.end <= len(text)
        assert text.count("\n", 0, span.start) + 1 == span.line
