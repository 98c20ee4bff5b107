"""Whole files and what they mean, as plain data; the expected ones were read line by line.

`tests/formats/jenkins/<case>/`: `Jenkinsfile`, other files of the repository, `expected.json`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from formats.pipelines.plain import plain
from seaway.formats.pipelines.jenkins import parse
from seaway.formats.pipelines.sources import from_mapping

CASES = sorted((Path(__file__).parents[2] / "jenkins").glob("*/Jenkinsfile"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_a_file_means_what_is_expected(path: Path) -> None:
    folder = path.parent
    files = {one.relative_to(folder).as_posix(): one.read_text() for one in folder.rglob("*") if one.is_file()}
    found = plain(parse(path.read_text(), "Jenkinsfile", from_mapping(files)))
    expected = folder / "expected.json"
    if os.environ.get("SEAWAY_ACCEPT"):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())


def test_there_are_cases() -> None:
    assert len(CASES) >= 4
