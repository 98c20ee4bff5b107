"""TeamCity's settings as they are met, read: in Kotlin and in XML, carried out as far as they can be known."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from formats.pipelines.plain import plain
from seaway.errors import ConfigError
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.sources import Sources, from_mapping
from seaway.formats.pipelines.teamcity import parse
from seaway.formats.pipelines.teamcity.expressions import Names, text
from seaway.formats.pipelines.teamcity.source import Source, tree
from seaway.model.expression import Call, Literal, Ref, Template, Unary, Unknown
from seaway.model.pipeline import Artifact, Checkout, Job, Opaque, Pipeline, Run, Step, TriggerKind, Use, steps

CASES = Path(__file__).parents[2] / "teamcity"
XML = CASES.with_name("teamcity_xml")
FILES = sorted([*CASES.glob("*/settings.kts"), *XML.glob("*/*.xml")])
BUILD = """
project {{
    buildType(Only)
}}
object Only : BuildType({{
    name = "Only"
    {}
}})
"""


def beside(path: Path) -> Sources | None:
    """The other files of a case."""
    files = path.with_name("files.yml")
    if path.name == "project-config.xml":
        inner = path.parent.glob("*/*.xml")
        return from_mapping({f".teamcity/{one.relative_to(path.parent).as_posix()}": one.read_text() for one in inner})
    return from_mapping(yaml.safe_load(files.read_text())) if files.exists() else None


def case(name: str, *, resolved: bool = False) -> Pipeline:
    path = next(path for path in FILES if path.parent.name == name)
    return parse(path.read_text(), f".teamcity/{path.name}", beside(path) if resolved else None)


def job(pipeline: Pipeline, name: str) -> Job:
    found = pipeline.job(name)
    assert found is not None, [one.id for one in pipeline.jobs]
    return found


def only(body: str) -> Job:
    """The job of one build configuration with these words."""
    return job(parse(BUILD.format(body), ".teamcity/settings.kts"), "Only")


def step(body: str) -> Step:
    (found,) = only(f"steps {{ {body} }}").steps
    return found


def run(body: str) -> Run:
    work = step(body).work
    assert isinstance(work, Run)
    return work


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_is_read_as_expected(path: Path) -> None:
    model = parse(path.read_text(), f".teamcity/{path.name}", beside(path))
    found = json.dumps(plain(model), indent=1, ensure_ascii=False) + "\n"
    expected = path.with_name("expected.json")
    if os.environ.get("SEAWAY_ACCEPT"):
        expected.write_text(found)
    assert found == expected.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_span_cuts_its_own_text_out_of_the_file(path: Path) -> None:
    text = path.read_text()
    found = parse(text, "x.kts" if path.suffix == ".kts" else "x.xml")
    seen = 0
    for owner, one in steps(found):
        assert owner is not None
        assert owner.span is not None
        assert one.span is not None
        cut = text[one.span.start : one.span.end]
        seen += 1
        assert cut == cut.strip()
        assert text.count("\n", 0, one.span.start) + 1 == one.span.line
        if path.suffix == ".kts":
            assert cut.startswith((one.native, "root", "while", "if")), cut
        else:
            assert cut.startswith(("<runner", "<vcs-entry-ref")), cut
            assert cut.endswith(">")
    assert seen or path.parent.name in {"split_folder", "shop"}


def values_of(node: Any) -> Iterator[Any]:
    """Texts, numbers and names of properties."""
    named = node.type == "identifier" and node.parent is not None and node.parent.type == "assignment"
    if named or node.type in {"string_content", "number_literal"}:
        yield node
    for child in node.children:
        yield from values_of(child)


def other(node: Any, text: str) -> str:
    """Another value of the same kind; "" where there is none."""
    if node.type != "string_content":
        return f"1{text}" if node.type == "number_literal" else f"z{text}"
    at = next((at for at, char in enumerate(text) if char.isalnum()), None)
    if at is None:
        return ""
    digit = "7" if text[at] != "7" else "8"
    letter = "z" if text[at] != "z" else "y"
    return text[:at] + (digit if text[at].isdigit() else letter) + text[at + 1 :]


# What may change without changing the model: a default that every call overrides, a variable that only an opaque statement
# reads, a password that is not repeated.
UNSEEN = {"loops_and_classes": ["1"], "odd_shapes": ["EXTRA", "hunter2"]}


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".kts"], ids=lambda path: path.parent.name)
def test_nothing_of_a_file_is_dropped(path: Path) -> None:
    """Whatever text, number or name of a property is changed, the model is another one."""
    text = path.read_text()
    source = Source(text, "x.kts")
    before = bare(parse(text, "x.kts"))
    unnoticed = []
    for node in values_of(tree(source)):
        start, end = source.at(node.start_byte), source.at(node.end_byte)
        changed = other(node, text[start:end])
        if changed and bare(parse(text[:start] + changed + text[end:], "x.kts")) == before:
            unnoticed.append(text[start:end])
    assert unnoticed == UNSEEN.get(path.parent.name, [])


def test_a_word_that_is_not_read_would_be_noticed() -> None:
    """The control of the test above: a value that nothing uses is unnoticed."""
    text = 'val unused = "x"\nproject { buildType { name = "a" } }'
    assert bare(parse(text, "x.kts")) == bare(parse(text.replace('"x"', '"y"'), "x.kts"))


# --- Kotlin that is carried out


def test_loops_make_a_job_for_each_round() -> None:
    """P12 of the reference: build types made in a loop are jobs of their own."""
    found = case("loops_and_classes")
    assert [one.id for one in found.jobs] == [
        "Prepare", "TestLinux11", "TestLinux17", "TestWindows11", "TestWindows17", "LibraryCore", "LibraryWeb", "Publish",
        "Nightly_Scan",
    ]  # fmt: skip
    needs = [need.job for need in job(found, "Publish").needs or ()]
    assert needs == ["TestLinux11", "TestLinux17", "TestWindows11", "TestWindows17", "LibraryCore", "LibraryWeb"]
    assert [need.job for need in job(found, "LibraryWeb").needs or ()] == ["Prepare"]
    assert job(found, "TestWindows17").timeout == timedelta(minutes=30)
    assert [one.work.kind for one in job(found, "TestWindows17").steps] == ["checkout", "run", "run"]


def test_what_branches_on_known_values_takes_one_branch() -> None:
    found = case("loops_and_classes")
    scripts = [one.work.script for one in job(found, "TestLinux11").steps if isinstance(one.work, Run)]
    assert scripts == ["export JAVA=11\n./test.sh --memory 2048m", "ls -la"]
    web = job(found, "LibraryWeb").steps[-1]
    assert isinstance(web.work, Run)
    assert (web.native, web.work.script, web.work.cwd) == ("nodeJS", "npm ci && npm test", "frontend")


@pytest.mark.parametrize(
    ("kotlin", "expected"),
    [
        ('"a" + 1', "a1"),
        ('listOf("a", "b").joinToString("-", prefix = "<", postfix = ">")', "<a-b>"),
        ("listOf(1, 2, 3).filter { it > 1 }.map { it * 2 }.joinToString()", "4, 6"),
        ('(1..3).joinToString("") { "$it" }', "123"),
        ('mapOf("a" to 1, "b" to 2).map { (k, v) -> "$k=$v" }.joinToString(";")', "a=1;b=2"),
        ('"Some Name 1".toId()', "SomeName1"),
        ('"x".toId("P_")', "P_x"),
        ('if (1 < 2 && !false) "yes" else "no"', "yes"),
        ('when ("b") { "a" -> "1"; "b", "c" -> "2"; else -> "3" }', "2"),
        ('null ?: "d"', "d"),
        ('"a,b".split(",").reversed().first()', "b"),
        ('"v1.2".removePrefix("v").substringBefore(".")', "1"),
        ('"a\\tb\\u0041\\$c"', "a\tbA$c"),
        ('"${"$"}HOME"', "$HOME"),
        ('listOf("a").associateWith { it.uppercase() }["a"]', "A"),
        ('run { val a = 1; var b = 2; b += a; "$b" }', "3"),
        ('listOf("b", "a").sorted().withIndex().joinToString { (i, v) -> "$i$v" }', "0a, 1b"),
        ('"""\n    |a\n    | b\n""".trimMargin()', "a\n b"),
        ('with("q") { this + "r" }', "qr"),
        ('"x".let { it + it }', "xx"),
    ],
)
def test_values_of_kotlin(kotlin: str, expected: str) -> None:
    assert run(f"script {{ scriptContent = {kotlin} }}").script == expected


@pytest.mark.parametrize(
    "kotlin", ["unknown()", 'System.getenv("X")', "1 / 0", '"a".repeat(1000000)', "listOf(1)[7]", '"a".hashCode()']
)
def test_what_cannot_be_known_is_a_hole_in_its_text_and_nothing_more(kotlin: str) -> None:
    script = run(f'script {{ scriptContent = "a ${{{kotlin}}} b" }}').script
    assert script == Template(("a ", Unknown(kotlin), " b"))


def test_a_statement_that_cannot_be_known_stays_between_those_that_can() -> None:
    found = only(
        'steps { script { scriptContent = "1" }\nfor (x in unknown()) { script { } }\nscript { scriptContent = "2" } }'
    )
    kinds = [one.work.kind for one in found.steps]
    assert kinds == ["run", "opaque", "run"]
    assert found.steps[1].work == Opaque("for (x in unknown()) { script { } }")


def test_a_mistake_costs_its_statement_and_not_the_file() -> None:
    found = parse('project { buildType(A) }\nval = = 3\nobject A : BuildType({ name = "A" })\n', "x.kts")
    assert [one.id for one in found.jobs] == ["A"]
    (told,) = found.unresolved
    assert told.span is not None
    assert (told.text, told.span.line) == ("val = = 3", 2)


def test_extensions_and_methods_reach_the_block_that_calls_them() -> None:
    text = """
        fun BuildSteps.twice(what: String, more: BuildStep.() -> Unit = {}) { for (n in 1..2) script { scriptContent = "$what $n"; more() } }
        fun BuildType.limited() = failureConditions { executionTimeoutMin = 5 }
        fun made(title: String) = BuildType { name = title; id(title); limited() }
        object A : BuildType({ name = "A"; steps { twice("go") { workingDir = "w" } }; limited() })
        project { listOf(A, made("B")).forEach(::buildType) }
    """
    found = parse(text, "x.kts")
    assert [(one.id, one.timeout) for one in found.jobs] == [("A", timedelta(minutes=5)), ("B", timedelta(minutes=5))]
    assert [one.work for one in found.jobs[0].steps] == [Run("go 1", cwd="w"), Run("go 2", cwd="w")]


def test_builds_made_by_functions_and_maps_are_all_found() -> None:
    text = """
        data class Group(val id: String) {
            val leaves = mutableListOf<String>()
        }
        fun grow(root: Project, paths: List<String>) {
            val groups = linkedMapOf<String, Group>()
            fun group(id: String): Group = groups.getOrPut(id) { Group(id) }
            paths.forEach { path -> group(path.substringBefore("/")).leaves += path.substringAfter("/") }
            groups.values.forEach { one -> one.leaves.forEach { leaf ->
                BuildType().also { bt -> bt.id("${one.id}_$leaf"); bt.params { param("leaf", leaf) }; root.buildType(bt) }
            } }
        }
        fun Project.chain(block: CompoundStage.() -> Unit) { sequential(block).buildTypes().forEach(::buildType) }
        object Last : BuildType({ name = "Last" })
        project { grow(this, listOf("a/x", "b/y", "a/z")); chain { buildType(Last) } }
    """
    found = parse(text, "x.kts")
    assert [one.id for one in found.jobs] == ["a_x", "a_z", "b_y", "Last"]
    assert found.natives == ()


def test_a_statement_of_a_function_that_cannot_be_known_is_kept_as_well() -> None:
    text = 'fun odd(p: Project) { System.exit(1); p.buildType { id("a") } }\nproject { odd(this) }'
    found = parse(text, "x.kts")
    assert [one.id for one in found.jobs] == ["a"]
    assert [one.text for one in found.natives] == ["System.exit(1)"]


def test_two_objects_that_refer_to_each_other_are_both_read() -> None:
    text = """
        object A : BuildType({ name = "A"; params { param("x", "${B.id}") } })
        object B : BuildType({ name = "B"; dependencies { snapshot(A) {} }; params { param("y", "${A.id}") } })
        project { buildType(A); buildType(B) }
    """
    found = parse(text, "x.kts")
    assert [one.variables[0].value for one in found.jobs] == ["B", "A"]


# --- what a build configuration says


def test_a_chain_with_everything() -> None:
    found = case("gradle_chain")
    image = job(found, "Image")
    assert [(need.job, need.when, need.artifacts) for need in image.needs or ()] == [
        ("Tests", "success", False),
        ("Compile", "success", True),
    ]
    assert image.artifacts[0] == Artifact("down", paths=("libs/*.jar",), into="source/libs", jobs=("Compile",))
    assert job(found, "Deploy").needs[0].when == "always"  # type: ignore[index]
    assert job(found, "Tests").parallel == 3
    container = job(found, "Tests").container
    assert container is not None
    assert container.name == "eclipse-temurin:17"
    triggers = [(one.kind, one.cron, one.timezone, one.jobs) for one in found.triggers]
    assert triggers == [
        (TriggerKind.PULL_REQUEST, "", "", ("Compile",)),
        (TriggerKind.PUSH, "", "", ("Image",)),
        (TriggerKind.SCHEDULE, "30 4 * * 1", "Europe/Berlin", ("Image",)),
        (TriggerKind.UPSTREAM, "", "", ("Deploy",)),
    ]
    checkout = image.steps[0].work
    assert isinstance(checkout, Checkout)
    assert checkout.path == "source"


@pytest.mark.parametrize(
    ("kotlin", "script", "shell"),
    [
        ('gradle { tasks = "a"; useGradleWrapper = false; buildFile = "x.gradle" }', "gradle a -b x.gradle", ""),
        ('maven { goals = "verify"; pomLocation = "pom.xml" }', "mvn verify", ""),
        ('exec { path = "ls" }', "ls", ""),
        ('powerShell { scriptMode = file { path = "a.ps1" }; scriptArgs = "-x" }', "a.ps1 -x", "powershell"),
        ('python { command = script { content = "print(1)" } }', "print(1)", "python"),
        ('python { command = file { filename = "a.py"; scriptArguments = "-v" } }', "python a.py -v", ""),
        ('dockerCommand { commandType = other { subCommand = "run"; commandArgs = "x" } }', "docker run x", ""),
        ('dockerCommand { commandType = push { namesAndTags = "a:1\\nb:2" } }', "docker push a:1\ndocker push b:2", ""),
        ('dockerCommand { commandType = build { source = file { path = "Dockerfile" }; namesAndTags = "a" } }',
         "docker build -t a .", ""),
    ],
)  # fmt: skip
def test_runners_are_the_command_that_they_run(kotlin: str, script: str, shell: str) -> None:
    found = run(kotlin)
    assert (found.script, found.shell) == (script, shell)


def test_a_runner_that_is_not_known_keeps_its_settings() -> None:
    found = step('qodana { linter = jvm { version = "1" }; additionalArgs = "%x%"; cloudToken = "t" }')
    assert isinstance(found.work, Use)
    assert [(one.name, one.value) for one in found.work.inputs] == [
        ("additionalArgs", Template((Ref("var", ("x",)),))),
        ("cloudToken", "t"),
    ]
    assert [one.key for one in found.natives] == ["qodana.linter"]


def test_when_a_step_runs() -> None:
    always = step("script { executionMode = BuildStep.ExecutionMode.ALWAYS }").condition
    assert always is not None
    assert always.expr == Call("always")
    late = step("script { executionMode = BuildStep.ExecutionMode.RUN_ON_FAILURE }").condition
    assert late is not None
    assert late.expr == Unary("!", Call("cancelled"))
    off = step("script { enabled = false }").condition
    assert off is not None
    assert off.expr == Literal(value=False)
    strange = step('script { conditions { newWord("a", "b") } }')
    assert strange.condition is None
    assert [one.key for one in strange.natives] == ["script.conditions"]


@pytest.mark.parametrize(
    ("policy", "cron", "timezone", "whole"),
    [
        ("daily { hour = 3; minute = 5 }", "5 3 * * *", "SERVER", True),
        ('weekly { dayOfWeek = ScheduleTrigger.DAY.Sunday; timezone = "UTC" }', "0 0 * * 0", "", True),
        ('cron { hours = "*/2"; dayOfWeek = "2-6" }', "0 */2 * * 1-5", "SERVER", True),
        ('cron { seconds = "5"; minutes = "1" }', "1 * * * *", "SERVER", False),
        ('cron { dayOfWeek = "6L" }', "0 * * * 6L", "SERVER", False),
        ("computed()", "computed()", "SERVER", False),
    ],
)
def test_schedules_become_five_fields_of_cron(policy: str, cron: str, timezone: str, whole: bool) -> None:
    text = f"triggers {{ schedule {{ schedulingPolicy = {policy}; withPendingChangesOnly = false }} }}"
    found = parse(BUILD.format(text), "x.kts")
    (trigger,) = found.triggers
    if policy != "computed()":
        assert (trigger.cron, trigger.timezone, trigger.types) == (cron, timezone, ())
    kept = [one.key for one in found.jobs[0].natives]
    assert kept == ([] if whole else ["triggers.schedule"])


def test_equal_triggers_of_two_builds_are_one_that_starts_both() -> None:
    text = 'project { for (n in 1..2) buildType { id("b$n"); triggers { vcs { } } } }'
    assert [one.jobs for one in parse(text, "x.kts").triggers] == [("b1", "b2")]


def test_parameters_say_what_a_percent_sign_means() -> None:
    names = Names(plain=frozenset({"a", "env.q"}), inputs=frozenset({"i"}), secrets=frozenset({"env.S"}))
    found = text("%a% %env.b% %i% %env.S% %c% %build.number% %dep.X.y.z% %system.w% 100%% % d%", names)
    assert found == Template(
        (
            Ref("env", ("a",)), " ", Ref("env", ("b",)), " ", Ref("input", ("i",)), " ", Ref("secret", ("S",)), " ",
            Ref("var", ("c",)), " ", Ref("run", ("number",)), " ", Ref("job", ("X", "output", "y.z")), " ",
            Ref("native", ("system.w",)), " 100% % d%",
        )
    )  # fmt: skip


def test_a_password_that_stands_in_the_file_is_not_repeated() -> None:
    found = case("odd_shapes")
    assert "hunter2" not in json.dumps(plain(found))
    known = job(found, "Known")
    assert next(one for one in known.variables if one.name == "plain").secret


# --- files around it


def test_other_files_of_the_folder_are_known_and_templates_stand_where_they_are_used() -> None:
    found = case("split_folder", resolved=True)
    build = job(found, "Build")
    assert [one.name for one in build.steps] == ["", "prepare", "build"]
    assert {one.name: one.value for one in build.variables} == {"CI": "1", "level": "high"}
    assert isinstance(build.steps[0].work, Checkout)
    assert build.steps[0].work.repository == "git@example.org:team/app.git"
    assert job(found, "Check").comment == "after the build"
    assert [one.local for one in found.includes] == [
        f".teamcity/_Self/{name}.kt"
        for name in ("Project", "buildTypes/Base", "buildTypes/Build", "buildTypes/Check", "shared", "vcsRoots/Main")
    ]
    assert found.unresolved == ()


def test_without_those_files_what_is_missing_is_said() -> None:
    found = case("split_folder")
    assert found.jobs == ()
    assert [one.text for one in found.unresolved] == ["_Self.Project"]


def test_as_written_a_template_stays_one() -> None:
    found = parse(
        'object T : Template({ name = "T" })\nobject B : BuildType({ templates(T) })\nproject { buildType(B); template(T) }',
        "x.kts",
    )
    assert [(one.id, one.template, one.extends) for one in found.jobs] == [("B", False, ("T",)), ("T", True, ())]


def test_a_template_made_within_the_project_stands_where_its_value_is_used() -> None:
    text = """project {
        val base = template { id("Base"); steps { script { scriptContent = "make %goal%" } } }
        buildType { templates(base); id("One"); params { param("goal", "all") } }
    }"""
    found = parse(text, "x.kts", Sources(lambda _: None))
    assert [(one.id, len(one.steps)) for one in found.jobs] == [("One", 1)]
    assert found.unresolved == ()


def test_a_call_that_is_no_build_is_told_in_a_word() -> None:
    found = parse('project { val a = vcsRoot { name = "A" }\nbuildType(a) }', "x.kts")
    assert all(len(one.text) < 20 for one in found.unresolved)


def test_a_build_that_no_project_registers_is_told() -> None:
    found = parse("object A : BuildType({})\nobject B : BuildType({})\nproject { buildType(A) }", "x.kts")
    assert [one.id for one in found.jobs] == ["A", "B"]
    assert [one.text for one in found.unresolved] == ["B"]


def test_a_project_in_xml_reads_the_builds_beside_it() -> None:
    project = '<project><name>App</name><parameters><param name="env.A" value="1"/></parameters></project>'
    files = {"cfg/App/buildTypes/App_Build.xml": (XML / "xml_build/App_Build.xml").read_text()}
    found = parse(project, "cfg/App/project-config.xml", from_mapping(files))
    assert found.name == "App"
    assert [one.id for one in found.jobs] == ["App_Build"]
    assert found.variables[0].value == "1"


def test_xml_says_what_kotlin_says() -> None:
    """The same build in both languages is the same job."""
    xml = """<build-type><name>Only</name><settings>
      <parameters><param name="env.X" value="%build.number%"/></parameters>
      <build-runners><runner id="r" name="s" type="simpleRunner"><parameters>
        <param name="script.content" value="make"/><param name="use.custom.script" value="true"/>
        <param name="teamcity.step.mode" value="execute_always"/></parameters></runner></build-runners>
      <requirements><contains name="teamcity.agent.jvm.os.name" value="Linux"/></requirements>
    </settings></build-type>"""
    kotlin = """
      params { param("env.X", "%build.number%") }
      steps { script { id = "r"; name = "s"; scriptContent = "make"; executionMode = BuildStep.ExecutionMode.ALWAYS } }
      requirements { contains("teamcity.agent.jvm.os.name", "Linux") }
    """
    assert plain(parse(xml, "Only.xml").jobs[0]) == plain(only(kotlin))


@pytest.mark.parametrize(
    "text", ["", "// nothing\n", "fun x() = 3\n", "<a/>", "<project>", 'plugins { id("java") }\n', "%%%\n"]
)
def test_what_is_no_settings_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ConfigError, match=r"settings\.kts:\d+:\d+: "):
        parse(text, ".teamcity/settings.kts")


def test_the_grammar_is_loaded_only_for_kotlin() -> None:
    import subprocess

    code = (
        "import sys; from seaway.formats.pipelines.teamcity import parse;"
        "parse('<build-type><name>x</name></build-type>', 'x.xml'); assert 'tree_sitter' not in sys.modules;"
        "parse('project { }', 'x.kts'); assert 'tree_sitter' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
