"""The recorder of one gateway: notes when the proxy died and served again, bounds the access log, sees renewed certificates.

A small process of its own, under a keeper, because all this must go on while no control plane is alive. Started by
`adapters._envoy_proxy` as `python -I -m seaway.adapters._envoy_recorder <folder> <runtime folder>`; ends by SIGTERM.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from seaway import errors
from seaway.adapters import _envoy_records, _files, _kept
from seaway.adapters._envoy_admin import Admin
from seaway.adapters._envoy_files import Layout

_LOOK = 0.1  # seconds between looks at the proxy
_CHORES = 2.0  # seconds between looks at the log's size


class Recorder:
    """Follows one proxy through its lives."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._admin = Admin(layout.admin_socket)
        self._known = self._remembered()
        self._certificate: tuple[tuple[int, int, int], ...] = ()
        self._stopping = False

    def _remembered(self) -> str:
        """The proxy that an earlier recorder saw serving: its death since then must not go unnoticed."""
        try:
            return self._layout.heartbeat.read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """SIGTERM: the proxy's end was wished, so it is no gap."""
        self._stopping = True

    def run(self) -> None:
        """Until told to stop."""
        chores = 0.0
        while not self._stopping:
            kept = _kept.look(self._layout.kept)
            identity = f"{kept.pid}-{kept.record.get('started')}" if kept.pid else ""
            with suppress(OSError, errors.PortError):
                self._follow(identity, kept.record)
            if identity and time.monotonic() >= chores:
                chores = time.monotonic() + _CHORES
                with suppress(OSError, errors.PortError):
                    _envoy_records.rotate(self._layout, self._admin)
                with suppress(OSError, errors.PortError):
                    self._renew()
            time.sleep(_LOOK)
        with suppress(OSError):
            self._layout.heartbeat.unlink()

    def _renew(self) -> None:
        """Tell the proxy when certificate or key were replaced, in whatever way: it reads them when this file is."""
        document = _files.read_json(self._layout.certificate)
        if not isinstance(document, dict):
            return
        ((secret,),) = ([each["tls_certificate"] for each in document["resources"]],)
        paths = (secret["certificate_chain"]["filename"], secret["private_key"]["filename"])
        now = tuple((seen.st_mtime_ns, seen.st_size, seen.st_ino) for seen in map(os.stat, paths))
        if self._certificate and now != self._certificate:
            _files.replace(self._layout.certificate, self._layout.certificate.read_bytes())
        self._certificate = now

    def _follow(self, identity: str, record: Mapping[str, Any]) -> None:
        if identity and identity == self._known:
            self._layout.heartbeat.touch()
        elif identity and self._admin.get("/ready").strip() == b"LIVE":
            ended = _ended(record, self._last_sign()) if self._known else None
            _envoy_records.note(self._layout, ended=ended, serving=time.time())
            self._layout.heartbeat.write_text(identity, encoding="ascii")
            self._known = identity

    def _last_sign(self) -> float:
        try:
            return self._layout.heartbeat.stat().st_mtime
        except OSError:
            return time.time()


def _ended(record: Mapping[str, Any], last_sign: float) -> float:
    """When the proxy before this one died: the keeper's word, or the last sign of life where its keeper died with it."""
    now, clock = time.time(), time.monotonic()
    times = [now - (clock - float(each)) for each in record.get("exits", ())]
    later = [each for each in times if each >= last_sign - _LOOK]
    return min(later, default=last_sign)


def main(folder: str, runtime: str) -> int:
    """Record until SIGTERM."""
    recorder = Recorder(Layout(Path(folder), Path(runtime)))
    signal.signal(signal.SIGTERM, recorder.stop)
    gc.freeze()
    recorder.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
