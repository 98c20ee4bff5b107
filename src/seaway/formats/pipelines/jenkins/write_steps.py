"""Steps -> Groovy. Blocks that stood around steps come back from their natives (see `steps`); `script { }` is written only
around what needs it.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

from seaway.formats.groovy import nodes
from seaway.formats.groovy import read as read_groovy
from seaway.formats.pipelines.jenkins import wrappers
from seaway.formats.pipelines.jenkins.calls import word
from seaway.formats.pipelines.jenkins.page import INDENT, Page
from seaway.formats.pipelines.jenkins.quoting import Unprintable, printed, quoted, value
from seaway.formats.pipelines.jenkins.steps import split_status
from seaway.formats.pipelines.jenkins.write_known import call
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Expr, Ref, Template, Text, Unary, both, negated
from seaway.model.pipeline import Artifact, Native, Opaque, Run, Step, Variable

_UNITS = (("DAYS", 86_400), ("HOURS", 3_600), ("MINUTES", 60), ("SECONDS", 1))
_SCRIPTED = re.compile(r"(?:stage|node|try|catch|parallel)\b")
_INNER = ("step", "catchError", "warnError")


@dataclasses.dataclass(slots=True)
class Item:
    """A step with the blocks around it that are not written yet."""

    step: Step
    blocks: tuple[Native, ...]


def write(steps: tuple[Step, ...], page: Page, losses: Losses) -> None:
    """A whole body; at least one step."""
    _Writer(page, losses).body([Item(step, tuple(one for one in step.natives if _is_block(one))) for step in steps])


def _is_block(native: Native) -> bool:
    return native.key.startswith(("around.", "split."))


class _Writer:
    def __init__(self, page: Page, losses: Losses) -> None:
        self.page = page
        self.losses = losses

    def body(self, items: list[Item], *, script: bool = False) -> None:
        """Items in order. Behind a declaration everything is in its `script { }`, where its name is known."""
        groups = _grouped(items)
        index = 0
        while index < len(groups):
            if script or not _needs_script(groups[index]):
                self._group(groups[index], script=script)
                index += 1
                continue
            end = _script_end(groups, index)
            with self.page.block("script"):
                for group in groups[index:end]:
                    self._group(group, script=True)
            index = end

    def _group(self, group: list[Item], *, script: bool) -> None:
        first = group[0]
        if first.blocks and first.blocks[0].key.startswith("split."):
            self._split(group, script=script)
        elif first.blocks:
            with self.page.block(first.blocks[0].text):
                self.body([Item(one.step, one.blocks[1:]) for one in group], script=script)
        elif first.step.condition is not None:
            self._conditional(group)
        else:
            self._step(first.step)

    # --- blocks ----------------------------------------------------------------------------------------------------

    def _split(self, group: list[Item], *, script: bool) -> None:
        parts: dict[str, list[Item]] = {}
        heads: dict[str, str] = {}
        for one in group:
            native = one.blocks[0]
            heads[native.key] = native.text
            step = one.step
            if native.text.startswith(("catch", "finally")) and step.condition is not None:
                rest = split_status(step.condition.expr)[1]
                condition = dataclasses.replace(step.condition, expr=rest) if rest is not None else None
                step = dataclasses.replace(step, condition=condition)
            parts.setdefault(native.key, []).append(Item(step, one.blocks[1:]))
        if next(iter(heads.values())).startswith("parallel "):
            self._parallel(parts, heads)
            return
        for index, (key, items) in enumerate(parts.items()):
            head = heads[key] if index == 0 else f"}} {heads[key]}"
            self.page.line(f"{head} {{")
            self.page.depth += 1
            self.body(items, script=script)
            self.page.depth -= 1
        self.page.line("}")

    def _parallel(self, parts: dict[str, list[Item]], heads: dict[str, str]) -> None:
        self.page.line("parallel(")
        self.page.depth += 1
        fails = any(head.endswith(", failFast: true") for head in heads.values())
        for index, (key, items) in enumerate(parts.items()):
            name = heads[key].removeprefix("parallel ").removesuffix(", failFast: true")
            last = index == len(parts) - 1 and not fails
            with self.page.block(f"{quoted(name)}:", end="}" if last else "},"):
                self.body(items, script=True)
        if fails:
            self.page.line("failFast: true")
        self.page.depth -= 1
        self.page.line(")")

    def _conditional(self, group: list[Item]) -> None:
        """`if`, with the steps that ask the opposite as its `else`."""
        runs: list[tuple[Expr, list[Step]]] = []
        for one in group:
            expr = one.step.condition.expr if one.step.condition else None
            if expr is None:
                continue
            step = dataclasses.replace(one.step, condition=None)
            if runs and runs[-1][0] == expr:
                runs[-1][1].append(step)
            else:
                runs.append((expr, [step]))
        index = 0
        while index < len(runs):
            expr, steps = runs[index]
            try:
                asked = printed(expr)
            except Unprintable as why:
                self._lost_condition(steps[0], str(why))
                for step in steps:
                    self._step(step)
                index += 1
                continue
            self.page.line(f"if ({asked}) {{")
            self._inside(steps)
            if index + 1 < len(runs) and runs[index + 1][0] == negated(expr) and not isinstance(expr, Unary):
                self.page.line("} else {")
                self._inside(runs[index + 1][1])
                index += 1
            self.page.line("}")
            index += 1

    def _inside(self, steps: list[Step]) -> None:
        self.page.depth += 1
        for step in steps:
            self._step(step)
        self.page.depth -= 1

    def _lost_condition(self, step: Step, why: str) -> None:
        text = step.condition.text if step.condition else why
        self.page.note(f"It ran only under a condition that Jenkins cannot ask: {text}")
        self.losses.dropped(
            "condition of a step", f"Jenkins has no word for {why}", "write the condition by hand", step.span
        )

    # --- one step --------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        if step.comment:
            self.page.note(step.comment)
        heads = _heads(step, self.losses)
        for head in heads:
            self.page.line(f"{head} {{")
            self.page.depth += 1
        whole = next((one.text for one in step.natives if one.key == "step"), "")
        mark = ("step", id(step))
        if whole or isinstance(step.work, Opaque):
            self.page.line(whole or (step.work.text if isinstance(step.work, Opaque) else ""), mark)
        else:
            for text in call(step, INDENT * self.page.depth, self.losses, mark):
                self.page.line(text, mark)
        for _ in heads:
            self.page.depth -= 1
            self.page.line("}")


def _grouped(items: list[Item]) -> list[list[Item]]:
    """Neighbours that share their outermost block, and conditional ones."""
    found: list[list[Item]] = []
    for one in items:
        key = _key(one)
        if found and key and _key(found[-1][0]) == key:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _key(one: Item) -> str:
    if one.blocks:
        key = one.blocks[0].key
        return ".".join(key.split(".")[:2]) if key.startswith("split.") else key
    return "if" if one.step.condition is not None else ""


def _needs_script(group: list[Item]) -> bool:
    first = group[0]
    if first.blocks:
        return bool(_SCRIPTED.match(first.blocks[0].text))
    if first.step.condition is not None:
        return True
    return any(isinstance(one.step.work, Opaque) and not is_step(one.step.work.text) for one in group)


def _script_end(groups: list[list[Item]], index: int) -> int:
    """Where the block that begins here ends: behind its neighbours in need, or with the body where a name is declared."""
    names: set[str] = set()
    end = index
    while end < len(groups) and (names or _needs_script(groups[end])):
        declared = _declared(groups[end])
        if declared & names:
            break
        names |= declared
        end += 1
    return end


def _declared(group: list[Item]) -> set[str]:
    found: set[str] = set()
    for one in group:
        if isinstance(one.step.work, Opaque) and not one.blocks:
            for statement in read_groovy(one.step.work.text, "").body:
                if isinstance(statement, nodes.Declare):
                    found |= {name for name, _ in statement.variables}
                elif isinstance(statement, nodes.Operation) and isinstance(statement.left, nodes.Name):
                    found.add(statement.left.name)
    return found


def is_step(text: str) -> bool:
    """It may stand in `steps { }` as it is."""
    body = read_groovy(text, "").body
    made = word(body[0]) if len(body) == 1 else None
    return made is not None and "." not in made.name and not (made.name == "parallel" and not made.named)


def _heads(step: Step, losses: Losses) -> list[str]:
    """The blocks around one step that it carries itself, outermost first."""
    found = []
    secrets, plain = _split_env(step.env)
    if secrets:
        found.append(f"withCredentials([{', '.join(secrets)}])")
    entries = []
    for variable in plain:
        try:
            entries.append(_assigned(variable))
        except Unprintable as why:
            losses.dropped(
                f"variable {variable.name}",
                f"Jenkins has no word for {why}",
                "set it by hand",
                variable.span or step.span,
            )
    if entries:
        found.append(f"withEnv([{', '.join(entries)}])")
    place = _folder(step)
    if place:
        found.append(f"dir({value(place)})")
    if step.continue_on_error:
        kept = next((one.text for one in step.natives if one.key == "catchError"), wrappers.TOLERANT)
        found.append(kept)
    if step.retry is not None:
        found.append(f"retry({step.retry.attempts + 1})")
    if step.timeout is not None:
        found.append(f"timeout({limit(step.timeout)})")
    if step.idle_timeout is not None:
        found.append(f"timeout({limit(step.idle_timeout)}, activity: true)")
    return found


def _folder(step: Step) -> Text:
    """Where the step runs, where its files are, or where they go."""
    work = step.work
    if isinstance(work, Artifact):
        return work.folder or (work.into if step.native == "unstash" else "")
    return work.cwd if isinstance(work, Run) else ""


def limit(length: timedelta) -> str:
    """`time: 5, unit: 'MINUTES'` in the largest unit that fits."""
    seconds = max(1, round(length.total_seconds()))
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"time: {seconds // size}, unit: '{unit}'"


def _assigned(variable: Variable) -> str:
    if isinstance(variable.value, str):
        return quoted(f"{variable.name}={variable.value}")
    return value(Template((f"{variable.name}=", *variable.value.parts)))


def secret_of(variable: Variable) -> str | None:
    """The id of the credential that is the whole value."""
    parts = variable.value.parts if isinstance(variable.value, Template) else ()
    only = parts[0] if len(parts) == 1 else None
    if isinstance(only, Ref) and only.context == "secret" and len(only.path) == 1 and isinstance(only.path[0], str):
        return only.path[0]
    return None


def _split_env(env: tuple[Variable, ...]) -> tuple[list[str], list[Variable]]:
    """Bindings for `withCredentials`, and the other variables."""
    plain: list[Variable] = []
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for variable in env:
        identity = secret_of(variable)
        if identity is None:
            plain.append(variable)
            continue
        base, _, part = identity.rpartition(":")
        kind = _KIND_OF.get(part, "string") if base else "string"
        key = (base if kind != "string" else identity, kind)
        argument = next((name for name, known in wrappers.CREDENTIALS[kind].items() if known == part), "variable")
        while argument in groups.get(key, {}):
            key = (key[0], key[1] + "+")
        groups.setdefault(key, {})[argument] = variable.name
    return [_binding(identity, kind.rstrip("+"), names) for (identity, kind), names in groups.items()], plain


_KIND_OF = {part: kind for kind, parts in wrappers.CREDENTIALS.items() for part in parts.values() if part}


def _binding(identity: str, kind: str, names: dict[str, str]) -> str:
    ordered = {name: names[name] for name in wrappers.CREDENTIALS[kind] if name in names}
    if kind == "usernamePassword":
        for argument, name in (("usernameVariable", "USERNAME"), ("passwordVariable", "PASSWORD")):
            ordered.setdefault(argument, name)
    words = ", ".join(f"{argument}: {quoted(name)}" for argument, name in ordered.items())
    return f"{kind}(credentialsId: {quoted(identity)}, {words})"


__all__ = ["both", "is_step", "limit", "secret_of", "write"]
