"""A Jenkinsfile -> model: `pipeline { }` with what stands around it, or a scripted pipeline."""

from __future__ import annotations

import dataclasses

from seaway.errors import ConfigError
from seaway.formats.groovy import Script, nodes
from seaway.formats.groovy import read as read_groovy
from seaway.formats.pipelines.jenkins import constants, declarative, libraries, scripted
from seaway.formats.pipelines.jenkins.calls import Word, word
from seaway.formats.pipelines.sources import Sources
from seaway.model.pipeline import Include, Native, Pipeline, Unresolved, steps


def read(text: str | bytes, path: str, sources: Sources | None = None) -> Pipeline:
    """The pipeline of a file. Raises ConfigError where the text is no Groovy that could be one."""
    script = read_groovy(text, path)
    block = next((call for statement in script.body if (call := _block(statement)) is not None), None)
    known = constants.of(script)
    if block is not None:
        found = _around(declarative.read(block, script, known), block, script)
    else:
        found = scripted.read(script, known)
    found = constants.settled(found, script, known)
    if script.problems and all(step.work.kind in {"opaque", "checkout"} for _, step in steps(found)):
        raise _refusal(script)
    if not found.jobs and not script.body:
        raise script.problem(0, "there is no pipeline in this file")
    return _resolved(found, script, sources)


def _refusal(script: Script) -> ConfigError:
    offset, what = script.problems[0]
    return script.problem(offset, what)


def _block(statement: nodes.Stmt) -> Word | None:
    call = word(statement)
    return call if call is not None and call.name == "pipeline" and call.body is not None else None


def _around(found: Pipeline, block: Word, script: Script) -> Pipeline:
    """With the libraries, variables and methods before and behind the block."""
    includes: list[Include] = []
    natives: list[Native] = []
    where = "before"
    for statement in script.body:
        if block.node is not None and statement.start == block.node.start:
            where = "behind"
            continue
        loaded = libraries.read(statement, script)
        includes += loaded
        if not loaded:
            span = script.span(statement.start, statement.end)
            natives.append(Native(f"groovy.{where}", script.source(statement), span))
    merged = (*includes, *found.includes)
    return dataclasses.replace(found, includes=merged, natives=(*natives, *found.natives), index={})


def _resolved(found: Pipeline, script: Script, sources: Sources | None) -> Pipeline:
    """A file that only calls a step of the repository's own `vars/` is that step; libraries stay references."""
    unresolved = [
        Unresolved(one.text, "a shared library: its steps are known to Jenkins only", one.span)
        for one in found.includes
    ]
    call = word(script.body[0]) if len(script.body) == 1 else None
    if sources is not None and call is not None and call.name.isidentifier() and len(found.jobs) == 1:
        text = sources.local(f"vars/{call.name}.groovy")
        inner = _global(text, f"vars/{call.name}.groovy") if text is not None else None
        if inner is not None:
            return dataclasses.replace(inner, path=found.path, index={})
    return dataclasses.replace(found, unresolved=tuple(unresolved), index={})


def _global(text: str, path: str) -> Pipeline | None:
    """The pipeline within `def call(...) { pipeline { } }`."""
    script = read_groovy(text, path)
    for method in script.body:
        if isinstance(method, nodes.Method) and method.name == "call":
            for statement in method.body:
                block = _block(statement)
                if block is not None:
                    return declarative.read(block, script, constants.of(script))
    return None
