"""Row `proxy`: Envoy as Seaway configures it beside a minimal static one, in interleaved pairs of 2 s.

Both run the same program with as many workers, pinned to one core, so that the proxy is what limits; clients and server have
the other core. The one that is not measured is stopped (SIGSTOP). Controls: a second minimal one in the same rounds (the noise), and
Seaway's with 200 more routes before the one that matches (what a slow configuration would look like).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench import figures
from seaway.adapters._envoy_proxy import binary
from seaway.adapters.traffic.envoy import Envoy
from seaway.model import weight
from seaway.model.instance import Fence
from seaway.model.routing import Backend, Gateway, Routing
from seaway.model.service import Probe, ProbeKind, Route

_WRK = Path(__file__).with_name("wrk.py")
_CONNECTIONS, _WORKERS = 32, 2


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Run:
    """One window: requests per second, and the proxy's CPU seconds per 10,000 requests."""

    rps: float
    cpu: float


def rows(settings: figures.Settings) -> list[figures.Figure]:
    pairs, seconds = settings.pick(4, 24), 1.0 if settings.quick else 2.0
    with ExitStack() as stack:
        backend = stack.enter_context(_server())
        proxies = {
            "ours": stack.enter_context(_ours(backend)),
            "static": stack.enter_context(_static(backend)),
            "again": stack.enter_context(_static(backend)),
            "slow": stack.enter_context(_ours(backend, extra=200)),
        }
        names = ["static", "ours", "again"]
        for proxy in proxies.values():
            os.sched_setaffinity(proxy.pid, _cores()[0])
            _all_threads(proxy.pid, _cores()[0])
            os.kill(proxy.pid, signal.SIGSTOP)
        measured: dict[str, list[Run]] = {name: [] for name in proxies}
        for turn in range(pairs + 1):  # the first round warms up and does not count
            for name in names if turn % 2 else reversed(names):
                run = _window(proxies[name], seconds)
                if turn:
                    measured[name].append(run)
        for _ in range(max(2, pairs // 4)):
            measured["slow"].append(_window(proxies["slow"], seconds))
        direct = _load(backend, seconds)
    return _figures(measured, direct, pairs, seconds, settings.seed)


def _figures(
    measured: dict[str, list[Run]], direct: float, pairs: int, seconds: float, seed: int
) -> list[figures.Figure]:
    def ratios(one: str, other: str, of: Callable[[Run], float]) -> list[float]:
        return [of(left) / of(right) for left, right in zip(measured[one], measured[other], strict=False)]

    found = []
    for row, what, of, limit, good in (
        ("proxy-throughput", "requests per second, over a minimal static Envoy", lambda run: run.rps, ">= 0.93", lambda x: x >= 0.93),
        ("proxy-cpu", "CPU seconds per 10,000 requests, over a minimal static Envoy", lambda run: run.cpu, "<= 1.15", lambda x: x <= 1.15),
    ):  # fmt: skip
        values = ratios("ours", "static", of)
        noise, slow = figures.median(ratios("again", "static", of)), figures.median(ratios("slow", "static", of))
        plain, mine = (figures.median([of(run) for run in measured[name]]) for name in ("static", "ours"))
        unit = "rps" if row == "proxy-throughput" else "s"
        found.append(
            figures.Figure(
                row, what, f"{figures.median(values):.3f} x   ({mine:.4g} {unit} over {plain:.4g} {unit})", limit,
                good(figures.median(values)), f"{pairs} pairs of {seconds:g} s",
                figures.written(figures.interval(values, figures.median, seed)),
                f"the static one against itself {noise:.3f} x; with 200 more routes {slow:.3f} x"
                f" ({'caught' if not good(slow) else 'NOT caught'}); without a proxy {direct:.0f} rps",
            )
        )  # fmt: skip
    return found


def _window(proxy: Proxy, seconds: float) -> Run:
    os.kill(proxy.pid, signal.SIGCONT)
    time.sleep(0.2)
    before = _cpu(proxy.pid)
    rps = _load(proxy.port, seconds)
    cpu = _cpu(proxy.pid) - before
    os.kill(proxy.pid, signal.SIGSTOP)
    return Run(rps, cpu / (rps * seconds) * 10_000)


def _load(port: int, seconds: float) -> float:
    command = [sys.executable, str(_WRK), "client", str(port), str(_CONNECTIONS), str(seconds)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, _cores()[1])
    )
    answers, failures = map(int, done.stdout.split())
    if failures:
        raise RuntimeError(f"{failures} requests failed on port {port}")
    return answers / seconds


def _cores() -> tuple[set[int], set[int]]:
    """The proxy's core, and the others; the same for both where there is only one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


def _all_threads(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def _cpu(pid: int) -> float:
    """Seconds of user and system time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _server() -> Iterator[int]:
    server = subprocess.Popen([sys.executable, str(_WRK), "server"], stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(server.pid, _cores()[1])
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()


@contextmanager
def _ours(backend: int, extra: int = 0) -> Iterator[Proxy]:
    """Through Seaway's own router adapter: two revisions, the candidate at 0."""
    with tempfile.TemporaryDirectory(prefix="sw-", dir="/tmp") as folder:
        port = _free_port()
        envoy = Envoy(Gateway("bench", f"127.0.0.1:{port}"), Path(folder, "g"), Path(folder, "r"), workers=_WORKERS)
        address = (f"127.0.0.1:{backend}",)
        readiness = Probe(ProbeKind.HTTP, path="/", interval=timedelta(seconds=10))
        routes = [*(Route(paths=(f"/{number:04}",)) for number in range(extra)), Route()]
        backends = (Backend("one-2", 0, address), Backend("one-1", weight.WHOLE, address))
        envoy.converge(Routing("one", 1, backends, tuple(routes), readiness), Fence("bench/one", 1))
        pid = int(envoy.look("one").proxy.split("-")[0])
        try:
            yield Proxy(port, pid)
        finally:
            os.kill(pid, signal.SIGCONT)
            envoy.down(1.0)


@contextmanager
def _static(backend: int) -> Iterator[Proxy]:
    """The shortest configuration that proxies at all."""
    with tempfile.TemporaryDirectory(prefix="sw-", dir="/tmp") as folder:
        port, path = _free_port(), Path(folder, "envoy.json")
        path.write_text(json.dumps(_minimal(port, backend)))
        command = [
            str(binary()),
            "-c",
            str(path),
            "--disable-hot-restart",
            "--concurrency",
            str(_WORKERS),
            "--log-level",
            "error",
        ]
        proxy = subprocess.Popen(command)
        try:
            _await_port(port)
            yield Proxy(port, proxy.pid)
        finally:
            proxy.kill()
            proxy.wait()


def _minimal(port: int, backend: int) -> dict[str, object]:
    def address(number: int) -> dict[str, object]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    prefix = "type.googleapis.com/envoy.extensions.filters."
    route = {"match": {"prefix": "/"}, "route": {"cluster": "one"}}
    manager = {
        "@type": prefix + "network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "public",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": prefix + "http.router.v3.Router"}}],
    }
    filters = [{"name": "manager", "typed_config": manager}]
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(backend)}}]}]
    cluster = {"name": "one", "type": "STATIC", "load_assignment": {"cluster_name": "one", "endpoints": endpoints}}
    listener = {"name": "public", "address": address(port), "filter_chains": [{"filters": filters}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _await_port(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nobody listens on {port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
