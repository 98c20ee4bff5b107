"""The architecture is a test: who may import whom, how long things may be, which words do not occur. Each check is broken once."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seaway import errors

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "seaway"
FILE, ADAPTER, FUNCTION = 500, 250, 80  # lines
FORBIDDEN = ("TODO", "FIXME", "XXX", "NotImplementedError", "shell=True", "pragma: no cover", "pickle.load")
FORBIDDEN_NAMES = re.compile(r"(Manager|Helper|Utils?|Base)$|^I[A-Z][a-z]")


def modules(source: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(source.rglob("*.py")):
        yield str(path.relative_to(source)), path.read_text(encoding="utf-8")


def too_long(source: Path) -> list[str]:
    found = []
    for name, text in modules(source):
        limit = ADAPTER if re.fullmatch(r"adapters/[a-z]+/[a-z]\w*\.py", name) else FILE
        lines = len(text.splitlines())
        if lines > limit:
            found.append(f"{name}: {lines} lines, {limit} allowed")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION:
                    found.append(f"{name}: {node.name} has {length} lines, {FUNCTION} allowed")
    return found


def forbidden_words(source: Path) -> list[str]:
    return [f"{name}: {word}" for name, text in modules(source) for word in FORBIDDEN if word in text]


def forbidden_names(source: Path) -> list[str]:
    return [
        f"{name}: {node.name}"
        for name, text in modules(source)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and FORBIDDEN_NAMES.search(node.name)
    ]


def without_docstring(source: Path) -> list[str]:
    return [name for name, text in modules(source) if text.strip() and not ast.get_docstring(ast.parse(text))]


def drawn(docstring: str) -> dict[str, int | None]:
    """The classes of the tree in a docstring, with the exit codes that stand there."""
    rows = re.findall(r"^[│├└─ ]*([A-Z]\w+) {2,}(?:exit (\d+))?", docstring, re.MULTILINE)
    return {name: int(code) if code else None for name, code in rows}


def raised_elsewhere(source: Path) -> list[str]:
    """Error classes outside errors.py: the tree would not be complete."""
    known = set(drawn(errors.__doc__ or ""))
    return [
        f"{name}: {node.name}"
        for name, text in modules(source)
        for node in ast.walk(ast.parse(text))
        if name != "errors.py"
        and isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in known for base in node.bases)
    ]


def family(kind: type[errors.SeawayError]) -> Iterator[type[errors.SeawayError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


def lint_imports(source: Path, tmp_path: Path) -> tuple[int, str]:
    shutil.copy(ROOT / ".importlinter", tmp_path / ".importlinter")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", tmp_path / ".importlinter"]
    done = subprocess.run(
        command, cwd=source.parent, env={"PYTHONPATH": str(source.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def broken(tmp_path: Path, name: str, line: str) -> Path:
    """A copy of the source with one line added to a module (made when it is missing)."""
    copy = tmp_path / "src" / "seaway"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    place = copy / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text((place.read_text() if place.exists() else '"""Made."""\n') + line + "\n")
    return copy


def tree(tmp_path: Path, text: str, name: str = "room/module.py") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return tmp_path


def test_imports_only_go_down(tmp_path: Path) -> None:
    code, output = lint_imports(SOURCE, tmp_path)
    assert code == 0, output


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("app/client.py", "import seaway.cli.main"),
        ("cli/console.py", "import seaway.web.server"),
        ("rollout/messages.py", "import seaway.judge"),
        ("engine/late.py", "def late():\n    import seaway.adapters.events.jsonl"),
        ("adapters/secrets/one.py", "import seaway.adapters.events.jsonl"),
        ("ledger/cdevents.py", "import subprocess"),
        ("ports/events.py", "import sqlalchemy"),
        ("stray.py", "import json"),
    ],
)
def test_an_import_that_goes_elsewhere_is_caught(tmp_path: Path, name: str, line: str) -> None:
    code, output = lint_imports(broken(tmp_path, name, line), tmp_path)
    assert code != 0, output


def test_files_and_functions_keep_their_budgets(tmp_path: Path) -> None:
    assert too_long(SOURCE) == []
    tree(tmp_path, "x = 1\n" * 501)
    tree(tmp_path, "x = 1\n" * 251, "adapters/traffic/paper.py")
    tree(tmp_path, "def long():\n" + "    x = 1\n" * 80, "room/long.py")
    assert too_long(tmp_path) == [
        "adapters/traffic/paper.py: 251 lines, 250 allowed",
        "room/long.py: long has 81 lines, 80 allowed",
        "room/module.py: 501 lines, 500 allowed",
    ]


@pytest.mark.parametrize("word", FORBIDDEN)
def test_unfinished_or_dangerous_words_do_not_occur(tmp_path: Path, word: str) -> None:
    assert [found for found in forbidden_words(SOURCE) if found.endswith(f": {word}")] == []
    assert forbidden_words(tree(tmp_path, f"call({word})")) == [f"room/module.py: {word}"]


def test_classes_are_named_for_what_they_are(tmp_path: Path) -> None:
    assert forbidden_names(SOURCE) == []
    assert len(forbidden_names(tree(tmp_path, "class LockManager: ...\nclass IThing: ...\nclass Ice: ..."))) == 2


def test_every_module_says_why_it_exists(tmp_path: Path) -> None:
    assert without_docstring(SOURCE) == []
    assert without_docstring(tree(tmp_path, "x = 1\n")) == ["room/module.py"]


def test_the_tree_of_errors_is_drawn_whole_with_its_exit_codes() -> None:
    real = {kind.__name__: kind.exit_code for kind in family(errors.SeawayError)}
    picture = drawn(errors.__doc__ or "")
    assert set(picture) == set(real)
    assert {name: code for name, code in picture.items() if code} == {
        name: real[name] for name, code in picture.items() if code
    }


def test_a_tree_with_a_missing_branch_or_a_wrong_code_would_be_seen() -> None:
    picture = drawn((errors.__doc__ or "").replace("Fenced", "Fined").replace("exit 5", "exit 7"))
    assert "Fenced" not in picture
    assert picture["ControlPlaneUnreachable"] == 7


def test_every_error_has_an_exit_code_of_the_list_a_kind_of_its_own_and_a_hint() -> None:
    kinds = [kind.kind for kind in family(errors.SeawayError)]
    assert len(kinds) == len(set(kinds))
    for kind in family(errors.SeawayError):
        assert kind.exit_code in {1, 2, 5}
        assert kind.__doc__
    assert errors.Fenced("late", hint="stop").hint == "stop"


def test_no_room_has_errors_of_its_own(tmp_path: Path) -> None:
    assert raised_elsewhere(SOURCE) == []
    assert raised_elsewhere(tree(tmp_path, "class Odd(Conflict): ...")) == ["room/module.py: Odd"]


# Measuring by themselves: the piece of work to compare with, a load that reports what it cost, a ratio of two measurements.
MEASURING = {"support/pace.py", "test_pace.py", "support/fleet.py", "formats/groovy/test_parser.py"}


def own_stopwatches(tests: Path) -> list[str]:
    return [name for name, text in modules(tests) if re.search(r"\b(?:perf_counter|process_time)\(", text)]


def test_limits_on_processor_time_go_through_the_one_measure_that_busy_machines_do_not_change(tmp_path: Path) -> None:
    assert set(own_stopwatches(ROOT / "tests")) <= MEASURING | {"test_architecture.py"}
    (tmp_path / "test_one.py").write_text("import time\nassert time.perf_counter() < 1\n")
    assert own_stopwatches(tmp_path) == ["test_one.py"]
