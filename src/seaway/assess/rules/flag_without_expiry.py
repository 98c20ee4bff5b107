"""SAF-38: a feature flag that nobody will remove. Run by `assess.examine`.

flagd knows no expiry of its own: teams write it into the metadata of a flag. A flag that says that it is permanent needs none.
"""

from __future__ import annotations

import re

from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.flags import Flag, FlagSet
from seaway.model.finding import Impact, Severity

_EXPIRY = re.compile(r"expir|remove|sunset|ttl|until|end_?date|review|cleanup|deadline", re.IGNORECASE)
_OWNER = re.compile(r"owner|team|contact|maintainer|squad|author", re.IGNORECASE)
_KEPT = frozenset(
    {
        "permanent",
        "ops",
        "operational",
        "kill-switch",
        "kill_switch",
        "killswitch",
        "permission",
        "entitlement",
        "config",
        "long-lived",
    }
)


def survey(estate: Estate) -> list[Hit] | None:
    """Flags of flagd without an expiry or an owner in their metadata, unless they say that they are permanent. Where no flag of a file has any, the file is told of once."""
    sets = estate.all(FlagSet)
    found = []
    for one in sets:
        lacking = [(flag, lacks) for flag in one.flags if (lacks := _lacks(flag))]
        if len(lacking) == len(one.flags) > 1 and len({lacks for _, lacks in lacking}) == 1:
            words = f"{len(lacking)} flags have {lacking[0][1]}, so nobody knows which of them can go"
            found.append(Hit(one.key("flags"), words, ("all",)))
        else:
            found += [Hit(flag.place, f"{flag.name} has {lacks}", (flag.name,)) for flag, lacks in lacking]
    return quietly(found) if sets else None


def _lacks(flag: Flag) -> str:
    """What its metadata does not say, or ""."""
    names, values = flag.metadata.keys(), {value.lower() for value in flag.metadata.values()}
    kept = bool(values & _KEPT) or flag.metadata.get("permanent") == "true"
    wanted = ([] if kept or any(_EXPIRY.search(name) for name in names) else ["expiry"]) + (
        [] if any(_OWNER.search(name) for name in names) else ["owner"]
    )
    return " and ".join(f"no {word}" for word in wanted)


RULE = Rule(
    id="flag-without-expiry",
    number="SAF-38",
    title="A feature flag that nobody will remove",
    why="Each old flag doubles the ways in which the program can run, and one day somebody turns one that nobody tested for a year.",
    advice='`"metadata": {"owner": "...", "expires": "2027-03-01"}`, or `"type": "permanent"` where it is to stay.',
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("risk"),
    effort="S",
    refs=("OpenFeature: flag metadata", "flagd: flag definitions, metadata"),
    kinds=frozenset({Kind.FLAGS}),
    survey=survey,
)
