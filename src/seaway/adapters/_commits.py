"""The commit store: what `git log` once said is kept, and only new commits are read. Called by `app.dora`.

One file per repository: columns of (sha, parents, author time, committer time), checked by a checksum and replaced whole. A file that
is damaged, of another kind, or from before the clone was deepened is made anew: it is a cache, never a source.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import tempfile
import zlib
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters._git import Git
from seaway.formats.history import git_log
from seaway.model.history import History, Link

_MAGIC = b"SEAWAY-COMMITS-1"
_HEAD = struct.Struct("<IIIII")  # commits, bytes of a sha, entries of `more`, bytes of JSON, checksum of what follows
_BATCH = 20_000  # commits whose patches are asked for at once


class Commits:
    """The commits of one repository. `folder`: where stores are kept; None keeps nothing."""

    def __init__(self, git: Git, folder: Path | None) -> None:
        self._git = git
        self._folder = folder
        self._name = hashlib.sha256(os.fsencode(git.folder.resolve())).hexdigest()[:16]
        self.fresh = 0  # commits that were read from git by the last `read`

    def read(self, names: Sequence[str]) -> tuple[History, dict[str, str]]:
        """A history that has all that these commits and HEAD reach, and name -> id for those (and HEAD) that are here.

        Raises what `Git` raises, and Refused for a log that does not read.
        """
        history = self._loaded(self._git.shallow())
        wanted = {name: name for name in names if name in history.where}
        wanted |= self._git.resolve(["HEAD", *(name for name in dict.fromkeys(names) if name not in wanted)])
        tips = [sha for sha in dict.fromkeys(wanted.values()) if sha not in history.where]
        self.fresh = self._grow(history, tips) if tips else 0
        if self.fresh:
            self._keep(history)
        return history, wanted

    def touching(self, history: History, paths: Sequence[str]) -> bytearray:
        """One byte per commit: 1 where a commit that is no merge touches these pathspecs. Kept beside the store."""
        name = f"paths-{hashlib.sha256(json.dumps(list(paths)).encode()).hexdigest()[:16]}"
        kept = self._cached(name, {"done": 0, "stamp": "", "touched": []})
        if kept["stamp"] != _stamp(history, kept["done"]):
            kept = {"done": 0, "touched": []}
        begin, found = int(kept["done"]), set(kept["touched"])
        if begin < len(history):
            asked = [history.shas[head] for head in history.heads(begin)]
            asked += [f"^{history.shas[head]}" for head in history.heads(0, begin)]
            words = "\n".join([*asked, "--", *paths, ""]).encode()
            log = self._git.ask("rev-list", "--full-history", "--no-merges", "--stdin", stdin=words)
            found |= {history.where[line] for line in log.decode("ascii").split() if line in history.where}
            stamp = _stamp(history, len(history))
            self._cache(name, {"done": len(history), "stamp": stamp, "touched": sorted(found)})
        marks = bytearray(len(history))
        for position in found:
            marks[position] = 1
        return marks

    def files(self, shas: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """The paths that each of these commits touches; merges touch none. Kept beside the store."""
        kept: dict[str, list[str]] = self._cached("files", {})
        missing = [sha for sha in shas if sha not in kept]
        for begin in range(0, len(missing), _BATCH):
            chunk = missing[begin : begin + _BATCH]
            told = self._git.ask(
                "diff-tree", "--stdin", "-r", "-z", "--name-only", "--root", "--no-renames",
                stdin="".join(f"{sha}\n" for sha in chunk).encode(),
            )  # fmt: skip
            kept |= {sha: [] for sha in chunk}
            asked, current = set(chunk), ""
            for part in told.split(b"\0"):
                word = part.decode("utf-8", "replace")
                if word in asked:
                    current = word
                elif word and current:
                    kept[current].append(word)
        if missing:
            self._cache("files", kept)
        return {sha: frozenset(kept[sha]) for sha in shas}

    def patches(self, shas: Sequence[str]) -> Mapping[str, str]:
        """`git patch-id --stable` of each of these commits; those without a patch are left out. Kept beside the store."""
        kept: dict[str, str] = self._cached("patches", {})
        missing = [sha for sha in shas if sha not in kept]
        for begin in range(0, len(missing), _BATCH):
            chunk = missing[begin : begin + _BATCH]
            patches = self._git.ask(
                "diff-tree", "--stdin", "-p", "--root", "--no-ext-diff", "--no-textconv",
                stdin="".join(f"{sha}\n" for sha in chunk).encode(),
            )  # fmt: skip
            told = self._git.ask("patch-id", "--stable", stdin=patches).decode("ascii").split()
            kept |= dict.fromkeys(chunk, "") | dict(zip(told[1::2], told[::2], strict=True))
        if missing:
            self._cache("patches", kept)
        return {sha: kept[sha] for sha in shas if kept[sha]}

    def _grow(self, history: History, tips: list[str]) -> int:
        before = len(history)
        words = [*tips, *(f"^{history.shas[head]}" for head in history.heads())]
        log = self._git.ask(
            "log", "-z", "--topo-order", "--reverse", "--ignore-missing", "--no-show-signature", f"--format={git_log.FORMAT}", "--stdin",
            stdin="\n".join([*words, ""]).encode(),
        )  # fmt: skip
        try:
            history.extend(git_log.parse(log))
        except ValueError as error:
            raise errors.Refused(
                f"git log in {self._git.folder}: {error}", hint=f"git -C {self._git.folder} fsck"
            ) from error
        return len(history) - before

    def _place(self, name: str) -> Path | None:
        return self._folder / f"{self._name}.{name}" if self._folder else None

    def _loaded(self, shallow: str) -> History:
        place = self._place("commits")
        if place:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, struct.error):
                history = unpack(place.read_bytes())
                if history.shallow == shallow:
                    return history
        return History(shallow=shallow)

    def _keep(self, history: History) -> None:
        self._write("commits", pack(history))

    def _cached(self, name: str, empty: dict[str, Any]) -> dict[str, Any]:
        place = self._place(f"{name}.json")
        if place:
            with contextlib.suppress(OSError, ValueError):
                found = json.loads(place.read_bytes())
                if isinstance(found, dict):
                    return found
        return empty

    def _cache(self, name: str, data: object) -> None:
        self._write(f"{name}.json", json.dumps(data).encode())

    def _write(self, name: str, data: bytes) -> None:
        """Whole or not at all; a folder that cannot be written only costs time at the next run."""
        place = self._place(name)
        if place is None:
            return
        with contextlib.suppress(OSError):
            handle, beside = tempfile.mkstemp(prefix=f"{self._name}.", suffix=".part", dir=place.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(beside).replace(place)
            except OSError:
                Path(beside).unlink(missing_ok=True)


def _stamp(history: History, count: int) -> str:
    """What the first `count` commits are: a list of positions is good only for the same ones."""
    return f"{count}:{history.shas[count - 1]}:{history.shallow}" if 0 < count <= len(history) else ""


def pack(history: History) -> bytes:
    """A history as bytes, little-endian as this machine is."""
    extra = array("i")
    for position, parents in history.more.items():
        for parent in parents:
            extra.extend((position, parent))
    words = json.dumps(
        {"shallow": history.shallow, "links": [[each.position, each.kind, each.target] for each in history.links]}
    ).encode()
    width = len(history.shas[0]) // 2 if history.shas else 20
    body = b"".join(
        (
            bytes.fromhex("".join(history.shas)),
            history.first.tobytes(),
            history.authored.tobytes(),
            history.committed.tobytes(),
            bytes(history.marks),
            extra.tobytes(),
            words,
        )
    )
    return _MAGIC + _HEAD.pack(len(history), width, len(extra), len(words), zlib.crc32(body)) + body


def unpack(data: bytes) -> History:
    """The history again. Raises ValueError, or struct.error, for bytes that `pack` did not write."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise ValueError("no commit store")
    begin = len(_MAGIC) + _HEAD.size
    count, width, extras, size, checksum = _HEAD.unpack(data[len(_MAGIC) : begin])
    body = memoryview(data)[begin:]
    if zlib.crc32(body) != checksum or len(body) != count * (width + 4 + 8 + 8 + 1) + extras * 4 + size:
        raise ValueError("a damaged commit store")
    cut = _pieces(body, (count * width, count * 4, count * 8, count * 8, count, extras * 4, size))
    names = cut[0].hex()
    shas = [names[at : at + 2 * width] for at in range(0, 2 * width * count, 2 * width)]
    extra = array("i", bytes(cut[5]))
    more: dict[int, tuple[int, ...]] = dict(zip(extra[::2], zip(extra[1::2], strict=True), strict=True))
    if len(more) < extras // 2:  # a merge of more than two: the quick way above kept one parent of it
        more = {}
        for position, parent in zip(extra[::2], extra[1::2], strict=True):
            more[position] = (*more.get(position, ()), parent)
    words = json.loads(bytes(cut[6]))
    return History(
        words["shallow"],
        shas,
        array("i", bytes(cut[1])),
        more,
        array("q", bytes(cut[2])),
        array("q", bytes(cut[3])),
        bytearray(cut[4]),
        [Link(*each) for each in words["links"]],
        dict(zip(shas, range(count), strict=True)),
    )


def _pieces(body: memoryview, sizes: tuple[int, ...]) -> list[memoryview]:
    """The body in pieces of these sizes."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(body[at : at + size])
        at += size
    return pieces
