"""Steps -> `steps:`. Called by the writer of jobs and of composite actions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import yaml

from seaway.errors import ConfigError
from seaway.formats.pipelines.github_actions import pins
from seaway.formats.pipelines.github_actions.words import Words, put_back
from seaway.formats.yaml.emit import Note
from seaway.formats.yaml.kept import data
from seaway.formats.yaml.tree import read
from seaway.model.expression import Text
from seaway.model.pipeline import Artifact, Cache, Checkout, Component, Opaque, Pin, Run, Step, Use, Variable

_VERSION = re.compile(r"(?:tag=|pin@)?v?\d+(?:\.\d+)*\S*")
_CACHES = {"both": "actions/cache", "restore": "actions/cache/restore", "save": "actions/cache/save"}


def write(words: Words, step: Step) -> Any:
    """One step."""
    if isinstance(step.work, Opaque):
        return _kept(step)
    found: dict[str, Any] = {}
    if step.name:
        found["name"] = step.name
    if step.id:
        found["id"] = step.id
    if step.condition is not None:
        found["if"] = words.condition(step.condition, "step condition", step.span)
    found |= _work(words, step)
    if step.env:
        found["env"] = words.variables(step.env, "step variable")
    if step.timeout is not None:
        found["timeout-minutes"] = minutes(step.timeout)
    if step.continue_on_error is not False:
        found["continue-on-error"] = words.tolerance(step.continue_on_error, step.span)
    for one in step.natives:
        put_back(found, (one,), one.key.rpartition(".")[0] + ".")
    above, version = _version_said(step)
    if version and not isinstance(found["uses"], Note):
        found["uses"] = Note(found["uses"], behind=version)
    return Note(found, above=above, mark=step.span) if above or step.span else found


def _version_said(step: Step) -> tuple[str, str]:
    """The comment, and the version in it that stood behind the digest of an action."""
    ref = getattr(step.work, "ref", None) or getattr(step.work, "component", None)
    before, _, last = step.comment.rpartition("\n")
    is_version = isinstance(ref, Component) and ref.pin is Pin.DIGEST and _VERSION.fullmatch(last.strip()) is not None
    return (before, last.strip()) if is_version else (step.comment, "")


def _kept(step: Step) -> Any:
    """A step that was not understood, as it was."""
    text = step.work.text if isinstance(step.work, Opaque) else ""
    try:
        documents = read(text, "").documents
    except ConfigError:
        return text
    return data(documents[0]) if documents and isinstance(documents[0], yaml.Node) else text


def minutes(time: timedelta) -> float:
    """Whole minutes where they are."""
    found = time.total_seconds() / 60
    return int(found) if found == int(found) else found


def _work(words: Words, step: Step) -> dict[str, Any]:
    work = step.work
    if isinstance(work, Run):
        found: dict[str, Any] = {"run": words.text(work.script, "script", step.span)}
        if work.shell:
            found["shell"] = work.shell
        if work.cwd:
            found["working-directory"] = words.text(work.cwd, "folder", step.span)
        return found
    if isinstance(work, Use):
        return used(words, work.ref, words.variables(work.inputs, f"input of {work.ref.name}"))
    if isinstance(work, Checkout):
        return used(words, work.component or _pinned(words, "actions/checkout", step), _checkout(words, work))
    if isinstance(work, Cache):
        ref = work.component or _pinned(words, _CACHES[work.action], step)
        return used(words, ref, _cache(words, work))
    if isinstance(work, Artifact):
        name = "actions/upload-artifact" if work.direction == "up" else "actions/download-artifact"
        return used(words, work.component or _pinned(words, name, step), _artifact(words, work))
    raise TypeError(type(work).__name__)


def used(words: Words, ref: Component, given: dict[str, Any]) -> dict[str, Any]:
    """`uses:` and `with:`; a digest that the table knows gets its version behind it."""
    version = pins.version_of(ref)
    del words
    uses: Any = Note(ref.text, behind=version) if version else ref.text
    return {"uses": uses} | ({"with": given} if given else {})


def _pinned(words: Words, name: str, step: Step) -> Component:
    ref = pins.pinned(name)
    if ref.version and not pins.version_of(ref):
        pins.say_unpinned(words.losses, ref, step.span)
    return ref


def _checkout(words: Words, work: Checkout) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in (("repository", work.repository), ("ref", work.ref), ("path", work.path)):
        if value:
            found[name] = words.value(value)
    if work.depth is not None:
        found["fetch-depth"] = work.depth
    if work.submodules:
        found["submodules"] = words.value(work.submodules)
    if work.lfs:
        found["lfs"] = True
    if work.credentials is not None:
        found["persist-credentials"] = work.credentials
    return found | rest(words, work.inputs)


def rest(words: Words, inputs: tuple[Variable, ...]) -> dict[str, Any]:
    """Inputs that the nouns have no field for."""
    return words.variables(inputs, "input")


def _cache(words: Words, work: Cache) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if work.paths:
        found["path"] = _lines(words, work.paths)
    if work.key:
        found["key"] = words.value(work.key)
    if work.fallbacks:
        found["restore-keys"] = _lines(words, work.fallbacks)
    return found | rest(words, work.inputs)


def _artifact(words: Words, work: Artifact) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if work.name:
        found["name"] = words.value(work.name)
    paths = [words.text(path) for path in work.paths] + [f"!{words.text(path)}" for path in work.exclude]
    if paths:
        found["path"] = paths[0] if len(paths) == 1 else "\n".join(paths) + "\n"
    if work.into:
        found["path"] = words.value(work.into)
    if work.expires is not None:
        found["retention-days"] = max(1, round(work.expires.total_seconds() / 86_400))
    return found | rest(words, work.inputs)


def _lines(words: Words, lines: tuple[Text, ...]) -> str:
    found = [words.text(line) for line in lines]
    return found[0] if len(found) == 1 else "\n".join(found) + "\n"
