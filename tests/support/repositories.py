"""Real git repositories from a story: every kind of history that delivery has, made by git itself. Used by tests and by the bench."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.peers import program

GIT = ("git", "-c", "safe.directory=*")


def git(folder: Path, *words: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run([*GIT, *words], cwd=folder, input=stdin, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


class Repository:
    """One repository that grows through a single `git fast-import`: a thousand commits in a blink, and each id known at once."""

    def __init__(self, folder: Path) -> None:
        program("git")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ".git").exists():
            git(folder, "init", "-q", "-b", "main")
        self._import: subprocess.Popen[bytes] | None = None
        self._marks = 0
        self._young: dict[str, int] = {}  # commit -> mark, of those that only the running import knows

    def commit(
        self,
        *parents: str,
        files: Mapping[str, str] | None = None,
        at: int,
        authored: int | None = None,
        message: bytes | str = "a change",
        gone: tuple[str, ...] = (),
    ) -> str:
        """A commit with these files on top of its first parent; its id."""
        self._marks += 1
        body = message if isinstance(message, bytes) else message.encode()
        lines = [
            b"commit refs/work/%d" % self._marks,
            b"mark :%d" % self._marks,
            b"author A <a@example.com> %d +0000" % (at if authored is None else authored),
            b"committer C <c@example.com> %d +0000" % at,
            b"data %d" % len(body),
            body,
            *(
                b"%s %s" % (b"merge" if number else b"from", self._name(parent))
                for number, parent in enumerate(parents)
            ),
            *(b"D " + name.encode() for name in gone),
        ]
        for name, text in (files or {}).items():
            lines += [b"M 100644 inline " + name.encode(), b"data %d" % len(text.encode()), text.encode()]
        sha = self._say(b"\n".join(lines) + b"\n\nget-mark :%d\n" % self._marks).decode("ascii")
        assert sha, "git fast-import ended"
        self._young[sha] = self._marks
        return sha

    def _name(self, sha: str) -> bytes:
        return b":%d" % self._young[sha] if sha in self._young else sha.encode()

    def point(self, name: str, sha: str) -> None:
        """A branch or a tag (`heads/main`, `tags/v1`) to a commit."""
        self.close()
        git(self.folder, "update-ref", f"refs/{name}", sha)

    def close(self) -> None:
        """Everything that was said is in the repository now."""
        if self._import:
            self._import.communicate(b"done\n", timeout=60)
            self._import = None
            self._young = {}

    def _say(self, words: bytes) -> bytes:
        if self._import is None:
            self._import = subprocess.Popen(
                [*GIT, "fast-import", "--quiet", "--done", "--force"],
                cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self._import.stdin
        assert self._import.stdout
        self._import.stdin.write(words)
        self._import.stdin.flush()
        return self._import.stdout.readline().strip()


class Story:
    """A random history: work on main and on branches, merges, squashes, reverts, re-lands, cherry-picks with and without a trailer.

    `deployments`: (lane, commit, finished) of two lanes: one of main, with rollbacks and redeployments, one of a release line.
    """

    def __init__(self, folder: Path, seed: int, size: int = 60) -> None:
        self._dice = random.Random(seed)
        self._repository = Repository(folder)
        self._now = 1_767_600_000
        self._number = 0
        self._changes: list[tuple[str, str, int]] = []  # commit, its file, when it was written
        self.main = self._work(())
        self.release = self.main
        self._branches: list[str] = []
        self._reverted: list[tuple[str, str]] = []
        self.deployments: list[tuple[str, str, int]] = []
        moves = (self._on_main, self._on_main, self._branch, self._on_branch, self._merge, self._squash, self._revert, self._reland, self._pick, self._deploy, self._deploy, self._deploy_release)  # fmt: skip
        for _ in range(size):
            self._dice.choice(moves)()
        self._repository.point("heads/main", self.main)
        self._repository.point("heads/release", self.release)
        for number, branch in enumerate(self._branches):
            self._repository.point(f"heads/work{number}", branch)

    def _tick(self) -> int:
        self._now += self._dice.randint(1, 5000)
        return self._now

    def _work(self, parents: tuple[str, ...], message: str = "a change") -> str:
        self._number += 1
        name = f"file{self._number}"
        now = self._tick()
        written = now - self._dice.choice((0, 0, 60, 4000))
        sha = self._repository.commit(*parents, files={name: f"{name}\n"}, at=now, authored=written, message=message)
        self._changes.append((sha, name, written))
        return sha

    def _on_main(self) -> None:
        self.main = self._work((self.main,))

    def _branch(self) -> None:
        self._branches.append(self._work((self.main,)))

    def _on_branch(self) -> None:
        if self._branches:
            at = self._dice.randrange(len(self._branches))
            self._branches[at] = self._work((self._branches[at],))

    def _merge(self) -> None:
        if self._branches:
            branch = self._branches.pop(self._dice.randrange(len(self._branches)))
            self.main = self._repository.commit(self.main, branch, at=self._tick(), message="Merge a branch")

    def _squash(self) -> None:
        if self._branches:
            self._branches.pop(self._dice.randrange(len(self._branches)))
            self.main = self._work((self.main,), "All of it at once (#12)")

    def _revert(self) -> None:
        target, name, _ = self._dice.choice(self._changes)
        words = f'Revert "a change"\n\nThis reverts commit {target}.\n'
        self.main = self._repository.commit(self.main, gone=(name,), at=self._tick(), message=words)
        self._reverted.append((self.main, name))

    def _reland(self) -> None:
        if self._reverted:
            target, name = self._reverted.pop()
            words = f'Reapply "a change"\n\nThis reverts commit {target}.\n'
            self.main = self._repository.commit(self.main, files={name: f"{name}\n"}, at=self._tick(), message=words)

    def _pick(self) -> None:
        target, name, written = self._dice.choice(self._changes)
        trailer = f"\n\n(cherry picked from commit {target})\n" if self._dice.random() < 0.5 else ""
        self.release = self._repository.commit(
            self.release, files={name: f"{name}\n"}, at=self._tick(), authored=written, message=f"a change{trailer}"
        )

    def _deploy(self) -> None:
        chance, before = self._dice.random(), [sha for lane, sha, _ in self.deployments if lane == "main"]
        sha = self.main
        if before and chance < 0.15:
            sha = self._dice.choice(before)
        elif before and chance < 0.25:
            sha = before[-1]
        elif chance < 0.35:
            sha = self.release
        self.deployments.append(("main", sha, self._tick()))

    def _deploy_release(self) -> None:
        self.deployments.append(("release", self.release, self._tick()))
