"""Run history as JSON lines: round trips, every mistake with its place, limits, hostile texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.errors import ConfigError
from seaway.formats.history import runs
from seaway.model.delivery import Kind
from seaway.model.runs import Approval, Conclusion, JobRun, Kept, Run
from support import pace

NAMES = st.text(st.characters(categories=["L", "Nd", "P"]), min_size=1, max_size=12)
TIMES = st.integers(0, 32_000_000_000).map(lambda eighths: eighths / 8)
TOLD = st.none() | st.lists(NAMES, max_size=2).map(tuple)
JOBS = st.builds(
    lambda begin, wait, work, **more: JobRun(queued=begin, started=begin + wait, finished=begin + wait + work, **more),
    begin=TIMES, wait=st.integers(0, 99), work=st.integers(0, 999), name=NAMES, conclusion=st.sampled_from(Conclusion),
    needs=TOLD, runner=st.just("") | NAMES, environment=st.just("") | NAMES, kind=st.none() | st.sampled_from(Kind),
    manual=st.booleans(), cache=st.none() | st.booleans(), artifact=st.none() | NAMES,
    approvals=st.none() | st.lists(st.builds(Approval, NAMES, st.none() | TIMES, st.none() | TIMES), max_size=2).map(tuple),
)  # fmt: skip
RUNS = st.builds(
    lambda begin, length, **more: Run(queued=begin, finished=begin + length, **more),
    begin=TIMES, length=st.integers(0, 9999), id=NAMES, pipeline=NAMES, sha=st.just("") | st.text("0123456789abcdef", min_size=7, max_size=40),
    conclusion=st.sampled_from(Conclusion), jobs=st.lists(JOBS, max_size=3).map(tuple), attempt=st.integers(1, 9),
    branch=st.just("") | NAMES, trigger=st.just("") | NAMES, actor=st.just("") | NAMES, author=st.just("") | NAMES, reviewers=TOLD,
    evidence=TOLD, artifacts=st.lists(st.builds(Kept, NAMES, st.none() | st.booleans()), max_size=2).map(tuple),
    broke_glass=st.booleans(), reviewed=st.none() | TIMES, url=st.just("") | NAMES,
)  # fmt: skip
JOB: dict[str, Any] = {
    "name": "build",
    "conclusion": "success",
    "queued": "2026-01-05T08:00:00Z",
    "started": "2026-01-05T08:00:30Z",
    "finished": "2026-01-05T08:05:00Z",
}
GOOD: dict[str, Any] = {
    "id": "1",
    "pipeline": ".github/workflows/ci.yml",
    "sha": "abcdef1",
    "queued": "2026-01-05T08:00:00Z",
    "finished": "2026-01-05T08:10:00Z",
    "conclusion": "success",
    "jobs": [JOB],
}


@given(st.lists(RUNS, max_size=4, unique_by=lambda run: (run.pipeline, run.id, run.attempt)))
def test_runs_come_back_as_they_were(happened: list[Run]) -> None:
    assert runs.parse(runs.render(happened).encode(), "r.jsonl") == happened


def test_lines_are_counted_with_the_blank_ones() -> None:
    text = "\n\n".join(json.dumps({**GOOD, "id": str(number)}) for number in range(3))
    assert [run.line for run in runs.parse(text.encode(), "r")] == [1, 3, 5]


def test_what_is_not_told_is_not_none() -> None:
    (told,) = runs.parse(
        json.dumps({**GOOD, "reviewers": [], "jobs": [{**JOB, "needs": [], "approvals": []}]}).encode(), "r"
    )
    (silent,) = runs.parse(json.dumps(GOOD).encode(), "r")
    assert (told.reviewers, told.jobs[0].needs, told.jobs[0].approvals) == ((), (), ())
    assert (silent.reviewers, silent.jobs[0].needs, silent.jobs[0].approvals) == (None, None, None)
    assert (silent.jobs[0].queue, silent.jobs[0].work, silent.seconds) == (30, 270, 600)


def _said(changes: dict[str, Any], **job: Any) -> ConfigError:
    data = {**GOOD, **changes} | ({"jobs": [{**JOB, **job}]} if job else {})
    with pytest.raises(ConfigError) as caught:
        runs.parse(f"{json.dumps({**GOOD, 'id': '0'})}\n{json.dumps(data)}\n".encode(), "r.jsonl")
    return caught.value


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": ""}, "id must be a text"),
        ({"pipeline": "a\nb"}, "pipeline must be a text of 1 to 1000 printable characters"),
        ({"pipeline": None}, "pipeline must be a text"),
        ({"sha": "HEAD"}, "sha must be a commit"),
        ({"queued": "2026-01-05T08:00:00"}, "queued must be a time with its offset"),
        ({"finished": "2026-01-05T07:00:00Z"}, "finished is before queued"),
        ({"conclusion": "green"}, "conclusion must be one of success or failure"),
        ({"conclusion": []}, "conclusion must be one of"),
        ({"attempt": 0}, "attempt must be a whole number from 1 to 1000"),
        ({"attempt": 1.5}, "attempt must be"),
        ({"attempt": True}, "attempt must be"),
        ({"attempt": "2"}, "attempt must be"),
        ({"reviewers": "ann"}, "reviewers must be a list of at most 1000 texts"),
        ({"reviewers": [7]}, "reviewers must be"),
        ({"evidence": ["x"] * 1001}, "evidence must be"),
        ({"break_glass": "yes"}, "break_glass must be true, false or null"),
        ({"jobs": {}}, "jobs must be a list of at most 2000 objects"),
        ({"jobs": [1]}, "jobs must be a list"),
        ({"jobs": [{}] * 2001}, "jobs must be a list"),
        ({"artifacts": [{"digest": ""}]}, "digest must be a text"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(changes: dict[str, Any], said: str) -> None:
    error = _said(changes)
    assert "r.jsonl:2:" in str(error)
    assert said in str(error)
    assert error.hint == runs.HINT


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"name": ""}, "name must be"),
        ({"conclusion": None}, "conclusion must be one of"),
        ({"needs": "build"}, "needs must be a list"),
        ({"started": "2026-01-05T07:59:00Z"}, "started of job build is before its queued"),
        ({"finished": "2026-01-05T08:00:01Z"}, "finished of job build is before its started"),
        ({"cache": True}, 'cache must be "hit", "miss" or null'),
        ({"kind": "fix"}, "kind must be one of deploy, rollback, hotfix or null"),
        ({"approvals": [{}]}, "by is missing"),
        ({"approvals": "ann"}, "approvals must be a list"),
        ({"manual": 1}, "manual must be true, false or null"),
    ],
)
def test_a_wrong_value_of_a_job_is_named(job: dict[str, Any], said: str) -> None:
    assert said in str(_said({}, **job))


def test_one_attempt_stands_once() -> None:
    with pytest.raises(ConfigError, match="r:2:1: attempt 1 of run 1 stands in line 1 already"):
        runs.parse(f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}".encode(), "r")
    assert len(runs.parse(f"{json.dumps(GOOD)}\n{json.dumps({**GOOD, 'attempt': 2})}".encode(), "r")) == 2


def test_more_lines_than_anybody_needs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_RUNS", 2)
    text = "\n".join(json.dumps({**GOOD, "id": str(number)}) for number in range(3))
    with pytest.raises(ConfigError, match=r"r:3:1: more than 2 lines \(a run\)"):
        runs.parse(text.encode(), "r")


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"id": ' + b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b" " * 1_000_001 + b"{}",
        b'{"jobs": NaN}',
    ],
)
def test_a_hostile_line_is_an_error_with_a_place(line: bytes) -> None:
    with pytest.raises(ConfigError, match="r:1:1: "):
        runs.parse(line, "r")


def test_thousands_of_runs_are_read_in_a_moment() -> None:
    text = "\n".join(json.dumps({**GOOD, "id": str(number), "jobs": [JOB] * 10}) for number in range(1000))
    with pace.within(1.0):
        assert len(runs.parse(text.encode(), "r")) == 1000
