"""Azure Pipelines: files named azure-pipelines.yml and their templates <-> the model."""

from __future__ import annotations

from typing import Final

from seaway.formats.pipelines.azure_pipelines.reader import parse
from seaway.formats.pipelines.azure_pipelines.writer import render

NAMES: Final = (
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    ".azure-pipelines.yml",
    "azure-pipelines*.yml",
    "**/azure-pipelines*.yml",
    ".azure-pipelines/*.yml",
    ".azuredevops/*.yml",
    ".pipelines/*.yml",
)

__all__ = ["NAMES", "parse", "render"]
