"""Secrets from the environment of the control plane: `env:NAME`. Called by the composition, late: when an instance starts."""

from __future__ import annotations

import os
from collections.abc import Mapping

from seaway.errors import NotFound


class Env:
    """Variables of this process. An empty one is as good as none: a service that starts with an empty password is a trap."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    def resolve(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            state = "is empty" if name in self._environ else "is not set"
            hint = f"export {name}=... where the control plane starts, then `seaway serve --stop` and try again"
            raise NotFound(f"env:{name} {state} in the environment of the control plane", hint=hint)
        return value

    def check(self, name: str) -> None:
        self.resolve(name)
