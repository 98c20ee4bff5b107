"""Samples, schema and page say the same: a key that is missing in one of them, or left over, is found."""

from __future__ import annotations

import inspect
from importlib import resources
from pathlib import Path

import pytest

from seaway.config import comments, docs, document, loader, reference, schema
from seaway.errors import ConfigError, UnknownName

ROOT = Path(__file__).parents[2]


def unexplained(samples: dict[str, str]) -> set[str]:
    """Keys of the schema without a comment in any of the samples."""
    said = [path for name, text in samples.items() for path in comments.of(text, name)]
    shape = schema.shape()
    explained = {id(schema.properties(shape, path[:-1]).get(path[-1])) for path in said}
    return {
        ".".join(map(str, (*path, key)))
        for path in schema.sections(shape)
        for key, found in schema.properties(shape, path).items()
        if id(found) not in explained
    }


def unknown(samples: dict[str, str]) -> set[str]:
    """Keys of the samples that the schema does not have."""
    shape = schema.shape()
    found = set()
    for name, text in samples.items():
        for path in document.parse(text.encode(), name).keys:
            known = schema.properties(shape, path[:-1])
            if known and path[-1] not in known:
                found.add(f"{name}: {path[-1]}")
    return found


@pytest.fixture
def samples():
    return {name: docs.section(name) for name in docs.sections()}


@pytest.mark.parametrize("name", docs.sections())
def test_every_sample_is_a_complete_file_that_loads(name, tmp_path):
    (tmp_path / "tls").mkdir()
    for file in ("shop.crt", "shop.key"):
        (tmp_path / "tls" / file).touch()
    assert loader.parse(docs.section(name).encode(), tmp_path / "seaway.yaml").services


def test_every_sample_begins_with_what_the_section_is_about(samples):
    for name, text in samples.items():
        assert text.startswith("# "), name


def test_every_key_of_the_schema_is_explained_in_a_sample(samples):
    assert unexplained(samples) == set()


def test_every_key_of_a_sample_is_in_the_schema(samples):
    assert unknown(samples) == set()


def test_the_folder_of_samples_and_the_list_of_sections_are_the_same():
    found = {
        entry.name.removesuffix(".yaml") for entry in resources.files("seaway.config").joinpath("samples").iterdir()
    }
    assert found == set(docs.sections())


def test_the_page_is_what_the_generator_writes():
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    assert page == reference.page(), "run scripts/generate-docs"


def test_the_page_holds_every_sample_and_every_description(samples):
    page = reference.page()
    for name, text in samples.items():
        assert f"## {name}\n" in page
        assert text.rstrip() in page
    for path, text in comments.descriptions().items():
        if schema.properties(schema.shape(), path[:-1]).get(str(path[-1])):
            assert text.replace("|", "\\|") in page


@pytest.mark.parametrize("key", ["stop_grace", "min_samples", "auto_promotion_after", "rollback"])
def test_a_key_that_is_taken_out_of_the_samples_is_noticed(samples, key):
    mutant = {
        name: "\n".join(line for line in text.splitlines() if not line.lstrip(" -").startswith(f"{key}:"))
        for name, text in samples.items()
    }
    assert any(found.endswith(f".{key}") for found in unexplained(mutant))


def test_a_comment_that_is_taken_out_of_the_samples_is_noticed(samples):
    text = samples["before"]
    without = "\n".join(line for line in text.splitlines() if "How long it may take" not in line)
    assert without != text
    assert "services.NAME.before.timeout" in unexplained({**samples, "before": without})


def test_a_key_that_is_added_to_a_sample_is_noticed(samples, tmp_path):
    mutant = samples["traffic"].replace("      router: envoy", "      router: envoy\n      colour: blue")
    assert unknown({**samples, "traffic": mutant}) == {"traffic: colour"}
    with pytest.raises(ConfigError, match="colour"):
        loader.parse(mutant.encode(), tmp_path / "seaway.yaml")


def test_a_key_that_is_added_to_the_schema_is_noticed(samples, monkeypatch):
    mutant = schema.json_schema()
    mutant["$defs"]["RouteFields"]["properties"]["colour"] = {"type": "string"}
    monkeypatch.setattr(schema, "shape", lambda: mutant)
    assert unexplained(samples) == {"services.NAME.routes.0.colour"}


def test_a_change_of_a_sample_changes_the_page(samples, monkeypatch):
    before = reference.page()
    changed = samples["gates"].replace("24h", "25h")
    monkeypatch.setattr(docs, "section", lambda name: changed if name == "gates" else samples[name])
    assert reference.page() != before


def test_an_unknown_section_lists_the_known_ones_and_names_the_nearest():
    with pytest.raises(UnknownName, match="strategy-canary") as caught:
        docs.section("objective")
    assert caught.value.hint == "seaway docs objectives"


def test_a_common_first_word_shows_all_sections_of_it():
    text = docs.section("strategy")
    assert all(f"      {kind}:\n" in text for kind in ("canary", "blue-green", "rolling"))


def test_comments_above_a_key_and_behind_it_are_its_own():
    sample = "# of the file\n\n# first\n# second\na:  # third\n  b: 1\n  - c\n".replace("  - c\n", "")
    assert comments.of(sample, "x") == {("a",): "first second third"}


def test_help_needs_none_of_the_heavy_libraries():
    source = inspect.getsource(docs)
    assert "pydantic" not in source
    assert "yaml import" not in source
