"""Settings in XML: what was read is written so that it reads the same; what XML has no known name for is told."""

from __future__ import annotations

import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from formats.pipelines.plain import plain as plain_model
from formats.pipelines.teamcity.strategies import teamcity_pipelines
from seaway import registry
from seaway.formats.pipelines import teamcity
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.expand import shown
from seaway.formats.pipelines.sources import from_mapping
from seaway.formats.pipelines.teamcity import properties, specs
from seaway.formats.pipelines.teamcity.values import Item, Symbol
from seaway.formats.pipelines.teamcity_xml import parse, render, render_files
from seaway.model.expression import Call, Literal
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import Checkout, Job, Pipeline, Run, Step, System, steps

SHOP = Path(__file__).parents[2] / "teamcity_xml/shop"


def in_xml(pipeline: Pipeline) -> Pipeline:
    """The pipeline without what XML has no name for: matrices, runners of plugins, steps that want a failed build."""

    def plain(step: Step) -> bool:
        return step.native != "qodana" and Call("failure") not in _parts(step)

    def job(one: Job) -> Job:
        steps = tuple(step for step in one.steps if plain(step))
        works = any(not isinstance(step.work, Checkout) for step in steps)
        return dataclasses.replace(one, matrix=None, steps=steps, container=one.container if works else None)

    return dataclasses.replace(pipeline, jobs=tuple(job(one) for one in pipeline.jobs), index={})


def _parts(step: Step) -> list[object]:
    found: list[object] = [step.condition.expr] if step.condition else []
    for one in found:
        found += [getattr(one, name) for name in ("left", "right") if hasattr(one, name)]
    return found


@given(teamcity_pipelines())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_pipeline_that_is_written_reads_the_same(pipeline: Pipeline) -> None:
    whole = in_xml(pipeline)
    written = render(whole)
    assert {loss.construct for loss in written.losses} <= {"VCS root Repository"}
    assert all(loss.kind is LossKind.MANUAL for loss in written.losses)
    assert bare(parse(written.text, "x.xml")) == bare(dataclasses.replace(whole, path="x.xml"))


def test_the_control_of_that_property_notices_a_changed_value() -> None:
    """A word that is written under another name no longer reads the same."""
    written = render(parse(project("steps", RUNNER), "x.xml")).text
    assert bare(parse(written, "x.xml")) != bare(parse(written.replace("script.content", "script.contents"), "x.xml"))


# --- files


def shop() -> dict[str, str]:
    return {one.relative_to(SHOP).as_posix(): one.read_text() for one in SHOP.rglob("*.xml")}


def test_a_folder_that_is_written_reads_the_same() -> None:
    files = shop()
    read = parse(files["project-config.xml"], "project-config.xml", from_mapping(files))
    made = dict(render_files(read).files)
    assert set(made) == {place for place in files if "Base" not in place} - {"vcsRoots/Shop_Tools.xml"} | {
        "vcsRoots/Root1.xml"
    }
    again = parse(made["project-config.xml"], "project-config.xml", from_mapping(made))
    assert bare(dataclasses.replace(again, includes=())) == bare(dataclasses.replace(read, includes=()))
    assert render(read).losses == ()


def test_the_document_says_what_the_files_say() -> None:
    read = parse(shop()["project-config.xml"], "project-config.xml", from_mapping(shop()))
    made = dict(render_files(read).files)
    of_files = parse(made["project-config.xml"], "project-config.xml", from_mapping(made))
    whole = parse(render(read).text, "project-config.xml")
    assert bare(dataclasses.replace(whole, includes=())) == bare(dataclasses.replace(of_files, includes=()))


def test_a_build_alone_knows_its_template_and_its_roots() -> None:
    files = {f"cfg/{place}": text for place, text in shop().items()}
    place = "cfg/buildTypes/Shop_Build.xml"
    build = parse(files[place], place, from_mapping(files)).job("Shop_Build")
    assert build is not None
    assert [step.id or step.name for step in build.steps][2:5] == ["prepare", "Assemble", "lint"]
    assert [step.work.repository for step in build.steps if isinstance(step.work, Checkout)] == [
        "",
        "https://example.org/team/tools.git",
    ]
    alone = parse(files[place], place).job("Shop_Build")
    assert alone is not None
    assert alone.extends == ("Shop_Base",)


# --- what is written


RUNNER = '<runner id="RUNNER_1" name="" type="simpleRunner"><parameters><param name="script.content" value="{}"/></parameters></runner>'


def project(block: str = "", inner: str = "", *, build: str = "") -> str:
    names = {
        "steps": "build-runners",
        "triggers": "build-triggers",
        "features": "build-extensions",
        "options": "options",
    }
    shown = f"<{names[block]}>{inner}</{names[block]}>" if block else inner
    return f'<project><build-type id="A"><name>A</name>{build}<settings>{shown}</settings></build-type></project>'


def of_kotlin(body: str) -> Written:
    text = f"project {{ buildType(A) }}\nobject A : BuildType({{ {body} }})"
    return render(teamcity.parse(text, "settings.kts"))


def told(written: Written) -> dict[str, str]:
    return {loss.construct: loss.kind.value for loss in written.losses}


@pytest.mark.parametrize(
    "script",
    [
        "echo 'a' && b < c > d \"e\"",
        "set -e\necho ]]> && cat <<X\n\t<x/>\nX",
        "a\r\nb\r\n",
        " begins and ends with a space ",
        "tab\tand\tline\n",
        "&amp; &#10; <![CDATA[x]]>",
        "snö ☃ 𝛑",
    ],
)
def test_a_script_comes_back_as_it_was(script: str) -> None:
    step = Step(Run(script), native="script")
    text = render(Pipeline(System.TEAMCITY, "x", jobs=(Job("A", needs=(), dependencies=(), steps=(step,)),))).text
    (found,) = parse(text, "x.xml").jobs
    assert found.steps[0].work == Run(script)


def test_characters_that_xml_cannot_hold_are_told() -> None:
    step = Step(Run("printf '\x1b[31m\x00'"), native="script")
    written = render(Pipeline(System.TEAMCITY, "x", jobs=(Job("A", needs=(), dependencies=(), steps=(step,)),)))
    assert told(written) == {"A: control characters": "dropped"}
    assert parse(written.text, "x.xml").jobs[0].steps[0].work == Run("printf '[31m'")


def test_a_step_that_wants_a_failed_build_is_switched_off_and_told() -> None:
    written = of_kotlin(
        'steps { script { executionMode = BuildStep.ExecutionMode.RUN_ONLY_ON_FAILURE; scriptContent = "x" } }'
    )
    assert told(written) == {"A: executionMode": "manual"}
    assert '<setting-ref ref="RUNNER_1" />' in written.text
    condition = parse(written.text, "x.xml").jobs[0].steps[0].condition
    assert condition is not None
    assert condition.expr == Literal(value=False)


@pytest.mark.parametrize(
    ("body", "construct", "kind"),
    [
        ("steps { qodana { linter = jvm() } }", "A: step qodana", "manual"),
        ("features { commitStatusPublisher { } }", "A: commitStatusPublisher", "dropped"),
        ("failureConditions { failOnMetricChange { } }", "A: failOnMetricChange", "dropped"),
        ('templates(AbsoluteId("A1"), AbsoluteId("B1"))', "A: templates", "manual"),
        ("maxRunningBuilds = 1 + x()", "A: maxRunningBuilds", "dropped"),
        ('features { matrix { param("a", listOf(value("1"), value("2"))) } }', "A: matrix", "approximated"),
        ("while (more()) { }", "A: kotlin", "opaque"),
        ("dependencies { snapshot(B) { reuseBuilds = ReuseBuilds.NO; x = 1 } }", "A: x", "dropped"),
        ("steps { while (x()) { } }", "step kotlin", "opaque"),
    ],
)  # fmt: skip
def test_what_has_no_name_in_xml_is_told(body: str, construct: str, kind: str) -> None:
    found = told(of_kotlin(body))
    assert any(
        name.startswith(construct.split(": kotlin", maxsplit=1)[0]) and one == kind for name, one in found.items()
    ), found


def test_words_with_a_name_in_xml_are_not_told() -> None:
    written = of_kotlin("""
        name = "N"; description = "D"; buildNumberPattern = "%build.counter%"; publishArtifacts = PublishMode.SUCCESSFUL
        params { text("a", "b", display = ParameterDisplay.PROMPT, allowEmpty = false); select("s", "x", options = listOf("x", "One" to "y")) }
        vcs { root(AbsoluteId("R")); checkoutMode = CheckoutMode.ON_SERVER; cleanCheckout = true }
        steps { powerShell { scriptMode = file { path = "a.ps1" } }; python { command = file { filename = "a.py"; scriptArguments = "-v" } } }
        triggers { vcs { quietPeriodMode = VcsTrigger.QuietPeriodMode.USE_DEFAULT }; retryBuild { delaySeconds = 9; attempts = 2 } }
        failureConditions { executionTimeoutMin = 5; errorMessage = true; nonZeroExitCode = false }
        features { pullRequests { vcsRootExtId = "${DslContext.settingsRoot.id}"; provider = github { authType = vcsRoot() } }
                   sharedResources { readLock("a"); writeLock("b") } }
        dependencies { snapshot(AbsoluteId("B")) { onDependencyFailure = FailureAction.CANCEL; runOnSameAgent = true }
                       artifacts(AbsoluteId("B")) { buildRule = lastSuccessful(); cleanDestination = true; artifactRules = "a => b" } }
        requirements { doesNotExist("x"); moreThan("teamcity.agent.hardware.cpuCount", "2") }
    """)
    assert told(written) == {}
    for part in (
        '<option name="publishArtifactCondition" value="SUCCESSFUL" />', '<option name="checkoutMode" value="ON_SERVER" />',
        '<option name="cleanBuild" value="true" />', "spec=\"select data_1='x' data_2='y' label_2='One'\"",
        "spec=\"text display='prompt' validationMode='not_empty'\"", '<param name="jetbrains_powershell_script_mode" value="CODE" />',
        '<param name="scriptFile" value="a.py" />', '<param name="quietPeriodMode" value="USE_DEFAULT" />',
        '<param name="enqueueTimeout" value="9" />', '<option name="shouldFailBuildOnBadExitCode" value="false" />',
        '<param name="authenticationType" value="vcsRoot" />', "<![CDATA[a readLock\nb writeLock]]>",
        '<option name="run-build-on-the-same-agent" value="true" />', 'revision="latest.lastSuccessful"',
        '<dependency sourceBuildTypeId="B" cleanDestination="true">', '<not-exists id="RQ_1" name="x" />',
        '<more-than id="RQ_2" name="teamcity.agent.hardware.cpuCount" value="2" />',
    ):  # fmt: skip
        assert part in written.text, part


def test_a_matrix_is_a_build_for_each_combination_and_its_edges_follow() -> None:
    text = """project { buildType(A); buildType(B) }
    object A : BuildType({ steps { script { scriptContent = "test %db% %env.V%" } }; artifactRules = "out => out"
      features { matrix { db = listOf(value("pg"), value("my")); param("env.V", listOf(value("1"))) } } })
    object B : BuildType({ triggers { finishBuildTrigger { buildType = "${A.id}" } }
      dependencies { dependency(A) { snapshot { reuseBuilds = ReuseBuilds.NO }; artifacts { artifactRules = "out => in" } } } })"""
    written = render(teamcity.parse(text, "settings.kts"))
    found = parse(written.text, "x.xml")
    assert [job.id for job in found.jobs] == ["A_Pg1", "A_My1", "B"]
    assert [shown(job.name) for job in found.jobs] == ["A (pg, 1)", "A (my, 1)", ""]
    assert [{one.name: one.value for one in job.variables} for job in found.jobs[:2]] == [
        {"db": "pg", "V": "1"},
        {"db": "my", "V": "1"},
    ]
    last = found.jobs[2]
    assert [need.job for need in last.needs or ()] == ["A_Pg1", "A_My1"]
    assert [one.jobs for one in last.artifacts] == [("A_Pg1",), ("A_My1",)]
    assert written.text.count('value="false" />') >= 4
    assert "test %db% %env.V%" in written.text


def test_the_repository_of_the_settings_is_a_root_that_a_person_completes() -> None:
    written = of_kotlin("vcs { root(DslContext.settingsRoot) }")
    assert told(written) == {"VCS root Repository": "manual"}
    completed = written.text.replace('name="url" value=""', 'name="url" value="https://example.org/a.git"')
    (job,) = parse(completed, "x.xml").jobs
    assert job.steps[0].work == Checkout()
    again = render(parse(completed, "x.xml"))
    assert again.losses == ()
    assert "https://example.org/a.git" in again.text


def test_comments_stand_above_what_they_stood_above() -> None:
    text = """// the whole
project { buildType(A) }
// one build -- with dashes
object A : BuildType({
    steps {
        // a step
        script { scriptContent = "x" }
    }
})
"""
    written = render(teamcity.parse(text, "settings.kts"))
    found = parse(written.text, "x.xml")
    assert found.comment == "the whole"
    assert found.jobs[0].comment == "one build - - with dashes"
    assert found.jobs[0].steps[0].comment == "a step"


def test_an_element_that_no_word_stands_for_goes_back_into_xml_and_is_told_in_kotlin() -> None:
    extra = "<company-settings><level>3</level></company-settings>"
    read = parse(project(inner=extra), "x.xml")
    assert extra in render(read).text
    in_kotlin = teamcity.render(read)
    assert {loss.kind for loss in in_kotlin.losses} == {LossKind.OPAQUE}
    assert f"// {extra}" in in_kotlin.text


# --- specs


@pytest.mark.parametrize(
    "spec",
    [
        "text display='prompt' label='a |'b|' || c|n|]' validationMode='any'",
        "password display='hidden'",
        "checkbox checkedValue='yes' uncheckedValue='no'",
        "select data_1='a' data_2='b' label_2='B' display='prompt' multiple='true'",
        "text regexp='|[a-z|]+' validationMode='regex' validationMessage='letters'",
    ],
)
def test_how_a_parameter_is_asked_for_goes_both_ways(spec: str) -> None:
    read = specs.read(spec)
    assert read is not None
    word, named = read
    written = specs.write(Item(word, ["n", "v"], named))
    assert written is not None
    assert specs.read(written) == read


@pytest.mark.parametrize(
    "spec", ["text future='x'", "text display=prompt", "color red='1'", "text display='sometimes'"]
)
def test_a_spec_that_says_more_stays_as_it_is(spec: str) -> None:
    assert specs.read(spec) is None
    text = f'<project><parameters><param name="a" value="b" spec="{spec}"/></parameters></project>'
    assert f'spec="{spec}"' in render(parse(text, "x.xml")).text


def test_every_word_of_the_table_reads_what_it_writes() -> None:
    """Each word with a value of its kind, in every runner, trigger and feature."""
    seen = 0
    for kind in (*properties.RUNNERS, *properties.TRIGGERS, *properties.FEATURES, properties.ROOT):
        for item in words(kind.fields):
            params, rest = properties.write(kind.fields, [item])
            assert rest == [], item
            found = [(word, value) for _, word, value in properties.read(kind.fields, params) if word]
            assert found == [(item.word, item.args[0])] or not params, (kind.word, item, params, found)
            seen += 1
    assert seen > 80


def words(fields: properties.Fields) -> Iterator[Item]:
    for one in fields:
        if isinstance(one, properties.Choice):
            for option, (text, inner) in one.options.items():
                chosen = [each for each in words(inner)][:1] if inner else []  # noqa: C416
                if text:
                    yield Item(one.word, [Item(option, items=chosen if inner else None)], assigned=True)
        elif one.kind == "enum":
            for name in one.names.values() or ["Monday"]:
                yield Item(one.word, [Symbol(f"{one.prefix}.{name}")], assigned=True)
        else:
            value: object = {"text": "x", "number": 3}.get(one.kind, True)
            yield Item(one.word, [value], assigned=True)


def test_a_build_that_waits_for_an_approval_keeps_its_steps_elsewhere() -> None:
    text = """project { buildType(A) }
    object A : BuildType({ steps { script { scriptContent = "ship-it now" } }; features { approval { approvalRules = "user:alice" } } })"""
    pipeline = teamcity.parse(text, "settings.kts")
    for name in registry.formats("pipelines"):
        assert "ship-it now" in registry.load_format("pipelines", name).render(pipeline).text, name
    written = registry.load_format("pipelines", "circleci").render(pipeline)
    assert "type: approval" in written.text
    assert any("alice" in loss.fix for loss in written.losses)


# --- nothing is dropped


_COUNTED = re.compile(
    r"RUNNER_\d+|RQ_\d+|TRIGGER_\d+|BUILD_EXT_\d+|PROJECT_EXT_\d+|vcsTrigger|https?://www\..*|[0-9a-f-]{36}|_Root"
)
_FIXED = frozenset(
    {"default", "perfmon", "swabra", "true", "false", "latest.sameChainOrLastFinished", "sameChainOrLastFinished"}
)


def values_of(text: str) -> Iterator[str]:
    """Every value of a file, apart from what the server counts by itself, and from names of types and parameters."""
    named = frozenset({"name"})
    for one in ET.fromstring(text).iter():
        plain = {key: value for key, value in one.attrib.items() if key != "type"}
        if one.tag in {"param", "option"}:
            plain = {key: value for key, value in plain.items() if key not in {*named, "spec"}}
        found = [*plain.values(), (one.text or "").strip()]
        yield from (value for value in found if value and value not in _FIXED and not _COUNTED.fullmatch(value))


def lost_values(files: dict[str, str], dropped: frozenset[str] = frozenset()) -> list[str]:
    """Values that the model says nowhere: each word of a value is looked for."""
    given = {place: text for place, text in files.items() if place not in dropped}
    read = parse(given["project-config.xml"], "project-config.xml", from_mapping(given))
    said = json.dumps(plain_model(read), ensure_ascii=False)
    words = {word for text in files.values() for value in values_of(text) for word in re.findall(r"[\w.*-]{2,}", value)}
    return sorted(word for word in words if word not in said)


# What the model says in words of its own, and how.
SAID_OTHERWISE = {
    "2-6": "cron: 1-5", "Sunday": "a field of a weekly policy in a daily one", "CODE": "script { content }",
    "PATH": "docker build -f", "ANONYMOUS": "anonymous()", "Core": "the shell pwsh", "DEPLOYMENT": "an environment",
    "Linux": "the system linux", "execute_always": "always()", "execute_if_failed": "not cancelled()", "writeLock": "a queue",
    "teamcity.agent.jvm.os.name": "the system", "teamcity.build.branch": "git.branch",
    "dep.Shop_Build.build.number": "job.Shop_Build.output", "env.CI_LEVEL": "env", "env.REGISTRY": "env", "env.SKIP_IMAGE": "env",
    "env.VERSION": "env",
}  # fmt: skip


def test_every_value_of_the_files_is_in_the_model() -> None:
    assert lost_values(shop()) == sorted(SAID_OTHERWISE)


def test_a_file_that_is_not_read_is_noticed() -> None:
    lost = lost_values(shop(), frozenset({"buildTypes/Shop_Deploy.xml"}))
    assert {"ship.sh", "shipped", "releases", "production"} <= set(lost)


def test_places_are_in_the_file_that_they_are_of() -> None:
    files = shop()
    read = parse(files["project-config.xml"], "project-config.xml", from_mapping(files))
    seen = set()
    for job, step in steps(read):
        assert job is not None
        for span in (job.span, step.span):
            assert span is not None
            cut = files[span.path][span.start : span.end]
            assert cut.startswith("<")
            assert cut.endswith(">")
            seen.add(span.path)
    assert seen == {place for place in files if place.startswith("buildTypes")}
