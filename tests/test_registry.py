"""The registry's table, the files on disk, their tests and their pages agree."""

from __future__ import annotations

import importlib
from importlib import metadata
from pathlib import Path

import pytest

from seaway import registry
from seaway.errors import UnknownName

ROOT = Path(__file__).parents[1]
ADAPTERS = ROOT / "src" / "seaway" / "adapters"
ROWS = [(port, name) for port in registry.TABLE for name in registry.TABLE[port]]


def stems(adapters: Path) -> set[tuple[str, str]]:
    return {
        (path.parent.name, path.stem)
        for path in adapters.glob("*/*.py")
        if not path.stem.startswith("_") and not path.parent.name.startswith("_")
    }


def test_the_table_lists_exactly_what_is_on_disk() -> None:
    assert set(ROWS) == stems(ADAPTERS)


def test_a_file_without_a_row_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "traffic").mkdir()
    (tmp_path / "traffic" / "envoy.py").touch()
    (tmp_path / "traffic" / "_shared.py").touch()
    (tmp_path / "traffic" / "stray.py").touch()
    assert stems(tmp_path) - set(ROWS) == {("traffic", "stray")}


@pytest.mark.parametrize(("port", "name"), ROWS)
def test_each_row_loads_a_class_from_the_file_of_its_name(port: str, name: str) -> None:
    found = registry.load(port, name)
    assert found.__module__ == f"seaway.adapters.{port}.{name}"


@pytest.mark.parametrize(("port", "name"), ROWS)
def test_each_adapter_has_tests_of_its_name(port: str, name: str) -> None:
    places = [*(ROOT / "tests" / "adapters" / port).glob(f"test_{name}*.py"), ROOT / "tests" / "adapters" / port / name]
    assert any(place.exists() for place in places)


@pytest.mark.parametrize(("port", "name"), ROWS)
def test_each_adapter_has_a_section_in_the_page_of_its_port(port: str, name: str) -> None:
    page = (ROOT / "docs" / "reference" / "adapters" / f"{port}.md").read_text()
    assert f"\n## {name}\n" in page


def test_the_registry_itself_imports_no_adapter() -> None:
    source = Path(registry.__file__).read_text()
    assert "import seaway.adapters" not in source
    assert "from seaway.adapters" not in source


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="unknown secrets 'vault'; known: env, file"):
        registry.load("secrets", "vault")
    with pytest.raises(UnknownName, match="known: artifacts, ci, events"):
        registry.names("weather")


def test_a_third_party_is_asked_only_for_a_name_that_is_not_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def entry_points(group: str) -> list[metadata.EntryPoint]:
        asked.append(group)
        return [metadata.EntryPoint("paper", "fractions:Fraction", group)]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    registry.load("events", "jsonl")
    assert asked == []
    fractions = importlib.import_module("fractions")
    assert registry.load("events", "paper") is fractions.Fraction
    assert asked == ["seaway.events"]


FORMATS = [(kind, name) for kind in registry.FORMATS for name in registry.FORMATS[kind]]


def systems(folder: Path) -> set[str]:
    """Packages of formats that read a system's files."""
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def test_the_table_of_formats_lists_exactly_what_is_on_disk(tmp_path: Path) -> None:
    folder = ROOT / "src" / "seaway" / "formats" / "pipelines"
    assert {name for kind, name in FORMATS if kind == "pipelines"} == systems(folder)
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray" / "__init__.py").touch()
    assert systems(tmp_path) == {"stray"}


@pytest.mark.parametrize(("kind", "name"), FORMATS)
def test_each_format_has_cases_and_a_section_in_the_page_of_its_kind(kind: str, name: str) -> None:
    formats = ROOT / "tests" / "formats"
    assert any((formats / name).glob("*/*")) or any((formats / kind / name / "files").glob("*"))
    assert f"\n## {name}\n" in (ROOT / "docs" / "reference" / f"{kind}.md").read_text(encoding="utf-8")


def test_an_unknown_format_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"unknown format of pipelines 'travis'; known: .*github_actions"):
        registry.load_format("pipelines", "travis")
