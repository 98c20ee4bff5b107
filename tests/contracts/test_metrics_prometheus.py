"""What every source of metrics promises, on a real Prometheus; and what becomes of its gaps, resets and odd values."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from contracts.prometheus_harness import SCRAPE, Peer, line
from contracts.traffic_harness import Stage
from seaway import errors
from seaway.adapters._envoy_proxy import binary
from seaway.adapters.metrics.prometheus import Prometheus
from seaway.formats.monitoring.prometheus import answers, templates
from seaway.model.metrics import MetricsSource
from seaway.model.verdict import Sample
from traffic_peers import eventually, free_port

pytestmark = pytest.mark.real
SERVICES = (f"shop{number}" for number in itertools.count())
HTTP = templates.TABLE["http"]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    made = Peer(tmp_path_factory.mktemp("prometheus"))
    yield made
    made.close()


@pytest.fixture
def service(peer: Peer) -> str:
    """A name of its own per test: what others exposed is still there for a while."""
    return next(SERVICES)


def source(peer: Peer, **fields: Any) -> MetricsSource:
    basic = MetricsSource(peer.url, HTTP, scrape_interval=timedelta(seconds=SCRAPE))
    return replace(basic, **fields)


@pytest.fixture
def metrics(peer: Peer) -> Iterator[Prometheus]:
    made = Prometheus(source(peer), str)
    yield made
    made.close()


def requests(
    service: str, revision: str, value: object, code: int = 200, instance: str = "i1", *, at: float = 0
) -> str:
    labels = {"job": service, "instance": instance, "version": revision, "code": code}
    return line("http_requests_total", value, labels, at or None)


def buckets(service: str, revision: str, counts: dict[str, int], instance: str = "i1") -> str:
    labels = {"job": service, "instance": instance, "version": revision}
    return "".join(line("http_request_duration_seconds_bucket", v, {**labels, "le": k}) for k, v in counts.items())


def one(metrics: Prometheus, service: str, revision: str) -> tuple[int, int]:
    sample = metrics.sample(service, (revision,))[revision]
    return sample.requests, sample.failed


def test_requests_and_failures_grow_per_revision(peer: Peer, metrics: Prometheus, service: str) -> None:
    def text(a: int, b: int, bad: int) -> str:
        good = requests(service, "a", a) + requests(service, "b", b, instance="i2")
        return good + requests(service, "b", bad, 503, "i2") + requests(service, "foreign", 999)

    peer.expose(text(1000, 2000, 7))
    first = metrics.sample(service, ("a", "b"))
    assert {name: (each.requests, each.failed) for name, each in first.items()} == {"a": (0, 0), "b": (0, 0)}
    peer.expose(text(1005, 2010, 9))
    found = metrics.sample(service, ("a", "b"))
    assert {name: (each.requests, each.failed) for name, each in found.items()} == {"a": (5, 0), "b": (12, 2)}
    assert {each.epoch for each in found.values()} == {first["a"].epoch}


def test_the_time_of_a_sample_is_the_scrape_and_not_the_question(peer: Peer, metrics: Prometheus, service: str) -> None:
    peer.expose(requests(service, "a", 1))
    asked = [metrics.sample(service, ("a",))["a"].at for _ in range(10)]
    assert len(set(asked)) < 10, "ten questions within a few scrapes must not look like ten measurements"
    assert eventually(lambda: metrics.sample(service, ("a",))["a"].at > asked[-1])


def test_a_revision_without_data_is_absent_and_never_zero(peer: Peer, metrics: Prometheus, service: str) -> None:
    peer.expose(requests(service, "a", 5))
    assert set(metrics.sample(service, ("a", "b"))) == {"a"}
    assert metrics.sample("no-such-service", ("a",)) == {}


def test_what_is_no_longer_there_is_absent(peer: Peer, metrics: Prometheus, service: str) -> None:
    peer.expose(requests(service, "a", 5) + requests(service, "b", 5))
    assert set(metrics.sample(service, ("a", "b"))) == {"a", "b"}
    peer.expose(requests(service, "a", 6))
    assert set(metrics.sample(service, ("a", "b"))) == {"a"}
    peer.expose("")  # the target is down
    assert metrics.sample(service, ("a", "b")) == {}


def test_a_process_that_was_away_goes_on_where_it_was(peer: Peer, metrics: Prometheus, service: str) -> None:
    peer.expose(requests(service, "a", 5))
    metrics.sample(service, ("a",))
    peer.expose("")
    metrics.sample(service, ("a",))
    peer.expose(requests(service, "a", 25))
    assert one(metrics, service, "a") == (20, 0)


def test_a_restarted_process_counts_from_zero(peer: Peer, metrics: Prometheus, service: str) -> None:
    peer.expose(requests(service, "a", 100) + requests(service, "a", 40, instance="i2"))
    metrics.sample(service, ("a",))
    raw = float(peer.ask(f'sum(http_requests_total{{job="{service}"}})')[0]["value"][1])
    peer.expose(requests(service, "a", 3) + requests(service, "a", 41, instance="i2"))
    later = float(peer.ask(f'sum(http_requests_total{{job="{service}"}})')[0]["value"][1])
    assert later < raw, "the control: a sum over processes goes back"
    assert one(metrics, service, "a") == (4, 0)


def test_a_restart_between_two_looks_is_seen_in_the_scrapes_between(
    peer: Peer, metrics: Prometheus, service: str
) -> None:
    peer.expose(requests(service, "a", 10))
    metrics.sample(service, ("a",))
    blind = Prometheus(source(peer, scrape_interval=timedelta(hours=1)), str)  # looks at no scrape in between
    blind.sample(service, ("a",))
    peer.expose(requests(service, "a", 2))
    time.sleep(3 * SCRAPE)
    peer.expose(requests(service, "a", 30))
    assert one(metrics, service, "a") == (2 + 28, 0)
    assert one(blind, service, "a") == (20, 0), "the control: two values alone hide the restart"
    blind.close()


def test_a_status_that_appears_with_its_first_request_began_at_zero(
    peer: Peer, metrics: Prometheus, service: str
) -> None:
    peer.expose(requests(service, "a", 10))
    metrics.sample(service, ("a",))
    peer.expose(requests(service, "a", 11) + requests(service, "a", 6, 500))
    assert one(metrics, service, "a") == (7, 6)


def test_the_first_failures_of_a_new_revision_count(peer: Peer, metrics: Prometheus, service: str) -> None:
    old = requests(service, "a", 5000)
    peer.expose(old)
    assert set(metrics.sample(service, ("a", "b"))) == {"a"}
    peer.expose(old + requests(service, "b", 2, instance="i2") + requests(service, "b", 3, 500, "i2"))
    assert one(metrics, service, "b") == (5, 3)


def test_the_time_of_a_sample_is_that_of_the_oldest_scrape_in_it(peer: Peer, service: str) -> None:
    """Else requests that were routed before would seem to be routed after it. A process that is measured no more is left out."""
    patient = Prometheus(source(peer, scrape_interval=timedelta(seconds=10)), str)
    now = time.time()
    here = requests(service, "a", 5, at=now - 8) + requests(service, "b", 5, instance="i2", at=now - 4)
    peer.expose(here + requests(service, "a", 5, instance="gone", at=now - 100))
    found = patient.sample(service, ("a", "b"))
    assert {round(now - each.at.timestamp()) for each in found.values()} == {8}
    patient.close()


def test_a_process_that_is_seen_for_the_first_time_is_a_base(peer: Peer, metrics: Prometheus, service: str) -> None:
    peer.expose(requests(service, "a", 10))
    metrics.sample(service, ("a",))
    peer.expose(requests(service, "a", 10) + requests(service, "a", 100_000, instance="i2"))
    assert one(metrics, service, "a") == (0, 0)
    peer.expose(requests(service, "a", 10) + requests(service, "a", 100_002, instance="i2"))
    assert one(metrics, service, "a") == (2, 0)


def test_latencies_are_counts_per_bucket_in_milliseconds(peer: Peer, metrics: Prometheus, service: str) -> None:
    def text(*upto: int) -> str:
        counts = dict(zip(("0.1", "0.25", "+Inf"), upto, strict=True))
        return requests(service, "a", upto[-1]) + buckets(service, "a", counts) + buckets(service, "a", counts, "i2")

    peer.expose(text(1, 1, 1))
    metrics.sample(service, ("a",))
    peer.expose(text(3, 7, 8))
    latency = metrics.sample(service, ("a",))["a"].latency
    assert (latency.edges, latency.counts) == ((100.0, 250.0), (2 * 2, 2 * 4, 2 * 1))


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-3", "2.5"])
def test_what_is_no_count_is_an_error_and_no_number(peer: Peer, metrics: Prometheus, service: str, value: str) -> None:
    peer.expose(requests(service, "a", 5))
    metrics.sample(service, ("a",))
    peer.expose(requests(service, "a", value))
    with pytest.raises(errors.Refused, match="which is no"):
        metrics.sample(service, ("a",))


def test_buckets_that_differ_or_have_no_end_are_an_error(peer: Peer, metrics: Prometheus, service: str) -> None:
    first = buckets(service, "a", {"0.1": 1, "+Inf": 1})
    peer.expose(requests(service, "a", 1) + first + buckets(service, "a", {"0.2": 1, "+Inf": 1}, "i2"))
    with pytest.raises(errors.Refused, match="differ from process to process"):
        metrics.sample(service, ("a",))
    peer.expose(requests(service, "b", 1) + buckets(service, "b", {"0.1": 1, "0.2": 1}))
    with pytest.raises(errors.Refused, match="no last one"):
        metrics.sample(service, ("b",))


def test_numbers_that_stand_still_in_the_past_are_stale(peer: Peer, metrics: Prometheus, service: str) -> None:
    peer.expose(requests(service, "a", 5, at=time.time() - 10 * SCRAPE))
    assert peer.ask(f'http_requests_total{{job="{service}"}}'), "the control: Prometheus itself still answers"
    with pytest.raises(errors.Refused, match=r"newest numbers of a in 127\.0\.0\.1:\d+ are \d+ s old"):
        metrics.sample(service, ("a",))


def test_requests_without_a_status_cannot_tell_failures(peer: Peer, metrics: Prometheus, service: str) -> None:
    labels = {"job": service, "instance": "i1", "version": "a"}
    peer.expose(line("http_requests_total", 5, labels))
    with pytest.raises(errors.Refused, match="no label code"):
        metrics.sample(service, ("a",))
    with pytest.raises(errors.Refused, match="no label code"):
        metrics.check(service)


def test_a_service_whose_revisions_cannot_be_told_apart_is_refused_before_it_starts(
    peer: Peer, metrics: Prometheus, service: str
) -> None:
    peer.expose(line("http_requests_total", 5, {"job": service, "code": 200}))
    with pytest.raises(errors.Refused, match="no label version"):
        metrics.check(service)
    metrics.check("one-that-was-never-there")
    peer.expose(requests(service, "a", 5))
    metrics.check(service)


def test_too_many_series_are_refused(
    peer: Peer, metrics: Prometheus, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "SERIES", 10)
    peer.expose("".join(requests(service, "a", 1, instance=f"i{number}") for number in range(11)))
    with pytest.raises(errors.Refused, match="11 series, more than 10: narrow the selector"):
        metrics.sample(service, ("a",))


def test_what_prometheus_says_to_a_wrong_query_is_passed_on(peer: Peer, service: str) -> None:
    wrong = Prometheus(source(peer, queries=replace(HTTP, requests="http_requests_total{job=$service}")), str)
    with pytest.raises(errors.Refused, match=r"bad_data: .*parse error"):
        wrong.sample(service, ("a",))
    wrong.close()


def test_labels_of_the_environment_narrow_the_question_whatever_is_in_them(peer: Peer, service: str) -> None:
    odd = 'a"b\\c'
    narrow = Prometheus(source(peer, labels=(("zone", odd),)), str)
    labels = {"job": service, "instance": "i1", "version": "a", "code": 200}
    here, there = {**labels, "zone": 'a\\"b\\\\c'}, {**labels, "zone": "other", "instance": "i2"}
    peer.expose(line("http_requests_total", 1, here) + line("http_requests_total", 1, there))
    narrow.sample(service, ("a",))
    peer.expose(line("http_requests_total", 3, here) + line("http_requests_total", 9, there))
    assert one(narrow, service, "a") == (2, 0)
    narrow.close()


@pytest.mark.parametrize("name", templates.TABLE)
def test_every_template_is_a_question_that_prometheus_understands(peer: Peer, name: str) -> None:
    queries = templates.TABLE[name]
    made = Prometheus(source(peer, queries=queries, labels=(("namespace", "shop"),)), str)
    assert made.sample("shop", ("shop-1", "shop-2")) == {}
    made.check("shop")
    made.close()


@pytest.fixture
def proxy(tmp_path: Path, stage: Stage) -> Iterator[tuple[int, int]]:
    """An Envoy that somebody else configured, with Envoy's usual tags; its port and its admin's."""
    port, admin = free_port(), free_port()
    (tmp_path / "envoy.json").write_text(json.dumps(envoy(port, admin, stage.backend("api-a"), stage.backend("api-b"))))
    command = [binary(), "-c", "envoy.json", "--concurrency", "1", "--base-id", str(port), "-l", "error"]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    assert eventually(lambda: ask(admin, "/ready") == "LIVE\n"), (tmp_path / "log").read_text()
    yield port, admin
    running.kill()
    running.wait(10)


def ask(port: int, path: str) -> str | None:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        return str(error.code)
    except OSError:
        return None


def envoy(port: int, admin: int, *backends: Any) -> dict[str, Any]:
    """Requests to /api-a/... go to the cluster api-a, and so on."""

    def address(text: str) -> dict[str, Any]:
        host, _, number = text.rpartition(":")
        return {"socket_address": {"address": host, "port_value": int(number)}}

    def cluster(backend: Any) -> dict[str, Any]:
        endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(backend.address)}}]}]
        return {"name": backend.name, "load_assignment": {"cluster_name": backend.name, "endpoints": endpoints}}

    def route(backend: Any) -> dict[str, Any]:
        action = {"cluster": backend.name, "prefix_rewrite": "/"}
        return {"match": {"prefix": f"/{backend.name}/"}, "route": action}

    kind = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
    manager = {
        "@type": kind,
        "stat_prefix": "public",
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route(each) for each in backends]}]
        },
        "http_filters": [{"name": "router", "typed_config": router}],
    }
    filters = [{"filters": [{"name": "http", "typed_config": manager}]}]
    listener = {"name": "public", "address": address(f"127.0.0.1:{port}"), "filter_chains": filters}
    static = {"listeners": [listener], "clusters": [cluster(each) for each in backends]}
    return {"admin": {"address": address(f"127.0.0.1:{admin}")}, "static_resources": static}


def test_the_statistics_of_a_real_envoy_are_read_by_its_template(
    peer: Peer, stage: Stage, proxy: tuple[int, int]
) -> None:
    port, admin = proxy
    metrics = Prometheus(source(peer, queries=templates.TABLE["envoy"]), str)
    assert None not in [ask(port, path) for path in ("/api-a/", "/api-b/")]

    def scrape() -> dict[str, Sample]:
        peer.expose(ask(admin, "/stats/prometheus") or "")
        return metrics.sample("api", ("api-a", "api-b"))

    assert eventually(lambda: scrape().keys() == {"api-a", "api-b"})
    for path in ("/api-a/slow/0.1", "/api-b/fail", "/api-b/fail", "/api-b/"):
        ask(port, path)
    # The histograms of Envoy are merged every few seconds.
    assert eventually(lambda: sum(sum(each.latency.counts) for each in scrape().values()) >= 4, 20)
    found = scrape()
    assert {name: (each.requests, each.failed) for name, each in found.items()} == {"api-a": (1, 0), "api-b": (3, 2)}
    latency = found["api-a"].latency
    assert sum(count for edge, count in zip(latency.edges, latency.counts, strict=False) if edge > 90) == 1
    metrics.close()


def test_without_a_prometheus_there_is_no_answer(service: str) -> None:
    gone = Prometheus(MetricsSource(f"http://127.0.0.1:{free_port()}", HTTP), str)
    with pytest.raises(errors.NotReachable, match="did not answer"):
        gone.sample(service, ("a",))
    gone.close()
