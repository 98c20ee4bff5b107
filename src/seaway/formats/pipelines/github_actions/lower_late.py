"""Variables whose values only a script can make, such as `app:<first characters of the commit>`. Called by `lower`, `lower_jobs`."""

from __future__ import annotations

from seaway.formats.pipelines import shell
from seaway.formats.pipelines.github_actions.lower_scripts import SHORT_SHA, read_names
from seaway.formats.pipelines.github_actions.lower_steps import variable_name
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope
from seaway.model.expression import Expr, Ref, Template, refs
from seaway.model.pipeline import Run, Step, Variable


def late(variables: tuple[Variable, ...]) -> frozenset[str]:
    """Those with the short form of the commit in them, or with one of these."""
    found: set[str] = set()
    for _ in variables:
        more = {one.name for one in variables if any(_is_late(ref, found) for ref in refs(one.value))}
        if more <= found:
            break
        found |= more
    return frozenset(found)


def _is_late(ref: Ref, names: set[str]) -> bool:
    return ref == SHORT_SHA or (ref.context == "env" and ref.path[0] in names)


def setting(names: frozenset[str], steps: tuple[Step, ...], scope: Scope) -> tuple[Step, ...]:
    """A step that sets such variables for those behind it, where one of them is read."""
    read = set(read_names(steps)) | {str(ref.path[0]) for step in steps for ref in refs(step) if ref.context == "env"}
    wanted = _closed(read, names, scope)
    env: dict[str, Variable] = {}
    found = []
    for name in scope.known:
        if name not in names or name not in wanted:
            continue
        word = shell.double_quoted(scope.known[name], lambda expr: _reached(expr, scope, env))
        if word is not None:
            found.append(f'{name}={word}\necho "{name}=${name}" >> "$GITHUB_ENV"\n')
    if not found:
        return ()
    return (Step(Run("".join(found)), name="Set variables", env=tuple(env.values())),)


def _closed(read: set[str], names: frozenset[str], scope: Scope) -> set[str]:
    """What is read, and what its values read in turn."""
    found = set(read)
    for _ in names:
        found |= {str(ref.path[0]) for name in found & names for ref in refs(scope.known[name]) if ref.context == "env"}
    return found


def _reached(expr: Expr, scope: Scope, env: dict[str, Variable]) -> str | None:
    """How a script reaches a value: the short form of the commit by its own means, others by a variable."""
    if expr == SHORT_SHA:
        return '$(printf %.8s "$GITHUB_SHA")'
    if isinstance(expr, Ref) and expr.context == "env":
        return f"${{{expr.path[0]}}}"
    name = variable_name(expr)
    env[name] = Variable(name, scope.text(Template((expr,)), Place.STEP))
    return f"${{{name}}}"
