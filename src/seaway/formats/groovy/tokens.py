"""Groovy text -> tokens, in one pass and without recursion. Called by `parser`.

Strings with values in them become several tokens: `gstart`, `gtext`, `gref` (`$a.b`), `${` ... `}`, `gend`. Each bracket knows
its partner, so that a reader can step over what it does not understand. Line ends count only where Groovy counts them: not
within ( ) and [ ].
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_TOKENS = 100_000

_WORDS = """
as assert boolean break byte case catch char class continue def default double else enum extends false final finally float for if
implements import in instanceof int interface long native new null package private protected public return short static super
switch synchronized this throw throws trait transient true try void volatile while abstract
"""
KEYWORDS = frozenset(_WORDS.split())
PRIMITIVE = frozenset({"boolean", "byte", "char", "double", "float", "int", "long", "short", "void"})
_VALUES = frozenset({"id", "num", "str", "gend", ")", "]", "}", "++", "--", "true", "false", "null", "this", "super"})
_VALUES |= KEYWORDS - {"return", "case", "in", "assert", "else", "throw", "instanceof", "as", "new"}

# Spaces, then one token; at the end of the text there may be spaces alone.
_TOKEN = re.compile(
    r"""
    (?:[ \t\f\ufeff]++|\\\r?\n)*+
    (?:
      (?P<id>[A-Za-z_\u00c0-\U0010ffff][\w$]*+|\$(?!/)[\w$]*+)
    | (?P<nl>\r\n?|\n)
    | (?P<note>//[^\r\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)
    | (?P<num>0[xX][0-9a-fA-F_]++[gGlLiI]?|\d[\d_]*+(?:\.\d[\d_]*+)?(?:[eE][+-]?\d++)?[gGlLiIfFdD]?)
    | (?P<str>'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+'''
        | \"""[^"\\$]*+(?:(?:\\.|"(?!""))[^"\\$]*+)*+\"""
        | '(?!'')[^'\\\r\n]*+(?:\\.[^'\\\r\n]*+)*+'
        | "(?!"")[^"\\$\r\n]*+(?:\\.[^"\\$\r\n]*+)*+")
    | (?P<quote>\"""|"|'''|')
    | (?P<slash>\$?/=?)
    | (?P<op>>>>=|<<=|>>=|\*\*=|>>>|==~|===|!==|<=>|\.\.\.|\.\.<|\?\.|\*\.|\.&|\.@|->|\?:|\+\+|--|&&|\|\||==|!=|<=|>=|<<|>>|=~
        |\+=|-=|\*=|%=|&=|\|=|\^=|\*\*|\.\.|[-+*%<>=!~&|^?:;,.@])
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    )?+
    """,
    re.VERBOSE | re.DOTALL,
)
# The text of a string with values up to what ends it or begins a value.
_CHUNK = {
    '"': re.compile(r'[^"\\$\r\n]*+(?:\\.[^"\\$\r\n]*+)*+', re.DOTALL),
    '"""': re.compile(r'[^"\\$]*+(?:(?:\\.|"(?!""))[^"\\$]*+)*+', re.DOTALL),
    "/": re.compile(r"[^/\\$]*+(?:\\.[^/\\$]*+)*+", re.DOTALL),
    "$/": re.compile(r"[^/$]*+(?:(?:\$[$/]|/(?!\$))[^/$]*+)*+", re.DOTALL),
}
_END = {'"': '"', '"""': '"""', "/": "/", "$/": "/$"}
_REFERENCE = re.compile(r"\$[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+")
_SLASHY = re.compile(r"/[^/\\$]*+(?:(?:\\.|\$(?![A-Za-z_{]))[^/\\$]*+)*+", re.DOTALL)
_PARTNER = {")": "(", "]": "[", "}": "{"}


@dataclass(slots=True)
class Tokens:
    """Parallel lists. `kinds`: id, num, str, gstart, ..., bad, nl, eof, or the operator, bracket or keyword itself.

    `partner`: for an opening bracket the number of its closing token. `notes`: comments as (start, end). `problems`:
    (offset, what) where brackets or strings do not fit.
    """

    kinds: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    partner: dict[int, int] = field(default_factory=dict)
    notes: list[tuple[int, int]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def add(self, kind: str, value: str, start: int, end: int) -> int:
        """The number of the new token."""
        self.kinds.append(kind)
        self.values.append(value)
        self.starts.append(start)
        self.ends.append(end)
        return len(self.kinds) - 1


class TooLong(Exception):
    """More tokens than one file may have; the argument is the offset."""


class Lexer:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = Tokens()
        self.at = 0
        self.open: list[tuple[str, int]] = []  # brackets and strings around this place, each with its token
        self.no_slash = len(text) + 1  # from here on no slash closes a string

    def run(self) -> Tokens:
        """All tokens; the last is `eof`."""
        text, length, tokens = self.text, len(self.text), self.tokens
        if text.startswith("#!"):
            self.at = text.find("\n") if "\n" in text else length
        match, around, kinds = _TOKEN.match, self.open, tokens.kinds
        while self.at < length:
            if around and around[-1][0] in _CHUNK:
                self._inside_string()
                continue
            found = match(text, self.at)
            group = found.lastindex if found is not None else None
            if found is not None and group is not None:
                self.at = found.end()
                self._take(found, group)
            elif found is not None and found.end() > self.at:
                self.at = found.end()
            else:
                tokens.add("bad", text[self.at], self.at, self.at + 1)
                self.at += 1
            if len(kinds) > MAX_TOKENS:
                raise TooLong(self.at)
        for kind, token in around:
            tokens.problems.append((tokens.starts[token], f"this {kind} is never closed"))
            tokens.partner[token] = len(kinds)
        tokens.add("eof", "", length, length)
        return tokens

    def _take(self, found: re.Match[str], group: int) -> None:
        """One token; those that are just added come first, as they are most."""
        start, end = found.span(group)
        tokens, word = self.tokens, found[group]
        if group == _ID:
            kind = word if word in KEYWORDS else "id"
        elif group == _OP:
            kind = word
        elif group == _NL:
            if not tokens.kinds or tokens.kinds[-1] == "nl" or (self.open and self.open[-1][0] in "(["):
                return
            kind, word = "nl", ""
        elif group in _PLAIN:
            kind = _PLAIN[group]
        elif group == _OPEN:
            self.open.append((word, len(tokens.kinds)))
            kind = word
        else:
            _RARE[group](self, word, start, end)
            return
        tokens.kinds.append(kind)
        tokens.values.append(word)
        tokens.starts.append(start)
        tokens.ends.append(end)

    def _note(self, _word: str, start: int, end: int) -> None:
        self.tokens.notes.append((start, end))

    def _close(self, word: str, start: int, end: int) -> None:
        wanted = _PARTNER[word]
        for back in range(1, min(8, len(self.open)) + 1):
            kind, token = self.open[-back]
            if kind == wanted or (kind == "${" and word == "}"):
                here = len(self.tokens.kinds)
                for _ in range(back):
                    other, inner = self.open.pop()
                    self.tokens.partner[inner] = here
                    if inner != token:
                        self.tokens.problems.append((self.tokens.starts[inner], f"this {other} is never closed"))
                self.tokens.add(word, word, start, end)
                return
            if kind in _CHUNK or kind == "${":
                break
        self.tokens.problems.append((start, f"this {word} closes nothing"))
        self.tokens.add("bad", word, start, end)

    def _quote(self, word: str, start: int, end: int) -> None:
        if word in _CHUNK:
            self.open.append((word, self.tokens.add("gstart", word, start, end)))
            return
        stop = len(self.text) if word == "'''" else _line_end(self.text, end)
        self.tokens.problems.append((start, f"this {word} is never closed"))
        self.tokens.add("bad", self.text[start:stop], start, stop)
        self.at = stop

    def _slash(self, word: str, start: int, _end: int) -> None:
        """A division, or a string in slashes: after a value it is the former."""
        tokens = self.tokens
        last = tokens.kinds[-1] if tokens.kinds else "nl"
        if last not in _VALUES and start < self.no_slash:
            if word.startswith("$"):
                if self.text.find("/$", start + 2) >= 0:
                    self.at = start + 2
                    self.open.append(("$/", tokens.add("gstart", "$/", start, self.at)))
                    return
                self.no_slash = start
            else:
                found = _SLASHY.match(self.text, start)
                stop = found.end() if found else start
                if self.text.startswith("/", stop):
                    tokens.add("str", self.text[start : stop + 1], start, stop + 1)
                    self.at = stop + 1
                    return
                if self.text.startswith("$", stop):
                    self.at = start + 1
                    self.open.append(("/", tokens.add("gstart", "/", start, self.at)))
                    return
                self.no_slash = start
        if word.startswith("$"):
            tokens.add("id", "$", start, start + 1)
            self.at = start + 1
            return
        tokens.add(word, word, start, self.at)

    def _inside_string(self) -> None:
        quote, opener = self.open[-1]
        text, tokens, start = self.text, self.tokens, self.at
        found = _CHUNK[quote].match(text, start)
        end = found.end() if found else start
        if end > start:
            tokens.add("gtext", text[start:end], start, end)
        self.at = end
        if end >= len(text):
            return
        if text.startswith(_END[quote], end) or text[end] in "\r\n":
            if text[end] in "\r\n":
                tokens.problems.append((tokens.starts[opener], f"this {quote} is never closed"))
            else:
                self.at = end + len(_END[quote])
            self.open.pop()
            tokens.partner[opener] = tokens.add("gend", quote, end, self.at)
        elif text.startswith("${", end):
            self.at = end + 2
            self.open.append(("${", tokens.add("${", "${", end, self.at)))
        elif (reference := _REFERENCE.match(text, end)) is not None:
            self.at = reference.end()
            tokens.add("gref", reference.group()[1:], end, self.at)
        else:
            self.at = end + 1
            tokens.add("gtext", text[end], end, self.at)


_GROUPS = _TOKEN.groupindex
_ID, _NL, _OP, _OPEN = _GROUPS["id"], _GROUPS["nl"], _GROUPS["op"], _GROUPS["open"]
_PLAIN = {_GROUPS["str"]: "str", _GROUPS["num"]: "num"}
_RARE = {
    _GROUPS["close"]: Lexer._close,  # noqa: SLF001 - its own
    _GROUPS["note"]: Lexer._note,  # noqa: SLF001
    _GROUPS["quote"]: Lexer._quote,  # noqa: SLF001
    _GROUPS["slash"]: Lexer._slash,  # noqa: SLF001
}


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


_ESCAPE = re.compile(r"\\(?:u+([0-9a-fA-F]{4})|([0-7]{1,3})|\r?\n|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def unescaped(text: str, quote: str) -> str:
    """The characters that the inside of a quoted text stands for."""
    if quote == "$/":
        return re.sub(r"\$([$/])", r"\1", text)
    if "\\" not in text:
        return text
    if quote == "/":
        return text.replace("\\/", "/")
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code, octal, simple = found.groups()
    if code:
        return chr(int(code, 16))
    if octal:
        return chr(int(octal, 8) % 0x110000)
    return _SIMPLE.get(simple, simple) if simple else ""
