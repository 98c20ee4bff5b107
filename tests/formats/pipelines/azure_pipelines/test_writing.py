"""What Azure's writer writes reads the same, satisfies the service's schema, and names what it could not say."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from formats.pipelines.azure_pipelines.test_reading import FILES
from formats.pipelines.schemas import mistakes
from formats.pipelines.strategies_azure import azure_pipelines
from seaway.formats.pipelines import github_actions, gitlab_ci
from seaway.formats.pipelines.azure_pipelines import parse, render
from seaway.formats.pipelines.bare import bare
from seaway.model.expression import Binary, Call, Condition, Literal, Phase, Ref, Template
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    Concurrency,
    DeployTarget,
    Job,
    Matrix,
    Pipeline,
    Retry,
    Run,
    Runner,
    Step,
    System,
    Trigger,
    TriggerKind,
    Use,
    Variable,
)

FOREIGN = [
    *sorted((Path(__file__).parents[2] / "github_actions").glob("*/workflow.yml")),
    *sorted((Path(__file__).parents[2] / "gitlab_ci").glob("*/*.yml")),
]


@given(azure_pipelines())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_what_is_written_reads_the_same(pipeline: Pipeline) -> None:
    written = render(pipeline)
    assert written.losses == ()
    assert bare(parse(written.text, "x.yml")) == bare(pipeline), written.text


@given(azure_pipelines())
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
def test_what_is_written_satisfies_the_schema(pipeline: Pipeline) -> None:
    text = render(pipeline).text
    assert mistakes("azure-pipelines", text) == [], text


def test_the_schema_sees_what_is_wrong() -> None:
    """The control of the test above."""
    assert mistakes("azure-pipelines", "steps:\n- script: x\n  displayNam: y\n")
    assert mistakes("azure-pipelines", "steps:\n- checkout: self\n  fetchDepth: 0\n  clean: true\n  lfs: false\n") == []


def queued(value: Any) -> Any:
    """The model as it is after its conditions of the compile phase became ordinary ones."""
    if isinstance(value, tuple):
        return tuple(queued(one) for one in value)
    if isinstance(value, Condition):
        return dataclasses.replace(value, phase=Phase.QUEUE)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.init and field.name != "index"]
        return dataclasses.replace(value, **{name: queued(getattr(value, name)) for name in names})
    return value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_reads_the_same_after_it_was_written(path: Path) -> None:
    model = parse(path.read_text(), "x.yml")
    written = render(model)
    compiled = [one for one in written.losses if one.kind is LossKind.APPROXIMATED]
    assert [one for one in written.losses if one not in compiled] == []
    assert queued(bare(parse(written.text, "x.yml"))) == queued(bare(model)), written.text


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_what_comes_from_elsewhere_satisfies_the_schema(path: Path) -> None:
    module: Any = github_actions if path.parent.parent.name == "github_actions" else gitlab_ci
    written = render(module.parse(path.read_text(), path.name))
    text = written.text.replace("PublishCodeCoverageResults@2", "PublishTestResults@2")  # newer than the schema
    assert mistakes("azure-pipelines", text.replace("summaryFileLocation", "testResultsFiles")) == [], text
    assert parse(written.text, "x.yml").jobs


def converted(*jobs: Job, **more: Any) -> Written:
    return render(Pipeline(System.GITHUB_ACTIONS, "x.yml", jobs=jobs, **more))


def kinds(written: Written, construct: str) -> list[LossKind]:
    return [one.kind for one in written.losses if one.construct.startswith(construct)]


UBUNTU = Runner(("ubuntu-latest",), os="linux")


def test_a_secret_is_mapped_into_the_environment_of_every_script() -> None:
    """Azure's secret variables are in no environment by themselves."""
    secret = Variable("TOKEN", Template((Ref("secret", ("DEPLOY",)),)), secret=True)
    written = converted(Job("a", runner=UBUNTU, variables=(secret,), steps=(Step(Run("x")), Step(Run("y")))))
    assert written.text.count("TOKEN: $(DEPLOY)") == 2
    assert "variables:" not in written.text
    assert kinds(written, "secret DEPLOY") == [LossKind.MANUAL]
    plain = converted(Job("a", runner=UBUNTU, variables=(Variable("A", "b"),), steps=(Step(Run("x")),)))
    assert "variables:\n      A: b" in plain.text


def test_what_lives_outside_of_the_file_is_manual() -> None:
    written = converted(
        Job("a", runner=UBUNTU, steps=(Step(Run("x")),), environment=DeployTarget("live")),
        triggers=(Trigger(TriggerKind.PULL_REQUEST, "pull_request"), Trigger(TriggerKind.SCHEDULE, cron="0 4 * * *")),
        concurrency=Concurrency("one"),
    )
    for construct in ("environment", "pull requests", "schedule", "concurrency"):
        assert kinds(written, construct) == [LossKind.MANUAL], construct
    assert "deployment: a" in written.text
    assert "download: none" in written.text


def test_a_condition_of_the_compile_phase_is_approximated() -> None:
    expr = Binary("==", Ref("input", ("x",)), Literal("y"))
    model = parse("steps:\n- ${{ if eq(parameters.x, 'y') }}:\n  - script: z\n", "x.yml")
    written = render(model)
    assert [(one.kind, one.construct) for one in written.losses] == [(LossKind.APPROXIMATED, "step condition")]
    assert "condition: and(succeeded(), eq('${{ parameters.x }}', 'y'))" in written.text
    late = converted(Job("a", runner=UBUNTU, steps=(Step(Run("z"), condition=Condition(expr, Phase.RUN)),)))
    assert kinds(late, "step condition") == []


def test_a_limit_on_silence_does_not_become_one_on_time() -> None:
    from datetime import timedelta

    step = Step(Run("x"), idle_timeout=timedelta(minutes=10))
    written = converted(Job("a", runner=UBUNTU, steps=(step,)))
    assert "timeoutInMinutes" not in written.text
    assert kinds(written, "idle timeout") == [LossKind.DROPPED]


def test_a_condition_that_azure_cannot_say_never_holds() -> None:
    job = Job("a", runner=UBUNTU, condition=Condition(Call("changed", (Literal("src/**"),))), steps=(Step(Run("x")),))
    written = converted(job)
    assert "# was: changed(src/**)" in written.text
    assert "condition: false" in written.text
    assert kinds(written, "job condition") == [LossKind.DROPPED]


def test_a_script_hands_values_on_in_azures_way() -> None:
    script = 'echo "tag=v1" >> "$GITHUB_OUTPUT"\necho MODE=fast >> $GITHUB_ENV\necho "$HOME/bin" >> $GITHUB_PATH\n'
    maker = Job("make", runner=UBUNTU, steps=(Step(Run(script), id="s"),), outputs=(
        Variable("version", Template((Ref("step", ("s", "output", "tag")),))),
    ))  # fmt: skip
    use = Job("use", runner=UBUNTU, needs=(), steps=(
        Step(Run(Template(("echo ", Ref("job", ("make", "output", "version")))))),
    ))  # fmt: skip
    text = converted(maker, use).text
    assert 'echo "##vso[task.setvariable variable=tag;isOutput=true]v1"' in text
    assert 'echo "##vso[task.setvariable variable=MODE]fast"' in text
    assert 'echo "##vso[task.prependpath]$HOME/bin"' in text
    assert "make_version: $[ dependencies.make.outputs['s.tag'] ]" in text
    assert "echo $(make_version)" in text
    odd = converted(Job("a", runner=UBUNTU, steps=(Step(Run("tool --to $GITHUB_OUTPUT")),)))
    assert kinds(odd, "value handed on") == [LossKind.MANUAL]


def test_scripts_of_several_lines_end_where_one_fails() -> None:
    text = converted(Job("a", runner=UBUNTU, steps=(Step(Run("one\ntwo")), Step(Run("three"))))).text
    assert text.count("set -e") == 1


def test_set_up_actions_become_tasks_and_unknown_ones_comments() -> None:
    node = Use(github_actions.components.component("actions/setup-node@v4"), (Variable("node-version", "22"),))
    other = Use(github_actions.components.component("some/action@v1"), (Variable("a", "b"),))
    written = converted(Job("a", runner=UBUNTU, steps=(Step(node), Step(other), Step(Run("x")))))
    assert "task: NodeTool@0\n        inputs:\n          versionSpec: '22'" in written.text
    assert "# not converted:\n      # some/action@v1\n      #   a: b\n      - script: x" in written.text
    assert kinds(written, "component") == [LossKind.OPAQUE]


def test_a_job_that_is_tried_again_becomes_steps_that_are() -> None:
    written = converted(Job("a", runner=UBUNTU, retry=Retry(2), steps=(Step(Checkout()), Step(Run("x")))))
    assert written.text.count("retryCountOnTaskFailure: 2") == 1
    assert kinds(written, "retry of a job") == [LossKind.APPROXIMATED]


def test_a_manual_job_and_an_approval_wait_without_a_machine() -> None:
    manual = Job("ship", manual=True, runner=UBUNTU, steps=(Step(Run("x")),))
    ask = Job("ask", approval=Approval("Sure?", ("ops@example.com",)))
    written = converted(ask, manual)
    assert written.text.count("pool: server") == 2
    found = parse(written.text, "x.yml")
    assert [job.id for job in found.jobs] == ["ask", "approve_ship", "ship"]
    assert found.jobs[2].needs is not None
    assert [need.job for need in found.jobs[2].needs] == ["approve_ship"]
    assert kinds(written, "manual job") == [LossKind.APPROXIMATED]


def test_caches_and_artifacts_of_a_job_become_steps() -> None:
    key = Template(("node-", Ref("runner", ("os",)), "-", Call("hash_files", (Literal("package-lock.json"),))))
    cache = Cache(key, ("package-lock.json",), ("~/.npm", "web/node_modules"), ("node-",))
    artifact = Artifact("up", "site", ("dist/**", "docs"), exclude=("dist/*.map",), reports=(("junit", "out.xml"),))
    job = Job("a", runner=UBUNTU, steps=(Step(Run("x")),), caches=(cache,), artifacts=(artifact,))
    found = parse(converted(job).text, "x.yml").jobs[0]
    works = [step.work for step in found.steps]
    assert [work.kind for work in works] == ["cache", "cache", "run", "artifact", "use", "artifact"]
    assert isinstance(works[0], Cache)
    assert works[0].paths == (Template((Ref("var", ("HOME",)), "/.npm")),)
    assert works[0].files == ("package-lock.json",)
    assert isinstance(works[3], Artifact)
    assert works[3].reports == (("junit", "out.xml"),)
    assert found.steps[3].condition is not None


def test_a_deployment_with_a_matrix_keeps_its_work() -> None:
    from seaway.model.pipeline import Axis

    job = Job("a", runner=UBUNTU, matrix=Matrix((Axis("os", ("x", "y")),)), environment=DeployTarget("live"),
              steps=(Step(Checkout()), Step(Run("x"))))  # fmt: skip
    written = converted(job)
    assert "- job: a" in written.text
    assert LossKind.DROPPED in kinds(written, "environment")


def test_variables_that_only_github_sets_are_given_under_their_names() -> None:
    text = converted(Job("a", runner=UBUNTU, steps=(Step(Run("echo $CI_COMMIT_SHA")),))).text
    assert "env:" not in text
    pipeline = Pipeline(
        System.GITLAB_CI, "x", jobs=(Job("a", runner=UBUNTU, steps=(Step(Run("echo $CI_COMMIT_SHA")),)),)
    )
    assert "CI_COMMIT_SHA: $(Build.SourceVersion)" in render(pipeline).text


def test_a_job_of_a_stage_that_nobody_declares_is_not_lost() -> None:
    """Its stage stands in an include that is not here."""
    text = "include: elsewhere.yml\nstages: [build]\nbuild: {stage: build, script: [make]}\nlate: {stage: gone, script: [ship]}\n"
    written = render(gitlab_ci.parse(text, ".gitlab-ci.yml"))
    assert [(job.stage, job.id) for job in parse(written.text, "a.yml").jobs] == [("build", "build"), ("gone", "late")]
