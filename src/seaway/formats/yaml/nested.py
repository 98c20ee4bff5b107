"""A file inside a file: the text of a literal block scalar (`|`) as a text of its own, with the way back to its places.

Configuration maps hold whole configurations like this. Called by `assess.monitoring`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from seaway.formats.yaml.tree import Node, Tree, is_scalar
from seaway.model.span import Span


@dataclass(frozen=True, slots=True)
class Nested:
    """`text`: what stands in the scalar. `outside`: a place in it -> the same place in the file around it."""

    text: str
    outside: Callable[[Span], Span]


def nested(tree: Tree, node: Node) -> Nested | None:
    """The text of a literal block scalar, None for any other node: folded and quoted texts have other lines than their file."""
    if not is_scalar(node) or node.style != "|":
        return None
    starts = _starts(tree.text, node)
    inner = [0, *accumulate(len(line) + 1 for line in node.value.split("\n"))]
    if len(starts) < len(inner) - 2:
        return None

    def offset(at: int) -> int:
        line = min(bisect_right(inner, at) - 1, len(starts) - 1)
        return min(starts[line] + at - inner[line], len(tree.text))

    return Nested(str(node.value), lambda span: tree.place(offset(span.start), offset(span.end)))


def _starts(text: str, node: Node) -> list[int]:
    """Where each line of the scalar begins in the file, behind its indentation."""
    first = text.find("\n", node.start_mark.index) + 1
    if first == 0:
        return []
    lines = text[first : node.end_mark.index].split("\n")
    filled = next((line for line in lines if line.strip()), "")
    indent = len(filled) - len(filled.lstrip(" "))
    written = text[node.start_mark.index + 1 : node.start_mark.index + 3].strip("+-\r\n ")
    if written[:1].isdigit():
        wanted = node.value.lstrip("\n")
        indent -= len(wanted) - len(wanted.lstrip(" "))
    found, at = [], first
    for line in lines:
        found.append(at + min(indent, len(line)))
        at += len(line) + 1
    return found
