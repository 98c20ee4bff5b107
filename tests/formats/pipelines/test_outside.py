"""What does not come along with the text is told once, whatever the systems: secrets, project variables, the old system's own ones."""

from __future__ import annotations

import re
from typing import Any

import pytest

from formats.pipelines.test_starting import converted
from seaway.formats.pipelines import outside
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Ref, Template
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import Axis, Job, Matrix, Pipeline, Run, Step, System, Variable

WRITTEN = [
    "github_actions",
    "gitlab_ci",
    "azure_pipelines",
    "circleci",
    "tekton",
    "jenkins",
    "teamcity",
    "teamcity_xml",
]
GITHUB = """\
    on: push
    env: {TOKEN: "${{ secrets.TOKEN }}"}
    jobs:
      a:
        runs-on: ubuntu-latest
        steps:
          - {run: 'npm publish "$NPM_TOKEN"', env: {NPM_TOKEN: "${{ secrets.NPM }}"}}
          - {run: 'npm audit "$NPM_TOKEN"', env: {NPM_TOKEN: "${{ secrets.NPM }}"}}
      b:
        runs-on: ubuntu-latest
        steps: [{run: 'curl -u "x:${{ secrets.API_TOKEN }}" "${{ vars.HOST }}"'}, {run: 'x "$TOKEN" "$GITHUB_WORKFLOW_REF"'}]
    """
CIRCLE = """\
    version: 2.1
    jobs:
      build: {docker: [{image: a:1}], steps: [{run: './x $CIRCLE_PROJECT_USERNAME $CIRCLE_SHA1 $DEPLOY_TOKEN $HOST $HOME'}]}
      again: {docker: [{image: a:1}], steps: [{run: './y $CIRCLE_PROJECT_USERNAME $DEPLOY_TOKEN'}]}
    workflows: {main: {jobs: [build, again]}}
    """
GITLAB = """\
    variables: {A_SET: "1"}
    a: {script: ['./x $CI_RUNNER_ID $CI_COMMIT_SHA $DEPLOY_TOKEN $A_SET', 'export B_SET=1', 'echo $B_SET']}
    """


def told(written: Written) -> dict[str, list[LossKind]]:
    found: dict[str, list[LossKind]] = {}
    for one in written.losses:
        if match := re.fullmatch(r"(?:secret |.*\$)(\w+)", one.construct):
            found.setdefault(match[1], []).append(one.kind)
    return found


@pytest.mark.parametrize("to", [one for one in WRITTEN if one != "github_actions"])
def test_a_secret_is_told_once(to: str) -> None:
    found = told(converted("github_actions", GITHUB, to))
    for name in ("TOKEN", "NPM", "API_TOKEN", "HOST"):
        assert found[name] == [LossKind.MANUAL], name


@pytest.mark.parametrize("to", [one for one in WRITTEN if one != "circleci"])
def test_what_only_circleci_sets_is_told_and_what_others_set_is_given(to: str) -> None:
    written = converted("circleci", CIRCLE, to)
    found = told(written)
    assert set(found["CIRCLE_PROJECT_USERNAME"]) == {LossKind.DROPPED}
    assert "CIRCLE_SHA1" not in found
    assert re.search(r"CIRCLE_SHA1(:|\n *value:| = \"|\", \"%|\" value=\"%)", written.text)
    assert found["DEPLOY_TOKEN"] == [LossKind.MANUAL]
    assert found["HOST"] == [LossKind.MANUAL]
    assert "HOME" not in found


@pytest.mark.parametrize("to", [one for one in WRITTEN if one != "gitlab_ci"])
def test_what_gitlab_keeps_in_its_project_is_told(to: str) -> None:
    found = told(converted("gitlab_ci", GITLAB, to))
    assert found["DEPLOY_TOKEN"] == [LossKind.MANUAL]
    assert found["CI_RUNNER_ID"] == [LossKind.DROPPED]
    assert not found.keys() & {"A_SET", "B_SET", "CI_COMMIT_SHA"}


def test_azure_gives_a_script_the_secret_that_it_reads() -> None:
    text = converted("gitlab_ci", GITLAB, "azure_pipelines").text
    assert "DEPLOY_TOKEN: $(DEPLOY_TOKEN)" in text
    assert "DEPLOY_TOKEN" in converted("circleci", CIRCLE, "tekton").text.partition("secretKeyRef")[2]


def test_jenkins_gives_a_script_the_secret_that_it_reads_and_teamcity_asks_for_its_password() -> None:
    jenkins = converted("gitlab_ci", GITLAB, "jenkins").text
    assert "DEPLOY_TOKEN = credentials('DEPLOY_TOKEN')" in jenkins
    assert "HOST" not in converted("circleci", CIRCLE, "jenkins").text.replace("$HOST", "")  # it is no secret
    assert 'password("env.DEPLOY_TOKEN", "")' in converted("circleci", CIRCLE, "teamcity").text
    assert 'env.DEPLOY_TOKEN" value="" spec="password' in converted("gitlab_ci", GITLAB, "teamcity_xml").text


@pytest.mark.parametrize(
    ("to", "fix"),
    [
        ("jenkins", "create a credential of the id API_TOKEN (secret text)"),
        ("teamcity", "add the password parameter API_TOKEN to the project"),
    ],
)
def test_a_secret_that_azure_puts_in_by_its_name_is_told_as_one(to: str, fix: str) -> None:
    written = converted("azure_pipelines", "steps: [{script: 'x $(API_TOKEN) $(place)'}]", to)
    assert [one.fix for one in written.losses if one.construct == "$API_TOKEN"] == [fix]
    assert ("credentials('API_TOKEN')" in written.text) is (to == "jenkins")
    assert "credentials('place')" not in written.text


def _tell(job: Job, system: System = System.GITLAB_CI, **more: Any) -> list[str]:
    losses = Losses()
    pipeline = Pipeline(system, "x", jobs=(job,), **more)
    outside.tell(pipeline, losses, System.TEKTON, lambda name, secret: f"make {name}{' secretly' if secret else ''}")
    return [f"{one.construct}: {one.fix}" for one in losses.all()]


def test_what_the_file_sets_is_not_asked_for() -> None:
    steps = (
        Step(Run("x $ONE $TWO $THREE $FOUR"), env=(Variable("ONE", "1"),)),
        Step(Run("for TWO in a b; do x; done")),
    )
    job = Job("a", steps=steps, variables=(Variable("THREE", "3"),), matrix=Matrix((Axis("FOUR", ("4",)),)))
    assert _tell(job) == []
    bare = Job("a", steps=(Step(Run("x $ONE $lower $PATH $API_KEY")),))
    assert _tell(bare) == ["$ONE: make ONE", "secret API_KEY: make API_KEY secretly"]
    assert _tell(bare, System.GITHUB_ACTIONS) == []  # there a project gives its scripts nothing by itself
    assert _tell(Job("a", template=True, steps=bare.steps)) == []


def test_a_secret_within_a_text_is_found_wherever_it_stands() -> None:
    secret = Template(("x", Ref("secret", ("S",))))
    assert _tell(Job("a", variables=(Variable("A", secret),))) == ["secret S: make S secretly"]
    assert _tell(Job("a", steps=(Step(Run(secret)), Step(Run(secret))))) == ["secret S: make S secretly"]
    assert _tell(Job("a"), variables=(Variable("A", secret),)) == ["secret S: make S secretly"]


@pytest.mark.parametrize(
    ("script", "yes"),
    [
        ("A=1", True),
        ("export A=1 B=2", True),
        ("x; local A=1", True),
        ("read -r A", True),
        ('echo "A=1" >> "$GITHUB_ENV"', True),
        ("echo '##vso[task.setvariable variable=A]1'", True),
        ("x --a=$A", False),
        ("BA=1", False),
        ("", False),
    ],
)
def test_what_sets_a_variable(script: str, yes: bool) -> None:
    assert outside.is_set("A", script) is yes
