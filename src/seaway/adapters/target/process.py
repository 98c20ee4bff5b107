"""The target `process`: revisions as processes of this machine, one keeper per instance. Called by the engine.

Below `folder`: `instances/` (one folder each, see `adapters._instances`), `jobs/` (one per key), `logs/<service>/`, `fences/`.
The processes need nobody: engine and keepers may die, and what runs is adopted by (pid, start time, token).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from seaway import errors
from seaway.adapters import _files, _instances, _jobs, _kept, _procfs
from seaway.adapters._files import Held
from seaway.adapters._instances import Instance
from seaway.adapters._kept import Child, Kept, Launch
from seaway.adapters._watch import Watch
from seaway.model.instance import Fence, InstanceSeen, InstanceState, JobSeen
from seaway.model.revision import Revision

_ROUND = 1.0  # seconds between the rounds that look after what this object has converged
_OLD_LOGS = 40  # log files of instances that are gone, kept per service
_LIKED = (InstanceState.READY, InstanceState.UNREADY, InstanceState.STARTING)  # who stays when fewer are wanted


class Process:
    """`folder`: this environment's files. `runtime`: a short-lived local folder. `resolve`: secret reference -> value.

    What it has converged it also looks after until `close`: it gives a new keeper to an instance whose own died, and has an
    instance restarted that fails its liveness probe, both by the fence of the last `converge`.
    """

    def __init__(self, folder: Path, runtime: Path, resolve: Callable[[str], str]) -> None:
        self._folder, self._runtime, self._resolve = folder, runtime, resolve
        self._watch = Watch(resolve)
        self._fences: dict[str, Fence] = {}  # service -> by what right this object looks after it
        self._closing = threading.Event()
        self._rounds: threading.Thread | None = None
        self._mutex = threading.Lock()

    # ------------------------------------------------------------ the port

    def converge(self, revision: Revision, replicas: int, fence: Fence, keep: tuple[str, ...] = ()) -> None:
        service = revision.service.name
        with _files.fenced(self._folder / "fences", fence) as held:
            self._tidy(service)
            present = [pair for pair in self._present(service) if pair[0].revision.id == revision.id]
            present = sorted(
                (pair for pair in present if not pair[1].stopping), key=lambda pair: self._rank(pair[0], pair[1], keep)
            )
            wanted, surplus = present[:replicas], present[replicas:]
            alone = [pair for pair in wanted if not pair[1].keeper and pair[1].child is not Child.STRANGER]
            numbers = _free_numbers({each.number for each, _ in wanted}, replicas - len(wanted))
            if numbers:
                _instances.environment(revision, "", "", self._resolve)  # a missing secret changes nothing
            held.check()
            _kept.stop([each.folder for each, _ in surplus])
            alone += [(self._create(revision, number, held), Kept(0, Child.NONE, stopping=False)) for number in numbers]
            self._launch(alone, held)
        self._look_after(service, fence)

    def look(self, service: str) -> tuple[InstanceSeen, ...]:
        everything = self._present()
        self._watch.forget_all_but(everything)
        return self._watch.see([pair for pair in everything if pair[0].revision.service.name == service])

    def run(self, key: str, revision: Revision, command: tuple[str, ...], fence: Fence) -> JobSeen:
        with _files.fenced(self._folder / "fences", fence) as held:
            folder = self._folder / "jobs" / quote(key, safe="")
            held.check()
            if not folder.exists():
                log = self._logs(revision.service.name) / f"job-{revision.id}-{folder.name}.log"
                _jobs.create(folder, revision, command, log)
            held.check()
            return _jobs.proceed(key, folder, revision, self._resolve)

    def logs(self, service: str) -> tuple[Path, ...]:
        found = ((path.stat().st_mtime, path.name, path) for path in self._logs(service).glob("*.log*"))
        return tuple(path for _, _, path in sorted(found))

    def down(self) -> tuple[str, ...]:
        self._fences.clear()
        running = {folder: kept for folder in self._folders() if _runs(kept := _kept.look(folder))}
        left = _kept.stop(list(running))
        grace = max((float(_kept.order(folder)["grace"]) for folder in running), default=0.0)
        until, waiting = time.monotonic() + grace + 5, [folder for folder in running if folder not in left]
        while waiting and time.monotonic() < until:
            waiting = [folder for folder in waiting if _runs(_kept.look(folder))]
            left |= _kept.stop([folder for folder in waiting if not _kept.keeper(folder)])  # its keeper died meanwhile
            time.sleep(0.02)
        left |= dict.fromkeys(waiting, "it did not end in time")
        lines = tuple(_line(folder, kept, left.get(folder, "")) for folder, kept in running.items())
        for service in {each.revision.service.name for each, _ in self._present()}:
            self._tidy(service)
        return lines

    def close(self) -> None:
        """Stop asking and looking after; what runs runs on."""
        self._closing.set()
        self._watch.close()
        if self._rounds:
            self._rounds.join()

    # ------------------------------------------------------------ folders

    def _present(self, service: str = "") -> list[tuple[Instance, Kept]]:
        found = _instances.every(self._folder / "instances")
        pairs = [(each, _kept.look(each.folder)) for each in found if service in ("", each.revision.service.name)]
        return [pair for pair in pairs if pair[0].folder.exists()]  # removed meanwhile: what was seen means nothing

    def _folders(self) -> list[Path]:
        jobs = self._folder / "jobs"
        started = [path for path in sorted(jobs.iterdir()) if not path.name.startswith(".")] if jobs.exists() else []
        return [each.folder for each in _instances.every(self._folder / "instances")] + started

    def _logs(self, service: str) -> Path:
        return self._folder / "logs" / quote(service, safe="")

    def _create(self, revision: Revision, number: int, held: Held) -> Instance:
        held.check()
        with _files.room(self._folder):
            self._runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        logs = self._logs(revision.service.name)
        return _instances.create(self._folder / "instances", revision, number, logs, self._runtime / "ports")

    def _tidy(self, service: str) -> None:
        """Remove what was stopped and is gone, to its last grandchild; its log stays for a while."""
        for each, kept in self._present(service):
            if kept.stopping and not _runs(kept):
                _procfs.sweep(each.token)
                _instances.remove(each)
        _instances.remove_halves(self._folder / "instances", service)
        present = {each.id for each, _ in self._present(service)}
        for path in [path for path in self.logs(service) if path.name.partition(".log")[0] not in present][:-_OLD_LOGS]:
            path.unlink(missing_ok=True)

    # ------------------------------------------------------------ keepers

    def _launch(self, alone: list[tuple[Instance, Kept]], held: Held) -> None:
        """Give each of these a keeper: it adopts what runs, and starts what does not."""
        wishes = {each.folder: Launch(self._environment(each, kept)) for each, kept in alone}
        held.check()
        for folder, reason in _kept.launch(wishes).items():
            if _kept.look(folder).child is not Child.STRANGER:  # that is for people: a look reports it
                raise errors.NotReachable(f"{folder.name} was not started: {reason}", hint="seaway rollout retry")

    def _environment(self, instance: Instance, kept: Kept) -> dict[str, str]:
        """What runs keeps what it was given: its secrets may no longer be there to be resolved."""
        given = _instances.environment_of(kept.pid, instance.token) if kept.pid else None
        return given or _instances.environment(instance.revision, instance.id, instance.token, self._resolve)[0]

    def _rank(self, instance: Instance, kept: Kept, keep: tuple[str, ...]) -> tuple[int, int, int]:
        seen = self._watch.describe(instance, kept)
        if seen is None:
            return len(keep), len(_LIKED), instance.number
        wish = keep.index(seen.address) if seen.address in keep else len(keep)
        return wish, _LIKED.index(seen.state) if seen.state in _LIKED else len(_LIKED), instance.number

    # ------------------------------------------------------------ looking after

    def _look_after(self, service: str, fence: Fence) -> None:
        with self._mutex:
            self._fences[service] = fence
            if self._rounds is None and not self._closing.is_set():
                self._rounds = threading.Thread(target=self._go_round, name="seaway-target", daemon=True)
                self._rounds.start()

    def _go_round(self) -> None:
        while not self._closing.wait(_ROUND):
            for service, fence in list(self._fences.items()):
                try:
                    self._mend(service, fence)
                except errors.Fenced:
                    self._fences.pop(service, None)  # a newer owner looks after it
                except (errors.SeawayError, OSError):
                    continue  # a look reports what is wrong; the next round tries again

    def _mend(self, service: str, fence: Fence) -> None:
        with _files.fenced(self._folder / "fences", fence) as held:
            self._tidy(service)
            present = [pair for pair in self._present(service) if pair[1].child is not Child.STRANGER]
            orphans = [pair for pair in present if not pair[1].keeper]
            _kept.stop([each.folder for each, kept in orphans if kept.stopping])
            self._launch([pair for pair in orphans if not pair[1].stopping], held)
            for each, kept in present:
                if kept.keeper and not kept.stopping and self._watch.must_restart(each, kept):
                    held.check()
                    _kept.restart(each.folder)


def _free_numbers(taken: set[int], count: int) -> list[int]:
    return [number for number in range(1, len(taken) + count + 1) if number not in taken][:count]


def _runs(kept: Kept) -> bool:
    return bool(kept.keeper) or kept.child is not Child.NONE


def _line(folder: Path, kept: Kept, left: str) -> str:
    pid = kept.record.get("pid") or "no process"
    if kept.child is Child.STRANGER or left:
        return f"left {folder.name} (pid {pid}) alone: {left or 'it cannot be identified'}"
    return f"stopped {folder.name} (pid {pid})"
