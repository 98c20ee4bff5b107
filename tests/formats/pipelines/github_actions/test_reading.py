"""Workflows as they are met, read: every part of the file is in the model, at its place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from formats.pipelines.plain import plain
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.github_actions import parse
from seaway.formats.yaml.patch import Edit, apply
from seaway.formats.yaml.tree import read
from seaway.model.pipeline import Cache, Checkout, Opaque, Pin, Pipeline, TriggerKind, steps

CASES = Path(__file__).parents[2] / "github_actions"
FILES = sorted(CASES.glob("*/workflow.yml"))


def case(name: str) -> Pipeline:
    return parse((CASES / name / "workflow.yml").read_text(), ".github/workflows/x.yml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_workflow_is_read_as_expected(path: Path) -> None:
    found = json.dumps(plain(parse(path.read_text(), "x.yml")), indent=1, ensure_ascii=False) + "\n"
    expected = path.with_name("expected.json")
    if os.environ.get("SEAWAY_ACCEPT"):
        expected.write_text(found)
    assert found == expected.read_text()


def scalars(node: Any) -> list[Any]:
    """Keys and values of the whole document."""
    if isinstance(node, yaml.ScalarNode):
        return [node]
    if isinstance(node, yaml.MappingNode):
        return [one for key, value in node.value for one in (key, *scalars(value))]
    return [one for item in node.value for one in scalars(item)]


def changed(node: Any) -> str:
    """Another value of the same kind."""
    value = str(node.value)
    if value in {"true", "false"} and not node.style:
        return "false" if value == "true" else "true"
    if node.style in ("|", ">"):
        return "more words"
    quote = node.style or ""
    if value.replace(".", "").isdigit():
        return f"{quote}1{value}{quote}"
    if value.endswith("}}"):
        return f"{quote}{value}z{quote}"
    return f"{quote}z{value.replace(chr(39), chr(39) * 2) if quote == chr(39) else value}{quote}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_nothing_of_a_file_is_dropped(path: Path) -> None:
    """Whatever key or value is changed, the model is another one."""
    text = path.read_text()
    tree = read(text, "x.yml")
    before = bare(parse(text, "x.yml"))
    unnoticed = []
    for node in scalars(tree.documents[0]):
        if str(node.value) in {"on", "jobs", "runs", ""}:
            continue  # without them it is no workflow; nothing cannot be changed
        other = apply(text, [Edit(node.start_mark.index, tree.end(node), changed(node))])
        if bare(parse(other, "x.yml")) == before:
            unnoticed.append(f"{node.start_mark.line + 1}: {node.value}")
    assert unnoticed == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_span_cuts_its_own_text_out_of_the_file(path: Path) -> None:
    text = path.read_text()
    pipeline = parse(text, "x.yml")
    lines = text.splitlines(keepends=True)
    for job in pipeline.jobs:
        assert job.key_span is not None
        assert job.span is not None
        if job.id != "composite":
            assert text[job.key_span.start : job.key_span.end] == job.id
        for step in job.steps:
            assert step.span is not None
            cut = text[step.span.start : step.span.end]
            assert job.span.start < step.span.start < step.span.end <= job.span.end
            assert cut == cut.strip()
            at = sum(map(len, lines[: step.span.line - 1])) + step.span.column - 1
            end = sum(map(len, lines[: step.span.end_line - 1])) + step.span.end_column - 1
            assert (at, end) == (step.span.start, step.span.end)
            if step.name:
                assert step.name in cut


def test_events_become_triggers() -> None:
    kinds = [(one.kind, one.native) for one in case("security_events").triggers]
    assert kinds == [
        (TriggerKind.PULL_REQUEST, "pull_request_target"),
        (TriggerKind.UPSTREAM, "workflow_run"),
        (TriggerKind.COMMENT, "issue_comment"),
        (TriggerKind.MERGE_QUEUE, "merge_group"),
        (TriggerKind.API, "repository_dispatch"),
        (TriggerKind.OTHER, "release"),
    ]
    assert case("release_tags").triggers[0].kind is TriggerKind.TAG
    assert case("security_events").triggers[1].sources == ("CI", "Nightly build")


def test_actions_with_a_meaning_are_nouns() -> None:
    image = case("release_tags").job("image")
    assert image is not None
    checkout = image.steps[0].work
    assert isinstance(checkout, Checkout)
    assert checkout.credentials is False
    assert checkout.submodules == "recursive"
    assert checkout.lfs
    assert checkout.component is not None
    assert checkout.component.pin is Pin.DIGEST
    test = case("services_container").job("test")
    assert test is not None
    caches = [step.work for step in test.steps if isinstance(step.work, Cache)]
    assert [one.action for one in caches] == ["restore", "save"]
    assert caches[0].files == ("**/requirements.txt", "setup.cfg")
    label = case("security_events").job("label")
    assert label is not None
    assert [(one.tool, one.files) for one in label.caches] == [("go", ()), ("npm", ("web/package-lock.json",))]


def test_what_is_not_understood_stays_with_its_text() -> None:
    odd = case("odd_shapes")
    opaque = [step.work.text for _, step in steps(odd) if isinstance(step.work, Opaque)]
    assert opaque == ["just words", "name: nothing to do"]
    kept = {one.key: one.text for one in (*odd.natives, *(one for job in odd.jobs for one in job.natives))}
    assert kept["x-kept"] == '[1, "two", {"three": 3.0}]'
    assert kept["permissions"] == "sometimes"
    assert kept["jobs.computed.timeout-minutes"] == "${{ inputs.minutes }}"
    assert kept["jobs.text"] == "words"
    assert [job.id for job in odd.jobs] == ["empty", "text", "computed", "all"]
