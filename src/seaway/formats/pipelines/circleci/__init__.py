"""CircleCI: `.circleci/config.yml`, versions 2 and 2.1 <-> the model."""

from __future__ import annotations

from typing import Final

from seaway.formats.pipelines.circleci.reader import parse
from seaway.formats.pipelines.circleci.writer import render

NAMES: Final = (".circleci/config.yml", ".circleci/*.yml", ".circleci/*.yaml")

__all__ = ["NAMES", "parse", "render"]
