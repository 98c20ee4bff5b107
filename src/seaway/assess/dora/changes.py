"""Which commits of a lane count as changes, and when each began. Called by `lead_time`.

In: commits with fewer than two parents, that touch the service, that a deployment after the first one brought. Out, and counted: merges,
commits elsewhere, copies of a change that was there already, changes that were reverted before anybody deployed them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seaway.assess.dora import graph
from seaway.assess.dora.owners import NOBODY, Ownership
from seaway.model.delivery import Pull, Push
from seaway.model.history import MERGE, PICKS, REVERTS, History

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
MOST_COMPARED = 5000  # commits whose patches are compared: those that share their author time with another
Patches = Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Known:
    """What holds for all lanes of a history. `groups`: positions that are one change; `seen`: when the server had each, NaN.

    `reverts`: (position of the revert, position of what it took back), oldest first; `unread`: commits that were too many to compare.
    """

    history: History
    head: int
    groups: tuple[tuple[int, ...], ...] = ()
    reverts: tuple[tuple[int, int], ...] = ()
    seen: Floats | None = None
    pulls: tuple[tuple[int, Pull], ...] = ()
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """The population of a lane: positions, and everything that was left out. `wasted`: reverted before it was deployed."""

    positions: NDArray[np.int64]
    merges: int
    elsewhere: int
    duplicates: tuple[int, ...]
    wasted: tuple[int, ...]
    prehistory: int
    undeployed: int | None  # None without a HEAD
    remedies: Mapping[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # step -> positions of reverts of earlier deployments


def know(
    history: History,
    head: int,
    owned: Iterable[NDArray[np.int64]],
    *,
    patches: Patches | None = None,
    pushes: Iterable[Push] = (),
    pulls: Iterable[Pull] = (),
) -> Known:
    """`owned`: the owners of each lane; only commits that some lane deployed are compared by their patches."""
    picks: list[tuple[int, int | str]] = [
        (link.position, history.where.get(link.target, link.target)) for link in history.links if link.kind == PICKS
    ]
    twins, unread = _twins(history, owned, patches) if patches else ([], 0)
    reverts = sorted(
        (
            (link.position, history.where[link.target])
            for link in history.links
            if link.kind == REVERTS and link.target in history.where
        ),
        key=lambda pair: _age(history, pair[0]),
    )
    requests = tuple((history.where[pull.sha], pull) for pull in pulls if pull.sha in history.where)
    return Known(history, head, _groups([*picks, *twins]), tuple(reverts), _seen(history, pushes), requests, unread)


def _twins(history: History, owned: Iterable[NDArray[np.int64]], patches: Patches) -> tuple[list[tuple[int, int]], int]:
    """Pairs with the same author time and the same patch: copies that no message tells of (a rebase, a plain cherry-pick)."""
    deployed = np.zeros(len(history), bool)
    for owner in owned:
        deployed |= owner != NOBODY
    candidates = np.flatnonzero(deployed & ((_marks(history) & MERGE) == 0))
    times = np.asarray(history.authored)[candidates]
    _, inverse, counts = np.unique(times, return_inverse=True, return_counts=True)
    shared = candidates[counts[inverse] > 1] if len(candidates) else candidates
    compared = shared[-MOST_COMPARED:].tolist()
    ids = patches([history.shas[position] for position in compared]) if compared else {}
    first: dict[tuple[int, str], int] = {}
    pairs = []
    for position in compared:
        patch = ids.get(history.shas[position])
        if patch:
            pairs.append((position, first.setdefault((history.authored[position], patch), position)))
    return pairs, len(shared) - len(compared)


def _groups(pairs: Iterable[tuple[int, int | str]]) -> tuple[tuple[int, ...], ...]:
    """Positions that are one change, by union of pairs. Two copies of a commit that is not here (a text) are one change too."""
    root: dict[int | str, int | str] = {}

    def find(member: int | str) -> int | str:
        while root.setdefault(member, member) != member:
            root[member] = root[root[member]]
            member = root[member]
        return member

    for one, other in pairs:
        root[find(one)] = find(other)
    found: dict[int | str, list[int]] = {}
    for member in root:
        if isinstance(member, int):
            found.setdefault(find(member), []).append(member)
    return tuple(sorted(tuple(sorted(group)) for group in found.values() if len(group) > 1))


def _seen(history: History, pushes: Iterable[Push]) -> Floats | None:
    """When the server first had each commit; NaN for what was there before the first push that is known."""
    ordered = sorted((push for push in pushes if push.sha in history.where), key=lambda push: (push.pushed, push.sha))
    if not ordered:
        return None
    found = np.full(len(history), np.nan)
    owner = [NOBODY] * len(history)
    for index, push in enumerate(ordered):
        for position in graph.reached(history, history.where[push.sha], owner):
            owner[position] = index
            if index:
                found[position] = push.pushed
    return found


def select(known: Known, ownership: Ownership, touched: Mask | None, counted: Sequence[bool]) -> Changes:
    """The population of one lane. `touched`: commits of the service's paths; `counted`: which steps are in the window."""
    history = known.history
    owner = ownership.owners
    first = ownership.first
    here = np.ones(len(history), bool) if touched is None else touched
    merge = (_marks(history) & MERGE) != 0
    mine = np.append(np.asarray(counted, bool), False)[owner] & (owner > first)  # -1 is the appended one
    wasted = _wasted(known, ownership.owner, first)
    doubles = [position for position in _duplicates(known, ownership.owner, first) if position not in wasted]
    keep = mine & ~merge & here
    out = np.zeros(len(history), bool)
    out[[*wasted, *doubles]] = True
    return Changes(
        np.flatnonzero(keep & ~out),
        int(np.count_nonzero(mine & merge)),
        int(np.count_nonzero(mine & ~merge & ~here)),
        tuple(position for position in doubles if keep[position]),
        tuple(position for position in sorted(wasted) if keep[position]),
        int(np.count_nonzero(owner == first)) if first < len(ownership.steps) else 0,
        _undeployed(known, ownership.owner, here, merge),
        _remedies(known, ownership.owner, first),
    )


def _marks(history: History) -> NDArray[np.uint8]:
    return np.frombuffer(bytes(history.marks), np.uint8)


def _duplicates(known: Known, owner: Sequence[int], first: int) -> list[int]:
    """All but the earliest deployed of each group; a copy of something from before the first deployment counts nothing at all."""
    found = []
    for group in known.groups:
        deployed = sorted((owner[at], *_age(known.history, at), at) for at in group if owner[at] != NOBODY)
        found += [position for index, _, _, position in deployed[1:] if index > first]
    return found


def _age(history: History, position: int) -> tuple[int, str]:
    """An order that does not depend on the order in which commits were read."""
    return history.committed[position], history.shas[position]


def _wasted(known: Known, owner: Sequence[int], first: int) -> set[int]:
    """A commit and its revert that the same deployment brought; a revert that was itself taken back there took nothing back."""
    found: set[int] = set()
    for revert, target in reversed(
        known.reverts
    ):  # newest first: whether a revert holds is known before what it took back
        if owner[revert] > first and owner[revert] == owner[target] and revert not in found:
            found |= {revert, target}
    return found


def _remedies(known: Known, owner: Sequence[int], first: int) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for revert, target in known.reverts:
        if owner[revert] > first and NOBODY != owner[target] < owner[revert]:
            found.setdefault(owner[revert], []).append(revert)
    return {step: tuple(positions) for step, positions in found.items()}


def _undeployed(known: Known, owner: Sequence[int], here: Mask, merge: Mask) -> int | None:
    """Changes of the service that HEAD has and no deployment brought yet, without those that were taken back before."""
    if known.head < 0:
        return None
    waiting = {
        position
        for position in graph.reached(known.history, known.head, owner)
        if here[position] and not merge[position]
    }
    for revert, target in reversed(known.reverts):
        if revert in waiting and target in waiting:
            waiting -= {revert, target}
    return len(waiting)
