"""Well-known tasks <-> neutral work. Called by `steps` for reading; the writer uses the same names the other way round.

A task that is not here is a `Use` with its inputs. Inputs that the noun does not hold stay in its `inputs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from seaway.formats.pipelines.azure_pipelines.context import Context
from seaway.model.expression import Call, Expr, Literal, Template, Text
from seaway.model.pipeline import Approval, Artifact, Cache, Component, Pin, Run, Use, Variable, Work
from seaway.model.span import Span

Node: TypeAlias = Any
Inputs: TypeAlias = dict[str, Variable]


def component(text: str, span: Span | None = None) -> Component:
    """`Cache@2`."""
    name, _, version = text.partition("@")
    return Component(text, name, version, Pin.TAG if version else Pin.NONE, span)


def task_work(ref: Component, node: Node | None, context: Context) -> Work:
    """What the task does, in neutral words where there are some."""
    inputs = context.pairs(node)
    reader = _TASKS.get(ref.name.lower())
    if reader is not None:
        found = reader(ref, {one.name.lower(): one for one in inputs}, node, context)
        if found is not None:
            return found
    return Use(ref, inputs)


def _rest(inputs: Inputs, *used: str) -> tuple[Variable, ...]:
    return tuple(one for name, one in inputs.items() if name not in used)


def _value(inputs: Inputs, *names: str) -> Text:
    return next((inputs[name].value for name in names if name in inputs), "")


def lines(text: Text) -> tuple[Text, ...]:
    """A text cut at its line ends, expressions kept; empty lines left out."""
    return tuple(one for one in split(text, "\n") if one)


def split(text: Text, mark: str) -> list[Text]:
    """The pieces between marks, without the blanks around them."""
    if isinstance(text, str):
        return [one.strip() for one in text.split(mark)]
    found: list[list[str | Expr]] = [[]]
    for part in text.parts:
        if not isinstance(part, str):
            found[-1].append(part)
            continue
        first, *others = part.split(mark)
        found[-1].append(first)
        found += [[one] for one in others]
    return [_joined(one) for one in found]


def _joined(pieces: list[str | Expr]) -> Text:
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip()
    if pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip()
    kept = [one for one in pieces if one != ""]
    if all(isinstance(one, str) for one in kept):
        return "".join(str(one) for one in kept)
    return Template(tuple(kept))


def _cache(ref: Component, inputs: Inputs, _node: Node, _context: Context) -> Work | None:
    key, files = _key(_value(inputs, "key"))
    used = ("key", "path", "restorekeys")
    return Cache(
        key=key,
        files=files,
        paths=lines(_value(inputs, "path")),
        fallbacks=tuple(_key(one)[0] for one in lines(_value(inputs, "restorekeys"))),
        component=ref,
        inputs=_rest(inputs, *used),
    )


def _key(text: Text) -> tuple[Text, tuple[str, ...]]:
    """A key's segments in the words of the other systems, and the files that are hashed in it: `npm | a.lock` is npm-<hash>."""
    found: list[str | Expr] = []
    files: list[str] = []
    for index, piece in enumerate(split(text, "|")):
        if index:
            found.append("-")
        if isinstance(piece, str) and _is_file(piece):
            files.append(piece)
            found.append(Call("hash_files", (Literal(piece),)))
        elif isinstance(piece, str):
            found.append(piece.strip('"'))
        else:
            found += [one.strip('"') if isinstance(one, str) else one for one in piece.parts]
    return merged(found), tuple(files)


def _is_file(piece: str) -> bool:
    """Azure takes an unquoted segment with a dot, a slash or a star for a path whose content is hashed."""
    return not piece.startswith('"') and any(mark in piece for mark in "./*\\")


def merged(pieces: list[str | Expr]) -> Text:
    """Pieces as one text, neighbouring strings joined."""
    found: list[str | Expr] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    if not found:
        return ""
    return found[0] if len(found) == 1 and isinstance(found[0], str) else Template(tuple(found))


def _publish_pipeline(ref: Component, inputs: Inputs, _node: Node, _context: Context) -> Work | None:
    path = _value(inputs, "targetpath", "path")
    used = ("targetpath", "path", "artifact", "artifactname")
    name = _value(inputs, "artifact", "artifactname")
    return Artifact("up", name, (path,) if path else (), component=ref, inputs=_rest(inputs, *used))


def _publish_build(ref: Component, inputs: Inputs, _node: Node, _context: Context) -> Work | None:
    path = _value(inputs, "pathtopublish")
    used = ("pathtopublish", "artifactname")
    name = _value(inputs, "artifactname")
    return Artifact("up", name, (path,) if path else (), component=ref, inputs=_rest(inputs, *used))


def _download(ref: Component, inputs: Inputs, _node: Node, _context: Context) -> Work | None:
    names = ("artifact", "artifactname")
    places = ("path", "targetpath", "downloadpath")
    patterns = ("itempattern", "patterns")
    used = {*names, *places, *patterns}
    found = lines(_value(inputs, *patterns))
    return Artifact(
        "down",
        _value(inputs, *names),
        found,
        into=_value(inputs, *places),
        component=ref,
        inputs=_rest(inputs, *used),
    )


def _tests(ref: Component, inputs: Inputs, _node: Node, _context: Context) -> Work | None:
    kind, files = _value(inputs, "testresultsformat", "testrunner"), _value(inputs, "testresultsfiles")
    if not isinstance(kind, str) or not isinstance(files, str):
        return None
    used = ("testresultsformat", "testrunner", "testresultsfiles")
    reports = tuple(((kind or "JUnit").lower(), one) for one in files.splitlines() if one.strip()) or (
        ((kind or "JUnit").lower(), "**/TEST-*.xml"),
    )
    return Artifact("up", reports=reports, component=ref, inputs=_rest(inputs, *used))


def _validation(_ref: Component, inputs: Inputs, _node: Node, _context: Context) -> Work | None:
    if inputs.keys() - {"notifyusers", "instructions"}:
        return None
    who = _value(inputs, "notifyusers")
    people = tuple(str(one) for one in lines(who) if isinstance(one, str))
    return Approval(_value(inputs, "instructions"), people)


def _shell(shell: str) -> Callable[[Component, Inputs, Node, Context], Work | None]:
    """A script that is written as a task."""

    def reader(_ref: Component, inputs: Inputs, node: Node, context: Context) -> Work | None:
        if not (inputs.keys() <= {"script", "targettype", "workingdirectory", "pwsh"} and "script" in inputs):
            return None
        if shell != "" and _value(inputs, "targettype") != "inline":
            return None
        pwsh = str(_value(inputs, "pwsh")).lower() == "true"
        script = next(value for name, value in _scripts(node, context) if name == "script")
        return Run(script, "pwsh" if pwsh and shell == "powershell" else shell, _value(inputs, "workingdirectory"))

    return reader


def _scripts(node: Node, context: Context) -> list[tuple[str, Text]]:
    return [(key.value.lower(), context.text(value, script=True)) for key, value in node.value]


_TASKS: dict[str, Callable[[Component, Inputs, Node, Context], Work | None]] = {
    "cache": _cache,
    "publishpipelineartifact": _publish_pipeline,
    "publishbuildartifacts": _publish_build,
    "downloadpipelineartifact": _download,
    "downloadbuildartifacts": _download,
    "publishtestresults": _tests,
    "manualvalidation": _validation,
    "cmdline": _shell(""),
    "bash": _shell("bash"),
    "powershell": _shell("powershell"),
}
