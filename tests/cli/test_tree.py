"""The tree of a rollout, as it stands on a terminal of 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seaway.cli import tree, words

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "clock", lambda when: f"{when:%H:%M:%S}")


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


def document(**changes: Any) -> Json:
    made: Json = {
        "format": "seaway.rollout/v1",
        "id": "ro-06b3x1k9m-4fq7",
        "service": "shop",
        "environment": "production",
        "strategy": "canary",
        "actor": "mona",
        "created": at(-72),
        "ended": None,
        "state": "observing",
        "reason": "",
        "plan_hash": "c1d2e3f4a5b6" + "0" * 52,
        "revisions": {"candidate": "shop-bbbbbbbbbbbb", "stable": "shop-aaaaaaaaaaaa"},
        "weights": {
            "shop-bbbbbbbbbbbb": {"set": 50_000, "verified": 50_000, "observed": {"ppm": 49_120, "requests": 8143}},
            "shop-aaaaaaaaaaaa": {"set": 950_000, "verified": 950_000, "observed": None},
        },
        "steps": [
            {
                "kind": "scale",
                "text": "scale candidate 1, stable 2",
                "started": at(-72),
                "ended": at(-70.5),
                "outcome": "done",
            },
            {"kind": "set_weight", "text": "set weight 5 %", "started": at(-70.5), "ended": None, "outcome": ""},
            {"kind": "pause", "text": "pause 30s", "started": None, "ended": None, "outcome": ""},
            {"kind": "pause", "text": "pause until promoted", "started": None, "ended": None, "outcome": ""},
            {"kind": "analysis", "text": "analysis, at most 1m", "started": None, "ended": None, "outcome": ""},
            {"kind": "set_weight", "text": "set weight 100 %", "started": None, "ended": None, "outcome": ""},
            {"kind": "promote", "started": None, "ended": None, "outcome": ""},
            {"kind": "soak", "text": "soak 5m", "started": None, "ended": None, "outcome": ""},
        ],
        "verdicts": [
            {"guard": "success", "outcome": "no_data", "at": at(-20), "reason": "3 of 20 requests", "evidence": {}},
            {"guard": "success", "outcome": "pass", "at": at(-2), "reason": "0.9987 of 8143 ≥ 0.99", "evidence": {}},
        ],
        "waiting": {"for": "enough requests", "owner": "the engine", "until": at(28), "then": "the next step begins"},
        "loss": {"served": None, "failed": None, "retried": None, "cut": None, "unseen_s": None, "sides": None},
    }
    return {**made, **changes}


def text(made: Json, **options: Any) -> str:
    return tree.text(tree.lines(made, NOW, **options))


def test_a_rollout_under_way() -> None:
    assert (
        text(document(), hints=True)
        == """\
⟳ shop to production   observing   1m 12s
  ro-06b3x1k9m-4fq7   canary   plan c1d2e3f4a5b6   by mona

  candidate shop-bbbbbbbbbbbb  set 5 %   verified 5 %   observed 4.9 % of 8143
  stable    shop-aaaaaaaaaaaa  set 95 %  verified 95 %  observed –

  ✔ scale candidate 1, stable 2                                    1.5 s
  ⟳ set weight 5 %                                                1m 10s
  ◌ pause 30s
  ◌ pause until promoted
  ◌ analysis, at most 1m
  ◌ set weight 100 %
  ◌ promote
  ◌ soak 5m

  ✔ success pass: 0.9987 of 8143 ≥ 0.99

  waiting for enough requests; by the engine, until 05:06:35 (in 28 s)
  then the next step begins

  ^C leaves, the rollout goes on
  seaway rollout promote ro-06b3x1k9m-4fq7
  seaway rollout abort ro-06b3x1k9m-4fq7"""
    )


def test_a_rollout_that_was_rolled_back() -> None:
    made = document(
        state="rolled_back",
        ended=at(0),
        reason="success fail: 0.612 of 203 requests did not fail, at least 0.99 is promised to customers",
        steps=[
            {
                "kind": "scale",
                "text": "scale candidate 1, stable 2",
                "started": at(-72),
                "ended": at(-70),
                "outcome": "done",
            },
            {"kind": "set_weight", "text": "set weight 5 %", "started": at(-70), "ended": at(-3), "outcome": "failed"},
            {"kind": "promote", "started": None, "ended": None, "outcome": "skipped"},
        ],
        verdicts=[],
        loss={"served": 8000, "failed": 79, "retried": 2, "cut": 0, "unseen_s": 0.0},
    )
    assert (
        text(made, hints=True)
        == """\
↶ shop to production   rolled back   1m 12s
  ro-06b3x1k9m-4fq7   canary   plan c1d2e3f4a5b6   by mona

  candidate shop-bbbbbbbbbbbb  set 5 %   verified 5 %   observed 4.9 % of 8143
  stable    shop-aaaaaaaaaaaa  set 95 %  verified 95 %  observed –

  ✔ scale candidate 1, stable 2                                    2.0 s
  ✖ set weight 5 %                                                1m 07s
  – promote

  because success fail: 0.612 of 203 requests did not fail, at least 0.99 is
    promised to customers

  requests served 8000   failed 79   retried 2   cut 0   unseen 0 s"""
    )


def test_a_first_release_has_one_side() -> None:
    made = document(
        revisions={"candidate": "shop-bbbbbbbbbbbb", "stable": None},
        weights={"shop-bbbbbbbbbbbb": {"set": 1_000_000, "verified": None, "observed": None}},
    )
    assert text(made).splitlines()[3:5] == [
        "  candidate shop-bbbbbbbbbbbb  set 100 % verified –     observed –",
        "",
    ]


@pytest.mark.parametrize(
    ("requests", "shown_as"), [(404, "404"), (9_999, "9999"), (123_456, "123k"), (7_654_321, "7.7M")]
)
@pytest.mark.parametrize(("service", "below"), [("shop", False), ("a-service-with-a-long-name", True)])
def test_weights_fit_a_terminal_of_80_columns(service: str, below: bool, requests: int, shown_as: str) -> None:
    names = [f"{service}-{letter * 12}" for letter in "ba"]
    whole = {"set": 1_000_000, "verified": 1_000_000, "observed": {"ppm": 998_876, "requests": requests}}
    made = document(
        revisions=dict(zip(("candidate", "stable"), names, strict=True)),
        weights=dict.fromkeys(names, whole),
        waiting=None,
    )
    shown = text(made).splitlines()[3:8]
    assert max(len(line) for line in shown) <= 80
    assert [line.split()[-1] == shown_as for line in shown[:2]] == [not below, True]


@pytest.mark.parametrize("state", words.STATES)
def test_every_state_has_a_glyph_and_a_word_and_fits_the_terminal(state: str) -> None:
    made = text(document(state=state), hints=True)
    assert words.STATES[state][0] in made
    assert words.state(state) in made
    assert max(len(line) for line in made.splitlines()) <= 82


def test_every_state_of_the_model_is_known_to_the_words() -> None:
    from seaway.model.rollout import State

    assert set(words.STATES) == {state.value for state in State}
    assert {state.value for state in State if state.terminal} == words.ENDED


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (65, "1m 05s"),
        (7800, "2h 10m"),
        (273600, "3d 04h"),
    ],
)
def test_lengths_of_time_are_short(seconds: float, shown: str) -> None:
    assert words.span(seconds) == shown
