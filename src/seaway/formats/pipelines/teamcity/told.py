"""Losses of one job: they stand at its place in the source and in the result unless they know a nearer one. Used by `lower` and `writer`."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable

from seaway.formats.pipelines.losses import Losses
from seaway.model.loss import Loss
from seaway.model.span import Span

PROJECT = "project"  # the mark of what belongs to no job


class Told(Losses):
    """Adds to `losses`, with the mark and the place of one job."""

    def __init__(self, losses: Losses, mark: str, span: Span | None) -> None:
        super().__init__()
        self._losses = losses
        self._mark = mark
        self._span = span

    def _add(self, loss: Loss, mark: Hashable) -> None:
        self._losses._add(dataclasses.replace(loss, source=loss.source or self._span), mark or self._mark)  # noqa: SLF001
