"""The store of fetched runs: a run is asked for once, and what was fetched before an interruption stays. Called by `app.runs`.

One file of JSON lines per project, only ever appended to, a line flushed for each run. A run that was attempted again is listed with
another mark and fetched anew; its newest line counts. A line that was cut in its middle counts for nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from seaway.errors import ConfigError
from seaway.formats.history import runs as format_
from seaway.model.runs import Listed, Run


class KeptRuns:
    """What is known of one project. `folder` None keeps nothing between runs of the program."""

    def __init__(self, folder: Path | None, system: str, url: str, project: str) -> None:
        name = hashlib.sha256(f"{system}\0{url}\0{project}".encode()).hexdigest()[:16]
        self._file = folder / f"{name}.jsonl" if folder else None
        self._known: dict[str, tuple[str, tuple[Run, ...]]] = {}
        if self._file is not None:
            self._load(self._file)

    def has(self, one: Listed) -> bool:
        """This state of the run is known."""
        return one.id in self._known and self._known[one.id][0] == one.mark

    def add(self, one: Listed, attempts: tuple[Run, ...]) -> None:
        """Remember, here and in the file; a file that cannot be written only costs time at the next run."""
        self._known[one.id] = (one.mark, attempts)
        if self._file is None:
            return
        text = json.dumps({"id": one.id, "mark": one.mark, "runs": [format_.line(run) for run in attempts]})
        with contextlib.suppress(OSError), self._file.open("ab") as file:
            file.write(("\n" if self._torn else "").encode() + text.encode() + b"\n")
            self._torn = False

    def runs(self, since: float) -> list[Run]:
        """All that ended at or after this time, by time."""
        found = [run for _, attempts in self._known.values() for run in attempts if run.finished >= since]
        return sorted(found, key=lambda run: (run.queued, run.id, run.attempt))

    def _load(self, file: Path) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = file.read_bytes()
        self._torn = bool(data) and not data.endswith(b"\n")
        for line in data.split(b"\n"):
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError, ConfigError):
                told = json.loads(line)
                text = "\n".join(json.dumps(each) for each in told["runs"])
                self._known[str(told["id"])] = (str(told["mark"]), tuple(format_.parse(text.encode(), str(file))))

    _torn = False
