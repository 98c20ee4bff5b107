"""Settings written: what was read is written so that it reads the same, in words that the DSL has."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from formats.pipelines.teamcity.strategies import teamcity_pipelines
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.teamcity import kotlin, parse, render
from seaway.formats.pipelines.teamcity.source import Source, mistake, tree
from seaway.formats.pipelines.teamcity.values import Entity, Item
from seaway.formats.pipelines.teamcity.words import WRITTEN
from seaway.model.expression import Binary, Condition, Literal, Ref, Template, Unary
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Job,
    Matrix,
    Need,
    Parameter,
    Pipeline,
    Run,
    Step,
    System,
    Trigger,
    TriggerKind,
    Use,
)

CASES = Path(__file__).parents[2]
FILES = sorted((CASES / "teamcity").glob("*/settings.kts"))
FOREIGN = {
    "github_actions": sorted((CASES / "github_actions").glob("*/workflow.yml")),
    "gitlab_ci": sorted((CASES / "gitlab_ci").glob("*/.gitlab-ci.yml")),
    "azure_pipelines": sorted((CASES / "azure_pipelines").glob("*/pipeline.yml")),
}
OTHERS = [(system, path) for system, paths in FOREIGN.items() for path in paths]


def has_mistake(text: str) -> bool:
    return mistake(tree(Source(text, "x.kts"))) is not None


def strange_words(text: str) -> list[str]:
    """Words of the text that the table does not list where they stand."""
    found = kotlin.read(text, "x.kts")
    strange: list[str] = []

    def look(items: list[Item] | None, block: str) -> None:
        for item in items or ():
            if item.word not in WRITTEN.get(block, frozenset()):
                strange.append(f"{block}.{item.word}")
            look(item.items, item.word)
            for value in item.args:
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, Item) and one.word not in {"always", "value"}:
                        look(one.items, one.word)

    for item in found.top:
        if item.word not in {"version", "project"}:
            strange.append(item.word)
        look(item.items, item.word)
    for entity in found.entities:
        look(entity.items, "BuildType" if entity.type == "Template" else entity.type)
    return strange


def as_written(path: Path) -> Pipeline:
    """The file's model without what is told as a loss: holes, opaque statements, projects within the project."""
    return parse(path.read_text(), "x.kts")


@pytest.mark.parametrize("name", ["gradle_chain", "loops_and_classes"])
def test_settings_that_are_written_read_the_same(name: str) -> None:
    pipeline = as_written(CASES / "teamcity" / name / "settings.kts")
    written = render(pipeline)
    told = {loss.construct for loss in written.losses}
    kept = tuple(one for one in pipeline.natives if one.key not in told)
    assert told <= {"subProject", "Nightly.name"}
    assert bare(parse(written.text, "x.kts")) == bare(dataclasses.replace(pipeline, natives=kept, index={}))
    assert not has_mistake(written.text)


def test_what_could_not_be_known_is_told_when_it_is_written() -> None:
    written = render(as_written(CASES / "teamcity/odd_shapes/settings.kts"))
    assert {loss.kind for loss in written.losses} == {LossKind.OPAQUE}
    assert len(written.losses) == 4
    assert "// while (more())" in written.text
    assert not has_mistake(written.text)
    again = parse(written.text, "x.kts")
    assert render(again).losses == ()
    assert bare(parse(render(again).text, "x.kts")) == bare(again)


@given(teamcity_pipelines())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_pipeline_that_is_written_reads_the_same(pipeline: Pipeline) -> None:
    written = render(pipeline)
    assert written.losses == ()
    assert not has_mistake(written.text)
    assert bare(parse(written.text, "x.kts")) == bare(pipeline)


@given(teamcity_pipelines())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_only_words_of_the_table_are_written(pipeline: Pipeline) -> None:
    jobs = tuple(
        dataclasses.replace(job, natives=(), steps=tuple(step for step in job.steps if step.native != "qodana"))
        for job in pipeline.jobs
    )
    assert strange_words(render(dataclasses.replace(pipeline, jobs=jobs, index={})).text) == []


def test_a_word_that_the_table_does_not_list_is_noticed() -> None:
    text = 'project { buildType(A) }\nobject A : BuildType({ steps { script { scriptcontent = "x" } }; stepz { } })'
    assert strange_words(text) == ["script.scriptcontent", "BuildType.stepz"]


def test_a_mistake_in_the_text_is_noticed() -> None:
    assert has_mistake('object A : BuildType({ name = "a" )\n')
    assert has_mistake("project { steps { script { = 3 } } }")


@pytest.mark.parametrize(("system", "path"), OTHERS, ids=[f"{system}-{path.parent.name}" for system, path in OTHERS])
def test_pipelines_of_other_systems_become_settings(system: str, path: Path) -> None:
    module = importlib.import_module(f"seaway.formats.pipelines.{system}")
    pipeline: Pipeline = module.parse(path.read_text(), path.name)
    written: Written = render(pipeline)
    assert not has_mistake(written.text)
    assert strange_words(written.text) == []
    again = parse(written.text, "x.kts")
    assert again.unresolved == ()
    off = Literal(value=False)
    expected = [job for job in pipeline.jobs if not (job.template or (job.condition and job.condition.expr == off))]
    assert len(again.jobs) == len(expected)
    lines = written.text.splitlines()
    for loss in written.losses:
        assert loss.why
        assert loss.source is not None, loss
        assert loss.target is not None, loss
        assert lines[loss.target.line - 1].startswith(("object ", "project {"))
        assert written.text[loss.target.start : loss.target.end] == lines[loss.target.line - 1]
    assert render(again).losses == ()


def foreign(job: Job, **more: object) -> Written:
    return render(dataclasses.replace(Pipeline(System.GITLAB_CI, "x.yml", jobs=(job,)), index={}, **more))  # type: ignore[arg-type]


def kinds(written: Written) -> list[str]:
    return sorted(f"{loss.kind.value} {loss.construct}" for loss in written.losses)


def test_a_condition_is_asked_by_the_steps() -> None:
    main = Condition(Binary("==", Ref("git", ("branch",)), Literal("main")))
    written = foreign(Job("a", condition=main, steps=(Step(Run("x")),)))
    assert 'equals("teamcity.build.branch", "main")' in written.text
    assert kinds(written) == ["approximated job a: condition"]


def test_flags_are_compared_and_builds_asked_by_their_new_ids() -> None:
    asked = Binary(
        "&&", Unary("!", Ref("input", ("dry",))), Binary("==", Ref("job", ("a", "output", "x")), Literal("1"))
    )
    jobs = (Job("a"), Job("b", needs=(Need("a"),), steps=(Step(Run("x"), condition=Condition(asked)),)))
    written = render(Pipeline(System.GITLAB_CI, "x.yml", parameters=(Parameter("dry", "boolean"),), jobs=jobs))
    assert 'doesNotEqual("dry", "true")' in written.text
    assert 'equals("dep.A.x", "1")' in written.text
    assert written.losses == ()


def test_what_teamcity_cannot_ask_is_told_and_not_guessed() -> None:
    odd = Condition(Binary("||", Ref("input", ("X",)), Ref("input", ("Y",))))
    written = foreign(Job("a", steps=(Step(Run("x"), condition=odd),)))
    assert kinds(written) == ["dropped step script: condition"]
    assert "conditions {" not in written.text


def test_scripts_keep_their_variables_and_stop_at_the_first_failure() -> None:
    steps = (Step(Run("cd a\necho $CI_COMMIT_SHA")), Step(Run("make $CI_JOB_TOKEN", continues=True)))
    written = foreign(Job("build it", steps=steps))
    assert 'param("env.CI_COMMIT_SHA", "%build.vcs.number%")' in written.text
    (only,) = parse(written.text, "x.kts").jobs
    assert only.id == "BuildIt"
    assert [one.work for one in only.steps] == [Run("set -e\ncd a\necho $CI_COMMIT_SHA\nmake $CI_JOB_TOKEN")]
    assert kinds(written) == ["dropped $CI_JOB_TOKEN"]


def test_bash_keeps_its_strictness_and_a_percent_sign_its_meaning() -> None:
    written = foreign(Job("a", steps=(Step(Run("date +%Y%m%d", "bash")),)))
    (only,) = parse(written.text, "x.kts").jobs[0].steps
    assert only.work == Run("#!/bin/bash\nset -eo pipefail\ndate +%Y%m%d")
    assert "%%Y%%m%%d" in written.text


def test_files_go_along_the_edges_into_the_folders_they_came_from() -> None:
    build = Job("build", artifacts=(Artifact("up", paths=("dist/", "app/*.jar")),), steps=(Step(Run("make")),))
    test = Job("test", needs=(Need("build"),), steps=(Step(Run("make test")),))
    written = render(Pipeline(System.GITLAB_CI, "x.yml", jobs=(build, test)))
    made, used = parse(written.text, "x.kts").jobs
    assert made.artifacts == (
        Artifact("up", name="dist", paths=("dist",)),
        Artifact("up", name="app", paths=("app/*.jar",)),
    )
    assert used.artifacts == (Artifact("down", paths=("**",), jobs=("Build",)),)
    assert used.needs is not None
    assert [(need.job, need.when, need.artifacts) for need in used.needs] == [("Build", "success", True)]
    assert written.losses == ()


def test_what_starts_a_pipeline_starts_the_ends_of_its_chain() -> None:
    jobs = (Job("a", steps=(Step(Run("x")),)), Job("b", needs=(Need("a"),), steps=(Step(Run("y")),)))
    written = render(Pipeline(System.GITLAB_CI, "x.yml", triggers=(Trigger(TriggerKind.PUSH),), jobs=jobs))
    (trigger,) = parse(written.text, "x.kts").triggers
    assert trigger.jobs == ("B",)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (Job("a", manual=True), "manual job a: approval"),
        (Job("a", permissions=None, interruptible=True), "dropped job a: interruptible"),
        (Job("a", matrix=Matrix(computed="later")), "dropped job a: matrix"),
        (Job("a", caches=(Cache(key="k", paths=("x",)),)), "approximated a: cache"),
        (Job("a", steps=(Step(Use(__import__("seaway.model.pipeline", fromlist=["Component"]).Component("x@v1"))),)), "opaque a: use"),
        (Job("a", steps=(Step(Approval()),)), "manual a: approval"),
        (Job("a", steps=(Step(Run("x"), continue_on_error=True),)), "dropped a: run: continue on error"),
        (Job("a", steps=(Step(Run(Template((Ref("step", ("x", "output", "y")),)))),)), "dropped step script"),
    ],
)  # fmt: skip
def test_every_loss_is_told(job: Job, expected: str) -> None:
    assert expected in kinds(foreign(job))


def test_names_that_are_no_symbols_keep_their_id() -> None:
    pipeline = Pipeline(
        System.TEAMCITY, "x.kts", jobs=(Job("build", needs=()), Job("BuildType", needs=()), Job("Build", needs=()))
    )
    written = render(pipeline)
    assert [job.id for job in parse(written.text, "x.kts").jobs] == ["build", "BuildType", "Build"]
    assert not has_mistake(written.text)
    assert isinstance(kotlin.read(written.text, "x.kts").entities[0], Entity)


def test_a_root_whose_checkout_is_kept_as_text_is_declared() -> None:
    text = """version = "2024.12"
project { vcsRoot(Main); buildType(A); buildType(B) }
object Main : GitVcsRoot({ name = "https://e.org/a.git"; url = "https://e.org/a.git"; branch = "refs/heads/x" })
object A : BuildType({ vcs { root(Main) } })
object B : BuildType({ vcs { root(Main, "+:x => y", "-:z") } })"""
    pipeline = parse(text, "x.kts")
    written = render(pipeline).text
    assert written.count("object Main : GitVcsRoot") == 1
    assert "Root1" not in written
    assert bare(parse(written, "x.kts")) == bare(pipeline)
