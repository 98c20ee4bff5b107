"""The last changes of a repository, for the rules that look at them. Called by `app.assess`.

Three questions to git, each with an end: as many commits as a year of a busy team, the sizes of the newest changes of the main line,
who touched the pipelines. What takes longer than a moment is not waited for.
"""

from __future__ import annotations

from collections.abc import Sequence

from seaway.adapters._git import Git
from seaway.formats.history import recent as format_
from seaway.model.changes import GitHistory

_CHANGES, _SIZES, _PIPELINES = 5_000, 200, 100  # commits
_SINCE = "--since=1.year"
_PLAIN = ("--no-renames", "--no-ext-diff", "--no-textconv")


def recent(git: Git, pipelines: Sequence[str]) -> GitHistory:
    """What happened in the last year. Raises what `Git` raises: Refused where this is no repository, or one without commits."""
    log = ("log", "-z", "--no-show-signature", _SINCE)
    changes = git.ask(*log, f"-n{_CHANGES}", "--topo-order", f"--format={format_.FORMAT}")
    sizes = git.ask(
        *log,
        f"-n{_SIZES}",
        "--first-parent",
        "--diff-merges=first-parent",
        "--numstat",
        *_PLAIN,
        f"--format={format_.SIZES}",
    )
    touched = b""
    if pipelines:
        named = [f":(literal){name}" for name in pipelines]
        touched = git.ask(*log, f"-n{_PIPELINES}", "--no-merges", f"--format={format_.FORMAT}", "--", *named)
    return GitHistory(
        tuple(format_.changes(changes)),
        format_.sizes(sizes),
        tuple(format_.changes(touched)),
        bool(git.shallow()),
    )
