"""Azure's files as they are met, read: every part of a file is in the model, at its place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from formats.pipelines.changes import unnoticed
from formats.pipelines.plain import plain
from seaway.formats.pipelines.azure_pipelines import parse
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.sources import Sources, from_mapping
from seaway.model.expression import Binary, Call, Literal, Phase, Ref, Template
from seaway.model.pipeline import Approval, Cache, Checkout, Job, Opaque, Pipeline, Step, TriggerKind, Use, steps

CASES = Path(__file__).parents[2] / "azure_pipelines"
FILES = sorted(CASES.glob("*/pipeline.yml"))


def beside(path: Path) -> Sources | None:
    """The other files of a case: `name` in the repository, `library:name` in a library."""
    files = path.with_name("files.yml")
    if not files.exists():
        return None
    known = yaml.safe_load(files.read_text())
    libraries = {tuple(name.split(":")): text for name, text in known.items() if ":" in name}
    return from_mapping({name: text for name, text in known.items() if ":" not in name}, libraries)


def case(name: str, *, resolved: bool = False) -> Pipeline:
    path = CASES / name / "pipeline.yml"
    return parse(path.read_text(), "azure-pipelines.yml", beside(path) if resolved else None)


def job(pipeline: Pipeline, name: str) -> Job:
    found = pipeline.job(name)
    assert found is not None, [one.id for one in pipeline.jobs]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_is_read_as_expected(path: Path) -> None:
    model = parse(path.read_text(), "azure-pipelines.yml", beside(path))
    found = json.dumps(plain(model), indent=1, ensure_ascii=False) + "\n"
    expected = path.with_name("expected.json")
    if os.environ.get("SEAWAY_ACCEPT"):
        expected.write_text(found)
    assert found == expected.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_nothing_of_a_file_is_dropped(path: Path) -> None:
    """Whatever key or value is changed, the model is another one."""
    structural = frozenset({"stages", "jobs", "steps", "parameters"})
    assert list(unnoticed(path.read_text(), lambda text: bare(parse(text, "x.yml")), structural)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_span_cuts_its_own_text_out_of_the_file(path: Path) -> None:
    text = path.read_text()
    for owner, step in steps(parse(text, "x.yml")):
        if step.span is None:  # what Azure adds by itself stands nowhere
            assert step.native or (isinstance(step.work, Checkout) and step.work.implicit)
            continue
        cut = text[step.span.start : step.span.end]
        assert cut == cut.strip()
        assert step.name in cut or "${{" in cut
        assert owner is not None
        assert owner.span is not None
        if "${{ each step" not in text:  # a parameter's default stands above the job
            assert owner.span.start <= step.span.start < step.span.end <= owner.span.end


def test_two_conditions_of_one_mapping_both_survive() -> None:
    text = """
variables:
  ${{ if eq(parameters.env, 'live') }}:
    size: big
  ${{ if eq(parameters.env, 'test') }}:
    size: small
    kept: yes
steps: []
"""
    size, kept = parse(text, "x.yml").variables
    assert size.name == "size"
    assert isinstance(size.value, Template)
    outer = size.value.parts[0]
    assert isinstance(outer, Call)
    assert outer.args[1] == Literal("small")
    assert outer.args[2] == Call(
        "iif", (Binary("==", Ref("input", ("env",)), Literal("live")), Literal("big"), Literal(""))
    )
    assert kept.name == "kept"


def test_a_condition_around_a_step_is_decided_when_the_file_is_compiled() -> None:
    step = next(one for one in job(case("release_stages"), "test").steps if "integration" in str(one.work))
    assert step.condition is not None
    assert step.condition.phase is Phase.COMPILE
    assert step.condition.expr == Binary(
        "&&",
        Binary("==", Ref("input", ("skipTests",)), Literal(False)),
        Binary("!=", Ref("event", ("kind",)), Literal("pull_request")),
    )


def test_templates_stand_where_they_are_used() -> None:
    found = case("compile_time", resolved=True)
    assert [stage.name for stage in found.stages] == [
        "test",
        "release",
        "audit.yml@elsewhere",
        "announce",
        "once",
        "quiet",
    ]
    assert [one.id for one in found.jobs] == [
        "test_unit", "test_browser", "push", "audit.yml@elsewhere", "mail", "single", "nothing",
    ]  # fmt: skip
    unit, browser = job(found, "test_unit"), job(found, "test_browser")
    assert (unit.timeout, browser.timeout) == (unit.timeout, browser.timeout)
    assert unit.timeout is not None
    assert browser.timeout is not None
    assert (unit.timeout.total_seconds(), browser.timeout.total_seconds()) == (600, 5400)
    assert [one.text for one in found.unresolved] == ["audit.yml@elsewhere"]
    assert {step.span.path for step in unit.steps if step.span} == {"stages/test.yml", "steps/tool.yml"}
    assert job(found, "push").steps[-1].span is not None
    assert job(found, "push").steps[-1].span.path == "shared:jobs/push.yml"  # type: ignore[union-attr]


def test_without_the_templates_the_references_stay() -> None:
    found = case("compile_time")
    assert [one.calls.text for one in found.jobs if one.calls] == [
        "stages/test.yml", "release.yml@shared", "audit.yml@elsewhere",
    ]  # fmt: skip
    once = job(found, "single").steps[-1].work
    assert isinstance(once, Use)
    assert once.ref.text == "steps/tool.yml"


def test_an_elseif_holds_only_where_the_if_does_not() -> None:
    by_name = {stage.name: stage.condition for stage in case("compile_time", resolved=True).stages}
    live = Binary("==", Ref("input", ("environment",)), Literal("live"))
    once = by_name["once"]
    assert once is not None
    assert "!" in str(once.expr)
    assert once.expr.left.operand == live  # type: ignore[union-attr]
    assert by_name["quiet"] is not None
    assert by_name["test"] is None


def test_approvals_without_a_machine_are_approvals() -> None:
    ask = job(case("release_stages"), "ask")
    assert ask.approval == Approval("Ship it?", ("ops@example.com",))
    assert ask.steps == ()


def test_azure_checks_out_unless_told_otherwise() -> None:
    built = job(case("containers_services"), "unit")
    assert built.steps[0] == Step(Checkout(implicit=True))
    single = case("single_job").jobs[0]
    assert [step.work.repository for step in single.steps if isinstance(step.work, Checkout)] == [
        "git://shop/tools@refs/heads/main"
    ]
    none = parse("steps:\n- checkout: none\n- script: make\n", "x.yml").jobs[0]
    assert [step.work.kind for step in none.steps] == ["run"]


def test_a_deployment_gets_the_artifacts_by_itself() -> None:
    ship = job(case("release_stages"), "ship_weu")
    assert [step.work.kind for step in ship.steps] == ["artifact", "run"]
    canary = job(case("odd_shapes"), "web")
    assert "artifact" not in [step.work.kind for step in canary.steps]
    assert [step.native for step in canary.steps] == ["preDeploy", "", "", "routeTraffic", "postRouteTraffic"]
    assert [one.when for one in canary.post] == ["failure", "success"]


def test_a_macro_in_the_environment_of_a_step_whose_variable_is_nowhere_set_is_a_secret() -> None:
    test = job(case("release_stages"), "test")
    secret = [one for step in test.steps for one in step.env if one.secret]
    assert [one.value for one in secret] == [Template((Ref("secret", ("API_TOKEN",)),))]


def test_the_shells_own_commands_are_no_variables() -> None:
    test = parse("steps:\n- script: echo $(date) $(myName) $(pwd) $(my.thing) $(SEEN)\n", "x.yml").jobs[0]
    assert test.steps[1].work.script == Template(  # type: ignore[union-attr]
        (
            "echo $(date) ", Ref("var", ("myName",)), " $(pwd) ", Ref("var", ("my.thing",)), " ", Ref("var", ("SEEN",)),
        )
    )  # fmt: skip


def test_jobs_of_one_name_in_two_stages_are_two() -> None:
    found = case("odd_shapes")
    assert [one.id for one in found.jobs] == ["web", "other", "second.web", "jobs/more.yml"]


def test_a_cache_names_its_lock_files() -> None:
    cache = next(step.work for step in job(case("release_stages"), "test").steps if isinstance(step.work, Cache))
    assert cache.files == ("requirements.txt",)
    assert cache.fallbacks[1] == "pip"


def test_no_trigger_means_every_push_and_every_pull_request() -> None:
    assert [one.kind for one in parse("steps: []\n", "x.yml").triggers] == [TriggerKind.PUSH, TriggerKind.PULL_REQUEST]
    assert parse("trigger: none\npr: none\nsteps: []\n", "x.yml").triggers == ()


def test_what_is_not_understood_stays_with_its_text() -> None:
    opaque = [step.work.text for _, step in steps(case("odd_shapes")) if isinstance(step.work, Opaque)]
    assert opaque == ["reviewApp: live", "just words"]
    kept = {one.key: one.text for one in job(case("odd_shapes"), "second.web").natives}
    assert kept == {}
    assert {one.key: one.text for one in case("odd_shapes").natives} == {
        "lockBehavior": "sequential", "appendCommitMessageToRunName": "false",
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["- {name: shape, default: 't_{0}_{{1}}{9}'}", "  shape: 't_{0}_{{1}}{9}'"])
def test_doubled_braces_of_format_are_braces(shape: str) -> None:
    inner = f"parameters:\n{shape}\njobs:\n- job: ${{{{ format(format(parameters.shape, 'a'), 'x', 'b') }}}}\n"
    files = from_mapping({"azure-pipelines.yml": "", "t.yml": inner})
    found = parse("jobs:\n- template: t.yml\n", "azure-pipelines.yml", files)
    assert [one.id for one in found.jobs] == ["t_a_b{9}"]
