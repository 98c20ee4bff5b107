"""What rules ask of a repository's monitoring: rules wherever they stand, intervals, places inside block scalars and rendered objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from seaway.assess import monitoring
from seaway.assess.estate import Estate
from seaway.formats.infrastructure import kubernetes
from seaway.formats.monitoring.prometheus import files
from seaway.model.span import Span

RULES = (
    "groups:\n  - name: a\n    rules:\n      - alert: Down\n        expr: |\n\n          sum(\n            up) == 0\n"
)


def estate(**texts: str) -> Estate:
    things: list[object] = []
    for name, text in texts.items():
        path = name.replace("__", "/") + ".yml"
        things += (kubernetes if text.startswith("apiVersion") else files).parse(text, path)
    return Estate((), things, {name.replace("__", "/") + ".yml": text for name, text in texts.items()})


def operated(spec: str, kind: str = "PrometheusRule") -> str:
    body = "".join(f"  {line}\n" for line in spec.splitlines())
    return f"apiVersion: monitoring.coreos.com/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n{body}"


def test_rules_are_found_in_files_and_objects_and_not_in_examples() -> None:
    subject = estate(rules=RULES, object=operated(RULES), examples__rules=RULES, tests__object=operated(RULES))
    assert [one.path for one in monitoring.rules(subject)] == ["rules.yml", "object.yml"]


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        ({}, None),
        ({"p": "scrape_configs: [{job_name: a}]\n"}, 60),
        ({"p": "global: {scrape_interval: 30s}\nscrape_configs: [{job_name: a}]\n"}, 30),
        ({"p": "global: {scrape_interval: 30s}\nscrape_configs: [{job_name: a, scrape_interval: 10s}]\n"}, 10),
        ({"p": "global: {scrape_interval: 30s}\nrule_files: []\n"}, None),
        ({"m": operated("endpoints: [{interval: 2m}, {interval: 1m}]", "ServiceMonitor")}, 60),
        ({"m": operated("podMetricsEndpoints: [{interval: 20s}]", "PodMonitor")}, 20),
        ({"m": operated("scrapeInterval: 45s", "Prometheus")}, 45),
        ({"m": operated("endpoints: [{interval: often}]", "ServiceMonitor")}, None),
    ],
)
def test_the_shortest_known_interval_counts(texts: dict[str, str], seconds: int | None) -> None:
    found = monitoring.scrape_interval(estate(**texts))
    assert found == (timedelta(seconds=seconds) if seconds is not None else None)


def test_a_place_in_a_block_scalar_is_a_line_with_text() -> None:
    subject = estate(rules=RULES)
    (rule,) = monitoring.rules(subject)
    whole = monitoring.place(subject, rule, rule.get("expr"))
    word = monitoring.place(subject, rule, rule.get("expr"), "up")
    assert (whole.line, word.line, word.column) == (7, 8, 13)


def test_a_rule_of_a_rendered_object_stands_where_it_comes_from() -> None:
    (made,) = kubernetes.parse(operated(RULES), "rendered.yml")
    came = Span("overlay.yml", 3, 1, 3, 5, 20, 24)
    subject = Estate((), [replace(made, path="overlay.yml", source=lambda _keys: came)], {"overlay.yml": " " * 40})
    (rule,) = monitoring.rules(subject)
    assert rule.place == came
    assert monitoring.place(subject, rule, rule.get("expr"), "up").line != 7
