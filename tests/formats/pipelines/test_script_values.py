"""Values put into scripts, in Jenkins and TeamCity: each language reads them by its own syntax, and the script says what it said."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest

from formats.pipelines.test_starting import converted
from seaway import registry
from seaway.model.expression import Ref, Template, Text, parts
from seaway.model.loss import LossKind
from seaway.model.pipeline import Job, Pipeline, Run, Step, System

GITHUB = """\
    on: push
    jobs:
      a:
        runs-on: {os}
        strategy: {{matrix: {{v: ["7"]}}}}
        steps:
          - shell: {shell}
            run: |
              {script}
    """
PYTHON = r"""print('${{ matrix.v }}', "a$b `c` \\ ${HOME}", "${{ matrix.v }}")"""


def steps(shell: str, script: str, to: str, system: str = "ubuntu-latest") -> list[Step]:
    """What is written, as its own reader sees it."""
    text = converted("github_actions", GITHUB.format(os=system, shell=shell, script=script), to).text
    target: Any = registry.load_format("pipelines", to)
    (job,) = target.parse(text, "x").jobs
    return [one for one in job.steps if isinstance(one.work, Run)]


def ran(script: Text, **env: str) -> str:
    """What the script prints in a shell."""
    text = "".join(one if isinstance(one, str) else "7" for one in parts(script))
    whole = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **env}
    return subprocess.run(["sh", "-c", text], env=whole, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_script_of_python_says_the_same_in_jenkins() -> None:
    (step,) = steps("python", PYTHON, "jenkins")
    assert isinstance(step.work, Run)
    assert ran(step.work.script, v="7") == "7 a$b `c` \\ ${HOME} 7\n"
    plain = steps("python", "print('$HOME')", "jenkins")[0]
    assert plain.work == Run("print('$HOME')", "python")  # without values it stays what it is


def test_a_script_of_another_program_is_read_by_that_program() -> None:
    script = 'print "${{ matrix.v }} \\$HOME\\n";'
    for to in ("jenkins", "teamcity", "teamcity_xml"):
        (step,) = steps("perl", script, to)
        assert isinstance(step.work, Run)
        assert not step.work.shell
        assert ran(step.work.script, v="7") == "7 $HOME\n"


def test_teamcity_ends_a_script_where_no_line_of_it_says_so() -> None:
    (step,) = steps("ruby", "puts 'a'\n              END\n              puts '${{ matrix.v }}'", "teamcity")
    assert isinstance(step.work, Run)
    assert "".join(map(str, parts(step.work.script))).endswith("\nEND_")


@pytest.mark.parametrize("to", ["teamcity", "teamcity_xml"])
@pytest.mark.parametrize("shell", ["python3", "/usr/bin/env python3"])
def test_teamcity_has_a_runner_for_python(shell: str, to: str) -> None:
    (step,) = steps(shell, "print(1)", to)
    assert step.work == Run("print(1)", "python")


@pytest.mark.parametrize(
    ("shell", "script", "said"),
    [
        ("pwsh", 'x "${{ matrix.v }}s" ${{ github.sha }}', 'x "${env:v}s" ${env:GIT_COMMIT}'),
        ("cmd", "x ${{ matrix.v }}s", "x %v%s"),
        ("bash", "x '${{ matrix.v }}'s", 'x "${v}"s'),
    ],
)
def test_jenkins_reads_values_by_the_syntax_of_the_shell(shell: str, script: str, said: str) -> None:
    (step,) = steps(shell, script, "jenkins", "windows-latest")
    assert isinstance(step.work, Run)
    assert step.work.script == said


def test_a_secret_in_powershell_is_bound() -> None:
    (step,) = steps("pwsh", 'x "${{ secrets.TOKEN }}"', "jenkins", "windows-latest")
    assert [(one.name, one.value) for one in step.env] == [("TOKEN", Template((Ref("secret", ("TOKEN",)),)))]


def test_what_powershell_cannot_read_is_told() -> None:
    text = GITHUB.format(os="windows-latest", shell="pwsh", script="x '${{ matrix.v }}'")
    losses = converted("github_actions", text, "jenkins").losses
    assert [one.why for one in losses if one.construct == "`matrix.v` in a script"] == [
        "pwsh reads no variable in single quotes"
    ]


def test_a_shell_that_teamcity_does_not_start_is_told() -> None:
    target: Any = registry.load_format("pipelines", "teamcity")
    for shell, kinds in (("fish", [LossKind.APPROXIMATED]), ("bash", []), ("cmd", [])):
        job = Job("a", steps=(Step(Run("x", shell)),))
        written = target.render(Pipeline(System.GITHUB_ACTIONS, "x", jobs=(job,)))
        assert [one.kind for one in written.losses if "shell" in one.construct] == kinds


PLACE = """\
    on: push
    env: {IMAGE: "ghcr.io/${{ github.repository }}"}
    jobs:
      a:
        runs-on: ubuntu-latest
        if: github.repository == 'x/y'
        steps: [{run: 'x $GITHUB_REF'}]
    """


def test_a_repository_in_jenkins_is_its_path_and_a_ref_its_whole_name() -> None:
    path = "env.GIT_URL?.replaceAll('^([a-z+]+://[^/]+/|[^/:]+:)|[.]git$', '')"
    text = converted("github_actions", PLACE, "jenkins").text
    assert f'IMAGE = "ghcr.io/${{{path}}}"' in text
    assert f"expression {{ {path} == 'x/y' }}" in text
    assert "GITHUB_REF = \"${((env.TAG_NAME ? 'refs/tags/' : 'refs/heads/') + env.BRANCH_NAME)}\"" in text


@pytest.mark.parametrize("url", ["https://a.example/x/y.git", "git@a.example:x/y.git", "ssh://git@a.example:22/x/y"])
def test_the_path_of_a_repository_is_cut_out_of_its_address(url: str) -> None:
    text = converted("github_actions", PLACE, "jenkins").text
    pattern = text.partition("replaceAll('")[2].partition("'")[0]
    assert re.sub(pattern, "", url) == "x/y"


def test_the_message_of_a_commit_is_told_where_jenkins_has_no_text_of_it() -> None:
    gitlab = 'a: {script: ["x $CI_COMMIT_MESSAGE"], rules: [{if: "$CI_COMMIT_MESSAGE =~ /now/"}]}'
    written = converted("gitlab_ci", gitlab, "jenkins")
    assert "changeSets" not in written.text
    assert "changelog '(?s).*now.*'" in written.text
    assert [one.kind for one in written.losses if one.construct == "$CI_COMMIT_MESSAGE"] == [LossKind.MANUAL]


def test_nobody_is_asked_in_jenkins_for_what_does_not_run() -> None:
    gitlab = (
        "a: {script: [x], rules: [{if: \"$CI_COMMIT_BRANCH == 'main'\", when: manual}]}\nb: {script: [x], when: manual}"
    )
    a, b = converted("gitlab_ci", gitlab, "jenkins").text.split("stage('b')")
    assert "beforeInput true" in a
    assert "beforeInput" not in b


def test_a_ref_in_teamcity_is_that_of_the_build_and_not_the_default_branch() -> None:
    text = PLACE.replace("'x $GITHUB_REF'", "'x $GITHUB_REF \"${{ github.ref }}\"'").replace(
        "if: github.repository == 'x/y'", ""
    )
    written = converted("github_actions", text, "teamcity")
    assert 'param("env.GITHUB_REF", "refs/heads/%teamcity.build.branch%")' in written.text
    assert '\\"refs/heads/%teamcity.build.branch%\\"' in written.text
    assert "vcsroot.branch" not in written.text
    assert [one.kind for one in written.losses if one.construct == "git.ref"] == [LossKind.MANUAL]
