"""What every adapter of the port `ci` promises, on recorded exchanges over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from seaway import errors, registry
from seaway.formats.history import runs as format_
from seaway.model.runs import CiSource, Run
from seaway.ports.ci import Ci
from support import ci_replay
from support.ci_replay import TOKEN, Answered, Replay

BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
PROJECTS = {"github": "octo-org/octo-repo", "gitlab": "acme/shop"}


def route(system: str, count: int) -> ci_replay.Route:
    """A server that recorded so many runs, each with a build and two tests."""
    if system == "github":
        found = [ci_replay.github_run(number) for number in range(count)]
        jobs = {
            run["id"]: [
                ci_replay.github_job(run, name, at) for name, at in (("build", 0), ("test (1)", 3), ("test (2)", 3))
            ]
            for run in found
        }
        return ci_replay.github(found, jobs)
    made = [ci_replay.gitlab_pipeline(number) for number in range(count)]
    rows = {
        one["id"]: [
            ci_replay.gitlab_job(number, one, name, at)
            for number, (name, at) in enumerate((("build", 0), ("test 1/2", 3), ("test 2/2", 3)))
        ]
        for one in made
    }
    return ci_replay.gitlab(made, rows)


class Asked:
    """An adapter beside its server. `said`: what it told; `slept`: how long it waited."""

    def __init__(self, system: str, replay: Replay, patience: float = 900.0) -> None:
        self.replay = replay
        self.said: list[str] = []
        self.slept: list[float] = []
        source = CiSource(replay.url, PROJECTS[system], patience)
        self.ci: Ci = registry.load("ci", system)(source, lambda: TOKEN, self.said.append, self.slept.append)

    def runs(self, since: float = BEGIN) -> list[Run]:
        return [run for one in self.ci.listed(since) for run in self.ci.attempts(one)]


@pytest.fixture(params=registry.names("ci"))
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def served(system: str) -> Iterator[Callable[..., Asked]]:
    made: list[Asked] = []

    def serve(count: int = 3, **more: Any) -> Asked:
        made.append(Asked(system, Replay(route(system, count)), **more))
        return made[-1]

    yield serve
    for one in made:
        one.ci.close()
        one.replay.close()


def test_runs_come_with_their_jobs_and_times(served: Callable[..., Asked]) -> None:
    found = served().runs()
    assert len(found) == 3
    newest = found[0]
    assert newest.queued == BEGIN + 20 * 60
    assert (newest.finished, newest.sha, newest.branch, newest.trigger) == (BEGIN + 1520, ci_replay.SHA, "main", "push")
    assert newest.conclusion.passed
    build = newest.jobs[0]
    assert (build.name, build.work) == ("build", 120)
    assert 15 <= build.queue <= 20
    assert build.runner
    assert build.needs is None
    assert len(newest.jobs) == 3


def test_what_was_fetched_is_read_again_from_a_file(served: Callable[..., Asked]) -> None:
    found = served().runs()
    assert format_.parse(format_.render(found).encode(), "r") == found


def test_every_page_is_read_and_nothing_twice(served: Callable[..., Asked]) -> None:
    asked = served(230)
    ids = [one.id for one in asked.ci.listed(BEGIN)]
    assert len(ids) == len(set(ids)) == 230
    assert len(asked.replay.asked) == 3


def test_a_time_is_a_limit(served: Callable[..., Asked]) -> None:
    assert len(list(served(9).ci.listed(BEGIN + 50 * 60))) in {4, 5}


def test_the_token_goes_into_a_header_and_nowhere_else(served: Callable[..., Asked]) -> None:
    asked = served()
    asked.runs()
    assert all(headers["authorization"] == f"Bearer {TOKEN}" for _, _, headers in asked.replay.asked)
    assert not [path for path, query, _ in asked.replay.asked if TOKEN in f"{path}{query}"]
    asked.replay.first = [Answered({"message": f"bad credentials {TOKEN}"}, 401)]
    with pytest.raises(errors.Refused, match="answered 401") as caught:
        asked.runs()
    assert TOKEN not in str(caught.value)
    assert "token" in caught.value.hint


def test_a_limit_is_waited_for_aloud(served: Callable[..., Asked]) -> None:
    asked = served()
    asked.replay.first = [Answered({"message": "slow down"}, 429, retry_after="7")]
    assert len(asked.runs()) == 3
    assert asked.slept == [8.0]
    assert "answers no more questions until" in asked.said[0]


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_says_when_it_ends_is_waited_for(served: Callable[..., Asked], status: int) -> None:
    asked = served()
    until = str(int(time.time()) + 120)
    limit = Answered({"message": "API rate limit exceeded"}, status, x_ratelimit_remaining="0", x_ratelimit_reset=until)
    asked.replay.first = [limit]
    asked.runs()
    assert 100 < asked.slept[0] <= 122


def test_more_than_the_patience_is_told_and_not_waited_for(served: Callable[..., Asked]) -> None:
    asked = served(patience=60.0)
    asked.replay.first = [Answered({}, 429, retry_after="30"), Answered({}, 429, retry_after="40")]
    with pytest.raises(errors.NotReachable, match="answers no more questions until") as caught:
        asked.runs()
    assert asked.slept == [31.0]
    assert "what was fetched is kept" in caught.value.hint


def test_forbidden_is_no_limit(served: Callable[..., Asked]) -> None:
    asked = served()
    asked.replay.first = [Answered({"message": "Resource not accessible"}, 403, x_ratelimit_remaining="4999")]
    with pytest.raises(errors.Refused, match="answered 403"):
        asked.runs()
    assert asked.slept == []


def test_a_project_that_is_not_there_is_named(served: Callable[..., Asked]) -> None:
    asked = served()
    asked.replay.route = lambda _path, _query: Answered({"message": "Not Found"}, 404)
    with pytest.raises(errors.NotFound, match="answered 404"):
        asked.runs()


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"", b"[1]", b'{"workflow_runs": 7}', b'[{"status": "success"}]', b"[" * 100_000, b'{"workflow_runs": [{"status": "completed"}]}'],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(served: Callable[..., Asked], body: bytes) -> None:
    asked = served()
    asked.replay.first = [Answered(body)]
    with pytest.raises(errors.Refused, match="no list of runs or jobs"):
        asked.runs()


def test_a_project_that_has_moved_is_not_followed(served: Callable[..., Asked]) -> None:
    asked = served()
    other = Replay(lambda _path, _query: Answered([]))
    asked.replay.first = [Answered({}, 301, location=f"{other.url}/elsewhere")]
    with pytest.raises(errors.NotFound, match="is called otherwise now"):
        asked.runs()
    other.close()
    assert other.asked == []


def test_a_server_that_is_away_is_told_with_what_to_do(served: Callable[..., Asked]) -> None:
    asked = served()
    asked.replay.route = lambda _path, _query: Answered({}, 503)
    with pytest.raises(errors.NotReachable, match="did not answer: it answered 503") as caught:
        asked.runs()
    assert "what was fetched is kept" in caught.value.hint


def test_a_server_that_stumbles_is_asked_again(served: Callable[..., Asked]) -> None:
    asked = served()
    asked.replay.first = [Answered({}, 502), Answered({}, 503)]
    assert len(asked.runs()) == 3
