"""What CircleCI's writer writes reads the same, satisfies the service's schema, and names what it could not say."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from formats.pipelines.circleci.test_reading import FILES
from formats.pipelines.schemas import mistakes
from formats.pipelines.strategies_circleci import circle_pipelines
from seaway.formats.pipelines import azure_pipelines, github_actions
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.circleci import parse, render
from seaway.model.expression import Binary, Call, Condition, Literal, Phase, Ref, Template, Unary
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Axis,
    Cache,
    Checkout,
    Concurrency,
    DeployTarget,
    Globs,
    Job,
    Matrix,
    Native,
    Need,
    Permissions,
    Pipeline,
    Post,
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
    *sorted((Path(__file__).parents[2] / "azure_pipelines").glob("*/pipeline.yml")),
]
MODULES: dict[str, Any] = {"github_actions": github_actions, "azure_pipelines": azure_pipelines}


@given(circle_pipelines())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_what_is_written_reads_the_same(pipeline: Pipeline) -> None:
    written = render(pipeline)
    assert written.losses == ()
    assert bare(parse(written.text, "x.yml")) == bare(pipeline), written.text


@given(circle_pipelines())
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_what_is_written_satisfies_the_schema(pipeline: Pipeline) -> None:
    text = render(pipeline).text
    assert mistakes("circle-ci", text) == [], text


def test_the_schema_sees_what_is_wrong() -> None:
    """The control of the test above."""
    right = "version: 2.1\njobs:\n  a:\n    docker: [{image: x}]\n    steps: [checkout]\n"
    assert mistakes("circle-ci", right) == []
    assert mistakes("circle-ci", right.replace("docker", "dockr"))
    assert mistakes("circle-ci", right.replace("[checkout]", "[]"))


def spelt(value: Any) -> Any:
    """The model with the texts of natives as data: quotes may be others."""
    if isinstance(value, tuple):
        return tuple(spelt(one) for one in value)
    if isinstance(value, Native):
        return Native(value.key, str(yaml.load(value.text, yaml.CBaseLoader)))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.init and field.name != "index"]
        return dataclasses.replace(value, **{name: spelt(getattr(value, name)) for name in names})
    return value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_reads_the_same_after_it_was_written(path: Path) -> None:
    model = parse(path.read_text(), "x.yml")
    written = render(model)
    assert written.losses == ()
    assert spelt(bare(parse(written.text, "x.yml"))) == spelt(bare(model)), written.text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_that_is_written_satisfies_the_schema(path: Path) -> None:
    """Version 2 is CircleCI's, too, though the schema does not know it; the odd file holds what CircleCI would refuse."""
    found = mistakes("circle-ci", render(parse(path.read_text(), "x.yml")).text)
    allowed = ("version: 2 ", "jobs/odd/steps/1/run/when: 'sometimes'", "jobs/build/steps/1: {'type': 'shell'")
    assert [one for one in found if not one.startswith(allowed)] == []


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_what_comes_from_elsewhere_satisfies_the_schema(path: Path) -> None:
    written = render(MODULES[path.parent.parent.name].parse(path.read_text(), path.name))
    assert mistakes("circle-ci", written.text) == [], written.text
    assert parse(written.text, "x.yml").jobs


def converted(*jobs: Job, **more: Any) -> Written:
    return render(Pipeline(System.GITHUB_ACTIONS, "x.yml", jobs=jobs, **more))


def kinds(written: Written, construct: str) -> list[LossKind]:
    return [one.kind for one in written.losses if one.construct.startswith(construct)]


UBUNTU = Runner(("ubuntu-latest",), os="linux")


def test_a_limit_on_time_does_not_become_one_on_silence() -> None:
    step = Step(Run("x"), timeout=timedelta(minutes=5))
    written = converted(Job("a", runner=UBUNTU, timeout=timedelta(minutes=9), steps=(step,)))
    assert "no_output_timeout" not in written.text
    assert kinds(written, "timeout of a step") == kinds(written, "timeout of a job") == [LossKind.DROPPED]


def test_caches_are_restored_before_and_saved_behind_and_named_for_renewal() -> None:
    key = Template(("npm-", Call("hash_files", (Literal("package-lock.json"),))))
    cache = Cache(key, ("package-lock.json",), ("~/.npm",), ("npm-",))
    written = converted(Job("a", runner=UBUNTU, steps=(Step(cache), Step(Run("x")))))
    restore, script, save = (step.work for step in parse(written.text, "x.yml").jobs[0].steps)
    assert isinstance(restore, Cache)
    assert isinstance(save, Cache)
    assert (restore.action, script.kind, save.action) == ("restore", "run", "save")
    assert restore.key == save.key == Template(("v1-npm-", Call("hash_files", (Literal("package-lock.json"),))))
    assert restore.fallbacks == ("v1-npm-",)
    assert kinds(written, "cache") == [LossKind.APPROXIMATED]


def test_values_in_scripts_are_values_and_here_documents_are_not() -> None:
    script = Template(
        ("cat <<END\n", Ref("input", ("level",)), " ", Ref("git", ("sha",)), " ", Ref("env", ("A",)), "\nEND\n")
    )
    text = converted(Job("a", runner=UBUNTU, steps=(Step(Run(script)),))).text
    assert "cat \\<<END" in text
    assert "<< pipeline.parameters.level >> ${CIRCLE_SHA1} ${A}" in text
    found = parse(text, "x.yml").jobs[0].steps[0].work
    assert isinstance(found, Run)
    assert str(found.script).count("cat <<END") == 1


def test_secrets_come_from_contexts_and_other_names_are_exported() -> None:
    same = Variable("TOKEN", Template((Ref("secret", ("TOKEN",)),)), secret=True)
    other = Variable("KEY", Template((Ref("secret", ("DEPLOY",)),)), secret=True)
    written = converted(Job("a", runner=UBUNTU, variables=(same, other, Variable("A", "b")), steps=(Step(Run("x")),)))
    assert 'export KEY="${DEPLOY}"' in written.text
    assert "export TOKEN" not in written.text
    assert "environment:\n      A: b" in written.text
    assert kinds(written, "secret") == [LossKind.MANUAL, LossKind.MANUAL]


def test_conditions_find_the_place_that_can_ask_for_them() -> None:
    branch = Binary("==", Ref("git", ("branch",)), Literal("main"))
    asked = Binary("==", Ref("input", ("x",)), Literal("y"))
    inside = Binary("==", Ref("env", ("A",)), Literal("b"))
    steps = (
        Step(Run("one"), condition=Condition(asked, Phase.RUN)),
        Step(Run("two"), condition=Condition(inside, Phase.RUN)),
        Step(Run("three"), condition=Condition(Call("failure"), Phase.RUN)),
        Step(Run("four"), condition=Condition(Call("changed", (Literal("x"),)), Phase.RUN)),
    )
    written = converted(Job("a", runner=UBUNTU, condition=Condition(branch), steps=steps))
    found = parse(written.text, "x.yml").jobs[0]
    assert found.condition is not None
    assert found.condition.expr == branch
    assert [step.condition.expr if step.condition else None for step in found.steps] == [
        asked,
        None,
        Call("failure"),
        None,
    ]
    assert '{ [ "${A}" = b ]; } || exit 0' in written.text
    assert kinds(written, "step condition") == [LossKind.APPROXIMATED, LossKind.DROPPED]


def test_a_job_condition_that_filters_cannot_say_is_asked_by_its_steps() -> None:
    expr = Binary("&&", Binary("==", Ref("input", ("x",)), Literal("y")), Call("always"))
    first, second = Job("a", runner=UBUNTU, steps=(Step(Run("x")),)), Job(
        "b", runner=UBUNTU, needs=(Need("a"),), condition=Condition(expr), steps=(Step(Run("y")),)
    )  # fmt: skip
    written = converted(first, second)
    found = parse(written.text, "x.yml").jobs[1]
    assert found.needs is not None
    assert [(need.job, need.when) for need in found.needs] == [("a", "always")]
    assert found.steps[0].condition is not None
    assert kinds(written, "job condition") == [LossKind.APPROXIMATED]


def test_triggers_become_filters_of_every_job() -> None:
    push = Trigger(
        TriggerKind.PUSH, "push", Globs(("main", "release/**"), ("release/old",)), Globs(("v*",)), Globs(("src/**",))
    )
    written = converted(Job("a", runner=UBUNTU, steps=(Step(Run("x")),)), triggers=(push,))
    found = parse(written.text, "x.yml").jobs[0].condition
    assert found is not None
    assert "^release/.*$" in str(found.expr)
    assert "^v[^/]*$" in str(found.expr)
    assert kinds(written, "paths") == [LossKind.DROPPED]
    every = converted(
        Job("a", runner=UBUNTU, steps=(Step(Run("x")),)), triggers=(push, Trigger(TriggerKind.PULL_REQUEST))
    )
    assert "ignore" not in every.text
    assert kinds(every, "pull requests") == [LossKind.MANUAL]


def test_a_schedule_starts_a_workflow_of_its_own_with_the_same_jobs() -> None:
    triggers = (Trigger(TriggerKind.PUSH), Trigger(TriggerKind.SCHEDULE, cron="0 4 * * *"))
    written = converted(Job("a", runner=UBUNTU, steps=(Step(Run("x")),)), triggers=triggers)
    assert written.text.count("command: x") + written.text.count("run: x") == 1
    found = parse(written.text, "x.yml")
    assert [(job.stage, job.id) for job in found.jobs] == [("main", "a"), ("scheduled", "scheduled.a")]
    assert kinds(written, "schedule") == [LossKind.MANUAL]


def test_a_matrix_with_rows_of_its_own_becomes_jobs() -> None:
    matrix = Matrix((Axis("v", ("1", "2")),), include=((("v", "3"), ("more", "yes")),))
    script = Run(Template(("run ", Ref("matrix", ("v",)), " ", Ref("matrix", ("more",)))))
    job = Job("a", runner=UBUNTU, matrix=matrix, steps=(Step(script),))
    after = Job("b", runner=UBUNTU, needs=(Need("a"),), steps=(Step(Run("x")),))
    found = parse(converted(job, after).text, "x.yml")
    assert [one.id for one in found.jobs] == ["a-1", "a-2", "a-3-yes", "b"]
    assert [one.steps[0].work.script for one in found.jobs[:3]] == ["run 1 ", "run 2 ", "run 3 yes"]  # type: ignore[union-attr]
    assert [need.job for need in found.jobs[3].needs or ()] == ["a-1", "a-2", "a-3-yes"]
    plain = Job("a", runner=UBUNTU, matrix=Matrix((Axis("v", ("1", "2")),)), steps=(Step(Run("x")),))
    assert "v: ['1', '2']" in converted(plain).text


def test_a_language_comes_with_its_image() -> None:
    use = Use(github_actions.components.component("actions/setup-python@v5"), (Variable("python-version", "3.12"),))
    other = Use(github_actions.components.component("some/action@v1"), (Variable("a", "b"),))
    written = converted(Job("a", runner=UBUNTU, steps=(Step(use), Step(other), Step(Run("x")))))
    assert "image: cimg/python:3.12" in written.text
    assert "# not converted:\n      # some/action@v1\n      #   a: b\n      - run: x" in written.text
    assert kinds(written, "component") == [LossKind.OPAQUE]
    plain = converted(Job("a", runner=UBUNTU, steps=(Step(Run("x")),)))
    assert "image: ubuntu-2404:current" in plain.text


def test_artifacts_that_others_take_go_into_the_workspace() -> None:
    give = Job("a", runner=UBUNTU, steps=(Step(Artifact("up", "site", ("dist",))),))
    take = Job("b", runner=UBUNTU, needs=(Need("a"),), steps=(Step(Artifact("down", "site")),))
    works = [[step.work for step in job.steps] for job in parse(converted(give, take).text, "x.yml").jobs]
    assert works[0] == [Artifact("up", "site", ("dist",)), Artifact("up", paths=("dist",), into=".", layer=True)]
    assert works[1] == [Artifact("down", into=".", layer=True)]
    assert "persist_to_workspace" not in converted(give).text


def test_people_are_asked_by_approval_jobs() -> None:
    manual = Job("ship", manual=True, runner=UBUNTU, steps=(Step(Run("x")),))
    ask = Job("ask", approval=Approval("Sure?"))
    found = parse(converted(ask, manual).text, "x.yml")
    assert [(job.id, job.approval is not None) for job in found.jobs] == [
        ("ask", True),
        ("approve-ship", True),
        ("ship", False),
    ]


def test_what_has_no_place_is_said() -> None:
    job = Job(
        "a",
        runner=UBUNTU,
        steps=(Step(Checkout(depth=1, ref="x", submodules="true")), Step(Run("x"), continue_on_error=True)),
        post=(Post("always", (Step(Run("y")),)), Post("fixed", (Step(Run("z")),))),
        environment=DeployTarget("live"),
        permissions=Permissions((("contents", "read"),)),
        concurrency=Concurrency("g", cancel=True),
        outputs=(Variable("o", "v"),),
        retry=Retry(2),
    )
    written = converted(job)
    assert "x || true" in written.text
    assert "serial-group: g" in written.text
    for construct, kind in {
        "depth": LossKind.DROPPED,
        "ref": LossKind.DROPPED,
        "submodules": LossKind.DROPPED,
        "post fixed": LossKind.DROPPED,
        "environment": LossKind.MANUAL,
        "permissions": LossKind.DROPPED,
        "concurrency": LossKind.APPROXIMATED,
        "outputs": LossKind.DROPPED,
        "retry": LossKind.APPROXIMATED,
    }.items():
        assert kinds(written, construct) == [kind], construct
    assert written.text.count("max_auto_reruns: 2") >= 1
    last = parse(written.text, "x.yml").jobs[0].steps[-1]
    assert last.condition is not None
    assert last.condition.expr == Call("always")


def test_a_windows_job_gets_a_windows_machine_and_a_macos_one_a_guess_that_is_said() -> None:
    windows = Job("w", runner=Runner(("windows-2022",), os="windows"), steps=(Step(Run("x", "pwsh")),))
    macos = Job("m", runner=Runner(("macos-14",), os="macos"), steps=(Step(Run("x")),))
    written = converted(windows, macos)
    assert "resource_class: windows.medium" in written.text
    assert "xcode: 16.2.0" in written.text
    assert kinds(written, "runner") == [LossKind.MANUAL]
    own = converted(Job("o", runner=Runner(("self-hosted", "gpu")), steps=(Step(Run("x")),)))
    assert kinds(own, "runner") == [LossKind.MANUAL]


def test_filters_say_the_opposite_with_ignore() -> None:
    branch = Ref("git", ("branch",))
    no = Unary("!", Binary("||", Binary("==", branch, Literal("a")), Call("starts_with", (branch, Literal("b.")))))
    text = converted(Job("a", runner=UBUNTU, condition=Condition(no), steps=(Step(Run("x")),))).text
    assert "ignore: [a, /b\\..*/]" in text
