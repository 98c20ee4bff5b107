"""Terraform and OpenTofu files: blocks with their values as they are written. The one module that imports HCL's grammar.

Nothing is evaluated: what a variable decides is not known, and rules must not guess it. Asked by `app.estate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from seaway.formats.pipelines.teamcity.source import LARGEST, Source, mistake
from seaway.model.span import Span

MAX_DEPTH = 40  # of blocks in blocks

Node = Any


@dataclass(frozen=True, slots=True)
class Value:
    """An attribute's expression as it is written, and where; `key`: the place of its name."""

    text: str
    span: Span
    key: Span

    @property
    def literal(self) -> str | None:
        """The value of a text, number or truth value that needs no evaluation; None for anything else."""
        text = self.text
        if len(text) >= 2 and text[0] == text[-1] == '"':
            inner = text[1:-1]
            return None if "${" in inner or "%{" in inner or '"' in inner else inner
        return text if text in {"true", "false"} or text.replace(".", "", 1).isdigit() else None


@dataclass(frozen=True, slots=True)
class Block:
    """`resource "aws_db_instance" "main" {...}`: kind, labels, values, inner blocks.

    `head`: the place of kind and labels; `body`: of what stands between the braces. `top`: it stands in no other block.
    """

    path: str
    kind: str
    labels: tuple[str, ...]
    values: Mapping[str, Value]
    blocks: tuple[Block, ...]
    head: Span
    body: Span
    top: bool

    @property
    def name(self) -> str:
        """`aws_db_instance.main`, as others refer to it."""
        return ".".join(self.labels) or self.kind

    def literal(self, name: str) -> str | None:
        """The value of an attribute where it is written out, "" where there is none, None where it must be evaluated."""
        return self.values[name].literal if name in self.values else ""

    def inner(self, kind: str) -> list[Block]:
        """Its blocks of a kind, dynamic ones among them."""
        return [one for one in self.blocks if one.kind == kind or (one.kind == "dynamic" and one.labels == (kind,))]


@cache
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def parse(text: str, path: str) -> list[Block]:
    """The blocks of a file's top level. Raises ConfigError with the place of the first mistake."""
    source = Source(text, path)
    if len(text) > LARGEST:
        source.refuse(0, f"the file is larger than {LARGEST:,} characters")
    nul = text.find("\0")
    if nul >= 0:
        source.refuse(nul, "a NUL character")
    root = _parser().parse(source.data).root_node
    wrong = mistake(root)
    if wrong is not None:
        source.refuse(source.at(wrong.start_byte), "this is not Terraform's language from here on")
    return [block for body in root.named_children if body.type == "body" for block in _blocks(source, body, 0)]


def _blocks(source: Source, body: Node, depth: int) -> Iterator[Block]:
    for node in body.named_children:
        if node.type == "block":
            if depth > MAX_DEPTH:
                source.refuse(source.at(node.start_byte), f"blocks nest deeper than {MAX_DEPTH} levels")
            yield _block(source, node, depth)


def _block(source: Source, node: Node, depth: int) -> Block:
    first, *rest = node.named_children
    words = [one for one in rest if one.type in {"identifier", "string_lit"}]
    inside = next((one for one in rest if one.type == "body"), None)
    begin = next(one for one in rest if one.type == "block_start")
    end = next((one for one in rest if one.type == "block_end"), node)
    return Block(
        source.path,
        source.of(first),
        tuple(source.of(one).strip('"') for one in words),
        dict(_values(source, inside)) if inside is not None else {},
        tuple(_blocks(source, inside, depth + 1)) if inside is not None else (),
        source.span(node.start_byte, words[-1].end_byte if words else first.end_byte),
        source.span(begin.end_byte, end.start_byte),
        depth == 0,
    )


def _values(source: Source, body: Node) -> Iterator[tuple[str, Value]]:
    for node in body.named_children:
        if node.type == "attribute":
            key, value = node.named_children[0], node.named_children[-1]
            place = source.span(value.start_byte, value.end_byte)
            yield source.of(key), Value(source.of(value).strip(), place, source.span(key.start_byte, key.end_byte))
