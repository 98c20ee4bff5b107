"""GitHub's expressions: read, printed, and read again as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.pipelines.github_actions import contexts
from seaway.formats.pipelines.github_actions.expressions import (
    Unprintable,
    condition,
    expression,
    printed,
    printed_condition,
    printed_text,
    template,
)
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary, Unknown

A, B, C = (Ref("env", (name,)) for name in "ABC")


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("env.A || env.B && env.C", Binary("||", A, Binary("&&", B, C))),
        ("(env.A || env.B) && env.C", Binary("&&", Binary("||", A, B), C)),
        ("env.A == env.B && !env.C", Binary("&&", Binary("==", A, B), Unary("!", C))),
        ("env.A < env.B == env.C", Binary("==", Binary("<", A, B), C)),
        ("env.A && env.B && env.C", Binary("&&", Binary("&&", A, B), C)),
        ("env.A && (env.B && env.C)", Binary("&&", A, Binary("&&", B, C))),
        ("!(env.A == 'it''s')", Unary("!", Binary("==", A, Literal("it's")))),
        ("-1.5e3", Literal(-1500.0)),
        ("0xff", Literal(255)),
        ("null", Literal(None)),
        ("STARTSWITH(GitHub.actor, 'x')", Call("starts_with", (Ref("event", ("actor",)), Literal("x")))),
        ("secrets['MY KEY']", Ref("secret", ("MY KEY",))),
        ("matrix[env.A]", Ref("matrix", (A,))),
        ("github.event.issue.labels.*.name", Ref("native", ("github", "event", "issue", "labels", "*", "name"))),
        ("fromJSON(env.A)[0].x", Ref("native", (Call("from_json", (A,)), Literal(0), "x"))),
        ("needs.a-b.outputs.c", Ref("job", ("a-b", "output", "c"))),
        ("needs.a.result", Ref("job", ("a", "result"))),
        ("steps.s.outcome", Ref("step", ("s", "outcome"))),
        ("github.event.inputs.level", Ref("input", ("level",))),
        ("github.ref == 'refs/heads/main'", Binary("==", contexts.BRANCH, Literal("main"))),
        ("github.ref_name != 'main'", Binary("!=", contexts.BRANCH, Literal("main"))),
        ("'refs/tags/v1' == github.ref", Binary("==", contexts.TAG, Literal("v1"))),
        ("startsWith(github.ref, 'refs/tags/')", contexts.IS_TAG),
        ("!startsWith(github.ref, 'refs/tags/')", contexts.NO_TAG),
        ("github.ref_type == 'branch'", contexts.NO_TAG),
        ("github.event_name == 'workflow_dispatch'", Binary("==", contexts.KIND, Literal("manual"))),
    ],
)
def test_expressions_are_read(text: str, expr: Expr) -> None:
    assert expression(text) == expr
    assert expression(printed(expr)) == expr


@pytest.mark.parametrize("text", ["", "a b", "f(", "'open", "a.", "a..b", "&& a", "a &&", "#", "a[", "1a", "a,b"])
def test_what_cannot_be_read_stays(text: str) -> None:
    assert expression(text) == Unknown(text.strip())
    assert printed(Unknown(text)) == text


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (contexts.TAG, "startsWith(github.ref, 'refs/tags/')"),
        (Unary("!", contexts.TAG), "${{ !startsWith(github.ref, 'refs/tags/') }}"),
        (Binary("=~", contexts.BRANCH, Literal("/^release\\/.*$/")), "startsWith(github.ref, 'refs/heads/release/')"),
        (Binary("=~", A, Literal("/^v1$/")), "env.A == 'v1'"),
        (Binary("!~", A, Literal("/-rc$/")), "${{ !endsWith(env.A, '-rc') }}"),
        (Call("matches", (A, Literal("fix"))), "contains(env.A, 'fix')"),
        (Call("exists", (Literal("Dockerfile"),)), "hashFiles('Dockerfile') != ''"),
        (Binary("==", contexts.KIND, Literal("api")), "github.event_name == 'repository_dispatch'"),
        (Binary("&&", Binary("||", A, B), Unary("!", Binary("==", A, B))), "(env.A || env.B) && !(env.A == env.B)"),
    ],
)
def test_conditions_of_other_systems_are_printed_as_people_write_them(expr: Expr, text: str) -> None:
    found = condition(text)
    assert printed_condition(type(found)(expr)) == text


@pytest.mark.parametrize(
    "expr",
    [
        Call("changed", (Literal("src/**"),)),
        Binary("=~", A, Literal("/^v[0-9]+/")),
        Binary("=~", A, B),
        Unary("-", A),
        Ref("git", ("short_sha",)),
        Call("not-a name()"),
    ],
)
def test_what_github_cannot_say_is_not_printed(expr: Expr) -> None:
    with pytest.raises(Unprintable):
        printed(expr)


def test_templates_are_cut_at_their_expressions() -> None:
    assert template("v${{ matrix.a }}-${{ '}}' }}.x") == Template(
        ("v", Ref("matrix", ("a",)), "-", Literal("}}"), ".x")
    )
    assert template("no ${ expression }}") == "no ${ expression }}"
    assert template("${{ open") == "${{ open"
    assert printed_text(template("a ${{env.A}} b")) == "a ${{ env.A }} b"


def test_text_around_brackets_makes_no_condition() -> None:
    assert condition("${{ env.A }}").expr == A
    assert condition("${{ env.A }} == 'x'").expr == Unknown("${{ env.A }} == 'x'")


NAMES = st.sampled_from(["A", "some_name", "x-y", "with space", "1"])
LITERALS = st.one_of(
    st.booleans(),
    st.none(),
    st.integers(-9999, 9999),
    st.floats(0.001, 99).filter(lambda x: x % 1 != 0),
    st.text(max_size=8),
).map(Literal)
REFS = st.one_of(
    st.builds(
        lambda context, name: Ref(context, (name,)), st.sampled_from(["env", "var", "secret", "input", "matrix"]), NAMES
    ),
    st.sampled_from([Ref("git", ("ref_name",)), Ref("git", ("sha",)), Ref("event", ("kind",)), Ref("run", ("id",))]),
    st.builds(lambda job, name: Ref("job", (job, "output", name)), NAMES, NAMES),
)
EXPRESSIONS: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(LITERALS, REFS),
    lambda inner: st.one_of(
        st.builds(Unary, st.just("!"), inner),
        st.builds(Binary, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&&", "||"]), inner, inner),
        st.builds(
            lambda name, args: Call(name, tuple(args)),
            st.sampled_from(sorted(contexts.FUNCTIONS.values())),
            st.lists(inner, max_size=3),
        ),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_whatever_is_printed_reads_back(expr: Expr) -> None:
    """Once through the reader, which turns comparisons of refs into those of branches, then always the same."""
    once = expression(printed(expr))
    assert not isinstance(once, Unknown)
    assert expression(printed(once)) == once


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    printed(expression(text))
    template(f"{text}${{{{{text}}}}}")


@pytest.mark.parametrize(
    "text",
    [Template(("x${{", Ref("git", ("sha",)))), "a${{ b }} c", "${{", Template((Ref("git", ("sha",)), "${{ no }}"))],
)
def test_the_sign_of_an_expression_can_be_text(text: Text) -> None:
    assert template(printed_text(text)) == text
