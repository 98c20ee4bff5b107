"""What the proxy's records say: its access log, bounded without losing a count, and the times when no proxy served.

Called by the router and metrics adapters (reading) and by the gateway's recorder (rotating, noting lives). Dropped files leave their
counts per minute in `folded.jsonl`, so totals stay exact; inside such a minute an interval cannot be cut more finely.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seaway.adapters import _files
from seaway.adapters._envoy_admin import Admin
from seaway.adapters._envoy_files import Layout
from seaway.formats.proxies.envoy import access_log
from seaway.formats.proxies.envoy.access_log import Tally

KEPT_BYTES = 200 * 1024 * 1024
_FILE_BYTES = 16 * 1024 * 1024
_FLUSH = 0.2  # seconds: lines reach the file at most this late (see the proxy's argv)


@contextmanager
def locked(layout: Layout, kind: int) -> Iterator[None]:
    """Readers share it; the one who drops a file has it alone, so that no line is counted twice or not at all."""
    handle = os.open(layout.logs / "records.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, kind)
        yield
    finally:
        os.close(handle)


def rotated(layout: Layout) -> list[Path]:
    """The files before the current one that are still there, oldest first."""
    return sorted(layout.logs.glob("access-*.log"))


def rotate(layout: Layout, admin: Admin, *, file_bytes: int = _FILE_BYTES, kept_bytes: int = KEPT_BYTES) -> None:
    """Begin a new file when the current one is large, and fold the oldest while all of them exceed `kept_bytes`."""
    with locked(layout, fcntl.LOCK_EX):
        current = layout.access_log
        if current.exists() and current.stat().st_size >= file_bytes:
            current.rename(layout.logs / f"access-{time.time_ns():020d}.log")
            admin.post("/reopen_logs")
        files = rotated(layout)
        sizes = {path: path.stat().st_size for path in files}
        settled = files[:-1]  # the newest of them may still get lines until the proxy reopened its log
        for oldest in settled:
            if sum(sizes.values()) <= kept_bytes:
                return
            _fold(layout, oldest)
            sizes.pop(oldest)


def _fold(layout: Layout, path: Path) -> None:
    """Keep the counts of the file, then drop it: a crash between the two is seen by its name among the folded."""
    if path.name not in _folded_names(layout):
        minutes = access_log.fold(_lines(path))
        counted = {
            str(minute): {name: tally.encode() for name, tally in sides.items()} for minute, sides in minutes.items()
        }
        line = json.dumps({"file": path.name, "minutes": counted}, separators=(",", ":")).encode() + b"\n"
        with _files.room(layout.folded), layout.folded.open("ab") as file:
            if file.tell() and not _ends_whole(layout.folded):
                file.write(b"\n")  # a crash tore the last line: it is told apart, and its file is still there
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    path.unlink()


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError:
        return


def _documents(path: Path) -> Iterator[dict[str, object]]:
    for line in _lines(path):
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            yield document


def _folded_names(layout: Layout) -> frozenset[str]:
    return frozenset(str(document.get("file")) for document in _documents(layout.folded))


def tallies(layout: Layout, service: str, since: float, until: float) -> dict[str, Tally]:
    """Revision -> counts of requests that ended in [since, until), seconds since 1970; "" = failed before reaching any.

    Waits until lines of `until` have surely reached the file (0.4 s at most). Folded minutes count when they begin inside.
    """
    time.sleep(max(0.0, min(2 * _FLUSH, until + 2 * _FLUSH - time.time())))
    sides: dict[str, Tally] = {}
    with locked(layout, fcntl.LOCK_SH):
        gone = _folded_names(layout)
        files = [path for path in (*rotated(layout), layout.access_log) if path.name not in gone]
        for path in files:
            if path == layout.access_log or path.stat().st_mtime >= since:
                _count(_lines(path), service, since, until, sides)
        _count_folded(layout, service, since, until, sides)
    return sides


def _count(lines: Iterable[bytes], service: str, since: float, until: float, sides: dict[str, Tally]) -> None:
    for line in lines:
        record = access_log.parse(line)
        if record is None or not since <= record.at < until:
            continue
        if record.name is None and not record.failed:
            continue  # a request for nobody: not found
        if record.name is None or record.name.service == service:
            sides.setdefault(record.name.revision if record.name else "", Tally()).add(record)


def _count_folded(layout: Layout, service: str, since: float, until: float, sides: dict[str, Tally]) -> None:
    for document in _documents(layout.folded):
        minutes = document.get("minutes")
        for minute, clusters in (minutes if isinstance(minutes, dict) else {}).items():
            if not since // 60 * 60 <= int(minute) * 60 < until:
                continue
            for name, data in clusters.items():
                owner, _, rest = name.partition("/")
                tally = access_log.decode(data)
                if owner == service:
                    sides.setdefault(rest.partition("/")[0], Tally()).merge(tally)
                elif not owner and tally.failed:
                    sides.setdefault("", Tally()).merge(Tally(0, tally.failed, tally.retried))


def note(layout: Layout, *, ended: float | None, serving: float) -> None:
    """A proxy began to serve at `serving`; the one before it ended at `ended` (None: there was none, or it ended as wished)."""
    line = json.dumps({"ended": ended, "serving": serving}).encode() + b"\n"
    with _files.room(layout.lives), layout.lives.open("ab") as file:
        file.write(line)


def unseen(layout: Layout, since: float, until: float, *, alive: bool) -> float:
    """Seconds of [since, until) in which no proxy served though one was wished.

    `alive`: a proxy runs now. When none does, it counts as gone since the last sign of life that was noted.
    """
    total = 0.0
    for document in _documents(layout.lives):
        ended, serving = document.get("ended"), document.get("serving")
        if isinstance(ended, (int, float)) and isinstance(serving, (int, float)):
            total += max(0.0, min(serving, until) - max(ended, since))
    if not alive:
        try:
            total += max(0.0, until - max(layout.heartbeat.stat().st_mtime, since))
        except OSError:
            total += 0.0
    return total
