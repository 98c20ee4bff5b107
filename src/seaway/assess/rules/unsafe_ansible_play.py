"""SAF-35: a play changes all hosts of production at once, or changes them again with each run. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.ansible import Play, RoleTasks, Task
from seaway.formats.yaml.tree import get, is_true, string
from seaway.model.finding import Impact, Persona, Severity

_PRODUCTION = re.compile(r"(?:^|[^a-z])(?:prod|production|live|prd)(?:[^a-z]|$)")
_ALONE = frozenset({"localhost", "127.0.0.1", ""})
_LIMITS = ("serial", "max_fail_percentage", "any_errors_fatal")
_SHELLS = frozenset({"shell", "command", "raw", "win_shell", "win_command", "script"})
_GUARDS = ("changed_when", "when")
_ONCE = re.compile(r"\b(?:creates|removes)=")
_APPENDS = re.compile(r"(?<![>2&1-])>>(?!>)\s*\S|\btee\s+(?:-a|--append)\b")


def survey(estate: Estate) -> list[Hit] | None:
    """Plays on production hosts with none of `serial`, `max_fail_percentage` and `any_errors_fatal`; shell commands that append to a file on each run. An
    auditor is also shown plays on other hosts, and commands that count as a change whatever they did.
    """
    plays = estate.all(Play)
    roles = estate.all(RoleTasks)
    found = [hit for play in plays for hit in _at_once(play)]
    tasks = [task for play in plays for task in play.tasks] + [task for role in roles for task in role.tasks]
    found += [hit for task in tasks for hit in _again(task)]
    return quietly(found) if plays or roles else None


def _at_once(play: Play) -> Iterator[Hit]:
    if "{{" in play.hosts or play.hosts in _ALONE or string(play.get("connection")) == "local":
        return
    if any(play.get(name) is not None for name in _LIMITS) or not (play.tasks or play.roles):
        return
    if play.tasks and all(is_true(task.get("run_once")) for task in play.tasks) and not play.roles:
        return
    name = play.string("name") or play.hosts
    words = f"{name} changes every host of {play.hosts} at once: neither serial nor max_fail_percentage stops it after the first that breaks"
    production = _PRODUCTION.search(play.hosts.lower()) is not None
    persona = Persona.REGULAR if production else Persona.AUDITOR
    place = play.key("hosts")
    yield Hit(
        place, words, (name, play.hosts), None if production else Severity.LOW, 0.9 if production else 0.6, persona
    )


def _again(task: Task) -> Iterator[Hit]:
    if task.module not in _SHELLS or task.handler or any(task.get(name) is not None for name in _GUARDS):
        return
    command = string(task.action) or string(get(task.action, "cmd"))
    places = (task.action, task.get("args"))
    if _ONCE.search(command) or any(get(node, name) is not None for node in places for name in ("creates", "removes")):
        return
    name = task.string("name") or command.split("\n")[0][:40]
    if task.module == "shell" and _APPENDS.search(command):
        words = f"{name} appends to a file on each run: use lineinfile, or say `creates`, `when` or `changed_when`"
        yield Hit(task.place, words, (name, "appends"), confidence=0.9)
    else:
        words = f"{name} counts as a change whatever it did: it has neither `changed_when` nor `creates`"
        yield Hit(task.place, words, (name, "changed"), Severity.INFO, 0.7, Persona.AUDITOR)


RULE = Rule(
    id="unsafe-ansible-play",
    number="SAF-35",
    title="A play changes all of production at once, or again with each run",
    why="A mistake reaches the last host before anybody sees it on the first, and a second run leaves another state than the first.",
    advice='`serial: [1, "25%"]` with `max_fail_percentage: 0`; modules instead of shell, or `creates` and `changed_when`.',
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="S",
    refs=(
        "Ansible: controlling playbook execution, strategies and more",
        "ansible-lint: no-changed-when",
        "DORA: deployment automation",
    ),
    kinds=frozenset({Kind.ANSIBLE}),
    survey=survey,
)
