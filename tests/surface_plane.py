"""A control plane that remembers what it was told: the API's tests look at HTTP, not at rollouts."""

from __future__ import annotations

import threading
from typing import Any

from seaway.errors import Conflict, NotFound
from seaway.model.plan import Plan

Json = dict[str, Any]


def document(name: str = "ro-1", environment: str = "production", state: str = "observing") -> Json:
    return {"format": "seaway.rollout/v1", "id": name, "service": "shop", "environment": environment, "state": state}


class FakePlane:
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.ledger: list[tuple[int, Json]] = []
        self.known = {"ro-1": document(), "ro-2": document("ro-2", "staging", "succeeded")}
        self.running = False
        self.surprise: Exception | None = None
        self.lock = threading.Lock()

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def health(self) -> Json:
        if self.surprise:
            raise self.surprise
        return {"format": "seaway.health/v1", "version": "0", "pid": 1}

    def newest(self) -> int:
        return self.ledger[-1][0] if self.ledger else 0

    def events(self, after: int, rollout: str, limit: int) -> list[tuple[int, Json]]:
        return [
            (number, event)
            for number, event in self.ledger
            if number > after and rollout in ("", event["customData"]["seaway"]["rollout"])
        ][:limit]

    def emit(self, name: str = "verdict", rollout: str = "ro-1") -> None:
        number = self.newest() + 1
        facts = {"event": name, "rollout": rollout, "sequence": number}
        self.ledger.append((number, {"context": {"type": f"dev.{name}"}, "customData": {"seaway": facts}}))

    def documents(self, service: str, environment: str, *, active: bool | None) -> list[Json]:
        self.told.append(("documents", service, environment, active))
        return list(self.known.values())

    def document(self, name: str) -> Json:
        if name not in self.known:
            raise NotFound(f"no rollout {name!r}", hint="seaway rollout list")
        return self.known[name]

    def why(self, name: str) -> Json:
        return {"format": "seaway.why/v1", "chain": []}

    def placements(self) -> list[Json]:
        return [{"environment": "production", "service": "shop"}, {"environment": "staging", "service": "shop"}]

    def placement(self, environment: str, service: str) -> Json:
        return {"environment": environment, "service": service}

    def submit(self, plan: Plan, *, actor: str, origin: str, key: str) -> str:
        with self.lock:
            self.told.append(("submit", plan, actor, origin, key))
            return f"ro-{len(self.told)}"

    def abort(self, rollout: str, *, actor: str, key: str, reason: str) -> Json:
        if reason == "late":
            raise Conflict("it has ended", hint="seaway rollout undo")
        self.told.append(("abort", rollout, actor, key, reason))
        return {"accepted": True}

    def promote(self, rollout: str, *, actor: str, key: str, full: bool) -> Json:
        self.told.append(("promote", rollout, actor, key, full))
        return {"accepted": True}

    def pause(self, rollout: str, *, actor: str, key: str) -> Json:
        self.told.append(("pause", rollout, actor, key))
        return {"accepted": True}

    def resume(self, rollout: str, *, actor: str, key: str) -> Json:
        self.told.append(("resume", rollout, actor, key))
        return {"accepted": True}

    def retry(self, rollout: str, *, actor: str, key: str) -> Json:
        self.told.append(("retry", rollout, actor, key))
        return {"id": "ro-9"}

    def undo(self, rollout: str, *, actor: str, key: str, to: str) -> Json:
        self.told.append(("undo", rollout, actor, key, to))
        return {"id": "ro-9"}

    def approve(self, rollout: str, *, actor: str, key: str, plan_hash: str, approved: bool, comment: str) -> Json:
        self.told.append(("approve", rollout, actor, key, plan_hash, approved, comment))
        return {"accepted": True}
