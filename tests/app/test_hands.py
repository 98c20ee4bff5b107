"""The composition: which adapter serves a plan, that there is one object per place, and that places are found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seaway.app import hands
from seaway.app.hands import Composition
from seaway.config.home import Home
from seaway.errors import NotFound, UnknownName, UsageError
from seaway.formats.monitoring.prometheus import templates
from seaway.model.metrics import MetricsSource
from seaway.model.routing import Gateway
from seaway.model.sink import Sink
from surface_samples import plan


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.ensure()
    return made


@pytest.fixture
def composition(home: Home) -> Composition:
    return Composition(home)


def test_a_plan_gets_the_adapters_that_it_names(composition: Composition) -> None:
    made = plan()
    assert type(composition.target(made)).__name__ == "Process"
    assert type(composition.traffic(made)).__name__ == "Envoy"
    assert type(composition.metrics(made)).__name__ == "EnvoyMetrics"
    composition.close()


def test_metrics_from_elsewhere_are_asked_there_and_by_what_the_plan_says(composition: Composition) -> None:
    source = MetricsSource("http://127.0.0.1:9", templates.TABLE["http"], token="env:NO_SUCH")
    made = composition.metrics(plan(metrics="prometheus", metrics_source=source))
    assert type(made).__name__ == "Prometheus"
    assert composition.metrics(plan(metrics="prometheus", metrics_source=source, service="other")) is made
    other = replace(source, url="http://127.0.0.1:10")
    assert composition.metrics(plan(metrics="prometheus", metrics_source=other)) is not made
    with pytest.raises(NotFound, match="env:NO_SUCH"):
        made.check("shop")  # type: ignore[union-attr]
    composition.close()


def test_a_second_question_gives_the_same_object(composition: Composition) -> None:
    assert composition.target(plan()) is composition.target(plan(service="other"))
    assert composition.traffic(plan()) is composition.traffic(plan())
    assert composition.target(plan()) is not composition.target(plan(environment="staging"))
    composition.close()


def test_workers_have_no_router_and_no_metrics(composition: Composition) -> None:
    made = plan(gateway=None, router="", metrics="")
    assert composition.traffic(made) is None
    assert composition.metrics(made) is None


def test_an_unknown_name_lists_the_known_ones(composition: Composition) -> None:
    with pytest.raises(UnknownName, match="known: process"):
        composition.target(plan(target="cluster"))


def test_places_are_found_again_without_a_plan(home: Home, composition: Composition) -> None:
    composition.target(plan())
    composition.traffic(plan())
    composition.close()
    later = Composition(home)
    assert list(later.targets()) == ["production"]
    assert [gateway for gateway, _ in later.routers()] == [Gateway("production", "127.0.0.1:8080")]
    later.close()


def test_receivers_are_those_that_were_named_each_once(home: Home, composition: Composition, tmp_path: Path) -> None:
    assert composition.receivers() == {}
    sink, other = Sink("jsonl", str(tmp_path / "a.jsonl")), Sink("jsonl", str(tmp_path / "b.jsonl"))
    hands.name_sinks(home, (sink,))
    hands.name_sinks(home, (other, sink))
    assert hands.sinks(home) == (sink, other)
    assert list(composition.receivers()) == [sink.path, other.path]
    composition.receivers()[sink.path].deliver("1", {})
    assert (tmp_path / "a.jsonl").exists()


def test_secrets_are_resolved_by_their_scheme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOP_KEY", "value")
    assert hands.resolve("env:SHOP_KEY") == "value"
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("other\n")
    assert hands.resolve(f"file:{secret}") == "other"
    with pytest.raises(NotFound, match="SHOP_MISSING"):
        hands.resolve("env:SHOP_MISSING")
    with pytest.raises(UnknownName, match="unknown secrets 'vault'"):
        hands.resolve("vault:key")
    with pytest.raises(UsageError, match="no secret reference"):
        hands.resolve("hunter")
