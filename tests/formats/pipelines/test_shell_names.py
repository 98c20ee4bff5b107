"""Variables whose names no shell can say get names that it can."""

from __future__ import annotations

import pytest

from seaway import registry
from seaway.formats.pipelines.shell_names import shell_named
from seaway.model.expression import Binary, Condition, Ref, Template
from seaway.model.pipeline import Job, Pipeline, Run, Step, System, Variable


def ref(name: str) -> Template:
    return Template((Ref("env", (name,)),))


def test_a_name_with_a_dot_changes_where_it_is_set_and_where_it_is_asked_for() -> None:
    asked = Condition(Binary("==", Ref("env", ("a.b",)), Ref("var", ("a.b",))))
    step = Step(Run(ref("a.b")), condition=asked, env=(Variable("X", ref("1st")),))
    job = Job("j", variables=(Variable("1st", "1"),), steps=(step,), outputs=(Variable("a.b", "kept"),))
    found = shell_named(Pipeline(System.AZURE_PIPELINES, "x", variables=(Variable("a.b", "2"),), jobs=(job,)))
    assert [one.name for one in found.variables] == ["A_B"]
    made = found.jobs[0]
    assert [one.name for one in (*made.variables, *made.outputs)] == ["_1ST", "a.b"]
    assert made.steps[0].work == Run(ref("A_B"))
    assert made.steps[0].env == (Variable("X", ref("_1ST")),)
    assert made.steps[0].condition == Condition(Binary("==", Ref("env", ("A_B",)), Ref("var", ("a.b",))))
    assert found.job("j") is made


@pytest.mark.parametrize("others", [("A_B",), ("a-b",)])
def test_a_name_that_is_taken_stays(others: tuple[str, ...]) -> None:
    names = ("a.b", *others)
    found = shell_named(Pipeline(System.TEAMCITY, "x", variables=tuple(Variable(one, "") for one in names)))
    assert tuple(one.name for one in found.variables) == names


def test_plain_names_leave_the_pipeline_alone() -> None:
    pipeline = Pipeline(System.TEAMCITY, "x", variables=(Variable("A", "a.b"),))
    assert shell_named(pipeline) is pipeline


@pytest.mark.parametrize("system", ["github_actions", "gitlab_ci", "circleci", "tekton"])
def test_scripts_can_say_the_variables_of_azure(system: str) -> None:
    text = "variables:\n  tool.version: '3'\njobs:\n- job: a\n  steps:\n  - script: get $(tool.version) $TOOL_VERSION\n"
    pipeline = registry.load_format("pipelines", "azure_pipelines").parse(text, "azure-pipelines.yml")
    made = registry.load_format("pipelines", system).render(pipeline).text
    assert "get ${TOOL_VERSION} $TOOL_VERSION" in made
    assert "tool.version" not in made
