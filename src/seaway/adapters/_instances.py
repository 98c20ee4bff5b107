"""Instances as folders: what one is made of, and what is to be said about it. Called by the process target.

A folder `<revision>-<n>-<short>` holds the order to its keeper, the revision (references to secrets, no values) and the
keeper's record. It appears whole (by rename), so a crash leaves either no instance or one that can be started.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import secrets
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from seaway.adapters import _files, _kept
from seaway.adapters._kept import Child, Kept
from seaway.adapters._probes import Answer
from seaway.model import codec, duration
from seaway.model.instance import InstanceSeen, InstanceState
from seaway.model.revision import Revision

_NAME = re.compile(r"([^.].*)-(\d+)-([0-9a-f]{4})")
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")
_HOPELESS = 3  # exits within the start timeout after which an instance counts as failed


@dataclass(frozen=True, slots=True)
class Instance:
    """One copy of a revision, running or meant to run."""

    folder: Path
    number: int
    token: str
    revision: Revision

    @property
    def id(self) -> str:
        """`<revision>-<n>-<short>`, the folder's name."""
        return self.folder.name


def every(folder: Path) -> list[Instance]:
    """All instances below `folder`, in a stable order; what is no whole instance is left out."""
    try:
        folders = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    return [found for each in folders if _NAME.fullmatch(each.name) and (found := _read(each))]


def remove(instance: Instance) -> None:
    """Remove an instance that is gone: first its name, at once, so that nobody sees a half of it and takes it for unready."""
    beside = instance.folder.with_name(f".{instance.id}")
    with contextlib.suppress(OSError):
        instance.folder.rename(beside)
        shutil.rmtree(beside, ignore_errors=True)


def remove_halves(folder: Path, service: str) -> None:
    """Remove what a crash left of this service's instances: intents that never became one, and those half removed."""
    if folder.exists():
        for each in folder.iterdir():
            if re.fullmatch(rf"\.{re.escape(service)}-[0-9a-f]{{12}}-\d+-[0-9a-f]{{4}}", each.name):
                shutil.rmtree(each, ignore_errors=True)


@functools.lru_cache(4096)
def _parse(folder: Path, token: str, text: bytes) -> Instance:
    name = _NAME.fullmatch(folder.name)
    number = int(name[2]) if name else 0
    return Instance(folder, number, token, codec.decode(Revision, json.loads(text)))


def _read(folder: Path) -> Instance | None:
    try:
        spec = json.loads((folder / "spec.json").read_bytes())
        return _parse(folder, spec["token"], (folder / "revision.json").read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None  # being removed, or torn by a power cut: nothing of it can run in this boot


def create(folder: Path, revision: Revision, number: int, logs: Path, claims: Path) -> Instance:
    """Write the intent of one more instance. Raises Full and then leaves nothing behind."""
    name, token = f"{revision.id}-{number}-{secrets.token_hex(2)}", secrets.token_hex(16)
    service, beside = revision.service, folder / f".{name}"
    order = _kept.Order(
        argv=service.command,
        cwd=working_folder(revision),
        token=token,
        log=str(logs / f"{name}.log"),
        stop_signal=signal.Signals[service.stop_signal],
        grace=service.stop_grace.total_seconds(),
        ports="" if service.worker else str(claims),
    )
    try:
        with _files.room(folder):
            logs.mkdir(mode=0o700, parents=True, exist_ok=True)
            _kept.prepare(beside, order)
            _files.replace(beside / "revision.json", codec.canonical(revision).encode(), durable=False)
            beside.rename(folder / name)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return Instance(folder / name, number, token, revision)


def working_folder(revision: Revision) -> str:
    """Where the command runs: the artifact's folder, or the service's directory."""
    if not revision.artifact:
        return revision.service.directory or "/"
    artifact = Path(revision.artifact)
    return str(artifact.parent if artifact.is_file() else artifact)


def environment(
    revision: Revision, name: str, token: str, resolve: Callable[[str], str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What an instance or job gets (PORT is added by its keeper), and the values in it that are secret. Raises NotFound."""
    resolved = {key: resolve(reference) for key, reference in revision.service.secrets.items()}
    base = {key: os.environ[key] for key in _INHERITED if key in os.environ}
    ours = {"SEAWAY_REVISION": revision.id, "SEAWAY_INSTANCE": name, "SEAWAY_TOKEN": token}
    return {"PATH": os.defpath, **base, **revision.service.environment, **resolved, **ours}, tuple(resolved.values())


def environment_of(pid: int, token: str) -> dict[str, str] | None:
    """What a running instance was given, read back from the process; None when it hides or has overwritten it."""
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    pairs = dict(os.fsdecode(entry).split("=", 1) for entry in entries if b"=" in entry)
    return pairs if pairs.get("SEAWAY_TOKEN") == token else None


def describe(instance: Instance, kept: Kept, answer: Answer, now: float, *, was_ready: bool) -> InstanceSeen | None:
    """What a look reports; None when it is gone. `now`: the monotonic clock, in seconds, that records use."""
    gone = not kept.keeper and kept.child is Child.NONE
    if kept.stopping and gone:
        return None
    state, detail = _stopping(kept) if kept.stopping else _state(instance, kept, answer, now, was_ready)
    address = f"127.0.0.1:{kept.port}" if kept.port and not instance.revision.service.worker else ""
    restarts = int(kept.record.get("restarts") or 0)
    return InstanceSeen(instance.id, instance.revision.id, state, address, kept.pid, restarts, detail)


def _stopping(kept: Kept) -> tuple[InstanceState, str]:
    if kept.child is Child.STRANGER:
        return InstanceState.FAILED, _stranger(kept.record)
    return InstanceState.STOPPING, ""


def _state(instance: Instance, kept: Kept, answer: Answer, now: float, was_ready: bool) -> tuple[InstanceState, str]:
    record = kept.record
    if kept.child is Child.STRANGER:
        return InstanceState.FAILED, _stranger(record)
    alone = "" if kept.keeper else "its keeper died"
    if kept.child is Child.RUNS and answer.up:
        return InstanceState.READY, alone
    if record.get("error"):
        return InstanceState.FAILED, str(record["error"])
    detail = answer.detail if kept.child is Child.RUNS else str(record.get("detail") or alone or "not started yet")
    if was_ready:
        return InstanceState.UNREADY, detail
    why = _hopeless(record, instance.revision.service.start_timeout.total_seconds(), now)
    if why:
        return InstanceState.FAILED, f"{why}: {detail}"
    return InstanceState.STARTING, detail


def _hopeless(record: Mapping[str, object], timeout: float, now: float) -> str:
    first, exits = record.get("first"), record.get("exits")
    if not isinstance(first, float):
        return ""
    early = [at for at in exits if at - first <= timeout] if isinstance(exits, list) else []
    if len(early) >= _HOPELESS:
        return f"ended {len(early)} times while it started"
    return f"not ready within {duration.render(timedelta(seconds=timeout))}" if now - first > timeout else ""


def _stranger(record: Mapping[str, object]) -> str:
    return f"pid {record.get('pid')} runs in its place but does not carry its token: left alone; stop it yourself if it is yours"
