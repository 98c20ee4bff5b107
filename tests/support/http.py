"""A web server on loopback that answers what a test wants, and remembers what it was asked."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable
from contextlib import suppress


class Liar:
    """`answer` gives the body for a path with its query; `status`, `headers`, `delay` (s) and `drip` (s per byte) go with it."""

    def __init__(self) -> None:
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                liar.paths.append(self.path)
                liar.heads.append({name.lower(): value for name, value in self.headers.items()})
                body = liar.answer(self.path)
                time.sleep(liar.delay)
                with suppress(OSError):
                    self.send_response(liar.statuses.pop(0) if liar.statuses else liar.status)
                    for name, value in {"content-length": str(len(body)), **liar.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    for piece in [body[at : at + 1] for at in range(len(body))] if liar.drip else [body]:
                        self.wfile.write(piece)
                        self.wfile.flush()
                        time.sleep(liar.drip)

            def log_message(self, *_: object) -> None:
                return

        self.answer: Callable[[str], bytes] = lambda _: b"{}"
        self.status, self.statuses = 200, list[int]()
        self.headers: dict[str, str] = {}
        self.delay = self.drip = 0.0
        self.paths: list[str] = []
        self.heads: list[dict[str, str]] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
