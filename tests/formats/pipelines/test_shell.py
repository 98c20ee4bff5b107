"""What scripts read from their environment, and expressions as shell text: the text is run by a shell, not only compared."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaway.formats.pipelines import shell
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Unary

BRANCH = Ref("env", ("BRANCH",))
OTHER = Ref("matrix", ("os",))


def printer(expr: Expr) -> str | None:
    return f"${{{expr.path[0]}}}" if isinstance(expr, Ref) and expr.context == "env" else None


def run(script: str, **env: str) -> str:
    result = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, env=env, timeout=120, check=True)
    return result.stdout


@pytest.mark.parametrize(
    ("script", "kind", "names"),
    [
        ("echo $A ${B} ${C:-x} ${#D} \"$E\" '$F'", "", ("A", "B", "C", "D", "E", "F")),
        (r"echo \$A $$B $1 $? $@ 100%", "", ()),
        ("pwsh -c 'Write-Host $env:Path ${env:TOKEN}'", "", ("Path", "TOKEN")),
        ("echo %CI_JOB_ID% > a", "", ("CI_JOB_ID",)),
        ("echo %path% !later! $A", "cmd", ("path", "later")),
        ("$local = $env:A; Write-Host $local", "pwsh", ("A",)),
        ("echo $A $A ${A}", "", ("A",)),
    ],
)
def test_the_variables_of_a_script_are_found(script: str, kind: str, names: tuple[str, ...]) -> None:
    assert shell.used(script, kind) == names


def test_a_script_is_given_what_it_uses_and_no_more() -> None:
    table = {"CI_SHA": Ref("git", ("sha",)), "CI_TAG": Ref("git", ("tag",)), "CI_ID": Ref("run", ("id",))}
    assert list(shell.exports("deploy $CI_SHA CI_ID", table)) == ["CI_SHA"]
    assert list(shell.exports("python -c \"import os; os.environ['CI_TAG']\"; printenv CI_ID", table)) == [
        "CI_TAG",
        "CI_ID",
    ]
    assert not shell.exports("echo CI_SHAPE $CI_SHAPE", table)


@pytest.mark.parametrize(
    "script", ["cd x", "make\nexport A=1", "A=1", "if x; then cd y; fi", ". ./env", "f() { :; }", "(cd x)"]
)
def test_what_changes_the_shell_is_noticed(script: str) -> None:
    assert shell.leaks(script)


@pytest.mark.parametrize("script", ["make", "npm ci --cd x", "echo a=1", "tox -e py\npytest -q", "echo export"])
def test_what_leaves_the_shell_alone_is_noticed(script: str) -> None:
    assert not shell.leaks(script)


@pytest.mark.parametrize("text", ["", "a b", "it's", "$HOME", "a\nb", '"', "`id`", "\\", "*"])
def test_quoted_text_is_one_word_with_the_same_letters(text: str) -> None:
    assert run(f"printf %s {shell.quoted(text)}") == text


def test_text_with_values_is_one_word() -> None:
    text = Template(('a "$HOME" `id` \\ ', BRANCH, " b"))
    word = shell.double_quoted(text, printer)
    assert word is not None
    assert run(f"printf '%s|' {word}", BRANCH="x y") == 'a "$HOME" `id` \\ x y b|'
    assert shell.double_quoted(Template((OTHER,)), printer) is None


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("printf %s ", BRANCH), "main"),
        (("printf %s '", BRANCH, "'"), "main"),
        (('printf %s "', BRANCH, '"'), "main"),
        (("printf %s \"it's ", BRANCH, '"'), "it's main"),
        (("printf %s it\\'s-", BRANCH), "it's-main"),
        (("# it's here\nprintf %s '", BRANCH, "-' '", BRANCH, "'"), "main-main"),
    ],
)
def test_a_value_reaches_a_script_in_any_quotes(parts: tuple[str | Expr, ...], said: str) -> None:
    script, lost = shell.script_text(Template(parts), printer)
    assert (run(script, BRANCH="main"), lost) == (said, ())


def test_a_value_that_no_shell_reaches_is_named() -> None:
    assert shell.script_text(Template(("echo ", OTHER)), printer) == ("echo ", (OTHER,))


IS_MAIN = Binary("==", BRANCH, Literal("main"))
IS_RELEASE = Call("starts_with", (BRANCH, Literal("release/")))


@pytest.mark.parametrize(
    ("expr", "yes", "no"),
    [
        (IS_MAIN, ["main"], ["dev", ""]),
        (Binary("!=", BRANCH, Literal("it's")), ["main"], ["it's"]),
        (IS_RELEASE, ["release/1"], ["a release/1", "release"]),
        (Call("ends_with", (BRANCH, Literal(".x"))), ["1.x"], ["1.x.", "1ax"]),
        (Call("contains", (BRANCH, Literal("fix"))), ["a-fix-b"], ["fi"]),
        (Binary("||", IS_MAIN, IS_RELEASE), ["main", "release/2"], ["dev"]),
        (Binary("&&", Unary("!", Binary("||", IS_MAIN, IS_RELEASE)), BRANCH), ["dev"], ["main", "release/3", ""]),
        (Unary("!", IS_RELEASE), ["main"], ["release/1"]),
        (
            Binary("&&", Binary("||", IS_MAIN, IS_RELEASE), Binary("!=", BRANCH, Literal("release/9"))),
            ["main"],
            ["release/9"],
        ),
        (Binary(">=", BRANCH, Literal(3)), ["3", "10"], ["2"]),
        (BRANCH, ["x"], [""]),
        (Literal(value=True), ["x"], []),
        (Literal(value=None), [], ["x"]),
    ],
)
def test_a_shell_decides_as_the_expression_says(expr: Expr, yes: list[str], no: list[str]) -> None:
    command = shell.test(expr, printer)
    script = f"if {command}; then printf yes; else printf no; fi"
    assert [run(script, BRANCH=value) for value in yes] == ["yes"] * len(yes)
    assert [run(script, BRANCH=value) for value in no] == ["no"] * len(no)


@pytest.mark.parametrize(
    "expr",
    [Binary("==", OTHER, Literal("x")), Call("hash_files", (Literal("x"),)), Binary("&&", IS_MAIN, Unary("!", OTHER))],
)
def test_what_a_shell_cannot_decide_is_said(expr: Expr) -> None:
    assert shell.test(expr, printer) is None


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("a\nb", "  a\n  b"),
        ("if x; then\n  y\n\nfi", "  if x; then\n    y\n\n  fi"),
        ("echo 'a\nb'", "echo 'a\nb'"),
        ("cat <<E\nx\nE", "cat <<E\nx\nE"),
    ],
)
def test_lines_move_unless_their_start_matters(text: str, moved: str) -> None:
    assert shell.indented(text) == moved


def _braced(expr: Expr) -> str | None:
    return f"${{{expr.path[0]}}}" if isinstance(expr, Ref) and expr.context == "env" else None


X, LOST = Ref("env", ("X",)), Ref("git", ("sha",))


@pytest.mark.parametrize(
    ("kind", "parts", "said", "lost"),
    [
        ("pwsh", ('Write-Host "', X, '"'), 'Write-Host "${env:X}"', ()),
        ("powershell", ("a '", X, "' ", LOST), "a '' ", (X, LOST)),
        ("cmd", ("echo ", X), "echo %X%", ()),
        ("bash", ("echo '", X, "'"), 'echo "${X}"', ()),
    ],
)
def test_a_value_is_reached_in_the_words_of_each_shell(
    kind: str, parts: tuple[str | Expr, ...], said: str, lost: tuple[Expr, ...]
) -> None:
    found, left = shell.script_text(Template(parts), _braced, kind)
    assert left == lost
    assert found == said


@pytest.mark.parametrize(
    ("name", "command"),
    [("python", "python3 -"), ("/usr/bin/env perl", "perl -"), ("bash -e", ""), ("", ""), ("node --test", "")],
)
def test_a_program_that_is_no_shell_is_known(name: str, command: str) -> None:
    assert shell.program(name) == command


@given(
    st.lists(st.one_of(st.text("a$`\\'\"{}(\n ", max_size=8), st.just(X)), max_size=5), st.text("v'\" $\\", max_size=4)
)
@settings(max_examples=40, deadline=None)
def test_another_language_is_given_its_text_with_the_values(pieces: list[str | Expr], value: str) -> None:
    """As the system that was left behind put them in: letter by letter, whatever the shell thinks of them."""
    script, lost = shell.here_document("cat", Template(tuple(pieces)), _braced)
    assert lost == ()
    ran = subprocess.run(
        ["bash", "-c", script], env={"X": value, "PATH": os.environ["PATH"]}, capture_output=True, check=True
    )
    expected = "".join(one if isinstance(one, str) else value for one in pieces)
    assert ran.stdout.decode().rstrip("\n") == expected.rstrip("\n")


def test_a_script_with_the_end_mark_in_it_has_another() -> None:
    assert shell.here_document("cat", "a\nEND\nb", _braced)[0] == "cat <<'END_'\na\nEND\nb\nEND_"


@pytest.mark.parametrize(("value", "op", "asked", "holds"), [
    ("True", "==", True, True), ("true", "==", True, True), ("False", "==", True, False), ("", "==", True, False),
    ("True", "!=", True, False), ("FALSE", "==", False, True), ("x", "!=", False, True),
])  # fmt: skip
def test_a_truth_value_is_one_however_it_is_spelt(value: str, op: str, asked: bool, holds: bool) -> None:
    command = shell.test(Binary(op, BRANCH, Literal(asked)), printer)
    assert run(f"if {command}; then echo yes; else echo no; fi", BRANCH=value).strip() == ("yes" if holds else "no")
