"""Plain lines: one per event, in words, whatever an event carries."""

from __future__ import annotations

from typing import Any

import pytest

from seaway.cli import lines, words
from seaway.ledger import cdevents
from seaway.rollout.messages import Emit
from surface_samples import NOW, rollout


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "clock", lambda when: f"{when:%H:%M:%S}")


def line(name: str, **facts: Any) -> str:
    return lines.render(cdevents.render(Emit(name, facts), rollout(), 3, NOW))


@pytest.mark.parametrize(
    ("name", "facts", "shown"),
    [
        ("rollout.admitted", {}, "• ro-06b3x1k9m-4fq7 admitted"),
        ("rollout.started", {}, "⟳ started: shop-bbbbbbbbbbbb for production"),
        ("rollout.held", {"reason": "no data"}, "॥ held: no data"),
        ("rollout.resumed", {"actor": "mona"}, "⟳ resumed by mona"),
        ("rollout.finished", {"outcome": "rolled_back", "reason": "bad"}, "↶ rolled back: bad"),
        ("rollout.finished", {"outcome": "succeeded"}, "✔ succeeded"),
        ("step.started", {"step": 1, "text": "set weight 5 %"}, "⟳ step 2 set weight 5 %"),
        ("step.finished", {"step": 1, "outcome": "done"}, "✔ step 2 done"),
        ("weight.verified", {"weight": 50_000, "workers": 2}, "✔ candidate at 5 %, verified on 2 workers"),
        (
            "weight.observed",
            {"weight": 50_000, "requests": 1000, "candidate": 49},
            "✔ candidate at 5 %, observed 4.9 % of 1000 requests",
        ),
        ("weight.observed", {"weight": 0, "reason": "no traffic"}, "◌ candidate at 0 %, not observed: no traffic"),
        ("verdict", {"guard": "p99", "outcome": "no_data", "reason": "3 of 20"}, "◌ verdict p99 no data: 3 of 20"),
        ("approval", {"actor": "mona", "decision": "approved"}, "• approved by mona"),
        ("promoted", {}, "✔ promoted: shop-bbbbbbbbbbbb is stable in production"),
        ("rolled_back", {"reason": "bad"}, "↶ shop-aaaaaaaaaaaa serves production again: bad"),
        ("superseded", {"reason": "by ro-2"}, "» superseded: by ro-2"),
        ("supersede_requested", {"by": "ro-2"}, "• supersede requested by=ro-2"),
        ("take_over", {"pid": 7, "seconds": 0.1}, "• take over pid=7 seconds=0.1"),
        ("problem", {"reason": "drift"}, "! drift"),
    ],
)
def test_each_event_is_one_sentence(name: str, facts: dict[str, Any], shown: str) -> None:
    assert line(name, **facts) == f"05:06:07 {shown}"


@pytest.mark.parametrize("name", cdevents.NAMES)
def test_an_event_without_facts_is_still_a_line(name: str) -> None:
    assert line(name).startswith("05:06:07 ")
    assert "\n" not in line(name)
