"""The patch of a registry's tags changes that and nothing else, is verified, and is left out where it would not fit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seaway.app import assess

BEFORE = """\
# The shop's images
resource "aws_ecr_repository" "shop" { # all of them
  name = "shop"
}

resource "aws_ecr_repository" "web" {
  name                 = "web"
  image_tag_mutability = "MUTABLE" # for now
}

resource "aws_ecr_repository" "short" { name = "short" }
"""
AFTER = """\
# The shop's images
resource "aws_ecr_repository" "shop" { # all of them
  image_tag_mutability = "IMMUTABLE"

  name = "shop"
}

resource "aws_ecr_repository" "web" {
  name                 = "web"
  image_tag_mutability = "IMMUTABLE" # for now
}

resource "aws_ecr_repository" "short" { name = "short" }
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_patch_is_verified_and_exact(tmp_path: Path, end: str) -> None:
    (tmp_path / ".git").mkdir()
    file = tmp_path / "main.tf"
    file.write_bytes(BEFORE.replace("\n", end).encode())
    done = assess.assess(tmp_path, today=date(2026, 11, 27))
    own = [one for one in done.assessment.findings if one.rule == "mutable-registry"]
    assert [one.fix is not None and one.fix.verified for one in own].count(True) == 2
    assert sum(one.fix is None for one in own) == 1
    assert all(one.fix.by == ("terraform", "mutable-registry") for one in own if one.fix is not None)
    assess.apply(done)
    assert file.read_bytes().decode() == AFTER.replace("\n", end)
    again = assess.assess(tmp_path, today=date(2026, 11, 27))
    assert [one.span.line for one in again.assessment.findings if one.rule == "mutable-registry"] == [13]
