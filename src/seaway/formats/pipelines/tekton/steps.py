"""A task's `spec` -> steps, sidecars, results. Called by `reader`. Each step has its own image; `stepTemplate` lies below all."""

from __future__ import annotations

from dataclasses import dataclass

from seaway.formats.pipelines.shell import quoted
from seaway.formats.pipelines.tekton.expressions import template
from seaway.formats.pipelines.tekton.values import Rest, cut, timeout, variables
from seaway.formats.yaml.kept import fields, kept, natives
from seaway.formats.yaml.tree import Node, Tree, get, is_scalar, sequence, string, strings
from seaway.model.expression import Text
from seaway.model.pipeline import Component, Image, Native, Opaque, Pin, Run, Step, Use, Variable


@dataclass(frozen=True, slots=True)
class Work:
    """What a task does."""

    steps: tuple[Step, ...] = ()
    services: tuple[Image, ...] = ()
    outputs: tuple[Variable, ...] = ()
    natives: tuple[Native, ...] = ()


NOTHING = Work()


def read(tree: Tree, spec: Node | None) -> Work:
    """Steps in order; what a task says beside them (volumes, workspaces, its parameters) is kept."""
    rest = fields(spec)
    made = tuple(_step(tree, one) for one in sequence(cut(rest, "steps")))
    sidecars = tuple(_sidecar(tree, one) for one in sequence(cut(rest, "sidecars")))
    outputs = tuple(
        Variable(string(get(one, "name")), "", description=string(get(one, "description")), span=tree.span(one))
        for one in sequence(cut(rest, "results"))
    )
    return Work(made, sidecars, outputs, natives(tree, "taskSpec.", rest))


def _step(tree: Tree, node: Node) -> Step:
    rest = fields(node)
    name = string(cut(rest, "name"))
    env = variables(tree, cut(rest, "env"))
    image = cut(rest, "image")
    ref = rest["ref"][1] if "ref" in rest else None
    tolerant = "onError" in rest and string(rest["onError"][1]) == "continue" and bool(rest.pop("onError"))
    limit = timeout(rest)
    work: Run | Use | Opaque
    native = ""
    if ref is not None:
        work = Use(_action(tree, ref), variables(tree, cut(rest, "params")))
    elif "script" in rest:
        work = _script(string(cut(rest, "script")), _folder(rest))
    elif "command" in rest or "args" in rest:
        words = (*strings(cut(rest, "command")), *strings(cut(rest, "args")))
        native = "command"
        work = Run(_command(words), cwd=_folder(rest))
    else:
        work = Opaque(kept(node))
    return Step(
        work, name, env=env, timeout=limit, continue_on_error=tolerant, native=native,
        container=Image(template(string(image)), span=tree.span(image)) if image is not None else None,
        natives=natives(tree, "", rest), comment=tree.comment(node), span=tree.span(node),
    )  # fmt: skip


def _folder(rest: Rest) -> Text:
    return template(string(cut(rest, "workingDir")))


def _script(text: str, cwd: Text) -> Run:
    """The first line says which program reads it; without one it is a POSIX shell."""
    first, _, body = text.partition("\n")
    if not first.startswith("#!"):
        return Run(template(text), cwd=cwd)
    program = first[2:].strip()
    return Run(template(body), shell=program, cwd=cwd)


def _command(words: tuple[str, ...]) -> Text:
    return template(" ".join(word if "$(" in word else quoted(word) for word in words))


def _action(tree: Tree, ref: Node) -> Component:
    name = string(ref) if is_scalar(ref) else string(get(ref, "name"))
    return Component(
        name or string(get(ref, "resolver")), name or string(get(ref, "resolver")), "", Pin.NONE, tree.span(ref)
    )


def _sidecar(tree: Tree, node: Node) -> Image:
    rest = fields(node)
    name, image = string(cut(rest, "name")), cut(rest, "image")
    ports = tuple(string(get(one, "containerPort")) for one in sequence(cut(rest, "ports")))
    env = variables(tree, cut(rest, "env"))
    command = strings(cut(rest, "command")) or None
    return Image(
        template(string(image)), name, command=command, env=env, ports=ports, natives=natives(tree, "", rest),
        span=tree.span(node),
    )  # fmt: skip
