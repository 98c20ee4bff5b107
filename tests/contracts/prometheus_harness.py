"""A real Prometheus on loopback, and the exporter that it scrapes: a text that a test writes."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from support import peers
from traffic_peers import eventually, free_port

SCRAPE = 0.5  # seconds
_CONFIGURATION = {
    "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "1m"},
    "scrape_configs": [{"job_name": "any", "honor_labels": True, "static_configs": [{"targets": []}]}],
}


class Exporter:
    """Serves `text` as metrics; "" as if its process were gone."""

    def __init__(self) -> None:
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exporter.text.encode()
                self.send_response(200 if body else 500)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.text = ""
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.port = self._server.server_address[1]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Peer:
    """The running Prometheus."""

    def __init__(self, folder: Path) -> None:
        program = peers.program("prometheus")
        self.exporter = Exporter()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        document = json.loads(json.dumps(_CONFIGURATION))
        document["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{self.exporter.port}"]
        (folder / "prometheus.yml").write_text(json.dumps(document))
        options = ["--config.file", "prometheus.yml", "--storage.tsdb.path", "data", "--log.level", "warn"]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, *options, "--web.listen-address", f"127.0.0.1:{port}"], cwd=folder, stdout=log, stderr=log
            )
        if not eventually(self._is_ready, 120):
            self.close()
            raise AssertionError((folder / "log").read_text())

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/-/ready", timeout=20) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def ask(self, expression: str) -> Any:
        """The result of an instant query, by another client than Seaway's."""
        with urlopen(f"{self.url}/api/v1/query?{urlencode({'query': expression})}", timeout=60) as answer:
            return json.load(answer)["data"]["result"]

    def expose(self, text: str) -> None:
        """The exporter's text from now on; returns after two scrapes had it, so that the next query sees it."""
        begin = time.time()
        self.exporter.text = text + f"\nseaway_mark {begin}\n" if text else ""

        def scraped() -> bool:
            marks = self.ask("seaway_mark")
            return not marks if not text else bool(marks) and float(marks[0]["value"][1]) == begin

        assert eventually(scraped), "the exporter is not scraped"

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)
        self.exporter.close()


def line(name: str, value: object, labels: Mapping[str, object], at: float | None = None) -> str:
    """One line of the text format; `at` in seconds since 1970, else the time of the scrape."""
    inside = ",".join(f'{key}="{each}"' for key, each in labels.items())
    return f"{name}{{{inside}}} {value}" + (f" {round(at * 1000)}" if at else "") + "\n"
