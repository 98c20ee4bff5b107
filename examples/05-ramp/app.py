"""Answers with the version of its revision, and fails every FAIL-th time (0: never); /healthz says that it is ready."""

import itertools
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAIL = int(os.environ["FAIL"])
TURNS = itertools.count(1)


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"hello from {os.environ['VERSION']}\n".encode()
        broken = FAIL and self.path != "/healthz" and next(TURNS) % FAIL == 0
        self.send_response(500 if broken else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the proxy has an access log."""


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
