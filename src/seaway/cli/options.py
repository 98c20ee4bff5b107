"""Options that several commands share, written once."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

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


DURATION = Duration()

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
