"""Tekton's documents: read without loss, written as the cluster's own definitions allow, read again the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from seaway import registry
from seaway.errors import ConfigError
from seaway.formats.pipelines import expand, tekton
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.document import document
from seaway.formats.pipelines.sources import from_mapping
from seaway.formats.pipelines.tekton import expressions, values
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Ref, Template, Unary
from seaway.model.loss import LossKind
from seaway.model.pipeline import (
    Axis,
    Cache,
    Checkout,
    Concurrency,
    DeployTarget,
    Image,
    Job,
    Matrix,
    Need,
    Parameter,
    Pipeline,
    Post,
    Retry,
    Run,
    Runner,
    Step,
    System,
    Trigger,
    TriggerKind,
    Variable,
)  # fmt: skip
from support import peers

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and (path / "input.yaml").exists())


def text_of(case: str) -> str:
    return (HERE / case / "input.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_each_case_is_read_as_its_document_says(case: str) -> None:
    """`expected.json` was made by the code and read line by line."""
    found = document(tekton.parse(text_of(case), "input.yaml", from_mapping({})))
    assert found == json.loads((HERE / case / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_is_written_and_read_again_the_same(case: str) -> None:
    pipeline = tekton.parse(text_of(case), "input.yaml")
    if not any(job.needs is not None and (job.calls or job.steps) for job in pipeline.jobs) or case == "tasks_only":
        return
    written = tekton.render(pipeline)
    assert written.losses == ()
    assert bare(tekton.parse(written.text, "input.yaml")) == bare(pipeline)


def scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    elif value is not None:
        yield str(value)


@pytest.mark.parametrize("case", CASES)
def test_no_word_of_a_file_is_dropped_by_reading(case: str) -> None:
    whole = repr(tekton.parse(text_of(case), "input.yaml"))
    for root in yaml.load_all(text_of(case), Loader=yaml.CBaseLoader):
        if "tekton.dev/" not in root["apiVersion"]:
            continue
        for text in scalars(root):
            for word in re.sub(r"\$\([^)]*?([^.)]*)\)", r" \1 ", text).split():
                assert (
                    word.strip("\"'[],;/-") in whole
                    or word.startswith("#!")
                    or word in {"tasks", "results", "status", "notin", "in"}
                    or values.duration(word)
                ), word


def test_a_word_that_is_dropped_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from seaway.formats.pipelines.tekton import steps

    monkeypatch.setattr(steps, "natives", lambda *_: ())
    with pytest.raises(AssertionError):
        test_no_word_of_a_file_is_dropped_by_reading("tasks_only")


names = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
plain = st.from_regex(r"[a-z0-9 ._-]{1,12}", fullmatch=True).map(str.strip).filter(bool)
refs = st.one_of(
    names.map(lambda name: Ref("input", (name,))),
    st.tuples(names, names).map(lambda two: Ref("job", (two[0], "output", two[1]))),
    st.just(Ref("run", ("id",))),
)
texts = st.one_of(plain, st.tuples(plain, refs).map(Template), refs.map(lambda ref: Template((ref,))))
comparisons = st.tuples(refs, st.lists(plain, min_size=1, max_size=3), st.booleans()).map(lambda made: _among(*made))


def _among(ref: Ref, found: list[str], negative: bool) -> Expr:
    whole: Expr = Binary("==", ref, Literal(found[0]))
    for one in found[1:]:
        whole = Binary("||", whole, Binary("==", ref, Literal(one)))
    return Unary("!", whole) if negative else whole


conditions = st.lists(comparisons, min_size=1, max_size=2).map(
    lambda made: Condition(made[0] if len(made) == 1 else Binary("&&", made[0], made[1]))
)
variables = st.builds(Variable, names, texts)
seconds = st.integers(1, 100_000).map(lambda number: timedelta(seconds=number))
steps = st.builds(
    Step,
    st.builds(Run, texts.map(lambda text: text), shell=st.sampled_from(["", "/usr/bin/env bash", "/bin/sh"])),
    name=names,
    env=st.lists(variables, max_size=2).map(tuple),
    timeout=st.none() | seconds,
    continue_on_error=st.booleans(),
    container=st.none() | texts.map(Image),
)


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    identities = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    jobs = []
    for index, identity in enumerate(identities):
        needs = draw(st.lists(st.sampled_from(identities[:index]), unique=True)) if index else []
        matrix = draw(
            st.none() | st.lists(plain, min_size=1, max_size=3).map(lambda found: Matrix((Axis("os", tuple(found)),)))
        )
        jobs.append(
            Job(
                identity, needs=tuple(Need(one) for one in needs), steps=tuple(draw(st.lists(steps, min_size=1, max_size=3))),
                condition=draw(st.none() | conditions), timeout=draw(st.none() | seconds), matrix=matrix,
                retry=draw(st.none() | st.integers(1, 5).map(Retry)), continue_on_error=draw(st.booleans()),
                inputs=tuple(draw(st.lists(variables, max_size=2))),
                outputs=tuple(draw(st.lists(st.builds(Variable, names, st.just("")), max_size=2))),
            )
        )  # fmt: skip
    parameters = draw(st.lists(st.builds(Parameter, names, default=plain), max_size=2))
    return Pipeline(System.TEKTON, "p.yaml", name="p", jobs=tuple(jobs), parameters=tuple(parameters))


@settings(max_examples=40)
@given(pipelines())
def test_what_is_written_is_read_as_the_same_model(pipeline: Pipeline) -> None:
    again = tekton.parse(tekton.render(pipeline).text, "p.yaml")
    implied = tuple(one for one in again.jobs)
    assert bare(tekton.parse(tekton.render(again).text, "p.yaml")) == bare(again)
    for job, read in zip(pipeline.jobs, implied, strict=True):
        assert {need.job for need in job.needs or ()} <= {need.job for need in read.needs or ()}
        before, after = bare(job), bare(read)
        import dataclasses

        assert dataclasses.replace(after, needs=before.needs) == before


@pytest.fixture(scope="module")
def definitions() -> dict[str, Draft202012Validator]:
    """kind -> Tekton's own schema of version v1, with unknown fields refused."""
    folder = peers.go_module("github.com/tektoncd/pipeline") / "config" / "300-crds"
    found = {}
    for path in folder.glob("300-*.yaml"):
        crd = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for version in crd["spec"]["versions"]:
            if version["name"] == "v1":
                found[crd["spec"]["names"]["kind"]] = Draft202012Validator(
                    _closed(version["schema"]["openAPIV3Schema"])
                )
    return found


def _closed(schema: Any) -> Any:
    if isinstance(schema, dict):
        made = {key: _closed(value) for key, value in schema.items()}
        if (
            "properties" in made
            and made.get("type") == "object"
            and not made.get("x-kubernetes-preserve-unknown-fields")
        ):
            made.setdefault("additionalProperties", False)
        return made
    return [_closed(item) for item in schema] if isinstance(schema, list) else schema


def mistakes(definitions: dict[str, Draft202012Validator], text: str) -> list[str]:
    """Also of what the definition of a run leaves open: its pipeline, and the tasks in it."""
    found = []
    roots = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    roots += [{"kind": "Pipeline", "spec": spec} for root in roots if (spec := root["spec"].get("pipelineSpec"))]
    for root in list(roots):
        tasks = [*root["spec"].get("tasks", []), *root["spec"].get("finally", [])] if root["kind"] == "Pipeline" else []
        roots += [{"kind": "Task", "spec": task["taskSpec"]} for task in tasks if "taskSpec" in task]
    for root in roots:
        if root["kind"] in definitions:
            found += [
                f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in definitions[root["kind"]].iter_errors(root)
            ]
    return found


FOREIGN = Pipeline(
    System.GITHUB_ACTIONS,
    "ci.yml",
    name="CI build",
    triggers=(
        Trigger(TriggerKind.PUSH, "push"),
        Trigger(TriggerKind.PULL_REQUEST, "pull_request"),
        Trigger(TriggerKind.SCHEDULE, "schedule", cron="0 4 * * *"),
    ),
    concurrency=Concurrency("ci"),
    jobs=(
        Job(
            "unit_test",
            needs=(),
            runner=Runner(("ubuntu-latest",), os="linux"),
            matrix=Matrix((Axis("go", ("1.21", "1.22")),), exclude=((("go", "1.21"),),)),
            services=(Image("postgres:16", alias="db"),),
            environment=DeployTarget("staging"),
            variables=(Variable("TOKEN", Template((Ref("secret", ("TOKEN",)),)), secret=True),),
            steps=(
                Step(Checkout()),
                Step(Cache(paths=("~/.cache",))),
                Step(
                    Run(Template(("go test ", Ref("matrix", ("go",)), " ", Ref("event", ("title",))))), name="Test it"
                ),
            ),
        ),
        Job(
            "report",
            needs=(Need("unit_test"),),
            condition=Condition(Call("always")),
            container=Image("alpine:3.20"),
            steps=(Step(Run("echo done")),),
            post=(Post("failure", (Step(Run("echo no")),)),),
        ),
    ),
)


def test_a_foreign_pipeline_is_one_that_the_cluster_takes(definitions: dict[str, Draft202012Validator]) -> None:
    written = tekton.render(FOREIGN)
    assert mistakes(definitions, written.text) == []
    root = yaml.load(written.text, Loader=yaml.CSafeLoader)
    assert root["kind"] == "PipelineRun"
    spec = root["spec"]["pipelineSpec"]
    assert [task["name"] for task in spec["tasks"]] == ["clone", "unit-test"]
    assert [task["name"] for task in spec["finally"]] == ["report"]
    assert spec["tasks"][1]["taskSpec"]["steps"][0]["workingDir"] == "$(workspaces.source.path)"
    assert spec["tasks"][1]["taskSpec"]["stepTemplate"]["env"][0]["valueFrom"]["secretKeyRef"]["key"] == "TOKEN"


def test_what_tekton_cannot_say_is_told() -> None:
    found = {(loss.kind, loss.construct) for loss in tekton.render(FOREIGN).losses}
    for kind, construct in [
        (LossKind.MANUAL, "schedule 0 4 * * *"),
        (LossKind.DROPPED, "concurrency"),
        (LossKind.DROPPED, "cache"),
        (LossKind.DROPPED, "matrix exclude"),
        (LossKind.DROPPED, "environment"),
        (LossKind.DROPPED, "expression event.title"),
        (LossKind.DROPPED, "post failure"),
        (LossKind.MANUAL, "secret TOKEN"),
    ]:
        assert (kind, construct) in found
    assert any(kind is LossKind.APPROXIMATED and construct.startswith("runner") for kind, construct in found)


@settings(max_examples=25)
@given(pipelines())
def test_the_cluster_takes_whatever_is_written(
    definitions: dict[str, Draft202012Validator], pipeline: Pipeline
) -> None:
    assert mistakes(definitions, tekton.render(pipeline).text) == []


def test_an_unknown_field_would_be_seen(definitions: dict[str, Draft202012Validator]) -> None:
    text = tekton.render(FOREIGN).text.replace("taskSpec:", "taskSpecs:")
    assert any("taskSpecs" in one for one in mistakes(definitions, text))


def test_results_of_another_task_are_edges_and_finally_waits_for_all() -> None:
    pipeline = expand.expand(tekton.parse(text_of("pipeline_run"), "p.yaml", from_mapping({})))
    needs = {job.id: {need.job for need in job.needs or ()} for job in pipeline.jobs}
    assert needs["scan"] == {"build"}
    assert needs["notify"] == {"build", "test (1.21)", "test (1.22)", "scan"}


def test_a_task_in_a_file_beside_it_is_found_and_one_outside_is_not() -> None:
    text = "apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  tasks:\n  - {name: a, taskRef: {name: lint}}\n  - {name: b, taskRef: {name: ../lint}}\n"
    task = "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: lint}\nspec:\n  steps: [{image: x, script: lint}]\n"
    found = tekton.parse(text, ".tekton/p.yaml", from_mapping({".tekton/lint.yaml": task, "lint.yaml": task}))
    assert [bool(job.steps) for job in found.jobs] == [True, False]
    assert found.jobs[0].steps[0].span is not None
    assert found.jobs[0].steps[0].span.path == ".tekton/lint.yaml"
    assert [one.text for one in found.unresolved] == ["../lint"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: [", "did not find"), ("kind: Pipeline\n", "no document of Tekton"), ("", "no document of Tekton"), ("- " * 5000 + "x", "nested")],
)  # fmt: skip
def test_what_is_no_tekton_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        tekton.parse(text, "p.yaml")


def test_aliases_that_would_fill_the_memory_end_early() -> None:
    laughs = "\n".join(
        [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if n else "  a0: &a0 [x, x, x]" for n in range(20)]
    )
    pipeline = tekton.parse(
        f"apiVersion: tekton.dev/v1\nkind: Pipeline\nspec:\n  tasks: []\nstatus:\n{laughs}\n", "p.yaml"
    )
    assert len(repr(pipeline)) < 5_000_000


def test_durations_are_gos() -> None:
    assert values.duration("1h0m30s") == timedelta(hours=1, seconds=30)
    assert values.duration("soon") is values.duration("") is None
    assert values.written(timedelta(hours=1, seconds=30)) == "1h30s"
    assert values.written(timedelta()) == "0s"


@pytest.mark.parametrize(
    "expr",
    [
        Binary(
            "||", Binary("==", Ref("input", ("a",)), Literal("x")), Binary("==", Ref("input", ("b",)), Literal("y"))
        ),
        Call("success"),
        Binary("<", Ref("input", ("a",)), Literal(1)),
        Binary("==", Ref("event", ("title",)), Literal("x")),
    ],
)
def test_a_condition_that_when_cannot_say_is_none(expr: Expr) -> None:
    assert expressions.whens(expr) is None


def test_a_value_from_a_secret_is_a_secret_elsewhere_too() -> None:
    text = (
        "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec:\n  steps:\n  - image: a\n    script: make\n"
        "    env:\n    - name: TOKEN\n      valueFrom: {secretKeyRef: {name: my.store, key: the-key}}\n"
    )
    pipeline = tekton.parse(text, "t.yaml")
    assert "name: my.store" in tekton.render(pipeline).text
    made = registry.load_format("pipelines", "github_actions").render(pipeline)
    assert "TOKEN: ${{ secrets.MY_STORE_THE_KEY }}" in made.text
    assert "secret my.store/the-key" in [one.construct for one in made.losses]
