"""Blocks around jobs and steps: matrices, retries, images and folders, and variables of the script that never change."""

from __future__ import annotations

import pytest

from seaway import registry
from seaway.errors import ConfigError
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.jenkins import parse, render
from seaway.formats.pipelines.sources import Sources, from_mapping
from seaway.model.expression import Ref, Template
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import Artifact, Image, Job, Opaque, Pipeline, Retry, Run
from support.pace import within

LOSSY = frozenset({LossKind.DROPPED, LossKind.OPAQUE})


def read(text: str) -> Pipeline:
    """The pipeline; what is written of it reads the same."""
    found = parse(text, "Jenkinsfile")
    assert bare(parse(render(found).text, "Jenkinsfile")) == bare(found)
    return found


def declarative(steps: str) -> Job:
    (job,) = read(f"pipeline {{ agent any\n stages {{ stage('A') {{ steps {{\n{steps}\n}} }} }} }}").jobs
    return job


def converted(pipeline: Pipeline, to: str) -> Written:
    made: Written = registry.load_format("pipelines", to).render(pipeline)
    return made


def scripts(job: Job) -> list[object]:
    return [step.work.script for step in job.steps if isinstance(step.work, Run)]


# --- matrix


def matrix(inner: str, stages: str) -> Pipeline:
    return read(
        f"""pipeline {{ agent any
 stages {{ stage('Test') {{
  matrix {{
   axes {{ axis {{ name 'OS'; values 'linux', 'mac' }} }}
   {inner}
   stages {{ {stages} }}
  }} }} }} }}"""
    )


ONE = "stage('Unit') { steps { sh 'make' } }"
TWO = "stage('Unit') { steps { sh 'make' } }\n stage('Check') { environment { A = 'c' }\n steps { sh 'check' } }"
ALL = """when { branch 'main' }
   tools { maven 'M3' }
   environment { A = 'b' }
   options { timeout(time: 5, unit: 'MINUTES') }
   post { always { junit 'r.xml' } }"""


def test_what_a_matrix_says_of_its_cells_is_said_of_their_only_job() -> None:
    pipeline = matrix(ALL, ONE)
    (job,) = pipeline.jobs
    assert job.condition is not None
    assert job.condition.text == "branch 'main'"
    assert [one.name for one in job.variables] == ["OS", "A"]
    assert job.timeout is not None
    assert job.timeout.total_seconds() == 300
    assert [one.when for one in job.post] == ["always"]
    assert [one.text for one in job.natives] == ["maven 'M3'"]
    assert pipeline.stages[0].natives == ()


def test_of_several_jobs_what_is_done_once_for_a_cell_stays_and_is_told() -> None:
    pipeline = matrix(ALL, TWO)
    assert [job.condition is not None for job in pipeline.jobs] == [True, True]
    assert [{one.name: one.value for one in job.variables}["A"] for job in pipeline.jobs] == ["b", "c"]
    assert [one.key for one in pipeline.stages[0].natives] == ["matrix.options", "matrix.post"]
    told = {loss.construct: loss.kind for loss in converted(pipeline, "github_actions").losses}
    assert told["matrix.options"] == told["matrix.post"] == LossKind.DROPPED


def test_conditions_of_the_matrix_and_of_a_stage_must_both_hold() -> None:
    stages = "stage('Unit') { when { branch 'main' }\n steps { sh 'make' } }"
    (job,) = matrix("when { expression { env.OS == 'linux' } }", stages).jobs
    written = converted(matrix("when { environment name: 'CI', value: '1' }", stages), "gitlab_ci").text
    assert job.condition is not None
    assert repr(job.condition.expr).count("'=='") == 2
    assert '$CI == "1" && $CI_COMMIT_BRANCH == "main"' in written


# --- retry and timeout around a node


def test_a_retry_around_a_node_is_the_jobs_and_not_its_name() -> None:
    (job,) = read("timeout(time: 5) { retry(2) { node('linux') { checkout scm\n sh 'make' } } }").jobs
    assert (job.name, job.retry, job.timeout and job.timeout.total_seconds()) == ("pipeline", Retry(1), 300)


def test_a_retry_around_one_stage_is_that_stages() -> None:
    (job,) = read("retry(3) { node { stage('Build') { sh 'make' } } }").jobs
    assert (job.id, job.retry) == ("build", Retry(2))


@pytest.mark.parametrize("head", ["retry(count())", "retry(count: 2, conditions: [agent()])", "timeout(time: x())"])
def test_a_limit_that_is_not_known_is_kept(head: str) -> None:
    found = parse(f"{head} {{ node {{ stage('Build') {{ sh 'make' }} }} }}", "Jenkinsfile")
    assert (found.jobs[0].retry, found.jobs[0].timeout) == (None, None)
    assert [one.text for one in found.natives] == [head]


def test_a_retry_around_several_jobs_is_told() -> None:
    found = parse("retry(2) { node { stage('A') { sh 'a' }\n stage('B') { sh 'b' } } }", "Jenkinsfile")
    assert [job.retry for job in found.jobs] == [None, None]
    assert "around" in {loss.construct for loss in converted(found, "github_actions").losses}


# --- images

IMAGES = """script {
 docker.image('node:20').inside { sh 'npm ci' }
 docker.image('maven:3').inside('-v /a:/b') { sh 'mvn verify'
  sh 'second' }
 sh 'after' }"""


def test_steps_within_an_image_have_it() -> None:
    job = declarative(IMAGES)
    node, maven = Image("node:20"), Image("maven:3", options="-v /a:/b")
    assert [step.container for step in job.steps[1:]] == [node, maven, maven, None]


def test_a_system_with_an_image_for_each_step_loses_nothing() -> None:
    pipeline = parse("pipeline { agent any\n stages { stage('A') { steps { " + IMAGES + " } } } }", "Jenkinsfile")
    for to, words in {
        "teamcity": ['dockerImage = "maven:3"', "-v /a:/b"],
        "tekton": ["image: maven:3", "image: node:20"],
    }.items():
        written = converted(pipeline, to)
        assert all(word in written.text for word in words)
        assert not [loss for loss in written.losses if loss.kind in LOSSY]


@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "azure_pipelines", "circleci"])
def test_a_system_with_one_image_for_a_job_tells_which_steps_had_another(to: str) -> None:
    pipeline = parse("pipeline { agent any\n stages { stage('A') { steps { " + IMAGES + " } } } }", "Jenkinsfile")
    written = converted(pipeline, to)
    assert "node:20" in written.text
    told = [loss for loss in written.losses if loss.construct == "image of a step"]
    assert sorted(loss.why.partition("this step ")[2] for loss in told) == [
        "had maven:3",
        "had maven:3",
        "ran on the machine itself",
    ]
    assert not [loss for loss in written.losses if "docker" in loss.construct]


def test_one_image_around_all_steps_is_no_loss() -> None:
    pipeline = parse(
        "pipeline { agent any\n stages { stage('A') { steps { script { docker.image('node:20').inside { sh 'a' } } } } } }",
        "Jenkinsfile",
    )
    written = converted(pipeline, "gitlab_ci")
    assert "image: node:20" in written.text
    assert not [loss for loss in written.losses if "image" in loss.construct]


# --- folders


FOLDERS = """dir('sub') { sh 'make'
  stash name: 'out', includes: 'bin/**', excludes: 'bin/tmp/**'
  archiveArtifacts 'bin/x'
  junit 'r/*.xml' }"""


def test_files_in_a_folder_begin_there() -> None:
    works = [step.work for step in declarative(FOLDERS).steps[1:]]
    assert works == [
        Run("make", cwd="sub"),
        Artifact("up", "out", ("bin/**",), ("bin/tmp/**",), folder="sub", layer=True),
        Artifact("up", paths=("bin/x",), folder="sub"),
        Artifact("up", reports=(("junit", "sub/r/*.xml"),), when="always"),
    ]


def test_a_folder_within_a_folder_and_steps_that_cannot_say_it() -> None:
    job = declarative("dir('a') { dir('b') { stash 'x'\n unknown()\n sh 'c' } }")
    assert [getattr(step.work, "folder", "") or getattr(step.work, "cwd", "") for step in job.steps[1:]] == [
        "a/b",
        "",
        "a/b",
    ]
    (opaque,) = [step for step in job.steps if isinstance(step.work, Opaque)]
    assert [one.text for one in opaque.natives] == ["dir('a')", "dir('b')"]


TWO_JOBS = """pipeline {{ agent none
 stages {{ stage('A') {{ agent any
   steps {{ dir('sub') {{ stash name: 'out', includes: 'bin/**' }} }} }}
  stage('B') {{ agent {{ label 'b' }}
   steps {{ {fetch}
   sh 'use' }} }} }} }}"""


@pytest.mark.parametrize(
    ("to", "up", "down"),
    [("github_actions", "path: sub/bin/**", "path: sub/bin\n"), ("gitlab_ci", "- sub/bin/**", "- use")],
)
def test_a_stash_keeps_its_place_in_other_systems(to: str, up: str, down: str) -> None:
    written = converted(read(TWO_JOBS.format(fetch="dir('sub') { unstash 'out' }")), to)
    assert up in written.text
    assert down in written.text
    assert "cp -R" not in written.text
    assert not [loss for loss in written.losses if "unstash" in loss.construct]


@pytest.mark.parametrize(
    ("fetch", "into"), [("unstash 'out'", "the folder of the job"), ("dir('x') { unstash 'out' }", "x")]
)
@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "azure_pipelines", "circleci", "tekton", "teamcity"])
def test_a_stash_that_came_back_elsewhere_is_told(to: str, fetch: str, into: str) -> None:
    written = converted(read(TWO_JOBS.format(fetch=fetch)), to)
    (loss,) = [loss for loss in written.losses if loss.construct == "unstash out"]
    assert loss.kind is LossKind.APPROXIMATED
    assert into in loss.why
    assert "sub" in loss.fix


# --- variables that never change

WORKSPACE = Ref("run", ("workspace",))


def test_a_value_that_never_changes_stands_where_it_is_used() -> None:
    text = """def P = "-B"
def W = pwd()
String TAG = "app:${env.BUILD_NUMBER}"
pipeline { agent any
 stages { stage('A') { when { expression { P == '-B' } }
  steps { sh "mvn ${P} verify"
 sh "ls $W/x ${P}"
 sh "push $TAG" } } } }"""
    found = read(text)
    (job,) = found.jobs
    assert scripts(job) == [
        "mvn -B verify",
        Template(("ls ", WORKSPACE, "/x -B")),
        Template(("push app:", Ref("run", ("number",)))),
    ]
    assert found.natives == ()
    assert not [loss for loss in converted(found, "github_actions").losses if loss.kind in LOSSY]


@pytest.mark.parametrize(
    "more",
    ["P = 'x'", "P += 'x'", "P++", "[1].each { P -> sh 'x' }", "def P = 'y'", "for (P in [1]) { sh 'x' }"],
)
def test_a_variable_that_may_change_stays_one_and_is_told(more: str) -> None:
    found = parse(f"def P = '-B'\nnode {{ stage('A') {{\n{more}\nsh \"mvn ${{P}}\" }} }}", "Jenkinsfile")
    assert Template(("mvn ", Ref("native", ("P",)))) in scripts(found.jobs[0])
    assert [loss for loss in converted(found, "gitlab_ci").losses if loss.kind in LOSSY]


@pytest.mark.parametrize(
    "value", ["sh(script: 'date', returnStdout: true)", '"a-${env.X}"', "load('x.groovy')", "null"]
)
def test_a_value_that_is_not_known_stays_a_variable(value: str) -> None:
    found = parse(f"def P = {value}\nnode {{ stage('A') {{ sh \"mvn ${{P}}\" }} }}", "Jenkinsfile")
    assert Template(("mvn ", Ref("native", ("P",)))) in scripts(found.jobs[0])


def test_a_declaration_stays_while_a_kept_statement_needs_it() -> None:
    found = parse("def P = '-B'\nnode { stage('A') { sh \"mvn $P\"\n P.each { println it } } }", "Jenkinsfile")
    opaque = [step.work.text for step in found.jobs[0].steps if isinstance(step.work, Opaque)]
    assert scripts(found.jobs[0]) == ["mvn -B"]
    assert "def P = '-B'" in [*opaque, *(one.text for one in found.natives)]


def test_a_variable_of_the_environment_wins() -> None:
    found = parse("def P = 'x'\nnode { stage('A') { withEnv(['P=y']) { sh \"echo ${P}\" } } }", "Jenkinsfile")
    assert scripts(found.jobs[0]) == [Template(("echo ", Ref("env", ("P",))))]


def test_a_folder_of_its_own_is_not_the_workspace() -> None:
    found = parse("node { stage('A') { dir('x') { sh \"ls ${pwd()}\" }\n sh \"ls ${pwd()}\" } }", "Jenkinsfile")
    inner, outer = scripts(found.jobs[0])
    assert inner != outer
    assert outer == Template(("ls ", WORKSPACE))


# --- shared libraries

STEP = """def call(Map options = [:], String kind) {
 pipeline { agent any
  stages { stage('Build') { steps { sh "make ${options.target} ${options.other}" } } } } }"""
CALL = "@Library('shared@1.2') _\nstandardBuild(target: 'all')"


def test_a_step_of_a_library_that_was_given_is_read_with_its_arguments() -> None:
    asked: list[tuple[str, str]] = []

    def library(name: str, place: str) -> str | None:
        asked.append((name, place))
        return STEP if (name, place) == ("shared", "vars/standardBuild.groovy") else None

    found = parse(CALL, "Jenkinsfile", Sources(lambda _: None, library))
    assert asked == [("shared", "vars/standardBuild.groovy")]
    assert scripts(found.jobs[0]) == [Template(("make all ", Ref("native", ("options.other",))))]
    assert found.unresolved == ()
    assert [one.text for one in found.includes] == ["shared@1.2"]
    span = found.jobs[0].span
    assert span is not None
    assert span.path == "shared:vars/standardBuild.groovy"


def test_a_library_that_was_not_given_stays_a_reference() -> None:
    found = parse(CALL, "Jenkinsfile", Sources(lambda _: None))
    assert [one.text for one in found.unresolved] == ["shared@1.2"]
    assert [step.work.text for step in found.jobs[0].steps if isinstance(step.work, Opaque)] == [
        "standardBuild(target: 'all')"
    ]


def test_the_repositorys_own_step_comes_before_a_librarys() -> None:
    own = STEP.replace("make", "ours")
    found = parse(CALL, "Jenkinsfile", Sources(lambda _: own, lambda *_: STEP))
    assert repr(scripts(found.jobs[0])).count("ours all") == 1


VARS = {
    "vars/deploy.groovy": "def call(String where, Map more = [:]) {\n def flags = '-v'\n withEnv(['A=1']) { sh \"./deploy ${where} ${flags}\" }\n tell() }",
    "vars/tell.groovy": "def call() { echo 'deployed' }",
    "vars/odd.groovy": "def call() { x.each { y -> sh y } }",
    "vars/open.groovy": 'def call(a) { sh "ls ${a}" }',
    "vars/again.groovy": "def call() { again() }",
}


def with_own(steps: str) -> Job:
    text = f"pipeline {{ agent any\n stages {{ stage('A') {{ steps {{\n{steps}\n}} }} }} }}"
    (job,) = parse(text, "Jenkinsfile", from_mapping(VARS)).jobs
    return job


def test_a_teams_own_steps_stand_where_they_are_called() -> None:
    job = with_own("script { if (env.X == '1') { deploy('staging') } }")
    assert scripts(job) == ["./deploy staging -v", 'echo "deployed"']
    assert all(step.condition is not None for step in job.steps[1:])
    assert [step.span.path for step in job.steps[1:] if step.span] == ["vars/deploy.groovy", "vars/tell.groovy"]
    assert [one.name for one in job.steps[1].env] == ["A"]


@pytest.mark.parametrize("call", ["odd()", "open(value())", "again()", "missing()", "deploy(where: x)"])
def test_a_step_that_is_not_understood_whole_stays_a_call(call: str) -> None:
    job = with_own(call)
    assert [step.work.text for step in job.steps if isinstance(step.work, Opaque)] == [call]


def test_without_the_files_the_call_stays() -> None:
    found = parse("node { stage('A') { tell() } }", "Jenkinsfile")
    assert isinstance(found.jobs[0].steps[0].work, Opaque)


def test_a_library_counts_as_given_only_when_a_step_of_it_was_found() -> None:
    text = "@Library(['shared', 'other']) _\nnode { stage('A') { tell()\n unknown() } }"

    def library(name: str, place: str) -> str | None:
        return VARS.get(place) if name == "shared" else None

    found = parse(text, "Jenkinsfile", Sources(lambda _: None, library))
    assert [one.text for one in found.unresolved] == ["other"]
    assert scripts(found.jobs[0]) == ['echo "deployed"']


# --- hostile files

HOSTILE = {
    "a constant for every line": "\n".join(f"def a{n} = '{n}'" for n in range(20_000)),
    "one that is used again and again": "def P = 'x'\n" + "P, " * 150_000,
    "a text of constants": "def P = 'x'\nnode { stage('A') { sh \"" + "${P}" * 20_000 + '" } }',
    "constants that double": "\n".join(
        ["def a0 = 'xxxxxxxxxx'", *(f'def a{n} = "${{a{n - 1}}}${{a{n - 1}}}"' for n in range(1, 60)), 'node { sh "${a59}" }']
    ),
    "constants in a circle": 'def a = "${b}"\ndef b = "${a}"\nnode { sh "$a" }',
    "braces that could be parameters": "def P = 'x'\n" + "{ P, " * 40_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_constants_take_no_time(name: str) -> None:
    with within(1):
        try:
            parse(HOSTILE[name], "Jenkinsfile")
        except ConfigError as error:
            assert "Jenkinsfile:" in str(error)  # noqa: PT017 - both endings are right


def test_steps_that_call_each_other_end() -> None:
    files = {f"vars/s{n}.groovy": "def call() {\n" + f"s{(n + 1) % 9}()\n" * 60 + "}" for n in range(9)}
    sources = from_mapping(files)
    with within(1):
        found = parse("node { stage('A') { s0() } }", "Jenkinsfile", sources)
    assert len(found.jobs[0].steps) == 1
    assert len(sources.read) <= 200
