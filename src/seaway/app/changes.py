"""The last changes of a repository, for the rules that read git history. Called by `app.assess`.

A folder that is no repository of git has none, and nothing is said about it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from seaway import errors
from seaway.assess.estate import Estate
from seaway.assess.examine import Examination
from seaway.model.finding import Blind

_SECONDS = 20.0  # that git may take for each question
_NONE = ("not a git repository", "does not have any commits", "ambiguous argument 'HEAD'")


def added(estate: Estate, root: Path, done: Examination) -> Estate:
    """The estate with the repository's last changes; where git is missing or too slow, that is an unknown."""
    if not (root / ".git").exists():
        return estate
    from seaway.adapters._git import Git
    from seaway.adapters._recent import recent

    try:
        found = recent(Git(root, _SECONDS), [case.pipeline.path for case in estate.cases])
    except errors.PortError as error:
        if not any(words in error.message for words in _NONE):
            done.unseen(Blind(".", 1, 1, f"the history was not read: {error.message}"))
        return estate
    return replace(estate, things=[*estate.things, found])
