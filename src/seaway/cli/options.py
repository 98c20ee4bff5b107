"""Options that several commands share, written once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from seaway.errors import UsageError
from seaway.model import duration


class Duration(click.ParamType[timedelta]):
    """A length of time: 90s, 10m, 2h; 0 is allowed without a unit."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The text as a timedelta, or click's error with the reason."""
        if isinstance(value, timedelta):
            return value
        try:
            return timedelta() if re.fullmatch("0+", value) else duration.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Moment(click.ParamType[float]):
    """A time: RFC 3339, a date (its begin, UTC), or now; as seconds since 1970."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds since 1970, or click's error with the reason."""
        if isinstance(value, float):
            return value
        try:
            found = datetime.now(UTC) if value == "now" else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write 2026-03-02, 2026-03-02T09:00:00Z or now", param, ctx)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


DURATION = Duration()
MOMENT = Moment()

file = click.option(
    "--file",
    "-f",
    "path",
    type=click.Path(path_type=Path),
    help="seaway.yaml to read  [default: the nearest one, from here upwards]",
)
timeout = click.option(
    "--timeout", type=DURATION, help="End the wait after this time, never the rollout; 0 returns at once."
)


def seconds(value: timedelta | None) -> float | None:
    """A duration option as seconds."""
    return None if value is None else value.total_seconds()


from_system = click.option(
    "--from", "system", default="", metavar="SYSTEM", help="The system it is of  [default: found out]"
)
libraries = click.option(
    "--library",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Where a remote library, template or include is on this disk; may be given several times.",
)


def system_name(text: str) -> str:
    """`GitHub-Actions` and `github_actions` are one name."""
    return text.strip().lower().replace("-", "_").replace(" ", "_")


def folders(library: tuple[str, ...]) -> dict[str, Path]:
    """`--library` options as name -> folder. Raises UsageError for one without `=` or without a folder."""
    found: dict[str, Path] = {}
    for one in library:
        name, sign, folder = one.partition("=")
        if not sign or not name or not Path(folder).is_dir():
            raise UsageError(
                f"--library {one}: not a name and a folder", hint="for example: --library shared=../shared"
            )
        found[name] = Path(folder)
    return found
