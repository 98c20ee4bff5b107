"""Variables in names of files and of steps: where the other system would take them for text, their values stand there, or it is told."""

from __future__ import annotations

import pytest

from formats.pipelines.test_starting import converted
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.settled import settled
from seaway.model.expression import Ref, Template, Text
from seaway.model.loss import LossKind
from seaway.model.pipeline import Artifact, Cache, Job, Pipeline, Post, Step, System, Variable

GITLAB = """\
    variables: {OUT: build/out}
    test:
      variables: {R: $OUT/reports}
      script: [pytest]
      cache: {key: {files: [$OUT/lock]}, paths: [$OUT/cache]}
      artifacts:
        paths: [$OUT/dist, $CI_PROJECT_DIR/x]
        reports: {junit: ["$R/junit.xml", "${CI_PROJECT_DIR}/b.xml", $ELSEWHERE/c.xml]}
    """


@pytest.mark.parametrize("to", ["github_actions", "azure_pipelines", "circleci", "jenkins", "teamcity", "teamcity_xml"])
def test_a_report_is_found_where_it_lies(to: str) -> None:
    written = converted("gitlab_ci", GITLAB, to)
    assert "build/out/reports/junit.xml" in written.text
    assert "$OUT/lock" not in written.text
    assert "CI_PROJECT_DIR" not in written.text
    assert [one.kind for one in written.losses if one.construct == "path $ELSEWHERE/c.xml"] == [LossKind.MANUAL]


def test_circleci_computes_no_paths_and_is_given_them() -> None:
    written = converted("gitlab_ci", GITLAB, "circleci")
    for path in ("build/out/dist", "build/out/cache", "path: x"):
        assert path in written.text
    assert "<" not in written.text.replace("<<", "")


def _one(value: Text, path: str, system: System = System.GITLAB_CI) -> tuple[str, list[str]]:
    work = Artifact("up", reports=(("junit", path),))
    losses = Losses()
    steps = (Step(work), Step(Cache(files=(path,))))
    job = Job("a", variables=(Variable("A", value),), steps=steps, post=(Post("always", steps[:1]),))
    found = settled(Pipeline(system, "x", jobs=(job,)), losses).jobs[0]
    names = {
        one.work.reports[0][1] for one in (found.steps[0], found.post[0].steps[0]) if isinstance(one.work, Artifact)
    }
    assert isinstance(found.steps[1].work, Cache)
    assert {found.steps[1].work.files[0]} == names
    return names.pop(), [one.construct for one in losses.all()]


@pytest.mark.parametrize(
    ("value", "path", "system", "said"),
    [
        ("x", "$A/b", System.GITLAB_CI, "x/b"),
        ("x", "${A}b", System.JENKINS, "xb"),
        ("x", "$(A)/b", System.AZURE_PIPELINES, "x/b"),
        ("x", "$(Build.SourcesDirectory)/b", System.AZURE_PIPELINES, "b"),
        ("x", "$A/b", System.GITHUB_ACTIONS, "$A/b"),
        ("x", "./b", System.GITLAB_CI, "./b"),
    ],
)
def test_the_marks_of_each_system(value: Text, path: str, system: System, said: str) -> None:
    assert _one(value, path, system) == (said, [])


def test_a_value_that_nobody_knows_is_told() -> None:
    computed = Template((Ref("git", ("sha",)),))
    assert _one(computed, "$A/b") == ("$A/b", ["path $A/b"])
    assert _one(Template((Ref("env", ("A",)),)), "$A/b") == ("$A/b", ["path $A/b"])  # it means itself


AZURE = """\
    parameters: [{name: env, type: string, default: dev}]
    variables: {version: '1.2'}
    strategy: {matrix: {a: {python: '3.11'}, b: {python: '3.12'}}}
    pool: {vmImage: ubuntu-latest}
    steps:
      - script: pytest $PYTHON --of $VERSION
        displayName: 'Test $(python) of ${{ parameters.env }} $(version) $(else)'
    """


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("github_actions", "Test ${{ matrix.python }} of ${{ inputs.env }} ${{ env.VERSION }} var.else"),
        ("gitlab_ci", "Test matrix.python of input.env 1.2 var.else"),
        ("circleci", "Test 3.11 of << pipeline.parameters.env >> 1.2 var.else"),
        ("jenkins", "Test matrix.python of input.env 1.2 var.else"),
        ("teamcity", "Test matrix.python of input.env 1.2 var.else"),
        ("teamcity_xml", "Test matrix.python of input.env 1.2 var.else"),
    ],
)
def test_a_step_is_called_by_the_values_that_the_new_system_knows(to: str, name: str) -> None:
    assert name in converted("azure_pipelines", AZURE, to).text


def test_no_mark_of_githubs_reaches_azure() -> None:
    text = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{name: 'At ${{ github.sha }} ${{ env.X }}', run: make}]}}\n"
    written = converted("github_actions", text, "azure_pipelines").text
    assert "displayName: At $(Build.SourceVersion) $(X)" in written
    assert "${{" not in written


@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "circleci", "tekton"])
def test_a_script_finds_azures_variables_under_the_names_of_its_shell(to: str) -> None:
    written = converted("azure_pipelines", AZURE, to)
    assert "VERSION: '1.2'" in written.text or "name: VERSION\n                value: '1.2'" in written.text
    assert "PYTHON: " in written.text or "name: PYTHON" in written.text
    assert not [one for one in written.losses if one.construct in {"$VERSION", "$PYTHON"}]


def test_scripts_in_jenkins_and_teamcity_find_azures_variables_too() -> None:
    jenkins = converted("azure_pipelines", AZURE.replace("$VERSION", "$VERSION $(python)s"), "jenkins").text
    assert "VERSION = '1.2'" in jenkins
    for python in ("3.11", "3.12"):
        assert f"PYTHON = '{python}'" in jenkins
        assert f"script: 'pytest $PYTHON --of $VERSION {python}s'" in jenkins
    assert "${" not in jenkins
    teamcity = converted("azure_pipelines", AZURE, "teamcity")
    assert 'param("env.VERSION", "1.2")' in teamcity.text
    assert [one.kind for one in teamcity.losses if one.construct == "Job: PYTHON"] == [LossKind.DROPPED]


def test_named_rows_of_a_matrix_are_rows_of_tektons() -> None:
    written = converted("azure_pipelines", AZURE, "tekton").text
    assert written.count("- name: python\n                  value: '3.1") == 2


DEPLOY = """\
    stages: [build, ship]
    ship:
      stage: ship
      services: [{name: "postgres:13", alias: my-db}]
      environment: live
      script: [./ship, ./done]
    other: {stage: ship, services: [{name: "postgres:15", alias: my-db}], script: [x]}
    """


def test_a_deployment_of_azure_has_its_files_and_its_own_services() -> None:
    written = converted("gitlab_ci", DEPLOY, "azure_pipelines").text
    assert "checkout: self" in written
    assert "stage: build" not in written  # a stage without jobs is refused
    assert "my-db: my_db\n" in written
    assert "my-db: my_db_2" in written
    assert written.count("image: postgres:1") == 2


def test_lines_of_one_shell_stay_lines_in_tekton() -> None:
    assert "./ship\n                ./done" in converted("gitlab_ci", DEPLOY, "tekton").text


def test_a_truth_value_of_a_matrix_is_compared_as_one() -> None:
    azure = """\
        parameters: [{name: deep, type: boolean, default: false}]
        jobs:
          - job: a
            strategy: {matrix: {x: {publish: 'true'}, y: {publish: 'false'}}}
            steps:
              - {script: make, condition: "eq(variables['publish'], 'true')"}
              - {script: deep, condition: "eq('${{ parameters.deep }}', 'true')"}
        """
    written = converted("azure_pipelines", azure, "github_actions").text
    assert "publish: true" in written
    assert "matrix.publish == true" in written
    assert "'true'" not in written
    gitlab = "a:\n  script: make\n  parallel: {matrix: [{FLAG: ['true', 'false']}]}\n"
    assert "matrix" in converted("gitlab_ci", gitlab, "github_actions").text


def test_the_same_template_twice_is_two_jobs() -> None:
    azure = """\
        stages:
          - {stage: one, jobs: [{template: t.yml}, {template: t.yml, parameters: {a: b}}]}
          - {stage: two, jobs: [{template: t.yml}]}
        """
    assert converted("azure_pipelines", azure, "github_actions").text.count("uses: ./.github/workflows/t.yml") == 3
    own = converted("azure_pipelines", azure, "azure_pipelines").text
    assert own.count("template: t.yml") == 3
    assert "a: b" in own


def test_a_secret_has_a_name_that_github_takes() -> None:
    azure = "variables: {TOKEN: $(codecov.token)}\nsteps: [{script: 'x $TOKEN'}]\n"
    written = converted("azure_pipelines", azure, "github_actions")
    assert "TOKEN: ${{ secrets.CODECOV_TOKEN }}" in written.text
    assert [one.construct for one in written.losses if one.kind is LossKind.MANUAL] == ["secret CODECOV_TOKEN"]


def test_a_truth_value_of_githubs_matrix_is_asked_as_a_text() -> None:
    text = """\
    on: push
    jobs:
      a:
        runs-on: ubuntu-latest
        strategy: {matrix: {deep: [true, false]}}
        steps: [{run: ./deep, if: matrix.deep}, {run: ./flat, if: "!matrix.deep"}]
    """
    gitlab = converted("github_actions", text, "gitlab_ci").text
    assert 'if [ "${DEEP}" != "" ] && [ "${DEEP}" != false ]; then' in gitlab
    azure = converted("github_actions", text, "azure_pipelines").text
    assert "ne(variables['deep'], 'false')" in azure
    assert "<< parameters.deep >>" in converted("github_actions", text, "circleci").text
    assert "if: matrix.deep" in converted("github_actions", text, "github_actions").text


FOLDERS = """\
    on: push
    defaults: {run: {working-directory: app}}
    jobs:
      a:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - uses: actions/setup-python@v5
            with: {python-version: "3.12", cache: pip}
          - run: make
          - run: fmt
            working-directory: tools
    """


def test_scripts_run_in_their_folder_and_not_the_checkout() -> None:
    text = converted("github_actions", FOLDERS, "circleci").text
    job, _, workflow = text.partition("workflows:")
    assert job.count("working_directory: app") == 1
    assert "command: make\n          working_directory: app" in job
    assert "command: fmt\n          working_directory: tools" in job
    assert workflow


@pytest.mark.parametrize(("to", "checkout", "cache"), [
    ("circleci", "- checkout", "restore_cache"), ("azure_pipelines", "checkout: self", "Cache@2"),
])  # fmt: skip
def test_a_cache_finds_the_lock_file_checked_out(to: str, checkout: str, cache: str) -> None:
    text = converted("github_actions", FOLDERS, to).text
    if "checkout: self" in text or to == "circleci":  # Azure checks out by itself where nothing else is asked
        assert text.index(checkout) < text.index(cache)
    assert text.count(checkout) == 1
