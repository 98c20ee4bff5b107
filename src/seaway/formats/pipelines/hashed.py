"""Jenkins' `H` in a time, a hash that spreads jobs -> a fixed time, for systems whose cron has numbers only. Called by their writers."""

from __future__ import annotations

import re
from functools import partial

from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Trigger

_HASH = re.compile(r"H(?:\((\d+)-(\d+)\))?(?:/(\d+))?")
_STARTS = ("17", "4", "1", "1", "1")
_LAST = ("59", "23", "28", "12", "6")


def fixed(one: Trigger, losses: Losses) -> str:
    """The trigger's five fields without a hash; told as approximated where there was one."""
    fields = one.cron.split()
    if len(fields) != 5 or not any("H" in field for field in fields):
        return one.cron
    why = "the hash of Jenkins, which spreads jobs, became a fixed time"
    losses.approximated(f"cron {one.cron}", why, "choose another minute where many run at once", one.span)
    return " ".join(_HASH.sub(partial(_chosen, at), field) for at, field in enumerate(fields))


def _chosen(at: int, found: re.Match[str]) -> str:
    """A fixed value for an `H`: within its range, or every so often."""
    low, high, every = found.groups()
    if every:
        first = low or ("1" if at in {2, 3} else "7" if at == 0 else "0")
        return f"{first}-{high or _LAST[at]}/{every}"
    return low or _STARTS[at]
