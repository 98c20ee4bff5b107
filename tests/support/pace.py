"""Limits on how long work may take, which mean the same on a calm machine and on a busy one.

Processor time grows with other people's load as well (shared caches, shared cores), by as much as eight times. So the limit is a
number of seconds of a calm machine, and each measurement is compared with a fixed piece of work right before and after it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

CALM = 0.01  # seconds of processor time that the piece takes on a calm machine with two cores


def piece() -> float:
    """Processor time of a piece of work that parsers do a lot of: small texts, lists and dictionaries."""
    began = time.process_time()
    kept = {}
    for number in range(36_000):
        word = f"{number:x}"
        kept[word] = [word, number, {word: number}]
    assert len(kept) == 36_000
    return time.process_time() - began


def crowding(seconds: float = 0.2) -> float:
    """How many times longer than alone a process takes here now: time on the wall per time on a processor."""
    wall, began = time.monotonic(), time.process_time()
    while time.process_time() - began < seconds:
        pass
    return (time.monotonic() - wall) / seconds


@contextmanager
def promptly(seconds: float) -> Iterator[None]:
    """What is done inside, by whatever processes, takes at most this long, in seconds of a machine that nobody else uses."""
    before, began = crowding(), time.monotonic()
    yield
    spent = time.monotonic() - began
    slower = max(1.0, before, crowding())
    assert spent <= seconds * slower, (
        f"{spent:.1f} s on a machine {slower:.1f} times as crowded as an empty one, of {seconds} s"
    )


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done inside takes at most this much processor time, in seconds of a calm machine."""
    before = min(piece(), piece())
    began = time.process_time()
    yield
    spent = time.process_time() - began
    slower = max(1.0, before / CALM, min(piece(), piece()) / CALM)
    assert spent <= seconds * slower, (
        f"{spent:.2f} s on a machine {slower:.1f} times slower than a calm one, of {seconds} s"
    )
