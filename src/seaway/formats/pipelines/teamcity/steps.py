"""One word of `steps { }` -> one step. Called by `jobs`. Runners whose command can be known become that command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seaway.formats.pipelines.teamcity import expressions
from seaway.formats.pipelines.teamcity.dsl import written
from seaway.formats.pipelines.teamcity.expressions import STATUS, Names
from seaway.formats.pipelines.teamcity.values import OPAQUE, Hole, Item, Mixed, Symbol, Value, joined, pieces, shown
from seaway.model.expression import Condition, Expr, Literal, Phase, both
from seaway.model.pipeline import Component, Native, Opaque, Run, Step, Use, Variable
from seaway.model.span import Span

_COMMON = frozenset({"name", "id", "workingDir", "enabled", "executionMode", "conditions"})

_OWN = (_COMMON - {"workingDir"}) | {"dockerImage"}  # of every runner, read elsewhere


@dataclass(slots=True)
class Command:
    """What a runner runs, and which of its settings that takes up."""

    script: Value
    used: frozenset[str]
    shell: str = ""


def read(item: Item, names: Names) -> Step:
    """The step. Settings that its command does not show stay natives."""
    span = span_of(item)
    if item.word == OPAQUE:
        return Step(Opaque(str(item.args[0])), native="kotlin", span=span, comment=item.comment)
    asked, used = _condition(item, names, span)
    cwd = expressions.text(item.value("workingDir", ""), names)
    command = _RUNNERS[item.word](item) if item.word in _RUNNERS else None
    if command is not None:
        used |= command.used
        script = expressions.text(command.script, names)
        work: Run | Use = Run(script, command.shell, cwd)
    else:
        work, more = _use(item, names, span)
        used = (used | more) - ({"workingDir"} if cwd else set())
    step_id = item.value("id", "")
    if not isinstance(step_id, str):
        step_id = ""
    name = item.value("name", "")
    if not isinstance(name, str):
        used, name = used - {"name"}, ""
    natives = tuple(
        Native(f"{item.word}.{one.word}", written(one), span_of(one) or span)
        for one in item.items or ()
        if one.word not in used
    )
    args = tuple(Native(f"{item.word}()", written(Item(item.word, [one])), span) for one in item.args)
    return Step(
        work, name, step_id, asked, natives=(*args, *natives), native=item.word, comment=item.comment, span=span
    )


def span_of(item: Item) -> Span | None:
    """Where a word stands; None for one that nobody wrote."""
    return item.source.span(item.start, item.end) if item.source is not None and item.end > item.start else None


def _condition(item: Item, names: Names, span: Span | None) -> tuple[Condition | None, set[str]]:
    """When the step runs, and which settings say so."""
    used = {"name", "id", "workingDir"}
    found: Expr | None = None
    enabled = item.value("enabled", default=True)
    if enabled is False:
        found = Literal(value=False)
    if isinstance(enabled, bool):
        used.add("enabled")
    mode = item.value("executionMode")
    if isinstance(mode, Symbol):
        word = mode.text.rpartition(".")[2]
        if word in STATUS:
            found = both(STATUS[word], found)
        if word in STATUS or word == "DEFAULT":
            used.add("executionMode")
    blocks = list(item.each("conditions"))
    for one in blocks:
        asked = expressions.conditions(one, names)
        if asked is not None and len(blocks) == 1:
            found = both(found, asked)
            used.add("conditions")
    return (None if found is None else Condition(found, Phase.RUN, "", span)), used


def _use(item: Item, names: Names, span: Span | None) -> tuple[Use, set[str]]:
    """A runner that stays what it is, with its settings as inputs."""
    inputs: list[Variable] = []
    used: set[str] = set()
    runner = item.word
    for one in item.items or ():
        if one.word in _OWN:
            continue
        if item.word == "step" and one.word == "param" and len(one.args) == 2 and isinstance(one.args[0], str):
            inputs.append(Variable(one.args[0], expressions.text(one.args[1], names), span=span_of(one)))
            used.add("param")
        elif item.word == "step" and one.word == "type" and isinstance(one.args[0], str):
            runner = one.args[0]
            used.add("type")
        elif (
            item.word != "step"
            and one.assigned
            and isinstance(one.args[0], (str, Mixed))
            and one.word not in {other.name for other in inputs}
        ):
            inputs.append(Variable(one.word, expressions.text(one.args[0], names), span=span_of(one)))
            used.add(one.word)
    return Use(Component(runner, runner, span=span), tuple(inputs)), used


# --- runners


def _words(*parts: Value) -> Value:
    found: list[str | Hole] = []
    for part in parts:
        if part not in (None, ""):
            found += [*([" "] if found else []), *pieces(part)]
    return joined(found)


def _script(item: Item) -> Command:
    return Command(item.value("scriptContent", ""), frozenset({"scriptContent"}))


def _node(item: Item) -> Command:
    return Command(item.value("shellScript", ""), frozenset({"shellScript"}))


def _exec(item: Item) -> Command:
    return Command(_words(item.value("path", ""), item.value("arguments", "")), frozenset({"path", "arguments"}))


def _gradle(item: Item) -> Command:
    wrapper = item.value("useGradleWrapper", default=True)
    build = item.value("buildFile", "")
    used = {"tasks", "gradleParams", "buildFile"} | ({"useGradleWrapper"} if isinstance(wrapper, bool) else set())
    tool = "gradle" if wrapper is False else "./gradlew"
    place = ["-b", build] if build not in ("", "build.gradle") else []
    return Command(_words(tool, item.value("tasks", ""), *place, item.value("gradleParams", "")), frozenset(used))


def _maven(item: Item) -> Command:
    pom = item.value("pomLocation", "")
    place = ["-f", pom] if pom not in ("", "pom.xml") else []
    script = _words("mvn", item.value("goals", ""), *place, item.value("runnerArgs", ""))
    return Command(script, frozenset({"goals", "pomLocation", "runnerArgs"}))


def _power_shell(item: Item) -> Command | None:
    edition = item.value("edition")
    shell = "pwsh" if shown(edition).endswith(".Core") else "powershell"
    used = {"edition"} if shell == "pwsh" else set()
    mode = item.value("scriptMode")
    if not isinstance(mode, Item):
        return None
    if mode.word == "script" and [one.word for one in mode.items or ()] == ["content"]:
        return Command(mode.value("content"), frozenset({"scriptMode", *used}), shell)
    if mode.word == "file" and [one.word for one in mode.items or ()] == ["path"]:
        script = _words(mode.value("path"), item.value("scriptArgs", ""))
        return Command(script, frozenset({"scriptMode", "scriptArgs", *used}), shell)
    return None


def _python(item: Item) -> Command | None:
    mode = item.value("command")
    if not isinstance(mode, Item):
        return None
    words = {one.word for one in mode.items or ()}
    if mode.word == "script" and words == {"content"}:
        return Command(mode.value("content"), frozenset({"command"}), "python")
    given = mode.value("scriptArguments", "")
    if mode.word == "file" and words <= {"filename", "scriptArguments"}:
        return Command(_words("python", mode.value("filename", ""), given), frozenset({"command"}))
    if mode.word == "module" and words <= {"module", "scriptArguments"}:
        return Command(_words("python -m", mode.value("module", ""), given), frozenset({"command"}))
    return None


def _docker(item: Item) -> Command | None:
    kind = item.value("commandType")
    if not isinstance(kind, Item):
        return None
    words = {one.word for one in kind.items or ()}
    names = [one.strip() for one in shown(kind.value("namesAndTags", "")).splitlines() if one.strip()]
    if kind.word == "other" and words <= {"subCommand", "commandArgs", "workingDir"} and "workingDir" not in words:
        script = _words("docker", kind.value("subCommand", ""), kind.value("commandArgs", ""))
        return Command(script, frozenset({"commandType"}))
    if kind.word == "push" and words <= {"namesAndTags", "removeImageAfterPush"} and names:
        pushed = [f"docker push {name}" for name in names]
        cleaned = kind.value("removeImageAfterPush", default=True) is not False
        pushed += [f"docker rmi {name}" for name in names] if cleaned and "removeImageAfterPush" in words else []
        return Command("\n".join(pushed), frozenset({"commandType"}))
    source = kind.value("source")
    known = {"source", "namesAndTags", "contextDir", "commandArgs"}
    if kind.word == "build" and words <= known and isinstance(source, Item) and source.word == "file":
        tags = [word for name in names for word in ("-t", name)]
        path = source.value("path", "Dockerfile")
        place = ["-f", path] if path != "Dockerfile" else []
        rest = (*tags, kind.value("commandArgs", ""), kind.value("contextDir", ".") or ".")
        return Command(_words("docker build", *place, *rest), frozenset({"commandType"}))
    return None


_RUNNERS: dict[str, Callable[[Item], Command | None]] = {
    "script": _script, "nodeJS": _node, "exec": _exec, "gradle": _gradle, "maven": _maven,
    "powerShell": _power_shell, "python": _python, "dockerCommand": _docker,
}  # fmt: skip
