"""Byte-exact edits of a user's text: lines that no edit names stay as they are. Called by fixes of `assess` and by `convert`.

An edit replaces the characters between two offsets (those of `Span`). Edits are made on the text as it was read, so all of
them are given in its offsets and applied at once, last first. Line ends, indentation and quotes of the neighbourhood are kept.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from seaway.formats.yaml.tree import Node, Tree, items, read


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` becomes `new`. start == end inserts."""

    start: int
    end: int
    new: str


class Overlap(ValueError):
    """Two edits want the same characters."""


class Unfit(ValueError):
    """The text cannot be edited in this way: the sentence says why."""


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. Raises Overlap."""
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            raise Overlap(f"two edits at offset {after.start}")
    for edit in reversed(ordered):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def replace_scalar(tree: Tree, node: Node, value: str) -> Edit:
    """Another value for a scalar on one line, in the quotes it has; what follows it on the line stays."""
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
        raise Unfit("only a scalar on one line can be replaced")
    if node.style == '"':
        new = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    elif node.style == "'":
        new = "'" + value.replace("'", "''") + "'"
    else:
        new = plain(value)
    return Edit(node.start_mark.index, tree.end(node), new)


def add_comment(tree: Tree, node: Node, words: str) -> Edit:
    """A comment behind the node on its line. Raises Unfit where one stands already or the line goes on."""
    end = tree.end(node)
    stop = tree.text.find("\n", end)
    rest = tree.text[end : stop if stop >= 0 else len(tree.text)]
    if rest.strip():
        raise Unfit("the line goes on behind the value")
    return Edit(end, end + len(rest.rstrip("\r")), f" # {words}")


def add_key(tree: Tree, parent: Node, key: str, value: str, *, first: bool = False, after: str = "") -> Edit:
    """A new `key: value` in a mapping: as its last entry, its first, or behind the key `after`.

    `value`: YAML text; where it has several lines, they are indented below the key. Raises Unfit for a key that exists.
    """
    if not isinstance(parent, yaml.MappingNode) or not parent.value:
        raise Unfit("keys can only be added to a mapping that has some")
    if any(name == key for name, _, _ in items(parent, merge=False)):
        raise Unfit(f"`{key}` is there already")
    if parent.flow_style:
        start = parent.value[0][0].start_mark.index
        return Edit(start, start, f"{key}: {value}, ")
    column = parent.value[0][0].start_mark.column
    newline = line_end(tree.text)
    step = " " * column
    lines = value.split("\n")
    body = (
        f"{key}: {lines[0]}" if len(lines) == 1 else newline.join([f"{key}:", *(f"{step}  {line}" for line in lines)])
    )
    if first:
        start = parent.value[0][0].start_mark.index
        return Edit(start, start, f"{body}{newline}{step}")
    anchor = next((pair for pair in parent.value if getattr(pair[0], "value", None) == after), parent.value[-1])
    end = _behind(tree, anchor)
    return Edit(end, end, f"{newline}{step}{body}")


def insert_item(tree: Tree, parent: Node, index: int, item: str) -> Edit:
    """A new item in a block list before the one at `index`. `item`: YAML text, its further lines are indented under the dash."""
    if not isinstance(parent, yaml.SequenceNode) or parent.flow_style or not parent.value:
        raise Unfit("items can only be added to a list of lines that has some")
    newline = line_end(tree.text)
    at = parent.value[min(index, len(parent.value) - 1)]
    line_start = tree.text.rfind("\n", 0, at.start_mark.index) + 1
    dash = tree.text[line_start : at.start_mark.index]
    if dash.strip() != "-":
        raise Unfit("the item does not begin a line of its own")
    step = dash[: dash.index("-")]
    body = f"{newline}{step}  ".join(item.split("\n"))
    if index < len(parent.value):
        return Edit(line_start, line_start, f"{step}- {body}{newline}")
    end = _behind(tree, (at, at))
    return Edit(end, end, f"{newline}{step}- {body}")


def _behind(tree: Tree, pair: tuple[Node, Node]) -> int:
    """Where the line ends on which the pair ends: a comment there belongs to it."""
    key, value = pair
    end = tree.end(value) if value.start_mark.index >= key.start_mark.index else key.end_mark.index
    stop = tree.text.find("\n", end)
    stop = len(tree.text) if stop < 0 else stop
    return stop - 1 if tree.text[stop - 1 : stop] == "\r" else stop


def line_end(text: str) -> str:
    """The line end that the text uses first."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def plain(value: str) -> str:
    """The value as YAML on one line: without quotes where that is read back as the same text."""
    try:
        node = read(f"k: {value}\n", "").documents[0]
        found = node.value[0][1] if isinstance(node, yaml.MappingNode) and len(node.value) == 1 else None
    except Exception:  # noqa: BLE001 - whatever does not read back gets quotes
        found = None
    if isinstance(found, yaml.ScalarNode) and not found.style and found.value == value and found.tag.endswith(":str"):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def diff(before: str, after: str, path: str) -> str:
    """A unified diff that `patch -p1` and `git apply` take."""
    if before == after:
        return ""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
