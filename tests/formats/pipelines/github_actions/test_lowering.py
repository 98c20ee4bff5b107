"""What other systems have and GitHub lacks: each is put where an expert puts it, or named as lost."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from seaway.formats.pipelines.github_actions import parse, render
from seaway.formats.pipelines.github_actions.contexts import BRANCH, KIND, TAG
from seaway.formats.pipelines.github_actions.expressions import printed_text
from seaway.formats.pipelines.github_actions.lower_files import artifact_root
from seaway.formats.pipelines.github_actions.lower_values import simplified
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Unary
from seaway.model.loss import Loss, LossKind
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Axis,
    Cache,
    Checkout,
    Component,
    Concurrency,
    DeployTarget,
    Globs,
    Image,
    Job,
    Matrix,
    Native,
    Need,
    Opaque,
    Parameter,
    Pipeline,
    Post,
    Retry,
    Rule,
    Run,
    Runner,
    Stage,
    Step,
    System,
    Trigger,
    TriggerKind,
    Unresolved,
    Use,
    Variable,
)
from seaway.model.span import Span

SPAN = Span("ci.yml", 3, 1, 3, 9, 20, 28)
SCRIPT = Step(Run("make\n"), span=SPAN)
A = Ref("env", ("A",))


def made(*jobs: Job, system: System = System.GITLAB_CI, **more: Any) -> Pipeline:
    """The pipeline as it is read again after it was written, and what was lost."""
    return parse(render(Pipeline(system, "ci.yml", jobs=jobs, **more)).text, "x.yml")


def losses(*jobs: Job, system: System = System.GITLAB_CI, **more: Any) -> list[tuple[LossKind, str]]:
    return [(one.kind, one.construct) for one in found(*jobs, system=system, **more)]


def found(*jobs: Job, system: System = System.GITLAB_CI, **more: Any) -> tuple[Loss, ...]:
    return render(Pipeline(system, "ci.yml", jobs=jobs, **more)).losses


def job(name: str = "a", *steps: Step, **more: Any) -> Job:
    return Job(name, steps=steps or (SCRIPT,), span=SPAN, **more)


def scripts(pipeline: Pipeline, name: str = "a") -> list[Any]:
    one = pipeline.job(name)
    assert one is not None
    return [step.work.script for step in one.steps if isinstance(step.work, Run)]


# Order.


def test_the_order_of_stages_becomes_needs() -> None:
    jobs = (job("a", stage="one"), job("b", stage="one"), job("c", stage="two"), job("d", stage="two", needs=()))
    pipeline = made(*jobs, stages=(Stage("one"), Stage("none"), Stage("two")), barrier=True)
    assert [[need.job for need in one.needs or ()] for one in pipeline.jobs] == [[], [], ["a", "b"], []]


def test_ids_are_what_github_takes() -> None:
    pipeline = made(job("build:app"), job("1 test", needs=(Need("build:app"),)), job("build app"))
    assert [one.id for one in pipeline.jobs] == ["build-app", "_1-test", "build-app-2"]
    assert [one.name for one in pipeline.jobs] == ["build:app", "1 test", "build app"]
    assert [need.job for need in pipeline.jobs[1].needs or ()] == ["build-app"]


def test_a_job_left_out_keeps_none_behind_it_from_running() -> None:
    asked = Condition(Binary("==", BRANCH, Literal("main")))
    jobs = (job("a", condition=asked), job("b", needs=(Need("a"),)), job("c", needs=(Need("b"),)))
    for system, text in ((System.GITLAB_CI, "${{ !failure() && !cancelled() }}"), (System.AZURE_PIPELINES, None)):
        pipeline = made(*jobs, system=system)
        assert [one.condition.text if one.condition else None for one in pipeline.jobs[1:]] == [text, text]


def test_rules_of_the_whole_run_are_asked_by_the_first_jobs() -> None:
    rules = (
        Rule(Condition(Binary("==", KIND, Literal("schedule"))), when="never"),
        Rule(Condition(Binary("==", BRANCH, Ref("git", ("default_branch",))))),
    )
    pipeline = made(job("a"), job("b", needs=(Need("a"),)), rules=rules)
    first, second = pipeline.jobs
    assert first.condition is not None
    assert (
        first.condition.text
        == "github.event_name != 'schedule' && github.ref_name == github.event.repository.default_branch"
    )
    assert second.condition is None


def test_rules_that_triggers_say_are_not_asked_again() -> None:
    rules = (
        Rule(Condition(Binary("==", KIND, Literal("pull_request")))),
        Rule(Condition(Binary("!=", TAG, Literal("")))),
    )
    assert made(job(), rules=rules).jobs[0].condition is None


def test_a_job_that_never_runs_is_left_out_with_its_edges() -> None:
    jobs = (
        job("a", condition=Condition(Literal(value=False))),
        job(
            "b", needs=(Need("a"),), condition=Condition(Binary("==", Ref("job", ("a", "result")), Literal("skipped")))
        ),
    )
    pipeline = made(*jobs)
    assert [(one.id, one.needs, one.condition) for one in pipeline.jobs] == [("b", None, None)]
    assert (LossKind.DROPPED, "job a") in losses(*jobs)


# Conditions and values.


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Binary("==", A, Literal("x")), None),  # known to hold
        (Binary("==", Ref("env", ("B",)), Literal("x")), "vars.B == 'x'"),
        (
            Binary("&&", Call("changed", (Literal("src/**"),)), Binary("==", BRANCH, Literal("m"))),
            "github.ref == 'refs/heads/m'",
        ),
        (Unary("!", Call("changed", (Literal("src/**"),))), None),
        (TAG, "startsWith(github.ref, 'refs/tags/')"),
        (Binary("=~", TAG, Literal(r"/^v\d+$/")), "startsWith(github.ref, 'refs/tags/v')"),
        (
            Call("iif", (Binary("==", BRANCH, Literal("m")), Ref("input", ("x",)), Literal("z"))),
            "github.ref == 'refs/heads/m' && inputs.x || github.ref != 'refs/heads/m'",
        ),
    ],
)
def test_conditions_stand_where_github_can_see_their_values(expr: Expr, text: str | None) -> None:
    pipeline = made(job(condition=Condition(expr)), variables=(Variable("A", "x"),), parameters=(Parameter("x"),))
    condition = pipeline.jobs[0].condition
    assert (condition.text if condition else None) == text


@pytest.mark.parametrize(
    "expr",
    [
        Ref("native", ("CI_DEPLOY_FREEZE",)),
        Ref("matrix", ("x",)),
        Ref("git", ("short_sha",)),
        Call("exists", (Literal("Dockerfile"),)),
        Binary("=~", BRANCH, Literal("/[0-9]+/")),
        Ref("job", ("elsewhere", "result")),
        Call("counter", ()),
        Ref("runner", ("os",)),
        Ref("secret", ("KEY",)),
        Ref("step", ("a", "outcome")),
    ],
)
def test_a_condition_that_github_cannot_say_never_holds_until_it_was_looked_at(expr: Expr) -> None:
    one = job(condition=Condition(expr, text="was written so", span=SPAN))
    condition = made(one).jobs[0].condition
    assert condition is not None
    assert condition.text == "vars.CONVERTED_CONDITION_REVIEWED == 'true'"
    lost = [loss for loss in found(one) if loss.construct == "job condition"]
    assert lost[0].kind is LossKind.DROPPED
    assert lost[0].source == SPAN
    assert "# was: was written so" in render(Pipeline(System.GITLAB_CI, "ci.yml", jobs=(one,))).text


@pytest.mark.parametrize(
    ("expr", "simple"),
    [
        (Binary("&&", Literal(value=True), A), A),
        (Binary("||", A, Literal(value=True)), Literal(value=True)),
        (Binary("==", Literal("A"), Literal("a")), Literal(value=True)),
        (Unary("!", Binary("==", A, Literal(1))), Binary("!=", A, Literal(1))),
        (Unary("!", Unary("!", A)), A),
        (Binary("&&", A, Binary("&&", A, A)), Binary("&&", Binary("&&", A, A), A)),
    ],
)
def test_conditions_are_made_simple(expr: Expr, simple: Expr) -> None:
    assert simplified(expr) == simple


def test_values_of_the_whole_workflow_see_neither_matrix_nor_jobs() -> None:
    values = tuple(
        Variable(f"V{n}", Template((one,))) for n, one in enumerate((A, Ref("matrix", ("x",)), Call("always")))
    )
    pipeline = made(job(), variables=(Variable("A", "b"), *values))
    assert [one.value for one in pipeline.variables[1:]] == [
        "b",
        "<matrix x in the workflow's own values>",
        "<always() outside of conditions>",
    ]
    assert losses(job(), variables=values[1:]) == [(LossKind.DROPPED, "variable")] * 2


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (Parameter("a", "choice"), "string"),
        (Parameter("a", "boolean", "maybe"), "string"),
        (Parameter("a", "boolean", "true"), "boolean"),
        (Parameter("a", "number", "1.5"), "number"),
        (Parameter("a", "number", "many"), "string"),
        (Parameter("a", "object"), "string"),
        (Parameter("a", options=("x",)), "choice"),
    ],
)
def test_inputs_have_a_type_that_fits_their_default(given: Parameter, kind: str) -> None:
    assert made(job(), parameters=(given,)).parameters[0].type == kind


# Scripts.


def test_lines_of_one_shell_are_one_step() -> None:
    steps = (
        Step(Run("cd src")),
        Step(Run("make", continues=True)),
        Step(Run("new shell")),
        Step(Run("env", continues=True), name="own"),
    )
    assert scripts(made(job("a", *steps))) == ["cd src\nmake\n", "new shell", "env"]


def test_scripts_find_the_variables_of_their_system_under_their_names() -> None:
    script = 'echo $CI_COMMIT_SHA "$CI_COMMIT_SHORT_SHA" $CI_REGISTRY $MINE $GIVEN $TOKEN $HOME; LOCAL=1; echo $LOCAL'
    one = job("a", Step(Run(script)), variables=(Variable("GIVEN", "x"),))
    pipeline = made(one)
    names = {each.name: each.value for each in pipeline.jobs[0].variables}
    assert set(names) == {"CI_COMMIT_SHA", "CI_REGISTRY", "MINE", "GIVEN", "TOKEN"}
    assert names["CI_COMMIT_SHA"] == Template((Ref("git", ("sha",)),))
    assert names["MINE"] == Template((Ref("var", ("MINE",)),))
    assert names["TOKEN"] == Template((Ref("secret", ("TOKEN",)),))
    assert scripts(pipeline)[0].startswith('export CI_COMMIT_SHORT_SHA="$(printf %.8s "$GITHUB_SHA")"\n')
    assert {
        (LossKind.MANUAL, "$MINE"),
        (LossKind.MANUAL, "secret TOKEN"),
        (LossKind.APPROXIMATED, "$CI_REGISTRY"),
    } <= set(losses(one))


def test_what_a_script_asks_about_its_machine_is_given_to_its_step() -> None:
    pipeline = made(job("a", Step(Run("echo $AGENT_OS"))), system=System.AZURE_PIPELINES)
    assert pipeline.jobs[0].variables == ()
    assert [(one.name, one.value) for one in pipeline.jobs[0].steps[0].env] == [
        ("AGENT_OS", Template((Ref("runner", ("os",)),)))
    ]


def test_parameters_are_variables_of_scripts_and_conditions() -> None:
    asked = Condition(Binary("==", Ref("env", ("LEVEL",)), Literal("x")))
    pipeline = made(
        job("a", Step(Run("echo $LEVEL")), condition=asked), parameters=(Parameter("LEVEL"),), system=System.JENKINS
    )
    assert [(one.name, one.value) for one in pipeline.jobs[0].variables] == [
        ("LEVEL", Template((Ref("input", ("LEVEL",)),)))
    ]
    assert pipeline.jobs[0].condition is not None
    assert pipeline.jobs[0].condition.text == "inputs.LEVEL == 'x'"


def test_secrets_get_names_that_github_takes() -> None:
    step = Step(Run("x"), env=(Variable("KEY", Template((Ref("secret", ("deploy-key:user",)),))),), span=SPAN)
    env = made(job("a", step), system=System.JENKINS).jobs[0].steps[0].env
    assert env[0].value == Template((Ref("secret", ("DEPLOY_KEY_USER",)),))
    lost = found(job("a", step), system=System.JENKINS)
    assert [(one.construct, one.fix) for one in lost] == [("secret deploy-key:user", "gh secret set DEPLOY_KEY_USER")]


def test_addresses_are_put_together() -> None:
    pipeline = made(job("a", Step(Run("echo $CI_PIPELINE_URL $CI_PROJECT_URL"))))
    values = {one.name: printed_text(one.value) for one in pipeline.jobs[0].variables}
    start = "${{ github.server_url }}/${{ github.repository }}"
    assert values == {"CI_PIPELINE_URL": f"{start}/actions/runs/${{{{ github.run_id }}}}", "CI_PROJECT_URL": start}


def test_a_variable_that_only_a_script_can_make_is_set_by_one() -> None:
    value = Template(("app:", Ref("git", ("short_sha",))))
    pipeline = made(job("a", Step(Run("push $TAG"))), job("b", Step(Run("other"))), variables=(Variable("TAG", value),))
    assert scripts(pipeline)[0] == 'TAG="app:$(printf %.8s "$GITHUB_SHA")"\necho "TAG=$TAG" >> "$GITHUB_ENV"\n'
    assert scripts(pipeline, "b") == ["other"]
    assert pipeline.variables == ()


def test_expressions_in_scripts_come_in_by_variables() -> None:
    script = Template(("echo ", Ref("event", ("title",)), " ", Ref("env", ("A",))))
    step = made(job("a", Step(Run(script))), system=System.AZURE_PIPELINES).jobs[0].steps[0]
    assert isinstance(step.work, Run)
    assert step.work.script == "echo ${EVENT_TITLE} ${A}"
    assert [one.name for one in step.env] == ["EVENT_TITLE"]


def test_a_script_that_pushes_keeps_its_token_and_may_write() -> None:
    pipeline = made(
        job("a", Step(Checkout(implicit=True)), Step(Run("git -C x push origin"))), job("b", Step(Checkout()))
    )
    first, second = pipeline.jobs
    assert isinstance(first.steps[0].work, Checkout)
    assert first.steps[0].work.credentials is True
    assert first.permissions is not None
    assert first.permissions.scopes == (("contents", "write"),)
    assert isinstance(second.steps[0].work, Checkout)
    assert second.steps[0].work.credentials is False
    assert pipeline.permissions is not None
    assert pipeline.permissions.scopes == (("contents", "read"),)


def test_a_pipe_fails_where_the_other_systems_bash_failed() -> None:
    assert made(job("a", Step(Run("a | b")))).jobs[0].shell == "bash"
    assert made(job("a", Step(Run("a || b")))).jobs[0].shell == ""
    assert made(job("a", Step(Run("a | b")), container=Image("alpine:3"))).jobs[0].shell == ""


# Files.


def test_artifacts_go_up_and_come_down_where_they_were() -> None:
    up = Artifact("up", paths=("out/app/*.jar", "out/app/lib/"), expires=timedelta(days=2), when="always")
    pipeline = made(
        job("a", artifacts=(up,)), job("b", needs=(Need("a"),)), job("c", needs=(Need("a", artifacts=False),))
    )
    sent = pipeline.jobs[0].steps[-1]
    assert isinstance(sent.work, Artifact)
    assert (sent.work.name, sent.work.paths, sent.work.expires) == ("a", up.paths, up.expires)
    assert sent.condition is not None
    assert sent.condition.text == "always()"
    got = pipeline.jobs[1].steps[0].work
    assert isinstance(got, Artifact)
    assert (got.name, got.into) == ("a", "out/app")
    assert not any(isinstance(step.work, Artifact) for step in pipeline.jobs[2].steps)


@pytest.mark.parametrize(
    ("paths", "root"),
    [
        (("dist/",), "dist"),
        (("dist/*.whl",), "dist"),
        (("out/report.xml",), "out"),
        (("a.txt",), ""),
        (("a/b/", "a/c/d.txt"), "a"),
        (("a/", "b/"), ""),
        (("**/*.log",), ""),
        ((Template((A,)),), ""),
    ],
)
def test_the_root_of_an_upload_is_the_folder_that_its_paths_share(paths: tuple[Any, ...], root: str) -> None:
    assert artifact_root(paths) == root


def test_names_of_artifacts_are_unique_in_a_matrix() -> None:
    matrix = Matrix((Axis("X", ("1", "2")),))
    pipeline = made(job("a", artifacts=(Artifact("up", paths=("o/",)),), matrix=matrix), job("b", needs=(Need("a"),)))
    sent, got = pipeline.jobs[0].steps[-1].work, pipeline.jobs[1].steps[0].work
    assert isinstance(sent, Artifact)
    assert sent.name == Template(("a-", Ref("native", ("strategy", "job-index"))))
    assert isinstance(got, Artifact)
    assert [(one.name, one.value) for one in got.inputs] == [("pattern", "a-*"), ("merge-multiple", "true")]


def test_caches_get_keys_that_change_with_their_files() -> None:
    caches = (
        Cache(files=("a.lock",), paths=("x",)),
        Cache(key="fixed", paths=("y",), action="restore"),
        Cache(files=("b",), paths=("z",), action="save"),
    )
    one = job("a", Step(Checkout(implicit=True)), SCRIPT, caches=caches)
    works = [step.work for step in made(one).jobs[0].steps]
    assert [type(work).__name__ for work in works] == ["Checkout", "Cache", "Cache", "Run", "Cache"]
    assert isinstance(works[1], Cache)
    assert works[1].files == ("a.lock",)
    assert isinstance(works[4], Cache)
    assert works[4].action == "save"
    assert (LossKind.APPROXIMATED, "cache key") in losses(one)


# Places.


@pytest.mark.parametrize(
    ("runner", "labels", "lost"),
    [
        (Runner(), ("ubuntu-latest",), False),
        (Runner(os="windows"), ("windows-latest",), False),
        (Runner(("macos-14",)), ("macos-14",), False),
        (Runner(("docker", "big")), ("self-hosted", "docker", "big"), True),
    ],
)
def test_runners_are_hosted_or_ones_own(runner: Runner, labels: tuple[str, ...], lost: bool) -> None:
    assert made(job(runner=runner)).jobs[0].runner.labels == labels
    assert bool(losses(job(runner=runner))) is lost


def test_machines_named_by_the_matrix_are_hosted_where_all_are() -> None:
    label = Template((Ref("matrix", ("os",)),))
    rows = (("x", (("os", "ubuntu-24.04"),)), ("y", (("os", "macos-15"),)))
    hosted = job(runner=Runner((label,)), matrix=Matrix(named=rows))
    assert made(hosted, system=System.AZURE_PIPELINES).jobs[0].runner.labels == (label,)
    own = job(runner=Runner((label,)), matrix=Matrix((Axis("os", ("mine",)),)))
    assert made(own).jobs[0].runner.labels == ("self-hosted", label)


def test_a_matrix_sets_variables_where_the_other_systems_does() -> None:
    one = job("a", Step(Run("t $PY $OTHER")), matrix=Matrix((Axis("PY", ("3.10", "3.12")),)))
    pipeline = made(one)
    assert ("PY", Template((Ref("matrix", ("PY",)),))) in [
        (each.name, each.value) for each in pipeline.jobs[0].variables
    ]
    matrix = pipeline.jobs[0].matrix
    assert matrix is not None
    assert matrix.fail_fast is False
    assert matrix.axes == (Axis("PY", ("3.10", "3.12")),)


def test_copies_that_share_the_work_are_a_matrix() -> None:
    pipeline = made(job("a", Step(Run("t $CI_NODE_INDEX/$CI_NODE_TOTAL")), parallel=3))
    assert pipeline.jobs[0].matrix is not None
    assert pipeline.jobs[0].matrix.axes[0].values == ("1", "2", "3")
    assert {one.name for one in pipeline.jobs[0].variables} == {"CI_NODE_INDEX", "CI_NODE_TOTAL"}


def test_a_persons_start_is_an_environment() -> None:
    pipeline = made(job("a", manual=True), job("b", manual=True, environment=DeployTarget("prod", "https://x")))
    assert [one.environment.name for one in pipeline.jobs if one.environment] == ["a", "prod"]
    assert [kind for kind, what in losses(job(manual=True)) if what == "when: manual"] == [LossKind.MANUAL]
    assert (LossKind.MANUAL, "approval") in losses(job(approval=Approval()), system=System.CIRCLECI)


def test_steps_after_the_others_ask_how_those_ended() -> None:
    posts = (
        Post("always", (SCRIPT,)),
        Post("failure", (SCRIPT,)),
        Post("success", (SCRIPT,)),
        Post("fixed", (SCRIPT,), SPAN),
    )
    one = job(post=posts)
    steps = made(one, system=System.JENKINS).jobs[0].steps
    assert [step.condition.text if step.condition else "" for step in steps] == ["", "always()", "failure()", ""]
    assert (LossKind.DROPPED, "post fixed") in losses(one, system=System.JENKINS)


def test_steps_after_the_whole_pipeline_are_a_job() -> None:
    pipeline = made(job("a"), job("b"), system=System.JENKINS, post=(Post("always", (SCRIPT,), SPAN),))
    last = pipeline.jobs[-1]
    assert (last.id, [need.job for need in last.needs or ()]) == ("after-always", ["a", "b"])
    assert last.condition is not None
    assert last.condition.text == "always()"


def test_outputs_that_others_read_are_declared() -> None:
    reads = Variable("V", Template((Ref("job", ("a", "output", "s.v")),)))
    jobs = (
        job("a", dataclasses.replace(SCRIPT, id="s")),
        job("b", needs=(Need("a"),)),
        job("c", needs=(Need("b"),), variables=(reads,)),
    )
    pipeline = made(*jobs, system=System.AZURE_PIPELINES)
    assert [(one.name, one.value) for one in pipeline.jobs[0].outputs] == [
        ("s-v", Template((Ref("step", ("s", "output", "v")),)))
    ]
    assert [need.job for need in pipeline.jobs[2].needs or ()] == ["b", "a"]
    assert pipeline.jobs[2].variables[0].value == Template((Ref("job", ("a", "output", "s-v")),))


# What starts it.


@pytest.mark.parametrize(
    ("triggers", "text"),
    [
        ((), "on: push\n"),
        ((Trigger(TriggerKind.PUSH, "push"), Trigger(TriggerKind.TAG, "tag")), "on: push\n"),
        ((Trigger(TriggerKind.TAG, tags=Globs(("v*",))),), "on:\n  push:\n    tags: [v*]\n"),
        (
            (Trigger(TriggerKind.PUSH, branches=Globs(("main",))), Trigger(TriggerKind.TAG)),
            "on:\n  push:\n    branches: [main]\n    tags: ['**']\n",
        ),
        ((Trigger(TriggerKind.SCHEDULE, cron="H 4 * * *"),), "on:\n  schedule:\n    - cron: 17 4 * * *\n"),
        ((Trigger(TriggerKind.SCHEDULE, cron="H/15 * * * *"),), "on:\n  schedule:\n    - cron: 7-59/15 * * * *\n"),
        ((Trigger(TriggerKind.UPSTREAM, sources=("base",)),), "on: workflow_dispatch\n"),
        ((Trigger(TriggerKind.PULL_REQUEST, branches=Globs(("main", "/x.*/"))),), "on: pull_request\n"),
    ],
)
def test_triggers_are_githubs_events(triggers: tuple[Trigger, ...], text: str) -> None:
    written = render(Pipeline(System.JENKINS, "ci.yml", jobs=(job(),), triggers=triggers)).text
    assert written.startswith(text + "\n")


def test_parameters_are_inputs_of_a_start_by_hand() -> None:
    pipeline = made(job(), parameters=(Parameter("level", options=("a", "b"), default="a"), Parameter("on", "boolean")))
    inputs = next(one for one in pipeline.triggers if one.kind is TriggerKind.MANUAL).inputs
    assert [(one.name, one.type, one.options) for one in inputs] == [
        ("level", "choice", ("a", "b")),
        ("on", "boolean", ()),
    ]


# What is lost.


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        ({"retry": Retry(2)}, (LossKind.APPROXIMATED, "retry")),
        ({"retry": Retry(2, ("runner_system_failure",))}, (LossKind.DROPPED, "retry")),
        ({"natives": (Native("a.coverage", "x", SPAN),)}, (LossKind.DROPPED, "a.coverage")),
        ({"interruptible": False}, (LossKind.DROPPED, "interruptible: false")),
        ({"concurrency": Concurrency("g", queue=True)}, (LossKind.APPROXIMATED, "queue of deployments")),
        ({"environment": DeployTarget("x", action="stop")}, (LossKind.DROPPED, "environment action stop")),
        ({"environment": DeployTarget("x", tier="production")}, (LossKind.DROPPED, "deployment_tier production")),
        ({"services": (Image("redis:7", "r"),)}, (LossKind.APPROXIMATED, "services")),
        ({"services": (Image("redis:7", "r", command=("x",)),)}, (LossKind.DROPPED, "command of a service")),
        ({"container": Image("alpine")}, (LossKind.MANUAL, "image alpine")),
        ({"matrix": Matrix(computed="x")}, (LossKind.DROPPED, "computed matrix")),
        ({"rules": (Rule(variables=(Variable("A", "b"),)),)}, (LossKind.DROPPED, "rules:variables")),
        ({"rules": (Rule(when="delayed"),)}, (LossKind.DROPPED, "when: delayed")),
        ({"rules": (Rule(when="manual"), Rule())}, (LossKind.APPROXIMATED, "rules: when: manual")),
        ({"calls": Component("child.yml", "child.yml")}, (LossKind.MANUAL, "pipeline child.yml")),
        ({"artifacts": (Artifact("up", reports=(("dotenv", "x.env"),)),)}, (LossKind.MANUAL, "report dotenv x.env")),
        ({"artifacts": (Artifact("up", reports=(("junit", "x.xml"),)),)}, (LossKind.APPROXIMATED, "report junit")),
        ({"runner": Runner(("x",), size="large")}, (LossKind.APPROXIMATED, "size large")),
    ],
)
def test_what_github_lacks_is_named(change: dict[str, Any], loss: tuple[LossKind, str]) -> None:
    assert loss in losses(dataclasses.replace(job(), **change))
    assert loss not in losses(job())


@pytest.mark.parametrize(
    ("step", "loss"),
    [
        (Step(Run("x"), retry=Retry(1), span=SPAN), (LossKind.DROPPED, "retry")),
        (Step(Run("x"), idle_timeout=timedelta(minutes=1), span=SPAN), (LossKind.DROPPED, "idle timeout")),
        (Step(Run("x"), natives=(Native("a.b", "c"),), span=SPAN), (LossKind.DROPPED, "a.b")),
        (Step(Opaque("strange thing"), span=SPAN), (LossKind.OPAQUE, "strange thing")),
        (Step(Use(Component("Task@1", "Task")), span=SPAN), (LossKind.DROPPED, "Task@1")),
        (Step(Approval(), span=SPAN), (LossKind.MANUAL, "approval")),
        (
            Step(Run("x"), condition=Condition(Literal(value=False), Phase.RUN), name="off", span=SPAN),
            (LossKind.DROPPED, "step off"),
        ),
    ],
)
def test_what_githubs_steps_lack_is_named(step: Step, loss: tuple[LossKind, str]) -> None:
    assert loss in losses(job("a", step, SCRIPT), system=System.AZURE_PIPELINES)


def test_a_step_to_be_written_by_hand_fails_until_then() -> None:
    script = scripts(made(job("a", Step(Opaque("strange ${{ thing }}\nmore"), span=SPAN))))[0]
    assert isinstance(script, (str, Template))
    text = script if isinstance(script, str) else "".join(str(part) for part in script.parts if isinstance(part, str))
    assert text.startswith("# Written in another system as:\n# strange ")
    assert text.endswith("exit 1\n")


def test_a_task_with_an_action_of_its_meaning_is_that_action() -> None:
    task = Use(
        Component("UsePythonVersion@0", "UsePythonVersion"), (Variable("versionSpec", "3.12"), Variable("odd", "x"))
    )
    one = job("a", Step(task, span=SPAN))
    work = made(one, system=System.AZURE_PIPELINES).jobs[0].steps[0].work
    assert isinstance(work, Use)
    assert work.ref.name == "actions/setup-python"
    assert [(each.name, each.value) for each in work.inputs] == [("python-version", "3.12")]
    assert losses(one, system=System.AZURE_PIPELINES) == [(LossKind.DROPPED, "UsePythonVersion odd")]


def test_no_quotes_of_a_shell_come_into_a_script_of_a_language() -> None:
    script = Template(("print('", Ref("git", ("sha",)), "/x')"))
    one = job("a", Step(Run(script, "python"), span=SPAN))
    assert made(one).jobs[0].steps[0].work == Run(script, "python")
    assert losses(one) == [(LossKind.MANUAL, "values in a script")]
    assert losses(job("a", Step(Run("print('x')", "/usr/bin/python3")))) == []


def test_no_two_uploads_of_a_run_have_the_same_name() -> None:
    up, layer = Artifact("up", paths=("o/",)), Artifact("up", paths=("l/",), layer=True)
    late = (Post("always", (Step(up),)),)
    matrix = Matrix((Axis("v", ("1", "2")),))
    every = Step(Artifact("down", layer=True))
    jobs = made(job("a/b", Step(up), Step(layer), post=late), job("m", Step(up), matrix=matrix), job("c", every)).jobs
    works = [[step.work for step in one.steps if isinstance(step.work, Artifact)] for one in jobs]
    assert [work.name for work in works[0]] == [f"{jobs[0].id}", f"workspace-{jobs[0].id}-2", f"{jobs[0].id}-3"]
    assert [work.name for work in works[1]] == [Template(("m-", Ref("native", ("strategy", "job-index"))))]
    assert [(one.name, one.value) for one in works[2][0].inputs] == [
        ("pattern", "workspace-*"),
        ("merge-multiple", "true"),
    ]


def test_what_the_whole_pipeline_loses_is_named() -> None:
    more = {"natives": (Native("pages", "x", SPAN),), "unresolved": (Unresolved("far.yml", "it is remote", SPAN),)}
    assert losses(job(), **more) == [(LossKind.DROPPED, "pages"), (LossKind.DROPPED, "far.yml")]
    stage = Stage("s", natives=(Native("tools.maven", "x", SPAN),))
    assert losses(job(stage="s"), stages=(stage,)) == [(LossKind.DROPPED, "tools.maven")]


def test_in_place_of_no_job_one_fails() -> None:
    assert [one.id for one in made().jobs] == ["nothing"]
    assert losses() == [(LossKind.DROPPED, "jobs")]


def test_runs_that_may_all_be_interrupted_end_older_ones() -> None:
    pipeline = made(job(interruptible=True))
    assert pipeline.concurrency is not None
    assert pipeline.concurrency.cancel is True
    assert made(job(interruptible=True), job("b")).concurrency is None
