"""Spinnaker's pipelines, flags and Grafana's dashboards: JSON with places; what JSON may hold and YAML may not is read, too."""

from __future__ import annotations

import json

import pytest

from seaway.errors import ConfigError
from seaway.formats.infrastructure import flags, spinnaker
from seaway.formats.monitoring import grafana
from seaway.formats.yaml.document import read_json
from seaway.formats.yaml.tree import get, string
from support import pace

PIPELINE = {
    "application": "shop",
    "name": "deploy",
    "stages": [
        {"refId": "1", "type": "bake", "name": "Bake", "requisiteStageRefIds": []},
        {"refId": "2", "type": "manualJudgment", "name": "Go?", "requisiteStageRefIds": ["1"]},
        {"refId": "3", "type": "deploy", "name": "Prod", "requisiteStageRefIds": ["2"]},
        {"refId": "4", "type": "wait", "name": "Round", "requisiteStageRefIds": ["4", "3"]},
    ],
}


def test_stages_know_what_ends_before_them() -> None:
    (found,) = spinnaker.parse(json.dumps(PIPELINE, indent="\t"), "p.json")
    assert (found.application, found.name) == ("shop", "deploy")
    assert {one.ref for one in found.before(found.stages[2])} == {"1", "2"}
    assert {one.ref for one in found.before(found.stages[3])} == {"1", "2", "3", "4"}


def test_an_applications_file_and_a_list_hold_several_pipelines() -> None:
    many = {"application": "shop", "pipelines": [{"name": "a", "stages": PIPELINE["stages"]}, {"name": "b"}]}
    assert [(one.application, one.name) for one in spinnaker.parse(json.dumps(many), "p.json")] == [("shop", "a")]
    assert len(spinnaker.parse(json.dumps([PIPELINE, PIPELINE]), "p.json")) == 2


def test_a_pipeline_of_too_many_stages_is_refused() -> None:
    stage = {"refId": "1", "type": "wait", "requisiteStageRefIds": []}
    assert spinnaker.parse(json.dumps({"stages": [stage] * spinnaker.MAX_STAGES}), "p.json")
    with pytest.raises(ConfigError, match="stages"):
        spinnaker.parse(json.dumps({"stages": [stage] * (spinnaker.MAX_STAGES + 1)}), "p.json")


def test_flags_have_names_with_places_and_metadata_of_their_file() -> None:
    text = """\
{
  "metadata": {"owner": "web", "flagSetId": "x"},
  "flags": {
    "new-page": {
      "state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on",
      "metadata": {"owner": "shop", "expires": "2027-01-01"}
    },
    "odd": 3
  }
}
"""
    (found,) = flags.parse(text, "f.json")
    (flag,) = found.flags
    assert (flag.name, flag.place.line, flag.place.column) == ("new-page", 4, 5)
    assert flag.metadata == {"owner": "shop", "expires": "2027-01-01", "flagSetId": "x"}


def test_flags_in_a_list_and_in_yaml() -> None:
    (found,) = flags.parse("flags:\n  - key: a\n    variants: {on: true}\n  - variants: {on: true}\n", "f.yaml")
    assert [one.name for one in found.flags] == ["a"]
    assert flags.parse("flags: {a: {b: c}}\n", "f.yaml") == []


CLASSIC = {
    "title": "Shop",
    "schemaVersion": 39,
    "annotations": {"list": [{"builtIn": 1, "name": "all"}, {"name": "releases", "enable": True}, {"name": "off", "enable": False}]},
    "templating": {"list": [{"name": "env"}]},
    "panels": [
        {"type": "row", "title": "R", "panels": [{"type": "stat", "title": "In a row", "targets": [{"expr": "up"}]}]},
        {"type": "timeseries", "title": "Errors", "datasource": {"type": "prometheus", "uid": "x"}, "targets": [{"expr": "x"}]},
        {"type": "logs", "title": "Logs", "datasource": "Loki", "targets": [{"expr": '{a="b"}'}]},
    ],
}  # fmt: skip


def test_a_classic_dashboard() -> None:
    (found,) = grafana.parse(json.dumps(CLASSIC), "d.json")
    assert (found.title, found.variables, found.annotations) == ("Shop", ("env",), ("releases",))
    assert [(one.title, one.queries[0].source, one.queries[0].expression) for one in found.panels] == [
        ("In a row", "", "up"),
        ("Errors", "prometheus", "x"),
        ("Logs", "loki", '{a="b"}'),
    ]
    assert grafana.parse(json.dumps({"dashboard": CLASSIC}), "d.json")[0].title == "Shop"
    assert grafana.parse('{"panels": 3}', "d.json") == []


def test_a_dashboard_of_the_second_schema() -> None:
    query = {
        "kind": "PanelQuery",
        "spec": {"query": {"kind": "DataQuery", "group": "prometheus", "spec": {"expr": "up"}}},
    }
    panel = {
        "kind": "Panel",
        "spec": {
            "title": "P",
            "vizConfig": {"kind": "VizConfig", "group": "timeseries"},
            "data": {"kind": "QueryGroup", "spec": {"queries": [query]}},
        },
    }
    variables = [{"kind": "QueryVariable", "spec": {"name": "version"}}]
    annotations = [{"kind": "AnnotationQuery", "spec": {"name": "all", "builtIn": True}}]
    spec = {"title": "Shop", "elements": {"a": panel}, "variables": variables, "annotations": annotations}
    text = json.dumps({"apiVersion": "dashboard.grafana.app/v2", "kind": "Dashboard", "spec": spec})
    (found,) = grafana.parse(text, "d.json")
    assert (found.title, found.variables, found.annotations) == ("Shop", ("version",), ())
    assert [(one.kind, one.queries[0].source, one.queries[0].expression) for one in found.panels] == [
        ("timeseries", "prometheus", "up")
    ]


@pytest.mark.parametrize("value", ["\U0001f600", "a\tb", "ä/ö", 'q"\\'])
def test_json_is_read_as_json_is_written(value: str) -> None:
    for text in (
        json.dumps({"k": value}),
        json.dumps({"k": value}, ensure_ascii=False, indent="\t"),
    ):
        (document,) = read_json(text, "x.json").documents
        assert string(get(document, "k")).rstrip() == value
        assert text[get(document, "k").start_mark.index] == '"'


def test_half_a_character_does_not_stop_the_reader() -> None:
    assert string(get(read_json('{"k": "\\ud83d"}', "x.json").documents[0], "k")) == "\ufffd"


@pytest.mark.parametrize("text", ["a: 1\n", "- a\n", '{"a": ', "{" * 300, "[" * 50_000, '{"a": "\n'])
def test_what_is_no_json_is_refused_with_its_place(text: str) -> None:
    with pace.within(1.0), pytest.raises(ConfigError) as caught:
        read_json(text, "x.json")
    assert caught.value.problems[0].path == "x.json"


def test_every_reader_of_json_leaves_alone_what_is_none_of_its_own() -> None:
    for text in ("{}", "[]", '{"stages": 1, "flags": [], "panels": {}}', '[{"stages": {}}, 3]'):
        assert spinnaker.parse(text, "x.json") == []
        assert flags.parse(text, "x.json") == []
        assert grafana.parse(text, "x.json") == []
