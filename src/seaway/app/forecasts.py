"""Keeps forecasts in a file and says what came of them. Called by `app.assess` for `--forecast` and `--landed`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seaway.app import lines
from seaway.assess.runs import promises
from seaway.errors import UsageError
from seaway.formats.history import forecasts
from seaway.formats.history._lines import SHA
from seaway.model.bottleneck import Bottleneck, Outcome
from seaway.model.runs import RunHistory


@dataclass(frozen=True, slots=True)
class Store:
    """`file`: of JSON lines, made where it is missing. `landed`: `ID=COMMIT` or `ID=TIME` of changes that have landed since."""

    file: Path
    landed: Sequence[str] = ()
    now: float = 0.0

    def kept(self, found: Sequence[Bottleneck], history: RunHistory) -> list[Outcome]:
        """Adds what is foretold now, marks what has landed, writes the file, and compares. Raises UsageError and ConfigError."""
        known = (lines.read(str(self.file), forecasts.parse) if self.file.exists() else None) or []
        for one in self.landed:
            name, _, by = one.rpartition("=")
            try:
                known = promises.landed(known, name, _moment(by, history), by)
            except KeyError:
                named = ", ".join(each.id for each in known[:10]) or "none"
                raise UsageError(
                    f"--landed {one}: no forecast of that name is stored", hint=f"stored in {self.file}: {named}"
                ) from None
        known = promises.merged(known, promises.promised(found, self.now))
        self._write(forecasts.render(known))
        return promises.outcomes(known, history)

    def _write(self, text: str) -> None:
        beside = self.file.with_name(f".{self.file.name}.part")
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.file)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise UsageError(f"{self.file} cannot be written: {error.strerror}", hint="check the path") from None


def _moment(by: str, history: RunHistory) -> float:
    """When it landed: the first run of a commit, or a time. Raises UsageError."""
    if SHA.fullmatch(by.lower()):
        found = promises.first_run(history, by.lower())
        if found is None:
            raise UsageError(
                f"no run of commit {by} is recorded", hint="fetch newer runs, or name a time: --landed ID=2026-03-02"
            )
        return found
    try:
        when = datetime.fromisoformat(by)
    except ValueError:
        raise UsageError(
            f"{by!r} is neither a commit nor a time", hint="--landed 'ci.yml#cache:test=8f4b2d1' or =2026-03-02"
        ) from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
