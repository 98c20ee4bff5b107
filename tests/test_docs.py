"""The documentation is tested: links lead somewhere, commands, options, messages and tests exist, every YAML block loads."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from seaway import errors, registry
from seaway.cli import main
from seaway.config import loader
from seaway.config.docs import sections
from seaway.model.placement import Placement
from seaway.model.rollout import State
from seaway.plan import build
from seaway.plan.revision import revision
from seaway.ports.artifacts import Stored

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")
_FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]+")


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
    # In a process of its own: click keeps the help option of a command as it was first asked for, by whichever test.
    program = [sys.executable, ROOT / "scripts" / "cli_reference.py"]
    made = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs/reference/cli.md").read_text() == made, "run scripts/generate-docs"


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
    assert documented == {0, 1, 2, 3, 4, 5, 6, 10, 130}
    assert {kind.exit_code for kind in _leaves(errors.SeawayError)} <= documented  # type: ignore[attr-defined]


def _blocks() -> Iterator[tuple[str, str]]:
    """(where, text) of every YAML block: each is a whole seaway.yaml, so that it can be copied."""
    for page in PAGES:
        for number, block in enumerate(_YAML.findall(page.read_text()), 1):
            yield f"{page.relative_to(ROOT)}:{number}", block


def _load(text: str, folder: Path) -> loader.Configuration:
    for name in ("shop.crt", "shop.key"):
        (folder / "tls").mkdir(exist_ok=True)
        (folder / "tls" / name).touch(mode=0o600)
    known = {port: registry.names(port) for port in registry.TABLE}
    return loader.parse(text.encode(), folder / "seaway.yaml", known)


@pytest.mark.parametrize("text", [pytest.param(text, id=where) for where, text in _blocks()])
def test_every_configuration_in_a_page_loads_and_makes_plans(text: str, tmp_path: Path) -> None:
    found = _load(text, tmp_path)
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for service in found.services.values():
        old, new = (revision(service, Stored(f"/artifacts/{digit}", digit * 64)) for digit in "ab")
        for environment in found.environments.values():
            here = Placement(service.name, environment.name, old, replicas=service.replicas)
            if all(gate.required == 1 for gate in environment.gates):
                assert build.build(service, environment, new, here, now=now).steps


def test_a_configuration_that_does_not_load_is_caught(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match="listen"):
        _load("services: {shop: {command: run}}\nenvironments: {production: {listen: 8080}}", tmp_path)
    with pytest.raises(errors.ConfigError):
        _load("events:\n  - to: jsonl\n    path: x\n", tmp_path)


@functools.cache
def _texts() -> tuple[str, ...]:
    """Every text constant of the source, also those inside f-strings."""
    trees = (ast.parse(path.read_text()) for path in (ROOT / "src").rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return tuple(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _never_said(heading: str) -> list[str]:
    """Parts of a message (between ellipses) that no line of the source can say."""
    parts = [part.strip() for part in heading.split("…")]
    return [part for part in parts if part and not any(part in text for text in _texts())]


def test_the_page_of_troubleshooting_begins_with_messages_that_exist() -> None:
    page = (ROOT / "docs/guides/troubleshooting.md").read_text()
    headings = re.findall(r"^### (.+)$", page, re.MULTILINE)
    assert len(headings) > 20
    assert [heading for heading in headings if _never_said(heading)] == []


def test_a_message_that_nobody_says_is_caught() -> None:
    assert _never_said("waited in vain for … since the flood") == ["since the flood"]


def _tests_named(page: str) -> Iterator[str]:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page):
        text = (ROOT / path).read_text() if (ROOT / path).is_file() else ""
        if f"def {name}(" not in text:
            yield f"{path}::{name}"


def test_the_page_of_states_names_each_state_and_tests_that_exist() -> None:
    page = (ROOT / "docs/reference/state-machine.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {state.value for state in State}
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == [str(number) for number in range(1, 12)]
    assert "::test_" in page
    assert list(_tests_named(page)) == []


def test_a_test_that_does_not_exist_is_caught() -> None:
    assert list(_tests_named("see `tests/test_docs.py::test_of_the_tide`")) == ["tests/test_docs.py::test_of_the_tide"]


def test_every_guide_can_be_reached_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    pages = [*(ROOT / "docs" / "guides").glob("*.md"), *(ROOT / "docs" / "explanation").glob("*.md")]
    assert [page.name for page in pages if f"{page.relative_to(ROOT)})" not in text] == []


def test_the_recorded_run_fits_a_terminal_of_80_columns() -> None:
    recorded = _FENCE.findall((ROOT / "README.md").read_text())[1]
    assert "rolled back" in recorded
    assert max(len(line) for line in recorded.splitlines()) <= 80


def test_every_hint_at_a_section_names_one() -> None:
    hinted = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"seaway docs ([a-z][a-z-]+)", path.read_text())
    }
    known = {*sections(), "strategy"}
    assert {"strategy", "gates"} <= hinted
    assert hinted - known == set()
