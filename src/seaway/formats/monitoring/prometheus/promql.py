"""The expressions that are asked: sums of counters per process, so that the restart of a process can be told from its work.

A sum over processes would go down when one of them restarts or ends. Called by `adapters.metrics.prometheus`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from seaway.model.metrics import MetricsSource, Queries

PROCESS = ("job", "instance", "pod")  # labels that tell processes apart; a source may have only some of them
_WORD = re.compile(r"\$(service|revisions|labels)\b")
_ANY = 'seaway_none=""'  # holds for all series, which have no such label: commas around it stay right
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}


def selector(text: str, source: MetricsSource, queries: Queries, service: str, revisions: Iterable[str]) -> str:
    """A selector of `queries` with its words filled in. No revisions: any."""
    wanted = "|".join(re.escape(name).replace("\\-", "-") for name in revisions)
    pattern = queries.revision_pattern.replace("$revision", f"(?:{wanted})") if wanted else ".*"
    words = {
        "service": escaped(service),
        "revisions": escaped(pattern),
        "labels": ",".join(f'{name}="{escaped(value)}"' for name, value in source.labels) or _ANY,
    }
    return _WORD.sub(lambda found: words[found[1]], text)


def per_process(selected: str, *labels: str) -> str:
    """Cumulative counts by these labels and by process."""
    return f"sum by ({', '.join((*labels, *PROCESS))}) ({selected})"


def newest(selected: str, label: str) -> str:
    """When each process was measured last, in seconds since 1970: an instant vector has no such time otherwise."""
    return f"max by ({', '.join((label, *PROCESS))}) (timestamp({selected}))"


def kinds(selected: str, *labels: str) -> str:
    """Which values these labels have."""
    return f"count by ({', '.join(labels)}) ({selected})"


def owner(queries: Queries, value: str, revisions: Iterable[str]) -> str | None:
    """The revision that a label's value belongs to, None for a foreign one."""
    patterns = ((name, queries.revision_pattern.replace("$revision", re.escape(name))) for name in revisions)
    return next((name for name, pattern in patterns if re.fullmatch(pattern, value)), None)


def escaped(text: str) -> str:
    """Inside the double quotes of an expression."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)
