"""A Jenkinsfile -> model: `pipeline { }` with what stands around it, or a scripted pipeline."""

from __future__ import annotations

import dataclasses

from seaway.errors import ConfigError
from seaway.formats.groovy import Script, nodes
from seaway.formats.groovy import read as read_groovy
from seaway.formats.pipelines.jenkins import constants, declarative, libraries, scripted
from seaway.formats.pipelines.jenkins.calls import Word, word
from seaway.formats.pipelines.jenkins.own_steps import Own
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
    """A file that only calls a step of the repository's own `vars/`, or of those of a library that was given, is that step."""
    unresolved = [
        Unresolved(one.text, "a shared library: its steps are known to Jenkins only", one.span)
        for one in found.includes
    ]
    body = [statement for statement in script.body if not libraries.read(statement, script)]
    call = word(body[0]) if len(body) == 1 else None
    if sources is not None and call is not None and call.name.isidentifier() and len(found.jobs) == 1:
        inner = _given(call, found, sources)
        if inner is not None:
            return dataclasses.replace(inner, path=found.path, includes=(*found.includes, *inner.includes), index={})
    found = dataclasses.replace(found, unresolved=tuple(unresolved), index={})
    if sources is None:
        return found
    own = Own(sources, tuple(_named(one) for one in found.includes))
    made = own.put_in(found)
    there = {one.text for one in found.includes if _named(one) in own.given}
    missing = tuple(one for one in made.unresolved if one.text not in there)
    return dataclasses.replace(made, unresolved=missing, index={})


def _named(one: Include) -> str:
    return one.ref.name if one.ref is not None else one.text


def _given(call: Word, found: Pipeline, sources: Sources) -> Pipeline | None:
    """What the step is: in this repository, or in a library whose folder was named."""
    place = f"vars/{call.name}.groovy"
    text = sources.local(place)
    made = _global(text, place, call) if text is not None else None
    for one in found.includes:
        if made is None and (text := sources.foreign(_named(one), place)) is not None:
            made = _global(text, f"{_named(one)}:{place}", call)
    return made


def _global(text: str, path: str, call: Word) -> Pipeline | None:
    """The pipeline within `def call(...) { pipeline { } }`, with the arguments that the file gives it."""
    script = read_groovy(text, path)
    for method in script.body:
        if isinstance(method, nodes.Method) and method.name == "call":
            known = constants.of(script)
            known.values |= constants.arguments(call, method)
            for statement in method.body:
                block = _block(statement)
                if block is not None:
                    return declarative.read(block, script, known)
    return None
