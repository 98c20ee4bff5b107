"""What well-known actions mean: `uses: actions/checkout@v4` is a Checkout, and so on. Called by the reader and the writer.

Inputs that the nouns have no field for stay in `inputs`, so that nothing is lost. Actions whose work is their own stay `Use`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TypeAlias

from seaway.formats.pipelines.github_actions.expressions import printed_text, template
from seaway.formats.pipelines.github_actions.values import lines
from seaway.model.expression import Call, Literal, Template, Text, walk
from seaway.model.pipeline import Artifact, Cache, Checkout, Component, Pin, Step, Use, Variable, Work
from seaway.model.span import Span

_SHA = re.compile(r"[0-9a-f]{40}\Z|[0-9a-f]{64}\Z")
_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:[-+.][\w.-]+)?\Z")
_DAYS = re.compile(r"\d{1,4}\Z")

_Maker: TypeAlias = Callable[[Component, tuple[Variable, ...]], Work]


def component(text: str, span: Span | None = None) -> Component:
    """A `uses:`: owner/repository[/path]@ref, ./local/path or docker://image."""
    return Component(text, *_named(text), span)


@lru_cache(maxsize=4096)
def _named(text: str) -> tuple[str, str, Pin]:
    """Name, version and how it is fixed."""
    if text.startswith(("./", "../")):
        return text, "", Pin.LOCAL
    if text.startswith("docker://"):
        image = text.removeprefix("docker://")
        name, digest = image.split("@", 1) if "@" in image else (image, "")
        if digest:
            return name, digest, Pin.DIGEST
        head, colon, tag = image.rpartition(":")
        return (head, tag, Pin.TAG) if colon and "/" not in tag else (image, "", Pin.NONE)
    name, at, version = text.partition("@")
    if not at:
        return name, "", Pin.NONE
    return name, version, Pin.DIGEST if _SHA.match(version) else Pin.TAG if _VERSION.match(version) else Pin.BRANCH


def work(ref: Component, inputs: tuple[Variable, ...]) -> Work:
    """The meaning of an action with its inputs."""
    made = _KNOWN.get(ref.name.lower())
    return made(ref, inputs) if made else Use(ref, inputs)


class _Inputs:
    """Inputs by name; what was not taken is left."""

    def __init__(self, inputs: tuple[Variable, ...]) -> None:
        self._known = {one.name.lower(): one for one in inputs}

    def text(self, name: str) -> Text:
        found = self._known.pop(name, None)
        return found.value if found else ""

    def plain(self, name: str) -> str | None:
        """Only where it is without expressions; else it stays."""
        found = self._known.get(name)
        if found is None or not isinstance(found.value, str):
            return None
        del self._known[name]
        return found.value

    def truth(self, name: str) -> bool | None:
        found = self._known.get(name)
        if found is None or found.value not in {"true", "false"}:
            return None
        del self._known[name]
        return found.value == "true"

    def matching(self, name: str, pattern: re.Pattern[str]) -> int | None:
        found = self._known.get(name)
        if found is None or not isinstance(found.value, str) or not pattern.match(found.value):
            return None
        del self._known[name]
        return int(found.value)

    def listed(self, name: str) -> tuple[Text, ...]:
        found = self._known.pop(name, None)
        return lines(printed_text(found.value)) if found else ()

    def rest(self) -> tuple[Variable, ...]:
        return tuple(self._known.values())


def _checkout(ref: Component, given: tuple[Variable, ...]) -> Work:
    inputs = _Inputs(given)
    return Checkout(
        depth=inputs.matching("fetch-depth", _DAYS),
        ref=inputs.text("ref"),
        repository=inputs.text("repository"),
        path=inputs.text("path"),
        submodules=inputs.plain("submodules") or "",
        lfs=inputs.truth("lfs") or False,
        credentials=inputs.truth("persist-credentials"),
        component=ref,
        inputs=inputs.rest(),
    )


def _cache(action: str) -> _Maker:
    def made(ref: Component, given: tuple[Variable, ...]) -> Work:
        inputs = _Inputs(given)
        key = inputs.text("key")
        paths, fallbacks = inputs.listed("path"), inputs.listed("restore-keys")
        return Cache(
            key=key,
            files=hashed_files(key),
            paths=paths,
            fallbacks=fallbacks,
            action=action,
            component=ref,
            inputs=inputs.rest(),
        )

    return made


def hashed_files(key: Text) -> tuple[str, ...]:
    """The files whose hash is part of a cache's key."""
    if not isinstance(key, Template):
        return ()
    calls = (one for part in key.parts if not isinstance(part, str) for one in walk(part))
    return tuple(
        argument.value
        for call in calls
        if isinstance(call, Call) and call.name == "hash_files"
        for argument in call.args
        if isinstance(argument, Literal) and isinstance(argument.value, str)
    )


def _upload(ref: Component, given: tuple[Variable, ...]) -> Work:
    inputs = _Inputs(given)
    listed = inputs.listed("path")
    days = inputs.matching("retention-days", _DAYS)
    return Artifact(
        "up",
        name=inputs.text("name"),
        paths=tuple(path for path in listed if not _left_out(path)),
        exclude=tuple(_without_mark(path) for path in listed if _left_out(path)),
        expires=timedelta(days=days) if days else None,
        component=ref,
        inputs=inputs.rest(),
    )


def _left_out(path: Text) -> bool:
    first = path if isinstance(path, str) else path.parts[0]
    return isinstance(first, str) and first.startswith("!")


def _without_mark(path: Text) -> Text:
    return template(printed_text(path)[1:])


def _download(ref: Component, given: tuple[Variable, ...]) -> Work:
    inputs = _Inputs(given)
    return Artifact("down", name=inputs.text("name"), into=inputs.text("path"), component=ref, inputs=inputs.rest())


_KNOWN: dict[str, _Maker] = {
    "actions/checkout": _checkout,
    "actions/cache": _cache("both"),
    "actions/cache/restore": _cache("restore"),
    "actions/cache/save": _cache("save"),
    "actions/upload-artifact": _upload,
    "actions/download-artifact": _download,
}

# Set-up actions that keep their tool's downloads between runs: the input that asks for it, and the tool where the input does
# not name it. `default`: they do so unasked from this major version on.


@dataclass(frozen=True, slots=True)
class SetUp:
    """`tool`: what it installs, `version`: the input that says which one, `caches`: the input for its cache."""

    tool: str
    version: str
    caches: str = ""
    cached: str = ""
    default_from: int | None = None


SET_UPS = {
    "actions/setup-node": SetUp("node", "node-version", "cache"),
    "actions/setup-python": SetUp("python", "python-version", "cache"),
    "actions/setup-java": SetUp("java", "java-version", "cache"),
    "actions/setup-dotnet": SetUp("dotnet", "dotnet-version", "cache", "nuget"),
    "actions/setup-go": SetUp("go", "go-version", "cache", "go", 4),
    "ruby/setup-ruby": SetUp("ruby", "ruby-version", "bundler-cache", "bundler"),
    "astral-sh/setup-uv": SetUp("uv", "version", "enable-cache", "uv", 5),
    "gradle/actions/setup-gradle": SetUp("gradle", "gradle-version", "", "gradle", 1),
    "swatinem/rust-cache": SetUp("rust", "", "", "cargo", 1),
}
_MAJOR = re.compile(r"v?(\d+)")


def set_up(ref: Component) -> SetUp | None:
    """What a set-up action installs, or None for other actions."""
    return SET_UPS.get(ref.name.lower())


def tool_caches(steps: tuple[Step, ...]) -> tuple[Cache, ...]:
    """The caches that set-up actions of a job keep, as caches of the job."""
    return tuple(found for step in steps if isinstance(step.work, Use) and (found := _tool_cache(step.work)))


def _tool_cache(use: Use) -> Cache | None:
    known = set_up(use.ref)
    if known is None:
        return None
    given = {one.name.lower(): one.value for one in use.inputs}
    asked = given.get(known.caches, "") if known.caches else ""
    if asked in {"false", "FALSE"}:
        return None
    if not asked and not _by_default(use.ref, known):
        return None
    tool = known.cached or (asked if isinstance(asked, str) else "")
    files = given.get("cache-dependency-path") or given.get("cache-dependency-glob") or ""
    listed = tuple(line for line in lines(printed_text(files)) if isinstance(line, str))
    return Cache(files=listed, tool=tool, component=use.ref)


def _by_default(ref: Component, known: SetUp) -> bool:
    if known.default_from is None:
        return False
    major = _MAJOR.match(ref.version)
    return ref.pin is not Pin.TAG or major is None or int(major[1]) >= known.default_from
