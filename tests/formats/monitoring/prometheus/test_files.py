"""Rules and configurations of Prometheus are read with their places, alone and inside objects of its operator."""

from __future__ import annotations

from seaway.formats.infrastructure import kubernetes
from seaway.formats.monitoring.prometheus import files
from seaway.formats.monitoring.prometheus.files import Configuration, MonitoringRule

RULES = """\
groups:
  - name: shop
    labels: {team: shop, severity: none}
    rules:
      - record: job:errors:rate5m
        expr: sum(rate(errors_total[5m]))
      - alert: Errors
        expr: job:errors:rate5m > 1
        for: 5m
        labels: {severity: page}
        annotations: {summary: too many}
      - nothing: here
"""


def test_rules_have_names_expressions_labels_and_places() -> None:
    record, alert = files.parse(RULES, "r.yml")
    assert isinstance(record, MonitoringRule)
    assert isinstance(alert, MonitoringRule)
    assert (record.name, record.alert, record.expression) == ("job:errors:rate5m", "", "sum(rate(errors_total[5m]))")
    assert (alert.name, alert.labels, alert.annotations) == (
        "Errors",
        {"team": "shop", "severity": "page"},
        {"summary": "too many"},
    )
    assert (alert.place.line, alert.place.column) == (7, 16)
    assert alert.string("for") == "5m"


def test_a_configuration_has_jobs() -> None:
    (found,) = files.parse("global: {}\nscrape_configs: [{job_name: a}, 3]\n", "p.yml")
    assert isinstance(found, Configuration)
    assert len(found.jobs) == 1
    assert found.key("scrape_configs").line == 2
    assert found.key("absent").line == 1


def test_files_with_other_keys_are_something_else() -> None:
    assert files.parse(RULES + "other: 1\n", "r.yml") == []
    assert files.parse("scrape_configs: []\nclients: []\n", "p.yml") == []


def test_an_object_of_the_operator_holds_the_same_rules() -> None:
    body = "".join(f"  {line}\n" for line in RULES.splitlines())
    text = f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: x}}\nspec:\n{body}"
    (found,) = kubernetes.parse(text, "o.yml")
    rules = list(files.rules_of(found.tree, found.get("spec")))
    assert [one.name for one in rules] == ["job:errors:rate5m", "Errors"]
    assert rules[1].place.line == 11
