"""A placement: what one service runs in one environment right now, beyond any single rollout. Kept by the engine."""

from __future__ import annotations

from dataclasses import dataclass

from seaway.model.revision import Revision


@dataclass(frozen=True, slots=True)
class Placement:
    """`stable` serves; `warm` are earlier revisions that still run; `history`, newest first, were stable before.

    `generation` is the last routing generation used. `held`: after an abort, automatic and queued releases wait.
    """

    service: str
    environment: str
    stable: Revision | None = None
    replicas: int = 0
    generation: int = 0
    warm: tuple[str, ...] = ()
    history: tuple[Revision, ...] = ()
    held: str = ""
