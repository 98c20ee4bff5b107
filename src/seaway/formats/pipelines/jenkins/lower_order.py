"""Any order of jobs -> stages one after the other, and what may run at once in parallel. Called by `lower`.

Jenkins knows sequences, and within one stage parallel branches that are sequences again; a branch holds no second level of
parallel stages. Jobs are cut where everything behind waits for everything before. Between two cuts, chains that have nothing
to do with each other are branches; whatever is more entangled is cut by its levels, and the waits that this adds are losses.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass

from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Job, Native, Need, Stage


@dataclass(frozen=True, slots=True)
class Order:
    """`before`: for each job, as bits, everything it waits for, directly or not."""

    ids: tuple[str, ...]
    direct: tuple[tuple[int, ...], ...]
    before: tuple[int, ...]
    level: tuple[int, ...]


def order(jobs: tuple[Job, ...], losses: Losses) -> Order:
    """The jobs' order; a need that leads in a circle or nowhere is dropped."""
    index = {job.id: at for at, job in enumerate(jobs)}
    known: list[tuple[int, ...]] = [()] * len(jobs)
    before, level = [0] * len(jobs), [0] * len(jobs)
    done: set[int] = set()
    for root in range(len(jobs)):
        stack = [(root, iter(_needs(jobs[root], index)))]
        path = {root}
        while stack:
            at, rest = stack[-1]
            nxt = next((one for one in rest if one not in done), None)
            if nxt is not None and nxt in path:
                losses.dropped(
                    f"needs of {jobs[at].id}", f"{jobs[nxt].id} waits for it in turn", "break the circle", jobs[at].span
                )
                continue
            if nxt is not None:
                path.add(nxt)
                stack.append((nxt, iter(_needs(jobs[nxt], index))))
                continue
            stack.pop()
            path.discard(at)
            done.add(at)
            known[at] = tuple(one for one in _needs(jobs[at], index) if one in done and one != at)
            for one in known[at]:
                before[at] |= before[one] | 1 << one
                level[at] = max(level[at], level[one] + 1)
    return Order(tuple(job.id for job in jobs), tuple(known), tuple(before), tuple(level))


def _needs(job: Job, index: dict[str, int]) -> list[int]:
    return [index[need.job] for need in job.needs or () if need.job in index]


def arranged(jobs: tuple[Job, ...], losses: Losses) -> tuple[tuple[Stage, ...], tuple[Job, ...]]:
    """Stages in Jenkins' shape, and the jobs in their order with their places."""
    found = order(jobs, losses)
    stages: list[Stage] = []
    placed: list[Job] = []
    for segment in _segments(found):
        for branches in _branches(segment, found, jobs, losses):
            _place(branches, jobs, stages, placed)
    return tuple(stages), tuple(placed)


def _segments(found: Order) -> list[list[int]]:
    """Cut by levels, where each job behind the cut waits for all before it."""
    ordered = sorted(range(len(found.ids)), key=lambda at: (found.level[at], at))
    segments: list[list[int]] = []
    current: list[int] = []
    mask = 0
    behind = _common(ordered, found)
    for position, at in enumerate(ordered):
        fresh = position and found.level[at] != found.level[ordered[position - 1]]
        if fresh and behind[position] & mask == mask:
            segments.append(current)
            current = []
        current.append(at)
        mask |= 1 << at
    return [*segments, current] if current else segments


def _common(ordered: list[int], found: Order) -> list[int]:
    """What all jobs from each position on wait for."""
    common = [0] * len(ordered)
    running = -1
    for position in range(len(ordered) - 1, -1, -1):
        running &= found.before[ordered[position]]
        common[position] = running
    return common


def _branches(segment: list[int], found: Order, jobs: tuple[Job, ...], losses: Losses) -> list[list[list[int]]]:
    """The segment as one stage of parallel chains, or as one stage per level."""
    components = _components(segment, found)
    chains = [sorted(one, key=lambda at: found.level[at]) for one in components]
    # A matrix is a level of parallel cells itself, so it stands in no branch.
    simple = len(components) > 1 and not any(len(one) > 1 and any(jobs[at].matrix for at in one) for one in chains)
    if len(segment) == 1 or (simple and all(_is_chain(chain, found) for chain in chains)):
        return [chains]
    levels: dict[int, list[int]] = {}
    for at in segment:
        levels.setdefault(found.level[at], []).append(at)
    stages = [levels[level] for level in sorted(levels)]
    inside = set(segment)
    for earlier, later in itertools.pairwise(stages):
        for at in later:
            extra = [found.ids[one] for one in earlier if one in inside and not found.before[at] >> one & 1]
            if extra:
                why = f"Jenkins has stages instead of edges: it now waits for {', '.join(extra)} too"
                losses.approximated(f"needs of {found.ids[at]}", why, "", jobs[at].span)
    return [[[at] for at in level] for level in stages]


def _is_chain(chain: list[int], found: Order) -> bool:
    return all(found.before[later] >> earlier & 1 for earlier, later in itertools.pairwise(chain))


def _components(segment: list[int], found: Order) -> list[list[int]]:
    inside = set(segment)
    parent = {at: at for at in segment}

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for at in segment:
        for one in found.direct[at]:
            if one in inside:
                parent[root(at)] = root(one)
    groups: dict[int, list[int]] = {}
    for at in segment:
        groups.setdefault(root(at), []).append(at)
    return list(groups.values())


def _place(branches: list[list[int]], jobs: tuple[Job, ...], stages: list[Stage], placed: list[Job]) -> None:
    taken = {stage.name for stage in stages}
    members = [[jobs[at] for at in chain] for chain in branches]
    if len(members) == 1 and len(members[0]) == 1:
        _single(members[0][0], stages, placed, taken)
        return
    name = _unique(_title([job for chain in members for job in chain]), taken)
    fast = any(one.key == "failFast" for chain in members for job in chain for one in job.natives)
    stages.append(Stage(name, natives=(Native("failFast", "true"),) if fast else ()))
    for chain in members:
        inner = name
        if len(chain) > 1:
            inner = _unique(_title(chain), taken)
            stages.append(Stage(inner, needs=(), parent=name))
        last: tuple[Need, ...] = ()
        for job in chain:
            placed.append(dataclasses.replace(_bare(job), stage=inner, needs=last))
            last = (Need(job.id),)


def _bare(job: Job) -> Job:
    return dataclasses.replace(job, natives=tuple(one for one in job.natives if one.key != "failFast"), part_of="")


def _single(job: Job, stages: list[Stage], placed: list[Job], taken: set[str]) -> None:
    stage = _unique(str(job.name) or job.id, taken)
    fast = any(one.key == "failFast" for one in job.natives) and job.matrix is not None
    stages.append(Stage(stage, natives=(Native("failFast", "true"),) if fast else ()))
    placed.append(dataclasses.replace(_bare(job), stage=stage, needs=()))


def _unique(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    taken.add(found)
    return found


def _title(jobs: list[Job]) -> str:
    """A name for several jobs: their stage, what they were copies of, or their names."""
    for names in ({job.stage for job in jobs}, {job.part_of for job in jobs}):
        if len(names) == 1 and "" not in names:
            return next(iter(names))
    words = [str(job.name) or job.id for job in jobs]
    return ", ".join(words) if len(words) < 4 else f"{words[0]} and {len(words) - 1} more"
