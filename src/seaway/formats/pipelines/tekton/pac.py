"""Pipelines as Code: the values that it puts into a run's text, and the annotations by which it starts one. Called by the reader
and the writer of this package.

`{{ revision }}` is replaced before the run is created, anywhere in the file. In a pipeline that it does not start it would stay text.
"""

from __future__ import annotations

import re
from typing import Final

from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Unary
from seaway.model.pipeline import Globs, Trigger, TriggerKind

PREFIX: Final = "pipelinesascode.tekton.dev/"
EVENTS: Final = {TriggerKind.PUSH: "push", TriggerKind.TAG: "push", TriggerKind.PULL_REQUEST: "pull_request", TriggerKind.COMMENT: "comment"}  # fmt: skip
_KINDS: Final = {"push": TriggerKind.PUSH, "pull_request": TriggerKind.PULL_REQUEST, "comment": TriggerKind.COMMENT}
VALUES: Final[dict[str, Ref]] = {
    "revision": Ref("git", ("sha",)),
    "source_branch": Ref("git", ("branch",)),
    "git_tag": Ref("git", ("tag",)),
    "repo_url": Ref("git", ("url",)),
    "event_type": Ref("event", ("kind",)),
    "target_branch": Ref("event", ("target_branch",)),
    "pull_request_number": Ref("event", ("number",)),
    "sender": Ref("event", ("actor",)),
    "repo_owner": Ref("native", ("pac", "repo_owner")),
    "repo_name": Ref("native", ("pac", "repo_name")),
}
PLACE: Final = r"\{\{\s*(" + "|".join(VALUES) + r")\s*\}\}"
REPOSITORY: Final = Ref("git", ("repository",))
_PRINTED: Final[dict[Expr, str]] = {
    **{ref: f"{{{{ {name} }}}}" for name, ref in VALUES.items()},
    Ref("event", ("source_branch",)): "{{ source_branch }}",
    REPOSITORY: "{{ repo_owner }}/{{ repo_name }}",
}
_WORDS = re.compile(r"[^\[\],\s\"']+")
_EVENT = re.compile(r"""event(?:_type)?\s*==\s*["'](\w+)["']""")
_CLAUSE = re.compile(
    r"""\(?\s*event(?:_type)?\s*==\s*["'](\w+)["']\s*(?:&&\s*target_branch\s*(?:==\s*["']([^"'*]+)["']|in\s*\[([^\]]*)\])\s*)?\)?"""
)
_TAGS = "refs/tags/"


def printed(expr: Expr) -> str | None:
    """`{{ name }}`, where Pipelines as Code has the value."""
    return _PRINTED.get(expr) if isinstance(expr, Ref) else None


def parts_of(pieces: list[str | Expr]) -> list[str | Expr]:
    """The pieces of a text in which `{{ repo_owner }}/{{ repo_name }}` is the repository."""
    owner, name = VALUES["repo_owner"], VALUES["repo_name"]
    found: list[str | Expr] = []
    for one in pieces:
        if one == name and found[-2:] == [owner, "/"]:
            found[-2:] = [REPOSITORY]
        else:
            found.append(one)
    return found


def triggers(notes: dict[str, str]) -> list[Trigger]:
    """The triggers that annotations (without their prefix) say; of an expression at least its events."""
    if cel := notes.get("on-cel-expression", ""):
        return _of_expression(cel)
    branches = Globs(tuple(_WORDS.findall(notes.get("on-target-branch", ""))))
    paths = Globs(tuple(_WORDS.findall(notes.get("on-path-change", ""))))
    found = []
    for word in _WORDS.findall(notes.get("on-event", "")):
        kind = _KINDS.get(word, TriggerKind.OTHER)
        if kind is TriggerKind.PUSH:
            found += _pushes(word, branches, paths)
        else:
            found.append(Trigger(kind, word, branches=branches, paths=paths))
    return found


def _pushes(word: str, branches: Globs, paths: Globs) -> list[Trigger]:
    """Tags are branches that begin with `refs/tags/`."""
    tags = tuple(one.removeprefix(_TAGS) for one in branches.include if one.startswith(_TAGS))
    plain = tuple(one for one in branches.include if not one.startswith(_TAGS))
    found = [Trigger(TriggerKind.PUSH, word, branches=Globs(plain), paths=paths)] if plain or not tags else []
    return [*found, Trigger(TriggerKind.TAG, word, tags=Globs(tags))] if tags else found


def _of_expression(cel: str) -> list[Trigger]:
    found: dict[str, list[str] | None] = {}
    for clause in cel.split("||"):
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            return [Trigger(_KINDS.get(word, TriggerKind.OTHER), word) for word in dict.fromkeys(_EVENT.findall(cel))]
        names = [match[2]] if match[2] else _WORDS.findall(match[3] or "")
        known = found.get(match[1], [])
        found[match[1]] = None if not names or known is None else [*known, *names]
    return [
        Trigger(_KINDS.get(word, TriggerKind.OTHER), word, branches=Globs(tuple(names or ())))
        for word, names in found.items()
    ]


def is_whole(notes: dict[str, str]) -> bool:
    """The triggers say all that the annotations say."""
    cel = notes.get("on-cel-expression", "")
    known = {"on-event", "on-target-branch", "on-path-change", "on-cel-expression"}
    return notes.keys() <= known and all(_CLAUSE.fullmatch(one.strip()) for one in cel.split("||") if cel)


def as_annotations(starts: list[Trigger], losses: Losses) -> dict[str, str]:
    """How these triggers are said: in lists where one list of branches fits them all, else as an expression."""
    names = {one: _names(one) for one in starts}
    pushes = [name for one in starts if EVENTS[one.kind] == "push" for name in names[one]]
    others = [one for one in starts if EVENTS[one.kind] != "push"]
    alike = not pushes or all(sorted(names[one]) == sorted(pushes) for one in others)
    paths = {one.paths for one in starts}
    plain = (
        alike
        and len(paths) == 1
        and not any(one.branches.exclude or one.paths.exclude or one.tags.exclude for one in starts)
    )
    if not plain and not any(one.kind is TriggerKind.COMMENT for one in starts):
        return {f"{PREFIX}on-cel-expression": " || ".join(_clause(one, losses) for one in starts)}
    events = list(dict.fromkeys(EVENTS[one.kind] for one in starts))
    listed = list(dict.fromkeys(name for one in starts for name in names[one]))
    found = {f"{PREFIX}on-event": f"[{', '.join(events)}]", f"{PREFIX}on-target-branch": f"[{', '.join(listed)}]"}
    if changed := [path for globs in paths for path in globs.include]:
        found[f"{PREFIX}on-path-change"] = f"[{', '.join(changed)}]"
    return found


def _names(one: Trigger) -> list[str]:
    if one.kind is TriggerKind.TAG:
        return [f"{_TAGS}{name}" for name in one.tags.include or ("*",)]
    return list(one.branches.include or ("*",))


def _clause(one: Trigger, losses: Losses) -> str:
    """`event == "push" && ...` for one trigger."""
    globs = one.tags if one.kind is TriggerKind.TAG else one.branches
    start = _TAGS if one.kind is TriggerKind.TAG else ""
    asked = [f'event == "{EVENTS[one.kind]}"']
    wanted = [f"{start}{name}" for name in globs.include]
    if wanted and not any(set(name) & set("*?[") for name in wanted):
        listed = ", ".join(f'"{name}"' for name in wanted)
        asked.append(f'target_branch == "{wanted[0]}"' if len(wanted) == 1 else f"target_branch in [{listed}]")
    elif wanted or start:
        asked.append(_any([_matches(name) for name in wanted or [f"{start}**"]]))
    if globs.exclude:
        asked.append(f"!({_any([_matches(f'{start}{name}') for name in globs.exclude])})")
    if one.paths.include:
        asked.append(_any([f'"{path}".pathChanged()' for path in one.paths.include]))
    if one.paths.exclude:
        why = "an expression asks whether a path changed, not whether others did"
        losses.dropped("paths that start nothing", why, "list the paths that count", one.span)
    return " && ".join(asked)


def _any(found: list[str]) -> str:
    return found[0] if len(found) == 1 else f"({' || '.join(found)})"


def _matches(name: str) -> str:
    if not set(name) & set("*?["):
        return f'target_branch == "{name}"'
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    pattern = "".join(words.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?)", name))
    return f'target_branch.matches("^{pattern}$")'.replace("\\", "\\\\")


_CALLS: Final = {"starts_with": "startsWith", "ends_with": "endsWith", "contains": "contains", "matches": "matches"}


def cel(expr: Expr, value: object) -> str | None:
    """A condition in the language of `when: - cel:`, or None. `value`: prints a reference, such as `{{ source_branch }}`."""
    if isinstance(expr, Literal):
        plain = expr.value
        return str(plain).lower() if isinstance(plain, bool) else _text("" if plain is None else str(plain))
    if isinstance(expr, Ref):
        said = value(expr) if callable(value) else None
        return None if said is None else f"'{said}'"
    if isinstance(expr, Unary) and expr.op == "!":
        inner = cel(expr.operand, value)
        return None if inner is None else f"!({inner})"
    if isinstance(expr, Binary) and expr.op in {"==", "!=", "&&", "||"}:
        left, right = cel(expr.left, value), cel(expr.right, value)
        if left is None or right is None:
            return None
        return f"({left} {expr.op} {right})" if expr.op == "||" else f"{left} {expr.op} {right}"
    if isinstance(expr, Call) and expr.name in _CALLS and len(expr.args) == 2:
        left, right = (cel(one, value) for one in expr.args)
        return None if left is None or right is None else f"{left}.{_CALLS[expr.name]}({right})"
    return None


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
