"""Divides traffic with an Envoy of its own, driven by files that the proxy watches. Called by the engine through the port.

What a service shall have is kept as its routing; all routings of the gateway together make the proxy's files. Nothing that
was written counts: the running proxy is asked, worker by worker.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from seaway import errors
from seaway.adapters import _envoy_probe, _envoy_records, _files, _listeners
from seaway.adapters._envoy_admin import Workers
from seaway.adapters._envoy_deadman import Switch
from seaway.adapters._envoy_files import Layout, Stored
from seaway.adapters._envoy_proxy import Process
from seaway.adapters._envoy_shift import Parts, Shift, gateway_fence
from seaway.formats.proxies.envoy import statistics, wire
from seaway.model.instance import Fence
from seaway.model.routing import Gateway, Losses, PortOwner, Probed, Routing, RoutingSeen

_SUPERVISED = 2.0  # seconds between two looks at the proxy's own keeper
_LEAVING = 10.0  # seconds that a foreign process has to let go of the port


class Envoy:
    """One gateway. Safe for threads and for several processes: who changes something holds the gateway's fence."""

    def __init__(self, gateway: Gateway, folder: Path, runtime: Path, *, workers: int = 2) -> None:
        self._gateway = gateway
        self._layout = Layout(folder, runtime)
        self._stored = Stored(self._layout)
        self._process = Process(self._layout, workers)
        self._host, self._port = wire.split(gateway.listen)
        self._supervised = 0.0
        self._layout.make()
        self._secrets = self._layout.secrets()
        self._workers = Workers(self._layout, workers, self._process.admin)
        self._parts = Parts(gateway, self._layout, self._stored, self._process, self._workers)
        self._switch = Switch(self._layout, self._stored, self._secrets.verify, secure=gateway.tls is not None)

    @contextmanager
    def _fenced(self, fence: Fence) -> Iterator[Shift]:
        """Alone on the gateway, as the owner of the service."""
        with ExitStack() as stack:
            held = [
                stack.enter_context(_files.fenced(self._layout.fences, each))
                for each in (fence, gateway_fence(self._layout, fence))
            ]
            yield Shift(self._parts, held)

    # ------------------------------------------------------------ the port `Traffic`

    def converge(self, routing: Routing, fence: Fence) -> None:
        with self._fenced(fence) as shift:
            ours = shift.listens()
            foreign = None if ours or not routing.listen else self.owner()
            shift.to(routing, public=ours or (routing.listen and foreign is None))
            self._switch.settle()
        if foreign and routing.backends:
            message = f"{self._gateway.listen} is held by {describe(foreign)}; all else is in place"
            raise errors.Conflict(message, hint="seaway plan: a plan can take the port over, and says what that loses")

    def look(self, service: str) -> RoutingSeen:
        proxy = self._process.identity()
        if not proxy:
            message = f"no proxy runs for {self._gateway.listen}"
            raise errors.NotReachable(message, hint="seaway rollout retry, or deploy again: both start it")
        if time.monotonic() - self._supervised >= _SUPERVISED:
            self._supervised = time.monotonic()
            self._process.supervise()
        routing = self._stored.one(service)
        generations = self._workers.generations(service, proxy)
        weights, agree = self._process.admin.running().weights(service, routing.preview_host if routing else "")
        found = self._process.admin.statistics(statistics.routing_filter(service))
        rejected = statistics.rejected(found)
        problem = (
            self._process.words() if rejected else "" if agree else "the routes of the service disagree about weights"
        )
        return RoutingSeen(
            at=datetime.now(UTC),
            proxy=proxy,
            workers=tuple(each for each in generations if each >= 0) if set(generations) == {-1} else generations,
            rejected=rejected,
            weights=weights,
            counts=statistics.counts(found, service, sticky=bool(routing and routing.sticky)),
            problem=problem,
        )

    def probe(self, service: str, count: int) -> Probed:
        routing = self._stored.one(service)
        if routing is None or not routing.backends:
            raise errors.NotFound(f"{service} has no routes on {self._gateway.listen}", hint="seaway deploy")
        return _envoy_probe.probe(self._gateway, routing, count, self._secrets.probe)

    def losses(self, service: str, since: datetime, until: datetime) -> Losses:
        begin, end = since.timestamp(), until.timestamp()
        sides = _envoy_records.tallies(self._layout, service, begin, end)
        gap = _envoy_records.unseen(self._layout, begin, end, alive=bool(self._process.pid()))
        return Losses({revision: tally.loss() for revision, tally in sides.items()}, timedelta(seconds=gap))

    def down(self, seconds: float) -> tuple[str, ...]:
        pid = self._process.pid()
        if pid:
            self._drain(seconds)
        self._workers.close()
        self._process.stop()
        self._process.admin.close()
        for service in self._stored.load():
            self._stored.forget(service)
        self._switch.clear()
        left = self._process.pid()
        if left:
            return (f"proxy of {self._gateway.listen}: process {left} could not be stopped",)
        return (f"proxy of {self._gateway.listen}: stopped process {pid}",) if pid else ()

    def _drain(self, seconds: float) -> None:
        """Close the public listener and give open requests time. What cannot be asked is stopped without."""
        until = time.monotonic() + seconds
        try:
            with ExitStack() as stack:
                own = gateway_fence(self._layout, Fence("gateway", 0))
                held = [stack.enter_context(_files.fenced(self._layout.fences, own))]
                Shift(self._parts, held).close()
            while time.monotonic() < until:
                found = self._process.admin.statistics(r"^http\.public\.downstream_rq_active$")
                if not statistics.number(found, "http.public.downstream_rq_active"):
                    return
                time.sleep(0.02)
        except errors.PortError:
            return

    # ------------------------------------------------------------ the port `Portholder`

    def owner(self) -> PortOwner | None:
        found = _listeners.owner(self._host, self._port, ours=self._process.pid())
        return None if found and found.pid == self._process.pid() else found  # our proxy may have started meanwhile

    def take_over(self, owner: PortOwner, fence: Fence) -> float:
        with self._fenced(fence) as shift:
            if not self._stored.load():
                message = f"nothing is loaded that could answer on {self._gateway.listen} in place of {describe(owner)}"
                raise errors.Refused(message, hint="converge the routing first: it loads everything but the listener")
            shift.ready()
            handle = _listeners.ask_to_end(owner)
            try:
                freed = self._await_port(owner, handle)
            finally:
                os.close(handle)
            try:
                shift.open()
            except errors.PortError as error:
                back = self.owner()
                if back is None:
                    raise
                message = f"{self._gateway.listen} was taken again by {describe(back)}: something starts it anew"
                raise errors.Conflict(message, hint="stop its supervisor (systemd, docker, ...), then retry") from error
            gap, serving = time.monotonic() - freed, time.time()
            _envoy_records.note(self._layout, ended=serving - gap, serving=serving)
            return gap

    def _await_port(self, owner: PortOwner, handle: int) -> float:
        """The moment at which nobody listened any more."""
        until = time.monotonic() + _LEAVING
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        before = time.monotonic()
        while inodes := _listeners.listening(self._host, self._port):
            if poll.poll(0) and not _listeners.holds(owner.pid, inodes):
                back = self.owner()
                if back:
                    message = (
                        f"{describe(owner)} ended, and {describe(back)} listens on {self._gateway.listen} in its place"
                    )
                    raise errors.Conflict(message, hint="stop its supervisor (systemd, docker, ...), then retry")
            if time.monotonic() >= until:
                message = f"{describe(owner)} still listens on {self._gateway.listen} {_LEAVING:g} s after SIGTERM"
                raise errors.Conflict(message, hint=f"stop it by hand (pid {owner.pid}), then retry")
            time.sleep(0.0005)
            before = time.monotonic()
        return before

    # ------------------------------------------------------------ the port `DeadMan`

    def arm(self, routing: Routing, after: timedelta, fence: Fence) -> None:
        with self._fenced(fence):
            self._switch.arm(routing, after)

    def touch(self) -> None:
        self._switch.touch()

    def disarm(self, service: str, fence: Fence) -> None:
        with self._fenced(fence):
            self._switch.disarm(service)


def describe(owner: PortOwner) -> str:
    """A foreign process in words."""
    if not owner.pid:
        return owner.command
    return f"process {owner.pid} ({owner.command})" + (f" of {owner.user}" if owner.user else "")
