"""SAF-30: the schema and the program change in one step. Run by `assess.examine`.

Old and new instances run side by side during every release, and a rollback brings back only the program. So the schema has to fit both,
which takes steps of its own: expand, release, contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import shipping
from seaway.assess.rule import Case, Hit, Rule, Script
from seaway.assess.shipping import Shipment, What
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Run, System

_MIGRATES = re.compile(
    r"manage\.py\s+migrate|\b(?:rails|rake)\s+db:migrate|alembic\s+upgrade|\bflyway\b[^\n;&|]{0,200}\bmigrate|\bliquibase\b[^\n;&|]{0,200}\bupdate\b|prisma\s+migrate\s+deploy|knex\s+migrate:"
    r"|sequelize(?:-cli)?\s+db:migrate|typeorm\s+migration:run|migration:run\b|\bgoose\b[^\n;&|]{0,200}\bup\b|\bdbmate\s+(?:up|migrate)|\bmigrate\s+-(?:path|source|database)\b|sqlx\s+migrate\s+run"
    r"|dotnet\s+ef\s+database\s+update|artisan\s+migrate|doctrine:migrations:migrate|atlas\s+migrate\s+apply|(?:npm|pnpm|yarn)\s+(?:run\s+)?(?:db:)?migrate\b|mix\s+ecto\.migrate|drizzle-kit\s+(?:push|migrate)"
)  # fmt: skip
_MARKED = re.compile(r"expand|contract|backward|compatible|two-phase|pgroll", re.IGNORECASE)
_NO_PROGRAM = ("terraform", "pulumi", "aws cloudformation")


def check(case: Case) -> list[Hit] | None:
    """Scripts with a migration and a deployment, and (for auditors) jobs with both."""
    migrating = [script for script in case.scripts if _MIGRATES.search(script.text)]
    shipped = [
        one
        for one in shipping.shipments_of(case)
        if one.what is What.DEPLOYMENT and not one.words.startswith(_NO_PROGRAM)
    ]
    if not shipped or not migrating:
        return None
    return [hit for script in migrating for hit in _judged(case, script, shipped)]


def _judged(case: Case, script: Script, shipped: list[Shipment]) -> Iterator[Hit]:
    match = _MIGRATES.search(script.text)
    if match is None or _MARKED.search(script.text) or _MARKED.search(script.step.name):
        return
    one_script = case.system is System.GITLAB_CI  # there a job has one, of whose lines each is read as a step
    same = next((one for one in shipped if one.step is script.step or (one_script and one.job is script.job)), None)
    near = same or next((one for one in shipped if one.job is script.job and isinstance(one.step.work, Run)), None)
    if near is None:
        return
    what = " ".join(match[0].split())
    together = "in one step" if same else "in one job"
    words = f"`{what}` and `{near.shown}` run {together}: the schema cannot stay when the program goes back, nor be tried before it comes"
    span = case.within(script.step.span, match[0], script.job)
    yield Hit(span, words, (*script.place, what), persona=Persona.REGULAR if same else Persona.AUDITOR)


RULE = Rule(
    id="migration-in-deploy-step",
    number="SAF-30",
    title="The database's schema and the program change in one step",
    why="While the release goes on, old instances meet the new schema; and whoever rolls back gets the old program on it.",
    advice="A step of its own before the release for what only adds (expand), another, later, for what removes (contract); mark them so.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("cfr"),
    effort="M",
    refs=("DORA: database change management",),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
