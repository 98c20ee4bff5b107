"""VEL-11: a Dockerfile copies everything before it installs the dependencies. Run by `assess.examine`.

A layer is taken from the cache as long as what it was made from is the same. Behind `COPY .` that is never so: each changed line
of a program installs all of its dependencies anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.aside import persona
from seaway.assess.commands import INSTALLS
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Edits, Hit, Rule
from seaway.formats.infrastructure.dockerfile import Dockerfile, Instruction, Stage
from seaway.formats.yaml.patch import Edit, Unfit, line_end
from seaway.model.finding import Impact, Severity

_TOOLS = frozenset({"npm", "yarn", "pnpm", "pip", "poetry", "pipenv", "bundler", "composer", "nuget"})
_INSTALLS = tuple((name, pattern) for name, pattern in INSTALLS if name in _TOOLS)
_ALL = frozenset({".", "./", "/"})
_ONLY = re.compile(r"(npm (?:ci|install)|pip3? install(?: --no-cache-dir)? -r requirements\.txt(?: --no-cache-dir)?)\Z")
_MANIFESTS = {"npm": ("package.json", "package-lock.json"), "pip": ("requirements.txt",)}


def survey(estate: Estate) -> list[Hit] | None:
    """`COPY .` and behind it, in the same stage, an install of npm, pip, Bundler and others that nothing before prepared."""
    files = estate.all(Dockerfile)
    stages = [(file, stage) for file in files for stage in file.stages]
    found = [hit for file, stage in stages for hit in _stage(estate, file, stage)]
    judged = any(_installs(one) for _, stage in stages for one in stage.all("RUN"))
    return found if judged else None


def _stage(estate: Estate, file: Dockerfile, stage: Stage) -> Iterator[Hit]:
    copied: Instruction | None = None
    done: set[str] = {tool for above in stage.line[:-1] for one in above.all("RUN") for tool in _installs(one)}
    for one in stage.instructions:
        if one.word in {"COPY", "ADD"} and copied is None and _takes_all(one):
            copied = one
        if one.word != "RUN":
            continue
        for tool in _installs(one):
            cached = "type=cache" in " ".join(value for _, value in one.flags)
            if copied is not None and tool not in done and not cached:
                words = (
                    f"{tool} installs everything again for each changed file, because all of them are copied before it"
                )
                yield Hit(
                    estate.within(copied.span, ""),
                    words,
                    (stage.name or str(stage.index), tool),
                    persona=persona(file.path),
                    fix=lambda copied=copied, one=one: _moved(estate, file, stage, copied, one),  # type: ignore[misc]
                )
            done.add(tool)


def _takes_all(one: Instruction) -> bool:
    words = one.listed or one.value.split()
    return not one.flag("from") and len(words) > 1 and any(word in _ALL for word in words[:-1])


def _installs(one: Instruction) -> list[str]:
    text = one.text if one.listed is None else " ".join(one.listed)
    return [name for name, pattern in _INSTALLS if pattern.search(text[:20_000])]


def _moved(estate: Estate, file: Dockerfile, stage: Stage, copied: Instruction, install: Instruction) -> Edits:
    """The install moves before the copy, behind a copy of what it reads: only where that is known to be all that it reads."""
    text = estate.texts[file.path]
    folder = file.path.rpartition("/")[0]
    beside = {one.rpartition("/")[2] for one in estate.files if one.rpartition("/")[0] == folder}
    below = [one for one in estate.files if one.startswith(f"{folder}/" if folder else "")]
    needed = _MANIFESTS["npm" if install.value.startswith("npm") else "pip"]
    order = list(stage.instructions)
    if (
        not _ONLY.match(install.value)
        or install.flags
        or order.index(install) != order.index(copied) + 1
        or not set(needed) <= beside
        or copied.listed is not None
        or len(copied.value.split()) != 2
        or sum(one.endswith(needed[0]) for one in below) != 1
        or beside & {".npmrc", "constraints.txt", "pip.conf", "setup.py"}
        or "\n" in text[install.span.start : install.span.end]
    ):
        raise Unfit("what the install reads is not known")
    newline = line_end(text)
    target = copied.value.split()[1].rstrip("/") + "/"
    flags = "".join(f"--{name}={value} " if value else f"--{name} " for name, value in copied.flags)
    run = text[install.span.start : install.span.end]
    start = text.rfind("\n", 0, install.span.start)
    before = f"COPY {flags}{' '.join(needed)} {target}{newline}{run}{newline}"
    stop = start - 1 if text[start - 1] == "\r" else start
    return [Edit(copied.span.start, copied.span.start, before), Edit(stop, install.span.end, "")]


RULE = Rule(
    id="dockerfile-layer-order",
    number="VEL-11",
    title="A Dockerfile copies everything before it installs the dependencies",
    why="Each build downloads and installs all dependencies again, although they change once a week and the program ten times a day.",
    advice="Copy only what names the dependencies (and the lockfile), install them, and copy the rest behind that.",
    patch="The copy of the manifest and the install move up, where npm or pip are all that is asked and one manifest is all there is.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("lead_time"),
    effort="S",
    refs=("Docker: building best practices, optimise the build cache", "DORA: continuous integration"),
    kinds=frozenset({Kind.DOCKERFILE}),
    survey=survey,
)
