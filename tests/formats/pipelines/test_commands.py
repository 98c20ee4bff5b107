"""Lines that tell an agent something, where no such agent listens."""

from __future__ import annotations

import pytest

from seaway import registry
from seaway.formats.pipelines import commands
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Ref, Template
from seaway.model.pipeline import Checkout, Job, Pipeline, Post, Run, Step, System


@pytest.mark.parametrize(
    ("script", "github"),
    [
        ('echo "##vso[task.setvariable variable=A]1 $B"', 'echo "A=1 $B" >> "$GITHUB_ENV"'),
        ('echo "##vso[task.setvariable variable=A;isOutput=true]1"', 'echo "A=1" >> "$GITHUB_OUTPUT"'),
        ('x && echo "##vso[task.prependPath]$HOME/bin"', 'x && echo "$HOME/bin" >> "$GITHUB_PATH"'),
        ('echo "##vso[task.setvariable variable=a.b]1"', 'echo "##vso[task.setvariable variable=a.b]1"'),
        ('echo "##vso[build.addbuildtag]t"', 'echo "##vso[build.addbuildtag]t"'),
    ],
)
def test_values_for_later_steps_become_githubs(script: str, github: str) -> None:
    assert commands.for_github(script) == github


@pytest.mark.parametrize(
    ("system", "what"),
    [
        (System.AZURE_PIPELINES, ["##vso[task.x]"]),
        (System.TEAMCITY, ["##teamcity[setParameter]"]),
        (System.JENKINS, []),
    ],
)
def test_others_are_told(system: System, what: list[str]) -> None:
    losses = Losses()
    script = Template(('echo "##vso[task.x a=b]" "##teamcity[setParameter name=', Ref("env", ("X",)), ']"'))
    steps = (Step(Run(script)), Step(Checkout()), Step(Run("echo")))
    job = Job("j", steps=steps[1:], post=(Post("always", steps[:1]),))
    commands.told(Pipeline(system, "x", jobs=(job,)), losses, "Here")
    assert [one.construct for one in losses.all()] == what


@pytest.mark.parametrize("system", ["circleci", "gitlab_ci", "jenkins", "teamcity", "tekton", "github_actions"])
def test_every_writer_tells_what_stays(system: str) -> None:
    text = "steps:\n- bash: echo '##vso[task.logissue]x'\n"
    pipeline = registry.load_format("pipelines", "azure_pipelines").parse(text, "azure-pipelines.yml")
    losses = registry.load_format("pipelines", system).render(pipeline).losses
    assert any("##vso[task.logissue]" in one.construct for one in losses)
