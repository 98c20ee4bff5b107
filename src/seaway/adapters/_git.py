"""Git as a program: asked for bytes, never for lines of text. Used by the commit store.

The repository is foreign: nothing that its configuration names is run, nothing is fetched, no lock is taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from seaway import errors
from seaway.adapters import _process

_SECONDS = 300.0
_CAP = 2_000_000_000
_QUIET = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
_SAFE = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_LEFT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_PAGER")


class Git:
    """One repository. Every method raises NotFound without git, Refused with git's own words, NotReachable after too long."""

    def __init__(self, folder: Path, seconds: float = _SECONDS) -> None:
        self.folder, self._seconds = folder, seconds

    def ask(self, *words: str, stdin: bytes = b"") -> bytes:
        """The output of one git command."""
        environment = {name: value for name, value in os.environ.items() if name not in _LEFT} | _QUIET
        argv = ("git", *_SAFE, *words)
        try:
            done = _process.capture(
                argv, seconds=self._seconds, cap=_CAP, stdin=stdin, cwd=self.folder, environment=environment
            )
        except errors.NotFound as error:
            raise errors.NotFound(
                f"{self.folder} is no folder" if not self.folder.is_dir() else error.message,
                hint="check the path" if not self.folder.is_dir() else "install git",
            ) from error
        if done.timed_out:
            raise errors.NotReachable(f"git {words[0]} took longer than {self._seconds:.0f} s", hint="try again")
        if done.code:
            said = done.words.strip().splitlines()
            raise errors.Refused(
                f"git {words[0]} in {self.folder}: {said[-1] if said else f'exit code {done.code}'}",
                hint="check that PATH is a git repository that you own",
            )
        return done.output

    def resolve(self, names: Iterable[str]) -> dict[str, str]:
        """Name -> full id of its commit, for those that are here and no two things."""
        asked = list(names)
        if not asked:
            return {}
        lines = self.ask(
            "cat-file", "--batch-check=%(objectname) %(objecttype)",
            stdin="".join(f"{name}^{{commit}}\n" for name in asked).encode(),
        ).splitlines()  # fmt: skip
        found = {}
        for name, line in zip(asked, lines, strict=False):
            sha, _, kind = line.partition(b" ")
            if kind == b"commit":
                found[name] = sha.decode("ascii")
        return found

    def shallow(self) -> str:
        """The commits where a shallow clone was cut, "" for a whole one."""
        place = Path(os.fsdecode(self.ask("rev-parse", "--git-path", "shallow").rstrip(b"\n")))
        try:
            return (self.folder / place).read_text(encoding="ascii")
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def tags(self, pattern: str) -> list[tuple[str, str, int]]:
        """(name, commit, seconds since 1970) of the tags that match a glob; those of other things are left out."""
        form = "%(refname:lstrip=2)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)%00%(creatordate:unix)"
        found = []
        for line in self.ask("for-each-ref", f"--format={form}", f"refs/tags/{pattern}").splitlines():
            name, own, kind, inner, inner_kind, when = line.split(b"\0")
            sha = own if kind == b"commit" else inner if inner_kind == b"commit" else b""
            if sha and when:
                found.append((name.decode("utf-8", "replace"), sha.decode("ascii"), int(when)))
        return found
