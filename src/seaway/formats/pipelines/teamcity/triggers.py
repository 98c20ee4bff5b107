"""`triggers { }`, its schedules and its filters <-> what starts a build. Called by `jobs` and the writer."""

from __future__ import annotations

import re

from seaway.formats.pipelines.teamcity.steps import span_of
from seaway.formats.pipelines.teamcity.values import Item, Mixed, Value, shown
from seaway.model.pipeline import Globs, Trigger, TriggerKind

PENDING = "pending_changes"  # a schedule that is silent when nothing changed
SUCCESS = "success"
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NUMBERS = re.compile(r"\d+")
_DAY_NAMES = {name[:3].upper(): at for at, name in enumerate(DAYS)}


def globs(value: Value) -> Globs | None:
    """`+:main` and `-:docs/**`, one a line. None where a rule is more than a pattern."""
    include: list[str] = []
    exclude: list[str] = []
    if isinstance(value, Mixed):
        return None
    for line in shown(value).splitlines():
        rule = line.strip()
        if rule.startswith("-:"):
            exclude.append(rule[2:])
        elif rule:
            include.append(rule.removeprefix("+:"))
    found = [*include, *exclude]
    if any("=" in one or ":" in one or not one or one != one.strip() for one in found):
        return None
    return Globs(() if include == ["*"] else tuple(include), tuple(exclude))


def rules(found: Globs, *, branches: bool) -> str:
    """The same as text. Rules on branches have to say that all others count."""
    include = found.include or (("*",) if found.exclude and branches else ())
    return "\n".join([*(f"+:{one}" for one in include), *(f"-:{one}" for one in found.exclude)])


def read(item: Item, job: str) -> tuple[Trigger | None, bool]:
    """The trigger, and whether it says all that the word says."""
    if item.word not in {"vcs", "schedule", "finishBuildTrigger"} or item.value("enabled", default=True) is not True:
        return None, False
    used = {"enabled", "branchFilter"}
    branches = globs(item.value("branchFilter", ""))
    if item.value("branchFilter", None) == "":
        branches = None
    span = span_of(item)
    if item.word == "vcs":
        paths = globs(item.value("triggerRules", ""))
        used |= {"triggerRules"} if paths is not None else set()
        found = Trigger(
            TriggerKind.PUSH, "vcs", branches or Globs(), paths=paths or Globs(), comment="", span=span, jobs=(job,)
        )
        whole = paths is not None
    elif item.word == "schedule":
        cron, timezone, whole = _schedule(item.value("schedulingPolicy"))
        always = item.value("triggerBuild", None)
        whole = whole and (always is None or (isinstance(always, Item) and always.word == "always"))
        used |= {"schedulingPolicy", "triggerBuild", "withPendingChangesOnly"}
        types = () if item.value("withPendingChangesOnly", default=True) is False else (PENDING,)
        found = Trigger(
            TriggerKind.SCHEDULE, "schedule", branches or Globs(), types=types, cron=cron, timezone=timezone, span=span,
            jobs=(job,),
        )  # fmt: skip
    else:
        used |= {"buildType", "successfulOnly"}
        types = (SUCCESS,) if item.value("successfulOnly") is True else ()
        of = item.value("buildType", "")
        found = Trigger(
            TriggerKind.UPSTREAM, "finishBuildTrigger", branches or Globs(), types=types, sources=(shown(of),), span=span,
            jobs=(job,),
        )  # fmt: skip
        whole = not isinstance(of, Mixed)
    rest = {one.word for one in item.items or ()} - used
    return found, whole and branches is not None and not rest and not item.args and not item.named


def _schedule(policy: Value) -> tuple[str, str, bool]:
    """Five fields of cron, the zone, and whether they say it all."""
    if not isinstance(policy, Item):
        return (shown(policy) if policy is not None else "0 0 * * *"), "SERVER", False
    zone = policy.value("timezone", "SERVER")
    timezone = "" if zone == "UTC" else shown(zone)
    hour, minute = shown(policy.value("hour", 0)), shown(policy.value("minute", 0))
    words = {one.word for one in policy.items or ()}
    if policy.word == "daily":
        return f"{minute} {hour} * * *", timezone, words <= {"hour", "minute", "timezone"}
    if policy.word == "weekly":
        day = shown(policy.value("dayOfWeek", "Sunday")).rpartition(".")[2].capitalize()
        number = DAYS.index(day) if day in DAYS else 0
        return (
            f"{minute} {hour} * * {number}",
            timezone,
            day in DAYS and words <= {"hour", "minute", "timezone", "dayOfWeek"},
        )
    fields = {key: shown(policy.value(key, default)) for key, default in _CRON.items()}
    days = _days(fields["dayOfWeek"])
    whole = policy.word == "cron" and fields["seconds"] == "0" and fields["year"] in {"*", ""} and days is not None
    whole = whole and not any(char in "LW#" for key in ("dayOfMonth", "month") for char in fields[key])
    whole = whole and words <= {*_CRON, "timezone"}
    month_day = _any(fields["dayOfMonth"])
    cron = f"{fields['minutes']} {fields['hours']} {month_day} {_any(fields['month'])} {days or fields['dayOfWeek']}"
    return cron, timezone, whole


_CRON = {"seconds": "0", "minutes": "0", "hours": "*", "dayOfMonth": "?", "month": "*", "dayOfWeek": "?", "year": "*"}


def _any(text: str) -> str:
    return "*" if text in {"?", "1/1"} else text


def _days(text: str) -> str | None:
    """Quartz counts days from 1 = Sunday, cron from 0. None for what cron has not."""
    if text in {"?", "*"}:
        return "*"
    if re.search(r"[#LW/]", text):
        return None
    named = re.sub(r"[A-Za-z]{3,}", lambda match: str(_DAY_NAMES.get(match[0][:3].upper(), 9) + 1), text)
    numbers = [int(one) for one in _NUMBERS.findall(named)]
    if not all(1 <= one <= 7 for one in numbers):
        return None
    return _NUMBERS.sub(lambda match: str(int(match[0]) - 1), named)


def quartz_days(text: str) -> str | None:
    """Cron's day of the week as Quartz has it. None where it cannot be said."""
    if text == "*":
        return "?"
    named = re.sub(r"[A-Za-z]{3,}", lambda match: str(_DAY_NAMES.get(match[0][:3].upper(), 9)), text)
    numbers = [int(one) for one in _NUMBERS.findall(named)]
    if "/" in named or not numbers or not all(0 <= one <= 7 for one in numbers):
        return None
    return _NUMBERS.sub(lambda match: str(int(match[0]) % 7 + 1), named)
