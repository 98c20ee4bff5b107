"""Steps that only install a language, and the image that has it: what a system with an image per job does instead.

Called by the writers of such systems. A version that is computed, a range or a file of versions has no image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from seaway.model.expression import Template, Text
from seaway.model.pipeline import Use

# Component (in small letters, without its version) -> image, the inputs that give its version.
_KNOWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "actions/setup-python": ("python", ("python-version",)),
    "actions/setup-node": ("node", ("node-version",)),
    "actions/setup-go": ("golang", ("go-version",)),
    "actions/setup-java": ("eclipse-temurin", ("java-version",)),
    "ruby/setup-ruby": ("ruby", ("ruby-version",)),
    "usepythonversion": ("python", ("versionspec",)),
    "usenode": ("node", ("version",)),
    "nodetool": ("node", ("versionspec", "version")),
    "gotool": ("golang", ("version",)),
    "python/install": ("python", ("version",)),
    "node/install": ("node", ("node-version",)),
    "go/install": ("golang", ("version",)),
}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:\.x)?\Z")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """`image`: such as `python:3.12`, with the expression of its version where that is one value of a matrix or parameter."""

    image: Text


def toolchain(work: Use) -> Toolchain | None:
    """What a component installs, or None."""
    known = _KNOWN.get(work.ref.name.lower().removeprefix("circleci/"))
    if known is None:
        return None
    image, inputs = known
    given = {one.name.lower(): one.value for one in work.inputs}
    version = next((given[name] for name in inputs if given.get(name)), "")
    if isinstance(version, Template):
        return Toolchain(Template((f"{image}:", *version.parts)))
    match = _VERSION.match(version.strip()) if version else None
    return Toolchain(f"{image}:{match[1]}") if match else None
