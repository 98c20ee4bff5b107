"""`metrics:` becomes a source: what a name alone means, what a template stands for, and how often it is worth looking."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from seaway.config import docs, loader
from seaway.formats.monitoring.prometheus import templates
from seaway.model.environment import Environment
from seaway.model.metrics import MetricsSource, Queries, Unit


def environment(rest: str) -> Environment:
    text = f"services: {{shop: {{command: ./shop}}}}\nenvironments: {{production: {{{rest}}}}}\n"
    return loader.parse(text.encode(), Path("/app/seaway.yaml")).environments["production"]


@pytest.mark.parametrize(("written", "name"), [("", "envoy"), ("metrics: access_log", "access_log"),
                                               ("metrics: {}", "envoy"), ("metrics: {source: access_log}", "access_log")])  # fmt: skip
def test_a_source_of_the_gateway_has_nothing_to_say_but_its_name(written: str, name: str) -> None:
    found = environment(written)
    assert (found.metrics, found.metrics_source) == (name, MetricsSource())
    assert found.tick == timedelta(seconds=1)


def test_a_template_stands_for_its_row_of_the_table() -> None:
    found = environment("metrics: {source: prometheus, url: 'http://p:9090/', template: istio, labels: {b: x, a: y}}")
    assert found.metrics == "prometheus"
    assert found.metrics_source == MetricsSource(
        "http://p:9090", templates.TABLE["istio"], labels=(("a", "y"), ("b", "x"))
    )


def test_own_queries_are_taken_as_they_are() -> None:
    text = docs.section("metrics")
    found = loader.parse(text.encode(), Path("/app/seaway.yaml")).environments["elsewhere"].metrics_source
    assert found.queries == Queries(
        'web_requests_total{app="$service",release=~"$revisions",$labels}',
        "release",
        "status",
        latency='web_request_duration_bucket{app="$service",release=~"$revisions",$labels}',
        unit=Unit.SECONDS,
    )


@pytest.mark.parametrize(("scrape", "tick"), [("15s", 15), ("500ms", 1)])
def test_looks_are_as_frequent_as_scrapes_unless_they_are_written(scrape: str, tick: int) -> None:
    remote = f"metrics: {{source: prometheus, url: 'http://p', template: http, scrape_interval: {scrape}}}"
    assert environment(remote).tick == timedelta(seconds=tick)
    assert environment(f"{remote}, tick: 20s").tick == timedelta(seconds=20)
