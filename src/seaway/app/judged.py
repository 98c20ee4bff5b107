"""What the judge said about rollouts of this machine, from the rows it has kept. Called by `seaway judge show` and `backtest`.

Read from the state folder, without a control plane: a verdict can be computed again long after everybody has gone home.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seaway.config.home import Home
from seaway.engine import reader
from seaway.errors import NotFound
from seaway.model.plan import Plan
from seaway.model.rollout import Rollout


def records(environment: str = "", service: str = "") -> Iterator[tuple[Rollout, dict[str, Any]]]:
    """Judged rollouts, newest first, each with its record (`seaway.judgement/v1`), the verdict computed again."""
    home = Home.find()
    for rollout in reader.rollouts(home.database):
        fits = environment in {"", rollout.plan.environment} and service in {"", rollout.plan.service}
        data = record(home, rollout) if fits else None
        if data is not None:
            yield rollout, data


def one(name: str) -> tuple[Rollout, dict[str, Any]]:
    """The judged rollout with this id, or the newest of this environment ("": of all). Raises NotFound."""
    home = Home.find()
    for rollout in reader.rollouts(home.database):
        if name in {"", rollout.id, rollout.plan.environment}:
            data = record(home, rollout)
            if data is not None:
                return rollout, data
            if name == rollout.id:
                raise NotFound(f"the judge has no batches of {name}", hint="seaway docs analysis")
    raise NotFound(f"no rollout {name or 'here'} was judged".replace("  ", " "), hint="seaway rollout list")


def record(home: Home, rollout: Rollout) -> dict[str, Any] | None:
    """All that a rollout was judged by; None when the judge has seen nothing of it."""
    from seaway.engine import judged
    from seaway.judge import record as records_

    judging = rollout.plan.judging
    data = judged.document(rollout, judging, reader.evidence(home.database, rollout.id)) if judging else None
    return None if data is None else {**data, "asked": asked(rollout.plan), "verdict": records_.replay(data)}


def asked(plan: Plan) -> list[str]:
    """What the source of metrics was asked, rendered: queries where it takes some, else whose counters were read."""
    from seaway.formats.monitoring.prometheus import promql

    source, revisions = plan.metrics_source, tuple(side.id for side in (plan.stable, plan.candidate) if side)
    queries = source.queries
    if queries is None:
        return [
            f"{plan.metrics}: {plan.service} on {plan.gateway.listen if plan.gateway else '?'}, {' and '.join(revisions)}"
        ]
    texts = ((queries.requests, queries.status_label), (queries.latency, "le"))
    chosen = ((promql.selector(text, source, queries, plan.service, revisions), label) for text, label in texts if text)
    return [f"{plan.metrics}: {promql.per_process(select, queries.revision_label, label)}" for select, label in chosen]
