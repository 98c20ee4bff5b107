"""XML as a tree with places, by expat. Called by `xml`. Document types are refused, so no entity is followed and no file read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from seaway.formats.pipelines.teamcity.source import LARGEST, Source

MAX_DEPTH = 60
MAX_ELEMENTS = 100_000


@dataclass(slots=True)
class Element:
    """One element with its place in bytes. `comment`: what stands above it."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int = 0
    text: str = ""
    inner: list[Element] = field(default_factory=list)
    comment: str = ""

    def all(self, name: str) -> list[Element]:
        """The elements of this name within."""
        return [one for one in self.inner if one.name == name]

    def first(self, *path: str) -> Element | None:
        """The first at a path below."""
        found: Element | None = self
        for name in path:
            found = next((one for one in found.inner if one.name == name), None) if found is not None else None
        return found

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)


class _Builder:
    """Takes what expat finds."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.stack = [Element("", {}, 0)]
        self.count = 0
        self.comment = ""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.started
        self.parser.EndElementHandler = self.ended
        self.parser.CharacterDataHandler = self.found
        self.parser.CommentHandler = self.commented
        self.parser.EntityDeclHandler = lambda *_: self.refuse("entities are not followed in settings")
        self.parser.StartDoctypeDeclHandler = lambda *_: self.refuse("a document type does not belong into settings")

    def refuse(self, what: str) -> NoReturn:
        self.source.refuse(self.source.at(max(0, self.parser.CurrentByteIndex)), what)

    def started(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.stack) > MAX_DEPTH or self.count > MAX_ELEMENTS:
            deep = len(self.stack) > MAX_DEPTH
            self.refuse("the elements are nested too deep" if deep else "there are too many elements")
        made = Element(name, dict(attributes), self.parser.CurrentByteIndex, comment=self.comment)
        self.comment = ""
        self.stack[-1].inner.append(made)
        self.stack.append(made)

    def ended(self, _name: str) -> None:
        closed = self.stack.pop()
        self.comment = ""
        at, data = self.parser.CurrentByteIndex, self.source.data
        closed.end = at if data[at - 2 : at] == b"/>" else data.find(b">", at) + 1

    def found(self, text: str) -> None:
        self.stack[-1].text += text

    def commented(self, text: str) -> None:
        lines = "\n".join(line.strip() for line in text.strip().splitlines())
        self.comment = f"{self.comment}\n{lines}" if self.comment else lines


def tree(source: Source) -> Element:
    """The root element. Raises ConfigError with a place: too large, too deep, a document type, not XML."""
    if len(source.text) > LARGEST:
        source.refuse(0, f"the file is larger than {LARGEST:,} characters")
    builder = _Builder(source)
    try:
        builder.parser.Parse(source.data, True)
    except expat.ExpatError as error:
        line = source.lines[min(error.lineno, len(source.lines)) - 1]
        source.refuse(min(line + error.offset, len(source.text)), f"not XML: {expat.ErrorString(error.code)}")
    return builder.stack[0].inner[0]
