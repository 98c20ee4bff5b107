"""Asking a running Envoy: its admin on a unix socket, and each of its workers. Called by the router and the metrics adapter."""

from __future__ import annotations

import http.client
import socket
import threading
from pathlib import Path
from urllib.parse import quote

from seaway import errors
from seaway.adapters import _files
from seaway.adapters._envoy_files import Layout
from seaway.formats.proxies.envoy import dump, listeners, routes, statistics
from seaway.model.instance import Fence

_PATIENCE = 2.0  # seconds for one answer of the admin: its main thread answers in milliseconds
_LARGEST = 64 * 1024 * 1024  # bytes of one answer


class _Connection(http.client.HTTPConnection):
    """HTTP/1.1 over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))

    def __del__(self) -> None:
        self.close()


def _ask(connection: _Connection, method: str, path: str, host: str) -> bytes:
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read(_LARGEST)
    if answer.status != 200:
        raise errors.Refused(f"the proxy answered {answer.status} to {method} {path.partition('?')[0]}: {body[:200]!r}")
    return body


class Admin:
    """One kept connection to the admin; a broken one is opened again once. Safe for threads, which take turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection = _Connection(path)

    def get(self, path: str) -> bytes:
        """The body of an answer. Raises NotReachable, Refused."""
        return self._send("GET", path)

    def post(self, path: str) -> bytes:
        """As `get`, for what changes something; each of these may be said twice."""
        return self._send("POST", path)

    def _send(self, method: str, path: str) -> bytes:
        with self._lock:
            for attempt in (1, 2):
                try:
                    return _ask(self._connection, method, path, "localhost")
                except (OSError, http.client.HTTPException) as error:
                    self._connection.close()
                    if attempt == 2 or isinstance(error, TimeoutError):
                        message = f"the proxy does not answer on {self._path}: {error or type(error).__name__}"
                        raise errors.NotReachable(message, hint="seaway logs") from error
                except errors.Refused:
                    self._connection.close()
                    raise
        raise AssertionError("unreachable")

    def statistics(self, expression: str) -> dict[str, str]:
        """Counters, gauges and texts whose names match."""
        return statistics.values(self.get(f"/stats?filter={quote(expression, safe='')}"))

    def running(self) -> dump.Running:
        """The routes that run. Raises NotReachable, Refused."""
        try:
            return dump.parse(self.get("/config_dump?resource=dynamic_route_configs"))
        except ValueError as error:
            raise errors.Refused(str(error)) from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class Workers:
    """One connection to each worker thread, kept: asked for a generation, each answers with what *it* serves.

    The listener gives a connection to the worker that has fewest. Which one that was is read from the workers' own
    counters, under a lock that every Seaway process takes, so that the connections surely lie on different workers.
    """

    def __init__(self, layout: Layout, count: int, admin: Admin) -> None:
        self._path, self._fences, self._secret = layout.verify_socket, layout.fences, layout.secrets().verify
        self._count, self._admin = count, admin
        self._lock = threading.Lock()
        self._connections: dict[int, _Connection] = {}
        self._proxy = ""

    def generations(self, service: str, proxy: str) -> tuple[int, ...]:
        """Generation per worker; -1 where a worker does not know the service. Raises NotReachable.

        `proxy`: identity of the process; connections to another one are given up.
        """
        with self._lock:
            for attempt in (1, 2):
                try:
                    if proxy != self._proxy or len(self._connections) < self._count:
                        self._reopen(proxy)
                    return tuple(self._generation(each, service) for _, each in sorted(self._connections.items()))
                except (OSError, http.client.HTTPException) as error:
                    self._close()
                    if attempt == 2:
                        message = f"the proxy's workers do not answer on {self._path}: {error or type(error).__name__}"
                        raise errors.NotReachable(message, hint="seaway logs") from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections, self._proxy = {}, ""

    def _generation(self, connection: _Connection, service: str) -> int:
        connection.request("GET", f"/{self._secret}/{service}", headers={"Host": routes.VERIFY_HOST})
        answer = connection.getresponse()
        body = answer.read(64)
        return int(body) if answer.status == 200 and body.isdigit() else -1

    def _reopen(self, proxy: str) -> None:
        self._close()
        spare: list[_Connection] = []
        with _files.fenced(self._fences, Fence("verify", 0)):
            for _ in range(8 * self._count):
                worker, connection = self._open()
                kept = self._connections.setdefault(worker, connection)
                if kept is not connection:
                    spare.append(connection)  # closed only later: it keeps the balance away from its worker
                if len(self._connections) == self._count:
                    break
        for connection in spare:
            connection.close()
        if len(self._connections) < self._count:
            raise errors.NotReachable(
                f"only {len(self._connections)} of the proxy's {self._count} workers take connections"
            )
        self._proxy = proxy

    def _open(self) -> tuple[int, _Connection]:
        before = self._totals()
        connection = _Connection(self._path)
        self._generation(connection, "-")
        after = self._totals()
        grown = [worker for worker, total in after.items() if total > before.get(worker, 0)]
        if len(grown) != 1:
            connection.close()
            raise errors.NotReachable(
                "somebody else opens connections to the proxy's workers: which is which is not known"
            )
        return grown[0], connection

    def _totals(self) -> dict[int, int]:
        found = self._admin.statistics(rf"^listener\.{listeners.VERIFY}\.worker_[0-9]+\.downstream_cx_total$")
        return {int(name.split("worker_")[1].split(".")[0]): statistics.number(found, name) for name in found}
