"""Who may let a job go on is said in every system, by names and without TeamCity's marks; everybody is nobody to name."""

from __future__ import annotations

import pytest

from formats.pipelines.test_starting import converted
from seaway.formats.pipelines import approvers
from seaway.model.loss import Written
from seaway.model.pipeline import Approval, Job, Run, Step

RULES = "user:ada\nuser:grace\ngroup:OPERATORS:2"
TEAMCITY = """\
    import jetbrains.buildServer.configs.kotlin.*
    version = "2024.12"
    project {{ buildType(Ship) }}
    object Ship : BuildType({{
        name = "Ship"
        steps {{ script {{ scriptContent = "./ship" }} }}
        features {{ approval {{ approvalRules = "{rules}" }} }}
    }})
    """
JENKINS = """\
    pipeline {
        agent any
        stages {
            stage('Ship') {
                steps {
                    sh 'make'
                    input message: 'Go?', submitter: 'ada,grace'
                    sh './ship'
                }
            }
        }
    }
    """


def said(written: Written) -> str:
    """Everything that is written and told."""
    return "\n".join([written.text, *(f"{one.construct}: {one.why} {one.fix}" for one in written.losses)])


def shipped(to: str, rules: str = RULES) -> str:
    return said(converted("teamcity", TEAMCITY.format(rules=rules.replace("\n", "\\n")), to))


EVERY = ["github_actions", "gitlab_ci", "azure_pipelines", "circleci", "tekton", "jenkins"]


@pytest.mark.parametrize("to", EVERY)
def test_approvers_of_teamcity_are_named(to: str) -> None:
    found = shipped(to)
    for name in ("ada", "grace", "OPERATORS"):
        assert name in found
    assert "user:" not in found
    assert "group:" not in found


@pytest.mark.parametrize("to", EVERY)
def test_everybody_is_nobody_to_name(to: str) -> None:
    found = shipped(to, "group:ALL_USERS_GROUP:1")
    assert "ALL_USERS_GROUP" not in found
    assert " ()" not in found


@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "azure_pipelines", "circleci", "tekton", "teamcity"])
def test_approvers_of_a_step_are_named(to: str) -> None:
    found = said(converted("jenkins", JENKINS, to))
    assert "ada" in found
    assert "grace" in found


def test_names_of_rules() -> None:
    assert approvers.names(["user:ada", "ada", "group:OPERATORS:2", "a@b.c", "[team]\\all"]) == (
        "ada",
        "OPERATORS",
        "a@b.c",
        "[team]\\all",
    )
    assert approvers.names(["user:ada", "group:ALL_USERS_GROUP:1"]) == ()
    assert approvers.chosen([]) == ""
    assert approvers.chosen(["user:ada", "bob"]) == " (ada, bob)"


def test_a_job_names_its_own_and_those_of_its_steps() -> None:
    steps = (Step(Run("x")), Step(Approval(who=("grace",))))
    assert approvers.of_job(Job("a", approval=Approval(who=("user:ada",)), steps=steps)) == ("ada", "grace")
    assert approvers.of_job(Job("a", steps=steps[:1])) == ()
