"""GOV-85: instructions tell people to change production by hand. Run by `assess.examine`.

Only sections about shipping are read, and only lines that tell what to do: one that says never to do it is none.
"""

from __future__ import annotations

import re

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.runbook import Told
from seaway.model.finding import Impact, Severity

_SHELLS = frozenset({"ssh", "scp", "rsync"})
_HOST = re.compile(r"[\w.-]{1,64}@[\w.${<-]|(?:prod|live|server|host)(?![a-z])")
_WORDS, _NEXT, _LONGEST = 60, 6, 200  # words of a line and behind a command that are looked at, characters of one
_ORDER = (  # the beginning of an order, in a list or in a sentence
    r"(?:^(?:[-*+]|\d+[.)])?\s*(?:\[[ x]\]\s*)?|[.:;,]\s+)(?:(?:then|first|next|now|please|finally),?\s+|(?:you|we)\s+(?:need|have)\s+to\s+)?"
)
_LOG_IN = re.compile(
    _ORDER + r"(?:ssh|log ?(?:in|on))\s*(?:in)?\s*(?:to|into|onto|on)\s+(?:the |our |a |each |every )?(?:[\w-]+ ){0,2}"
    r"(?:servers?|hosts?|machines?|box(?:es)?|vms?|vps|droplets?|instances?|production)\b",
    re.IGNORECASE,
)
_LOG_IN_THERE = re.compile(
    _ORDER
    + r"(?:ssh|log ?(?:in|on))\s*(?:in)?\s*(?:to|into|onto|on)\s+`?(?:[a-z0-9-]{1,63}\.){2,6}[a-z]{2,18}`?,?\s+(?:and|then|to)\s+(?:then\s+)?"
    r"(?:re)?(?:start|stop|kill|run|pull|edit|copy|unpack|replace|update|install|deploy|execute)\b",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"(?:ssh|scp|rsync)\s(?:[^\s@]{1,200}\s+){0,5}[\w.-]{1,64}@[\w.${<-]"
)  # a line that is one, without any sign of it
_CLICK = re.compile(
    _ORDER
    + r"(?:click|press|hit)\s+(?:on\s+)?(?:the\s+)?[\"'`*_“]{0,2}(?:deploy|promote|restart|redeploy|roll ?back|swap)\b",
    re.IGNORECASE,
)
_QUICK = ("ssh", "scp", "rsync", "log", "click", "press", "hit ")
_NEVER = re.compile(
    r"\b(?:never|don[’']t|do not|no need|without|avoid|instead of|not necessary|no longer|used to|on every push|automatic\w*|workflows?|actions?|pipelines?|must not|should not|shouldn[’']t)\b",
    re.IGNORECASE,
)


def survey(estate: Estate) -> list[Hit] | None:
    """Lines in a README's or a runbook's sections about shipping: log in to a server, ssh and scp to one, click on Deploy."""
    lines = estate.all(Told)
    if not lines:
        return None
    first: dict[tuple[str, str], list[Told]] = {}
    for one in lines:
        if _by_hand(one):
            first.setdefault((one.path, one.heading), []).append(one)
    found = []
    for (_, heading), each in first.items():
        more = f", and {len(each) - 1} more here" if len(each) > 1 else ""
        words = f"“{heading}” tells people to do it by hand: {each[0].text[:60].strip('`*- ')}{more}"
        found.append(Hit(each[0].span, words, (heading,)))
    return found


def _by_hand(one: Told) -> bool:
    small = one.text.lower()
    if not any(word in small for word in _QUICK) or _NEVER.search(small):
        return False
    if one.code or one.text.startswith(("`", "$")):
        return _goes_there(one.text)
    said = (_LOG_IN, _LOG_IN_THERE, _CLICK)
    return any(each.search(one.text) for each in said) or _COMMAND.match(one.text) is not None or _in_ticks(one.text)


def _goes_there(command: str) -> bool:
    """A shell or a copy, and a host behind it."""
    words = command.lower().strip("`$> ").split(None, _WORDS)[:_WORDS]
    return any(
        word in _SHELLS and any(_HOST.search(each[:_LONGEST]) for each in words[at + 1 : at + 1 + _NEXT])
        for at, word in enumerate(words)
    )


def _in_ticks(text: str) -> bool:
    return any(_goes_there(part) for part in text.split("`")[1::2])


RULE = Rule(
    id="click-operations",
    number="GOV-85",
    title="Instructions tell people to change production by hand",
    why="Every time it is done a little differently, nobody sees what was done, and at night it is done wrong.",
    advice="Put the steps into the pipeline, and leave in the text which job to start and what to look at.",
    severity=Severity.MEDIUM,
    confidence=0.7,
    impact=Impact("risk"),
    effort="M",
    refs=("DORA: deployment automation",),
    kinds=frozenset({Kind.RUNBOOK}),
    survey=survey,
)
