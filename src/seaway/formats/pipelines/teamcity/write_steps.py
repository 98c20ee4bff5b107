"""One step -> one word of `steps { }`. Called by `write_jobs`. A command goes back to the runner it was read from."""

from __future__ import annotations

from seaway.formats.pipelines.expand import in_words
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.teamcity import expressions, steps
from seaway.formats.pipelines.teamcity.expressions import STATUS, Names, Unprintable
from seaway.formats.pipelines.teamcity.values import OPAQUE, Item, Symbol, Value
from seaway.model.expression import Binary, Expr, Literal, Template, Text, Unknown
from seaway.model.pipeline import Opaque, Run, Step, Use

_EXECUTION = {repr(expr): word for word, expr in STATUS.items()}


def assign(word: str, value: Value) -> Item:
    """`word = value`."""
    return Item(word, [value], assigned=True)


def raw(text: str) -> Item:
    """A statement as it is."""
    return Item(OPAQUE, [text])


def comment(text: str) -> Item:
    """Lines of comment where a statement would stand."""
    return raw("\n".join(f"// {line}".rstrip() for line in text.splitlines()))


def text(value: Text, names: Names, losses: Losses, what: str, mark: str = "") -> str:
    """A text with `%name%`; an expression that TeamCity has not is told, and its words stand in its place."""
    if isinstance(value, str):
        return expressions.printed_text(value, names)
    found = []
    for part in value.parts:
        try:
            found.append(expressions.printed_text(part if isinstance(part, str) else Template((part,)), names))
        except Unprintable as why:
            if isinstance(part, Unknown):
                losses.opaque(what, f"`{part.text}` was computed: its value is not known", "write the value", mark=mark)
            else:
                losses.dropped(
                    what, f"TeamCity has no parameter for {why}", "set it by a step or a parameter", mark=mark
                )
            found.append(str(why).replace("%", "%%"))
    return "".join(found)


def write(step: Step, names: Names, losses: Losses) -> Item:
    """The step as a word with its settings. What is lost is told."""
    work = step.work
    what = f"step {step.name or step.native}".strip()
    if isinstance(work, Opaque):
        losses.opaque(what, "its meaning is not known", "write it in TeamCity's words", step.span)
        return comment(work.text)
    head = [assign(key, value) for key, value in (("name", step.name), ("id", step.id)) if value]
    head += _when(step, names, losses, what)
    natives = [raw(one.text) for one in step.natives if one.key.startswith(f"{step.native}.")]
    if isinstance(work, Run):
        item = _run(work, step.native, names, losses, what)
        if work.cwd:
            head.append(assign("workingDir", text(work.cwd, names, losses, f"{what}: folder")))
    elif isinstance(work, Use):
        item = _use(work, step.native, names, losses, what)
    else:
        losses.dropped(what, f"{work.kind} is no step in TeamCity", "", step.span)
        return comment(f"{work.kind}")
    item.items = [*head, *(item.items or []), *natives]
    item.comment = step.comment
    return item


def _when(step: Step, names: Names, losses: Losses, what: str) -> list[Item]:
    """`enabled`, `executionMode` and `conditions`."""
    if step.condition is None:
        return []
    found: list[Item] = []
    rest: list[Expr] = []
    for one in _conjuncts(step.condition.expr):
        if repr(one) in _EXECUTION and not found:
            found.append(assign("executionMode", Symbol(f"BuildStep.ExecutionMode.{_EXECUTION[repr(one)]}")))
        elif one == Literal(value=False):
            found.append(assign("enabled", value=False))
        elif one not in (Literal(value=True), SUCCESS):
            rest.append(one)
    tests: list[Item] = []
    for one in rest:
        try:
            tests += [Item(word, list(args)) for word, *args in expressions.written_conditions(one, names)]
        except Unprintable:
            shown = in_words(one)
            why = f"TeamCity's conditions compare a parameter with a text, and cannot ask: {shown[:120]}"
            losses.dropped(f"{what}: condition", why, "ask it in the script", step.condition.span or step.span)
    return [*found, *([Item("conditions", items=tests)] if tests else [])]


SUCCESS = expressions.SUCCESS


def _conjuncts(expr: Expr) -> list[Expr]:
    if isinstance(expr, Binary) and expr.op == "&&":
        return [*_conjuncts(expr.left), *_conjuncts(expr.right)]
    return [expr]


def _run(work: Run, native: str, names: Names, losses: Losses, what: str) -> Item:
    """A script, in the runner that it was read from where that gives the same script again."""
    script = text(work.script, names, losses, what)
    found = _candidate(script, work.shell, native)
    again = steps.read(found, names).work
    lossless = isinstance(again, Run) and (again.script, again.shell) == (work.script, work.shell)
    if not lossless and found.word != "script":
        if found.word == native:
            losses.approximated(what, f"it runs as a script, no longer by the runner {native}", "")
        if work.shell in {"", "sh"}:
            return Item("script", items=[assign("scriptContent", script)])
    return found


def _candidate(script: str, shell: str, native: str) -> Item:
    if shell in {"powershell", "pwsh"}:
        content = assign("scriptMode", Item("script", items=[assign("content", script)]))
        edition = [assign("edition", Symbol("PowerShellStep.Edition.Core"))] if shell == "pwsh" else []
        return Item("powerShell", items=[*edition, content])
    if shell == "python":
        return Item("python", items=[assign("command", Item("script", items=[assign("content", script)]))])
    first, _, rest = script.partition(" ")
    if native == "gradle" and first in {"gradle", "./gradlew"}:
        wrapper = [assign("useGradleWrapper", value=False)] if first == "gradle" else []
        return Item("gradle", items=[assign("tasks", rest), *wrapper])
    if native == "maven" and first == "mvn":
        return Item("maven", items=[assign("goals", rest)])
    if native == "exec":
        return Item("exec", items=[assign("path", first), *([assign("arguments", rest)] if rest else [])])
    if native == "nodeJS":
        return Item("nodeJS", items=[assign("shellScript", script)])
    if native == "python" and first == "python":
        return Item("python", items=[assign("command", _python(rest))])
    if native == "dockerCommand" and first == "docker":
        return Item("dockerCommand", items=[assign("commandType", _docker(script, rest))])
    return Item("script", items=[assign("scriptContent", script)])


def _python(rest: str) -> Item:
    kind, key, given = (
        ("module", "module", rest.removeprefix("-m ")) if rest.startswith("-m ") else ("file", "filename", rest)
    )
    name, _, args = given.partition(" ")
    return Item(kind, items=[assign(key, name), *([assign("scriptArguments", args)] if args else [])])


def _docker(script: str, rest: str) -> Item:
    lines = script.splitlines()
    pushed = [line.removeprefix("docker push ") for line in lines if line.startswith("docker push ")]
    removed = [line.removeprefix("docker rmi ") for line in lines if line.startswith("docker rmi ")]
    if pushed and (len(pushed) == len(lines) or (removed == pushed and len(lines) == 2 * len(pushed))):
        more = [assign("removeImageAfterPush", value=True)] if removed else []
        return Item("push", items=[assign("namesAndTags", "\n".join(pushed)), *more])
    word, _, args = rest.partition(" ")
    return Item("other", items=[assign("subCommand", word), *([assign("commandArgs", args)] if args else [])])


def _use(work: Use, native: str, names: Names, losses: Losses, what: str) -> Item:
    """A runner with its settings."""
    given = [(one.name, text(one.value, names, losses, f"{what}: {one.name}")) for one in work.inputs]
    if native == "step":
        return Item(
            "step", items=[assign("type", work.ref.text), *(Item("param", [key, value]) for key, value in given)]
        )
    return Item(work.ref.text, items=[assign(key, value) for key, value in given])
