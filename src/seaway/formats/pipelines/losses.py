"""Collects what a conversion loses. Made by each writer; the writer knows the target, the model knows the source's place."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping

from seaway.model.loss import Loss, LossKind
from seaway.model.span import Span


class Losses:
    """In the order in which they were met; the same loss at the same place counts once."""

    def __init__(self) -> None:
        self._found: dict[Loss, Hashable] = {}
        self._once: set[str] = set()

    def dropped(self, construct: str, why: str, fix: str = "", span: Span | None = None, mark: Hashable = None) -> None:
        """It is not in the result. `mark`: the name of the place in the result that is nearest (`emit.Note`)."""
        self._add(Loss(LossKind.DROPPED, construct, why, fix, span), mark)

    def approximated(
        self, construct: str, why: str, fix: str = "", span: Span | None = None, mark: Hashable = None
    ) -> None:
        """The result does nearly the same."""
        self._add(Loss(LossKind.APPROXIMATED, construct, why, fix, span), mark)

    def manual(self, construct: str, why: str, fix: str = "", span: Span | None = None, mark: Hashable = None) -> None:
        """A person must act outside the file."""
        self._add(Loss(LossKind.MANUAL, construct, why, fix, span), mark)

    def manual_once(self, construct: str, why: str, fix: str = "", span: Span | None = None) -> None:
        """The same where one act is enough for all places: only the first is told."""
        if construct not in self._once:
            self._once.add(construct)
            self.manual(construct, why, fix, span)

    def opaque(self, construct: str, why: str, fix: str = "", span: Span | None = None, mark: Hashable = None) -> None:
        """Its meaning is not known; the text stands in a comment."""
        self._add(Loss(LossKind.OPAQUE, construct, why, fix, span), mark)

    def all(self, places: Mapping[Hashable, Span] | None = None) -> tuple[Loss, ...]:
        """Everything, with the places of their marks in the result."""
        known = places or {}
        return tuple(
            dataclasses.replace(loss, target=known.get(mark) if mark is not None else None)
            for loss, mark in self._found.items()
        )

    def _add(self, loss: Loss, mark: Hashable) -> None:
        self._found.setdefault(loss, mark)
