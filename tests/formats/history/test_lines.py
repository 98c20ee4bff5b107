"""Deployments, incidents, pushes, pull requests and rollouts as JSON lines: round trips, and every mistake with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.errors import ConfigError
from seaway.formats.history import deployments, incidents, pulls, pushes, rollouts
from seaway.model.delivery import Deployment, Incident, Kind, Outcome, Pull, Push
from support.delivery import BEGIN, deploy, sha
from surface_samples import NOW

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
TIMES = st.integers(0, 32_000_000_000).map(lambda eighths: eighths / 8)
SHAS = st.text("0123456789abcdef", min_size=7, max_size=40)
GOOD: dict[str, Any] = {
    "id": "1",
    "service": "shop",
    "environment": "production",
    "sha": "abcdef1",
    "started": "2026-01-05T08:00:00Z",
    "finished": "2026-01-05T08:10:00+00:00",
    "outcome": "succeeded",
    "kind": None,
}


@given(
    st.lists(
        st.builds(
            lambda begin, length, **more: Deployment(started=begin, finished=begin + length, **more),
            begin=TIMES, length=st.integers(0, 9999), id=NAMES, service=NAMES, environment=NAMES, sha=SHAS,
            outcome=st.sampled_from(Outcome), kind=st.none() | st.sampled_from(Kind), region=st.just("") | NAMES,
            exposed=st.none() | TIMES,
        ),
        max_size=5,
    )
)  # fmt: skip
def test_deployments_come_back_as_they_were(happened: list[Deployment]) -> None:
    assert deployments.parse(deployments.render(happened).encode(), "d.jsonl") == happened


@given(
    st.lists(
        st.builds(
            Incident, id=NAMES, service=NAMES, started=TIMES, resolved=st.none(), caused_by=st.just("") | NAMES,
            impact=st.none() | TIMES, mitigated=st.none() | TIMES, version=st.just("") | NAMES,
        ),
        max_size=5,
    )
)  # fmt: skip
def test_incidents_come_back_as_they_were(happened: list[Incident]) -> None:
    assert incidents.parse(incidents.render(happened).encode(), "i.jsonl") == happened


def _said(changes: dict[str, Any] | None, line: str = "") -> str:
    data = line or json.dumps({**GOOD, **(changes or {})})
    with pytest.raises(ConfigError) as caught:
        deployments.parse(f"\n{json.dumps(GOOD)}\n{data}\n".encode(), "d.jsonl")
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": ""}, "id must be a text"),
        ({"service": 7}, "service must be a text of 1 to 200 characters, not 7"),
        ({"environment": "x" * 201}, "environment must be"),
        ({"sha": "HEAD"}, "sha must be a commit"),
        ({"sha": None}, "sha must be a commit: 7 to 64 hexadecimal digits, not null"),
        ({"started": "yesterday"}, "started must be a time with its offset"),
        ({"finished": "2026-01-05T09:00:00"}, "finished must be a time with its offset"),
        ({"finished": 12}, "finished must be"),
        ({"finished": "2026-01-05T07:00:00Z"}, "finished is before started"),
        ({"outcome": "ok"}, "outcome must be one of succeeded or failed"),
        ({"kind": "fix"}, "kind must be one of deploy, rollback, hotfix or null"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(changes: dict[str, Any], said: str) -> None:
    (key,) = changes
    column = json.dumps({**GOOD, **changes}).index(f'"{key}"') + 1
    assert _said(changes).startswith(f"d.jsonl:3:{column}: {said}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{oops", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "id is missing"),
        ('{"id": ' + "[" * 100_000, "nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "not JSON"),
        (" " * 1_000_001 + "{}", "longer than"),
    ],
)
def test_a_line_that_is_no_deployment_is_named(line: str, said: str) -> None:
    assert _said(None, line).startswith(f"d.jsonl:3:1: {said}")


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(ConfigError, match=r"d\.jsonl:1:1: not UTF-8"):
        deployments.parse(b'{"id": "\xff"}', "d.jsonl")


def test_all_wrong_lines_are_told_at_once_up_to_a_limit() -> None:
    with pytest.raises(ConfigError) as caught:
        deployments.parse(b"{}\n[]\n" + json.dumps(GOOD).encode(), "d.jsonl")
    assert [problem.line for problem in caught.value.problems] == [1, 2]
    with pytest.raises(ConfigError) as caught:
        deployments.parse(b"{}\n" * 500, "d.jsonl")
    assert len(caught.value.problems) == 20


def test_other_keys_and_an_upper_case_commit_are_let_be() -> None:
    (found,) = deployments.parse(json.dumps({**GOOD, "sha": "ABCDEF1", "url": "https://x"}).encode(), "d")
    assert found.sha == "abcdef1"


def test_an_incident_that_ends_before_it_begins_is_refused() -> None:
    line = {"id": "i", "service": "s", "started": "2026-01-05T08:00:00Z", "resolved": "2026-01-05T07:00:00Z"}
    with pytest.raises(ConfigError, match="resolved is before started"):
        incidents.parse(json.dumps(line).encode(), "i")


def test_pushes_and_pull_requests_are_read() -> None:
    assert pushes.parse(b'{"sha": "abcdef1", "pushed": "2026-01-05T08:00:00Z"}', "p") == [Push("abcdef1", BEGIN)]
    line = {"id": "7", "sha": "abcdef1", "commits": [{"sha": "1234567", "committed": "2026-01-05T08:00:00Z"}]}
    assert pulls.parse(json.dumps(line).encode(), "p") == [Pull("7", "abcdef1", (("1234567", BEGIN),))]


@pytest.mark.parametrize("commits", [None, [], {}, ["x"], [{"sha": "1234567"}]])
def test_a_pull_request_without_commits_is_refused(commits: Any) -> None:
    with pytest.raises(ConfigError, match="p:1:"):
        pulls.parse(json.dumps({"id": "7", "sha": "abcdef1", "commits": commits}).encode(), "p")


def _rollout(**more: Any) -> dict[str, Any]:
    return {
        "id": "ro-1", "service": "shop", "environment": "production", "state": "succeeded", "strategy": "canary", "undo": False,
        "created": "2026-01-05T08:00:00Z", "ended": "2026-01-05T09:00:00Z", "revisions": {"stable": None, "candidate": "shop-1"},
        "steps": [{"kind": "scale", "started": "2026-01-05T08:00:01Z"}, {"kind": "set_weight", "started": "2026-01-05T08:30:00Z"}],
        **more,
    }  # fmt: skip


def _listed(*each: dict[str, Any]) -> bytes:
    return json.dumps({"format": "seaway.rollouts/v1", "rollouts": each}).encode()


def test_rollouts_of_seaway_are_deployments_with_their_first_exposure() -> None:
    known = rollouts.revisions(f'{{"revision": "shop-1", "sha": "{sha("c1")}"}}'.encode(), "r")
    assert rollouts.parse(_listed(_rollout()), "x", known) == [
        Deployment("ro-1", "shop", "production", sha("c1"), BEGIN, BEGIN + 3600, exposed=BEGIN + 1800)
    ]
    assert rollouts.parse(_listed(_rollout()), "x", {})[0].sha == ""


def test_one_that_was_taken_back_reached_users_and_one_that_never_shifted_did_not() -> None:
    back, never = rollouts.parse(
        _listed(_rollout(state="rolled_back"), _rollout(state="failed", steps=[{"kind": "scale", "started": None}])),
        "x",
        {},
    )
    assert (back.outcome, back.seen) == (Outcome.FAILED, BEGIN + 1800)
    assert (never.outcome, never.seen) == (Outcome.FAILED, None)


def test_what_did_not_end_on_its_own_or_only_scales_is_no_deployment() -> None:
    others = [_rollout(state=state) for state in ("superseded", "held", "shifting")]
    assert rollouts.parse(_listed(*others, _rollout(strategy="scale")), "x", {}) == []
    assert rollouts.parse(_listed(_rollout(undo=True)), "x", {})[0].kind is Kind.ROLLBACK


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format": "seaway.plan/v1"}', _listed({"id": "x"})])
def test_another_document_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigError, match=r"x:1:1: not seaway\.rollouts/v1"):
        rollouts.parse(data, "x", {})


def test_what_the_control_plane_renders_today_still_reads() -> None:
    from seaway.model.rollout import State
    from seaway.rollout import document
    from surface_samples import rollout

    ended = document.render(rollout(state=State.SUCCEEDED, ended=NOW))
    (found,) = rollouts.build([ended], {})
    assert (found.id, found.finished) == (ended["id"], NOW.timestamp())


def test_a_deployment_of_which_users_saw_nothing_has_no_first_sight() -> None:
    assert deploy("d", "c", 1, outcome=Outcome.FAILED).seen is None
    assert deploy("d", "c", 1).seen == BEGIN + 3600
