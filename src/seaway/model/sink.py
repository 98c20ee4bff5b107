"""A sink: where events go besides the database. Written by `config`, handed by `app` to the adapter of that name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sink:
    """`to` names an adapter of the port `events`; `path`, absolute, is the file it appends to."""

    to: str
    path: str
