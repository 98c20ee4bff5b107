"""The hash of a plan: what approvals are bound to, and what a saved plan is checked against. Called by `app` and `document`."""

from __future__ import annotations

from seaway.model import codec
from seaway.model.plan import Plan


def plan_hash(plan: Plan) -> str:
    """sha256 over the canonical JSON of the whole plan, 64 hex digits."""
    return codec.digest(plan)
