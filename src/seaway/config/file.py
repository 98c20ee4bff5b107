"""The shape of the whole of seaway.yaml at the edge. Called by `config.loader` and, for its JSON Schema, `config.schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from seaway.config.environment import EnvironmentFields
from seaway.config.fields import Fields, Name, Text
from seaway.config.pipeline import PipelineFields
from seaway.config.service import ServiceFields
from seaway.model.sink import Sink


class SinkFields(Fields):
    to: Name
    path: Annotated[Text, Field(min_length=1)]

    def sink(self, folder: Path) -> Sink:
        return Sink(self.to, str((folder / Path(self.path).expanduser()).resolve()))


class FileFields(Fields):
    services: Annotated[dict[Name, ServiceFields], Field(min_length=1)]
    environments: Annotated[dict[Name, EnvironmentFields], Field(min_length=1)]
    events: list[SinkFields] = []  # noqa: RUF012 - frozen, like every field
    pipeline: PipelineFields | None = None
