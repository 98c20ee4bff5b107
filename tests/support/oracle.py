"""The same answers by brute force: git itself is asked for every deployment, and nothing of `seaway.assess` is used."""

from __future__ import annotations

import re
from pathlib import Path

from support.repositories import git


def owners(folder: Path, deployed: list[str]) -> dict[str, int]:
    """Commit -> index of the first deployment that reaches it, by one `git rev-list` per deployment."""
    found: dict[str, int] = {}
    for index, sha in enumerate(deployed):
        before = [f"^{each}" for each in deployed[:index]]
        for commit in git(folder, "rev-list", "--stdin", stdin="\n".join([sha, *before, ""]).encode()).decode().split():
            assert commit not in found
            found[commit] = index
    return found


def population(folder: Path, deployed: list[str], finished: list[int], everywhere: list[str]) -> dict[str, int]:
    """`everywhere`: what any lane deployed, where copies are looked for. Commit -> lead time in seconds, for all that count: no merge, no copy, nothing that was reverted before it was deployed."""
    owner = owners(folder, deployed)
    facts = _facts(folder, everywhere)
    out = _copies(folder, owner, facts, set(owners(folder, everywhere))) | _wasted(owner, facts)
    return {
        sha: max(0, finished[index] - facts[sha][2])
        for sha, index in owner.items()
        if index > 0 and len(facts[sha][0]) < 2 and sha not in out
    }


def _facts(folder: Path, deployed: list[str]) -> dict[str, tuple[list[str], int, int, str]]:
    """Commit -> parents, author time, committer time, message; oldest first."""
    found = {}
    told = git(
        folder,
        "log",
        "HEAD",
        *set(deployed),
        "--topo-order",
        "--reverse",
        "-z",
        "--format=%H%x01%P%x01%at%x01%ct%x01%B",
    )
    for record in told.decode("utf-8", "replace").split("\0"):
        if record:
            sha, parents, authored, committed, message = record.split("\x01")
            found[sha] = (parents.split(), int(authored), int(committed), message)
    return found


def _copies(
    folder: Path, owner: dict[str, int], facts: dict[str, tuple[list[str], int, int, str]], compared: set[str]
) -> set[str]:
    """All but the first deployed of what is one change: the same patch by the same hand at the same time, or a trailer says so."""
    same = {sha: {sha} for sha in facts}

    def join(one: str, other: str) -> None:
        whole = same[one] | same.setdefault(other, {other})
        for sha in whole:
            same[sha] = whole

    patches: dict[tuple[str, int], str] = {}
    for sha, (parents, authored, _, message) in facts.items():
        for target in re.findall(r"\(cherry picked from commit ([0-9a-f]{40})\)", message):
            join(sha, target)
        if sha in compared and len(parents) < 2:
            patch = git(folder, "patch-id", "--stable", stdin=git(folder, "show", sha)).decode().split()
            if patch:
                join(sha, patches.setdefault((patch[0], authored), sha))
    found = set()
    for group in same.values():
        deployed = sorted((owner[sha], facts[sha][2], sha) for sha in group if sha in owner)
        found |= {sha for index, _, sha in deployed[1:] if index > 0}
    return found


def _wasted(owner: dict[str, int], facts: dict[str, tuple[list[str], int, int, str]]) -> set[str]:
    found: set[str] = set()
    for sha, (_, _, _, message) in sorted(facts.items(), key=lambda one: (-one[1][2], one[0])):
        for target in re.findall(r"This reverts commit ([0-9a-f]{40})", message):
            if owner.get(sha, -1) > 0 and owner.get(sha) == owner.get(target) and sha not in found:
                found |= {sha, target}
    return found
