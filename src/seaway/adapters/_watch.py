"""What is known about instances that run: readiness, remembered across restarts of the engine, and liveness.

Called by the process target. It reads and asks; it changes nothing but the note that an instance was ready once in this boot.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from seaway import errors
from seaway.adapters import _files, _instances, _vouch
from seaway.adapters._instances import Instance
from seaway.adapters._kept import Child, Kept
from seaway.adapters._probes import Answer, Prober, Question
from seaway.model.instance import InstanceSeen
from seaway.model.service import Probe, ProbeKind

_FIRST = 1.0  # seconds that a look waits for the first answer of what was ready before

Key = tuple[str, str, int, str]  # instance, what for, pid, start time: another process is asked anew


class Watch:
    """`resolve`: secret reference -> value, for probes that are commands and need the instance's environment."""

    def __init__(self, resolve: Callable[[str], str]) -> None:
        self._resolve = resolve
        self._prober = Prober()
        self._ready: set[str] = set()  # instances that were ready once in this boot
        self.close = self._prober.close

    def see(self, present: list[tuple[Instance, Kept]]) -> tuple[InstanceSeen, ...]:
        """What a look reports about these, from what is known now; the dead are reported, the gone are left out."""
        fresh = [_key(*pair, "ready") for pair in present if self.asked(*pair).asked == 0 and self._was_ready(pair[0])]
        if fresh:  # it was ready before this object existed: wait for what is so, rather than report a guess
            self._prober.first(list(fresh), _FIRST)
        seen = (self.describe(*pair) for pair in present)
        return tuple(each for each in seen if each)

    def describe(self, instance: Instance, kept: Kept) -> InstanceSeen | None:
        """As `see`, of one."""
        answer, was_ready = self.asked(instance, kept), self._was_ready(instance)
        if answer.up and not was_ready:
            self._note_ready(instance)
        return _instances.describe(instance, kept, answer, time.monotonic(), was_ready=was_ready)

    def asked(self, instance: Instance, kept: Kept) -> Answer:
        """The last known answer about readiness; what runs is asked from now on."""
        if kept.child is not Child.RUNS:
            return Answer(asked=1)
        service = instance.revision.service
        if service.worker and service.readiness.kind is not ProbeKind.COMMAND:
            settled = time.monotonic() - float(kept.record["since"]) >= service.readiness.interval.total_seconds()
            return Answer(settled, "" if settled else "started just now", asked=1)
        return self._prober.ask(
            _key(instance, kept, "ready"), self._question(instance, kept, service.readiness, eager=True)
        )

    def must_restart(self, instance: Instance, kept: Kept) -> bool:
        """Whether a stranger has the instance's port, or it was ready and has stopped to be alive. Once per true answer."""
        if kept.child is not Child.RUNS:
            return False
        if self.asked(instance, kept).strange:
            self._prober.forget(lambda key: key != _key(instance, kept, "ready"))
            return True
        probe, key = instance.revision.service.liveness, _key(instance, kept, "live")
        if probe is None or not self._was_ready(instance):
            return False
        dead = self._prober.ask(key, self._question(instance, kept, probe, eager=False)).up is False
        if dead:
            self._prober.forget(lambda other: other != key)
        return dead

    def forget_all_but(self, present: list[tuple[Instance, Kept]]) -> None:
        """Stop asking processes that are gone."""
        wanted = {_key(*pair, what) for pair in present for what in ("ready", "live")}
        self._prober.forget(lambda key: key in wanted)

    def _question(self, instance: Instance, kept: Kept, probe: Probe, *, eager: bool) -> Question:
        def environment() -> Mapping[str, str]:
            given = _instances.environment_of(kept.pid, instance.token)
            return given or _instances.environment(instance.revision, instance.id, instance.token, self._resolve)[0]

        def vouch() -> str:
            return _vouch.stranger(kept.port, kept.pid, instance.token) if kept.port else ""

        return Question(probe, kept.port, _instances.working_folder(instance.revision), environment, vouch, eager=eager)

    def _note_ready(self, instance: Instance) -> None:
        self._ready.add(instance.id)
        with contextlib.suppress(OSError, errors.Full):  # without room only the next engine does not know it
            _files.replace(_note(instance), _files.boot_id().encode(), durable=False)

    def _was_ready(self, instance: Instance) -> bool:
        if instance.id not in self._ready:
            with contextlib.suppress(OSError):
                if _note(instance).read_text() == _files.boot_id():
                    self._ready.add(instance.id)
        return instance.id in self._ready


def _note(instance: Instance) -> Path:
    return instance.folder / "ready"


def _key(instance: Instance, kept: Kept, what: str) -> Key:
    return instance.id, what, kept.pid, str(kept.record.get("started"))
