"""What is GitLab's own: retried jobs as attempts, queues as durations, children, pages that move while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from seaway import errors
from seaway.adapters.ci.gitlab import GitLab
from seaway.formats.history import gitlab_runs
from seaway.model.runs import CiSource, Conclusion, Run
from support import ci_replay
from support.ci_replay import Answered, Replay, gitlab_job, gitlab_pipeline

BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()


@pytest.fixture
def replay() -> Iterator[Replay]:
    server = Replay(ci_replay.gitlab([], {}))
    yield server
    server.close()


def fetched(replay: Replay) -> list[Run]:
    ci = GitLab(CiSource(replay.url, "acme/shop"), None, lambda _: None)
    try:
        return [run for one in ci.listed(BEGIN) for run in ci.attempts(one)]
    finally:
        ci.close()


def test_a_retried_job_is_another_attempt(replay: Replay) -> None:
    one = gitlab_pipeline(1)
    jobs = [
        gitlab_job(5, one, "test", 6),
        gitlab_job(1, one, "build", 0),
        gitlab_job(2, one, "test", 3, status="failed", retried=True, failure_reason="job_execution_timeout"),
    ]
    replay.route = ci_replay.gitlab([one], {one["id"]: jobs})
    first, second = fetched(replay)
    assert (first.attempt, first.conclusion, [job.name for job in first.jobs]) == (
        1,
        Conclusion.FAILURE,
        ["build", "test"],
    )
    assert first.jobs[1].conclusion is Conclusion.TIMEOUT
    assert (second.attempt, second.conclusion, [job.name for job in second.jobs]) == (2, Conclusion.SUCCESS, ["test"])
    assert first.actor == "root"


def test_waiting_is_what_the_job_says_and_not_since_the_pipeline_was_made(replay: Replay) -> None:
    one = gitlab_pipeline(1)
    rows = [gitlab_job(1, one, "a", 5), gitlab_job(2, one, "b", 5, queued_duration=None, tag_list=[])]
    replay.route = ci_replay.gitlab([one], {one["id"]: rows})
    (run,) = fetched(replay)
    assert (run.jobs[0].queue, run.jobs[1].queue) == (15.5, 0)
    assert (run.jobs[0].runner, run.jobs[1].runner) == ("linux x64", "machine")


def test_a_job_that_may_fail_fails_no_attempt() -> None:
    one = gitlab_pipeline(1)
    rows = [
        gitlab_job(1, one, "lint", 0, status="failed", allow_failure=True),
        gitlab_job(2, one, "test", 0),
        gitlab_job(3, one, "test", 3),
    ]
    assert gitlab_runs.runs(one, rows)[0].conclusion is Conclusion.SUCCESS


def test_jobs_that_never_ran_and_children_are_told_apart() -> None:
    one = gitlab_pipeline(1, source="parent_pipeline")
    never = gitlab_job(1, one, "ship", 0, status="manual", started_at=None, finished_at=None, queued_duration=None)
    (run,) = gitlab_runs.runs(one, [never, gitlab_job(2, one, "build", 0)])
    assert run.pipeline == gitlab_runs.CHILD
    assert not run.jobs[0].ran
    assert gitlab_runs.runs(one, []) == ()


def test_merge_requests_are_pull_requests() -> None:
    one = gitlab_pipeline(1, source="merge_request_event")
    (run,) = gitlab_runs.runs(one, [gitlab_job(1, one, "build", 0)])
    assert run.trigger == "pull_request"


def test_rows_that_move_to_the_next_page_come_once(replay: Replay) -> None:
    rows = [gitlab_pipeline(number) for number in range(3)]
    pages = iter((Answered(rows[:2], x_next_page="2"), Answered(rows[1:], x_next_page="")))
    replay.route = lambda _path, _query: next(pages)
    ci = GitLab(CiSource(replay.url, "acme/shop"), None, lambda _: None)
    assert len(list(ci.listed(BEGIN))) == 3
    ci.close()


@pytest.mark.parametrize("more", [{"id": "x"}, {"name": 7.5}, {"started_at": "soon"}])
def test_jobs_that_are_none_are_refused(replay: Replay, more: dict[str, Any]) -> None:
    one = gitlab_pipeline(1)
    replay.route = ci_replay.gitlab([one], {one["id"]: [gitlab_job(1, one, "build", 0, **more)]})
    with pytest.raises(errors.Refused, match="no list of runs or jobs"):
        fetched(replay)


def test_pipelines_that_go_on_are_left_for_later(replay: Replay) -> None:
    replay.route = ci_replay.gitlab([gitlab_pipeline(1, status="running")], {})
    assert fetched(replay) == []
