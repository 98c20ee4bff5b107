"""Which jobs have ended when another begins, and which environment a job is for, in the words of each system."""

from __future__ import annotations

import pytest

from seaway.assess import places
from support import rule_fixtures

GITHUB = """\
on: push
jobs:
  lint: {runs-on: x, steps: [{run: a}]}
  test: {runs-on: x, needs: lint, steps: [{run: a}]}
  deploy: {runs-on: x, needs: [test], environment: prod, steps: [{run: a}]}
  docs: {runs-on: x, steps: [{run: a}]}
"""
GITLAB = """\
stages: [test, deploy]
lint: {stage: test, script: a}
unit: {stage: test, script: a}
deploy: {stage: deploy, script: a}
early: {stage: deploy, needs: [], script: a}
after lint: {stage: deploy, needs: [lint], script: a}
"""
JENKINS = """\
pipeline {
  agent any
  stages {
    stage('Test') {
      parallel {
        stage('Unit') { steps { sh 'a' } }
        stage('Lint') { steps { sh 'a' } }
      }
    }
    stage('Deploy') { steps { sh 'a' } }
  }
}
"""


@pytest.mark.parametrize(
    ("system", "text", "job", "early"),
    [
        ("github_actions", GITHUB, "deploy", {"lint", "test"}),
        ("github_actions", GITHUB, "docs", set()),
        ("gitlab_ci", GITLAB, "deploy", {"lint", "unit"}),
        ("gitlab_ci", GITLAB, "early", set()),
        ("gitlab_ci", GITLAB, "after lint", {"lint"}),
        ("jenkins", JENKINS, "deploy", {"unit", "lint"}),
        ("jenkins", JENKINS, "lint", set()),
    ],
)
def test_what_has_ended_before(system: str, text: str, job: str, early: set[str]) -> None:
    case = rule_fixtures.case(text, system)
    found = next(one for one in case.jobs if one.id == job)
    assert places.before(case, found) == early


def test_a_circle_of_needs_ends() -> None:
    text = "on: push\njobs:\n  a: {runs-on: x, needs: b, steps: [{run: a}]}\n  b: {runs-on: x, needs: a, steps: [{run: a}]}\n"
    case = rule_fixtures.case(text, "github_actions")
    assert places.before(case, case.jobs[0]) == {"b"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("deploy-prod", "production"),
        ("deployProduction", "production"),
        ("s3://shop-staging", "staging"),
        ("stg", "staging"),
        ("reproduce", ""),
        ("latest", ""),
        ("from dev to prod", "production"),
        ("delivery", ""),
    ],
)
def test_a_name_speaks_of_one_environment(text: str, place: str) -> None:
    assert places.named(text) == place


def test_declared_environments_come_before_names() -> None:
    case = rule_fixtures.case(GITHUB.replace("  deploy:", "  staging:"), "github_actions")
    found = next(one for one in case.jobs if one.id == "staging")
    assert places.environment_of(found) == "production"


def test_two_lines_are_the_same_but_for_the_environment() -> None:
    one, other = "docker build -t a:staging .  # first", "docker build  -t a:prod ."
    assert places.without_places(one) == places.without_places(other)
    assert places.without_places(one) != places.without_places("docker build -t b:prod .")
