"""Steps -> `steps:`. Called by the writer of jobs. Takes steps in Azure's shape: those of other systems are lowered first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from seaway.formats.pipelines.azure_pipelines.jobs import AUTOMATIC
from seaway.formats.pipelines.azure_pipelines.tasks import merged
from seaway.formats.pipelines.azure_pipelines.words import Words, put_back
from seaway.formats.yaml.as_written import kept_data
from seaway.formats.yaml.emit import Note
from seaway.model.expression import Call, Expr, Literal, Text, parts, walk
from seaway.model.pipeline import Approval, Artifact, Cache, Checkout, Opaque, Run, Step, Use, Variable

_SHELLS = {"": "script", "bash": "bash", "pwsh": "pwsh", "powershell": "powershell"}


def write_steps(words: Words, steps: tuple[Step, ...], *, deployment: bool = False, server: bool = False) -> list[Any]:
    """All of them; what Azure does by itself is not written, and what it must not do is said."""
    found: list[Any] = []
    if deployment:
        if not any(isinstance(step.work, Artifact) and step.work.direction == "down" for step in steps):
            found.append({"download": "none"})
    elif not server and not any(isinstance(step.work, Checkout) for step in steps):
        found.append({"checkout": "none"})
    return found + [write_step(words, step) for step in steps if not _by_itself(step)]


def _by_itself(step: Step) -> bool:
    return step.native == AUTOMATIC or (isinstance(step.work, Checkout) and step.work.implicit)


def write_step(words: Words, step: Step) -> Any:
    """One step."""
    if isinstance(step.work, Opaque):
        return kept_data(step.work.text)
    found = _work(words, step)
    if step.name:
        found["displayName"] = step.name
    if step.id:
        found["name"] = step.id
    if step.condition is not None:
        found["condition"] = words.condition(step.condition, "step condition", step.span)
    if step.continue_on_error is not False:
        found["continueOnError"] = words.tolerance(step.continue_on_error, step.span)
    if step.env:
        found["env"] = words.variables(step.env, "environment")
    if step.timeout is not None:
        found["timeoutInMinutes"] = minutes(step.timeout)
    if step.retry is not None:
        found["retryCountOnTaskFailure"] = step.retry.attempts
    put_back(found, step.natives, "")
    return Note(found, above=step.comment, mark=step.span) if step.comment or step.span else found


def minutes(time: timedelta) -> int:
    """Whole minutes, at least one."""
    return max(1, -(-int(time.total_seconds()) // 60))


def _work(words: Words, step: Step) -> dict[str, Any]:
    work = step.work
    if isinstance(work, Run):
        found: dict[str, Any] = {_SHELLS[work.shell]: words.text(work.script, "script", step.span)}
        return found | ({"workingDirectory": words.text(work.cwd, "folder", step.span)} if work.cwd else {})
    if isinstance(work, Use):
        return _use(words, work)
    if isinstance(work, Checkout):
        return _checkout(words, work)
    if isinstance(work, Cache):
        return _cache(words, work)
    if isinstance(work, Artifact):
        return _artifact(words, work)
    if isinstance(work, Approval):
        return validation(words, work)
    raise TypeError(type(work).__name__)


def _use(words: Words, work: Use) -> dict[str, Any]:
    is_template = work.ref.name.endswith((".yml", ".yaml"))
    head, inputs = ("template", "parameters") if is_template else ("task", "inputs")
    return _with_inputs({head: work.ref.text}, words.variables(work.inputs, f"input of {work.ref.name}"), inputs)


def _with_inputs(found: dict[str, Any], given: dict[str, Any], key: str = "inputs") -> dict[str, Any]:
    return found | ({key: given} if given else {})


def _checkout(words: Words, work: Checkout) -> dict[str, Any]:
    found: dict[str, Any] = {"checkout": words.text(work.repository, "repository") if work.repository else "self"}
    if work.depth is not None:
        found["fetchDepth"] = work.depth
    if work.lfs:
        found["lfs"] = True
    if work.submodules:
        found["submodules"] = work.submodules
    if work.path:
        found["path"] = words.text(work.path, "path")
    if work.credentials is not None:
        found["persistCredentials"] = work.credentials
    return found


def _cache(words: Words, work: Cache) -> dict[str, Any]:
    given: dict[str, Any] = {"key": _key(words, work.key, work.files), "path": _lines(words, work.paths)}
    if work.fallbacks:
        given["restoreKeys"] = "\n".join(_key(words, one, ()) for one in work.fallbacks)
    if not given["path"]:
        del given["path"]
    task = work.component.text if work.component else "Cache@2"
    return _with_inputs({"task": task}, given | _rest(words, work.inputs))


def _key(words: Words, key: Text, files: tuple[str, ...]) -> str:
    """A key as segments: files that are hashed are segments of their own, the words between them are quoted."""
    segments: list[str] = []
    rest: list[str | Expr] = []
    for part in (*parts(key), None):
        hashed = _hashed(part)
        if part is not None and not hashed:
            rest.append(part)
            continue
        text = words.text(merged(rest), "cache key").strip("-_ ")
        segments += ([f'"{text}"'] if text else []) + hashed
        rest = []
    return " | ".join([*segments, *(one for one in files if one not in segments)])


def _hashed(part: str | Expr | None) -> list[str]:
    """The files whose hash a part of a key is."""
    if part is None or isinstance(part, str):
        return []
    calls = [one for one in walk(part) if isinstance(one, Call) and one.name == "hash_files"]
    return [str(one.value) for call in calls for one in call.args if isinstance(one, Literal)]


def _lines(words: Words, values: tuple[Text, ...]) -> str:
    """One line as it is, several as a block."""
    written = [words.text(value, "path") for value in values]
    return written[0] if len(written) == 1 else "".join(f"{one}\n" for one in written)


def _rest(words: Words, inputs: tuple[Variable, ...]) -> dict[str, Any]:
    return words.variables(inputs, "input")


def _artifact(words: Words, work: Artifact) -> dict[str, Any]:
    if work.component is not None:
        return _artifact_task(words, work)
    name = {"artifact": words.text(work.name, "artifact")} if work.name else {}
    if work.direction == "up":
        path = words.text(work.paths[0], "artifact path") if work.paths else "$(Build.SourcesDirectory)"
        return {"publish": path} | name
    source = next((words.text(one.value) for one in work.inputs if one.name == "source"), "current")
    found = {"download": source} | name
    return found | ({"patterns": _lines(words, work.paths)} if work.paths else {})


# Names of a task's inputs: (artifact's name, what is published or taken, where it goes).
_INPUTS = {
    "publishpipelineartifact": ("artifact", "targetPath", ""),
    "publishbuildartifacts": ("ArtifactName", "PathtoPublish", ""),
    "downloadpipelineartifact": ("artifactName", "itemPattern", "targetPath"),
    "downloadbuildartifacts": ("artifactName", "itemPattern", "downloadPath"),
}


def _artifact_task(words: Words, work: Artifact) -> dict[str, Any]:
    assert work.component is not None  # noqa: S101 - the caller asked
    if work.reports:
        kinds = {"junit": "JUnit", "nunit": "NUnit", "vstest": "VSTest", "xunit": "XUnit", "ctest": "CTest"}
        files = "\n".join(path for _, path in work.reports)
        given: dict[str, Any] = {
            "testResultsFormat": kinds.get(work.reports[0][0], work.reports[0][0]),
            "testResultsFiles": files,
        }
        return {"task": work.component.text, "inputs": given | _rest(words, work.inputs)}
    name, paths, into = _INPUTS[work.component.name.lower()]
    given = {name: words.text(work.name, "artifact")} if work.name else {}
    if work.paths:
        given[paths] = _lines(words, work.paths)
    if work.into and into:
        given[into] = words.text(work.into, "path")
    return _with_inputs({"task": work.component.text}, given | _rest(words, work.inputs))


def validation(words: Words, work: Approval) -> dict[str, Any]:
    """A wait for a person, which only a job without a machine can do."""
    given: dict[str, Any] = {"notifyUsers": "\n".join(work.who)}
    if work.instructions and parts(work.instructions):
        given["instructions"] = words.text(work.instructions, "instructions")
    return _with_inputs({"task": "ManualValidation@1"}, given)
