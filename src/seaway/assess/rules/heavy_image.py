"""VEL-12: an image carries what it does not need. Run by `assess.examine`.

The compiler and the sources of a program that is built are a multiple of the program: each node pulls them before it can start it,
and each of their flaws is one of the image. A build without `.dockerignore` copies the history and what lies about as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.aside import aside, persona
from seaway.assess.estate import Estate, Kind
from seaway.assess.images import ImageName, named
from seaway.assess.rule import Hit, Rule
from seaway.assess.rules.dockerfile_layer_order import _takes_all
from seaway.formats.infrastructure.dockerfile import Dockerfile
from seaway.model.finding import Impact, Persona, Severity

_COMPILERS = {
    "golang": re.compile(r"\bgo\s+(?:build|install)\b"),
    "rust": re.compile(r"\bcargo\s+(?:build|install)\b"),
    "maven": re.compile(r"\bmvnw?\b[^\n;&|]{0,300}\b(?:package|install|verify)\b"),
    "gradle": re.compile(r"\bgradlew?\b[^\n;&|]{0,300}\b(?:build|assemble|\w*[jJ]ar)\b"),
    "dotnet/sdk": re.compile(r"\bdotnet\s+(?:publish|build)\b"),
    "gcc": re.compile(r"\b(?:gcc|g\+\+|make|cmake)\b"),
    "swift": re.compile(r"\bswift\s+build\b"),
}
_FULL = frozenset({"node", "python", "ruby", "php", "openjdk", "perl", "golang", "rust", "gcc", "buildpack-deps"})
_SMALL = re.compile(r"slim|alpine|distroless|-jre|\bjre|minimal|micro|ubi")


def survey(estate: Estate) -> list[Hit] | None:
    """The last stage compiles on an image with the compiler and ships both; `COPY .` into it without a `.dockerignore`; for an
    auditor full images of a language where a slim one exists.
    """
    files = estate.all(Dockerfile)
    return [hit for file in files for hit in _file(estate, file)] if files else None


def _file(estate: Estate, file: Dockerfile) -> Iterator[Hit]:
    line = file.last.line
    first = line[0]
    ships = any(stage.all("CMD", "ENTRYPOINT") for stage in line)
    image = named(first.base or "")
    place = estate.within(first.origin.span, first.image)
    if image is not None and ships:
        compiler = _compiler(image)
        runs = [one.text[:20_000] for stage in line for one in stage.all("RUN")]
        if compiler and any(_COMPILERS[compiler].search(text) for text in runs):
            words = f"the image ships the compiler of {first.image} and all sources with the program that it built"
            yield Hit(place, words, ("compiler", first.image), persona=persona(file.path))
        elif image.official in _FULL and not _SMALL.search(image.tag) and not compiler:
            words = f"{first.image} is the full variant, with compilers and headers: {image.official} has a slim one"
            yield Hit(place, words, ("full", first.image), Severity.LOW, 0.8, Persona.AUDITOR)
    copies = [one for stage in line for one in stage.all("COPY", "ADD") if _takes_all(one)]
    if copies and estate.whole and not _ignores(estate, file.path) and not aside(file.path):
        words = "everything is copied into the image and no .dockerignore says what not: the history of git, local files, secrets"
        yield Hit(estate.within(copies[0].span, ""), words, ("ignore",), Severity.LOW, persona=persona(file.path))


def _compiler(image: ImageName) -> str:
    if image.official in _COMPILERS:
        return image.official
    return "dotnet/sdk" if image.path.endswith("dotnet/sdk") else ""


def _ignores(estate: Estate, path: str) -> bool:
    """An ignore file in a folder that can be the context of the build: the Dockerfile's and those above."""
    names: tuple[str, ...] = (f"{path}.dockerignore",)
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        names += tuple(f"{folder}/{name}".lstrip("/") for name in (".dockerignore", ".containerignore"))
    return any(name in estate.files for name in names)


RULE = Rule(
    id="heavy-image",
    number="VEL-12",
    title="An image carries what it does not need",
    why="Nodes pull it whenever they start a new pod, so roll-outs and rollbacks take longer, and every package in it can have a flaw.",
    advice="Build in one stage and copy the result into a small one (`FROM ... AS build`, `COPY --from=build`); write a .dockerignore.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("recovery"),
    effort="M",
    refs=("Docker: building best practices, multi-stage builds and .dockerignore", "CIS Docker Benchmark 4.3"),
    kinds=frozenset({Kind.DOCKERFILE}),
    survey=survey,
)
