"""CircleCI's files as they are met, read: every part of a file is in the model, at its place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from formats.pipelines.changes import unnoticed
from formats.pipelines.plain import plain
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.circleci import parse
from seaway.formats.pipelines.sources import from_mapping
from seaway.formats.yaml.tree import get, is_mapping, items, read
from seaway.model.expression import Binary, Call, Literal, Ref, Template, Unary
from seaway.model.pipeline import Approval, Artifact, Cache, Job, Opaque, Pin, Pipeline, Run, TriggerKind, Use, steps

CASES = Path(__file__).parents[2] / "circleci"
FILES = sorted(CASES.glob("*/config.yml"))


def case(name: str) -> Pipeline:
    return parse((CASES / name / "config.yml").read_text(), ".circleci/config.yml")


def job(pipeline: Pipeline, name: str) -> Job:
    found = pipeline.job(name)
    assert found is not None, [one.id for one in pipeline.jobs]
    return found


def scripts(found: Job) -> list[object]:
    return [step.work.script for step in found.steps if isinstance(step.work, Run)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_is_read_as_expected(path: Path) -> None:
    found = json.dumps(plain(parse(path.read_text(), ".circleci/config.yml")), indent=1, ensure_ascii=False) + "\n"
    expected = path.with_name("expected.json")
    if os.environ.get("SEAWAY_ACCEPT"):
        expected.write_text(found)
    assert found == expected.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_nothing_of_a_file_is_dropped(path: Path) -> None:
    """Whatever key or value is changed, the model is another one. Not so declarations of parameters that were put in."""
    text = path.read_text()
    structural = frozenset(
        {"jobs", "workflows", "parameters", "description", "Packages from the cache", "<< parameters.cached >>"}
    )
    put_in = set(declarations(read(text, "x.yml").documents[0]))
    found = list(unnoticed(text, lambda other: bare(parse(other, "x.yml")), structural))
    assert [one for one in found if int(one.partition(":")[0]) not in put_in] == []


def declarations(node: Any) -> Iterator[int]:
    """The lines on which commands, executors and jobs declare their parameters."""
    if not is_mapping(node):
        return
    for name, _, value in items(node):
        if name == "parameters" and all(get(one, "type") is not None for _, _, one in items(value)):
            yield from range(value.start_mark.line + 1, value.end_mark.line + 2)
        elif name != "workflows":
            yield from declarations(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_span_cuts_its_own_text_out_of_the_file(path: Path) -> None:
    text = path.read_text()
    for _, step in steps(parse(text, "x.yml")):
        assert step.span is not None
        cut = text[step.span.start : step.span.end]
        assert cut == cut.strip()
        if isinstance(step.work, Run) and isinstance(step.work.script, str) and "\n" not in step.work.script:
            assert step.work.script[:4] in cut or "<<" in cut


def test_a_single_workflow_gives_its_name() -> None:
    service = case("service")
    assert service.name == "delivery"
    assert service.stages == ()
    assert [one.id for one in service.jobs] == ["test", "image", "hold", "ship"]
    assert [[need.job for need in one.needs or ()] for one in service.jobs] == [[], ["test"], ["image"], ["hold"]]
    assert job(service, "hold").approval == Approval()
    condition = job(service, "ship").condition
    assert condition is not None
    assert condition.expr == Binary("==", Ref("git", ("branch",)), Literal("main"))


def test_a_merge_is_no_expression() -> None:
    """`<<: *anchor` is YAML's, `<< parameters.x >>` CircleCI's."""
    tools = job(case("parameters_commands"), "test-tools")
    assert tools.cwd == "~/code"
    assert {one.name: one.value for one in tools.variables} == {"FROM": "executor", "LEVEL": "job", "KEPT": "1"}
    assert "cat <<END\\n22.1 of " in str(scripts(tools))


def test_commands_stand_where_they_are_used() -> None:
    tools = job(case("parameters_commands"), "test-tools")
    assert scripts(tools) == [
        "echo before",
        "npm ci",
        'echo "not the web"',
        'echo "after tools"',
        Template(("./slow ", Ref("input", ("region",)))),
        Template(("cat <<END\n22.1 of ", Ref("run", ("number",)), "\nEND\n")),
        "echo behind",
    ]
    assert tools.parallel == 3
    cache = next(step.work for step in tools.steps if isinstance(step.work, Cache))
    assert cache.files == ("tools/package-lock.json",)
    slow = next(step for step in tools.steps if "./slow" in str(step.work))
    assert slow.condition is not None
    assert Unary("!", Binary("==", Ref("git", ("branch",)), Literal("main"))) in _all(slow.condition.expr)
    assert "matches" in str(slow.condition.expr)


def _all(expr: object) -> list[object]:
    return [*_all(expr.left), *_all(expr.right)] if isinstance(expr, Binary) and expr.op == "&&" else [expr]


def test_a_matrix_keeps_its_parameters_as_names() -> None:
    found = job(case("parameters_commands"), "test-all")
    assert found.matrix is not None
    assert [axis.name for axis in found.matrix.axes] == ["tag", "size"]
    assert found.container is not None
    assert found.container.name == Template(("cimg/node:", Ref("matrix", ("tag",))))
    last = job(case("parameters_commands"), "last")
    assert last.needs is not None
    assert [(need.job, need.when) for need in last.needs] == [
        ("test-all", "success"),
        ("test-tools", "failed canceled"),
    ]


def test_filters_are_conditions() -> None:
    branch, tag = Ref("git", ("branch",)), Ref("git", ("tag",))
    found = {one.id: one.condition.expr if one.condition else None for one in case("workflows_filters").jobs}
    any_tag = Binary("!=", tag, Literal(""))
    assert found["build"] == Binary("||", Binary("==", tag, Literal("")), Call("matches", (tag, Literal("^v.*$"))))
    ignored = Unary(
        "!", Binary("||", Binary("==", branch, Literal("gh-pages")), Call("matches", (branch, Literal("^wip-.*$"))))
    )
    assert found["macos"] == Binary("&&", Binary("==", tag, Literal("")), ignored)
    assert found["own"] == Binary(
        "||", Call("matches", (tag, Literal("^v[0-9]+$"))), Binary("==", tag, Literal("stable"))
    )
    assert found["any"] == Binary(
        "||",
        Binary("||", Binary("==", branch, Literal("main")), Call("matches", (branch, Literal("^release\\/.*$")))),
        any_tag,
    )


def test_workflows_are_stages_that_wait_for_nobody() -> None:
    found = case("workflows_filters")
    assert [(one.name, one.needs) for one in found.stages] == [("commit", ()), ("nightly", ())]
    assert [one.id for one in found.jobs if one.stage == "nightly"] == ["nightly.build"]
    assert [one.kind for one in found.triggers] == [TriggerKind.PUSH, TriggerKind.SCHEDULE, TriggerKind.TAG]
    assert found.stages[1].condition is not None
    assert found.stages[1].condition.expr == Binary("==", Ref("event", ("kind",)), Literal("schedule"))


def test_a_job_that_is_used_several_times_is_as_many_jobs() -> None:
    """CircleCI numbers them; who requires the name waits for all of them."""
    flow = "[test: {v: '1'}, test: {v: '2'}, ship: {requires: [test]}]"
    text = f"""\
version: 2.1
jobs:
  test:
    parameters: {{v: {{type: string}}}}
    docker: [image: img]
    steps: [run: 'try << parameters.v >>']
  ship:
    docker: [image: img]
    steps: [run: ship]
workflows:
  one: {{jobs: {flow}}}
  two: {{jobs: {flow}}}
"""
    found = parse(text, ".circleci/config.yml")
    assert [job.id for job in found.jobs] == ["test-1", "test-2", "ship", "two.test-1", "two.test-2", "two.ship"]
    assert [need.job for need in found.jobs[5].needs or ()] == ["two.test-1", "two.test-2"]


def test_an_idle_timeout_is_none_of_the_whole_time() -> None:
    step = next(step for step in job(case("service"), "test").steps if step.name == "Tests")
    assert step.timeout is None
    assert step.idle_timeout is not None
    assert step.idle_timeout.total_seconds() == 1200


def test_caches_take_the_first_key_that_fits() -> None:
    caches = [step.work for step in job(case("service"), "test").steps if isinstance(step.work, Cache)]
    assert [one.action for one in caches] == ["restore", "save"]
    assert caches[0].files == ("requirements.txt",)
    assert caches[0].fallbacks == (Template(("v1-pip-", Ref("runner", ("arch",)), "-")),)


def test_a_workspace_is_an_artifact_in_layers() -> None:
    works = [step.work for step in job(case("service"), "test").steps if isinstance(step.work, Artifact)]
    assert [(one.layer, one.paths, one.name) for one in works] == [
        (False, (), ""), (False, ("out/html",), "coverage"), (True, ("dist", "VERSION"), ""),
    ]  # fmt: skip


def test_version_2_runs_its_build() -> None:
    found = case("version_two")
    assert [one.id for one in found.jobs] == ["build"]
    kept = {one.key: one.text for one in found.natives}
    assert kept["version"] == "2"
    assert scripts(found.jobs[0])[-1] == "./ship << not-a-parameter"
    assert [one.key for one in found.jobs[0].natives] == ["jobs.build.branches"]


def test_inline_orbs_are_put_in_and_others_are_said_to_be_missing() -> None:
    found = case("orbs_inline")
    hello = job(found, "own/hello")
    assert scripts(hello) == ["echo hello one", "echo hello you", "echo 3"]
    assert hello.container is not None
    assert sorted(one.text for one in found.unresolved) == [
        "circleci/node@5.2.0",
        "circleci/slack@dev:first",
        "other/deep@1",
    ]
    web = job(found, "web")
    assert web.runner.group == "node/default"
    uses = [step.work.ref for step in web.steps if isinstance(step.work, Use)]
    assert [(one.name, one.version, one.pin) for one in uses] == [
        ("circleci/node/install-packages", "5.2.0", Pin.TAG),
        ("other/deep/thing", "1", Pin.TAG),
        ("circleci/slack/notify", "dev:first", Pin.BRANCH),
    ]
    test = job(found, "node/test")
    assert test.calls is not None
    assert test.calls.name == "circleci/node/test"
    assert [one.name for one in test.inputs] == ["version"]


def test_an_orb_in_a_named_folder_is_put_in() -> None:
    orb = "commands:\n  notify:\n    parameters: {m: {type: string}}\n    steps: [{run: say << parameters.m >>}]\n"
    text = "version: 2.1\norbs: {s: team/say@1}\njobs:\n  build:\n    docker: [{image: x}]\n    steps: [{s/notify: {m: hi}}]\n"
    found = parse(text, "x.yml", from_mapping({}, {("team/say", "orb.yml"): orb}))
    assert scripts(found.jobs[0]) == ["say hi"]
    assert found.unresolved == ()
    assert found.jobs[0].steps[0].span is not None
    assert found.jobs[0].steps[0].span.path == "team/say:orb.yml"


def test_a_job_that_no_workflow_uses_never_runs() -> None:
    unused = job(case("parameters_commands"), "unused_job")
    assert unused.template
    assert scripts(unused) == [Template(("echo ", Ref("native", ("parameters", "x"))))]


def test_what_is_not_understood_stays_with_its_text() -> None:
    odd = case("odd_shapes")
    assert [step.work.text for _, step in steps(odd) if isinstance(step.work, Opaque)] == ["{two: 1, keys: 2}"]
    kept = {one.key: one.text for one in job(odd, "odd").natives}
    assert kept == {
        "jobs.odd.circleci_ip_ranges": "true",
        "jobs.odd.retention": "{caches: 3d}",
        "jobs.odd.parallelism": "<< pipeline.parameters.n >>",
        "jobs.odd.override-with": "local",
        "jobs.odd.filters": 'pipeline.git.branch == "main"',
    }
    assert job(odd, "missing").calls is not None


def test_a_machine_without_an_image_is_one_of_linux() -> None:
    found = parse("version: 2.1\njobs:\n  a:\n    machine: true\n    steps: [checkout]\n", "x.yml")
    assert (found.jobs[0].runner.labels, found.jobs[0].runner.os) == ((), "linux")
