"""What is GitHub's own: attempts, conclusions, searches that end at a thousand runs, hostile texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from seaway import errors
from seaway.adapters.ci.github import GitHub
from seaway.formats.history import github_runs
from seaway.model.runs import CiSource, Conclusion, Run
from support import ci_replay
from support.ci_replay import Replay, github_job, github_run

BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()


@pytest.fixture
def replay() -> Iterator[Replay]:
    server = Replay(ci_replay.github([], {}))
    yield server
    server.close()


def fetched(replay: Replay) -> list[Run]:
    ci = GitHub(CiSource(replay.url, "octo-org/octo-repo"), None, lambda _: None)
    try:
        return [run for one in ci.listed(BEGIN) for run in ci.attempts(one)]
    finally:
        ci.close()


def test_an_attempt_counts_only_what_it_did_again(replay: Replay) -> None:
    run = github_run(1, run_attempt=2)
    jobs = [
        github_job(run, "build", 0),
        github_job(run, "test", 2, conclusion="failure"),
        github_job(run, "build", 0, run_attempt=2),
        github_job(run, "test", 5, run_attempt=2),
    ]
    replay.route = ci_replay.github([run], {run["id"]: jobs})
    first, second = fetched(replay)
    assert (first.attempt, first.conclusion, [job.name for job in first.jobs]) == (
        1,
        Conclusion.FAILURE,
        ["build", "test"],
    )
    assert (second.attempt, second.conclusion, [job.name for job in second.jobs]) == (2, Conclusion.SUCCESS, ["test"])
    assert second.queued == BEGIN + 15 * 60
    assert (first.actor, first.author) == ("hubot", "octocat")


def test_more_than_a_search_lists_is_asked_for_in_parts(replay: Replay) -> None:
    runs = [github_run(0, id=number, created_at=ci_replay.moment(number)) for number in range(2300)]
    replay.route = ci_replay.github(runs, {})
    ci = GitHub(CiSource(replay.url, "octo-org/octo-repo"), None, lambda _: None)
    ids = [one.id for one in ci.listed(BEGIN)]
    ci.close()
    assert sorted(ids, key=int) == [str(number) for number in range(2300)]
    assert len({query["created"] for _, query, _ in replay.asked}) == 3


def test_a_thousand_runs_of_one_second_do_not_go_on_for_ever(replay: Replay) -> None:
    runs = [github_run(0, id=number, created_at=ci_replay.moment(1)) for number in range(1200)]
    replay.route = ci_replay.github(runs, {})
    ci = GitHub(CiSource(replay.url, "octo-org/octo-repo"), None, lambda _: None)
    assert len(list(ci.listed(BEGIN))) == 1000
    ci.close()


@pytest.mark.parametrize(
    ("said", "meant"),
    [("timed_out", "timeout"), ("startup_failure", "failure"), ("neutral", "skipped"), ("stale", "cancelled"), (None, "skipped")],
)  # fmt: skip
def test_conclusions_are_the_models(said: str | None, meant: str) -> None:
    run = github_run(1, conclusion=said)
    (found,) = github_runs.runs(run, [github_job(run, "build", 0, conclusion=said)])
    assert (found.conclusion.value, found.jobs[0].conclusion.value) == (meant, meant)


def test_a_skipped_job_took_no_time() -> None:
    run = github_run(1)
    (found,) = github_runs.runs(run, [github_job(run, "build", 0, conclusion="skipped")])
    assert not found.jobs[0].ran


def test_clocks_that_differ_make_no_negative_times() -> None:
    run = github_run(1)
    job = github_job(run, "build", 0, created_at=ci_replay.moment(11), started_at=ci_replay.moment(10))
    (found,) = github_runs.runs(run, [job])
    assert (found.jobs[0].queue, found.jobs[0].work) == (0, 140)


@pytest.mark.parametrize(
    "more",
    [{"created_at": "yesterday"}, {"created_at": "2026-03-02T00:00:00"}, {"name": None}, {"name": "\x00"}, {"completed_at": 7}],
)  # fmt: skip
def test_jobs_that_are_none_are_refused(replay: Replay, more: dict[str, Any]) -> None:
    run = github_run(1)
    replay.route = ci_replay.github([run], {run["id"]: [github_job(run, "build", 0, **more)]})
    with pytest.raises(errors.Refused, match="no list of runs or jobs"):
        fetched(replay)


def test_names_that_do_not_print_are_made_to(replay: Replay) -> None:
    run = github_run(
        1, head_branch="a\x1b[31m", head_sha="not a commit", path=".github/workflows/x.yml@refs/heads/main"
    )
    replay.route = ci_replay.github([run], {run["id"]: [github_job(run, "x" * 900, 0)]})
    (found,) = fetched(replay)
    assert (found.branch, found.sha, found.pipeline) == ("a [31m", "", ".github/workflows/x.yml")
    assert len(found.jobs[0].name) == 200


def approval(*logins: str, state: str = "approved") -> list[dict[str, Any]]:
    return [
        {
            "state": state,
            "comment": "Ship it!",
            "environments": [{"id": 1, "name": "production"}],
            "user": {"login": login, "id": 1},
        }
        for login in logins
    ]


def test_who_let_a_run_pass_is_told_where_somebody_is_asked(replay: Replay) -> None:
    runs = [github_run(number, event="pull_request" if number == 3 else "push") for number in range(5)]
    jobs = {one["id"]: [github_job(one, "deploy", 0)] for one in runs}
    said = {runs[0]["id"]: approval("ann", "bob", "ann"), runs[1]["id"]: approval("ann", state="rejected")}
    replay.route = ci_replay.github(runs, jobs, approvals=said)
    assert {one.id: one.reviewers for one in fetched(replay)} == {
        "30433000": ("ann", "bob"), "30433001": None, "30433002": None, "30433003": None, "30433004": None,
    }  # fmt: skip
    asked = [path for path, _, _ in replay.asked]
    assert sum(path.endswith("/environments") for path in asked) == 1
    assert sum(path.endswith("/approvals") for path in asked) == 4


def test_where_nobody_is_asked_nothing_is_asked_about_it(replay: Replay) -> None:
    run = github_run(1)
    replay.route = ci_replay.github([run], {run["id"]: [github_job(run, "deploy", 0)]})
    assert fetched(replay)[0].reviewers is None
    assert not [path for path, _, _ in replay.asked if path.endswith("/approvals")]


def test_a_token_that_may_not_see_environments_is_good_enough(replay: Replay) -> None:
    run = github_run(1)
    whole = ci_replay.github([run], {run["id"]: [github_job(run, "deploy", 0)]})
    replay.route = lambda path, query: (
        ci_replay.Answered({"message": "Resource not accessible"}, 403, x_ratelimit_remaining="9")
        if path.endswith("/environments")
        else whole(path, query)
    )
    assert len(fetched(replay)) == 1


@pytest.mark.parametrize("document", [None, {}, {"environments": 7}, {"environments": [{"protection_rules": "x"}]}])
def test_environments_that_are_none_are_strange(document: Any) -> None:
    with pytest.raises(ValueError, match="no list of objects"):
        github_runs.gated(document)
