"""The lines of `seaway rollout why`: what is waited for, by whom, until when, what happens then. Called by the API and the CLI."""

from __future__ import annotations

from datetime import datetime

from seaway.model import duration, weight
from seaway.model.analysis import JUDGE
from seaway.model.rollout import Rollout, Waiting
from seaway.model.verdict import Verdict
from seaway.rollout.admission import Admission
from seaway.rollout.document import step_text
from seaway.rollout.turn import BACK

_ENDED = {
    "succeeded": "has succeeded",
    "failed": "has failed",
    "rolled_back": "was rolled back",
    "superseded": "was superseded",
}


def why(rollout: Rollout, now: datetime, *, admission: Admission | None = None) -> tuple[str, ...]:
    """`admission`: the engine's last answer, for a rollout that has not been admitted."""
    lines = [f"{rollout.id} {_is(rollout)}{_since(rollout, now)}"]
    if rollout.reason:
        lines.append(f"because: {rollout.reason}")
    if not rollout.state.terminal and rollout.step < len(rollout.plan.steps):
        lines.append(
            f"at step {rollout.step + 1} of {len(rollout.plan.steps)}: {step_text(rollout.plan.steps[rollout.step])}"
        )
    waiting = admission.waiting if admission and admission.waiting else rollout.waiting
    if waiting:
        lines += _wait(waiting, now)
    lines += [f"traffic: {line}" for line in _weights(rollout)]
    lines += [_verdict(verdict) for verdict in {each.guard: each for each in rollout.verdicts}.values()]
    if not rollout.state.terminal:
        lines.append(f"next: {_next(rollout)}")
    return tuple(lines)


def _is(rollout: Rollout) -> str:
    return _ENDED.get(rollout.state.value, f"is {_words(rollout.state.value)}")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _since(rollout: Rollout, now: datetime) -> str:
    return f", for {_rounded(now, rollout.since)}" if rollout.since and not rollout.state.terminal else ""


def _rounded(later: datetime, earlier: datetime) -> str:
    """To the second: nobody waits by the millisecond."""
    whole = max(0, round((later - earlier).total_seconds()))
    return duration.render(type(later - earlier)(seconds=whole))


def _wait(waiting: Waiting, now: datetime) -> list[str]:
    late = now > waiting.until
    rest = f"{_rounded(now, waiting.until)} ago" if late else f"in {_rounded(waiting.until, now)}"
    return [
        f"waits for: {waiting.what}",
        f"who can end it: {waiting.owner}",
        f"until: {waiting.until.isoformat(timespec='seconds').replace('+00:00', 'Z')} ({rest})",
        f"then: {waiting.then}",
    ]


def _weights(rollout: Rollout) -> list[str]:
    lines = []
    for revision, known in rollout.weights.items():
        verified = "not verified" if known.verified is None else f"verified {weight.render(known.verified)}"
        seen = known.observed
        observed = f"observed {weight.render(seen.ppm)} of {seen.requests} requests" if seen else "not observed"
        lines.append(f"{revision} set {weight.render(known.set)}, {verified}, {observed}")
    return lines


def _verdict(verdict: Verdict) -> str:
    if verdict.guard == JUDGE:
        return f"the judge: {_words(verdict.outcome.value)}, {verdict.reason}{_evidence(verdict)}"
    return f"guard {verdict.guard}: {_words(verdict.outcome.value)}, {verdict.reason}"


def _evidence(verdict: Verdict) -> str:
    """What it was decided by, and what would have changed it; the whole of it is `seaway judge show`."""
    known = verdict.evidence
    seen = f"; {known.get('candidate_events', 0)} of {known.get('candidate_requests', 0)} requests failed beside "
    beside = f"{known.get('stable_events', 0)} of {known.get('stable_requests', 0)} of stable's"
    band = ""
    if known.get("ratio_low") or known.get("ratio_high"):
        low, high = (_bound(known.get(name)) for name in ("ratio_low", "ratio_high"))
        band = f"; {known.get('ratio_of')} {low} to {high} times stable's"
    change = known.get("would_change")
    return f"{seen}{beside}{band}" + (f"; would change it: {change}" if change else "")


def _bound(value: float | str | None) -> str:
    return f"{value:.3g}" if isinstance(value, (int, float)) else "?"


def _next(rollout: Rollout) -> str:
    if rollout.phase == BACK:
        return "traffic back to stable, then the candidate stops"
    if rollout.step + 1 < len(rollout.plan.steps):
        return step_text(rollout.plan.steps[rollout.step + 1])
    return "the old side stops and the rollout ends"
