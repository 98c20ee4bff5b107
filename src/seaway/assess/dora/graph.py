"""Questions to the graph of commits whose answers cost only the part that they are about. Used by `owners` and `changes`."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from seaway.model.history import History

_WANTED, _WITHOUT = 1, 2


def between(history: History, without: int, tip: int) -> list[int]:
    """Positions that `tip` reaches and `without` does not, newest first: `git rev-list tip ^without`.

    Children have higher positions than their parents, so a position that is taken from the top has all its colours.
    """
    colours = {tip: _WANTED}
    colours[without] = colours.get(without, 0) | _WITHOUT
    heap = [-position for position in colours]
    heapq.heapify(heap)
    pending = sum(colour == _WANTED for colour in colours.values())
    found: list[int] = []
    while pending:
        position = -heapq.heappop(heap)
        colour = colours[position]
        if colour == _WANTED:
            pending -= 1
            found.append(position)
        for parent in history.parents(position):
            before = colours.get(parent)
            colours[parent] = (before or 0) | colour
            if before is None:
                heapq.heappush(heap, -parent)
                pending += colour == _WANTED
            elif before == _WANTED and colour & _WITHOUT:
                pending -= 1
    return found


def reached(history: History, tip: int, known: Sequence[int]) -> list[int]:
    """Positions that `tip` reaches and that have no owner in `known` (-1), which is closed under ancestors."""
    found, stack, seen = [], [tip], {tip}
    while stack:
        position = stack.pop()
        if known[position] != -1:
            continue
        found.append(position)
        for parent in history.parents(position):
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return found
