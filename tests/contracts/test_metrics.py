"""What every source of metrics promises, on a real one; and what the liars among them are told."""

from __future__ import annotations

import http.server
import json
import os
import socket
import socketserver
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from contracts.traffic_harness import WHOLE, Stage
from seaway import errors
from seaway.adapters import _envoy_records
from seaway.adapters._envoy_admin import Admin
from seaway.adapters._envoy_files import Layout
from seaway.adapters.metrics.access_log import AccessLog
from seaway.adapters.metrics.envoy import EnvoyMetrics
from seaway.model.service import Protocol, Route
from seaway.model.verdict import Sample
from traffic_peers import eventually

pytestmark = pytest.mark.real


SOURCES = {"envoy": EnvoyMetrics, "access_log": AccessLog}


@pytest.fixture(params=SOURCES)
def metrics(request: pytest.FixtureRequest, stage: Stage) -> Any:
    """A source on the stage's gateway that began to count before the first request."""
    stage.shift({"api-a": WHOLE})
    made = SOURCES[request.param](stage.gateway, stage.folder, stage.runtime)
    made.sample("api", ("api-a", "api-b"))
    return made


def counted(metrics: Any, revision: str, requests: int) -> Sample:
    """The sample that has this many requests and latencies; it may lag by a quarter of a second."""

    def look() -> Sample | None:
        sample: Sample | None = metrics.sample("api", (revision,)).get(revision)
        whole = sample and sample.requests == requests and sum(sample.latency.counts) == requests
        return sample if whole else None

    found: Sample | None = eventually(look)
    assert found, metrics.sample("api", (revision,))
    return found


def test_requests_and_failures_are_counted_per_revision(stage: Stage, metrics: Any) -> None:
    stage.shift({"api-b": WHOLE, "api-a": 0})
    for path in ("/", "/", "/fail", "/drop", "/"):
        stage.request(path)
    stage.shift({"api-b": 0, "api-a": WHOLE})
    stage.request()

    def sides() -> dict[str, tuple[int, int]]:
        samples = metrics.sample("api", ("api-a", "api-b"))
        return {name: (each.requests, each.failed) for name, each in samples.items()}

    assert eventually(lambda: sides() == {"api-b": (5, 2), "api-a": (1, 0)}), sides()


def test_a_revision_that_nobody_can_reach_fails_and_is_not_silent(stage: Stage, metrics: Any) -> None:
    stage.backend("api-a").kill()
    assert stage.request()[0] == 503
    time.sleep(3.5)
    assert stage.request()[0] == 503
    assert eventually(lambda: metrics.sample("api", ("api-a",))["api-a"].failed == 2)
    assert metrics.sample("api", ("api-a",))["api-a"].requests == 2


def test_latencies_are_counts_per_bucket_in_milliseconds(stage: Stage, metrics: Any) -> None:
    for path in ("/slow/0.1", "/slow/0.1", "/"):
        stage.request(path)
    histogram = counted(metrics, "api-a", 3).latency
    assert len(histogram.counts) == len(histogram.edges) + 1
    slow = sum(count for edge, count in zip(histogram.edges, histogram.counts, strict=False) if edge > 90)
    assert slow == 2


def test_a_revision_without_data_is_absent_and_never_zero(stage: Stage, metrics: Any) -> None:
    stage.shift({"api-b": 0, "api-a": WHOLE})
    assert set(metrics.sample("api", ("api-a", "api-b", "api-c"))) <= {"api-a", "api-b"}
    assert "api-c" not in metrics.sample("api", ("api-c",))


def test_counts_never_go_back_within_an_epoch_when_the_proxy_dies(stage: Stage, metrics: Any) -> None:
    seen = stage.router.look("api")
    for _ in range(3):
        stage.request()
    first = counted(metrics, "api-a", 3)
    os.kill(int(seen.proxy.split("-")[0]), 9)

    def again() -> Sample | None:
        with suppress(errors.PortError, OSError, EOFError, KeyError):
            stage.request()
            sample: Sample = metrics.sample("api", ("api-a",))["api-a"]
            fresh = sample.epoch != first.epoch or sample.requests > first.requests
            return sample if fresh and stage.router.look("api").proxy != seen.proxy else None
        return None

    later = eventually(again)
    assert later
    assert (later.epoch != first.epoch) == isinstance(metrics, EnvoyMetrics)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_without_a_proxy_there_is_no_answer(stage: Stage, source: Any) -> None:
    metrics = source(stage.gateway, stage.folder, stage.runtime)
    with pytest.raises(errors.NotReachable):
        metrics.sample("api", ("api-a",))
    metrics.check("api")


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


def test_failed_grpc_calls_are_failures_although_their_http_status_is_200(stage: Stage, metrics: Any) -> None:
    from traffic_grpc import GrpcBackend

    backend = GrpcBackend(stage.loop, "api-a")
    stage.backend("api-a").kill()
    stage.backends["api-a"] = backend
    stage.shift({"api-a": WHOLE}, routes=(Route(protocol=Protocol.GRPC),))
    for status in (0, 0, 13, 5):
        assert backend.call(stage.port, status)[0] == 200
    assert counted(metrics, "api-a", 4).failed == 1


def test_our_own_probes_are_no_evidence(stage: Stage, metrics: Any) -> None:
    stage.request()
    assert stage.router.probe("api", 20).answered == {"api-a": 20}
    time.sleep(0.5)
    counted(metrics, "api-a", 1)


def test_a_request_that_its_client_gave_up_after_a_long_wait_is_slow(stage: Stage) -> None:
    """A release that hangs must not look well because nobody waits for its answers (the proxy's counters cannot tell)."""
    metrics = AccessLog(stage.gateway, stage.folder, stage.runtime)
    stage.shift({"api-a": WHOLE})
    metrics.sample("api", ("api-a",))
    with socket.create_connection(("127.0.0.1", stage.port)) as client:
        client.sendall(b"GET /slow/30 HTTP/1.1\r\nhost: x\r\n\r\n")
        time.sleep(0.4)
    latency = counted(metrics, "api-a", 1).latency
    assert sum(count for edge, count in zip(latency.edges, latency.counts, strict=False) if edge > 390) == 1


def test_the_access_log_counts_from_the_first_request_of_a_revision(stage: Stage) -> None:
    """Zero is a number for a revision that the gateway knows: its first request is no base that is taken off."""
    metrics = AccessLog(stage.gateway, stage.folder, stage.runtime)
    stage.shift({"api-b": 0, "api-a": WHOLE})
    assert metrics.sample("api", ("api-b",))["api-b"].requests == 0
    stage.shift({"api-b": WHOLE, "api-a": 0})
    stage.request("/fail")
    assert counted(metrics, "api-b", 1).failed == 1


def test_long_connections_are_requests_but_not_slow(stage: Stage) -> None:
    from websockets.sync.client import connect

    metrics = AccessLog(stage.gateway, stage.folder, stage.runtime)
    stage.shift({"api-a": WHOLE})
    metrics.sample("api", ("api-a",))
    with connect(f"ws://127.0.0.1:{stage.port}/socket") as client:
        client.send("hello")
        time.sleep(0.3)
    assert eventually(lambda: metrics.sample("api", ("api-a",))["api-a"].requests == 1)
    assert sum(metrics.sample("api", ("api-a",))["api-a"].latency.counts) == 0


def test_under_load_and_rotation_every_request_is_counted_once(stage: Stage) -> None:
    from traffic_peers import Load

    stage.shift({"api-a": WHOLE})
    metrics = AccessLog(stage.gateway, stage.folder, stage.runtime)
    metrics.sample("api", ("api-a",))
    layout = Layout(stage.folder, stage.runtime)
    load = Load(stage.loop, stage.port, pause=0)
    for _ in range(6):
        time.sleep(0.3)
        _envoy_records.rotate(layout, Admin(layout.admin_socket), file_bytes=1, kept_bytes=50_000_000)
        metrics.sample("api", ("api-a",))
    load.stop()
    sample = counted(metrics, "api-a", load.answers["api-a"])
    assert (sample.failed, load.failures) == (0, [])


def test_the_proxys_counters_tell_instances_apart(stage: Stage) -> None:
    stage.shift({"api-a": WHOLE})
    source = EnvoyMetrics(stage.gateway, stage.folder, stage.runtime)
    for path in ("/", "/", "/fail", "/"):
        stage.request(path)

    def look() -> dict[str, Sample] | None:
        found = source.instances("api", "api-a")
        return found if sum(sample.requests for sample in found.values()) == 4 else None

    found = eventually(look)
    assert found, source.instances("api", "api-a")
    assert sum(sample.failed for sample in found.values()) == 1
    assert all(address.startswith("127.0.0.1:") for address in found)
    assert source.instances("api", "api-b") == {}
