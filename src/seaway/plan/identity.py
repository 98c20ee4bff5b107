"""The hash of a plan: what approvals are bound to, and what a saved plan is checked against. Called by `app` and `document`."""

from __future__ import annotations

from seaway.model import codec
from seaway.model.plan import Plan

_YOUNGER = ("judging", "power", "underpowered")  # fields that older plans do not have


def plan_hash(plan: Plan) -> str:
    """sha256 over the canonical JSON of the whole plan, 64 hex digits. A plan without a judge hashes as before there was one."""
    fields = codec.encode(plan)
    return codec.digest({name: value for name, value in fields.items() if value or name not in _YOUNGER})
