"""The entry point: quick, lazy, and the one place that catches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from seaway.cli import commands, main
from seaway.errors import ControlPlaneUnreachable, PlanRefused

HEAVY = ("dbos", "sqlalchemy", "pydantic", "numpy", "starlette", "uvicorn", "httpx2", "rich", "yaml", "structlog")


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main.seaway, "main", fail)


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        f"import sys; from seaway.cli import main; main.run(['--help']); "
        f"print([n for n in {HEAVY!r} if n in sys.modules], len(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy, _, loaded = done.stderr.strip().rpartition(" ")
    assert heavy == "[]"
    # scripts/bench measures the promise of 150 ms; the number of modules, which no busy machine changes, catches a heavy import
    # that has another name: a bare interpreter has some 40, click and the table of commands bring some 80 more.
    assert int(loaded) < 180


def test_the_help_on_a_terminal_of_80_columns() -> None:
    from click.testing import CliRunner

    shown = CliRunner().invoke(main.seaway, ["--help"], terminal_width=80).output
    for purpose, rows in commands.PURPOSES:
        assert f"\n{purpose}:\n" in shown
        for row in rows:
            assert row.name in shown
            assert row.words in " ".join(shown.split())
    assert "130 interrupted (the rollout goes on)" in shown


@pytest.mark.parametrize("row", [row for _, rows in commands.PURPOSES for row in rows], ids=lambda row: row.name)
def test_the_table_says_what_the_command_says(row: commands.Row) -> None:
    command = main.seaway.get_command(click.Context(main.seaway), row.name)
    assert command is not None
    assert command.get_short_help_str(200) == row.words


@pytest.mark.parametrize("row", [row for _, rows in commands.PURPOSES for row in rows], ids=lambda row: row.name)
def test_every_command_begins_with_examples_of_itself(row: commands.Row) -> None:
    command = main.seaway.get_command(click.Context(main.seaway), row.name)
    every = list(command.commands.values()) if isinstance(command, click.Group) else [command]
    for each in every:
        examples = getattr(each, "examples", ())
        assert examples, each
        assert all("seaway " in example for example in examples)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PlanRefused("too small", hint="scale up"), 2, "seaway: too small\nnext: scale up\n"),
        (ControlPlaneUnreachable("nobody answers"), 5, "seaway: nobody answers\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.exceptions.Exit(3), 3, ""),
    ],
)
def test_errors_become_words_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    failing(monkeypatch, error)
    assert main.run([]) == code
    assert capsys.readouterr().err == said
    assert capsys.readouterr().out == ""


def test_wrong_words_are_a_usage_error_with_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["depoly", "production"]) == 2
    assert "there is no command 'depoly'; did you mean deploy?" in capsys.readouterr().err
    assert main.run(["rollout", "abrot"]) == 2
    assert "did you mean abort?" in capsys.readouterr().err
    assert main.run(["plan", "production", "--artefact", "x"]) == 2
    assert "--artifact" in capsys.readouterr().err


def test_a_surprise_becomes_a_report_without_secrets_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SEAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "argv", ["seaway", "deploy", "production"])
    failing(monkeypatch, RuntimeError("password=hunter2 at https://user:pw@host/"))
    assert main.run([]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "hunter2" not in said
    (report,) = (tmp_path / "home" / "crashes").glob("*.md")
    text = report.read_text()
    assert str(report) in said
    assert "# RuntimeError in `seaway deploy production`" in text
    assert "Traceback" in text
    assert "| seaway | 0.1.0 |" in text
    assert "hunter2" not in text
    assert "user:pw" not in text
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_report_that_cannot_be_written_hides_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEAWAY_HOME", str(tmp_path / "file"))
    failing(monkeypatch, RuntimeError("first"))
    assert main.run([]) == 1
    assert "unexpected RuntimeError: first" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc.def",
        "token=abc.def",
        '"api_key": "abc.def"',
        "DB_PASSWORD='abc.def'",
        "Bearer abc.def",
        "postgres://user:abc.def@host/db",
    ],
)
def test_what_looks_like_a_secret_is_left_out(text: str) -> None:
    from seaway.cli import crash

    assert "abc.def" not in crash.redact(f"x {text} y")
    assert crash.redact("nothing to hide") == "nothing to hide"


def test_a_reader_that_left_is_no_error() -> None:
    line = f"{sys.executable} -m seaway docs file | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "141"}


def test_the_version() -> None:
    done = subprocess.run([sys.executable, "-m", "seaway", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "seaway 0.1.0\n"
