"""Questions to the graph of commits whose answers cost only the part that they are about. Used by `owners` and `changes`."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from seaway.model.history import History

_ONE, _OTHER, _BOTH = 1, 2, 3


def apart(history: History, one: int, other: int) -> tuple[int, int]:
    """How many commits only `one` reaches, and how many only `other` does: `git rev-list --left-right --count one...other`.

    Children have higher positions than their parents, so a position that is taken from the top has all its colours.
    """
    if one == other:
        return 0, 0
    first, more = history.first, history.more
    colours = {one: _ONE, other: _OTHER}
    heap = [-max(one, other), -min(one, other)]
    pending = 2  # positions in the heap that only one of them reaches, as far as is known
    counts = [0, 0, 0, 0]
    while pending:
        position = -heapq.heappop(heap)
        colour = colours[position]
        counts[colour] += 1
        pending -= colour != _BOTH
        if first[position] < 0:
            continue
        for parent in (first[position], *more.get(position, ())):
            before = colours.get(parent, 0)
            after = before | colour
            if not before:
                heapq.heappush(heap, -parent)
                pending += after != _BOTH
            elif before != after:
                pending -= 1
            colours[parent] = after
    return counts[_ONE], counts[_OTHER]


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
