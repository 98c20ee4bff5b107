"""XML elements to be written, and their text. Called by `write_xml` and `write_xml_parts`.

A value of several lines stands as CDATA, as TeamCity itself writes it; others stand in an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

INDENT = "  "
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_SPECIAL = re.compile('[&<>"\t\n\r]')
_IN_TEXT = re.compile("[&<>\r]")


@dataclass(slots=True)
class Node:
    """One element. `text`: what stands within it; `comment`: above it. `name` "": a comment alone; "<": an element as it is, in `text`."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    inner: list[Node] = field(default_factory=list)
    text: str = ""
    comment: str = ""


def param(name: str, value: str, **more: str) -> Node:
    """`<param name="..." value="..."/>`, or with the value as CDATA where it has several lines."""
    if "\n" in value and "\r" not in value:
        return Node("param", {"name": name, **more}, text=value)
    return Node("param", {"name": name, "value": value, **more})


def without_forbidden(node: Node) -> bool:
    """Takes out what XML cannot hold. Whether there was any."""
    texts = [node.text, node.comment, *node.attributes.values()]
    found = any(_FORBIDDEN.search(text) for text in texts)
    if found:
        node.text, node.comment = _FORBIDDEN.sub("", node.text), _FORBIDDEN.sub("", node.comment)
        node.attributes = {key: _FORBIDDEN.sub("", value) for key, value in node.attributes.items()}
    return sum(without_forbidden(one) for one in node.inner) > 0 or found


def document(root: Node) -> str:
    """A whole file."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(_lines(root, "")) + "\n"


def _lines(node: Node, indent: str) -> Iterator[str]:
    if node.comment:
        yield from _comment(node.comment, indent)
    if not node.name:
        return
    if node.name == "<":
        yield f"{indent}{node.text}"
        return
    attributes = "".join(f' {name}="{escaped(value)}"' for name, value in node.attributes.items())
    if node.inner:
        yield f"{indent}<{node.name}{attributes}>"
        for one in node.inner:
            yield from _lines(one, indent + INDENT)
        yield f"{indent}</{node.name}>"
    elif node.text:
        yield f"{indent}<{node.name}{attributes}>{_within(node.text)}</{node.name}>"
    else:
        yield f"{indent}<{node.name}{attributes} />"


def _comment(text: str, indent: str) -> Iterator[str]:
    shown = re.sub("-(?=-|$)", "- ", text)
    lines = shown.split("\n")
    if len(lines) == 1:
        yield f"{indent}<!-- {shown} -->"
        return
    yield f"{indent}<!--"
    yield from (f"{indent}{INDENT}{line}".rstrip() for line in lines)
    yield f"{indent}-->"


def escaped(text: str) -> str:
    """A text within an attribute."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)


def _within(text: str) -> str:
    if "\n" in text:
        return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
    return _IN_TEXT.sub(lambda found: _ESCAPES[found[0]], text)
