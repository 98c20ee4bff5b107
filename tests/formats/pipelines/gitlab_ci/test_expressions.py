"""GitLab's conditions: read into the tree and printed again, and conditions of other systems in GitLab's words."""

from __future__ import annotations

from typing import Any

import pytest

from seaway.formats.pipelines import gitlab_ci
from seaway.formats.pipelines.gitlab_ci import expressions, write_rules
from seaway.formats.pipelines.gitlab_ci.writing import Writing
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Ref, Template, Unary, Unknown

A, B = Ref("var", ("A",)), Ref("var", ("B",))
BRANCH, TAG, KIND = expressions.BRANCH, expressions.TAG, expressions.KIND
IS_MAIN = Binary("==", BRANCH, Literal("main"))


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("$A", A),
        ("${A}", A),
        ('$A == "x"', Binary("==", A, Literal("x"))),
        ("'x' != $A", Binary("!=", A, Literal("x"))),
        ("$A == null", Binary("==", A, Literal(None))),
        ("$A=~/^x\\/y/i", Binary("=~", A, Literal("/^x\\/y/i"))),
        ("$A !~ $B", Binary("!~", A, B)),
        ("$A && $B || $A", Binary("||", Binary("&&", A, B), A)),
        ("$A && ($B || $A)", Binary("&&", A, Binary("||", B, A))),
        ("$CI_COMMIT_TAG", Binary("!=", TAG, Literal(""))),
        ("$CI_COMMIT_TAG == null", Binary("==", TAG, Literal(""))),
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', Binary("==", KIND, Literal("pull_request"))),
        ('$CI_COMMIT_BRANCH == "main"', IS_MAIN),
        ("$[[ inputs.x ]] == $A", Binary("==", Ref("input", ("x",)), A)),
        ("$CI_RUNNER_ID", Ref("native", ("CI_RUNNER_ID",))),
    ],
)
def test_a_condition_is_read_and_its_print_is_read_the_same(text: str, expr: Expr) -> None:
    found = expressions.condition(text)
    assert (found.expr, found.text) == (expr, text)
    assert expressions.condition(expressions.printed(expr)).expr == expr


@pytest.mark.parametrize(
    "text", ["$A ==", "== 1", "$A == 1", "$A & $B", "($A", "$A)", "!$A", "$A =~ /x", "", "(" * 300 + "$A" + ")" * 300]
)
def test_what_cannot_be_read_stays_as_it_is(text: str) -> None:
    assert expressions.condition(text).expr == Unknown(" ".join(text.split()))


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Unary("!", IS_MAIN), '$CI_COMMIT_BRANCH != "main"'),
        (Unary("!", Binary("&&", A, Binary("=~", B, Literal("/x/")))), '$A == null || $A == "" || $B !~ /x/'),
        (Unary("!", Unary("!", A)), "$A"),
        (Call("starts_with", (BRANCH, Literal("release/"))), r"$CI_COMMIT_BRANCH =~ /^release\//"),
        (Unary("!", Call("ends_with", (A, Literal(".x")))), r"$A !~ /\.x$/"),
        (Call("contains", (A, Literal("a+b"))), r"$A =~ /a\+b/"),
        (Binary("==", Ref("git", ("ref",)), Literal("refs/tags/v1")), '$CI_COMMIT_TAG == "v1"'),
        (Call("starts_with", (Ref("git", ("ref",)), Literal("refs/heads/"))), "$CI_COMMIT_BRANCH"),
        (Binary("==", KIND, Literal("manual")), '$CI_PIPELINE_SOURCE == "web"'),
        (Binary("!=", KIND, Literal("tag")), "$CI_COMMIT_TAG == null"),
        (Binary("&&", Binary("||", A, B), A), "($A || $B) && $A"),
        (Binary("==", A, Literal('say "x"')), "$A == 'say \"x\"'"),
    ],
)
def test_conditions_of_other_systems_have_gitlabs_words(expr: Expr, text: str) -> None:
    assert expressions.printed(expr) == text
    assert not isinstance(expressions.condition(text).expr, Unknown)


@pytest.mark.parametrize(
    "expr",
    [
        Binary("<", A, Literal(3)),
        Call("hash_files", (Literal("x"),)),
        Ref("step", ("a", "outcome")),
        Binary("==", A, Literal("both \" and '")),
        Unary("!", Call("changed", (Literal("x"),))),
    ],
)
def test_what_gitlab_has_no_words_for_is_said(expr: Expr) -> None:
    with pytest.raises(expressions.Unprintable):
        expressions.printed(expr)


@pytest.mark.parametrize("text", ["$A-$CI_COMMIT_SHA", "${A}b", "5$$x", "100$", "a$-b", "$", "$$[[ x", "plain"])
def test_a_text_is_read_and_its_print_is_read_the_same(text: str) -> None:
    found = expressions.template(text)
    assert expressions.template(expressions.printed_text(found)) == found


def test_a_doubled_dollar_is_no_variable() -> None:
    assert expressions.template("$$A") == "$A"
    assert expressions.template("$A") == Template((A,))
    assert expressions.printed_text("$A") == "$$A"


SUCCESS, FAILURE, ALWAYS = Call("success"), Call("failure"), Call("always")
NOT_CANCELLED, NOT_FAILED = Unary("!", Call("cancelled")), Unary("!", FAILURE)


@pytest.mark.parametrize(
    ("expr", "rules", "when"),
    [
        (SUCCESS, (), ""),
        (FAILURE, (), "on_failure"),
        (NOT_CANCELLED, (), "always"),
        (Binary("||", SUCCESS, FAILURE), (), "always"),
        (Binary("&&", NOT_FAILED, NOT_CANCELLED), (), ""),
        (Literal(value=False), (), "never"),
        (Binary("&&", ALWAYS, IS_MAIN), ({"if": '$CI_COMMIT_BRANCH == "main"', "when": "always"},), ""),
        (Binary("&&", Binary("&&", NOT_FAILED, NOT_CANCELLED), A), ({"if": "$A"},), ""),
        (
            Binary("||", Binary("&&", IS_MAIN, FAILURE), Call("changed", (Literal("a/*"),))),
            ({"if": '$CI_COMMIT_BRANCH == "main"', "when": "on_failure"}, {"changes": ["a/*"]}),
            "",
        ),
        (Binary("==", Ref("job", ("a", "result")), Literal("failure")), (), "manual"),
        (Binary("&&", A, Unary("!", Binary("&&", FAILURE, B))), (), "manual"),
    ],
)
def test_a_condition_becomes_rules(expr: Expr, rules: tuple[dict[str, Any], ...], when: str) -> None:
    writing = Writing(gitlab_ci.parse("a: {script: x}", "x"))
    found = write_rules.decided(Condition(expr), writing, "a")
    assert (found.rules, found.when) == (rules, when)
    assert bool(writing.losses.all()) == (when == "manual")
