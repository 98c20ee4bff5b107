"""The Groovy subset: whatever Groovy 2.4 reads, this parser reads; what it does not know costs one statement."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.groovy import scripts
from seaway.errors import ConfigError
from seaway.formats.groovy import Script, nodes, read
from seaway.formats.groovy.script import MAX_CHARACTERS
from seaway.formats.groovy.tokens import MAX_TOKENS
from seaway.formats.groovy.values import MAX_DEPTH
from support import pace
from support.groovy import Oracle

ACCEPTED = Path(__file__).with_name("accepted.txt").read_text(encoding="utf-8").rstrip("\n").split("\n===\n")


def walk(value: object) -> Iterator[nodes.Node]:
    """Every node, outermost first."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from walk(item)
    elif isinstance(value, nodes.Node):
        yield value
        for field in dataclasses.fields(value):
            yield from walk(getattr(value, field.name))


def opaque(script: Script) -> list[str]:
    return [script.source(node) for node in walk(script.body) if isinstance(node, nodes.Opaque)]


def one(text: str) -> nodes.Stmt:
    script = read(text, "Jenkinsfile")
    assert not opaque(script), opaque(script)
    (node,) = script.body
    return node


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with Oracle(tmp_path_factory.mktemp("groovy")) as found:
        yield found


@pytest.mark.parametrize("text", ACCEPTED)
def test_every_construct_is_understood(text: str) -> None:
    script = read(text, "x.groovy")
    assert opaque(script) == []
    assert script.problems == []


@pytest.mark.real
def test_groovy_itself_reads_them_and_refuses_others(oracle: Oracle) -> None:
    assert {text: oracle.complaint(text) for text in ACCEPTED if oracle.complaint(text)} == {}
    for wrong in ("pipeline {", "sh 'a", "foo(", "x = = 1", "if (a) ; else b"):
        assert oracle.complaint(wrong), wrong


@pytest.mark.real
@settings(max_examples=120)
@given(scripts.scripts())
def test_what_groovy_reads_this_parser_reads(oracle: Oracle, text: str) -> None:
    script = read(text, "x.groovy")
    if not oracle.complaint(text):
        assert opaque(script) == [], text
        assert script.problems == [], text


@given(scripts.scripts())
def test_generated_scripts_are_understood_whole(text: str) -> None:
    script = read(text, "x.groovy")
    assert opaque(script) == [], text


@given(st.text(alphabet="abc'\"/\\$(){}[]\n ;:,.@=+-?>|#*1", max_size=120))
def test_any_text_is_read_and_keeps_all_of_it(text: str) -> None:
    script = read(text, "x.groovy")
    places = [(node.start, node.end) for node in script.body]
    assert places == sorted(places)
    covered = (
        set().union(*(range(start, end) for start, end in places + script.notes)) if places or script.notes else set()
    )
    left = {text[at] for at in range(len(text)) if at not in covered}
    assert left <= set(" \n;\\") or text.startswith("#!"), left


@pytest.mark.parametrize("text", ACCEPTED)
def test_spans_lie_within_their_parents(text: str) -> None:
    def check(node: nodes.Node) -> None:
        assert 0 <= node.start <= node.end <= len(text)
        for field in dataclasses.fields(node):
            for child in children(getattr(node, field.name)):
                assert node.start <= child.start, (node, child)
                assert child.end <= node.end, (node, child)
                check(child)

    def children(value: object) -> Iterator[nodes.Node]:
        if isinstance(value, list | tuple):
            for item in value:
                yield from children(item)
        elif isinstance(value, nodes.Node):
            yield value

    for node in read(text, "x").body:
        check(node)


# --- meaning ---------------------------------------------------------------------------------------------------------


def test_a_text_within_a_text_within_a_text() -> None:
    node = one('"a ${b("c ${d}")} e"')
    assert isinstance(node, nodes.GString)
    inner = node.parts[1]
    assert isinstance(inner, nodes.Call)
    deep = inner.args[0]
    assert isinstance(deep, nodes.GString)
    assert deep.parts[0] == "c "
    assert isinstance(deep.parts[1], nodes.Name)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'a\'b\n'", "a'b\n"),
        (r"'''it's'''", "it's"),
        ('"""say "x" now"""', 'say "x" now'),
        (r"x = /a\/b$/", "a/b$"),
        (r"'A\\'", "A\\"),
        ("'a\\\nb'", "ab"),
        (r'"\$HOME"', "$HOME"),
    ],
)
def test_the_value_of_quoted_text(text: str, value: str) -> None:
    node = one(text)
    node = node.right if isinstance(node, nodes.Operation) and node.right is not None else node
    assert isinstance(node, nodes.Constant)
    assert node.value == value


def test_dollar_slashy_text_has_its_own_escapes() -> None:
    node = one("x = $/a $$b ${c} $/ d/$")
    assert isinstance(node, nodes.Operation)
    assert isinstance(node.right, nodes.GString)
    assert node.right.parts[0] == "a $b "
    assert node.right.parts[-1] == " / d"


def test_a_command_with_named_arguments_and_a_closure_behind() -> None:
    node = one("lock resource: 'db', { sh 'x' }")
    assert isinstance(node, nodes.Call)
    assert node.command
    assert [entry.key.value for entry in node.named if isinstance(entry.key, nodes.Constant)] == ["resource"]
    assert isinstance(node.args[0], nodes.Closure)
    behind = one("timeout(time: 5, unit: 'MINUTES') { sh 'x' }")
    assert isinstance(behind, nodes.Call)
    assert len(behind.named) == 2
    assert isinstance(behind.args[-1], nodes.Closure)


def test_a_brace_on_its_own_line_belongs_to_the_call_above() -> None:
    node = one("stage('x')\n{\n  sh 'a'\n}")
    assert isinstance(node, nodes.Call)
    assert isinstance(node.args[1], nodes.Closure)


def test_division_and_slashy_text_are_told_apart() -> None:
    assert isinstance(one("a / b / c"), nodes.Operation)
    call = one("x.split(/,/)")
    assert isinstance(call, nodes.Call)
    assert isinstance(call.args[0], nodes.Constant)


def test_operators_bind_as_in_groovy() -> None:
    node = one("a || b && c == d + e * f")
    shape = []
    while isinstance(node, nodes.Operation):
        shape.append(node.op)
        node = node.right  # type: ignore[assignment]
    assert shape == ["||", "&&", "==", "+", "*"]


# --- what is not understood --------------------------------------------------------------------------------------------


def test_an_unknown_statement_costs_one_statement() -> None:
    script = read("sh 'a'\n%% what { is } this (\n)\nsh 'b'\nfoo( ] )\nsh 'c'\n", "Jenkinsfile")
    assert opaque(script) == ["%% what { is } this (\n)", "foo( ] )"]
    assert [script.source(node) for node in script.body if isinstance(node, nodes.Call)] == [
        "sh 'a'",
        "sh 'b'",
        "sh 'c'",
    ]


def test_it_stays_within_its_braces() -> None:
    script = read("stage('x') {\n  sh 'a'\n  %% nothing\n  sh 'b'\n}\nsh 'c'\n", "Jenkinsfile")
    assert opaque(script) == ["%% nothing"]
    assert len(script.body) == 2


def test_an_unclosed_text_is_a_problem_with_its_place() -> None:
    script = read("sh 'a'\nsh 'b\nsh 'c'\n", "Jenkinsfile")
    ((offset, what),) = script.problems
    assert script.span(offset, offset).line == 2
    assert "never closed" in what
    assert script.source(script.body[2]) == "sh 'c'"


@pytest.mark.broad
@pytest.mark.parametrize(
    "opening", ["{", "[", "(", '"${', "a(", "a {", "-", "!", "a = ", "a ? ", "x: ", "if (a) ", "(A) ", "a.", "+a"]
)
def test_depth_is_no_danger(opening: str) -> None:
    with pace.within(1):
        script = read(opening * 10_000, "Jenkinsfile")
    assert script.body
    assert opaque(script)


def test_what_is_deeper_than_the_limit_is_kept_as_text() -> None:
    depth = MAX_DEPTH + 20
    text = "sh 'a'\n" + "a {\n" * depth + "}\n" * depth + "sh 'b'\n"
    script = read(text, "Jenkinsfile")
    assert len(opaque(script)) == 1
    assert [script.source(node) for node in script.body if node.end - node.start < 10] == ["sh 'a'", "sh 'b'"]


@pytest.mark.parametrize(
    "pattern",
    [
        "/",
        "'",
        '"',
        "$/",
        "/*",
        "'''",
        '"""',
        "a<",
        "a<b,",
        "{a,",
        "@a(",
        '"$a',
        "}(",
        "a.b.",
        "\\",
        "x ->",
        "(A",
        "if",
        "$",
    ],
)
def test_time_grows_with_length_only(pattern: str) -> None:
    def cost(size: int) -> float:
        before = time.process_time()
        read(pattern * (size // len(pattern)), "Jenkinsfile")
        return time.process_time() - before

    small = max(min(cost(10_000) for _ in range(3)), 0.002)
    assert min(cost(80_000) for _ in range(2)) < small * 8 * 4


def test_limits() -> None:
    with pytest.raises(ConfigError, match="longer than"):
        read("a" * (MAX_CHARACTERS + 1), "Jenkinsfile")
    with pytest.raises(ConfigError, match=r"Jenkinsfile:1:\d+: .*more words"):
        read("a " * (MAX_TOKENS + 1), "Jenkinsfile")
    with pytest.raises(ConfigError, match="Jenkinsfile:2:3: this is not UTF-8"):
        read(b"sh 'a'\nab\xff\n", "Jenkinsfile")


def test_a_byte_order_mark_counts_for_nothing() -> None:
    script = read(b"\xef\xbb\xbfsh 'a'\r\nsh 'b'\r\n", "Jenkinsfile")
    assert [script.source(node) for node in script.body] == ["sh 'a'", "sh 'b'"]
    assert str(script.span(script.body[1].start, script.body[1].end)) == "Jenkinsfile:2:1"
