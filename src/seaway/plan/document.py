"""`seaway.plan/v1`: a plan as a document that can be saved, reviewed and run. Called by `cli` and the API through `app`."""

from __future__ import annotations

from seaway.errors import PlanRefused
from seaway.model import codec
from seaway.model.plan import Plan
from seaway.plan.check import check
from seaway.plan.identity import plan_hash

FORMAT = "seaway.plan/v1"


def render(plan: Plan) -> dict[str, codec.Json]:
    """The plan's fields beside `format` and `plan_hash`."""
    return {"format": FORMAT, "plan_hash": plan_hash(plan), **codec.encode(plan)}


def parse(document: codec.Json) -> Plan:
    """A document -> the plan. Raises PlanRefused: another format, a misfit (with its path), a changed plan, a broken promise."""
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise PlanRefused(
            f"this is no saved plan: its format is {found!r}, not {FORMAT!r}", hint="seaway plan ENV --json"
        )
    fields = {key: value for key, value in document.items() if key not in {"format", "plan_hash"}}
    try:
        plan = codec.decode(Plan, fields)
    except codec.CodecError as error:
        raise PlanRefused(
            f"the saved plan does not fit: {error}", hint="make it again: seaway plan ENV --json"
        ) from error
    if document.get("plan_hash") != plan_hash(plan):
        raise PlanRefused("the saved plan was changed after it was made: its hash does not fit", hint="make it again")
    check(plan)
    return plan
