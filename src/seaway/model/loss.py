"""What a conversion could not carry over. Made by the writers of `formats.pipelines`, reported by `seaway convert`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seaway.model.span import Span


class LossKind(StrEnum):
    """How much is lost."""

    DROPPED = "dropped"  # it is not in the result
    APPROXIMATED = "approximated"  # the result does nearly the same
    MANUAL = "manual"  # a person must act outside the file
    OPAQUE = "opaque"  # its meaning is not known; the text stands in a comment


@dataclass(frozen=True, slots=True)
class Loss:
    """`construct`: the source's word for it. `why` and `fix` are sentences for people; `target`: where it would stand now."""

    kind: LossKind
    construct: str
    why: str
    fix: str = ""
    source: Span | None = None
    target: Span | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A pipeline as text in one system's language, with everything that the text does not say."""

    text: str
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """The same where a system keeps a pipeline in several files: (path in their folder, text) each. Places of losses are in these."""

    files: tuple[tuple[str, str], ...]
    losses: tuple[Loss, ...] = ()
