"""The model -> Jenkinsfile: what is written is read again as the same, and Groovy reads it too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Part

from formats.pipelines.jenkins.strategy import pipelines
from formats.pipelines.test_conversions import CASES, WRITTEN, Case
from seaway import registry
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.jenkins import lower, parse, quoting, render, write_stages, write_steps
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Unary
from seaway.model.loss import LossKind
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Axis,
    Cache,
    Checkout,
    Component,
    Concurrency,
    DeployTarget,
    Image,
    Job,
    Matrix,
    Need,
    Opaque,
    Permissions,
    Pipeline,
    Retry,
    Run,
    Runner,
    Stage,
    Step,
    System,
    Trigger,
    TriggerKind,
    Use,
    Variable,
)
from support.groovy import Oracle

FILES = {
    path.stem: path.read_bytes().decode() for path in sorted(Path(__file__).with_name("files").glob("*.jenkinsfile"))
}
FOREIGN = [case for case in CASES if case.system != "jenkins"]
# Scripted: blocks around the whole pipeline, and a folder that stages share, have no place in a declarative one.
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
SAID = {"scripted-docker-inside", "scripted-input", "scripted-pod"}


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with Oracle(tmp_path_factory.mktemp("groovy")) as found:
        yield found


def foreign(*jobs: Job, **more: Any) -> Pipeline:
    return Pipeline(System.GITHUB_ACTIONS, "x.yml", jobs=jobs, **more)


def job(name: str, *steps: Step, needs: tuple[str, ...] = (), **more: Any) -> Job:
    return Job(name, name, needs=tuple(Need(one) for one in needs), steps=steps or (Step(Run("make")),), **more)


def written(pipeline: Pipeline) -> str:
    return render(pipeline).text


def losses(pipeline: Pipeline) -> list[tuple[str, str]]:
    return [(loss.kind.value, loss.construct) for loss in render(pipeline).losses]


# --- the same again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_a_file_read_written_and_read_is_the_same(name: str) -> None:
    before = parse(FILES[name], "Jenkinsfile")
    found = render(before)
    if name in SAID:
        assert found.losses
        return
    assert found.losses == ()
    assert bare(parse(found.text, "Jenkinsfile")) == bare(before)


@settings(max_examples=40, suppress_health_check=SLOW, phases=[Part.generate])
@given(pipelines())
def test_any_pipeline_is_read_again_as_the_same(pipeline: Pipeline) -> None:
    found = render(pipeline)
    assert found.losses == ()
    assert bare(parse(found.text, "Jenkinsfile")) == bare(pipeline)


@pytest.mark.real
@settings(max_examples=25, suppress_health_check=SLOW, phases=[Part.generate])
@given(pipelines())
def test_groovy_reads_any_pipeline_that_is_written(oracle: Oracle, pipeline: Pipeline) -> None:
    assert oracle.complaint(written(pipeline)) == ""


@pytest.mark.real
@pytest.mark.parametrize("name", FILES)
def test_groovy_reads_what_is_written_of_a_file(oracle: Oracle, name: str) -> None:
    assert oracle.complaint(written(parse(FILES[name], "Jenkinsfile"))) == ""


@pytest.mark.real
@pytest.mark.parametrize("case", FOREIGN, ids=str)
def test_groovy_reads_what_is_written_of_another_system(oracle: Oracle, case: Case) -> None:
    assert oracle.complaint(written(case.read())) == ""


@pytest.mark.parametrize("case", FOREIGN, ids=str)
def test_a_pipeline_of_another_system_is_read_as_what_was_meant(case: Case) -> None:
    pipeline = case.read()
    meant = lower.lower(pipeline, Losses())
    assert bare(parse(written(pipeline), meant.path)) == bare(meant)


def test_a_writer_that_drops_or_breaks_something_is_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = parse(FILES["docker-push"], "Jenkinsfile")
    monkeypatch.setattr(write_steps, "limit", lambda _: "time: 1, unit: 'MINUTES'")
    monkeypatch.setattr(write_stages.sections_text, "post", lambda *_: None)
    assert bare(parse(written(before), "Jenkinsfile")) != bare(before)
    monkeypatch.setattr(quoting, "_literal", lambda _: "'")
    with Oracle(tmp_path) as oracle:
        assert oracle.complaint(written(parse(FILES["script-heavy"], "Jenkinsfile")))


# --- text and expressions ------------------------------------------------------------------------------------------------


TEXTS = (
    ["a", "it's", 'say "x"', "$HOME \\n", "a\n  b", "cat <<EOF\nx\nEOF", "\\", "a\tb", "\u00e9 \u4e2d"]
    + ["a\n" + "'" * count + after for count in range(1, 6) for after in ("", "b")]
    + ["a\n\\'", "a\n\\", "'''\n'"]
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_it_was(text: str) -> None:
    step = Step(Run(text), native="sh")
    again = parse(written(foreign_own(step)), "x").jobs[0].steps[-1]
    assert again.work == Run(text)


@pytest.mark.real
@pytest.mark.parametrize("text", TEXTS)
def test_groovy_reads_a_text_however_many_quotes_it_has(oracle: Oracle, text: str) -> None:
    assert oracle.complaint(written(foreign_own(Step(Run(text), native="sh")))) == ""
    mixed = Template((text, Ref("env", ("A",)), text.replace("'", '"')))
    assert oracle.complaint(written(foreign_own(Step(Run(mixed), native="sh")))) == ""


def foreign_own(step: Step) -> Pipeline:
    """A Jenkins pipeline of one step."""
    stage = Job("a", "a", stage="a", needs=(), steps=(step,))
    return Pipeline(System.JENKINS, "x", stages=(Stage("a"),), jobs=(stage,))


def test_a_first_line_that_names_a_program_stays_the_first() -> None:
    text = written(foreign(job("a", Step(Run("echo 1\necho 2", "bash")))))
    assert "sh '''#!/usr/bin/env bash\n" in text
    python = written(foreign(job("a", Step(Run("import os\nif 1:\n    print(2)", "python")))))
    assert "sh '''#!/usr/bin/env python3\nimport os\nif 1:\n    print(2)'''" in python


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Binary("==", Ref("git", ("branch",)), Literal("main")), "branch 'main'"),
        (Binary("=~", Ref("git", ("branch",)), Literal("^release/[^/]*$")), "branch 'release/*'"),
        (Binary("=~", Ref("git", ("tag",)), Literal("^v\\d+$")), "tag pattern: 'v\\\\d+', comparator: 'REGEXP'"),
        (Binary("==", Ref("event", ("kind",)), Literal("pull_request")), "changeRequest()"),
        (Binary("!=", Ref("git", ("tag",)), Literal("")), "buildingTag()"),
        (Binary("==", Ref("git", ("branch",)), Ref("git", ("default_branch",))), "environment name: 'BRANCH_IS_PRIMARY', value: 'true'"),
        (Call("changed", (Literal("a/**"), Literal("b"))), "anyOf {\n                    changeset 'a/**'\n                    changeset 'b'"),
        (Unary("!", Binary("==", Ref("git", ("branch",)), Literal("x"))), "not {\n                    branch 'x'"),
        (Binary("==", Ref("input", ("a",)), Literal(value=True)), "expression { params.a == true }"),
        (Call("starts_with", (Ref("git", ("ref",)), Literal("refs/tags/v"))), "expression { env.TAG_NAME.startsWith('v') }"),
    ],
)  # fmt: skip
def test_conditions_are_the_builtin_ones_where_there_is_one(expr: Expr, text: str) -> None:
    assert text in written(foreign(job("a", condition=Condition(expr))))


@pytest.mark.parametrize(
    ("left", "pattern", "text"),
    [
        (Ref("git", ("branch",)), "/^r-[0-9]+$/", "branch pattern: 'r-[0-9]+', comparator: 'REGEXP'"),
        (Ref("env", ("A",)), "/^a/i", "env.A =~ /(?i)^a/"),
        (Ref("git", ("message",)), "/skip/", "changelog '(?s).*skip.*'"),
        (Ref("git", ("message",)), "/^a b$/i", "changelog '(?is)^a b$'"),
    ],
)
def test_the_slashes_around_a_pattern_of_gitlab_are_not_part_of_it(left: Ref, pattern: str, text: str) -> None:
    assert text in written(foreign(job("a", condition=Condition(Binary("=~", left, Literal(pattern))))))


def test_a_part_of_a_condition_that_cannot_be_asked_is_a_loss_and_the_rest_stays() -> None:
    asked = Binary(
        "&&",
        Binary("==", Ref("git", ("branch",)), Literal("main")),
        Binary("==", Ref("job", ("x", "result")), Literal("failure")),
    )
    pipeline = foreign(job("a", condition=Condition(asked)))
    assert "branch 'main'" in written(pipeline)
    assert ("dropped", "condition of a") in losses(pipeline)


def test_a_condition_of_the_compile_phase_crosses_into_the_run() -> None:
    asked = Condition(Binary("==", Ref("input", ("a",)), Literal("b")), Phase.COMPILE)
    assert ("approximated", "condition of a") in losses(foreign(job("a", condition=asked)))


# --- order -----------------------------------------------------------------------------------------------------------------


def stages(pipeline: Pipeline) -> list[tuple[str, str, list[str]]]:
    found = lower.lower(pipeline, Losses())
    return [(one.id, one.stage, [need.job for need in one.needs or ()]) for one in found.jobs]


def test_a_chain_is_a_sequence_of_stages() -> None:
    pipeline = foreign(job("c", needs=("b",)), job("a"), job("b", needs=("a",)))
    assert stages(pipeline) == [("a", "a", []), ("b", "b", []), ("c", "c", [])]
    assert not [one for one in losses(pipeline) if "needs" in one[1]]


def test_a_diamond_has_a_parallel_stage_in_the_middle() -> None:
    pipeline = foreign(job("a"), job("b", needs=("a",)), job("c", needs=("a",)), job("d", needs=("b", "c")))
    assert stages(pipeline) == [("a", "a", []), ("b", "b, c", []), ("c", "b, c", []), ("d", "d", [])]


def test_independent_chains_are_branches_that_are_sequences() -> None:
    pipeline = foreign(job("a"), job("b", needs=("a",)), job("x"), job("y", needs=("x",)))
    assert stages(pipeline) == [("a", "a, b", []), ("b", "a, b", ["a"]), ("x", "x, y", []), ("y", "x, y", ["x"])]
    assert written(pipeline).count("parallel {") == 1
    assert not [one for one in losses(pipeline) if "needs" in one[1]]


def test_entangled_jobs_wait_for_a_level_and_say_so() -> None:
    pipeline = foreign(job("a"), job("b"), job("c", needs=("a",)), job("d", needs=("a", "b")))
    assert ("approximated", "needs of c") in losses(pipeline)
    assert [one[0] for one in stages(pipeline)] == ["a", "b", "c", "d"]


def test_a_circle_of_needs_ends() -> None:
    pipeline = foreign(job("a", needs=("b",)), job("b", needs=("a",)), job("c", needs=("c", "nobody")))
    assert {one for one, _, _ in stages(pipeline)} == {"a", "b", "c"}
    assert "dropped" in [kind for kind, _ in losses(pipeline)]


def test_two_thousand_jobs_are_arranged_in_time() -> None:
    many = [job(f"j{number}", needs=(f"j{number - 1}",) if number else ()) for number in range(2_000)]
    assert len(stages(foreign(*many))) == 2_000


def test_a_matrix_stays_one_or_is_unrolled_with_its_additions() -> None:
    axis = Axis("python-version", ("3.11", "3.12"))
    run = Step(Run(Template(("tox ", Ref("matrix", ("python-version",))))))
    alone = foreign(job("test", run, matrix=Matrix((axis,))))
    assert "values '3.11', '3.12'" in written(alone)
    assert "name 'python_version'" in written(alone)
    assert "sh 'tox ${python_version}'" in written(alone)
    more = foreign(
        job("test", run, matrix=Matrix((axis,), include=((("python-version", "3.13"), ("experimental", "yes")),)))
    )
    assert [one.name for one in lower.lower(more, Losses()).jobs] == ["test (3.11)", "test (3.12)", "test (3.13, yes)"]
    assert "experimental = 'yes'" in written(more)


def test_jobs_at_the_end_that_always_run_are_the_post_of_the_pipeline() -> None:
    text = written(
        foreign(job("a"), job("tell", Step(Run("./tell")), needs=("a",), condition=Condition(Call("failure"))))
    )
    assert "post {\n        failure {\n            // The job tell.\n            sh './tell'" in text


# --- steps -------------------------------------------------------------------------------------------------------------------


def test_what_a_step_carries_stands_around_it() -> None:
    step = Step(
        Run("make"),
        env=(Variable("A", "b"), Variable("T", Template((Ref("secret", ("token",)),)), secret=True)),
        timeout=timedelta(minutes=5),
        retry=Retry(2),
        continue_on_error=True,
        condition=Condition(Binary("==", Ref("env", ("X",)), Literal("y"))),
    )
    heads = [line.strip() for line in written(foreign(job("a", step))).splitlines() if line.strip().endswith("{")][-8:]
    assert heads == [
        "steps {",
        "script {",
        "if (env.X == 'y') {",
        "withCredentials([string(credentialsId: 'token', variable: 'T')]) {",
        "withEnv(['A=b']) {",
        "catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE') {",
        "retry(3) {",
        "timeout(time: 5, unit: 'MINUTES') {",
    ]


def test_a_secret_in_a_script_becomes_a_variable_of_the_shell() -> None:
    text = written(foreign(job("a", Step(Run(Template(("login ", Ref("secret", ("REGISTRY_TOKEN",)))))))))
    assert "withCredentials([string(credentialsId: 'REGISTRY_TOKEN', variable: 'REGISTRY_TOKEN')]) {" in text
    assert "sh 'login ${REGISTRY_TOKEN}'" in text


def test_the_variables_of_the_old_system_keep_their_names() -> None:
    pipeline = Pipeline(System.GITLAB_CI, ".gitlab-ci.yml", jobs=(job("a", Step(Run('echo "$CI_COMMIT_SHA"'))),))
    assert 'CI_COMMIT_SHA = "${env.GIT_COMMIT}"' in written(pipeline)
    assert """sh 'echo "$CI_COMMIT_SHA"'""" in written(pipeline)


def test_a_variable_that_only_the_old_system_sets_is_told() -> None:
    script = 'login "$CI_REGISTRY_PASSWORD"'
    pipeline = Pipeline(System.GITLAB_CI, ".gitlab-ci.yml", jobs=(job("a", Step(Run(script))),))
    assert losses(pipeline).count(("dropped", "$CI_REGISTRY_PASSWORD")) == 1


def test_cells_of_a_matrix_that_stash_under_one_name_are_told() -> None:
    up = Step(Artifact("up", "dist", ("dist/",)))
    cells = job("a", up, matrix=Matrix((Axis("x", ("1", "2")),)))
    assert ("manual", "files of a") in losses(foreign(cells, job("b", Step(Artifact("down", "dist")), needs=("a",))))
    assert ("manual", "files of a") not in losses(foreign(cells))


def test_artifacts_are_stashed_for_who_fetches_them_and_archived_else() -> None:
    up = Step(Artifact("up", "dist", ("dist/",)))
    down = Step(Artifact("down", "dist"))
    text = written(foreign(job("a", up), job("b", down, needs=("a",))))
    assert "stash name: 'dist', includes: 'dist/**'" in text
    assert "unstash 'dist'" in text
    assert "archiveArtifacts 'dist/**'" in written(foreign(job("a", up)))


def test_files_that_go_along_without_a_step_are_stashed_too() -> None:
    build = job(
        "build", stage="build", artifacts=(Artifact("up", paths=("out/a.bin",), reports=(("junit", "r.xml"),)),)
    )
    test = job("test", stage="test")
    stages_of = (Stage("build"), Stage("test"))
    needs_none = tuple(
        Job(one.id, one.name, one.stage, steps=one.steps, artifacts=one.artifacts) for one in (build, test)
    )
    text = written(Pipeline(System.GITLAB_CI, "x", stages=stages_of, barrier=True, jobs=needs_none))
    assert "stash name: 'build', includes: 'out/a.bin'" in text
    assert "unstash 'build'" in text
    assert "always {\n                    junit 'r.xml'" in text


def test_the_first_checkout_is_the_one_that_jenkins_does_by_itself() -> None:
    with_files = written(foreign(job("a", Step(Checkout()), Step(Run("make"))), job("b", Step(Run("x")), needs=("a",))))
    assert "checkout" not in with_files.replace("skipDefaultCheckout", "")
    assert with_files.count("skipDefaultCheckout()") == 1
    special = written(foreign(job("a", Step(Checkout(depth=1, submodules="recursive")))))
    assert (
        "checkout scmGit(branches: scm.branches, extensions: [cloneOption(depth: 1, shallow: true), submodule(recursiveSubmodules: true)]"
        in special
    )


def test_p26_an_approval_holds_no_agent() -> None:
    text = written(
        foreign(job("ask", Step(Approval("Ship it?", ("alice",), holds_runner=True))), job("b", needs=("ask",)))
    )
    assert "input {\n                message 'Ship it?'\n                submitter 'alice'" in text
    assert text.startswith("pipeline {\n    agent none\n")
    assert "agent any" not in text.split("stage('b')")[0]
    again = parse(text, "x").jobs[0]
    assert again.approval is not None
    assert not again.approval.holds_runner


# --- losses --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"services": (Image("redis:7"),)}, "service redis:7 of a"),
        ({"permissions": Permissions((("contents", "read"),))}, "permissions of a"),
        ({"environment": DeployTarget("prod")}, "environment prod"),
        ({"runner": Runner(("ubuntu-latest",))}, "runner ubuntu-latest"),
        ({"manual": True}, "manual job a"),
        ({"caches": (Cache(paths=(".npm",)),)}, "cache of .npm"),
        ({"outputs": (Variable("x", "y"),)}, "outputs of a"),
        ({"matrix": Matrix(computed="${{ fromJSON(x) }}")}, "matrix of a"),
        ({"matrix": Matrix((Axis("x", ("1", "2")),), max_parallel=1)}, "at most 1 jobs of a at once"),
        ({"concurrency": Concurrency("g", cancel=True)}, "concurrency of a"),
    ],
)
def test_what_jenkins_lacks_is_a_loss(more: dict[str, Any], kind: str) -> None:
    assert kind in [construct for _, construct in losses(foreign(job("a", **more)))]


def test_steps_that_only_their_system_knows_make_the_run_unstable_and_are_losses() -> None:
    use = Step(
        Use(Component("docker/build-push-action@v6", "docker/build-push-action", "v6"), (Variable("push", "true"),))
    )
    found = render(foreign(job("a", use, Step(Opaque("weird: true")))))
    assert "unstable 'Not converted: docker/build-push-action@v6'" in found.text
    assert "//   docker/build-push-action@v6 with push: true" in found.text
    assert [loss.kind for loss in found.losses] == [LossKind.OPAQUE, LossKind.OPAQUE]
    ready = render(
        foreign(
            job("a", Step(Use(Component("actions/setup-node@v4", "actions/setup-node", "v4"))), Step(Run("npm ci")))
        )
    )
    assert "// Here actions/setup-node@v4 got ready" in ready.text
    assert [loss.kind for loss in ready.losses] == [LossKind.MANUAL]


def test_triggers_outside_of_the_file_are_told_and_schedules_are_written() -> None:
    triggers = (
        Trigger(TriggerKind.PUSH, "push"),
        Trigger(TriggerKind.SCHEDULE, "schedule", cron="0 4 * * *"),
        Trigger(TriggerKind.SCHEDULE, "schedule", cron="0 5 * * *", timezone="Europe/Berlin"),
    )
    pipeline = foreign(job("a"), triggers=triggers)
    assert "cron('''0 4 * * *\nTZ=Europe/Berlin\n0 5 * * *''')" in written(pipeline)
    assert ("manual", "trigger push") in losses(pipeline)


def test_a_loss_points_at_its_source_and_at_the_stage_it_became() -> None:
    case = next(case for case in FOREIGN if case.system == "github_actions" and "services" in str(case))
    found = render(case.read())
    lines = found.text.splitlines()
    targets = [loss.target for loss in found.losses if loss.source is not None]
    assert targets
    assert all(target is not None for target in targets)
    assert any("stage(" in lines[target.line - 1] for target in targets if target is not None)


# --- written elsewhere ---------------------------------------------------------------------------------------------------

OTHERS = [name for name in WRITTEN if name != "jenkins"]


def told(name: str, to: str) -> list[tuple[str, str]]:
    """Losses of one of the files in another system's language."""
    module: Any = registry.load_format("pipelines", to)
    return [
        (loss.kind.value, f"{loss.construct} {loss.why}")
        for loss in module.render(parse(FILES[name], "Jenkinsfile")).losses
    ]


@pytest.mark.parametrize("to", ["github_actions", "azure_pipelines", "circleci"])
def test_p18_a_hashed_time_becomes_a_fixed_one_and_a_loss(to: str) -> None:
    assert [kind for kind, text in told("python-tox", to) if "H 2 * * 1-5" in text]
    module: Any = registry.load_format("pipelines", to)
    text = module.render(parse(FILES["python-tox"], "Jenkinsfile")).text
    assert " 2 * * 1-5" in text
    assert "H 2" not in text


@pytest.mark.parametrize("when", ["changed", "fixed", "regression", "unstable"])
@pytest.mark.parametrize("to", OTHERS)
def test_p19_an_outcome_that_others_do_not_have_is_told(to: str, when: str) -> None:
    module: Any = registry.load_format("pipelines", to)
    found = module.render(parse(FILES["post-all"], "Jenkinsfile"))
    assert any(when in f"{loss.construct} {loss.why}" for loss in found.losses) or f'echo "{when}"' in found.text


@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "circleci"])
def test_p26_an_approval_is_no_step_of_a_runner_elsewhere(to: str) -> None:
    module: Any = registry.load_format("pipelines", to)
    again = module.parse(module.render(parse(FILES["deploy-gates"], "Jenkinsfile")).text, "x.yml")
    assert not [step for found in again.jobs for step in found.steps if step.work.kind == "approval"]
    assert [
        found for found in again.jobs if found.manual or found.approval is not None or found.environment is not None
    ]


@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "azure_pipelines", "circleci"])
def test_a_folder_that_stages_share_is_told(to: str) -> None:
    assert "manual" in [kind for kind, text in told("maven-simple", to) if "workspace of test" in text]
    assert not [text for _, text in told("parallel-browsers", to) if text.startswith("workspace of")]
