"""`sequential { }` and `parallel { }` of a project -> needs of its jobs. Called by `reader`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from seaway.formats.pipelines.teamcity.dsl import written
from seaway.formats.pipelines.teamcity.jobs import ALWAYS, Around, in_order
from seaway.formats.pipelines.teamcity.steps import span_of
from seaway.formats.pipelines.teamcity.values import Item, Symbol
from seaway.model.pipeline import Job, Native, Need

_BUILD = frozenset({"build", "buildType"})


def registered(item: Item) -> Iterator[Item]:
    """The build configurations of a chain."""
    for one in item.items or ():
        if one.word in _BUILD:
            yield one
        elif one.word in {"sequential", "parallel"}:
            yield from registered(one)


def ordered(chains: list[Item], jobs: list[Job], around: Around) -> tuple[Job, ...]:
    """The jobs with the needs that chains give them, behind those of their own."""
    walk = _Walk(around)
    for chain in chains:
        walk.through(chain, [], "success", [])
    if not walk.edges:
        return tuple(jobs)
    found = []
    for job in jobs:
        own = {need.job for need in job.needs or ()} | {job.id}
        more = [(need, kept) for need, kept in walk.edges.get(job.id, {}).values() if need.job not in own]
        needs = (*(job.needs or ()), *(need for need, _ in more))
        natives = in_order(
            [*job.natives, *(native for _, kept in more for native in kept)],
            [need.job for need in needs],
            [one.name for one in job.variables],
        )
        found.append(dataclasses.replace(job, needs=needs, natives=natives))
    return tuple(found)


@dataclass(slots=True)
class _Walk:
    """The edges that are found: job -> earlier job -> need, with the options that a need has no word for."""

    around: Around
    edges: dict[str, dict[str, tuple[Need, list[Native]]]] = field(default_factory=dict)

    def through(self, item: Item, before: list[str], when: str, options: list[Item]) -> list[str]:
        """Adds the edges of one part; the jobs that whatever follows waits for."""
        given = item.named.get("options")
        if isinstance(given, Item):
            options = given.items or []
        elif item.word in _BUILD and len(item.args) == 1 and item.items and item.items[0].word.startswith("on"):
            options = item.items
        for one in options:
            if one.word == "onDependencyFailure" and isinstance(one.args[0], Symbol):
                when = "always" if one.args[0].text.rpartition(".")[2] in ALWAYS else "success"
        if item.word in _BUILD:
            return self._build(item, before, when, options)
        if item.word == "parallel":
            ends = [name for one in item.items or () for name in self.through(one, before, when, options)]
            return ends or before
        if item.word == "sequential":
            for one in item.items or ():
                before = self.through(one, before, when, options)
        return before

    def _build(self, item: Item, before: list[str], when: str, options: list[Item]) -> list[str]:
        if not item.args:
            return before
        span = span_of(item)
        name = self.around.job(item.args[0], span)
        known = self.edges.setdefault(name, {})
        rest = [one for one in options if written(one) not in _SAID]
        for job in before:
            natives = [Native(f"dependencies.{job}.snapshot", written(one), span_of(one) or span) for one in rest]
            known.setdefault(job, (Need(job, when, artifacts=False, span=span), natives))
        return [name]


_SAID = frozenset(f"onDependencyFailure = FailureAction.{word}" for word in ("FAIL_TO_START", "ADD_PROBLEM"))
