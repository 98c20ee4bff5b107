"""Files of monitoring, delivery and infrastructure with lines lost, doubled and changed: no rule fails on them, and every place is in its text."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest

from seaway.assess import rules
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit
from seaway.errors import SeawayError
from seaway.formats.infrastructure import detect
from seaway.formats.yaml.patch import Overlap, Unfit
from seaway.registry import load_format
from support import rule_fixtures

KINDS = ("prometheus", "alertmanager", "grafana", "terraform", "ansible", "spinnaker", "flags", "kubernetes")
WORDS = (
    "null",
    "[]",
    "{}",
    '""',
    "3",
    "[a, b]",
    "{a: b}",
    "true",
    "- ",
    '"x": ',
    "\n",
    "  ",
    ": ",
    "*a",
    "&a ",
    "|",
    ">",
)
OWN = [one for one in rules.rules() if one.survey is not None and {kind.value for kind in one.kinds} & set(KINDS)]
FILES = sorted(
    file
    for rule in OWN
    for kind in KINDS
    for file in (rule_fixtures.FOLDER / rule.id / kind).rglob("*")
    if file.is_file() and file.name != rule_fixtures.LISTED
)


def mutant(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        line = lines[at]
        match chance.randrange(4):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines[at] = line.partition(":")[0] + ": " + chance.choice(WORDS)
            case 2:
                lines.insert(at, chance.choice(lines))
            case _:
                cut = chance.randrange(len(line) + 1)
                lines[at] = line[:cut] + chance.choice(WORDS) + line[cut:]
    return "\n".join(lines)


def estates(seed: int, count: int) -> Iterator[tuple[Estate, str]]:
    chance = random.Random(seed)
    for file in chance.choices(FILES, k=count):
        path, text = file.name, mutant(chance, file.read_text(encoding="utf-8"))
        kind = detect.by_name(path) or detect.by_text(text)
        if kind in KINDS:
            with suppress(SeawayError):
                things = load_format("infrastructure", kind).parse(text, path)
                yield Estate((), things, {path: text}, frozenset({path}), {path: Kind(kind)}), text


def misplaced(hit: Hit, text: str) -> bool:
    inside = 0 <= hit.span.start <= hit.span.end <= len(text)
    return not inside or text.count("\n", 0, hit.span.start) + 1 != hit.span.line


@pytest.mark.parametrize("seed", range(6))
def test_no_rule_fails_on_a_mutant(seed: int) -> None:
    judged = 0
    for estate, text in estates(seed, 400):
        for rule in OWN:
            answer = rule.ask(estate)
            for hit in answer if isinstance(answer, (list, tuple)) else ():
                judged += 1
                assert not misplaced(hit, text), (rule.id, hit)
                if hit.fix is not None:
                    with suppress(Unfit, Overlap):
                        hit.fix()
    assert judged > 200


def test_a_wrong_place_would_be_seen() -> None:
    estate, text = next(one for one in estates(1, 1_000) if rules.load("incomplete-alert").ask(one[0]))
    hit = rules.load("incomplete-alert").ask(estate)[0]
    assert not misplaced(hit, text)
    assert misplaced(hit, "\n" + text)
