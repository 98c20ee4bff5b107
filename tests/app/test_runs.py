"""Fetching run history: what is kept when it breaks off, what is asked for again, whose token goes where."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seaway import errors
from seaway.app import runs as work
from seaway.config.home import Home
from seaway.formats.history import runs as format_
from support import ci_replay
from support.ci_replay import Answered, Replay, github_job, github_run

BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
PROJECT = "octo-org/octo-repo"


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    server = Replay(served(5))
    monkeypatch.setenv("GITHUB_API_URL", server.url)
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.close()


def served(count: int, attempts: int = 1) -> ci_replay.Route:
    found = [github_run(number, run_attempt=attempts if number == 0 else 1) for number in range(count)]
    jobs = {one["id"]: [github_job(one, "build", 0)] for one in found}
    jobs[found[0]["id"]] += [github_job(found[0], "build", 5, run_attempt=number) for number in range(2, attempts + 1)]
    return ci_replay.github(found, jobs)


def fetch(home: Path, project: str = PROJECT, patience: float = 0.0) -> tuple[list[str], list[str]]:
    said: list[str] = []
    wanted = work.Wanted("github", home, project, BEGIN, patience)
    found = work.fetch(wanted, Home(home), said.append)
    return [f"{run.id}.{run.attempt}" for run in found.runs], said


def jobs_asked(replay: Replay) -> int:
    return sum(path.endswith("/jobs") for path, _, _ in replay.asked)


def test_a_run_is_asked_for_once(tmp_path: Path, replay: Replay) -> None:
    first, said = fetch(tmp_path)
    assert len(first) == 5
    assert said == ["5 runs of octo-org/octo-repo fetched, 5 known"]
    assert fetch(tmp_path) == (first, ["0 runs of octo-org/octo-repo fetched, 5 known"])
    assert jobs_asked(replay) == 5


def test_one_that_was_attempted_again_is_fetched_anew(tmp_path: Path, replay: Replay) -> None:
    before, _ = fetch(tmp_path)
    replay.route = served(6, attempts=2)
    after, said = fetch(tmp_path)
    assert said == ["2 runs of octo-org/octo-repo fetched, 6 known"] or said[0].startswith("2 runs")
    assert set(before) < set(after)
    assert "30433000.2" in after


def test_what_was_fetched_before_a_limit_stays(tmp_path: Path, replay: Replay) -> None:
    whole = replay.route

    def limited(path: str, query: dict[str, str]) -> Answered:
        return Answered({}, 429, retry_after="3600") if jobs_asked(replay) > 3 else whole(path, query)

    replay.route = limited
    with pytest.raises(errors.NotReachable, match="answers no more questions until"):
        fetch(tmp_path)
    replay.route = whole
    replay.asked.clear()
    assert len(fetch(tmp_path)[0]) == 5
    assert jobs_asked(replay) == 2


def test_an_interrupt_keeps_what_was_fetched(tmp_path: Path, replay: Replay) -> None:
    """The program itself, interrupted while it waits for an answer."""
    whole, hanging = replay.route, threading.Event()

    def hangs(path: str, query: dict[str, str]) -> Answered:
        if jobs_asked(replay) > 3:
            hanging.set()
            time.sleep(3)
        return whole(path, query)

    replay.route = hangs
    repository = tmp_path / "repository"
    repository.mkdir()
    home = tmp_path / "home"
    words = [
        sys.executable,
        "-m",
        "seaway",
        "assess",
        str(repository),
        "--from",
        "github",
        "--project",
        PROJECT,
        "--since",
        "2026-03-01",
    ]
    environment = {**os.environ, "SEAWAY_HOME": str(home)}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert hanging.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "3 runs of octo-org/octo-repo fetched, 3 known" in err
    replay.route = whole
    replay.asked.clear()
    assert len(fetch(home)[0]) == 5
    assert jobs_asked(replay) == 2


def test_how_far_it_is_is_told(tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    assert replay.url
    monkeypatch.setattr(work, "_TOLD", 2)
    assert fetch(tmp_path)[1] == [
        f"2 runs of {PROJECT} fetched so far",
        f"4 runs of {PROJECT} fetched so far",
        f"5 runs of {PROJECT} fetched, 5 known",
    ]


def test_a_line_that_was_cut_is_fetched_again(tmp_path: Path, replay: Replay) -> None:
    fetch(tmp_path)
    (file,) = (tmp_path / "runs").glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-40])
    replay.asked.clear()
    assert len(fetch(tmp_path)[0]) == 5
    assert jobs_asked(replay) == 1
    replay.asked.clear()
    assert len(fetch(tmp_path)[0]) == 5
    assert jobs_asked(replay) == 0
    assert file.stat().st_mode & 0o77 == 0 or file.parent.stat().st_mode & 0o77 == 0


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\n", b"[]\n", b'{"id": 1}\n', b'{"id": "1", "mark": "", "runs": [{}]}\n', b"[" * 99_999]
)
def test_a_store_that_is_damaged_is_no_source(tmp_path: Path, replay: Replay, damage: bytes) -> None:
    fetch(tmp_path)
    (file,) = (tmp_path / "runs").glob("*.jsonl")
    file.write_bytes(damage)
    replay.asked.clear()
    assert len(fetch(tmp_path)[0]) == 5
    assert jobs_asked(replay) == 5


def test_the_token_comes_from_the_environment(tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(tmp_path)
    assert "authorization" not in replay.asked[0][2]
    monkeypatch.setenv("GH_TOKEN", ci_replay.TOKEN)
    replay.asked.clear()
    fetch(tmp_path)
    assert replay.asked[0][2]["authorization"] == f"Bearer {ci_replay.TOKEN}"
    assert not [
        file for file in tmp_path.rglob("*") if file.is_file() and ci_replay.TOKEN.encode() in file.read_bytes()
    ]


def test_without_a_token_the_hint_says_so(tmp_path: Path, replay: Replay) -> None:
    replay.first = [Answered({"message": "Not Found"}, 404)]
    with pytest.raises(errors.NotFound) as caught:
        fetch(tmp_path)
    assert "no token was given" in caught.value.hint


@pytest.mark.parametrize(
    ("remote", "project"),
    [
        ("https://127.0.0.1/octo-org/octo-repo.git", PROJECT),
        ("https://user:secret@127.0.0.1/octo-org/octo-repo", PROJECT),
        ("ssh://git@127.0.0.1:2222/octo-org/octo-repo.git", PROJECT),
        ("git@127.0.0.1:octo-org/octo-repo.git", PROJECT),
        ("git@elsewhere.example:octo-org/octo-repo.git", ""),
        ("/srv/git/shop", ""),
        ("", ""),
    ],
)
@pytest.mark.usefixtures("replay")
def test_the_project_is_where_it_was_cloned_from(tmp_path: Path, remote: str, project: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    if remote:
        subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", remote], check=True)
    if project:
        assert len(fetch(tmp_path, "")[0]) == 5
    else:
        with pytest.raises(errors.UsageError, match="cannot be told") as caught:
            fetch(tmp_path, "")
        assert "--project" in caught.value.hint


@pytest.mark.parametrize("project", ["shop", "../../user", "a/b?c", "a/ b"])
@pytest.mark.usefixtures("replay")
def test_a_project_that_is_none_is_asked_nowhere(tmp_path: Path, replay: Replay, project: str) -> None:
    with pytest.raises((errors.UsageError, errors.NotFound)):
        fetch(tmp_path, project)
    assert not [path for path, _, _ in replay.asked if path.startswith("/user")]


def test_what_is_saved_is_read_again(tmp_path: Path, replay: Replay) -> None:
    assert replay.url
    found = work.fetch(work.Wanted("github", tmp_path, PROJECT, BEGIN, 0.0), Home(tmp_path), lambda _: None)
    work.save(found, tmp_path / "runs.jsonl")
    again = work.read(str(tmp_path / "runs.jsonl"))
    assert again is not None
    assert again.runs == found.runs
    assert format_.render(again.runs) == (tmp_path / "runs.jsonl").read_text()
    with pytest.raises(errors.UsageError, match="cannot be written"):
        work.save(found, tmp_path / "no" / "runs.jsonl")
