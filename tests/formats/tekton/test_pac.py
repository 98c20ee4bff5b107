"""Pipelines as Code: its values are values, its annotations are triggers, and a run's parameters reach what other systems run."""

from __future__ import annotations

from typing import Any

import pytest

from formats.pipelines.test_starting import converted
from seaway import registry
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.tekton import expressions, pac, parse, render
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary
from seaway.model.loss import LossKind
from seaway.model.pipeline import Globs, Pipeline, Trigger, TriggerKind

PUSH, TAG, REQUEST = TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.PULL_REQUEST
SHA = Ref("git", ("sha",))
RUN = """\
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata:
      generateName: x-
      annotations:
        pipelinesascode.tekton.dev/on-cel-expression: event == "push" && target_branch in ["main", "dev"]
    spec:
      params: [{name: image, value: "registry/app:{{ revision }}"}, {name: level, value: "3"}]
      pipelineSpec:
        params: [{name: image}, {name: level, default: "1"}, {name: free, default: x}]
        tasks:
          - name: build
            when: [{input: "{{ event_type }}", operator: in, values: [push]}]
            taskSpec:
              steps:
                - {name: b, image: alpine:3.20, script: "make IMAGE=$(params.image) L=$(params.level) {{ other }} {{.State}}"}
    """


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ revision }}", Template((SHA,))),
        ("a-{{revision}}-$(params.x)", Template(("a-", SHA, "-", Ref("input", ("x",))))),
        ("{{ repo_owner }}/{{ repo_name }}", Template((Ref("git", ("repository",)),))),
        ("{{ repo_name }}", Template((Ref("native", ("pac", "repo_name")),))),
        ("{{.State}} {{ mine }}", "{{.State}} {{ mine }}"),
    ],
)
def test_its_values_are_read_and_written(text: str, found: Text) -> None:
    assert expressions.template(text) == found
    if isinstance(found, Template):
        said = "".join(one if isinstance(one, str) else expressions.printed(one) or "?" for one in found.parts)
        assert said.replace(" ", "") == text.replace(" ", "")


def test_a_runs_parameters_and_values_reach_the_other_system() -> None:
    written = converted("tekton", RUN, "github_actions")
    assert "IMAGE=registry/app:${GIT_SHA} L=3 {{ other }} {{.State}}" in written.text
    assert "branches: [main, dev]" in written.text
    assert "workflow_dispatch" in written.text  # for the parameter that the run leaves open
    assert "container: alpine:3.20" in written.text
    assert written.losses == ()


def test_a_run_comes_back_as_a_run() -> None:
    found = parse(RUN, "x.yaml")
    text = render(found).text
    assert "kind: PipelineRun" in text
    assert 'target_branch in ["main", "dev"]' in text
    bare = RUN.replace("annotations:", "labels:").replace("pipelinesascode.tekton.dev/on-cel-expression", "x")
    assert "kind: PipelineRun" in render(parse(bare, "x.yaml")).text


@pytest.mark.parametrize(
    ("notes", "found"),
    [
        (
            {"on-event": "[push, pull_request]", "on-target-branch": "[main]"},
            [(PUSH, ("main",), ()), (REQUEST, ("main",), ())],
        ),
        ({"on-event": "push", "on-target-branch": "[main, refs/tags/v*]"}, [(PUSH, ("main",), ()), (TAG, (), ("v*",))]),
        ({"on-event": "push", "on-target-branch": "refs/tags/*"}, [(TAG, (), ("*",))]),
        ({"on-cel-expression": 'event == "push" || event == "pull_request"'}, [(PUSH, (), ()), (REQUEST, (), ())]),
        ({"on-cel-expression": 'event == "push" && files.all.exists(x, x)'}, [(PUSH, (), ())]),
        ({"max-keep-runs": "5"}, []),
    ],
)
def test_annotations_are_triggers(notes: dict[str, str], found: list[tuple[Any, ...]]) -> None:
    assert [(one.kind, one.branches.include, one.tags.include) for one in pac.triggers(notes)] == found


@pytest.mark.parametrize(
    ("starts", "said"),
    [
        ([Trigger(PUSH)], {"on-event": "[push]", "on-target-branch": "[*]"}),
        ([Trigger(PUSH, branches=Globs(("main",))), Trigger(TAG)], {"on-event": "[push]", "on-target-branch": "[main, refs/tags/*]"}),
        ([Trigger(PUSH, branches=Globs(("main",))), Trigger(REQUEST)], {"on-cel-expression": 'event == "push" && target_branch == "main" || event == "pull_request"'}),
        ([Trigger(PUSH, branches=Globs((), ("wip/*",)))], {"on-cel-expression": 'event == "push" && !(target_branch.matches("^wip/[^/]*$"))'}),
        ([Trigger(PUSH, paths=Globs(("src/**",))), Trigger(TAG)], {"on-cel-expression": 'event == "push" && "src/**".pathChanged() || event == "push" && target_branch.matches("^refs/tags/.*$")'}),
        ([Trigger(PUSH, paths=Globs(("src/**",)))], {"on-event": "[push]", "on-target-branch": "[*]", "on-path-change": "[src/**]"}),
    ],
)  # fmt: skip
def test_triggers_are_annotations(starts: list[Trigger], said: dict[str, str]) -> None:
    losses = Losses()
    assert {name.removeprefix(pac.PREFIX): text for name, text in pac.as_annotations(starts, losses).items()} == said
    assert losses.all() == ()


def test_files_that_start_nothing_are_told() -> None:
    losses = Losses()
    pac.as_annotations([Trigger(PUSH, paths=Globs((), ("doc/**",)))], losses)
    assert [one.kind for one in losses.all()] == [LossKind.DROPPED]


BRANCH, KIND = Ref("git", ("branch",)), Ref("event", ("kind",))


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (Binary("==", BRANCH, Literal("it's")), "'{{ source_branch }}' == 'it\\'s'"),
        (Unary("!", Call("starts_with", (BRANCH, Literal("wip")))), "!('{{ source_branch }}'.startsWith('wip'))"),
        (
            Binary("||", Binary("==", KIND, Literal("push")), Literal(value=True)),
            "('{{ event_type }}' == 'push' || true)",
        ),
        (Call("exists", (Literal("x"),)), None),
        (Binary("<", BRANCH, Literal("x")), None),
    ],
)
def test_a_condition_as_an_expression_of_when(expr: Expr, said: str | None) -> None:
    assert pac.cel(expr, expressions.printed) == said


GITHUB = """\
    on: {push: {branches: [main]}}
    jobs:
      plain: {if: github.ref == 'refs/heads/main', runs-on: ubuntu-latest, steps: [{run: make}]}
      start: {if: "startsWith(github.ref_name, 'rel')", runs-on: ubuntu-latest, steps: [{run: make}]}
      odd: {if: "contains(fromJSON(vars.X), 'a')", runs-on: ubuntu-latest, steps: [{run: make}]}
      mend: {needs: plain, if: failure(), runs-on: ubuntu-latest, steps: [{run: mend}]}
    """


def jobs(text: str) -> dict[str, str]:
    """Task -> its text."""
    found: Pipeline = registry.load_format("pipelines", "tekton").parse(text, "x.yaml")
    return {job.id: job.condition.text or str(job.condition.expr) if job.condition else "" for job in found.jobs}


def test_a_condition_decides_whether_a_task_runs_or_the_task_waits_for_a_person() -> None:
    written = converted("github_actions", GITHUB, "tekton")
    assert "input: '{{ source_branch }}'" in written.text
    assert "cel:" in written.text
    assert "- input: condition\n            operator: in\n            values:\n              - reviewed" in written.text
    assert {one.kind for one in written.losses if one.construct.startswith("condition")} == {
        LossKind.APPROXIMATED, LossKind.MANUAL,
    }  # fmt: skip
    last = written.text.partition("finally:")[2]
    assert "$(tasks.status)" in last
    assert "Failed" in last
    assert set(jobs(written.text)) >= {"plain", "start", "odd", "mend"}


def test_without_pipelines_as_code_none_of_its_marks_is_written() -> None:
    text = "pipeline { agent any; stages { stage('a') { steps { checkout scm; sh \"make ${env.GIT_COMMIT} ${env.BRANCH_NAME}\" } } } }"
    written = converted("jenkins", text, "tekton")
    assert "{{" not in written.text
    assert "$(params.revision)" in written.text
    assert "name: repo-url" in written.text


SHARED = """\
    apiVersion: tekton.dev/v1
    kind: Pipeline
    metadata: {name: p}
    spec:
      workspaces: [{name: source}]
      tasks:
        - name: build
          workspaces: [{name: source, workspace: source}]
          taskSpec:
            workspaces: [{name: source}]
            steps:
              - {name: a, image: x, workingDir: $(workspaces.source.path), script: make}
              - {name: b, image: x, workingDir: $(workspaces.source.path)/doc, script: "ls $(workspaces.source.path)/out"}
    """


@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "azure_pipelines", "circleci"])
def test_a_workspace_is_the_work_folder_of_others(to: str) -> None:
    written = converted("tekton", SHARED, to)
    assert "tekton" not in written.text
    assert "<" not in written.text.replace("<<", "")
    assert "doc" in written.text
    assert [one.kind for one in written.losses if one.construct.startswith("workspace")] == [LossKind.MANUAL]
