"""CircleCI's conditions: `and`, `or`, `not`, `equal`, `matches`, and filters of branches and tags. Called by the readers.

All are decided when a pipeline is made, from its values and parameters. What the parameters decide is decided here.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from seaway.formats.pipelines.circleci.values import Context, fields_of
from seaway.formats.yaml.tree import is_mapping, is_null, is_scalar, is_sequence, is_true, sequence
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Template, Text, Unary, Unknown, either

Node: TypeAlias = Any

BRANCH = Ref("git", ("branch",))
TAG = Ref("git", ("tag",))
IS_TAG = Binary("!=", TAG, Literal(""))
NO_TAG = Binary("==", TAG, Literal(""))
_PATTERN = re.compile(r"/(.*)/", re.DOTALL)


def condition(node: Node | None, context: Context) -> bool | Expr:
    """True, False, or what is only known when a pipeline is made."""
    node, context = context.followed(node)
    if not is_mapping(node):
        return _value(node, context)
    found = [_operator(name, value, context) for name, value in fields_of(node).items()]
    return _all(found)


def _value(node: Node | None, context: Context) -> bool | Expr:
    if is_null(node):
        return False
    if (plain := is_true(node)) is not None:
        return plain
    text = context.text(node)
    if isinstance(text, str):
        return text.lower() not in {"", "false", "0", "null"}
    return text.parts[0] if len(text.parts) == 1 and not isinstance(text.parts[0], str) else Unknown(str(text))


def _operator(name: str, node: Node, context: Context) -> bool | Expr:
    if name in ("and", "or"):
        inner = [condition(one, context) for one in sequence(node)]
        return _all(inner) if name == "and" else _any(inner)
    if name == "not":
        return _not(condition(node, context))
    if name == "equal" and is_sequence(node):
        return _equal([_operand(one, context) for one in node.value])
    if name == "matches" and is_mapping(node):
        fields = fields_of(node)
        text, pattern = context.text(fields.get("value")), context.plain(fields.get("pattern"))
        if isinstance(text, str):
            return _matched(pattern, text)
        return Call("matches", (_expr(text), Literal(pattern)))
    return Unknown(f"{name}: {context.raw(node) if not is_scalar(node) else str(node.value)}")


def _matched(pattern: str, text: str) -> bool | Expr:
    """Only patterns of plain words are decided here: a hostile one could take for ever."""
    plain = pattern.removeprefix("^").removesuffix("$").removesuffix(".*")
    if not re.fullmatch(r"[\w/-]*", plain):
        return Call("matches", (Literal(text), Literal(pattern)))
    if pattern.startswith("^"):
        return text == plain if pattern.endswith(f"{plain}$") else text.startswith(plain)
    return text.endswith(plain) if pattern.endswith(f"{plain}$") else plain in text


def _operand(node: Node, context: Context) -> Text | bool:
    plain = is_true(node)
    return plain if plain is not None else context.text(node)


def _expr(text: Text | bool) -> Expr:
    if isinstance(text, (str, bool)):
        return Literal(text)
    if len(text.parts) == 1 and not isinstance(text.parts[0], str):
        return text.parts[0]
    pattern = ""
    values: list[Expr] = []
    for part in text.parts:
        pattern += part if isinstance(part, str) else f"{{{len(values)}}}"
        if not isinstance(part, str):
            values.append(part)
    return Call("format", (Literal(pattern), *values))


def _equal(values: list[Text | bool]) -> bool | Expr:
    known = [one for one in values if not isinstance(one, Template)]
    rest = [_expr(one) for one in values if isinstance(one, Template)]
    words = {str(one).lower() if isinstance(one, bool) else one for one in known}
    if len(words) > 1:
        return False
    if not rest:
        return True
    if known:
        return _all([Binary("==", one, Literal(known[0])) for one in rest])
    return _all([Binary("==", rest[0], one) for one in rest[1:]])


def _all(values: list[bool | Expr]) -> bool | Expr:
    if any(one is False for one in values):
        return False
    rest = [one for one in values if not isinstance(one, bool)]
    if not rest:
        return True
    whole = rest[0]
    for one in rest[1:]:
        whole = Binary("&&", whole, one)
    return whole


def _any(values: list[bool | Expr]) -> bool | Expr:
    if any(one is True for one in values):
        return True
    rest = [one for one in values if not isinstance(one, bool)]
    if not rest:
        return False
    whole = rest[0]
    for one in rest[1:]:
        whole = either(whole, one)
    return whole


def _not(value: bool | Expr) -> bool | Expr:
    return not value if isinstance(value, bool) else Unary("!", value)


def filtered(node: Node | None, context: Context) -> Expr | None:
    """`filters`: a job without any is for all branches and for no tag; one of tags adds tags to the branches."""
    fields = fields_of(node) if node is not None else {}
    if not ("branches" in fields or "tags" in fields):
        return None
    branches = _filter(fields.get("branches"), BRANCH, context)
    tags = _filter(fields.get("tags"), TAG, context)
    if tags is None:
        return branches
    if branches is None:
        return either(NO_TAG, tags)
    return tags if branches == Literal(False) else either(branches, tags)


def _filter(node: Node | None, ref: Ref, context: Context) -> Expr | None:
    """`only` and `ignore`, or a list, which means `only`."""
    if node is None:
        return None
    if not is_mapping(node):
        return _one_of(context.strings(node), ref)
    fields = fields_of(node)
    only, ignore = (context.strings(fields.get(name)) for name in ("only", "ignore"))
    if ignore == ("/.*/",):
        return Literal(False)
    found = _one_of(only, ref) if only else None
    if ignore and (no := _one_of(ignore, ref)) is not None:
        without: Expr = Unary("!", no)
        return without if found is None else Binary("&&", found, without)
    return found


def _one_of(names: tuple[str, ...], ref: Ref) -> Expr | None:
    found: Expr | None = None
    for name in names:
        pattern = _PATTERN.fullmatch(name)
        if pattern is None:
            one: Expr = Binary("==", ref, Literal(name))
        elif pattern[1] == ".*":
            one = Binary("!=", ref, Literal(""))
        else:
            one = Call("matches", (ref, Literal(_anchored(pattern[1]))))
        found = one if found is None else either(found, one)
    return found


def _anchored(pattern: str) -> str:
    """A filter's pattern must fit the whole name."""
    return f"^{pattern.removeprefix('^').removesuffix('$')}$"
