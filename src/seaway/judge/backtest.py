"""What another policy would have said about past canaries. Called by `seaway judge backtest`.

A canary whose truth a person has stated counts as a false rollback or a miss; the others show only what would change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from seaway.judge import record
from seaway.judge.history import Past
from seaway.model.analysis import Spec
from seaway.model.verdict import Outcome

BACKTEST = "seaway.backtest/v1"
GOOD, BAD = "good", "bad"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past canary under the new policy. `truth`: good, bad, or empty when nobody has said."""

    canary: str
    before: str
    after: str
    truth: str
    at: float
    candidate_requests: int


def replay(
    records: Iterable[dict[str, Any]],
    spec: Spec,
    past: dict[str, Past] | None = None,
    truths: dict[str, str] | None = None,
) -> list[Replayed]:
    """Judges each record again under `spec`. `truths` (canary -> good | bad) wins over a record's own `truth`."""
    found = []
    for data in records:
        document = record.replay(data, spec, past)
        canary = str(data["canary"])
        truth = (truths or {}).get(canary, str(data.get("truth", "")))
        before = str(data["verdict"]["verdict"])
        found.append(
            Replayed(canary, before, document["verdict"], truth, document["at"], document["candidate_requests"])
        )
    return found


def report(replayed: list[Replayed]) -> dict[str, Any]:
    """The sums: false rollbacks (good, but failed), misses (bad, but not failed), false passes, and every canary that changes."""
    good = [item for item in replayed if item.truth == GOOD]
    bad = [item for item in replayed if item.truth == BAD]
    return {
        "format": BACKTEST,
        "canaries": len(replayed),
        "verdicts": dict(Counter(item.after for item in replayed)),
        "good": len(good),
        "false_rollbacks": [item.canary for item in good if item.after == Outcome.FAIL],
        "bad": len(bad),
        "misses": [item.canary for item in bad if item.after != Outcome.FAIL],
        "false_passes": [item.canary for item in bad if item.after == Outcome.PASS],
        "unknown_truth": len(replayed) - len(good) - len(bad),
        "changed": [
            {"canary": item.canary, "before": item.before, "after": item.after, "at": item.at}
            for item in replayed
            if item.before != item.after
        ],
        "note": "a canary that ended at its first decision has no batches after it: a stricter policy may lack evidence",
    }
