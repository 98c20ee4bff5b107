"""The entry point `seaway`, and the one place that catches errors. Everything a command raises ends here as words and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from seaway import __version__
from seaway.cli import commands
from seaway.errors import SeawayError

INTERRUPTED = 130
_BROKEN_PIPE = 141  # as a shell reports a program that SIGPIPE ended


@click.group(
    cls=commands.Lazy,
    purposes=commands.PURPOSES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="seaway %(version)s")
def seaway() -> None:
    """Carries a change to production: progressively, verified, crash-safe."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command line and end the process with its exit code."""
    code = run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _silent()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; its exit code. Whatever goes wrong is told on stderr."""
    stdout = sys.stdout
    try:
        return int(seaway.main(arguments, prog_name="seaway", standalone_mode=False) or 0)
    except SystemExit as ended:
        # When the reader of stdout has gone (`| head`), click wraps stdout, to say nothing more, and ends the process itself.
        return _BROKEN_PIPE if sys.stdout is not stdout else int(ended.code or 0)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted")
        return INTERRUPTED
    except SeawayError as error:
        tell(f"seaway: {error.message}")
        if error.hint:
            tell(f"next: {error.hint}")
        return error.exit_code
    except BrokenPipeError:
        return _silent()
    except Exception as error:  # noqa: BLE001 - the last place: what nobody expected becomes a report
        from seaway.cli import crash

        return crash.report(error)


def tell(line: str) -> None:
    """One line to stderr, also when nobody reads it any more."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(line, err=True)


def _silent() -> int:
    """The reader of stdout has gone (`| head`): say nothing, and keep the interpreter from complaining at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    return _BROKEN_PIPE
