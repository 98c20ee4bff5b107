"""Components of other systems that have an action of the same meaning. Asked by `lower_steps`.

Only inputs of the same meaning are carried over; the others are named in the loss report.
"""

from __future__ import annotations

from seaway.formats.pipelines.github_actions import pins
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope
from seaway.model.pipeline import Step, Use, Variable

# Name (in small letters, without its version) -> the action, {its input: ours}, inputs that it always has.
ACTIONS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "usepythonversion": ("actions/setup-python", {"versionspec": "python-version", "architecture": "architecture"}, {}),
    "nodetool": ("actions/setup-node", {"versionspec": "node-version"}, {}),
    "usenode": ("actions/setup-node", {"version": "node-version"}, {}),
    "gotool": ("actions/setup-go", {"version": "go-version"}, {}),
    "javatoolinstaller": (
        "actions/setup-java",
        {"versionspec": "java-version", "jdkarchitectureoption": "architecture"},
        {"distribution": "temurin"},
    ),
    "circleci/node/install": ("actions/setup-node", {"node-version": "node-version"}, {}),
    "node/install": ("actions/setup-node", {"node-version": "node-version"}, {}),
    "python/install": ("actions/setup-python", {"version": "python-version"}, {}),
    "go/install": ("actions/setup-go", {"version": "go-version"}, {}),
}
_SILENT = frozenset({"jdksourceoption", "addtopath", "checklatest", "disabledownloadfromregistry"})


def action(work: Use, step: Step, scope: Scope) -> Use | None:
    """The action of the same meaning, or None."""
    known = ACTIONS.get(work.ref.name.lower())
    if known is None:
        return None
    name, names, always = known
    inputs = []
    for one in work.inputs:
        ours = names.get(one.name.lower())
        if ours:
            inputs.append(Variable(ours, scope.text(one.value, Place.STEP, step.span), span=one.span))
        elif one.name.lower() not in _SILENT:
            why = f"{name} has no input like it"
            scope.losses.dropped(f"{work.ref.name} {one.name}", why, "", one.span or step.span, mark=step.span)
    inputs += [Variable(key, value) for key, value in always.items() if key not in {one.name for one in inputs}]
    return Use(pins.pinned(name), tuple(inputs))
