"""Events as plain lines that are only appended: what `deploy` and `watch` print where nothing can redraw. Used by `cli.watching`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seaway.cli import words

Json = dict[str, Any]


def render(event: Json) -> str:
    """One CDEvent of Seaway as `HH:MM:SS glyph sentence`."""
    facts = event["customData"]["seaway"]
    glyph, sentence = _SENTENCES.get(facts["event"], _other)(facts)
    when = words.moment(event["context"]["timestamp"])
    return f"{words.clock(when) if when else ''} {glyph} {sentence}"


def _because(facts: Json) -> str:
    return f": {facts['reason']}" if facts.get("reason") else ""


def _by(facts: Json) -> str:
    return f" by {facts['actor']}" if facts.get("actor") else ""


def _finished(facts: Json) -> tuple[str, str]:
    outcome = str(facts.get("outcome") or facts["state"])
    glyph = words.STATES.get(outcome, ("•", "", None))[0]
    return glyph, words.state(outcome) + _because(facts)


def _verified(facts: Json) -> tuple[str, str]:
    workers = f" on {facts['workers']} workers" if facts.get("workers") else ""
    return "✔", f"candidate at {words.percent(facts.get('weight'))}, verified{workers}"


def _observed(facts: Json) -> tuple[str, str]:
    requests = facts.get("requests")
    if not requests:
        return "◌", f"candidate at {words.percent(facts.get('weight'))}, not observed{_because(facts)}"
    seen = f"{facts.get('candidate', 0) * 100 / requests:.1f} %"
    return "✔", f"candidate at {words.percent(facts.get('weight'))}, observed {seen} of {requests} requests"


def _verdict(facts: Json) -> tuple[str, str]:
    outcome = str(facts.get("outcome", ""))
    glyph = words.OUTCOMES.get(outcome, ("•", ""))[0]
    return glyph, f"verdict {facts.get('guard', '')} {words.state(outcome)}{_because(facts)}"


def _step(facts: Json) -> tuple[str, str]:
    number = int(facts.get("step", 0)) + 1
    phrase = words.step(facts) if facts.get("kind") or facts.get("text") else ""
    if facts["event"] == "step.started":
        return "⟳", f"step {number} {phrase}".rstrip()
    outcome = str(facts.get("outcome", "done"))
    return words.STEPS.get(outcome, ("•", ""))[0], f"step {number} {phrase}".rstrip() + f" {outcome}"


def _other(facts: Json) -> tuple[str, str]:
    own = {
        "event",
        "rollout",
        "service",
        "environment",
        "state",
        "step",
        "sequence",
        "plan_hash",
        "revisions",
    }
    rest = " ".join(f"{name}={value}" for name, value in facts.items() if name not in own and value not in (None, ""))
    return "•", f"{words.state(facts['event'])} {rest}".rstrip()


_SENTENCES: dict[str, Callable[[Json], tuple[str, str]]] = {
    "rollout.admitted": lambda facts: ("•", f"{facts['rollout']} admitted"),
    "rollout.started": lambda facts: ("⟳", f"started: {facts['revisions']['candidate']} for {facts['environment']}"),
    "rollout.held": lambda facts: ("॥", f"held{_because(facts)}"),
    "rollout.resumed": lambda facts: ("⟳", f"resumed{_by(facts)}"),
    "rollout.finished": _finished,
    "step.started": _step,
    "step.finished": _step,
    "weight.verified": _verified,
    "weight.observed": _observed,
    "verdict": _verdict,
    "approval": lambda facts: ("•", f"{facts.get('decision', 'decided')}{_by(facts)}"),
    "promoted": lambda facts: ("✔", f"promoted: {facts['revisions']['candidate']} is stable in {facts['environment']}"),
    "rolled_back": lambda facts: (
        "↶",
        f"{facts['revisions']['stable'] or 'nothing'} serves {facts['environment']} again{_because(facts)}",
    ),
    "superseded": lambda facts: ("»", f"superseded{_because(facts)}"),
    "problem": lambda facts: ("!", str(facts.get("reason") or facts.get("message") or "a problem")),
}
