"""Azure's expressions <-> the neutral tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.pipelines.azure_pipelines import printer
from seaway.formats.pipelines.azure_pipelines.expressions import Names, condition, parse, template
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Unary, Unknown
from support import pace

BRANCH = Ref("git", ("branch",))
KIND = Ref("event", ("kind",))
READ: dict[str, Expr] = {
    "eq(variables['Build.SourceBranch'], 'refs/heads/main')": Binary("==", BRANCH, Literal("main")),
    "ne('refs/tags/v1', variables['build.sourcebranch'])": Binary("!=", Ref("git", ("tag",)), Literal("v1")),
    "startsWith(variables['Build.SourceBranch'], 'refs/tags/')": Binary("!=", Ref("git", ("tag",)), Literal("")),
    "startsWith(variables['Build.SourceBranch'], 'refs/heads/release/')": Call(
        "starts_with", (BRANCH, Literal("release/"))
    ),
    "in(variables['Build.Reason'], 'IndividualCI', 'BatchedCI')": Binary("==", KIND, Literal("push")),
    "notIn(variables['Build.Reason'], 'PullRequest')": Binary("!=", KIND, Literal("pull_request")),
    "succeededOrFailed()": Unary("!", Call("cancelled")),
    "Failed()": Call("failure"),
    "dependencies.A.outputs['s.v']": Ref("job", ("A", "output", "s.v")),
    "dependencies.A.result": Ref("job", ("A", "result")),
    "eq(dependencies.A.result, 'SucceededWithIssues')": Binary(
        "==", Ref("job", ("A", "result")), Literal("SucceededWithIssues")
    ),
    "eq(dependencies['A']['result'], 'Failed')": Binary("==", Ref("job", ("A", "result")), Literal("failure")),
    "parameters.deploy.regions[0]": Ref("input", ("deploy", "regions", Literal(0))),
    "eq('${{ parameters.a }}', true)": Binary("==", Ref("input", ("a",)), Literal(True)),
    "'it''s'": Literal("it's"),
    "1.2.3": Literal("1.2.3"),
    "-1.5": Literal(-1.5),
    "0x1F": Literal(31),
    "join(';', parameters.list)": Call("join", (Ref("input", ("list",)), Literal(";"))),
    "counter(format('{0:yyyy}', pipeline.startTime), 100)": Call(
        "counter",
        (Call("format", (Literal("{0:yyyy}"), Ref("native", ("pipeline", "startTime")))), Literal(100)),
    ),
    "and(1, 2, 3)": Binary("&&", Binary("&&", Literal(1), Literal(2)), Literal(3)),
}


@pytest.mark.parametrize("text", READ)
def test_what_is_read(text: str) -> None:
    assert parse(text) == READ[text]


def test_success_is_asked_for_in_words_or_not_at_all() -> None:
    """The model's conditions ask for success unless they ask something about the status; Azure's do not."""
    plain = Binary("==", Ref("var", ("a",)), Literal("b"))
    assert condition("and(succeeded(), eq(variables.a, 'b'))") == plain
    assert condition("eq(variables.a, 'b')") == Binary("&&", Call("always"), plain)
    assert condition("and(failed(), eq(variables.a, 'b'))") == Binary("&&", Call("failure"), plain)
    assert condition("false") == Literal(False)


@pytest.mark.parametrize("text", ["eq(", "eq(a b)", "a ~ b", "", ")", "'", "a['b'", "a.", "a.1"])
def test_what_cannot_be_read_is_unknown_with_its_text(text: str) -> None:
    assert parse(text) == Unknown(text)


NAMES = Names(matrix=frozenset({"os"}), steps={"build"}, known={"set"}, secrets={"token"})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("$(OS)", (Ref("matrix", ("OS",)),)),
        ("a$(set)b", ("a", Ref("env", ("set",)), "b")),
        ("$(build.tag)", (Ref("step", ("build", "output", "tag")),)),
        ("$(Build.SourceVersion)", (Ref("git", ("sha",)),)),
        ("$(Agent.Unheard)", (Ref("native", ("Agent.Unheard",)),)),
        ("$(token)", (Ref("secret", ("token",)),)),
        ("$[ dependencies.a.result ]", (Ref("job", ("a", "result")),)),
        ("${{ parameters.x }}-$(elsewhere)", (Ref("input", ("x",)), "-", Ref("var", ("elsewhere",)))),
    ],
)
def test_names_mean_what_they_mean_where_they_stand(text: str, parts: tuple[str | Expr, ...]) -> None:
    assert template(text, NAMES) == Template(parts)


@pytest.mark.parametrize("text", ["$", "$ (a)", "$(1a)", "$( a )", "${{", "$()", "a $[ b"])
def test_what_only_looks_like_an_expression_is_text(text: str) -> None:
    assert template(text) == text


words = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True).filter(
    lambda word: word.lower() not in {"true", "false", "null"}
)
strings = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12).filter(
    lambda text: "${{" not in text and not text.startswith("refs/")
)
refs = st.one_of(
    words.map(lambda name: Ref("var", (name,))),
    words.map(lambda name: Ref("input", (name,))),
    st.tuples(words, words).map(lambda two: Ref("job", (two[0], "output", f"s.{two[1]}"))),
    st.sampled_from([BRANCH, Ref("git", ("sha",)), Ref("run", ("id",)), Ref("native", ("Build.Unheard",))]),
)
literals = st.one_of(strings, st.integers(-99, 9999), st.booleans()).map(Literal)
trees: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(refs, literals, st.sampled_from([Call("success"), Call("always"), Call("cancelled")])),
    lambda inner: st.one_of(
        inner.map(lambda one: Unary("!", one)),
        st.tuples(st.sampled_from(["&&", "||", "<", ">="]), inner, inner).map(lambda three: Binary(*three)),
        st.tuples(st.sampled_from(["==", "!="]), refs, literals).map(lambda three: Binary(*three)),
        st.tuples(st.sampled_from(["contains", "ends_with", "coalesce", "join"]), inner, inner).map(
            lambda three: Call(three[0], three[1:])
        ),
    ),
    max_leaves=12,
)


@given(trees)
def test_what_is_printed_is_read_back(tree: Expr) -> None:
    assert parse(printer.expression(tree)) == same_value_once(tree)


def same_value_once(tree: Expr) -> Expr:
    """`in(a, 1, 1)` names a value once, and so does what is read."""
    if isinstance(tree, Unary):
        return Unary(tree.op, same_value_once(tree.operand))
    if isinstance(tree, Call):
        return Call(tree.name, tuple(same_value_once(one) for one in tree.args))
    if isinstance(tree, Binary):
        left, right = same_value_once(tree.left), same_value_once(tree.right)
        if tree.op == "||" and isinstance(right, Binary) and right.op == "==":
            before = left
            while isinstance(before, Binary) and before.op == "||":
                if before.right == right:
                    return left
                before = before.left
            if before == right:
                return left
        return Binary(tree.op, left, right)
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        Unknown("??"),
        Call("hash_files", (Literal("a"),)),
        Call("changed", (Literal("src/**"),)),
        Ref("git", ("default_branch",)),
        Ref("step", ("a", "outcome")),
        Binary("=~", BRANCH, Literal("v[0-9]+")),
        Unary("-", Literal(1)),
    ],
)
def test_what_azure_cannot_say_is_refused(tree: Expr) -> None:
    with pytest.raises(printer.Unprintable):
        printer.expression(tree)


def test_words_of_azure_are_written() -> None:
    for text, tree in READ.items():
        if text.startswith(
            ("ne('refs", "eq(dependencies['A']", "Failed", "1.2", "0x", "parameters", "notIn", "join", "eq('$")
        ):
            continue
        assert printer.expression(tree) == text


@pytest.mark.parametrize(
    "text", ["(" * 10_000, "f(" * 10_000, "a[" * 10_000, "'" * 20_001, "x" * 30_000, "$(a" * 9_000]
)
def test_hostile_expressions_are_unknown(text: str) -> None:
    with pace.within(2):
        assert isinstance(parse(text), Unknown)
        assert template("${{ 'x" * 20_000) == "${{ 'x" * 20_000
