"""One rollout in the engine's memory: the value as it was saved last, what waits to be decided, and when to look next.

A case is worked on by one thread at a time; letters wait in order. Owned by `desk`, read by `watch`.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from seaway.engine.samples import Evidence
from seaway.model.rollout import Rollout
from seaway.rollout.messages import Event, Wanted


@dataclass(frozen=True, slots=True)
class Mail:
    """There is something in the inbox."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look saw, that began when the rollout was at `seq`: it says nothing about a later state."""

    seq: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """The deadline has passed."""

    deadline: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """The engine itself has something to say (no space left)."""

    event: Event


Letter = Mail | Seen | Due | Told


@dataclass(slots=True, eq=False)
class Case:
    """`busy`: a thread works on it, or effects of transition `awaiting` are being carried out. Times: `Clock.passed`."""

    rollout: Rollout
    wanted: Wanted = field(default_factory=Wanted)
    evidence: Evidence = field(default_factory=Evidence)
    lock: threading.Lock = field(default_factory=threading.Lock)
    hands: threading.Lock = field(default_factory=threading.Lock)  # held while something is done to its world
    letters: deque[Letter] = field(default_factory=deque)
    busy: bool = False
    awaiting: int | None = None
    attempts: int = 0  # how often effects had to be begun again because their journal could not be written
    retrying: bool = False
    looking: bool = False
    sampling: bool = False
    look_at: float = 0.0
    sample_at: float = 0.0
    weights: tuple[tuple[int, int | None], ...] = ()  # set and verified, as they were planned for last
    looked: float = 0.0  # when a look ended last
    worked: float = 0.0  # when the present work began, while busy
    fired_at: float = 0.0  # when a deadline was announced last
    planned: float = 0.0  # the next moment at which the watch attends to it

    @property
    def id(self) -> str:
        """The rollout's id."""
        return self.rollout.id
