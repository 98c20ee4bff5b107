"""Small values of Tekton's documents. Called by `reader` and `steps`."""

from __future__ import annotations

import re
from datetime import timedelta

from seaway.formats.pipelines.tekton.expressions import template
from seaway.formats.yaml.kept import kept
from seaway.formats.yaml.tree import Node, Tree, get, is_null, is_scalar, sequence, string
from seaway.model.expression import Ref, Template, Text
from seaway.model.pipeline import Parameter, Variable

_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?\Z")
Rest = dict[str, tuple[Node, Node]]


def cut(rest: Rest, name: str) -> Node | None:
    """Takes a value out of what is still to be read."""
    found = rest.pop(name, None)
    return found[1] if found else None


def duration(text: str) -> timedelta | None:
    """Go's `1h0m30s`; None for anything else."""
    match = _DURATION.match(text)
    if not text or match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def written(value: timedelta) -> str:
    """A duration as Go prints it."""
    seconds = int(value.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    found = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "") + (f"{seconds}s" if seconds else "")
    return found or "0s"


def timeout(rest: Rest) -> timedelta | None:
    """Takes `timeout` out where it is one."""
    if "timeout" not in rest:
        return None
    found = duration(string(rest["timeout"][1]))
    if found is not None:
        del rest["timeout"]
    return found


def parameters(tree: Tree, node: Node | None) -> tuple[Parameter, ...]:
    """Declared `params`. Lists and objects as defaults are kept as JSON."""
    found = []
    for one in sequence(node):
        default = get(one, "default")
        found.append(
            Parameter(
                string(get(one, "name")), string(get(one, "type"), "string"),
                None if default is None or is_null(default) else string(default) if is_scalar(default) else kept(default),
                string(get(one, "description")), required=default is None, span=tree.span(one),
            )
        )  # fmt: skip
    return tuple(found)


def variables(tree: Tree, node: Node | None) -> tuple[Variable, ...]:
    """Entries of name and value: `params` that are given, `env`. A value from a secret is one, called NAME/KEY."""
    found = []
    for one in sequence(node):
        name, value, source = string(get(one, "name")), get(one, "value"), get(one, "valueFrom")
        if source is not None:
            secret = get(source, "secretKeyRef")
            where = secret if secret is not None else source
            named = f"{string(get(where, 'name'))}/{string(get(where, 'key'))}"
            text: Text = Template((Ref("secret", (named,)),)) if secret is not None else kept(source)
            found.append(Variable(name, text, secret=secret is not None, span=tree.span(one)))
        elif value is not None:
            raw = string(value) if is_scalar(value) else kept(value)
            found.append(Variable(name, template(raw), span=tree.span(one)))
    return tuple(found)
