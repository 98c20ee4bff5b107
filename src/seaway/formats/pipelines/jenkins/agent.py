"""`agent ...` -> where a job runs. Called by the readers of the pipeline and of its stages."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from seaway.formats.groovy import Script, nodes
from seaway.formats.pipelines.jenkins.calls import Word, word
from seaway.formats.pipelines.jenkins.expressions import Scope, template
from seaway.model.expression import Text
from seaway.model.pipeline import Image, Native, Runner

_SYSTEMS = (
    ("windows", "windows"),
    ("win", "windows"),
    ("mac", "macos"),
    ("osx", "macos"),
    ("linux", "linux"),
    ("ubuntu", "linux"),
)


_ANYWHERE = Runner()


@dataclass(frozen=True, slots=True)
class Agent:
    """`nobody`: `agent none`, no machine is held. `owner`: whose block it is: jobs of one owner share a machine."""

    runner: Runner = _ANYWHERE
    container: Image | None = None
    natives: tuple[Native, ...] = ()
    nobody: bool = False
    owner: str = ""


NOBODY = Agent(natives=(Native("agent", "none"),), nobody=True)


def agent(call: Word, script: Script, scope: Scope, owner: str = "") -> Agent:
    """The machine that an `agent` block asks for. What the model does not know stays as its text."""
    span = script.span(call.node.start, call.node.end) if call.node else None
    first = call.args[0] if call.args else None
    if isinstance(first, nodes.Name) and first.name == "none":
        return NOBODY
    if isinstance(first, nodes.Name) and first.name == "any":
        return Agent(Runner(span=span), owner=owner)
    inner = [word(statement) for statement in call.body or []]
    only = inner[0] if len(inner) == 1 else None
    if only is not None and only.name == "label":
        return Agent(runner(template(only.value(), scope), script, call), owner=owner)
    if only is not None and only.name == "node" and only.body is not None:
        return _node(only, call, script, scope, owner)
    if only is not None and only.name == "docker":
        made = _docker(only, call, script, scope, owner)
        if made is not None:
            return made
    text = script.source(call.node) if call.node else ""
    return Agent(_labelled(inner, script, scope, call), natives=(Native("agent", text, span),), owner=owner)


def runner(label: Text, script: Script, call: Word) -> Runner:
    """Labels joined by `&&` are wanted together; any other expression of labels is one."""
    span = script.span(call.node.start, call.node.end) if call.node else None
    return dataclasses.replace(labelled(label), span=span)


def labelled(label: Text) -> Runner:
    """The same without a place."""
    if not isinstance(label, str):
        return Runner((label,))
    labels = tuple(part.strip() for part in label.split("&&")) if not set(label) & set("|!(") else (label.strip(),)
    labels = tuple(part for part in labels if part)
    low = label.lower()
    system = next((name for sign, name in _SYSTEMS if sign in low), "")
    return Runner(labels, os=system)


def _labelled(inner: list[Word | None], script: Script, scope: Scope, call: Word) -> Runner:
    """The label that stands somewhere in a block of another kind (dockerfile, kubernetes)."""
    for one in inner:
        for statement in one.body or [] if one else []:
            found = word(statement)
            if found is not None and found.name == "label" and (value := found.value()) is not None:
                return runner(template(value, scope), script, call)
    return runner("", script, call)


def _node(only: Word, call: Word, script: Script, scope: Scope, owner: str) -> Agent:
    label: Text = ""
    natives = []
    for statement in only.body or []:
        inner = word(statement)
        if inner is not None and inner.name == "label":
            label = template(inner.value(), scope)
        else:
            place = script.span(statement.start, statement.end)
            natives.append(Native(f"agent.node.{inner.name if inner else ''}", script.source(statement), place))
    return Agent(runner(label, script, call), natives=tuple(natives), owner=owner)


def _docker(only: Word, call: Word, script: Script, scope: Scope, owner: str) -> Agent | None:
    span = script.span(only.node.start, only.node.end) if only.node else None
    if only.body is None:
        value = only.value("image")
        simple = only.only("image") and value is not None
        image = Image(template(value, scope), span=span)
        return Agent(runner("", script, call), image, owner=owner) if simple else None
    name, args, label = "", "", ""  # type: Text, Text, Text
    natives = []
    for statement in only.body:
        inner = word(statement)
        if inner is not None and inner.name == "image":
            name = template(inner.value(), scope)
        elif inner is not None and inner.name == "args" and isinstance(found := template(inner.value(), scope), str):
            args = found
        elif inner is not None and inner.name == "label":
            label = template(inner.value(), scope)
        else:
            place = script.span(statement.start, statement.end)
            natives.append(Native(f"agent.docker.{inner.name if inner else ''}", script.source(statement), place))
    if not name:
        return None
    image = Image(name, options=str(args), natives=tuple(natives), span=span)
    return Agent(runner(label, script, call), image, owner=owner)
