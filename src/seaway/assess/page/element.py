"""HTML from nested calls, escaped by construction: a `str` is text of somebody, only `Html` is markup. Used by all of `page`.

What is made is also well-formed XML, so that a strict parser can hold it to that.
"""

from __future__ import annotations

import re
from html import escape

_VOID = frozenset({"meta", "br", "hr", "line", "circle"})
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | int | float | None


def text(value: str) -> Html:
    """Foreign text as it looks: escaped, and what is invisible or turns the direction of writing made visible."""
    return Html(escape(_CONTROL.sub(_shown, value)))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def prose(value: str) -> Html:
    """A sentence of ours or of a rule, in which `backticks` stand around what is code."""
    parts = value.split("`")
    if len(parts) % 2 == 0:
        return text(value)
    return Html("".join(text(part) if at % 2 == 0 else el("code", part) for at, part in enumerate(parts)))


def sentence(value: str) -> str:
    """With a capital and a full stop."""
    return f"{value[:1].upper()}{value[1:].rstrip('.')}."


def el(tag: str, *children: Child, **attributes: str | float | None) -> Html:
    """One element. `class_` is class, `stroke_width` stroke-width; what is None is left out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{written}/>")
    return Html(f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*children: Child) -> Html:
    """Several, one after another."""
    return Html("".join(_written(one) for one in children if one is not None))


def _written(child: str | float) -> str:
    if isinstance(child, Html):
        return child
    return text(child if isinstance(child, str) else number(child))


def number(value: float) -> str:
    """As short as it can be said."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def table(head: list[str], rows: list[list[Child]], *, right: frozenset[int] = frozenset(), class_: str = "") -> Html:
    """`right`: columns of numbers. It scrolls by itself where the page is narrow; of a class, cells carry their column's name."""

    def cell(tag: str, at: int, child: Child) -> Html:
        name = head[at] if class_ and tag == "td" and head[at] else None
        kind = "num" if at in right else None
        return el(tag, child, class_=kind, scope="col" if tag == "th" else None, data_name=name)

    top = el("thead", el("tr", *(cell("th", at, one) for at, one in enumerate(head))))
    body = el("tbody", *(el("tr", *(cell("td", at, one) for at, one in enumerate(row))) for row in rows))
    return el("div", el("table", top, body), class_=f"scroll {class_}".strip())
