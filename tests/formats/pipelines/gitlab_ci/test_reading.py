"""GitLab pipelines of the folders beside this file: what is read of them, and that nothing of them is left out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from seaway.errors import ConfigError
from seaway.formats.pipelines import gitlab_ci
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.document import document
from seaway.formats.pipelines.expand import expand
from seaway.formats.pipelines.gitlab_ci import job as job_module
from seaway.formats.pipelines.sources import from_mapping
from seaway.formats.yaml import tree
from seaway.model.expression import Ref, Template
from seaway.model.pipeline import Checkout, Pipeline, Run, TriggerKind, steps

HERE = Path(__file__).parents[2] / "gitlab_ci"
CASES = sorted(folder for folder in HERE.iterdir() if (folder / ".gitlab-ci.yml").exists())
NAME = ".gitlab-ci.yml"


def files(case: Path) -> dict[str, str]:
    return {path.relative_to(case).as_posix(): path.read_text("utf-8") for path in case.rglob("*.yml")}


def resolved(case: Path) -> Pipeline:
    found = files(case)
    return gitlab_ci.parse(found[NAME], NAME, from_mapping(found))


def read(text: str, **more: str) -> Pipeline:
    return gitlab_ci.parse(
        text, NAME, from_mapping({key.replace("__", "/") + ".yml": value for key, value in more.items()})
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pipeline_is_read_as_recorded(case: Path) -> None:
    found = document(resolved(case))
    if os.environ.get("SEAWAY_ACCEPT"):
        (case / "expected.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert found == json.loads((case / "expected.json").read_text("utf-8"))


def leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from leaves(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from leaves(item)
    else:
        yield node


def unnoticed(text: str, part: int = 0, parts: int = 1) -> list[str]:
    """Words of a file that can be changed without any change in what is read of it; of every `parts` words one is tried."""
    before = bare(gitlab_ci.parse(text, NAME))
    found = []
    words = {id(one): one for top in tree.read(text, NAME).documents for one in leaves(top)}
    for leaf in list(words.values())[part::parts]:
        if leaf.value in {"", "<<"} or leaf.style in {"|", ">"}:
            continue
        start, end = leaf.start_mark.index, leaf.end_mark.index
        changed = f"{text[:start]}changed-word{text[end:]}"
        try:
            after = bare(gitlab_ci.parse(changed, NAME))
        except ConfigError:
            continue
        if after == before:
            found.append(f"{leaf.start_mark.line + 1}: {leaf.value}")
    return found


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_word_of_a_file_counts(case: Path, part: int) -> None:
    assert unnoticed((case / NAME).read_text("utf-8"), part, 3) == []


def test_a_reader_that_leaves_a_key_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "_TOGETHER", job_module._TOGETHER | {"coverage"})
    assert unnoticed("test:\n  script: x\n  coverage: /\\d+/\n") == ["3: /\\d+/"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_place_of_a_script_line_is_its_text(case: Path) -> None:
    found = files(case)
    seen = 0
    for _, step in steps(resolved(case)):
        if isinstance(step.work, Run) and isinstance(step.work.script, str) and step.span is not None:
            cut = found[step.span.path][step.span.start : step.span.end]
            assert step.work.script.splitlines()[0] in cut
            seen += 1
    assert seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reading_twice_is_the_same_and_expanding_works(case: Path) -> None:
    assert resolved(case) == resolved(case)
    assert all(job.needs is not None for job in expand(resolved(case)).jobs)


def test_values_know_what_their_variables_mean() -> None:
    found = read(
        "variables: {OWN: a}\n"
        "go:\n  image: $OWN/$CI_COMMIT_SHA/${PY}-$ELSEWHERE-$CI_JOB_TOKEN-$$x\n  script: echo $OWN\n"
        "  parallel: {matrix: [{PY: ['1']}]}\n"
    )
    image = found.jobs[0].container
    assert image is not None
    assert image.name == Template(
        (
            Ref("env", ("OWN",)), "/", Ref("git", ("sha",)), "/", Ref("matrix", ("PY",)), "-", Ref("var", ("ELSEWHERE",)),
            "-", Ref("native", ("CI_JOB_TOKEN",)), "-$x",
        )
    )  # fmt: skip
    assert found.jobs[0].steps[1].work == Run("echo $OWN")


def test_scripts_share_one_shell_and_what_follows_them_has_its_own() -> None:
    job = read("go:\n  before_script: [a, [b, [c]]]\n  script: d\n  after_script: [e, f]\n").jobs[0]
    shown = [(step.work.script, step.work.continues, step.native) for step in job.steps if isinstance(step.work, Run)]
    assert shown == [
        ("a", False, "before_script"), ("b", True, "before_script"), ("c", True, "before_script"), ("d", True, ""),
    ]  # fmt: skip
    assert [(step.work.script, step.work.continues) for step in job.post[0].steps if isinstance(step.work, Run)] == [
        ("e", False),
        ("f", True),
    ]


def test_the_clone_is_a_step_as_its_variables_say() -> None:
    found = read(
        "variables: {GIT_DEPTH: 5}\na: {script: x}\n"
        "b:\n  script: x\n  variables: {GIT_DEPTH: 0, GIT_SUBMODULE_STRATEGY: recursive}\n"
        "c: {script: x, variables: {GIT_STRATEGY: none}}\nd: {trigger: other/project}\n"
    )
    clones = [[step.work for step in job.steps if isinstance(step.work, Checkout)] for job in found.jobs]
    assert clones == [
        [Checkout(depth=5, implicit=True)],
        [Checkout(depth=0, submodules="recursive", implicit=True)],
        [],
        [],
    ]


def test_defaults_reach_jobs_as_far_as_they_inherit() -> None:
    found = read(
        "default: {image: a, tags: [t], retry: 1}\nimage: old\n"
        "all: {script: x}\nsome: {script: x, inherit: {default: [image]}}\n"
        "none: {script: x, inherit: {default: false}}\nown: {script: x, image: b, tags: []}\n"
    )
    shown = [(job.container.name if job.container else "", job.runner.labels, job.retry is None) for job in found.jobs]
    assert shown == [("a", ("t",), False), ("a", (), True), ("", (), True), ("b", (), False)]


def test_extends_join_deeply_and_references_are_filled_in_from_all_files() -> None:
    build = resolved(HERE / "reuse").job("build")
    assert build is not None
    scripts = [step.work.script for step in build.steps if isinstance(step.work, Run)]
    assert scripts == ["apk add make", "./configure", "make"]
    assert [(one.name, one.value) for one in build.variables] == [
        ("MODE", "release"),
        ("SHARED", "yes"),
        ("LEVEL", "1"),
    ]
    assert build.timeout is not None
    assert str(build.caches[0].action) == "restore"


def test_libraries_answer_for_other_repositories() -> None:
    text = (
        "include:\n  - project: platform/ci\n    file: /lint.yml\n"
        "  - component: $CI_SERVER_FQDN/platform/ci/scan@1.0.0\n    inputs: {stage: deploy, args: [a, b], word: truncated}\n"
    )
    lint = "include: {local: more.yml}\nlint: {script: lint}\n"
    scan = (
        "spec:\n  inputs:\n    stage: {}\n    args: {}\n    word: {}\n    level: {default: low}\n---\n"
        "scan-$[[ inputs.level ]]:\n  stage: $[[ inputs.stage ]]\n  script: $[[ inputs.args ]]\n"
        "  tags: ['$[[ inputs.word | truncate(0,5) ]]']\n"
    )
    known = {("platform/ci", "lint.yml"): lint, ("platform/ci", "more.yml"): "more: {script: more}\n",
             ("platform/ci", "templates/scan.yml"): scan}  # fmt: skip
    found = gitlab_ci.parse(text, NAME, from_mapping({}, known))
    assert [job.id for job in found.jobs] == ["more", "lint", "scan-low"]
    scan_job = found.jobs[2]
    assert (scan_job.stage, scan_job.runner.labels) == ("deploy", ("trunc",))
    assert [step.work.script for step in scan_job.steps if isinstance(step.work, Run)] == ["a", "b"]
    assert not found.unresolved
    assert len(read(text).unresolved) == 2


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a: {script: x}", ["push", "tag"]),
        ("a: {script: x, only: [merge_requests, web]}", ["push", "tag", "pull_request", "manual"]),
        ("a: {script: x, rules: [{if: $CI_PIPELINE_SOURCE == 'schedule'}]}", ["push", "tag", "schedule"]),
        ("workflow: {rules: [{if: $CI_COMMIT_TAG}]}\na: {script: x}", ["tag"]),
        ("workflow: {rules: [{if: $CI_COMMIT_BRANCH == 'main'}, {when: never}]}\na: {script: x}", ["push"]),
        ("workflow: {rules: [{when: always}]}\na: {script: x}", ["push", "tag"]),
    ],
)
def test_rules_say_what_starts_a_pipeline(text: str, kinds: list[str]) -> None:
    assert [one.kind.value for one in read(text).triggers] == kinds


def test_names_of_branches_and_tags_in_workflow_rules_are_filters() -> None:
    found = read(
        "workflow:\n  rules:\n    - if: $CI_COMMIT_BRANCH == 'main' || $CI_COMMIT_TAG =~ /^v/\n      changes: [src/*]\n"
        "    - if: $CI_PIPELINE_SOURCE == 'merge_request_event' && $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == 'main'\n"
        "a: {script: x}\n"
    )
    shown = [(one.kind, one.branches.include, one.tags.include, one.paths.include) for one in found.triggers]
    assert shown == [
        (TriggerKind.PUSH, ("main",), (), ("src/*",)),
        (TriggerKind.TAG, (), ("v*",), ("src/*",)),
        (TriggerKind.PULL_REQUEST, ("main",), (), ()),
    ]
