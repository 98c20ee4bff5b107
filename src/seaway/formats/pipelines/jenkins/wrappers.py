"""Blocks around steps whose meaning a step can carry itself: `dir`, `withEnv`, `withCredentials`, `timeout`, `retry`, ...

A reader gets the steps within and gives them back with what the block says, or None: then the block stays around them.
A limit over several steps is not a limit of each, so `timeout` and `retry` are carried by a single step only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from seaway.formats.groovy import nodes
from seaway.formats.pipelines.jenkins import parameters
from seaway.formats.pipelines.jenkins.calls import Word, head, listed, truth, word
from seaway.formats.pipelines.jenkins.expressions import Scope, joined, template
from seaway.model.expression import Ref, Template, Text
from seaway.model.pipeline import Artifact, Image, Native, Retry, Run, Step, Variable

# Blocks around steps that everybody knows: what is assigned in them is part of the steps, not a setting of the block.
COMMON = frozenset(
    [
        "dir",
        "ansiColor",
        "configFileProvider",
        "container",
        "lock",
        "node",
        "nodejs",
        "podTemplate",
        "sshagent",
        "stage",
        "timestamps",
        "withMaven",
        "withSonarQubeEnv",
        "wrap",
        "ws",
        "docker.image().inside",
        "docker.withRegistry",
    ]
)
LOOPS = frozenset({"each", "waitUntil"})
# Type of a credential -> its arguments that name variables, with what each of them holds.
CREDENTIALS = {
    "string": {"variable": ""},
    "usernamePassword": {"usernameVariable": "username", "passwordVariable": "password"},
    "usernameColonPassword": {"variable": "userpass"},
    "file": {"variable": "file"},
    "sshUserPrivateKey": {"keyFileVariable": "key", "usernameVariable": "user", "passphraseVariable": "passphrase"},
}
TOLERANT = "catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE')"


def names(call: Word, scope: Scope) -> set[str]:
    """Variables that the block adds."""
    found = (
        _credentials(call, scope)
        if call.name == "withCredentials"
        else _environment(call, scope)
        if call.name == "withEnv"
        else ()
    )
    return {variable.name for variable in found or ()}


def _environment(call: Word, scope: Scope) -> tuple[Variable, ...] | None:
    """`['A=b', "C=${d}"]`; None where an entry is not of this form."""
    found = []
    for item in listed(call.value("overrides")):
        text = template(item, scope)
        first = text if isinstance(text, str) else text.parts[0]
        if not isinstance(first, str) or "=" not in first:
            return None
        name, _, value = first.partition("=")
        if "+" in name:
            return None
        found.append(Variable(name, value if isinstance(text, str) else joined([value, *text.parts[1:]])))
    return tuple(found)


def secret(identity: str, part: str = "") -> Text:
    """The value of a credential, or of a part of it: `deploy:password`."""
    return Template((Ref("secret", (f"{identity}:{part}" if part else identity,)),))


def _credentials(call: Word, _scope: Scope) -> tuple[Variable, ...] | None:
    found = []
    for item in listed(call.value("bindings")):
        binding = word(item)
        parts = CREDENTIALS.get(binding.name) if binding else None
        identity = binding.text("credentialsId") if binding else None
        if binding is None or parts is None or identity is None or not binding.only("credentialsId", *parts):
            return None
        required = list(parts)[0 if binding.name == "sshUserPrivateKey" else -1]
        if required not in binding.named or (binding.name == "usernamePassword" and len(binding.named) < 3):
            return None
        for argument, part in parts.items():
            if argument in binding.named:
                name = binding.text(argument)
                if not name:
                    return None
                found.append(Variable(name, secret(identity, part), secret=True))
    return tuple(found)


def _with_variables(made: tuple[Variable, ...] | None, inner: list[Step]) -> list[Step] | None:
    if not made:
        return None
    return [dataclasses.replace(step, env=ordered((*made, *step.env))) for step in inner]


def ordered(env: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Secrets first, as the writer puts them."""
    return tuple(sorted(env, key=lambda variable: not variable.secret))


def _env(call: Word, inner: list[Step], scope: Scope) -> list[Step] | None:
    return _with_variables(_environment(call, scope), inner)


def _secrets(call: Word, inner: list[Step], scope: Scope) -> list[Step] | None:
    return _with_variables(_credentials(call, scope), inner)


def within(step: Step, folder: Text) -> Step | None:
    """The step as one that says itself that it runs in this folder; None for one that cannot."""
    work = step.work
    if any(one.key.startswith(("around.", "split.")) for one in step.natives):
        return None
    if isinstance(work, Run) and step.native in {"sh", "bat", "powershell", "pwsh"}:
        return dataclasses.replace(step, work=dataclasses.replace(work, cwd=_below(folder, work.cwd)))
    if not isinstance(work, Artifact):
        return None
    if step.native == "unstash":
        return dataclasses.replace(step, work=dataclasses.replace(work, into=_below(folder, work.into)))
    if step.native in {"stash", "archiveArtifacts", "archive"}:
        return dataclasses.replace(step, work=dataclasses.replace(work, folder=_below(folder, work.folder)))
    if step.native == "junit" and isinstance(folder, str):
        reports = tuple((kind, str(_below(folder, path))) for kind, path in work.reports)
        return dataclasses.replace(step, work=dataclasses.replace(work, reports=reports))
    return None


def _below(folder: Text, inner: Text) -> Text:
    if not inner:
        return folder
    if isinstance(inner, str) and inner.startswith("/"):
        return inner
    parts = [*(folder.parts if isinstance(folder, Template) else (folder,)), "/"]
    return joined([*parts, *(inner.parts if isinstance(inner, Template) else (inner,))])


def image(call: Word, scope: Scope) -> Image | None:
    """The image of `docker.image('x').inside('options')`."""
    function = call.node.function if isinstance(call.node, nodes.Call) else None
    made = function.target if isinstance(function, nodes.Property) else None
    if not isinstance(made, nodes.Call) or len(made.args) != 1 or len(call.args) > 1:
        return None
    args = call.text() or ""
    return Image(template(made.args[0], scope), options=args) if args or not call.args else None


def _timeout(call: Word, inner: list[Step], _scope: Scope) -> list[Step] | None:
    if (
        len(inner) != 1
        or inner[0].timeout
        or inner[0].idle_timeout
        or inner[0].retry
        or not call.only("time", "unit", "activity")
    ):
        return None
    length = parameters.duration(call, "MINUTES")
    if length is None or length.total_seconds() <= 0:
        return None
    if truth(call.named.get("activity")):
        return [dataclasses.replace(inner[0], idle_timeout=length)]
    return [dataclasses.replace(inner[0], timeout=length)]


def _retry(call: Word, inner: list[Step], _scope: Scope) -> list[Step] | None:
    value = call.value("count")
    if len(inner) != 1 or inner[0].retry or not call.only("count"):
        return None
    if not isinstance(value, nodes.Constant) or not isinstance(value.value, int) or value.value < 2:
        return None
    return [dataclasses.replace(inner[0], retry=Retry(value.value - 1))]


def _tolerant(call: Word, inner: list[Step], scope: Scope) -> list[Step] | None:
    if len(inner) != 1 or inner[0].continue_on_error is not False:
        return None
    text = head(scope.text, call)
    natives = () if text == TOLERANT else (Native("catchError", text),)
    return [dataclasses.replace(inner[0], continue_on_error=True, natives=(*inner[0].natives, *natives))]


READERS: dict[str, Callable[[Word, list[Step], Scope], list[Step] | None]] = {
    "withEnv": _env,
    "withCredentials": _secrets,
    "timeout": _timeout,
    "retry": _retry,
    "catchError": _tolerant,
    "warnError": _tolerant,
}
