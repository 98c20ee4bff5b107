"""`pipeline { }` -> model. Called by `reader` for files that hold one."""

from __future__ import annotations

from seaway.formats.groovy import Script, nodes
from seaway.formats.groovy.nodes import Stmt
from seaway.formats.pipelines.jenkins import agent as agents
from seaway.formats.pipelines.jenkins import libraries, options, parameters, sections, stages
from seaway.formats.pipelines.jenkins.agent import Agent
from seaway.formats.pipelines.jenkins.calls import Word, word
from seaway.formats.pipelines.jenkins.expressions import Known, Scope
from seaway.model.pipeline import Include, Native, Parameter, Pipeline, System, Trigger, TriggerKind


def read(call: Word, script: Script, known: Known) -> Pipeline:
    """The pipeline of one block. `known`: see `constants`."""
    node = call.node
    assert node is not None  # noqa: S101 - every word of a file has its place
    found = stages.parts(call.body or [])
    part = found.found
    inputs, odd = _parameters(part.get("parameters"), script)
    names = frozenset(one.name for one in inputs)
    scope = sections.scope_of(part.get("environment"), Scope(script.text, names, constants=known))
    triggers, odd_triggers = _triggers(part.get("triggers"), script)
    made = options.for_pipeline(part.get("options"), script, scope)
    chosen = (
        agents.agent(part["agent"], script, scope, owner="pipeline") if "agent" in part else Agent(owner="pipeline")
    )
    collected = stages.Stages(script)
    around = stages.Around(scope, chosen, checkout=not options.skips_checkout(part.get("options")))
    if "stages" in part:
        collected.read(part["stages"], around)
    post = collected.post(part.get("post"), scope, on_agent=not chosen.nobody)
    unused = (
        () if any(job.workspace == "pipeline" for job in collected.jobs) else chosen_natives(part.get("agent"), script)
    )
    kept = [Native("pipeline", script.source(one), script.span(one.start, one.end)) for one in found.rest]
    tools = sections.kept("tools", part["tools"], script) if "tools" in part else ()
    return Pipeline(
        System.JENKINS,
        script.path,
        triggers=triggers,
        parameters=inputs,
        variables=sections.variables(part.get("environment"), script, scope),
        concurrency=made.concurrency,
        timeout=made.timeout,
        stages=tuple(collected.stages),
        jobs=collected.finished(),
        includes=_libraries(part.get("libraries"), script),
        post=post,
        natives=(
            *unused,
            *made.natives,
            *odd,
            *odd_triggers,
            *tools,
            *sections.odd_variables(part.get("environment"), script),
            *kept,
        ),
        comment=script.comment(node.start),
        span=script.span(node.start, node.end),
    )


def chosen_natives(call: Word | None, script: Script) -> tuple[Native, ...]:
    """An agent that no stage uses: it is held all the same, beside those of the stages."""
    first = call.args[0] if call is not None and call.args else None
    if call is None or (isinstance(first, nodes.Name) and first.name in {"none", "any"}):
        return ()
    return sections.kept("agent", call, script)


def _parameters(call: Word | None, script: Script) -> tuple[tuple[Parameter, ...], tuple[Native, ...]]:
    import dataclasses

    found: list[Parameter] = []
    odd: list[Native] = []
    for statement in call.body or [] if call else []:
        inner = word(statement)
        made = parameters.parameter(inner) if inner is not None else None
        span = script.span(statement.start, statement.end)
        if made is None:
            odd.append(Native("parameters", script.source(statement), span))
        else:
            found.append(dataclasses.replace(made, span=span))
    return tuple(found), tuple(odd)


def _triggers(call: Word | None, script: Script) -> tuple[tuple[Trigger, ...], tuple[Native, ...]]:
    found: list[Trigger] = []
    odd: list[Native] = []
    for statement in call.body or [] if call else []:
        made = trigger(statement, script)
        if made is None:
            odd.append(Native("triggers", script.source(statement), script.span(statement.start, statement.end)))
        else:
            found += made
    return tuple(found), tuple(odd)


def trigger(statement: Stmt, script: Script) -> list[Trigger] | None:
    """`cron`, `pollSCM`, `upstream`, and the hooks of hosting systems; None for others."""
    inner = word(statement)
    span = script.span(statement.start, statement.end)
    if inner is None:
        return None
    text = inner.text("spec") or inner.text()
    if inner.name == "cron" and text is not None:
        return schedules(text, span)
    if inner.name == "pollSCM" and text is not None:
        return [Trigger(TriggerKind.PUSH, "pollSCM", cron=text, span=span)]
    if (
        inner.name == "upstream"
        and (jobs := inner.text("upstreamProjects")) is not None
        and inner.only("upstreamProjects")
    ):
        return [
            Trigger(TriggerKind.UPSTREAM, "upstream", sources=tuple(one.strip() for one in jobs.split(",")), span=span)
        ]
    if inner.name == "githubPush" and not inner.args:
        return [Trigger(TriggerKind.PUSH, "githubPush", span=span)]
    return None


def schedules(text: str, span: object) -> list[Trigger] | None:
    """One trigger per line; `TZ=...` holds for the lines behind it."""
    from seaway.model.span import Span

    found = []
    zone = ""
    for line in text.splitlines():
        plain = "" if line.lstrip().startswith("#") else line.strip()
        if plain.startswith("TZ="):
            zone = plain[3:].strip()
        elif plain:
            place = span if isinstance(span, Span) else None
            found.append(Trigger(TriggerKind.SCHEDULE, "cron", cron=plain, timezone=zone, span=place))
    return found or None


def _libraries(call: Word | None, script: Script) -> tuple[Include, ...]:
    found = []
    for statement in call.body or [] if call else []:
        inner = word(statement)
        text = inner.text() if inner is not None else None
        if text is not None:
            found.append(libraries.include(text, script.span(statement.start, statement.end)))
    return tuple(found)
