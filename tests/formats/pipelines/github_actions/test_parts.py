"""Small parts of the reader: what one key, one reference, one kept value becomes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.pipelines.github_actions import components, contexts, parse
from seaway.formats.pipelines.github_actions.expressions import expression, printed
from seaway.formats.pipelines.github_actions.substitute import Values, as_expr
from seaway.formats.pipelines.github_actions.values import lines
from seaway.formats.yaml.emit import emit
from seaway.formats.yaml.kept import kept, restored
from seaway.formats.yaml.tree import read
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Unary
from seaway.model.pipeline import (
    Concurrency,
    Globs,
    Job,
    Permissions,
    Pin,
    Run,
    Runner,
    Step,
    Trigger,
    TriggerKind,
    Use,
    Variable,
)

JOB = "jobs: {a: {runs-on: x, steps: []}}\n"


def job(text: str) -> Job:
    found = parse(f"on: push\njobs:\n  a: {text}\n", "x.yml").job("a")
    assert found is not None
    return found


# References.


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("github.sha", Ref("git", ("sha",))),
        ("github.ref_name", Ref("git", ("ref_name",))),
        ("github.event.pull_request.head.ref", Ref("event", ("source_branch",))),
        ("github.event.number", Ref("event", ("number",))),
        ("github.event.inputs.a", Ref("input", ("a",))),
        ("inputs.a", Ref("input", ("a",))),
        ("vars.A", Ref("var", ("A",))),
        ("matrix.a.b", Ref("matrix", ("a", "b"))),
        ("steps.a.outputs.b", Ref("step", ("a", "output", "b"))),
        ("steps.a.conclusion", Ref("native", ("steps", "a", "conclusion"))),
        ("jobs.a.outputs.b", Ref("job", ("a", "output", "b"))),
        ("needs.a.result", Ref("job", ("a", "result"))),
        ("runner.tool_cache", Ref("native", ("runner", "tool_cache"))),
        ("strategy.job-index", Ref("native", ("strategy", "job-index"))),
        ("secrets", Ref("native", ("secrets",))),
    ],
)
def test_references_have_neutral_names(text: str, ref: Ref) -> None:
    assert expression(text) == ref
    assert expression(printed(ref)) == ref


def test_every_neutral_name_has_one_spelling() -> None:
    for neutral, _ in contexts._NAMES:
        ref = Ref(neutral[0], neutral[1:])
        assert expression(printed(ref)) == ref


def test_a_branch_and_a_tag_are_the_name_of_the_ref() -> None:
    assert {printed(contexts.BRANCH), printed(contexts.TAG)} == {"github.ref_name"}


@pytest.mark.parametrize("context", ["unknown", "step", "job", "run"])
def test_values_that_github_lacks_have_no_path(context: str) -> None:
    assert contexts.path_of(Ref(context, ("a", "b", "c", "d"))) is None


# Triggers.


def triggers(text: str) -> tuple[Trigger, ...]:
    return parse(f"on: {text}\n{JOB}", "x.yml").triggers


@pytest.mark.parametrize(
    ("text", "branches", "kind"),
    [
        ("{push: {branches: main}}", Globs(("main",)), TriggerKind.PUSH),
        ("{push: {branches: [a, '!b']}}", Globs(("a",), ("b",)), TriggerKind.PUSH),
        ("{push: {branches-ignore: [a]}}", Globs((), ("a",)), TriggerKind.PUSH),
        ("{push: {tags: [v*]}}", Globs(), TriggerKind.TAG),
        ("{push: {tags: [v*], branches: [a]}}", Globs(("a",)), TriggerKind.PUSH),
        ("{push: }", Globs(), TriggerKind.PUSH),
        ("push", Globs(), TriggerKind.PUSH),
        ("[push]", Globs(), TriggerKind.PUSH),
    ],
)
def test_filters_are_globs(text: str, branches: Globs, kind: TriggerKind) -> None:
    (one,) = triggers(text)
    assert (one.branches, one.kind, one.native) == (branches, kind, "push")


def test_on_is_a_word_and_no_truth() -> None:
    assert [one.native for one in triggers("[push, 'pull_request']")] == ["push", "pull_request"]
    assert [one.native for one in parse(f"true: push\n{JOB}", "x.yml").triggers] == ["push"]


# Jobs.


@pytest.mark.parametrize(
    ("text", "runner"),
    [
        ("ubuntu-latest", Runner(("ubuntu-latest",), os="linux")),
        ("[self-hosted, Windows]", Runner(("self-hosted", "Windows"), os="windows")),
        ("{group: big, labels: macos-14}", Runner(("macos-14",), "big", "macos")),
        ("{group: big}", Runner((), "big")),
        ("'${{ matrix.os }}'", Runner((Template((Ref("matrix", ("os",)),)),))),
    ],
)
def test_runners(text: str, runner: Runner) -> None:
    found = job(f"{{runs-on: {text}}}").runner
    assert (found.labels, found.group, found.os) == (runner.labels, runner.group, runner.os)


@pytest.mark.parametrize(
    ("text", "permissions"),
    [
        ("{}", Permissions((), "none")),
        ("read-all", Permissions((), "read")),
        ("write-all", Permissions((), "write")),
        ("{contents: read, id-token: write}", Permissions((("contents", "read"), ("id-token", "write")))),
    ],
)
def test_permissions(text: str, permissions: Permissions) -> None:
    found = job(f"{{runs-on: x, permissions: {text}}}").permissions
    assert found is not None
    assert (found.scopes, found.all) == (permissions.scopes, permissions.all)


def test_no_permissions_are_none_that_are_written() -> None:
    assert job("{runs-on: x}").permissions is None


@pytest.mark.parametrize(
    ("text", "concurrency"),
    [
        ("g", Concurrency("g")),
        ("{group: g}", Concurrency("g")),
        ("{group: g, cancel-in-progress: true}", Concurrency("g", cancel=True)),
        ("{group: g, queue: max}", Concurrency("g", queue=True)),
        (
            "{group: g, cancel-in-progress: '${{ inputs.x }}'}",
            Concurrency("g", Condition(Ref("input", ("x",)), Phase.QUEUE, "${{ inputs.x }}")),
        ),
    ],
)
def test_concurrency(text: str, concurrency: Concurrency) -> None:
    found = job(f"{{runs-on: x, concurrency: {text}}}").concurrency
    assert found is not None
    assert (found.group, found.cancel, found.queue) == (concurrency.group, concurrency.cancel, concurrency.queue)


def test_concurrency_of_an_unknown_shape_is_kept() -> None:
    found = job("{runs-on: x, concurrency: {group: g, other: 1}}")
    assert found.concurrency is None
    assert [(one.key, one.text) for one in found.natives] == [("jobs.a.concurrency", '{"group": "g", "other": 1}')]


@pytest.mark.parametrize(
    ("text", "time"), [("5", timedelta(minutes=5)), ("0.5", timedelta(seconds=30)), ("soon", None)]
)
def test_timeouts(text: str, time: timedelta | None) -> None:
    found = job(f"{{runs-on: x, timeout-minutes: {text}}}")
    assert found.timeout == time
    assert bool(found.natives) is (time is None)


def test_needs_are_a_word_or_a_list() -> None:
    assert job("{needs: b}").needs is not None
    assert [need.job for need in job("{needs: [b, c]}").needs or ()] == ["b", "c"]
    assert job("{runs-on: x}").needs is None


def test_secrets_that_a_call_inherits_are_kept() -> None:
    found = job("{uses: ./x.yml, secrets: inherit}")
    assert found.calls is not None
    assert found.calls.pin is Pin.LOCAL
    assert [(one.key, one.text) for one in found.natives] == [("jobs.a.secrets", "inherit")]


# Components.


@pytest.mark.parametrize(
    ("text", "name", "version", "pin"),
    [
        ("actions/checkout@v4", "actions/checkout", "v4", Pin.TAG),
        ("a/b/c@1.2.3-rc.1", "a/b/c", "1.2.3-rc.1", Pin.TAG),
        (f"a/b@{'0' * 40}", "a/b", "0" * 40, Pin.DIGEST),
        ("a/b@main", "a/b", "main", Pin.BRANCH),
        ("a/b", "a/b", "", Pin.NONE),
        ("./a", "./a", "", Pin.LOCAL),
        ("docker://x/y:1", "x/y", "1", Pin.TAG),
        ("docker://host:5000/y", "host:5000/y", "", Pin.NONE),
        (f"docker://y@sha256:{'0' * 64}", "y", f"sha256:{'0' * 64}", Pin.DIGEST),
    ],
)
def test_components_say_how_they_are_fixed(text: str, name: str, version: str, pin: Pin) -> None:
    found = components.component(text)
    assert (found.text, found.name, found.version, found.pin) == (text, name, version, pin)


@pytest.mark.parametrize(
    ("text", "inputs", "tool"),
    [
        ("actions/setup-node@v4", {"cache": "yarn"}, "yarn"),
        ("actions/setup-node@v4", {}, None),
        ("actions/setup-go@v5", {}, "go"),
        ("actions/setup-go@v3", {}, None),
        ("actions/setup-go@v5", {"cache": "false"}, None),
        ("ruby/setup-ruby@v1", {"bundler-cache": "true"}, "bundler"),
        ("Swatinem/rust-cache@v2", {}, "cargo"),
        (f"actions/setup-go@{'a' * 40}", {}, "go"),
        ("acme/setup-node@v1", {"cache": "npm"}, None),
    ],
)
def test_set_up_actions_give_their_job_a_cache(text: str, inputs: dict[str, str], tool: str | None) -> None:
    use = Use(components.component(text), tuple(Variable(name, value) for name, value in inputs.items()))
    assert [one.tool for one in components.tool_caches((Step(use), Step(Run("x"))))] == ([] if tool is None else [tool])


# What is kept.

DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9999, 9999), st.text("ab 1:#'\"{}[]-", max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(DATA)
def test_what_is_kept_comes_back_as_the_same_data(data: Any) -> None:
    node = read(emit({"key": data}).text, "x").documents[0].value[0][1]
    assert restored(kept(node)) == data


@pytest.mark.parametrize(
    ("text", "data"), [("3.10", "3.10"), ("3.5", 3.5), ("'5'", "5"), ("010", "010"), ("'true'", "true"), ("yes", "yes")]
)
def test_numbers_that_are_versions_keep_their_digits(text: str, data: Any) -> None:
    node = read(f"key: {text}", "x").documents[0].value[0][1]
    assert restored(kept(node)) == data


def test_lines_of_a_list_are_cut_outside_of_expressions() -> None:
    assert lines("a\n\n  b \n") == ("a", "b")
    assert lines("${{ env.A }}/x\ny") == (Template((Ref("env", ("A",)), "/x")), "y")
    assert len(lines("${{ env.A ||\n env.B }}\nx")) == 1


# Values in place of references.


def test_values_are_spliced_into_texts_and_joined_in_expressions() -> None:
    values = Values(inputs={"a": "x", "b": Template(("v", Ref("env", ("N",))))})
    both = Template(("1", Ref("input", ("a",)), Ref("input", ("b",)), Ref("input", ("c",))))
    assert values.text(both) == Template(("1xv", Ref("env", ("N",)), Ref("input", ("c",))))
    expr: Expr = Binary("==", Ref("input", ("b",)), Unary("!", Call("contains", (Ref("input", ("a",)), Literal("y")))))
    assert values.expr(expr) == Binary(
        "==",
        Call("format", (Literal("v{0}"), Ref("env", ("N",)))),
        Unary("!", Call("contains", (Literal("x"), Literal("y")))),
    )


def test_texts_become_values() -> None:
    assert as_expr("true") == Literal(value=True)
    assert as_expr("word") == Literal("word")
    assert as_expr(Template(("{", Ref("env", ("A",))))) == Call("format", (Literal("{{{0}"), Ref("env", ("A",))))
