"""Undo: back to an earlier revision, at once. Called by `app.undo`.

No pauses, no analysis, no approval: somebody wants the old state back now. Soak still guards it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from seaway.errors import PlanRefused, UnknownName
from seaway.model import weight
from seaway.model.environment import Environment
from seaway.model.placement import Placement
from seaway.model.plan import Plan, Scale, SetWeight, Step
from seaway.model.revision import Revision
from seaway.model.service import RollbackClass
from seaway.plan import build


def undo(environment: Environment, placement: Placement, *, to: str = "", now: datetime, site: str = "") -> Plan:
    """`to`: id of a revision in the history (or its beginning, if only one fits), "" for the previous one.

    Raises PlanRefused when the whole revision could not be restored: its code was not kept, or a migration that only goes
    forward has run since.
    """
    _ = now  # gates are passed over: nothing here depends on the time
    stable = placement.stable
    if stable is None:
        raise PlanRefused(f"nothing of {placement.service} runs in {environment.name}: there is nothing to undo")
    target = _target(placement, to)
    _can_be_restored(placement, target)
    home = replace(stable, service=replace(stable.service, replicas=placement.replicas))
    candidate = replace(target, service=replace(target.service, replicas=placement.replicas))
    switch: tuple[Step, ...] = (Scale(placement.replicas, placement.replicas),)
    if not candidate.service.worker:
        switch = (*switch, SetWeight(weight.WHOLE))
    else:
        switch = (Scale(placement.replicas, placement.replicas), Scale(placement.replicas, 0))
    return build.assembled(candidate.service, environment, candidate, home, owner=None, site=site, strategy="undo",
                           steps=(*switch, *build.end(environment)), undo=True)  # fmt: skip


def _target(placement: Placement, to: str) -> Revision:
    earlier = [revision for revision in placement.history if placement.stable and revision.id != placement.stable.id]
    if not earlier:
        raise PlanRefused(f"{placement.service} has no earlier revision in {placement.environment}")
    if not to:
        return earlier[0]
    fitting = [revision for revision in earlier if revision.id == to] or [
        revision for revision in earlier if revision.id.startswith(to)
    ]
    if len({revision.id for revision in fitting}) != 1:
        raise UnknownName("earlier revision", to, sorted({revision.id for revision in earlier}))
    return fitting[0]


def _can_be_restored(placement: Placement, target: Revision) -> None:
    """Invariant 10: the whole revision comes back, or it is refused before anything starts."""
    if not target.immutable:
        raise PlanRefused(
            f"{target.id} ran in place, so its code was not kept: what would start is what the folder holds now",
            hint="name an `artifact` in seaway.yaml; from then on every revision is kept. For now: check out and deploy",
        )
    newer = [placement.stable, *placement.history]
    for revision in newer:
        if revision is None or revision.id == target.id:
            return
        before = revision.service.before
        if before and before.rollback is not RollbackClass.REVERT:
            raise PlanRefused(
                f"{revision.id} ran a `before` step that is {before.rollback}: {target.id} may not work after it",
                hint="release a fix instead: seaway deploy " + placement.environment,
            )
