"""GOV-87: one pipeline was copied into another file. Run by `assess.examine`.

Files are compared as sets of lines. Two sets that share 70 % of their lines have one of their rarest lines in common, so only such
pairs are compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.model.finding import Impact, Severity

MOST = 2_000  # pipelines that are compared
LEAST = 25  # different lines from which on two files can be called copies
ALIKE = 0.7
_COMPARED = 200  # files that one file is compared with


def survey(estate: Estate) -> list[Hit] | None:
    """Pipeline files of one system, more than 70 % of whose lines stand in an earlier file too."""
    found: list[Hit] = []
    judged = False
    systems: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for case in shipping.live(estate)[:MOST]:
        path = case.pipeline.path
        lines = _lines(case.texts.get(path, ""))
        if len(lines) >= LEAST:
            systems[case.system.value][path] = lines
    for files in systems.values():
        judged |= len(files) > 1
        for path, other, share in _copies(files):
            words = f"{share:.0%} of the lines of this pipeline and of {other} are the same: what is mended in one stays broken in the other"
            found.append(Hit(estate.top(path), words, (other,)))
    return found if judged else None


def _lines(text: str) -> frozenset[str]:
    """What a file says, without comments, blank lines and what any file may have."""
    stripped = (line.strip() for line in text[:200_000].split("\n"))
    return frozenset(line for line in stripped if len(line) > 3 and not line.startswith(("#", "//", "*")))


def _copies(files: dict[str, frozenset[str]]) -> list[tuple[str, str, float]]:
    """(file, the first that it is like, share), each file once."""
    often = Counter(line for lines in files.values() for line in lines)
    rare: dict[str, list[str]] = defaultdict(list)  # line -> earlier files that have it among their rarest
    same: dict[frozenset[str], str] = {}
    found = []
    for path, lines in files.items():
        if lines in same:
            found.append((path, same[lines], 1.0))
            continue
        same[lines] = path
        ordered = sorted(lines, key=lambda line: (often[line], line))
        prefix = ordered[: len(ordered) - int(ALIKE * len(ordered)) + 1]
        best = _best(lines, list(dict.fromkeys(other for line in prefix for other in rare[line])), files)
        if best is not None:
            found.append((path, *best))
        for line in prefix:
            rare[line].append(path)
    return found


def _best(lines: frozenset[str], others: Sequence[str], files: dict[str, frozenset[str]]) -> tuple[str, float] | None:
    best: tuple[str, float] | None = None
    for other in others[:_COMPARED]:
        shared = len(lines & files[other])
        share = shared / (len(lines) + len(files[other]) - shared)
        if share > max(ALIKE, best[1] if best else 0.0):
            best = (other, share)
    return best


RULE = Rule(
    id="copied-pipeline",
    number="GOV-87",
    title="One pipeline was copied into another file",
    why="A fix reaches one of them; the others keep the fault, and drift apart until nobody dares to join them.",
    advice="A reusable workflow, a template, an orb or a shared library, with what differs as parameters.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("cost"),
    effort="M",
    refs=("DORA: code maintainability", "DORA: platform engineering"),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
)
