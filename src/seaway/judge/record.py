"""Verdicts as documents: the line that `seaway judge run` prints, and the record from which it can be computed again.

Called by `cli/judge.py`, by `backtest`, and by the engine, which keeps the record with the rollout. A replay of the same
record gives the same bits on the same version of numpy; `replay` compares.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from seaway.judge import evidence, history, logspace, mismatch, stream
from seaway.judge.lanes import Lane
from seaway.judge.placebo import Placebo
from seaway.model import codec
from seaway.model.analysis import Kind, Spec
from seaway.model.batch import Batch
from seaway.model.verdict import Outcome, Verdict

VERDICT = "seaway.verdict/v1"
RECORD = "seaway.judgement/v1"
CONTINUE = "continue"
CORE = 1  # version of the formulas: a record says which it was made with


def verdict(judgement: stream.Judgement, standing: stream.Standing | None = None) -> dict[str, Any]:
    """The document of a verdict (or of where a canary stands now: `verdict` is then `continue`). `standing`: of an earlier look."""
    standing, spec = standing or judgement.standing, judgement.spec
    name = standing.metric or _loudest(standing)
    state = standing.metrics.get(name or "")
    document: dict[str, Any] = {
        "format": VERDICT,
        "canary": judgement.canary,
        "verdict": standing.outcome.value if standing.outcome else CONTINUE,
        "metric": standing.metric,
        "at": standing.at,
        "batches": standing.batches,
        "candidate_requests": standing.candidate_requests,
        "ratio": {"low": state.low if state else None, "high": state.high if state else None},
        "e": {"harm": logspace.plain(standing.harm), "promote": _plain(standing.promote)},
        "reason": standing.reason,
        "history": judgement.history,
        "placebos": {name: _placebo(found) for name, found in judgement.placebos.items()},
        "alpha": spec.alpha,
        "alpha_promote": spec.alpha_promote,
        "threshold": {"harm": 1 / spec.alpha, "promote": 1 / spec.alpha_promote},
        "ratio_of": name,
        "metrics": {
            m.name: {
                "kind": m.kind.value,
                "margin": m.at_most if m.margin is None and m.at_most else m.margin,
                "weight": s.weight,
                "ln_e": {"harm": s.harm, "promote": s.promote},
                "ratio": {"low": s.low, "high": s.high},
                "proven": s.proven,
                "candidate_n": int(s.candidate_n),
            }
            for m in spec.metrics
            if (s := standing.metrics.get(m.name))
        },
        "split": {
            "e": logspace.plain(standing.split),
            "alarm": judgement.alarm or standing.split >= math.log(1 / mismatch.ALPHA),
        },
        "repeated": judgement.repeated,
        "ignored": judgement.ignored,
    }
    if standing.outcome is not Outcome.PASS:
        document["needed"] = needed(judgement, standing)
        document["would_change"] = _would_change(judgement, standing)
    return document


def _placebo(found: Placebo) -> dict[str, Any]:
    return {
        "instances": found.instances,
        "exchangeable": found.exchangeable,
        "fired": len(found.fired),
        "tolerance": found.tolerance,
    }


def needed(judgement: stream.Judgement, standing: stream.Standing) -> dict[str, int]:
    """Per required rate that is not proven: the candidate requests that its proof still takes, if candidate is as good as stable."""
    states = {name: state for name in judgement.required if (state := standing.metrics.get(name)) and not state.proven}
    estimates = {name: judgement.trials[name].still_needed(state.promote) for name, state in states.items()}
    return {name: count for name, count in estimates.items() if count is not None}


def answer(judgement: stream.Judgement, at: datetime, guard: str = "judge") -> Verdict | None:
    """The verdict as the rollout knows it, with the main numbers as evidence; None while the judge keeps looking."""
    return None if judgement.standing.outcome is None else _answer(judgement, judgement.standing, at, guard)


def so_far(judgement: stream.Judgement, at: datetime, fresh: int, guard: str = "judge") -> Verdict:
    """Where a rollout's canary stands now: a decision, or what would be said if its time were over.

    A pass is said only while the numbers can be read, and with `fresh`, the candidate requests since the present step began, at
    the minimum of evidence: what was proven earlier says little about a weight that nobody has met yet.
    """
    standing = judgement.verdict or judgement.ruling("it keeps looking")
    asked = judgement.spec.min_samples
    if standing.outcome is Outcome.PASS and judgement.unreadable:
        name, reason = next(iter(judgement.unreadable.items()))
        standing = replace(standing, outcome=Outcome.ERROR, metric=name, reason=f"{name} cannot be read: {reason}")
    elif standing.outcome is Outcome.PASS and fresh < asked:
        words = f"{standing.reason}; it has seen {fresh} of {asked} requests at this weight"
        standing = replace(standing, outcome=Outcome.INCONCLUSIVE, reason=words)
    return _answer(judgement, standing, at, guard)


def _answer(judgement: stream.Judgement, standing: stream.Standing, at: datetime, guard: str) -> Verdict:
    document = verdict(judgement, standing)
    known = {key: document[key] for key in ("metric", "at", "batches", "candidate_requests", "alpha", "alpha_promote")}
    numbers = {
        "ratio_low": document["ratio"]["low"],
        "ratio_high": document["ratio"]["high"],
        "ratio_of": document["ratio_of"],
    }
    e_values = {"ln_e_harm": standing.harm, "ln_e_promote": standing.promote}
    words = {"would_change": document.get("would_change"), "history": int(judgement.history)}
    outcome = standing.outcome or Outcome.INCONCLUSIVE
    return Verdict(guard, outcome, at, standing.reason, {**known, **numbers, **e_values, **sums(judgement), **words})


def sums(judgement: stream.Judgement) -> dict[str, int]:
    """What both sides did so far: of the metric that counts requests and failures."""
    trial = next((trial for trial in judgement.trials.values() if trial.metric.kind is Kind.RATE), None)
    if trial is None:
        return {}
    sums = {"candidate_events": trial.events, "stable_requests": trial.stable_n, "stable_events": trial.stable_events}
    return {name: int(value) for name, value in sums.items()}


def _plain(log_e: float | None) -> float | None:
    return None if log_e is None or not math.isfinite(log_e) else logspace.plain(log_e)


def _loudest(standing: stream.Standing) -> str | None:
    """The metric whose band is shown when none decided: the first that has one, the loudest first."""
    states = sorted(
        standing.metrics.items(), key=lambda item: (item[1].low is None and item[1].high is None, -item[1].harm)
    )
    return states[0][0] if states else None


def _would_change(judgement: stream.Judgement, standing: stream.Standing) -> str:
    """What would have made it another verdict, in words."""
    spec = judgement.spec
    if standing.outcome is Outcome.FAIL:
        return f"an E of harm below {1 / spec.alpha:g} at every look; it reached {logspace.plain(standing.harm):.3g}"
    missing = [
        f"{name} has E {_plain(state.promote) or 0:.3g} of {1 / spec.alpha_promote:g}"
        for name in spec.required
        if (state := standing.metrics.get(name)) and not state.proven
    ]
    return "more evidence of safety: " + "; ".join(missing) if missing else "complete and readable data"


def line(document: dict[str, Any]) -> str:
    """A document as one JSON line."""
    return json.dumps(document, allow_nan=False)


def record(judgement: stream.Judgement) -> dict[str, Any]:
    """All that a verdict was computed from: spec, lanes with thresholds, priors and phi, starts, and the batches tick by tick."""
    return {
        **head(judgement),
        "canary": judgement.canary,
        "spec": codec.encode(judgement.spec),
        "starts": list(evidence.starts(judgement.spec.deadline_batches, judgement.spec.restarts)),
        "ticks": [slim(tick) for tick in judgement.worked],
        "verdict": verdict(judgement),
    }


def head(judgement: stream.Judgement) -> dict[str, Any]:
    """How each metric is tested. It changes only until every metric has had its first batch."""
    return {
        "format": RECORD,
        "core": CORE,
        "lanes": {name: codec.encode(trial.lanes) for name, trial in judgement.trials.items()},
        "edges": {name: list(trial.edges) for name, trial in judgement.trials.items() if trial.edges},
        "history": judgement.history,
        "placebos": {name: codec.encode(found) for name, found in judgement.placebos.items()},
    }


def slim(tick: Iterable[Batch]) -> list[dict[str, Any]]:
    """The batches of one tick, small."""
    return [_slim(batch) for batch in tick]


def restore(
    data: dict[str, Any], spec: Spec | None = None, past: dict[str, history.Past] | None = None
) -> stream.Judgement:
    """A judgement where its record left it: by its own lanes, or, with `spec`, by another policy from the first batch on.

    Raises codec.CodecError for a record that does not fit, ValueError for another format. The engine resumes with this after a restart.
    """
    if data.get("format") != RECORD or data.get("core") != CORE:
        raise ValueError(f"not a record of {RECORD} with core {CORE}")
    own = codec.decode(Spec, data["spec"])
    judgement = stream.Judgement(str(data["canary"]), spec or own, past)
    if spec is None:
        for name, trial in judgement.trials.items():
            lanes = codec.decode(tuple[Lane, ...], data["lanes"][name])
            trial.fix(lanes, tuple(data["edges"].get(name, ())))
        judgement.history = bool(data["history"])
        kept = data.get("placebos") or {}
        judgement.placebos = {name: codec.decode(Placebo, found) for name, found in kept.items()}
        said = data.get("verdict") or {}
        judgement.repeated, judgement.ignored = int(said.get("repeated", 0)), int(said.get("ignored", 0))
    edges = {name: tuple(values) for name, values in data["edges"].items()}
    feed(judgement, (whole(tick, edges) for tick in data["ticks"]))
    return judgement


def whole(tick: list[dict[str, Any]], edges: dict[str, tuple[float, ...]]) -> list[Batch]:
    """The batches of one tick of a record again. Raises codec.CodecError for one that does not fit."""
    return [_whole(item, edges) for item in tick]


def _slim(batch: Batch) -> dict[str, Any]:
    """A batch without what is the same in all of them (the edges) and what is not there."""
    fields = codec.encode(replace(batch, edges=()))
    for key in ("stable", "candidate"):
        fields[key] = {name: value for name, value in (fields[key] or {}).items() if value} or (
            {"n": 0} if fields[key] else None
        )
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _whole(data: dict[str, Any], edges: dict[str, tuple[float, ...]]) -> Batch:
    """The batch again. Raises codec.CodecError for one that does not fit."""
    sides = {key: {"n": 0, **data[key]} if isinstance(data.get(key), dict) else None for key in ("stable", "candidate")}
    batch = codec.decode(Batch, {**data, **sides})
    return batch if batch.unreadable else replace(batch, edges=edges.get(batch.metric, ()))


def replay(
    data: dict[str, Any], spec: Spec | None = None, past: dict[str, history.Past] | None = None
) -> dict[str, Any]:
    """Judges a record's batches again, to a verdict if it had one; the new document. Raises like `restore`."""
    judgement = restore(data, spec, past)
    if spec is not None or (data.get("verdict") or {}).get("verdict") != CONTINUE:
        judgement.finish()
    return verdict(judgement)


def feed(judgement: stream.Judgement, ticks: Iterable[list[Batch]]) -> stream.Standing:
    """Ticks in the order in which they were weighed. What came late is weighed late again: sums and looks are the same."""
    for tick in ticks:
        if any(batch.t <= judgement.newest for batch in tick):
            judgement.weigh(everything=True)
        for batch in tick:
            judgement.add(batch)
    judgement.weigh(everything=True)
    return judgement.standing
