"""The documentation is tested: links lead somewhere, commands and options exist, exit codes are the code's own."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from seaway import errors
from seaway.cli import main

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")
_FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]+")


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cli_reference", ROOT / "scripts" / "cli_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _broken_links(page: Path) -> list[str]:
    return [link for link, _ in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert _broken_links(page) == []


def test_a_link_that_leads_nowhere_is_caught(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](nowhere.md) [b](page.md#x) [c](https://example.com/)")
    assert _broken_links(page) == ["nowhere.md"]


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    written = (ROOT / "docs/reference/cli.md").read_text()
    assert written == _generator().page(), "run scripts/generate-docs"


def _commands(text: str) -> Iterator[str]:
    """Lines of a page's code blocks that run seaway, without comments and output."""
    for block in _FENCE.findall(text):
        for line in block.splitlines():
            words = line.split("#")[0].strip().removeprefix("$ ")
            if words.startswith(("seaway ", ".venv/bin/seaway ")):
                yield words.removeprefix(".venv/bin/")


def _unknown(line: str) -> str:
    """Why a command line in a page cannot be typed, "" when it can."""
    command: click.Command = main.seaway
    words = line.split()[1:]
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words.pop(0))
        if found is None:
            return f"no such command: {line}"
        command = found
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"--help", "--version"}
    wrong = [option for option in _OPTION.findall(" ".join(words)) if option not in known]
    return f"no option {wrong[0]}: {line}" if wrong else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_page_can_be_typed(page: Path) -> None:
    if page.name != "cli.md":
        assert [why for line in _commands(page.read_text()) if (why := _unknown(line))] == []


def test_a_command_that_cannot_be_typed_is_caught() -> None:
    assert _unknown("seaway sail production") == "no such command: seaway sail production"
    assert _unknown("seaway plan production --quickly") == "no option --quickly: seaway plan production --quickly"
    assert list(_commands("```\n$ seaway plan x  # why\noutput\n```\nseaway prose")) == ["seaway plan x"]


def _leaves(kind: type) -> Iterator[type]:
    yield kind
    for inner in kind.__subclasses__():
        if inner.__module__ == errors.__name__:
            yield from _leaves(inner)


def test_every_exit_code_has_a_line_on_its_page() -> None:
    page = (ROOT / "docs/reference/exit-codes.md").read_text()
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert documented == {0, 1, 2, 3, 4, 5, 6, 130}
    assert {kind.exit_code for kind in _leaves(errors.SeawayError)} <= documented  # type: ignore[attr-defined]
