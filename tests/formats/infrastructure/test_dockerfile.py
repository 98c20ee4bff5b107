"""Dockerfiles are read as BuildKit reads them, every instruction knows its place, and hostile ones are refused in a moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.errors import ConfigError
from seaway.formats.infrastructure import detect, dockerfile
from seaway.formats.infrastructure.dockerfile import Dockerfile, Stage, lines
from support import pace

WHOLE = """\
# syntax=docker/dockerfile:1.7
# a comment ends the directives
# escape=`
ARG VERSION=3.12
ARG FLAVOUR
FROM --platform=$BUILDPLATFORM python:${VERSION}-slim AS Build
RUN --mount=type=cache,target=/root/.cache \\
    # in between
    pip install \\

      -r requirements.txt
COPY --chown=app:app --from=tools /bin/tool ["a b", "/bin/"]
RUN <<EOF
set -e
FROM nothing
EOF
from build
COPY --from=build /app /app
ENTRYPOINT ["python", "-m", "app"]
"""


def read(text: str) -> Dockerfile:
    return dockerfile.parse(text, "Dockerfile")[0]


def problem(text: str) -> tuple[int, str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    first = caught.value.problems[0]
    assert first.path == "Dockerfile"
    return first.line, first.message


def test_stages_names_arguments_and_flags() -> None:
    found = read(WHOLE)
    assert (found.syntax, found.escape) == ("docker/dockerfile:1.7", "\\")
    assert found.arguments == {"VERSION": "3.12", "FLAVOUR": None}
    build, last = found.stages
    assert (build.name, build.image, build.base) == ("build", "python:${VERSION}-slim", "python:3.12-slim")
    assert build.origin.flag("platform") == "$BUILDPLATFORM"
    assert last is found.last
    assert last.parent is build
    assert last.line == [build, last]
    assert [one.word for one in build.instructions] == ["RUN", "COPY", "RUN"]
    install, copy, document = build.instructions
    assert install.value.split() == ["pip", "install", "-r", "requirements.txt"]
    assert install.flag("mount") == "type=cache,target=/root/.cache"
    assert (copy.flag("from"), copy.flag("chown"), copy.flag("chmod")) == ("tools", "app:app", "")
    assert document.documents == ("set -e\nFROM nothing",)
    assert "FROM nothing" in document.text
    assert last.instructions[1].listed == ("python", "-m", "app")


def test_each_instruction_knows_its_place() -> None:
    for text in (WHOLE, WHOLE.replace("\n", "\r\n")):
        found = read(text)
        for one in (stage.origin for stage in found.stages):
            assert text[one.span.start : one.span.end].upper().startswith("FROM")
            assert text.splitlines()[one.span.line - 1].upper().startswith("FROM")
        install, _, document = found.stages[0].instructions
        assert (install.span.line, install.span.end_line) == (7, 11)
        assert text[install.span.start : install.span.end].endswith("requirements.txt")
        assert (document.span.line, document.span.end_line, document.span.end_column) == (13, 16, 4)
        assert text[document.span.start : document.span.end].endswith("EOF")


def test_the_other_escape_continues_lines_and_a_backslash_is_a_backslash() -> None:
    found = read("# escape=`\nFROM windows AS w\nCOPY a `\n  C:\\\nRUN dir\n")
    assert [(one.word, one.value.split()) for one in found.stages[0].instructions] == [
        ("COPY", ["a", "C:\\"]),
        ("RUN", ["dir"]),
    ]


def test_two_backslashes_at_an_end_do_not_continue() -> None:
    assert len(read("FROM a\nRUN echo \\\\\nRUN b\n").stages[0].instructions) == 2


@pytest.mark.parametrize(
    ("line", "bodies"),
    [
        ("RUN <<A cat <<-B\n1\nA\n\t2\n\tB\n", ("1", "\t2")),
        ("RUN <<'A'\n$x\nA\n", ("$x",)),
        ('COPY <<"A" /x\n1\nA\n', ("1",)),
        ("RUN cat <<< word\n", ()),
        ('RUN echo "no <<A here"\n', ()),
        ("RUN python3 - <<A && echo done\nprint(1 << 2)\nA\n", ("print(1 << 2)",)),
        ("RUN test $((1<<2))\n", ()),
    ],
)
def test_here_documents(line: str, bodies: tuple[str, ...]) -> None:
    (one, last) = read(f"FROM a\n{line}USER 1\n").stages[0].instructions
    assert one.documents == bodies
    assert last.word == "USER"


@pytest.mark.parametrize(
    ("head", "image", "base"),
    [
        ("ARG A=1\n", "x:$A", "x:1"),
        ("ARG A\n", "x:$A", None),
        ("ARG A\n", "x:${A:-2}", "x:2"),
        ("ARG A=\n", "x:${A:-2}", "x:2"),
        ("ARG A=\n", "x:${A-2}", "x:"),
        ("ARG A=1\n", "x${A:+-slim}", "x-slim"),
        ("ARG A=1 B=$A.2\n", "x:$B", "x:1.2"),
        ('ARG A="a b"\n', "$A", "a b"),
        ("", "x:$UNKNOWN", None),
    ],
)
def test_the_name_of_an_image_is_worked_out_from_defaults(head: str, image: str, base: str | None) -> None:
    assert read(f"{head}FROM {image}\n").last.base == base


def test_words_may_go_on_behind_a_line_end() -> None:
    assert read("FROM a\nRU\\\nN ec\\\nho\n\\\nUSER 1\n\\").last.instructions[0].value == "echo"


def test_variables_of_both_forms() -> None:
    found = read("FROM a\nENV A=1 B=\"two words\" C='3'\nENV OLD the whole rest\nARG X\nARG Y=z\n").last.instructions
    rows = [[(name, value) for name, value, _ in dockerfile.variables(one)] for one in found]
    assert rows == [
        [("A", "1"), ("B", "two words"), ("C", "3")],
        [("OLD", "the whole rest")],
        [("X", None)],
        [("Y", "z")],
    ]


def test_mistakes_are_told_with_their_line() -> None:
    assert problem("FROM a\nRUN x\n  && y\n") == (3, "there is no instruction &&")
    assert problem("RUN x\n") == (1, "RUN stands before the first FROM")
    assert problem("# only words\n") == (1, "there is no FROM")
    assert problem("FROM a b c\n")[0] == 1
    assert problem("FROM a\nRUN <<EOF\nx\n") == (2, "the here-document EOF does not end")
    assert problem("# escape=x\nFROM a\n")[0] == 1
    assert problem("FROM a\0\n")[0] == 1


HOSTILE = {
    "spaces": "FROM a\nRUN " + " " * 900_000 + "x\n",
    "continuations": "FROM a\nRUN " + "\\\n" * 400_000 + "x\n",
    "openings": "FROM a\nRUN " + "<<A" * 3 + "\nA\nA\nA\n" + "RUN echo '" + "<" * 800_000 + "\n",
    "quotes": "FROM a\nRUN <<A " + '"\\' * 200_000 + "x\nA\n",
    "variables": "ARG A=1\nFROM " + "${A" * 100_000 + "\n",
    "assignments": "FROM a\nENV " + "A=\\\\ " * 100_000 + "\n",
    "names": "FROM a\nENV " + "a" * 900_000 + "-\n",
    "ends": "FROM a\nENV " + "A=\\\\\\ " * 100_000 + "\\\\\\\n",
    "lists": "FROM a\nCMD " + "[" * 500_000 + "\n",
    "comments": "FROM a\nRUN a \\\n" + "#\n" * 300_000 + "b\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_cost_a_moment(name: str) -> None:
    with pace.within(2.0):
        for stage in read(HOSTILE[name]).stages:
            for one in stage.instructions:
                list(dockerfile.variables(one))


def test_more_than_anybody_writes_is_refused() -> None:
    assert "MiB" in problem("FROM a\n#" + "x" * lines.MAX_CHARACTERS)[1]
    assert "instructions" in problem("FROM a\n" * (lines.MAX_INSTRUCTIONS + 1))[1]
    assert problem("FROM a\n" * (dockerfile.MAX_STAGES + 1)) == (dockerfile.MAX_STAGES + 1, "more than 100 stages")


@given(st.text(alphabet="FROM run<<EOF-\\`#\n\r\t $={}\"'[]a1", max_size=200))
def test_anything_is_read_or_refused_with_a_place(text: str) -> None:
    stages: tuple[Stage, ...] = ()
    lines_told = [1]
    try:
        stages = read(f"FROM a\n{text}").stages
    except ConfigError as error:
        lines_told = [one.line for one in error.problems]
    assert min(lines_told) >= 1
    for stage in stages:
        for one in stage.instructions:
            assert f"FROM a\n{text}"[one.span.start : one.span.end].upper().startswith(one.word[0])


@pytest.mark.parametrize(
    "path",
    ["Dockerfile", "a/Dockerfile.prod", "Containerfile", "api.Dockerfile", "docker/web.dockerfile", "Dockerfile-ci"],
)
def test_their_names_are_known(path: str) -> None:
    assert detect.by_name(path) == "dockerfile"


@pytest.mark.parametrize(
    "path",
    ["Dockerfile.j2", "Dockerfile.dockerignore", "dockerfile.go", "Dockerfile.md", "myDockerfile", "Dockerfile/x"],
)
def test_what_only_sounds_like_one_is_left_alone(path: str) -> None:
    assert detect.by_name(path) == ""
