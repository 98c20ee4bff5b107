"""What a pipeline says about its jobs is added to recorded runs, and what was recorded stays."""

from __future__ import annotations

import pytest

from seaway.assess.runs import known
from seaway.model.runs import Conclusion, JobRun, Run, RunHistory
from support import rule_fixtures

WORKFLOW = """\
on: push
jobs:
  build:
    name: Build it
    runs-on: ubuntu-24.04
    steps: [{run: make}]
  test:
    needs: build
    strategy: {matrix: {python: ['3.12', '3.13']}}
    runs-on: ubuntu-24.04
    steps: [{run: make test}]
  ship:
    needs: [test]
    environment: production
    runs-on: ubuntu-24.04
    steps: [{run: make ship}]
  preview:
    environment: pr-${{ github.event.number }}
    runs-on: ubuntu-24.04
    steps: [{run: make preview}]
"""
GITLAB = """\
stages: [build, ship]
make:
  stage: build
  script: make
ship:
  stage: ship
  when: manual
  environment: live
  script: make ship
"""


def run(path: str, *names: str, **more: object) -> Run:
    jobs = tuple(JobRun(name, Conclusion.SUCCESS, **more) for name in names)  # type: ignore[arg-type]
    return Run("1", path, "abcdef1", 0, 9, Conclusion.SUCCESS, jobs)


def jobs(text: str, system: str, *names: str, **more: object) -> dict[str, JobRun]:
    pipeline = rule_fixtures.case(text, system).pipeline
    (found,) = known.enriched(RunHistory("r", (run(pipeline.path, *names, **more),)), [pipeline]).runs
    return {job.name: job for job in found.jobs}


def test_needs_and_environments_come_from_the_pipeline() -> None:
    found = jobs(WORKFLOW, "github_actions", "Build it", "test (3.12)", "test (3.13)", "ship", "preview", "other")
    assert found["Build it"].needs == ()
    assert found["test (3.12)"].needs == ("Build it",)
    assert found["ship"].needs == ("test (3.12)", "test (3.13)")
    assert found["ship"].environment == "production"
    assert found["preview"].environment == ""
    assert found["other"].needs is None


def test_stages_are_needs_and_persons_are_seen() -> None:
    found = jobs(GITLAB, "gitlab_ci", "make", "ship")
    assert found["ship"].needs == ("make",)
    assert found["ship"].environment == "live"
    assert found["ship"].manual
    assert not found["make"].manual


def test_what_was_recorded_stays() -> None:
    found = jobs(WORKFLOW, "github_actions", "Build it", "ship", needs=("Build it",), environment="shop")
    assert (found["ship"].needs, found["ship"].environment) == (("Build it",), "shop")


def test_runs_of_other_pipelines_stay_as_they_are() -> None:
    pipeline = rule_fixtures.case(WORKFLOW, "github_actions").pipeline
    history = RunHistory("r", (run("other.yml", "build"),))
    assert known.enriched(history, [pipeline]) == history


@pytest.mark.parametrize("name", ["test", "test (3.12, linux)", "test 1/4", "test: [aws, eu]"])
def test_instances_have_the_name_of_their_job(name: str) -> None:
    assert known.base(name) == "test"


def test_other_brackets_are_a_name() -> None:
    assert known.base("lint (fast) now") == "lint (fast) now"
    assert known.base("call / test (3.12)") == "call / test"
