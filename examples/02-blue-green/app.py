"""Answers every request with the version of its revision; /healthz says that it is ready."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class App(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"hello from {os.environ['VERSION']}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the proxy has an access log."""


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
