"""One-off commands, run once per key whatever crashes. Called by the process target.

A job whose folder has a keeper's record was started, and is never started again: where its end was not seen (its keeper
died with it, the machine went down), it counts as failed with an unknown exit code, for a person to look at.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters import _files, _instances, _kept
from seaway.adapters._kept import Child
from seaway.model.instance import JobSeen, JobState
from seaway.model.revision import Revision


def create(folder: Path, revision: Revision, command: tuple[str, ...], log: Path) -> None:
    """Write the intent; it appears whole. Raises Full and then leaves nothing behind."""
    service, beside = revision.service, folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    before = service.before if service.before and service.before.command == command else None
    order = _kept.Order(
        argv=command,
        cwd=_instances.working_folder(revision),
        token=secrets.token_hex(16),
        log=str(log),
        stop_signal=signal.Signals[service.stop_signal],
        grace=service.stop_grace.total_seconds(),
        job=True,
        timeout=before.timeout.total_seconds() if before else 0.0,
    )
    try:
        with _files.room(folder):
            log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _kept.prepare(beside, order)
            beside.rename(folder)
            _files.sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def proceed(key: str, folder: Path, revision: Revision, resolve: Callable[[str], str]) -> JobSeen:
    """Start the job if it never was, adopt it if its keeper died; how it stands. Raises NotFound for a missing secret."""
    record = _kept.last(folder)
    if record.get("state") in ("ended", "stopped"):
        return _ended(key, record)
    kept = _kept.look(folder)
    if kept.keeper == 0 and kept.child is not Child.STRANGER:
        token = _kept.order(folder)["token"]
        given = _instances.environment_of(kept.pid, token) if kept.pid else None
        if given:  # adopted: its secrets are those it was given
            environment, hide = given, tuple(given[name] for name in revision.service.secrets if name in given)
        else:
            environment, hide = _instances.environment(revision, key, token, resolve)
        failed = _kept.launch({folder: _kept.Launch(environment, hide)})
        if failed:
            raise errors.NotReachable(f"the job {key} was not started: {failed[folder]}", hint="seaway rollout retry")
        record = _kept.last(folder)
    if record.get("state") in ("ended", "stopped"):
        return _ended(key, record)
    return JobSeen(key, JobState.RUNNING)


def _ended(key: str, record: Mapping[str, Any]) -> JobSeen:
    code, detail = record.get("exit"), str(record.get("detail") or "")
    if code == 0:
        return JobSeen(key, JobState.SUCCEEDED, 0, str(record.get("tail") or ""))
    tail = os.linesep.join(part for part in (str(record.get("tail") or "").rstrip(), detail) if part)
    return JobSeen(key, JobState.FAILED, code, tail)
