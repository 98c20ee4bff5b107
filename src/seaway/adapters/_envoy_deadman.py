"""The dead-man's switch of a gateway: routes prepared in advance, put in force by the proxy's keeper. Used by the router adapter.

The keeper only knows "rename A to B when C was not touched for D seconds". Services with different D are prepared as a
sequence: the file for a longer D brings back every service with a shorter one as well.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters import _files
from seaway.adapters._envoy_files import Layout, Stored
from seaway.formats.proxies.envoy import routes, wire
from seaway.model import codec, duration
from seaway.model.routing import Routing


class Switch:
    """Armed services are files `deadman/<service>.json`: their stable routing and how long an engine may be silent."""

    def __init__(self, layout: Layout, stored: Stored, secret: str, *, secure: bool) -> None:
        self._layout, self._stored, self._secret, self._secure = layout, stored, secret, secure
        self._touched = layout.deadman / "engine-lives"

    def arm(self, routing: Routing, after: timedelta) -> None:
        """Prepare this routing. Raises Refused for one that routes cannot be made of, Full."""
        try:
            routes.check(routing)
        except ValueError as error:
            raise errors.Refused(str(error)) from error
        document = {"routing": codec.encode(routing), "after": duration.render(after)}
        place = self._place(routing.service)
        self.touch(create=True)
        if _files.read_json(place) != document:
            _files.replace(place, wire.dump(document))
        self.settle()

    def disarm(self, service: str) -> None:
        """Raises Full."""
        self._place(service).unlink(missing_ok=True)
        self.settle()

    def touch(self, *, create: bool = False) -> None:
        """A sign of life; without a file nothing is armed."""
        if create:
            self._touched.touch(0o600)
        with suppress(FileNotFoundError):
            os.utime(self._touched)

    def clear(self) -> None:
        """Disarm everything."""
        (self._layout.kept / "deadman.json").unlink(missing_ok=True)
        for path in self._layout.deadman.glob("*"):
            path.unlink(missing_ok=True)

    def settle(self) -> None:
        """Prepare the files anew from what is armed and what runs: called after each change of the gateway's routes."""
        armed = self._armed()
        orders, now_stable = [], self._stored.load() if armed else {}
        for number, (after, routing) in enumerate(armed):
            if routing.service not in now_stable:
                continue
            now_stable[routing.service] = routing
            prepared = self._layout.routes.parent / f"stable-{number}.prepared"
            document = routes.document(
                list(now_stable.values()), self._secret, f"dead-man {number}", secure=self._secure
            )
            _files.replace(prepared, wire.dump(document))
            orders.append({
                "file": str(self._touched),
                "from": str(prepared),
                "to": str(self._layout.routes),
                "seconds": after.total_seconds(),
            })  # fmt: skip
        self._order(orders)

    def _order(self, orders: list[dict[str, Any]]) -> None:
        place = self._layout.kept / "deadman.json"
        if orders:
            _files.replace(place, wire.dump(orders))
        else:
            place.unlink(missing_ok=True)
            self._touched.unlink(missing_ok=True)
        for stale in sorted(self._layout.routes.parent.glob("stable-*.prepared"))[len(orders) :]:
            stale.unlink(missing_ok=True)

    def _armed(self) -> list[tuple[timedelta, Routing]]:
        found = []
        for path in self._layout.deadman.glob("*.json"):
            document = _files.read_json(path)
            if isinstance(document, dict):
                found.append((duration.parse(document["after"]), codec.decode(Routing, document["routing"])))
        return sorted(found, key=lambda each: (each[0], each[1].service))

    def _place(self, service: str) -> Path:
        return self._layout.deadman / f"{service}.json"
