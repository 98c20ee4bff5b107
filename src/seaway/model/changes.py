"""The last changes of a repository, as rules look at them. Read by `formats.history.recent`; the whole history for DORA is `model.history`.

Times are seconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Change:
    """One commit. `who`: the author's name, `mail`: the address, in small letters."""

    sha: str
    parents: tuple[str, ...]
    who: str
    mail: str
    committed: float
    subject: str = ""


@dataclass(frozen=True, slots=True)
class GitHistory:
    """Newest first. `changes`: commits with all their branches. `lines`: of commits of the main line, lines that they bring, a merge with all
    that it merges, by path. `pipelines`: commits that touch the pipelines' files. `cut`: the clone is shallow.
    """

    changes: tuple[Change, ...]
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    pipelines: tuple[Change, ...] = ()
    cut: bool = False
