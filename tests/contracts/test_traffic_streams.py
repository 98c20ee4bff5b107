"""What routers promise to long streams and to clients of other protocols: slow tests, run together."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest

from contracts.traffic_harness import WHOLE, Factory, Stage
from seaway.model.routing import Backend as Destination
from seaway.model.service import Probe, ProbeKind, Protocol, Route, Tls
from traffic_grpc import GrpcBackend
from traffic_peers import eventually

pytestmark = pytest.mark.real


def issue(folder: Path) -> Tls:
    """A new self-signed certificate for localhost, in place of the old one."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(chain)],
        check=True, capture_output=True,
    )  # fmt: skip
    return Tls(str(chain), str(key))


@pytest.fixture
def certificate(tmp_path: Path) -> Tls:
    if which("openssl") is None:
        pytest.skip("missing peer: the openssl program")
    return issue(tmp_path)


@pytest.mark.journey
@pytest.mark.timeout(180)
def test_long_streams_outlive_default_timeouts_and_a_switch(stage: Stage) -> None:
    """60 s of server-sent events, a WebSocket that is idle for 90 s, and a POST that takes 40 s."""
    stage.shift({"api-b": 0, "api-a": WHOLE})
    begin = datetime.now(UTC)

    async def events() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(b"GET /events/60 HTTP/1.1\r\nHost: x\r\n\r\n")
        text = b""
        while not text.endswith(b"0\r\n\r\n"):
            block = await reader.read(65536)
            assert block, "the stream was cut"
            text += block
        writer.close()
        return text.count(b"data: api-a")

    async def websocket() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(
            b"GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(90)
        writer.write(b"\x81\x80\0\0\0\0")
        answer = await reader.readexactly(6)
        writer.close()
        return answer

    async def post() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n")
        for _ in range(40):
            await asyncio.sleep(1)
            writer.write(b".")
            await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head
        body = await reader.readexactly(len(b"api-a POST 40"))
        writer.close()
        return body

    async def switch() -> None:
        await asyncio.sleep(5)
        await asyncio.to_thread(stage.shift, {"api-b": WHOLE, "api-a": 0})
        await asyncio.sleep(3)
        await asyncio.to_thread(stage.shift, {"api-b": WHOLE})

    async def everything() -> list[object]:
        return await asyncio.gather(events(), websocket(), post(), switch())

    assert stage.loop.run(everything(), 150)[:3] == [60, b"\x81\x80\0\0\0\0", b"api-a POST 40"]
    time.sleep(0.2)
    side = stage.router.losses("api", begin, datetime.now(UTC)).sides["api-a"]
    assert (side.served, side.failed) == (3, 0)


def test_an_idle_stream_ends_when_its_route_says_so(stage: Stage) -> None:
    stage.shift({"api-a": WHOLE}, routes=(Route(idle_timeout=timedelta(seconds=1)), Route(paths=("/slow",))))
    assert stage.request("/slow/1.6")[0] == 200
    stage.shift({"api-a": WHOLE}, routes=(Route(idle_timeout=timedelta(seconds=1)),))
    assert stage.request("/slow/1.6")[0] in (408, 504)


def test_a_route_with_a_timeout_keeps_it(stage: Stage) -> None:
    stage.shift({"api-a": WHOLE}, routes=(Route(timeout=timedelta(milliseconds=300)),))
    assert stage.request("/slow/2")[0] == 504


def test_a_websocket_is_refused_where_no_route_allows_it(stage: Stage) -> None:
    stage.shift({"api-a": WHOLE}, routes=(Route(),))
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    assert stage.request("/socket", headers=headers)[0] == 403


def test_grpc_passes_with_its_trailers(stage: Stage) -> None:
    backend = stage.backends["api-a"] = GrpcBackend(stage.loop, "api-a")
    stage.shift({"api-a": WHOLE}, routes=(Route(protocol=Protocol.GRPC),))
    status, fields = backend.call(stage.port, 7)
    assert (status, fields["grpc-status"], fields["x-seaway-revision"]) == (200, "7", "api-a")


def test_tls_speaks_both_versions_and_probes_pass_it(factory: Factory, tmp_path: Path, certificate: Tls) -> None:
    import httpx2

    stage = Stage(factory, tmp_path / "gateway", tmp_path / "run", certificate)
    try:
        stage.shift({"api-a": WHOLE})
        trusted = ssl.create_default_context(cafile=certificate.certificate)
        for http2, version in ((True, "HTTP/2"), (False, "HTTP/1.1")):
            with httpx2.Client(verify=trusted, http2=http2, http1=not http2) as client:
                answer = client.get(f"https://localhost:{stage.port}/")
                assert (answer.status_code, answer.http_version) == (200, version)
        assert stage.router.probe("api", 5).answered == {"api-a": 5}
    finally:
        stage.close()


def test_a_renewed_certificate_is_served_without_anybody_asking(
    factory: Factory, tmp_path: Path, certificate: Tls
) -> None:
    stage = Stage(factory, tmp_path / "gateway", tmp_path / "run", certificate)

    def served() -> str:
        return ssl.get_server_certificate(("127.0.0.1", stage.port))

    try:
        stage.shift({"api-a": WHOLE})
        first = served()
        assert eventually((stage.folder / "logs" / "heartbeat").exists)
        time.sleep(2.2)
        issue(tmp_path)
        assert eventually(lambda: served() != first, step=0.1)
    finally:
        stage.close()


def test_a_certificate_that_is_none_is_refused_in_the_proxys_words(factory: Factory, tmp_path: Path) -> None:
    from seaway import errors

    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    stage = Stage(factory, tmp_path / "gateway", tmp_path / "run", Tls(str(broken), str(broken)))
    try:
        with pytest.raises(errors.Refused, match=r"refused the new listeners: .*Failed to load certificate chain"):
            stage.router.converge(stage.routing({"api-a": WHOLE}), stage.fence())
    finally:
        stage.close()


def test_many_threads_may_look_at_once(stage: Stage) -> None:
    routing = stage.routing({"api-a": WHOLE})
    stage.router.converge(routing, stage.fence())
    others = [stage.another() for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda number: [stage.router, *others][number % 4].look("api"), range(60)))
    assert all(each.verified(routing.generation) for each in seen)


def test_readiness_by_connecting_is_enough_for_a_service_without_a_path(stage: Stage) -> None:
    stage.backend("api-a").ready = False
    destination = (Destination("api-a", WHOLE, (stage.backend("api-a").address,)),)
    stage.shift({}, backends=destination, readiness=Probe(ProbeKind.TCP))
    assert stage.request()[0] == 200
    assert stage.router.probe("api", 3).answered == {"api-a": 3}


def test_who_comes_first_finds_the_service(stage: Stage) -> None:
    stop, statuses = threading.Event(), []

    def knock() -> None:
        while not stop.is_set():
            with suppress(OSError):
                statuses.append(stage.request()[0])

    knocking = [threading.Thread(target=knock) for _ in range(4)]
    for each in knocking:
        each.start()
    stage.shift({"api-a": WHOLE})
    time.sleep(0.3)
    stop.set()
    for each in knocking:
        each.join()
    assert set(statuses) == {200}
