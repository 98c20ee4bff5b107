"""Which commit of an action is meant by a version. Asked by the writer, which never writes a tag that can be moved.

Each entry was recorded on the date below and says from where: from the repository's own files at that commit, or from public
workflows of several repositories that do not belong together and name the same commit for the same version. What is not in this
table stays a tag, and the loss report says how to pin it.
"""

from __future__ import annotations

from dataclasses import dataclass

from seaway.formats.pipelines.github_actions.components import component
from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Component, Pin
from seaway.model.span import Span

RECORDED = "2026-11-27"

_WORKFLOWS = "public workflows of several repositories"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A version, its commit, and where that was read."""

    version: str
    digest: str
    source: str


PINS = {
    "actions/cache": Pinned("v4.3.0", "0057852bfaa89a56745cba8c7296529d2fc39830", _WORKFLOWS),
    "actions/checkout": Pinned("v5.0.0", "08c6903cd8c0fde910a37f88322edcfb5dd907a8", "its CHANGELOG.md at this commit"),
    "actions/download-artifact": Pinned("v5.0.0", "634f93cb2916e3fdff6788551b99b062d0335ce0", _WORKFLOWS),
    "actions/setup-go": Pinned("v6.0.0", "44694675825211faa026b3c33043df3e48a5fa00", _WORKFLOWS),
    "actions/setup-java": Pinned("v5.0.0", "dded0888837ed1f317902acf8a20df0ad188d165", _WORKFLOWS),
    "actions/setup-node": Pinned("v6.0.0", "2028fbc5c25fe9cf00d9f06a71cc4710d4507903", _WORKFLOWS),
    "actions/setup-python": Pinned(
        "v6.0.0", "e797f83bcb11b83ae66e0230d6156d7c80228e7c", "its package.json at this commit"
    ),
    "actions/upload-artifact": Pinned(
        "v4.6.2", "ea165f8d65b6e75b540449e92b4886f43607fa02", "its package.json at this commit"
    ),
    "codecov/codecov-action": Pinned("v5.5.1", "5a1091511ad55cbe89839c7260b706298ca349f7", _WORKFLOWS),
    "docker/build-push-action": Pinned("v6.18.0", "263435318d21b8e681c14492fe198d362a7d2c83", _WORKFLOWS),
    "docker/login-action": Pinned("v3.6.0", "5e57cd118135c172c3672efd75eb46360885c0ef", _WORKFLOWS),
    "docker/setup-buildx-action": Pinned("v3.11.1", "e468171a9de216ec08956ac3ada2f0791b6bd435", _WORKFLOWS),
}
_VERSIONS = {(repository, one.digest): one.version for repository, one in PINS.items()}


def repository_of(name: str) -> str:
    """`actions/cache/restore` is a part of the repository actions/cache."""
    return "/".join(name.lower().split("/")[:2])


def pinned(name: str, version: str = "") -> Component:
    """The action at the commit of this table, or at its tag where the table does not know it."""
    known = PINS.get(repository_of(name))
    if known is not None and version in {"", known.version}:
        return component(f"{name}@{known.digest}")
    return component(f"{name}@{version}" if version else name)


def version_of(ref: Component) -> str:
    """The version behind a commit of this table, or ""."""
    return _VERSIONS.get((repository_of(ref.name), ref.version), "")


def say_unpinned(losses: Losses, ref: Component, span: Span | None) -> None:
    """The loss for a tag, with the command that finds its commit."""
    if ref.pin in {Pin.DIGEST, Pin.LOCAL}:
        return
    repository = repository_of(ref.name)
    losses.manual(
        f"uses: {ref.text}",
        f"the table of pins of {RECORDED} does not know it, so it stays a tag, which can be moved",
        f"pin the commit that `git ls-remote https://github.com/{repository} {ref.version or 'HEAD'}` prints",
        span,
    )
