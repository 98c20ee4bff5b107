"""Names of container images, taken apart. Asked by rules on what images are made of and on what runs."""

from __future__ import annotations

from dataclasses import dataclass

_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


@dataclass(frozen=True, slots=True)
class ImageName:
    """`registry/path:tag@digest`; "" for what is not said. A name without registry is one of `docker.io`."""

    registry: str
    path: str
    tag: str
    digest: str

    @property
    def base(self) -> str:
        """The last word of its path."""
        return self.path.rpartition("/")[2]

    @property
    def official(self) -> str:
        """The name of an official image of Docker Hub, or ""."""
        path = self.path.removeprefix("library/")
        return path if self.registry in _HUB and "/" not in path else ""

    @property
    def loose(self) -> bool:
        """Neither a digest nor a tag other than `latest`: the next pull may be another program."""
        return not self.digest and self.tag in {"", "latest"}


def named(text: str) -> ImageName | None:
    """The parts of an image's name, or None for what is none or holds something to be filled in."""
    if not text or any(mark in text for mark in "$<>{} \t\n%"):
        return None
    rest, _, digest = text.partition("@")
    head, slash, _ = rest.partition("/")
    registry = head if slash and ("." in head or ":" in head or head == "localhost") else ""
    path = rest[len(registry) + 1 :] if registry else rest
    folder, slash, last = path.rpartition("/")
    name, _, tag = last.partition(":")
    return ImageName(registry or "docker.io", f"{folder}{slash}{name}", tag, digest) if name else None
