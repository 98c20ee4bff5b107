"""`seaway assess --runs`: what the report says of runs, and every mistake in the file and the words."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from seaway.cli import main
from seaway.formats.history import runs
from seaway.model.runs import Run
from support import ci_replay, rule_fixtures, rule_stories_people
from support.run_stories import job, run

WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps: [{run: make}]
  test:
    needs: build
    runs-on: ubuntu-24.04
    steps: [{run: make test}]
"""


def recorded() -> list[Run]:
    return [
        run(number, [job("build", 0, 60, 10), job("test", 70, 200 + number, 5, runner="big")]) for number in range(12)
    ]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/ci.yml").write_text(WORKFLOW)
    (tmp_path / "runs.jsonl").write_text(runs.render(recorded()))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert main.run(["assess", *words]) == code
    found = capsys.readouterr()
    assert "Traceback" not in found.err
    return found.out, found.err


@pytest.mark.usefixtures("repository")
def test_the_report_tells_where_the_time_goes(capsys: pytest.CaptureFixture[str]) -> None:
    made: dict[str, Any] = json.loads(said(capsys, "--runs", "runs.jsonl", "--format", "json")[0])
    (found,) = made["bottlenecks"]
    assert (found["pipeline"], found["runs"], found["order"]) == (".github/workflows/ci.yml", 12, "recorded")
    assert {each["job"]: each["critical"]["value"] for each in found["jobs"]} == {"build": 1, "test": 1}
    assert found["cost"] is None
    assert made["files"] == [".github/workflows/ci.yml"]
    assert not [one for one in made["unknowns"] if "run history" in one["why"]]
    text, _ = said(capsys, "--runs", "runs.jsonl", "--price", "big=0.06")
    assert "TIME  .github/workflows/ci.yml" in text
    assert "machines cost" in text
    assert "without a price" in text


@pytest.mark.usefixtures("repository")
def test_without_runs_that_is_an_unknown_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(said(capsys, "--format", "json")[0])
    assert made["bottlenecks"] == []
    assert [one["path"] for one in made["unknowns"]] == ["."]
    assert "--runs FILE" in made["unknowns"][0]["why"]
    one = json.loads(said(capsys, ".github/workflows/ci.yml", "--format", "json")[0])
    assert one["unknowns"] == []


@pytest.mark.usefixtures("repository")
def test_runs_come_through_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(runs.render(recorded()).encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    made = json.loads(said(capsys, "--runs", "-", "--format", "json")[0])
    assert made["bottlenecks"][0]["runs"] == 12


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--runs", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["--price", "0.008"], "--price is about runs, and no run history was given"),
        (["--forecast", "f.jsonl"], "--forecast is about runs"),
        (["--runs", "runs.jsonl", "--landed", "x=2026-01-01"], "--landed is about a stored forecast"),
        (["--runs", "runs.jsonl", "--price", "cheap"], "'cheap' is no amount"),
        (["--runs", "runs.jsonl", "--price", "a=nan"], "'nan' is no amount"),
        (["--runs", "runs.jsonl", "--price", "-1"], "'-1' is no amount"),
        (["--runs", "runs.jsonl", "--price", "1", "--price", "2"], "every other runner has a price already"),
        (["--runs", ".github/workflows/ci.yml"], ".github/workflows/ci.yml:1:1: not JSON"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_mistakes_are_named(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    _, err = said(capsys, *words, code=2)
    assert message in err


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ci_replay.Replay]:
    found = [ci_replay.github_run(number, path=".github/workflows/ci.yml") for number in range(5)]
    jobs = {
        one["id"]: [ci_replay.github_job(one, name, at) for name, at in (("build", 0), ("test", 3))] for one in found
    }
    server = ci_replay.Replay(ci_replay.github(found, jobs))
    monkeypatch.setenv("GITHUB_API_URL", server.url)
    monkeypatch.setenv("SEAWAY_HOME", str(tmp_path / "home"))
    yield server
    server.close()


@pytest.mark.usefixtures("repository", "replay")
def test_runs_are_fetched_and_saved(capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "--from",
        "github",
        "--project",
        "octo-org/octo-repo",
        "--since",
        "2026-03-01",
        "--save-runs",
        "saved.jsonl",
    )
    out, err = said(capsys, *words, "--format", "json")
    fetched = json.loads(out)["bottlenecks"]
    assert "saved.jsonl: 5 attempts of runs written" in err
    again, _ = said(capsys, "--runs", "saved.jsonl", "--format", "json")
    assert json.loads(again)["bottlenecks"] == fetched
    assert fetched[0]["order"] == "recorded"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "github", "--runs", "runs.jsonl"], "--runs and --from"),
        (["--project", "a/b"], "--project is about runs that are fetched"),
        (["--since", "2026-01-01"], "--since is about"),
        (["--save-runs", "x"], "--save-runs is about"),
        (["--wait", "1m"], "--wait is about"),
        (["--from", "github", "--project", "a"], "'a' is no project"),
        (["--from", "jenkins"], "jenkins"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_words_that_do_not_go_together_are_named(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    _, err = said(capsys, *words, code=2)
    assert message in err


def test_a_forecast_is_kept_and_checked_when_it_has_landed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--runs", "runs.jsonl", "--forecast", "store.jsonl", "--format", "json")
    made = json.loads(said(capsys, *words)[0])
    (pipeline,) = made["bottlenecks"]
    assert pipeline["replay"]["reproduced"]
    name = f"{pipeline['pipeline']}#{pipeline['what_if'][0]['change']}"
    assert {one["state"] for one in made["forecasts"]} == {"open"}
    foretold = pipeline["what_if"][0]["after"]["value"]
    later = [run(number, [job("build", 0, 60, 10), job("test", 70, foretold - 75, 5)]) for number in range(100, 110)]
    (repository / "runs.jsonl").write_text(runs.render([*recorded(), *later]))
    checked = json.loads(said(capsys, *words, "--landed", f"{name}={later[0].sha}")[0])
    state = {one["forecast"]: one for one in checked["forecasts"]}
    assert state[name]["state"] == "held"
    assert abs(state[name]["error_s"]) < 1
    assert state[name]["after"]["value"] == foretold
    again = json.loads(said(capsys, *words)[0])
    assert {one["forecast"]: one["state"] for one in again["forecasts"]}[name] == "held"
    assert "held: " in said(capsys, *words[:4])[0]
    page, _ = said(capsys, *words[:4], "--format", "html")
    ET.fromstring(page.removeprefix("<!DOCTYPE html>"))
    for sign in ("What if: ", "test with a cache", "Seen since", f"{name}</td>", ">held<"):
        assert sign in page


@pytest.mark.parametrize(
    ("landed", "message"),
    [
        ("nothing=2026-01-01", "no forecast of that name is stored"),
        ("{name}=abcdef1234", "no run of commit abcdef1234 is recorded"),
        ("{name}=soon", "'soon' is neither a commit nor a time"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_a_landing_that_is_none_is_named(capsys: pytest.CaptureFixture[str], landed: str, message: str) -> None:
    words = ("--runs", "runs.jsonl", "--forecast", "store.jsonl")
    made = json.loads(said(capsys, *words, "--format", "json")[0])
    _, err = said(capsys, *words, "--landed", landed.format(name=made["forecasts"][0]["forecast"]), code=2)
    assert message in err


def test_deployments_and_incidents_are_set_against_runs(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("runs.jsonl", "deployments.jsonl"):
        text = (rule_fixtures.FOLDER / "manual-production-change/runs/by-hand" / name).read_text()
        (repository / name).write_text(text)
    (repository / "incidents.jsonl").write_text(
        rule_stories_people.hurt("person", "person", "person", "person", "person")
    )
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    words = ("--runs", "runs.jsonl", "--deployments", "deployments.jsonl", "--incidents", "incidents.jsonl")
    out, _ = said(capsys, *words, "--format", "json")
    found = {one["rule"]: one for one in json.loads(out)["findings"]}
    assert "2 of 8 deployments to production were made by no pipeline" in found["manual-production-change"]["message"]
    assert found["manual-production-change"]["system"] == "github_actions"
    assert "people saw 100%" in found["alerts-per-deployment"]["message"]
    without, _ = said(capsys, *words[:2], "--format", "json")
    assert "manual-production-change" not in {one["rule"] for one in json.loads(without)["findings"]}


@pytest.mark.usefixtures("repository")
def test_runs_are_fetched_from_gitlab(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(
        "stages: [build, test]\nbuild: {stage: build, script: make}\ntest: {stage: test, script: make test}\n"
    )
    found = [ci_replay.gitlab_pipeline(number) for number in range(6)]
    jobs = {
        one["id"]: [
            ci_replay.gitlab_job(number, one, name, at) for number, (name, at) in enumerate((("build", 0), ("test", 3)))
        ]
        for one in found
    }
    server = ci_replay.Replay(ci_replay.gitlab(found, jobs))
    monkeypatch.setenv("CI_API_V4_URL", server.url)
    monkeypatch.setenv("GITLAB_TOKEN", ci_replay.TOKEN)
    monkeypatch.setenv("SEAWAY_HOME", str(tmp_path / "home"))
    out, err = said(capsys, "--from", "gitlab", "--project", "acme/shop", "--since", "2026-03-01", "--format", "json")
    server.close()
    (one,) = json.loads(out)["bottlenecks"]
    assert (one["pipeline"], one["runs"], one["order"]) == (".gitlab-ci.yml", 6, "recorded")
    assert {job["job"]: job["critical"]["value"] for job in one["jobs"]} == {"build": 1, "test": 1}
    assert ci_replay.TOKEN not in out + err
    assert server.asked[0][2]["authorization"] == f"Bearer {ci_replay.TOKEN}"
