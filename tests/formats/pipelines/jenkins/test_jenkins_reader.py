"""Jenkinsfiles -> model. The files in `files/` were written after the shapes that public repositories have."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from seaway.errors import ConfigError
from seaway.formats.groovy import nodes
from seaway.formats.groovy import read as read_groovy
from seaway.formats.pipelines.expand import expand, in_words
from seaway.formats.pipelines.jenkins import parse
from seaway.formats.pipelines.sources import from_mapping
from seaway.model import pipeline as nouns
from seaway.model.expression import Binary, Call, Literal, Ref, Template
from seaway.model.pipeline import Approval, Artifact, Checkout, Job, Opaque, Pipeline, Run, Step, TriggerKind, Use
from support.groovy import Oracle

FILES = {
    path.stem: path.read_bytes().decode() for path in sorted(Path(__file__).with_name("files").glob("*.jenkinsfile"))
}


def read(body: str) -> Pipeline:
    """A pipeline with these stages."""
    return parse(f"pipeline {{\n  agent any\n  stages {{\n{body}\n  }}\n}}\n", "Jenkinsfile")


def job(steps: str) -> Job:
    """The job of one stage with these steps."""
    (found,) = read(f"stage('x') {{\nsteps {{\n{steps}\n}}\n}}").jobs
    return found


def written(steps: str) -> list[Step]:
    """Steps without the checkout that nobody wrote."""
    return [step for step in job(steps).steps if not (isinstance(step.work, Checkout) and step.work.implicit)]


def one(steps: str) -> Step:
    (step,) = written(steps)
    return step


# --- every file ------------------------------------------------------------------------------------------------------


@pytest.mark.real
def test_groovy_reads_the_same_files(tmp_path: Path) -> None:
    with Oracle(tmp_path) as oracle:
        assert {name: oracle.complaint(text) for name, text in FILES.items() if oracle.complaint(text)} == {}


def test_there_are_enough_files() -> None:
    assert len(FILES) >= 60


def _values(value: object) -> Iterator[object]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _values(item)
    elif isinstance(value, nodes.Node):
        yield value
        for field in dataclasses.fields(value):
            yield from _values(getattr(value, field.name))


def _words(text: str) -> set[str]:
    """Every word of every text and name in the file."""
    found: set[str] = set()
    for node in _values(read_groovy(text, "x").body):
        if isinstance(node, nodes.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"\w+", node.value))
        elif isinstance(node, nodes.GString):
            for part in node.parts:
                found |= set(re.findall(r"\w+", part)) if isinstance(part, str) else set()
    return found


def _texts(value: object) -> Iterator[str]:
    """Every text in a model."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name != "span":
                yield from _texts(getattr(value, field.name))


# Words of the file's form, whose meaning the model has in another form.
FORM = {
    "script",
    "label",
    "name",
    "time",
    "unit",
    "resource",
    "pattern",
    "target",
    "artifacts",
    "includes",
    "excludes",
    "testResults",
    "job",
    "parameters",
    "value",
    "message",
    "credentialsId",
    "variable",
    "usernameVariable",
    "passwordVariable",
    "keyFileVariable",
    "choices",
    "defaultValue",
    "description",
    "url",
    "branch",
    "cause",
    "expected",
    "actual",
    "activity",
    "class",
    "abortPrevious",
    "upstreamProjects",
    "scm",
    "buildResult",
    "stageResult",
    "SUCCESS",
    "UNSTABLE",
    "comparator",
    "REGEXP",
    "EQUALS",
    "GLOB",
    "MINUTES",
    "SECONDS",
    "HOURS",
    "DAYS",
    "TimerTrigger",
    "UserIdCause",
    "returnStdout",
    "spec",
    "TZ",
    "weekends",
    "fingerprint",
    "submitter",
    "failFast",
    "ok",
    "image",
    "args",
}


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_a_file_is_dropped(name: str) -> None:
    pipeline = parse(FILES[name], "Jenkinsfile")
    known = {word for text in _texts(pipeline) for word in re.findall(r"\w+", text)}
    lost = {
        word for word in _words(FILES[name]) if word not in known and word not in FORM and word.lower() not in known
    }
    assert lost <= _durations(FILES[name]), lost


def _durations(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def test_the_test_above_can_fail() -> None:
    text = FILES["maven-simple"]
    assert _words(text.replace("mvn test", "lostword")) - _words(text) == {"lostword"}


@pytest.mark.parametrize("name", FILES)
def test_spans_cut_out_what_they_name(name: str) -> None:
    text = FILES[name]
    pipeline = parse(text, "Jenkinsfile")
    for found, step in nouns.steps(pipeline):
        if step.span is None:
            assert isinstance(step.work, Checkout)
            assert step.work.implicit
            continue
        cut = text[step.span.start : step.span.end]
        assert cut.strip() == cut
        assert text.count("\n", 0, step.span.start) + 1 == step.span.line
        if isinstance(step.work, Opaque):
            assert step.work.text == cut
        elif step.native:
            assert step.native in cut
        if found is not None and found.span is not None:
            assert found.span.path == "Jenkinsfile"
    for each in pipeline.jobs:
        assert each.span is not None


@pytest.mark.parametrize("name", FILES)
def test_it_expands(name: str) -> None:
    pipeline = expand(parse(FILES[name], "Jenkinsfile"))
    ids = {each.id for each in pipeline.jobs}
    assert len(ids) == len(pipeline.jobs)
    for each in pipeline.jobs:
        assert {need.job for need in each.needs or ()} <= ids


# --- order -----------------------------------------------------------------------------------------------------------


def test_stages_in_order_parallel_and_nested() -> None:
    pipeline = parse(FILES["nested-sequential"], "Jenkinsfile")
    assert [each.id for each in pipeline.jobs] == ["build", "test", "windows-build", "windows-test", "publish"]
    needs = {each.id: [need.job for need in each.needs or ()] for each in expand(pipeline).jobs}
    assert needs == {
        "build": [],
        "test": ["build"],
        "windows-build": [],
        "windows-test": ["windows-build"],
        "publish": ["build", "test", "windows-build", "windows-test"],
    }
    assert [(stage.name, stage.parent) for stage in pipeline.stages] == [
        ("All", ""),
        ("Linux", "All"),
        ("Windows", "All"),
        ("Publish", ""),
    ]
    assert pipeline.jobs[0].runner.labels == ("linux",)
    assert pipeline.jobs[0].workspace == pipeline.jobs[1].workspace == "Linux"
    assert pipeline.jobs[4].workspace == ""


def test_a_matrix_with_excludes_by_what_they_are_not() -> None:
    pipeline = parse(FILES["python-tox"], "Jenkinsfile")
    matrix = pipeline.jobs[0].matrix
    assert matrix is not None
    assert [(axis.name, axis.values) for axis in matrix.axes] == [
        ("PY", ("3.10", "3.11", "3.12")),
        ("DB", ("sqlite", "postgres")),
    ]
    assert matrix.exclude == ((("PY", "3.10"), ("DB", "postgres")),)
    run = next(each for each in expand(pipeline).jobs if each.id == "run (3.11, postgres)")
    assert len(run.needs or ()) == 5
    assert run.variables[0].value == Template((Ref("matrix", ("PY",)),))


def test_parallel_as_the_only_step_makes_jobs() -> None:
    pipeline = parse(FILES["script-parallel"], "Jenkinsfile")
    assert [(each.id, each.stage) for each in pipeline.jobs] == [
        ("unit", "Shards"),
        ("integration", "Shards"),
        ("mixed", "Mixed"),
    ]
    assert pipeline.stages[0].natives[0].key == "failFast"
    mixed = [step.natives[0].text for step in pipeline.jobs[2].steps if step.natives]
    assert mixed == ["parallel a", "parallel b"]


# --- P10, P11: what is known is typed, the rest stays ------------------------------------------------------------------


def test_p10_an_unknown_statement_is_opaque_and_its_neighbours_are_typed() -> None:
    pipeline = read(
        "stage('a') {\nsteps {\nsh '1'\n%% odd { } [\nsh '2'\n}\n}\nstage('b') {\nsteps {\nsh '3'\n}\n}".replace(
            " [", ""
        )
    )
    kinds = [[step.work.kind for step in each.steps] for each in pipeline.jobs]
    assert kinds == [["checkout", "run", "opaque", "run"], ["checkout", "run"]]


def test_p11_script_is_interpreted_as_far_as_it_is_known() -> None:
    steps = written("""script {
        def version = readFile('v').trim()
        sh 'a'
        echo "v ${version}"
        if (env.BRANCH_NAME == 'main' && params.GO) { sh 'b' } else { sh 'c' }
        try { sh 'd' } catch (e) { sh 'e' } finally { sh 'f' }
        withCredentials([string(credentialsId: 'id', variable: 'TOKEN')]) { sh 'g' }
        withEnv(["A=${params.A}"]) { dir('sub') { sh 'h' } }
        parallel one: { sh 'i' }, two: { sh 'j' }
        foo.each { sh it }
    }""")
    texts = [step.work.script if isinstance(step.work, Run) else step.work.kind for step in steps]
    assert texts[0] == "opaque"
    assert [text for text in texts if isinstance(text, str) and len(text) == 1] == list("abcdefghij")
    assert texts[-1] == "opaque"
    by_script = {step.work.script: step for step in steps if isinstance(step.work, Run)}
    asked = by_script["b"].condition
    assert asked is not None
    assert in_words(asked.expr) == "git.branch == main && input.GO"
    other = by_script["c"].condition
    assert other is not None
    assert in_words(other.expr).startswith("!")
    assert by_script["e"].condition is not None
    assert by_script["e"].condition.expr == Call("failure")
    assert by_script["f"].condition is not None
    assert by_script["f"].condition.expr == Call("always")
    assert by_script["g"].env[0].secret
    assert by_script["g"].env[0].value == Template((Ref("secret", ("id",)),))
    assert by_script["h"].env[0].value == Template((Ref("input", ("A",)),))
    assert isinstance(by_script["h"].work, Run)
    assert by_script["h"].work.cwd == "sub"


def test_a_limit_of_several_steps_is_not_a_limit_of_each() -> None:
    assert one("timeout(time: 2, unit: 'HOURS') { sh 'a' }").timeout == timedelta(hours=2)
    first, second = written("timeout(5) { sh 'a'\nsh 'b' }")
    assert first.timeout is None
    assert first.natives == second.natives
    assert first.natives[0].text == "timeout(5)"
    idle = one("timeout(time: 9, unit: 'SECONDS', activity: true) { sh 'a' }")
    assert (idle.timeout, idle.idle_timeout) == (None, timedelta(seconds=9))
    retried = one("retry(3) { timeout(1) { sh 'a' } }")
    assert retried.retry is not None
    assert retried.retry.attempts == 2
    assert retried.timeout == timedelta(minutes=1)
    outside = one("timeout(1) { retry(3) { sh 'a' } }")
    assert outside.timeout is None
    assert outside.natives[0].text == "timeout(1)"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("stash name: 's', includes: 'a/**,b'", Artifact("up", "s", ("a/**", "b"), layer=True)),
        ("unstash 's'", Artifact("down", "s", layer=True)),
        ("archiveArtifacts 'x/*.zip'", Artifact("up", paths=("x/*.zip",))),
        ("junit 'r/*.xml'", Artifact("up", reports=(("junit", "r/*.xml"),), when="always")),
        ("checkout scm", Checkout()),
        ("git url: 'u', branch: 'b'", Checkout(ref="b", repository="u")),
        ("input 'ok?'", Approval("ok?", holds_runner=True)),
        ("bat 'x'", Run("x", "cmd")),
        ("sh '''\n    a\n      b\n  '''", Run("a\n  b")),
        ("error 'no'", Run('echo "no" >&2\nexit 1')),
    ],
)
def test_known_steps(text: str, kind: nouns.Work) -> None:
    assert one(text).work == kind


def test_build_keeps_its_inputs_and_its_text() -> None:
    step = one("build job: 'deploy', parameters: [string(name: 'V', value: \"${BUILD_NUMBER}\")], wait: false")
    assert isinstance(step.work, Use)
    assert step.work.ref.name == "deploy"
    assert step.work.inputs[0].value == Template((Ref("run", ("number",)),))
    assert "wait: false" in step.natives[0].text


def test_a_heredoc_keeps_its_indentation() -> None:
    step = next(step for step in parse(FILES["heredoc"], "x").jobs[0].steps if step.native == "sh")
    assert isinstance(step.work, Run)
    assert step.work.script == "cat > app.conf <<EOF\nlisten 8080\n  indented yes\nEOF\ncat app.conf"


# --- sections ----------------------------------------------------------------------------------------------------------


def test_when_in_neutral_words() -> None:
    jobs = parse(FILES["when-all"], "x").jobs
    words = [in_words(each.condition.expr) if each.condition else "" for each in jobs]
    assert words == [
        "git.branch == main",
        "git.tag =~ ^v[^/]*$",
        "changed(**/*.js)",
        r"git.message =~ .*\[deploy\].*",
        "event.kind == pull_request && event.target_branch == main",
        "native.currentBuild.number == 2",
        "event.kind == schedule",
        "triggeredBy cause: 'UserIdCause', detail: 'alice'",
        "!(git.branch == main) && (env.DEPLOY == true || git.branch =~ ^(?:(staging|production))$)",
        "def day = new Date().format('u') as Integer\n                    return day < 6",
    ]
    assert [native.key for native in jobs[9].natives] == ["when.beforeOptions"]


def test_p18_the_hash_of_cron_is_kept_for_who_writes_it_elsewhere() -> None:
    triggers = parse(FILES["python-tox"], "x").triggers
    assert [(one.kind, one.native, one.cron) for one in triggers] == [
        (TriggerKind.PUSH, "pollSCM", "H/5 * * * *"),
        (TriggerKind.SCHEDULE, "cron", "H 2 * * 1-5"),
    ]
    zoned = [one for one in parse(FILES["upstream-downstream"], "x").triggers if one.cron]
    assert [(one.cron, one.timezone) for one in zoned] == [
        ("H 6 * * 1-5", "Europe/Berlin"),
        ("H 8 * * 6,7", "Europe/Berlin"),
    ]


def test_p19_every_post_condition_keeps_its_word() -> None:
    (only,) = parse(FILES["post-all"], "x").jobs
    assert [post.when for post in only.post] == [
        "always", "changed", "fixed", "regression", "aborted", "failure", "success", "unstable", "unsuccessful", "cleanup",
    ]  # fmt: skip
    assert all(post.steps for post in only.post)


def test_p26_an_input_holds_the_agent_that_is_around_it() -> None:
    held = one("input message: 'go?'").work
    assert isinstance(held, Approval)
    assert held.holds_runner
    approve = next(each for each in parse(FILES["deploy-gates"], "x").jobs if each.id == "approve")
    assert approve.approval is not None
    assert not approve.approval.holds_runner
    assert approve.approval.who == ("release-managers", "alice")
    assert approve.approval.inputs[0].name == "TICKET"
    free = read("stage('x') {\ninput { message 'm' }\nsteps { sh 'a' }\n}").jobs[0].approval
    assert free is not None
    assert free.holds_runner, "the agent of the pipeline is held while a stage waits"


def test_options_parameters_environment_tools_libraries() -> None:
    pipeline = parse(FILES["shared-library"], "x")
    assert [(one.ref.name, one.ref.version, one.ref.pin.value) for one in pipeline.includes if one.ref] == [
        ("build-lib", "v2.3.1", "tag"),
        ("notify", "main", "branch"),
        ("pinned", "0123456789abcdef0123456789abcdef01234567", "digest"),
        ("extra", "release", "branch"),
    ]
    assert len(pipeline.unresolved) == 4
    gates = parse(FILES["deploy-gates"], "x")
    assert [(one.name, one.type, one.default) for one in gates.parameters] == [
        ("TARGET", "choice", None),
        ("REVISION", "string", "main"),
        ("DRY_RUN", "boolean", "false"),
    ]
    assert [native.key for native in gates.natives] == ["parameters", "parameters"]
    production = gates.jobs[2]
    assert production.timeout == timedelta(hours=1)
    assert production.retry is not None
    assert production.concurrency is not None
    assert production.concurrency.group == "production"
    push = parse(FILES["docker-push"], "x")
    assert push.variables[1].value == Template((Ref("env", ("REGISTRY",)), "/team/app"))
    assert push.variables[2].secret
    tox = parse(FILES["python-tox"], "x")
    assert tox.timeout == timedelta(minutes=30)
    assert tox.concurrency is not None
    assert tox.concurrency.queue
    assert "tools.maven" in {native.key for native in parse(FILES["maven-simple"], "x").natives}


def test_agents() -> None:
    jobs = parse(FILES["node-docker"], "x").jobs
    assert jobs[0].container is not None
    assert jobs[0].container.name == "node:20-alpine"
    assert jobs[0].container.options == "-p 3000:3000"
    assert {each.workspace for each in jobs} == {"pipeline"}
    pod = parse(FILES["kubernetes-pod"], "x").jobs[0]
    assert pod.runner.labels == ("builder-pod",)
    assert pod.natives[0].key == "agent"
    browsers = parse(FILES["parallel-browsers"], "x").jobs
    assert browsers[3].runner.os == "windows"
    assert [native.text for native in parse(FILES["build-in-order"], "x").jobs[0].natives] == ["none"]


def test_comments_above_stay_with_what_they_describe() -> None:
    pipeline = parse(FILES["comments"], "x")
    assert pipeline.comment == "The pipeline of the shop.\nAsk the platform team before you change it."
    assert pipeline.jobs[0].comment == "compiles\nand links"
    assert pipeline.jobs[0].steps[1].comment == "the usual"


# --- scripted ------------------------------------------------------------------------------------------------------------


def test_a_scripted_pipeline_has_jobs_agents_and_an_end() -> None:
    pipeline = parse(FILES["scripted-try"], "x")
    assert [each.id for each in pipeline.jobs] == ["checkout", "image", "test", "push"]
    assert {each.runner.labels for each in pipeline.jobs} == {("docker",)}
    asked = pipeline.jobs[3].condition
    assert asked is not None
    assert asked.expr == Ref("input", ("PUSH",))
    assert [post.when for post in pipeline.post] == ["failure", "always"]
    assert [(one.name, one.default) for one in pipeline.parameters] == [("TAG", "latest"), ("PUSH", "false")]
    assert pipeline.concurrency is not None
    assert [one.cron for one in pipeline.triggers] == ["H H(0-3) * * *"] + [""] * (len(pipeline.triggers) - 1)


def test_scripted_branches_run_in_parallel() -> None:
    pipeline = parse(FILES["scripted-parallel"], "x")
    linux, windows = (next(each for each in pipeline.jobs if each.id == name) for name in ("linux", "windows"))
    assert linux.stage == windows.stage == "Test"
    assert (linux.needs, windows.needs) == ((), ())
    assert [need.job for need in next(each for each in expand(pipeline).jobs if each.id == "linux").needs or ()] == [
        "prepare"
    ]


def test_old_stages_without_braces() -> None:
    pipeline = parse(FILES["scripted-old-stages"], "x")
    assert [each.name for each in pipeline.jobs] == ["Checkout", "Build", "Results"]
    assert [step.work.kind for step in pipeline.jobs[0].steps] == ["checkout"]


def test_docker_inside_is_the_container_of_the_job() -> None:
    pipeline = parse(FILES["scripted-docker-inside"], "x")
    test = pipeline.jobs[0]
    assert test.container is not None
    assert (test.container.name, test.container.options) == ("golang:1.22", "-v go-cache:/go/pkg")
    assert [step.work.kind for step in test.steps] == ["checkout", "run", "run"]


def test_conditions_around_stages() -> None:
    jobs = parse(FILES["scripted-if-stages"], "x").jobs
    assert [in_words(each.condition.expr) if each.condition else "" for each in jobs] == [
        "",
        "native.isMain",
        "!native.isMain",
    ]


# --- files that are something else -----------------------------------------------------------------------------------------


def test_a_call_of_the_repositorys_own_step_is_that_step() -> None:
    sources = from_mapping(
        {
            "vars/build.groovy": "def call() {\n  pipeline {\n agent any\n stages {\n stage('In') {\n steps {\n sh 'x'\n}\n}\n}\n}\n}\n"
        }
    )
    pipeline = parse("build()\n", "Jenkinsfile", sources)
    assert [each.id for each in pipeline.jobs] == ["in"]
    assert pipeline.jobs[0].span is not None
    assert pipeline.jobs[0].span.path == "vars/build.groovy"
    assert [each.id for each in parse("build()\n", "Jenkinsfile").jobs] == ["build"]


@pytest.mark.parametrize("text", ["", "// nothing\n", "on: push\n'"])
def test_what_is_no_pipeline_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ConfigError, match=r"Jenkinsfile:\d+:\d+: "):
        parse(text, "Jenkinsfile")


def test_an_unclosed_block_still_shows_its_stages() -> None:
    text = FILES["maven-simple"].rstrip().removesuffix("}")
    assert len(parse(text, "Jenkinsfile").jobs) == 4


def test_a_step_that_asks_twice() -> None:
    step = one("script { if (a) { if (b) { sh 'x' } } }")
    assert step.condition is not None
    assert step.condition.expr == Binary("&&", Ref("native", ("a",)), Ref("native", ("b",)))
    assert one("script { if (env.CHANGE_ID != null) { sh 'x' } }").condition is not None
    only = one("script { if (params.A in ['x', 'y']) { sh 'x' } }").condition
    assert only is not None
    assert only.expr == Binary(
        "||",
        Binary("==", Ref("input", ("A",)), Literal("x")),
        Binary("==", Ref("input", ("A",)), Literal("y")),
    )


def test_arguments_that_the_model_does_not_hold_are_kept_one_by_one() -> None:
    step = one("archiveArtifacts artifacts: 'a/*', fingerprint: true, allowEmptyArchive: x.y()")
    assert step.work == Artifact("up", paths=("a/*",))
    assert [(native.key, native.text) for native in step.natives] == [
        ("archiveArtifacts.fingerprint", "fingerprint: true"),
        ("archiveArtifacts.allowEmptyArchive", "allowEmptyArchive: x.y()"),
    ]
    quiet = one("sh script: 'make', returnStatus: true")
    assert [native.text for native in quiet.natives] == ["returnStatus: true"]


def test_a_written_checkout_takes_the_place_of_the_one_that_nobody_wrote() -> None:
    works = [step.work for step in parse(FILES["maven-simple"], "x").jobs[0].steps]
    assert works == [Checkout()]
    assert next(step.work for step in job("sh 'a'").steps) == Checkout(implicit=True)


def test_what_an_input_says_beside_its_question_is_kept_line_by_line() -> None:
    approve = next(each for each in parse(FILES["deploy-gates"], "x").jobs if each.id == "approve")
    assert [(native.key, native.text) for native in approve.natives if native.key.startswith("input")] == [
        ("input.ok", "ok 'Ship it'")
    ]


def test_stages_behind_a_checkout_in_the_same_folder_find_the_files_too() -> None:
    test, database = parse(FILES["scripted-docker-inside"], "x").jobs
    assert Checkout() in [step.work for step in test.steps]
    assert database.steps[0].work == Checkout(implicit=True)
    apart = parse(FILES["scripted-parallel"], "x").jobs
    assert [step.work.kind for step in apart[1].steps] == ["artifact", "run"]
