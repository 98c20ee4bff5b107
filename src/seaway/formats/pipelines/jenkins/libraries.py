"""Shared libraries: `@Library('name@version') _`, `library 'name'`, `libraries { lib('name') }`."""

from __future__ import annotations

import re

from seaway.formats.groovy import Script, nodes
from seaway.formats.pipelines.jenkins.calls import listed, word
from seaway.model.pipeline import Component, Include, Pin
from seaway.model.span import Span

_SHA = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v?\d+(\.\d+)*([-.+].*)?")


def include(text: str, span: Span) -> Include:
    """`name@version`."""
    name, _, version = text.partition("@")
    pin = Pin.NONE
    if version:
        pin = Pin.DIGEST if _SHA.fullmatch(version) else Pin.TAG if _VERSION.fullmatch(version) else Pin.BRANCH
    return Include(text, ref=Component(text, name, version, pin, span), span=span)


def read(statement: nodes.Stmt, script: Script) -> tuple[Include, ...]:
    """The libraries that a statement loads; none for every other statement."""
    span = script.span(statement.start, statement.end)
    if isinstance(statement, nodes.Annotated):
        found: list[Include] = []
        for call in statement.calls:
            if isinstance(call.function, nodes.Name) and call.function.name == "Library" and call.args:
                items = [item for item in listed(call.args[0]) if isinstance(item, nodes.Constant)]
                found += [include(str(item.value), span) for item in items]
        return tuple(found)
    inner = word(statement)
    if inner is not None and inner.name == "library" and (text := inner.text("identifier")) is not None:
        return (include(text, span),) if inner.only("identifier") else ()
    return ()
