"""Combinations that leave a value to the variable of its name."""

from __future__ import annotations

import pytest

from seaway import registry
from seaway.formats.pipelines.matrix_rows import whole_rows
from seaway.model.expression import Ref, Template
from seaway.model.pipeline import Job, Matrix, Pipeline, System, Variable

ROWS = Matrix(named=(("one", (("A", "1"), ("B", "x"))), ("two", (("A", "2"),))))
FILLED = (("one", (("A", "1"), ("B", "x"))), ("two", (("A", "2"), ("B", "y"))))
TEXT = """variables:
  flags: -a
jobs:
- job: a
  variables:
    image.name: ubuntu-latest
  strategy:
    matrix:
      plain: {flags: -b}
      windows: {image.name: windows-latest}
  pool:
    vmImage: $(image.name)
  steps:
  - script: make $(flags)
"""


def made(*variables: Variable) -> Pipeline:
    return Pipeline(
        System.AZURE_PIPELINES, "x", variables=variables, jobs=(Job("j", matrix=ROWS, variables=variables),)
    )


def test_what_a_combination_leaves_out_is_written_out() -> None:
    job = whole_rows(made(Variable("B", "y"), Variable("C", "z"))).jobs[0]
    assert job.matrix is not None
    assert job.matrix.named == FILLED
    assert job.variables == (Variable("C", "z"), Variable("B", Template((Ref("matrix", ("B",)),))))


def test_where_a_matrix_makes_variables_none_is_written() -> None:
    job = whole_rows(made(Variable("B", "y")), variables=False).jobs[0]
    assert job.variables == ()


@pytest.mark.parametrize("variables", [(), (Variable("C", "z"),)])
def test_other_pipelines_stay(variables: tuple[Variable, ...]) -> None:
    pipeline = made(*variables)
    assert whole_rows(pipeline) is pipeline


def converted(system: str) -> str:
    pipeline = registry.load_format("pipelines", "azure_pipelines").parse(TEXT, "azure-pipelines.yml")
    return str(registry.load_format("pipelines", system).render(pipeline).text)


def test_github_has_a_machine_for_every_combination() -> None:
    text = converted("github_actions")
    assert text.count("image.name: ubuntu-latest") == 1
    assert text.count("image.name: windows-latest") == 1
    assert "flags: ${{ matrix.flags }}" in text


def test_gitlab_has_the_values_in_its_matrix_only() -> None:
    text = converted("gitlab_ci")
    assert text.count("ubuntu-latest") == 1
    assert "windows-latest" in text
