"""Steps whose meaning is known: word -> Step. Called by `steps`. What a step says beyond its meaning keeps its whole text in
a `Native` with the key `step`, which the writer prints instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from seaway.formats.groovy import constant, nodes
from seaway.formats.pipelines.jenkins import parameters, write_known
from seaway.formats.pipelines.jenkins.calls import Word, listed, truth
from seaway.formats.pipelines.jenkins.expressions import Scope, joined, template
from seaway.formats.pipelines.jenkins.scripts import SHELLS, cleaned, shell_of
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Expr, Template, Text
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Checkout,
    Component,
    Native,
    Pin,
    Run,
    Step,
    Use,
    Variable,
)

_Reader = Callable[[Word, Scope], Step | None]


def read(call: Word, scope: Scope, *, on_agent: bool) -> Step | None:
    """The step, or None for one that is not known, or not in this form."""
    if call.name in SHELLS:
        return _shell(call, scope)
    if call.name == "input":
        return approval(call, scope, held=on_agent)
    reader = _READERS.get(call.name)
    return reader(call, scope) if reader is not None else None


def _more(step: Step, call: Word, scope: Scope, *known: str) -> Step:
    """With the arguments that the model does not hold, each as a Native."""
    if call.args:
        return _whole(step, call, scope)
    found = tuple(
        Native(f"{step.native}.{name}", f"{name}: {scope.text[value.start : value.end]}")
        for name, value in call.named.items()
        if name not in known
    )
    return dataclasses.replace(step, natives=found)


def _whole(step: Step, call: Word, scope: Scope) -> Step:
    """With its text, because it says more than the model holds."""
    text = scope.text[call.node.start : call.node.end] if call.node else ""
    if write_known.call(step, "", Losses(), None) == [text]:
        return step  # it says just what the writer makes of the model
    return dataclasses.replace(step, natives=(Native("step", text),))


def _shell(call: Word, scope: Scope) -> Step | None:
    value = call.value("script")
    if value is None or not call.only("script", "label", "encoding", "returnStatus", "returnStdout"):
        return None
    script = cleaned(template(value, scope))
    shell, script = shell_of(script) if call.name == "sh" else (SHELLS[call.name], script)
    label = call.text("label", 9) or ""
    step = Step(Run(script, shell), name=label, native=call.name)
    plain = call.only("script", "label") and ("label" not in call.named or label)
    if plain:
        return step
    odd = "label" in call.named and not label
    return _whole(step, call, scope) if odd else _more(step, call, scope, "script", "label")


def _said(word: str, command: str, behind: str = "") -> _Reader:
    """Steps that say something: as the command of a shell that says it."""

    def reader(call: Word, scope: Scope) -> Step | None:
        value = call.value("message")
        if value is None or not call.only("message") or len(call.args) > 1:
            return None
        return Step(Run(spoken(command, template(value, scope), behind)), native=word)

    return reader


def spoken(command: str, text: Text, behind: str = "") -> Text:
    """`echo "text"`, for a shell."""
    pieces = text.parts if isinstance(text, Template) else (text,)
    inner: list[str | Expr] = [_escaped(part) if isinstance(part, str) else part for part in pieces]
    return joined([f'{command} "', *inner, f'"{behind}'])


def _escaped(text: str) -> str:
    return "".join("\\" + char if char in '\\"$`' else char for char in text)


def _sleep(call: Word, scope: Scope) -> Step | None:
    seconds = parameters.duration(call)
    if seconds is None:
        return None
    step = Step(Run(f"sleep {int(seconds.total_seconds())}"), native="sleep")
    return step if not call.named else _whole(step, call, scope)


def _checkout(call: Word, scope: Scope) -> Step | None:
    first = call.args[0] if len(call.args) == 1 else call.named.get("scm") if call.only("scm") else None
    if isinstance(first, nodes.Name) and first.name == "scm":
        return Step(Checkout(), native="checkout")
    named = call.named
    if isinstance(first, nodes.Call) and isinstance(first.function, nodes.Name):
        named = {str(entry.key.value): entry.value for entry in first.named if isinstance(entry.key, nodes.Constant)}
    if not named:
        return None
    url = _inner(named.get("userRemoteConfigs"), "url")
    branch = _inner(named.get("branches"), "name")
    depth, submodules, lfs, folder = _extensions(named.get("extensions"))
    work = Checkout(depth, _bare(template(branch, scope)), template(url, scope), folder, submodules=submodules, lfs=lfs)
    return _whole(Step(work, native="checkout"), call, scope)


def _bare(text: Text) -> Text:
    return text.removeprefix("*/") if isinstance(text, str) else text


def _inner(value: nodes.Expr | None, key: str) -> nodes.Expr | None:
    """`[[key: value]]`."""
    for item in listed(value):
        for entry in item.entries if isinstance(item, nodes.Pairs) else []:
            if constant(entry.key) == key:
                return entry.value
    return None


def _extensions(value: nodes.Expr | None) -> tuple[int | None, str, bool, str]:
    depth, submodules, lfs, folder = None, "", False, ""  # type: int | None, str, bool, str
    for item in listed(value):
        entries = item.entries if isinstance(item, nodes.Pairs) else item.named if isinstance(item, nodes.Call) else []
        known = {str(constant(entry.key)): entry.value for entry in entries}
        name = constant(known.get("$class")) or (
            item.function.name if isinstance(item, nodes.Call) and isinstance(item.function, nodes.Name) else ""
        )
        given = known.get("depth")
        if (
            name in {"CloneOption", "cloneOption"}
            and isinstance(given, nodes.Constant)
            and isinstance(given.value, int)
        ):
            depth = given.value
        if name in {"SubmoduleOption", "submodule"}:
            submodules = "recursive" if truth(known.get("recursiveSubmodules")) else "true"
        lfs = lfs or name in {"GitLFSPull", "lfs"}
        folder = folder if name != "RelativeTargetDirectory" else constant(known.get("relativeTargetDir")) or ""
    return depth, submodules, lfs, folder


def _git(call: Word, scope: Scope) -> Step | None:
    url = call.value("url")
    if url is None:
        return None
    step = Step(Checkout(ref=template(call.named.get("branch"), scope), repository=template(url, scope)), native="git")
    return step if call.only("url", "branch") else _more(step, call, scope, "url", "branch")


def _patterns(value: nodes.Expr | None, scope: Scope) -> tuple[Text, ...]:
    """`'a, b'` as two patterns."""
    text = template(value, scope)
    if isinstance(text, str):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return (text,) if text else ()


def _archive(call: Word, scope: Scope) -> Step | None:
    value = call.value("artifacts")
    if value is None:
        return None
    work = Artifact("up", paths=_patterns(value, scope), exclude=_patterns(call.named.get("excludes"), scope))
    step = Step(work, native="archiveArtifacts")
    return _more(step, call, scope, "artifacts", "excludes") if call.named else step


def _junit(call: Word, scope: Scope) -> Step | None:
    text = call.text("testResults")
    if text is None:
        return None
    reports = tuple(("junit", part.strip()) for part in text.split(",") if part.strip())
    step = Step(Artifact("up", reports=reports, when="always"), native="junit")
    return step if call.only("testResults") else _more(step, call, scope, "testResults")


def _stash(call: Word, scope: Scope) -> Step | None:
    name = call.value("name")
    if name is None:
        return None
    paths = _patterns(call.named.get("includes"), scope)
    work = Artifact("up", template(name, scope), paths, _patterns(call.named.get("excludes"), scope), layer=True)
    step = Step(work, native="stash")
    return _more(step, call, scope, "name", "includes", "excludes") if call.named else step


def _unstash(call: Word, scope: Scope) -> Step | None:
    name = call.value("name")
    return None if name is None else Step(Artifact("down", template(name, scope), layer=True), native="unstash")


def _build(call: Word, scope: Scope) -> Step | None:
    value = call.value("job")
    if value is None:
        return None
    name = template(value, scope)
    inputs = []
    for item in listed(call.named.get("parameters")):
        known = {str(constant(entry.key)): entry.value for entry in item.named} if isinstance(item, nodes.Call) else {}
        if "name" in known and "value" in known:
            inputs.append(Variable(str(template(known["name"], scope)), template(known["value"], scope)))
    plain = name if isinstance(name, str) else ""
    ref = Component(f"build job: {plain}" if plain else scope.text[value.start : value.end], plain, pin=Pin.NONE)
    return _whole(Step(Use(ref, tuple(inputs)), native="build"), call, scope)


def approval(call: Word, scope: Scope, *, held: bool) -> Step | None:
    """`input`, as a step and as a part of a stage."""
    value = call.value("message")
    if value is None:
        return None
    work = Approval(
        template(value, scope), who(call), parameters.read_list(call.named.get("parameters")), holds_runner=held
    )
    step = Step(work, native="input")
    given = len(listed(call.named.get("parameters")))
    if ("submitter" in call.named and not work.who) or given != len(work.inputs):
        return _whole(dataclasses.replace(step, work=dataclasses.replace(work, inputs=())), call, scope)
    return _more(step, call, scope, "message", "submitter", "parameters") if call.named else step


def who(call: Word) -> tuple[str, ...]:
    """`submitter: 'a,b'`."""
    return tuple(part.strip() for part in (call.text("submitter", 9) or "").split(",") if part.strip())


_READERS: dict[str, _Reader] = {
    "echo": _said("echo", "echo"),
    "println": _said("println", "echo"),
    "error": _said("error", "echo", " >&2\nexit 1"),
    "sleep": _sleep,
    "checkout": _checkout,
    "git": _git,
    "archiveArtifacts": _archive,
    "archive": _archive,
    "junit": _junit,
    "stash": _stash,
    "unstash": _unstash,
    "build": _build,
}
