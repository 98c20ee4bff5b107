"""Values of a workflow as YAML data, with a loss for each that GitHub has no words for. Called by the writers of triggers, jobs
and steps.
"""

from __future__ import annotations

import json
import re
from typing import Any

from seaway.formats.pipelines.expand import in_words
from seaway.formats.pipelines.github_actions.expressions import Unprintable, literal, printed, printed_condition
from seaway.formats.pipelines.losses import Losses
from seaway.formats.yaml.emit import Flow, Note
from seaway.formats.yaml.kept import restored
from seaway.model.expression import Call, Condition, Text
from seaway.model.pipeline import Native, Row, Variable
from seaway.model.span import Span

_INTEGER = re.compile(r"0|[1-9]\d{0,14}")
NEVER = "vars.CONVERTED_CONDITION_REVIEWED == 'true'"  # holds for nobody who has not looked at it


class Words:
    """What all writers of one file share."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses

    def text(self, text: Text, construct: str = "expression", span: Span | None = None) -> str:
        """A text with its expressions. What cannot be said stands in angle brackets, in neutral words, and is a loss."""
        if isinstance(text, str):
            return literal(text)
        found = []
        for part in text.parts:
            if isinstance(part, str):
                found.append(literal(part))
                continue
            try:
                found.append(f"${{{{ {printed(part)} }}}}")
            except Unprintable as why:
                found.append(f"<{why if isinstance(part, Call) else in_words(part)}>")
                fix = "write the value where it stands in angle brackets"
                self.losses.dropped(construct, f"GitHub has no expression for {why}", fix, span)
        return "".join(found)

    def value(self, text: Text, construct: str = "expression", span: Span | None = None) -> Any:
        """The same, where GitHub takes any scalar: a whole number or truth value without quotes."""
        found = self.text(text, construct, span)
        if found in {"true", "false"}:
            return found == "true"
        return int(found) if _INTEGER.fullmatch(found) else found

    def structured(self, text: Text) -> Any:
        """A value of a matrix, which may be a mapping or list that was read as JSON."""
        found = self.text(text, "matrix")
        if found.startswith(("{", "[")):
            try:
                return Flow(json.loads(found))
            except ValueError:
                return found
        return found == "true" if found in {"true", "false"} else found

    def row(self, row: Row) -> dict[str, Any]:
        return {name: self.structured(value) for name, value in row}

    def variables(self, variables: tuple[Variable, ...], construct: str) -> dict[str, Any]:
        return {one.name: self.value(one.value, construct, one.span) for one in variables}

    def condition(self, found: Condition, construct: str, span: Span | None) -> Any:
        """An `if:`. One that GitHub cannot say never holds until a person has looked: better than work that runs unasked."""
        try:
            return printed_condition(found)
        except Unprintable as why:
            fix = f"write the `if:`; until then the job or step waits for the repository variable in `{NEVER}`"
            self.losses.dropped(construct, f"GitHub has no condition for {why}", fix, found.span or span)
            words = found.text.strip() or in_words(found.expr)
            return Note(NEVER, above=f"was: {words}")

    def tolerance(self, found: bool | Condition, span: Span | None) -> Any:
        """`continue-on-error` and `cancel-in-progress`."""
        if isinstance(found, bool):
            return found
        try:
            return f"${{{{ {printed(found.expr)} }}}}"
        except Unprintable as why:
            self.losses.dropped("condition", f"GitHub has no expression for {why}", "write it by hand", span)
            return False


def put_back(document: dict[str, Any], natives: tuple[Native, ...], prefix: str) -> None:
    """Writes what was kept as it was, at its path below `prefix`."""
    for one in natives:
        place: Any = document
        *way, last = one.key.removeprefix(prefix).split(".")
        for step in way:
            place = place[int(step)] if isinstance(place, list) else _opened(place, step)
        place[last] = restored(one.text)


def _opened(place: dict[str, Any], step: str) -> Any:
    """What stands under a key; a value that is no mapping or list makes room for one."""
    found = place.get(step)
    if not isinstance(found, (dict, list)):
        found = place[step] = {}
    return found
