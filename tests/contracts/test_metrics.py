"""What every source of metrics promises, on a real one; and what the liars among them are told."""

from __future__ import annotations

import http.server
import json
import os
import socketserver
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from contracts.traffic_harness import WHOLE, Stage
from seaway import errors
from seaway.model.service import Protocol, Route
from traffic_peers import eventually

pytestmark = pytest.mark.real


def test_requests_and_failures_are_counted_per_revision(stage: Stage) -> None:
    stage.shift({"api-b": WHOLE, "api-a": 0})
    for path in ("/", "/", "/fail", "/drop", "/"):
        stage.request(path)
    stage.shift({"api-b": 0, "api-a": WHOLE})
    stage.request()
    samples = stage.metrics().sample("api", ("api-a", "api-b"))
    assert {name: (each.requests, each.failed) for name, each in samples.items()} == {"api-b": (5, 2), "api-a": (1, 0)}


def test_a_revision_that_nobody_can_reach_fails_and_is_not_silent(stage: Stage) -> None:
    stage.shift({"api-a": WHOLE})
    stage.backend("api-a").kill()
    assert stage.request()[0] == 503
    time.sleep(3.5)
    assert stage.request()[0] == 503
    sample = stage.metrics().sample("api", ("api-a",))["api-a"]
    assert (sample.requests, sample.failed) == (2, 2)


def test_latencies_are_counts_per_bucket_in_milliseconds(stage: Stage) -> None:
    stage.shift({"api-a": WHOLE})
    for path in ("/slow/0.1", "/slow/0.1", "/"):
        stage.request(path)
    metrics = stage.metrics()
    latency = eventually(lambda: sum(metrics.sample("api", ("api-a",))["api-a"].latency.counts) == 3)
    assert latency
    histogram = metrics.sample("api", ("api-a",))["api-a"].latency
    assert len(histogram.counts) == len(histogram.edges) + 1
    slow = sum(count for edge, count in zip(histogram.edges, histogram.counts, strict=False) if edge > 90)
    assert slow == 2


def test_a_revision_without_data_is_absent_and_never_zero(stage: Stage) -> None:
    stage.shift({"api-b": 0, "api-a": WHOLE})
    assert set(stage.metrics().sample("api", ("api-a", "api-b", "api-c"))) <= {"api-a", "api-b"}
    assert "api-c" not in stage.metrics().sample("api", ("api-c",))


def test_a_new_proxy_is_a_new_epoch(stage: Stage) -> None:
    seen = stage.shift({"api-a": WHOLE})
    stage.request()
    metrics = stage.metrics()
    first = metrics.sample("api", ("api-a",))["api-a"]
    os.kill(int(seen.proxy.split("-")[0]), 9)

    def again() -> bool:
        with suppress(errors.PortError, OSError, EOFError, KeyError):
            stage.request()
            return metrics.sample("api", ("api-a",))["api-a"].epoch != first.epoch
        return False

    assert eventually(again)
    assert metrics.sample("api", ("api-a",))["api-a"].requests < 50


def test_without_a_proxy_there_is_no_answer(stage: Stage) -> None:
    with pytest.raises(errors.NotReachable):
        stage.metrics().sample("api", ("api-a",))
    stage.metrics().check("api")


class _Liar(socketserver.ThreadingUnixStreamServer):
    """An admin that answers what the test wants."""

    body: bytes = b""
    status = 200
    delay = 0.0


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(self.server.delay)  # type: ignore[attr-defined]
        body = self.server.body  # type: ignore[attr-defined]
        with suppress(OSError):
            self.send_response(self.server.status)  # type: ignore[attr-defined]
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def liar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """EnvoyMetrics in front of an admin that lies."""
    from seaway.adapters import _envoy_admin
    from seaway.adapters._envoy_files import Layout
    from seaway.adapters._envoy_proxy import Process
    from seaway.adapters.metrics.envoy import EnvoyMetrics
    from seaway.model.routing import Gateway

    monkeypatch.setattr(_envoy_admin, "_PATIENCE", 0.3)
    monkeypatch.setattr(Process, "identity", lambda _: "1-1")
    layout = Layout(tmp_path / "g", tmp_path / "r")
    layout.make()
    server = _Liar(str(layout.admin_socket), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server, EnvoyMetrics(Gateway("test", "127.0.0.1:1"), tmp_path / "g", tmp_path / "r")
    server.shutdown()
    thread.join()
    server.server_close()


def statistics(*entries: Any, buckets: list[dict[str, Any]] | None = None) -> bytes:
    histogram = {"name": "cluster.api/api-a.upstream_rq_time", "buckets": buckets or []}
    return json.dumps({"stats": [*entries, {"histograms": [histogram]}]}).encode()


COMPLETED = {"name": "cluster.api/api-a.upstream_rq_completed", "value": 3}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"stats": 3}',
        statistics({**COMPLETED, "value": float("nan")}),
        statistics({**COMPLETED, "value": -1}),
        statistics({**COMPLETED, "value": "3"}),
        statistics({**COMPLETED, "value": 2.5}),
        statistics({"name": COMPLETED["name"]}),
        statistics(COMPLETED, buckets=[{"upper_bound": float("nan"), "cumulative": 1}]),
        statistics(COMPLETED, buckets=[{"upper_bound": 1, "cumulative": 2}, {"upper_bound": 2, "cumulative": 1}]),
        statistics(COMPLETED, buckets=[{"upper_bound": 1}]),
    ],
)
def test_an_answer_that_is_no_evidence_is_refused(liar: Any, body: bytes) -> None:
    server, metrics = liar
    server.body = body
    with pytest.raises(errors.Refused):
        metrics.sample("api", ("api-a",))


def test_the_control_an_honest_answer_is_taken(liar: Any) -> None:
    server, metrics = liar
    server.body = statistics(
        COMPLETED, buckets=[{"upper_bound": 1, "cumulative": 2}, {"upper_bound": 2.5, "cumulative": 3}]
    )
    sample = metrics.sample("api", ("api-a",))["api-a"]
    assert (sample.requests, sample.failed, sample.latency.counts) == (3, 0, (2, 1, 0))


def test_an_error_status_is_refused_and_silence_is_no_answer(liar: Any) -> None:
    server, metrics = liar
    server.status = 500
    with pytest.raises(errors.Refused, match="answered 500"):
        metrics.sample("api", ("api-a",))
    server.status, server.delay = 200, 1.0
    with pytest.raises(errors.NotReachable):
        metrics.sample("api", ("api-a",))


def test_failed_grpc_calls_are_failures_although_their_http_status_is_200(stage: Stage) -> None:
    from traffic_grpc import GrpcBackend

    backend = GrpcBackend(stage.loop, "api-a")
    stage.backends["api-a"] = backend
    stage.shift({"api-a": WHOLE}, routes=(Route(protocol=Protocol.GRPC),))
    for status in (0, 0, 13, 5):
        assert backend.call(stage.port, status)[0] == 200
    sample = stage.metrics().sample("api", ("api-a",))["api-a"]
    assert (sample.requests, sample.failed) == (4, 1)


def test_our_own_probes_are_no_evidence(stage: Stage) -> None:
    stage.shift({"api-a": WHOLE})
    stage.request()
    assert stage.router.probe("api", 20).answered == {"api-a": 20}
    time.sleep(0.5)
    sample = stage.metrics().sample("api", ("api-a",))["api-a"]
    assert (sample.requests, sum(sample.latency.counts)) == (1, 1)
