"""`pipeline:` of seaway.yaml: what it becomes, and which mistakes are told where."""

from __future__ import annotations

from pathlib import Path

import pytest

from seaway.app import pipelines
from seaway.config import docs, loader
from seaway.errors import ConfigError
from seaway.model.expression import Binary, Literal, Ref, Template
from seaway.model.pipeline import Artifact, Pipeline, Run, System, TriggerKind

HEAD = "services:\n  shop:\n    command: [x]\nenvironments:\n  production: {}\npipeline:\n"


def parse(text: str) -> Pipeline:
    found = loader.parse((HEAD + text).encode(), Path("/nowhere/seaway.yaml")).pipeline
    assert found is not None
    return found


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


def test_the_sample_becomes_a_pipeline() -> None:
    found = loader.parse(docs.section("pipeline").encode(), Path("/nowhere/seaway.yaml")).pipeline
    assert found is not None
    assert found.system is System.SEAWAY
    assert [one.kind for one in found.triggers] == [
        TriggerKind.PUSH, TriggerKind.PULL_REQUEST, TriggerKind.TAG, TriggerKind.SCHEDULE, TriggerKind.MANUAL,
    ]  # fmt: skip
    test, deploy = found.jobs
    assert [step.work.kind for step in test.steps] == ["checkout", "run", "run", "artifact"]
    assert [step.work.kind for step in deploy.steps] == ["checkout", "artifact", "run"]
    down = deploy.steps[1].work
    assert isinstance(down, Artifact)
    assert (down.direction, down.jobs, down.into) == ("down", ("test",), "dist")
    run = test.steps[1].work
    assert isinstance(run, Run)
    assert run.script == Template(("python -m pytest --python ", Ref("matrix", ("PYTHON",))))
    assert deploy.condition is not None
    assert deploy.condition.expr == Binary(
        "&&",
        Binary("==", Ref("git", ("branch",)), Literal("main")),
        Binary("==", Ref("event", ("kind",)), Literal("push")),
    )


@pytest.mark.parametrize("system", pipelines.written_systems())
def test_the_sample_can_be_written_for_every_system_and_is_read_there_again(system: str) -> None:
    found = loader.parse(docs.section("pipeline").encode(), Path("/nowhere/seaway.yaml")).pipeline
    assert found is not None
    module = pipelines.writer(system)
    written = module.render(found)
    again = module.parse(written.text, "written")
    scripts = "\n".join(str(step.work) for job in again.jobs for step in job.steps)
    assert "coverage report" in scripts
    assert "seaway deploy production" in scripts


def test_mistakes_have_their_place() -> None:
    job = "  jobs:\n    a:\n      {}\n      steps: [{{run: x}}]\n"
    assert "9:11" in refused(job.format("if: git.branch ==")), "an expression that ends too early"
    assert "hub.branch is no value" in refused(job.format("if: hub.branch == 'x'"))
    assert "no job 'b' stands above this one" in refused(job.format("needs: [b]"))
    assert "five fields" in refused("  on:\n    schedule: [daily]\n" + job.format("timeout: 5m"))
    assert "steps" in refused("  jobs:\n    a: {runner: x}\n")
    assert "no value that is known" in refused(job.format("variables: {A: '${{ github.actor }} x ${{ foo.bar }}'}"))
    assert "did you mean" in refused(job.format("timeuot: 5m")) or "timeout" in refused(job.format("timeuot: 5m"))


def test_a_circle_of_needs_cannot_be_written() -> None:
    text = "  jobs:\n    a: {needs: [b], steps: [{run: x}]}\n    b: {needs: [a], steps: [{run: x}]}\n"
    assert "no job 'b' stands above" in refused(text)
